/* SQLite opens a file late and reports little of what it meets, so that the system is asked first.
   It needs files beside a database that may be written, and makes them. A database that nobody
   writes is read as it is where SQLite may not make them, as in another user's directory.

   A client that makes a database, or has an old one, turns it to WAL when it starts. For that it
   wants the file for itself, and does not wait: a reader at that moment would end the client. So a
   database that is not in WAL is read once for each change, and not right after one. */
#include "ingest/opencode/opencode_file.h"

#ifdef HAVE_SQLITE

#include "ingest/library/sqlite.h"
#include "ingest/transcript_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BUSY_MS = 500,  /* on a worker: no frame waits for it */
    QUIET_MS = 1000 /* after the last change of a database that is not in WAL */
};

void opencode_file_init(struct opencode_file *file, const char *path)
{
    *file = (struct opencode_file){.handle = NULL};
    snprintf(file->path, sizeof file->path, "%s", path);
}

void opencode_file_close(struct opencode_file *file)
{
    if (file->handle != NULL) {
        sqlite3_close(file->handle);
    }
    file->handle = NULL;
    file->as_it_is = file->turnable = false;
}

void opencode_file_fail(struct opencode_file *file, const char *reason)
{
    snprintf(file->why, sizeof file->why, "%s: %s", file->path, reason);
}

/* Returns whether there are changes that are not in the file itself yet. */
static bool has_log(const struct opencode_file *file)
{
    char path[PATH_MAX + 4];
    struct stat st;
    snprintf(path, sizeof path, "%s-wal", file->path);
    return stat(path, &st) == 0 && st.st_size > 0;
}

/* Returns whether the file is a database in another mode than WAL, or is to become one (it is
   empty). The 19th byte of a database is its mode (https://www.sqlite.org/fileformat.html, 1.3).
   No handle may be open: closing the file would end SQLite's locks of it. */
static bool may_be_turned(const struct opencode_file *file)
{
    static const char magic[] = "SQLite format 3";
    unsigned char head[20];
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (fd >= 0) {
        close(fd);
    }
    return len == 0 || (len == (ssize_t)sizeof head && memcmp(head, magic, sizeof magic) == 0 &&
                        (head[18] != 2 || head[19] != 2));
}

static void wait_ms(int64_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

/* Waits until the file has not changed for a moment; longer than that it waits for none. */
static void wait_until_quiet(struct opencode_file *file)
{
    enum { STEP_MS = 50 };
    for (int waited_ms = 0; waited_ms < QUIET_MS && may_be_turned(file); waited_ms += STEP_MS) {
        struct timespec now;
        struct stat st;
        if (clock_gettime(CLOCK_REALTIME, &now) != 0 || stat(file->path, &st) != 0) {
            return;
        }
        file->modified_ns = transcript_file_modified_ns(&st);
        int64_t age_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - file->modified_ns;
        if (age_ns >= (int64_t)QUIET_MS * 1000000) {
            return;
        }
        wait_ms(STEP_MS);
    }
}

static bool is_readable(sqlite3 *handle)
{
    return sqlite3_exec(handle, "SELECT 1 FROM sqlite_master", NULL, NULL, NULL) == SQLITE_OK;
}

static void open_as_it_is(struct opencode_file *file)
{
    static const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
    char uri[3 * PATH_MAX + 40] = "file:";
    size_t len = strlen(uri);
    for (const char *at = file->path; *at != '\0'; at++) {
        bool plain = strchr("%?#", *at) == NULL;
        len += (size_t)snprintf(uri + len, sizeof uri - len, plain ? "%c" : "%%%02X",
                                plain ? *at : (unsigned char)*at);
    }
    snprintf(uri + len, sizeof uri - len, "?immutable=1");
    sqlite3 *handle = NULL;
    if (sqlite3_open_v2(uri, &handle, flags, NULL) == SQLITE_OK && is_readable(handle)) {
        sqlite3_close(file->handle);
        file->handle = handle;
        file->as_it_is = true;
    } else {
        sqlite3_close(handle);
    }
}

static bool open_file(struct opencode_file *file)
{
    static const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    if (access(file->path, R_OK) != 0) {
        opencode_file_fail(file, strerror(errno));
        return false;
    }
    const char *missing = library_load(&sqlite_library);
    if (missing != NULL) {
        opencode_file_fail(file, missing);
        return false;
    }
    if (sqlite3_open_v2(file->path, &file->handle, flags, NULL) != SQLITE_OK) {
        opencode_file_fail(file,
                           file->handle == NULL ? "out of memory" : sqlite3_errmsg(file->handle));
        opencode_file_close(file);
        return false;
    }
    sqlite3_busy_timeout(file->handle, BUSY_MS);
    if (!is_readable(file->handle)) {
        int code = sqlite3_errcode(file->handle) & 0xff;
        if ((code == SQLITE_READONLY || code == SQLITE_CANTOPEN) && !has_log(file)) {
            open_as_it_is(file);
        }
    }
    return true;
}

enum opencode_file_state opencode_file_look(struct opencode_file *file)
{
    struct stat st;
    if (stat(file->path, &st) != 0) {
        int why = errno;
        opencode_file_close(file);
        opencode_file_fail(file, strerror(why));
        return why == ENOENT ? OPENCODE_FILE_OTHER : OPENCODE_FILE_FAILED;
    }
    int64_t modified_ns = transcript_file_modified_ns(&st);
    bool may_differ = file->as_it_is || file->turnable;
    bool other = file->device != st.st_dev || file->inode != st.st_ino ||
                 (may_differ && file->modified_ns != modified_ns) ||
                 (file->as_it_is && has_log(file));
    if (file->handle != NULL && !other) {
        return OPENCODE_FILE_SAME;
    }
    opencode_file_close(file);
    file->device = st.st_dev;
    file->inode = st.st_ino;
    file->modified_ns = modified_ns;
    wait_until_quiet(file);
    file->turnable = may_be_turned(file);
    return open_file(file) ? OPENCODE_FILE_OTHER : OPENCODE_FILE_FAILED;
}

#else

typedef int opencode_file_is_empty;

#endif
