/* A client whose transcripts are files of JSON lines in a tree of directories. A client has a table
   of places (which directories are searched, which files are transcripts) and a reader of lines;
   this module is the source: it chooses the files that are recent, reads them in the order in which
   they began, and checks their lines.

   A client's row of source_ops is made with TRANSCRIPT_TREE_OPS and an open function that calls
   transcript_tree_open. */
#ifndef INGEST_TRANSCRIPT_TREE_H
#define INGEST_TRANSCRIPT_TREE_H

#include "ingest/lines.h"
#include "ingest/transcript_dir.h"
#include "ingest/transcript_time.h"

/* An entry of a directory. Directories have levels: 0 is the one that the user names. */
struct tree_place {
    unsigned level;              /* of the directory that it is in */
    const char *prefix, *suffix; /* of its name; "": any. NULL: the end of the table */
    unsigned next;               /* it is a directory of that level; 0: it is a file */
    unsigned kind;               /* of a file: the client's number */
    bool document;               /* the file is one JSON value, rewritten as a whole each time */
    bool always;                 /* the file is read however old it is */
};

struct transcript_tree;

struct tree_file {
    struct transcript_file file;
    struct transcript_tree *tree;
    unsigned kind;
    double first_ms; /* when it began, as far as that was known when it was found; NAN: unknown */
    bool document;
    struct lines lines;
    struct strbuf bytes; /* of a document */
    void *reader;        /* the client's: reader_size bytes */
    uint64_t number;     /* of the line that is taken */
    intern_id owner;     /* of what it claims */
    bool at_rest;        /* set by the client: nothing is expected, it is looked at less often */
};

struct tree_client {
    const struct tree_place *places;
    const char *needs; /* a directory or file that the named directory must have, for messages */
    size_t reader_size;
    /* Begins to read the file, from its first line; the reader is zero. False: out of memory. */
    bool (*begin)(struct tree_file *file);
    /* Frees what the reader owns. */
    void (*end)(struct tree_file *file);
    /* Takes a line, or a document, a checked object, borrowed for the call. */
    void (*take)(struct tree_file *file, struct json_value line);
    /* Called at each look, once all lines are taken: reports whether the client lives or has ended.
       `now_ms` is the loop's clock; `last`: no more lines will be read. NULL: nothing to report. */
    void (*conclude)(struct tree_file *file, uint64_t now_ms, bool last);
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
    struct intern *known, *refused; /* paths: taken; unreadable, and reported */
    struct tree_file **files;       /* in the order of their beginnings */
    size_t count, cap, sorted, at;
    uint64_t unknown; /* lines of types that the client does not know */
    char unknown_type[40];
    bool unknown_logged;
};

/* Opens it in the directory that the spec names, else in the default one. False: *error is set. */
bool transcript_tree_open(struct source *source, const struct tree_client *client,
                          struct strbuf *error);
/* Counts a line, or a part of one, whose type the client does not know. */
void transcript_tree_unknown(struct tree_file *file, struct slice type);
/* Counts the line that is taken as bad. */
void transcript_tree_reject(struct tree_file *file, struct json_value line, const char *reason);
/* An update of what the file reports, with its stamp. */
struct update transcript_tree_update(const struct tree_file *file, enum update_op op);
/* Claims a line or a call for the session and agent of the file: a fork repeats those of the
   session that it continues. `mark` is a number that all copies share, such as its time. False:
   another one has it. */
bool transcript_tree_claim(struct tree_file *file, struct slice session, struct slice agent,
                           struct slice id, double mark);
/* Sends it. */
void transcript_tree_send(struct tree_file *file, const struct update *update);
const struct mem *transcript_tree_mem(const struct tree_file *file);
struct ingest_ctx *transcript_tree_ctx(const struct tree_file *file);
/* Returns whether prompts and results are kept. */
bool transcript_tree_content(const struct tree_file *file);

/* A session whose client leaves no sign that it lives: it has ended once nothing was written for
   long, or `last`: no more will be read. A begin that comes later opens it again. */
struct tree_quiet {
    bool ended;
    double ended_ms; /* the time of the last line then */
};
/* `last_ms` is the time of the session's last line; `busy`: a turn is open. Reports the end. */
void transcript_tree_end_quiet(struct tree_file *file, struct tree_quiet *quiet,
                               struct slice session_id, double last_ms, bool busy, bool last);

void transcript_tree_release(struct source *source);
/* Begin and end the reading of a file whose `tree` and `reader` are set: a test gives its bytes to
   `lines` without a source. False: out of memory. */
bool transcript_tree_begin_file(struct tree_file *file);
void transcript_tree_end_file(struct tree_file *file);

#define TRANSCRIPT_TREE_OPS(open_function)                                      \
    {                                                                           \
        .size = sizeof(struct transcript_tree), .open = (open_function),        \
        .close = transcript_dir_close, .release = transcript_tree_release,      \
        .read_slot = transcript_dir_read_slot, .finish = transcript_dir_finish, \
        .stop = transcript_dir_stop, .reads = transcript_dir_reads,             \
    }

#endif
