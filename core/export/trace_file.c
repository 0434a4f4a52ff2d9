/* A new version is a temporary file in the directory of the old one, so rename replaces the old
   one in one step. A link is followed to its file, which may not exist yet, and that file is
   replaced, not the link. An existing non-file (/dev/stdout, a pipe) cannot be replaced and is
   written directly. The first failure is kept for commit to report. */
#include "core/export/trace_file.h"

#include "core/export/link_target.h"
#include "core/export/parent_dirs.h"
#include "core/export/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 65536, MAX_ATTEMPTS = 8 };

#define TEMP_NAME ".swarmtop-XXXXXX"

struct trace_file {
    const struct mem *mem;
    struct strbuf path;   /* as it was asked for: for messages */
    struct strbuf target; /* the file to replace */
    struct strbuf temp;   /* empty: written to directly */
    int fd;               /* -1: none */
    int lock;             /* keeps the temporary file's lock once fd is closed; -1: none */
    int failed;           /* errno of the first failure, 0: none */
    const char *what;     /* the failed operation */
    size_t used;
    char buffer[BUFFER_BYTES];
};

static void say(struct strbuf *error, const struct trace_file *file)
{
    const char *path = file->path.data != NULL ? file->path.data : "trace file";
    strbuf_addf(error, "%s: %s: %s", path, file->what, strerror(file->failed));
}

/* Keeps the first failure. */
static bool fail(struct trace_file *file, const char *what, int error)
{
    if (file->failed == 0) {
        file->failed = error;
        file->what = what;
    }
    return false;
}

/* Follows links to the file they name, which need not be there. */
static bool follow_links(struct trace_file *file)
{
    int error = link_target_follow(&file->target);
    return error == 0 || fail(file, "cannot follow its link", error);
}

static bool make_parents(struct trace_file *file)
{
    int error = parent_dirs_make(file->target.data);
    return error == 0 || fail(file, "cannot make its directory", error);
}

/* Creates the temporary file with a lock, so that a later run can see whether this one lives. */
static bool create_temp(struct trace_file *file)
{
    size_t dir = parent_dirs_len(file->target.data);
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        strbuf_clear(&file->temp);
        strbuf_add(&file->temp, file->target.data, dir);
        strbuf_adds(&file->temp, TEMP_NAME);
        if (file->temp.failed) {
            file->temp.len = 0;
            return fail(file, "cannot create a temporary file beside it", ENOMEM);
        }
        file->fd = mkostemp(file->temp.data, O_CLOEXEC);
        if (file->fd < 0) {
            file->temp.len = 0;
            return fail(file, "cannot create a temporary file beside it", errno);
        }
        if (run_lock_hold(file->fd)) {
            return true;
        }
        close(file->fd); /* a run that starts has taken it for a dead one's */
        file->fd = -1;
    }
    file->temp.len = 0;
    return fail(file, "cannot create a temporary file beside it", EBUSY);
}

/* The temporary file's name is short, and rename() would be the first to refuse a long one. */
static bool has_good_name(struct trace_file *file)
{
    struct stat st;
    return lstat(file->target.data, &st) == 0 || errno != ENAMETOOLONG ||
           fail(file, "cannot write", ENAMETOOLONG);
}

static bool open_temp(struct trace_file *file)
{
    return follow_links(file) && make_parents(file) && has_good_name(file) && create_temp(file);
}

/* O_NONBLOCK turns a pipe without a reader into an error; opening it would block. */
static bool open_directly(struct trace_file *file)
{
    file->fd = open(file->path.data, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file->fd < 0) {
        return fail(file, "cannot open for writing", errno);
    }
    int flags = fcntl(file->fd, F_GETFL);
    (void)fcntl(file->fd, F_SETFL, flags & ~O_NONBLOCK);
    return true;
}

static bool begin(struct trace_file *file, const char *path)
{
    struct stat st;
    strbuf_adds(&file->path, path);
    strbuf_adds(&file->target, path);
    if (file->path.failed || file->target.failed) {
        return fail(file, "cannot write", ENOMEM);
    }
    if (path[0] == '\0') {
        return fail(file, "cannot write", ENOENT);
    }
    bool there = stat(path, &st) == 0;
    if ((there && S_ISDIR(st.st_mode)) || path[strlen(path) - 1] == '/') {
        return fail(file, "cannot write", EISDIR);
    }
    return there && !S_ISREG(st.st_mode) ? open_directly(file) : open_temp(file);
}

struct trace_file *trace_file_begin(const struct mem *mem, const char *path, struct strbuf *error)
{
    struct trace_file *file = mem_alloc(mem, sizeof *file);
    if (file == NULL) {
        strbuf_addf(error, "%s: cannot write: %s", path, strerror(ENOMEM));
        return NULL;
    }
    file->mem = mem;
    file->fd = -1;
    file->lock = -1;
    file->failed = 0;
    file->what = "";
    file->used = 0;
    strbuf_init(&file->path, mem, 0);
    strbuf_init(&file->target, mem, 0);
    strbuf_init(&file->temp, mem, 0);
    if (!begin(file, path)) {
        say(error, file);
        trace_file_abort(file);
        return NULL;
    }
    return file;
}

static bool write_all(struct trace_file *file, const char *bytes, size_t len)
{
    while (len > 0 && file->failed == 0) {
        ssize_t n = write(file->fd, bytes, len);
        if (n < 0 && errno != EINTR) {
            return fail(file, "cannot write", errno);
        }
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return file->failed == 0;
}

static bool flush(struct trace_file *file)
{
    size_t used = file->used;
    file->used = 0;
    return write_all(file, file->buffer, used);
}

bool trace_file_is_terminal(const struct trace_file *file)
{
    return isatty(file->fd) == 1;
}

bool trace_file_write(void *to, const char *bytes, size_t len)
{
    struct trace_file *file = to;
    if (len > BUFFER_BYTES - file->used && !flush(file)) {
        return false;
    }
    if (len >= BUFFER_BYTES) {
        return write_all(file, bytes, len);
    }
    if (len > 0) {
        memcpy(file->buffer + file->used, bytes, len);
        file->used += len;
    }
    return file->failed == 0;
}

/* A target that cannot be synced (a pipe, some network file systems) is no failure. */
static bool sync_fd(struct trace_file *file, int fd, const char *what)
{
    if (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS) {
        return true;
    }
    return fail(file, what, errno);
}

static bool close_file(struct trace_file *file)
{
    int fd = file->fd;
    file->lock = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    file->fd = -1;
    return close(fd) == 0 || errno == EINTR || fail(file, "cannot write", errno);
}

/* A directory that may be written but not read cannot be opened, and so not be synced. */
static bool sync_dir(struct trace_file *file)
{
    file->target.data[parent_dirs_len(file->target.data)] = '\0';
    const char *dir = file->target.data[0] == '\0' ? "." : file->target.data;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return true;
    }
    bool synced = sync_fd(file, fd, "cannot sync its directory");
    close(fd);
    return synced;
}

static bool put_in_place(struct trace_file *file)
{
    if (file->temp.len == 0) {
        return true;
    }
    if (rename(file->temp.data, file->target.data) != 0) {
        return fail(file, "cannot put the new version in its place", errno);
    }
    file->temp.len = 0;
    return sync_dir(file);
}

/* Gives the file its name unless that is taken. A file system without links has no such step. */
static bool put_beside(struct trace_file *file, bool *taken)
{
    struct stat st;
    if (file->temp.len == 0) {
        return true;
    }
    if (link(file->temp.data, file->target.data) == 0) {
        unlink(file->temp.data);
        file->temp.len = 0;
        return sync_dir(file);
    }
    *taken = errno == EEXIST || lstat(file->target.data, &st) == 0;
    return *taken ? fail(file, "cannot write", EEXIST) : put_in_place(file);
}

static bool is_written(struct trace_file *file)
{
    return flush(file) && sync_fd(file, file->fd, "cannot sync") && close_file(file);
}

bool trace_file_commit_new(struct trace_file *file, bool *taken, struct strbuf *error)
{
    *taken = false;
    bool done = is_written(file) && put_beside(file, taken);
    if (!done) {
        say(error, file);
    }
    trace_file_abort(file);
    return done;
}

bool trace_file_commit(struct trace_file *file, struct strbuf *error)
{
    bool done = is_written(file) && put_in_place(file);
    if (!done) {
        say(error, file);
    }
    trace_file_abort(file);
    return done;
}

void trace_file_abort(struct trace_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
    if (file->temp.len > 0) {
        unlink(file->temp.data);
    }
    if (file->lock >= 0) {
        close(file->lock);
    }
    strbuf_release(&file->path);
    strbuf_release(&file->target);
    strbuf_release(&file->temp);
    mem_free(file->mem, file, sizeof *file);
}
