/* A client whose transcripts are files of JSON lines in a tree of directories. A client has a table
   of places (which directories are searched, which files are transcripts) and a reader of lines;
   this module is the source: it chooses the files that are recent, reads them in the order in which
   they began, and checks their lines.

   A client's row of source_ops is made with TRANSCRIPT_TREE_OPS and an open function that calls
   transcript_tree_open. */
#ifndef INGEST_TRANSCRIPT_TREE_H
#define INGEST_TRANSCRIPT_TREE_H

#include "ingest/client_sessions.h"
#include "ingest/transcript_dir.h"
#include "ingest/transcript_time.h"
#include "ingest/tree_file.h"

/* An entry of a directory. Directories have levels: 0 is the one that the user names. */
struct tree_place {
    unsigned level;              /* of the directory that it is in */
    const char *prefix, *suffix; /* of its name; "": any. NULL: the end of the table */
    unsigned next;               /* it is a directory of that level; 0: it is a file */
    unsigned kind;               /* of a file: the client's number */
    bool document;               /* the file is one JSON value, rewritten as a whole each time */
    bool always;                 /* the file is read however old it is */
    bool packed;                 /* the file cannot be read, and is named where all are wanted */
    bool part;                   /* the session of the file has another one */
    /* Names of the members that have its times (ends with NULL); NULL: "timestamp". */
    const char *const *times;
    const char *beside; /* it is as recent as the file with that in place of `suffix`; NULL: none */
};

struct tree_client {
    const struct tree_place *places;
    /* The tools before which the client asks a person, where its settings have it ask, without a
       trace in its files; a name that ends in '*' is the beginning of names. NULL: none. */
    const char *const *asking_tools;
    size_t reader_size;
    /* Begins to read the file, from its first line; the reader is zero. False: out of memory. NULL:
       nothing to do. */
    bool (*begin)(struct tree_file *file);
    /* Frees what the reader owns. NULL: nothing. */
    void (*end)(struct tree_file *file);
    /* Takes a line, or a document, a checked object, borrowed for the call. */
    void (*take)(struct tree_file *file, struct json_value line);
    /* Returns whether something is open in the file: a session may be quiet for longer then. */
    bool (*is_busy)(const struct tree_file *file);
    /* Called at each look, once all lines are taken, where the client leaves a sign of its process:
       sets `has_sign` of the file's session (client_sessions.h), and reports whether it lives or
       has ended. NULL: there never is one. */
    void (*conclude)(struct tree_file *file);
};

struct transcript_tree {
    struct transcript_dir dir;
    const struct tree_client *client;
    char *root;            /* the directory of level 0, without '/' at its end */
    bool whole;            /* all files, however old they are */
    bool content;          /* prompts and results are kept */
    size_t max_line_bytes; /* of a line */
    int64_t since_ns;
    struct transcript_recent recent;
    struct client_sessions sessions;
    struct intern *known, *refused; /* paths: taken; unreadable, and reported */
    struct tree_file **files;       /* in the order of their beginnings */
    size_t count, cap, sorted, at;
};

/* Opens it in the directory that the spec names, else in the default one. False: *error is set. */
bool transcript_tree_open(struct source *source, const struct tree_client *client,
                          struct strbuf *error);
void transcript_tree_release(struct source *source);
#define TRANSCRIPT_TREE_OPS(open_function)                                      \
    {                                                                           \
        .size = sizeof(struct transcript_tree), .open = (open_function),        \
        .close = transcript_dir_close, .release = transcript_tree_release,      \
        .read_slot = transcript_dir_read_slot, .finish = transcript_dir_finish, \
        .stop = transcript_dir_stop, .reads = transcript_dir_reads,             \
    }

#endif
