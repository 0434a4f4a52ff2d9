/* OpenCode's database as a file: opened read-only, again where it was replaced, and why that fails.
   All functions block. */
#ifndef INGEST_OPENCODE_FILE_H
#define INGEST_OPENCODE_FILE_H

#ifdef HAVE_SQLITE

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct opencode_file {
    char path[PATH_MAX];
    struct sqlite3 *handle; /* NULL: not open */
    dev_t device;           /* of the open one, like these */
    ino_t inode;
    int64_t modified_ns;
    bool as_it_is; /* it was opened without regard to changes: another time shows them */
    bool turnable; /* it is not in WAL: a client may want it for itself, to turn it */
    char why[PATH_MAX + 200];
};

enum opencode_file_state {
    OPENCODE_FILE_SAME,  /* it is open, as before */
    OPENCODE_FILE_OTHER, /* it was opened, or no file exists */
    OPENCODE_FILE_FAILED /* `why` has its path, and the reason */
};

/* `path` is copied. */
void opencode_file_init(struct opencode_file *file, const char *path);
void opencode_file_close(struct opencode_file *file);
/* May wait a second, where a client may be at making it. */
enum opencode_file_state opencode_file_look(struct opencode_file *file);
/* Sets `why`. */
void opencode_file_fail(struct opencode_file *file, const char *reason);

#endif

#endif
