/* Following the transcripts of one client: files that grow, in directories where new ones
   appear. The module finds them, watches their directories, reads new bytes in pieces on libuv's
   workers, and starts again with a file that was replaced. The client has the rest: which files
   are transcripts, what a line means, in which order files are read.

   A client's source begins with a struct transcript_dir; its row of source_ops has the functions
   below. */
#ifndef INGEST_TRANSCRIPT_DIR_H
#define INGEST_TRANSCRIPT_DIR_H

#include "ingest/left_out.h"
#include "ingest/source.h"
#include "ingest/transcript_file.h"

enum { TRANSCRIPT_PIECE_BYTES = 1 << 20 };

struct transcript_dir;

/* A directory in which transcripts, or directories of them, appear. */
struct transcript_search {
    char *path;
    void *ctx;           /* the client's */
    int64_t modified_ns; /* at the last look; INT64_MIN: never seen */
    unsigned look;       /* the number of that look */
    bool watched;
    bool refused; /* it could not be listed, and that was reported */
    bool at_rest; /* set by the client: nothing is expected, one of four looks is enough */
};

struct transcript_dir_ops {
    /* Looks once: calls transcript_dir_find, and transcript_file_look for its files. */
    void (*look)(struct transcript_dir *dir, uint64_t now_ms);
    /* An entry of a directory that has changed; it may be known. Both texts are borrowed for the
       call. */
    void (*found)(struct transcript_dir *dir, const struct transcript_search *where,
                  const char *name, const char *path);
    /* Returns the next file with bytes to read; NULL: none. Borrowed. */
    struct transcript_file *(*next)(struct transcript_dir *dir);
    /* Takes the next bytes of the file; `len` 0: it has no more for now. */
    void (*take)(struct transcript_dir *dir, struct transcript_file *file, const char *bytes,
                 size_t len, uint64_t now_ms);
    /* All files are read as far as they go. `loaded`: for the first time; `last`: no more will
       be read. */
    void (*read_up)(struct transcript_dir *dir, uint64_t now_ms, bool loaded, bool last);
    /* The program ends: last lines may have no end. */
    void (*finish)(struct transcript_dir *dir);
};

struct transcript_dir {
    struct source source;
    const struct transcript_dir_ops *ops;
    bool failed;      /* out of memory; the client sets it too. It ends the source */
    bool lists_again; /* set by the client: it wants known entries again, every few seconds, as a
                         file that it left alone may have grown */

    /* The module's own. */
    struct left_out left_out;
    struct transcript_search **searches;
    size_t search_count, search_cap;
    struct transcript_file **files;
    size_t file_count, file_cap;
    uv_timer_t timer, soon;
    uv_work_t work;
    uint64_t flushed_ms, listed_ms, revision;
    unsigned looks;
    bool loaded, looks_again, stopped, closing;
    bool working; /* a piece is being read: */
    struct transcript_file *file;
    char *piece;
    ssize_t got;
    int64_t size;
    int refused; /* errno */
};

/* Begins to look and read, from the open function of the source. False: out of memory. */
bool transcript_dir_begin(struct transcript_dir *dir, const struct transcript_dir_ops *ops);
/* Frees what the module owns; the client's files are the client's. */
void transcript_dir_release(struct transcript_dir *dir);
/* Returns whether files are followed, not only read once. */
bool transcript_dir_follows(const struct transcript_dir *dir);
const struct mem *transcript_dir_mem(const struct transcript_dir *dir);

/* Adds a directory, which need not exist yet, and looks into it at once. Returns it, borrowed;
   NULL: out of memory. */
struct transcript_search *transcript_dir_search(struct transcript_dir *dir, const char *path,
                                                void *ctx);
/* Does so in two steps, for a client that keeps the first one's result before `found` is called. */
struct transcript_search *transcript_dir_add_search(struct transcript_dir *dir, const char *path,
                                                    void *ctx);
void transcript_dir_look_into(struct transcript_dir *dir, struct transcript_search *search);
/* Calls `found` for the entries of each directory that has changed since the last look. */
void transcript_dir_find(struct transcript_dir *dir);
/* Has changes in another directory end the wait for the next look. *watched becomes true where
   that can be. */
void transcript_dir_watch(struct transcript_dir *dir, const char *path, bool *watched);
/* Does so for all directories that are searched and exist. */
void transcript_dir_watch_all(struct transcript_dir *dir);
/* Adds a file to those that are read. `path` is copied. False: out of memory. */
bool transcript_dir_add(struct transcript_dir *dir, struct transcript_file *file, const char *path);
/* Gives the file another path: it was moved. False: out of memory. */
bool transcript_dir_move(struct transcript_dir *dir, struct transcript_file *file,
                         const char *path);
/* Notes that a session's transcript is left out as too old, or that it is not, for the status.
   `written_ns`: of struct transcript_recent; of one that is left out only. */
void transcript_dir_note_older(struct transcript_dir *dir, const char *path, int64_t written_ns,
                               bool out);
/* Counts and logs that the path cannot be read, with the reason (errno `why`), unless *refused is
   set, and sets it. */
void transcript_dir_refuse(struct transcript_dir *dir, const char *path, int why, bool *refused);

/* For the row of source_ops. */
void transcript_dir_close(struct source *source);
void transcript_dir_read_slot(struct source *source);
void transcript_dir_finish(struct source *source);
void transcript_dir_stop(struct source *source);
bool transcript_dir_reads(const struct source *source, const char *path, const struct stat *st);

#endif
