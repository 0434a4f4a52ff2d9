/* Two buffers: the loop fills `pending` while the worker writes `writing`; they are swapped when
   the worker is idle. A timer starts with the first line in an empty buffer, so an idle run wakes
   nobody. A large buffer is written at once.

   `io` guards what the worker uses. journal_drain takes it too: it waits for the worker's write,
   or does it itself if the worker has not begun, so the order of lines holds either way.

   Under a cap the beginning of a journal can go once its events were dropped from the model. At
   boundaries, PARTS of which fill the file, the counts of the model are noted. When the file is
   half full the worker cuts at the last one whose events, and those of one part more, are all
   dropped (journal_cut.h).

   Data are synced as they are written, at most once in SYNC_NS and always after the last line. A
   journal that fails or is full stays as long as it is and takes no more lines: one with a hole
   would give another model. */
#include "tui/cmd/journal.h"

#include "core/export/feed_line.h"
#include "core/export/parent_dirs.h"
#include "tui/cmd/journal_cut.h"
#include "tui/cmd/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FLUSH_MS = 400,
    AT_ONCE_BYTES = 1 << 20, /* of a buffer that is written without waiting for the timer */
    BEHIND_BYTES = 8 << 20,
    PENDING_MAX_BYTES = 64 << 20, /* the disk cannot keep up */
    PARTS = 16                    /* of a full journal */
};
#define SYNC_NS 400000000u

struct boundary {
    uint64_t at; /* bytes */
    uint64_t events, dropped;
};

struct journal {
    struct journal_config config;
    struct strbuf path;
    struct strbuf dir; /* that the file is in */
    struct strbuf pending;
    uint64_t bytes;
    size_t lines; /* put, without the first */
    uv_timer_t timer;
    uv_work_t work;
    bool working, stopped, finished, reported;
    struct boundary boundaries[PARTS + 1];
    size_t boundary_count;
    struct boundary wanted; /* to be cut off, while `cutting` */
    enum { CUT_NONE, CUT_WANTED, CUT_SENT } cutting;

    uv_mutex_t io; /* guards the following */
    int fd;
    struct strbuf writing;
    bool wants_sync;     /* written since the last sync */
    bool behind;         /* much is to be written: without a sync, which could take long */
    bool sync_dir;       /* the file's name is to be synced */
    struct boundary cut; /* at 0: nothing is to be cut */
    uint64_t moved;      /* by the last cut */
    int cut_failed;      /* errno of it */
    uint64_t synced_ns;
    int failed; /* errno of the first failure; 0: none */
};

/* ---- with `io` held, on any thread ---- */

/* Returns whether the file has no name any more: what is written to it is lost. */
static bool is_removed(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_nlink == 0;
}

static void write_out(struct journal *journal, struct strbuf *bytes)
{
    const char *at = bytes->data;
    size_t left = bytes->len;
    while (left > 0 && journal->failed == 0) {
        ssize_t n = write(journal->fd, at, left);
        if (n < 0 && errno != EINTR) {
            journal->failed = errno;
        }
        if (n > 0) {
            at += n;
            left -= (size_t)n;
        }
    }
    if (journal->failed == 0 && journal->fd >= 0 && is_removed(journal->fd)) {
        journal->failed = ENOENT;
    }
    journal->wants_sync |= bytes->len > 0;
    strbuf_clear(bytes);
    if (bytes->cap > 2 * (size_t)AT_ONCE_BYTES) {
        strbuf_release(bytes);
    }
}

/* A directory that may be written but not read cannot be opened, and so not be synced. */
static void sync_name(struct journal *journal)
{
    int fd = open(journal->dir.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

/* A file that cannot be synced (some network file systems) is no failure. */
static void sync_out(struct journal *journal, bool last)
{
    uint64_t now_ns = uv_hrtime();
    if (!journal->wants_sync || journal->failed != 0 || journal->fd < 0 ||
        (!last && now_ns - journal->synced_ns < SYNC_NS)) {
        return;
    }
    if (fdatasync(journal->fd) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS) {
        journal->failed = errno;
    }
    if (journal->sync_dir) {
        sync_name(journal);
    }
    journal->sync_dir = journal->wants_sync = false;
    journal->synced_ns = now_ns;
}

static void cut_out(struct journal *journal)
{
    const struct journal_cut cut = {.mem = journal->config.mem,
                                    .path = journal->path.data,
                                    .fd = journal->fd,
                                    .at = journal->cut.at,
                                    .events = journal->cut.events,
                                    .dropped = journal->cut.dropped,
                                    .max_events = journal->config.max_events,
                                    .now_ms = journal->config.now_ms};
    int fd = journal_cut(&cut, &journal->moved);
    journal->cut_failed = fd < 0 ? errno : 0;
    journal->cut.at = 0;
    if (fd >= 0) {
        close(journal->fd);
        journal->fd = fd;
        journal->sync_dir = journal->wants_sync = true;
    }
}

/* ---- on the worker ---- */

static void do_write(uv_work_t *work)
{
    struct journal *journal = work->data;
    uv_mutex_lock(&journal->io);
    write_out(journal, &journal->writing);
    if (journal->cut.at > 0 && journal->failed == 0 && journal->fd >= 0) {
        cut_out(journal);
    }
    if (!journal->behind) {
        sync_out(journal, false);
    }
    uv_mutex_unlock(&journal->io);
}

/* ---- on the loop ---- */

static void stop(struct journal *journal, const char *what)
{
    struct strbuf text;
    journal->stopped = true;
    uv_timer_stop(&journal->timer);
    if (journal->reported) {
        return;
    }
    journal->reported = true;
    strbuf_init(&text, journal->config.mem, 0);
    strbuf_addf(&text, "%s: the journal ends here: %s", journal->path.data, what);
    if (journal->config.trouble != NULL) {
        journal->config.trouble(journal->config.ctx,
                                text.failed ? "the journal ends here" : text.data);
    }
    strbuf_release(&text);
}

static void on_due(uv_timer_t *timer)
{
    journal_flush(timer->data);
}

static void wake(struct journal *journal)
{
    if (!journal->finished && !uv_is_active((uv_handle_t *)&journal->timer)) {
        uv_timer_start(&journal->timer, on_due, FLUSH_MS, 0);
    }
}

/* The worker has cut, or tried to. */
static void take_cut(struct journal *journal)
{
    size_t kept = 0;
    journal->cutting = CUT_NONE;
    if (journal->cut_failed != 0) {
        journal->boundary_count = 0; /* the journal is as it was; it is tried again later */
        return;
    }
    journal->bytes -= journal->moved;
    for (size_t i = 0; i < journal->boundary_count; i++) {
        struct boundary boundary = journal->boundaries[i];
        if (boundary.at > journal->wanted.at) {
            boundary.at -= journal->moved;
            journal->boundaries[kept++] = boundary;
        }
    }
    journal->boundary_count = kept;
}

static bool has_cap(const struct journal *journal)
{
    return journal->config.count != NULL && journal->config.max_events > 0;
}

/* Notes a boundary where a part has been filled since the last one. */
static void note_boundary(struct journal *journal)
{
    size_t count = journal->boundary_count;
    uint64_t last = count == 0 ? 0 : journal->boundaries[count - 1].at;
    if (!has_cap(journal) || count > PARTS ||
        journal->bytes - last < journal->config.max_bytes / PARTS) {
        return;
    }
    struct boundary boundary = {.at = journal->bytes};
    journal->config.count(journal->config.ctx, &boundary.events, &boundary.dropped);
    journal->boundaries[journal->boundary_count++] = boundary;
}

/* Has the worker cut off as much as possible, if enough can go to be worth it. */
static void begin_cut(struct journal *journal)
{
    uint64_t events, dropped;
    size_t most = 0;
    if (!has_cap(journal) || journal->boundary_count < PARTS / 4) {
        return;
    }
    journal->config.count(journal->config.ctx, &events, &dropped);
    for (size_t i = 0; i + 1 < journal->boundary_count; i++) {
        const struct boundary *next = &journal->boundaries[i + 1];
        most = next->events + next->dropped <= dropped ? i + 1 : most;
    }
    if (most >= PARTS / 4) {
        journal->cutting = CUT_WANTED;
        journal->wanted = journal->boundaries[most - 1];
    }
}

static void after_write(uv_work_t *work, int status)
{
    struct journal *journal = work->data;
    (void)status;
    journal->working = false;
    if (journal->finished) {
        return;
    }
    uv_mutex_lock(&journal->io);
    int failed = journal->failed;
    bool wants_sync = journal->wants_sync;
    uv_mutex_unlock(&journal->io);
    if (journal->cutting == CUT_SENT) {
        take_cut(journal);
    }
    if (failed != 0) {
        stop(journal, strerror(failed));
    } else if (journal->pending.len >= AT_ONCE_BYTES) {
        journal_flush(journal);
    } else if (journal->pending.len > 0 || wants_sync) {
        wake(journal);
    }
}

void journal_flush(struct journal *journal)
{
    if (journal == NULL || journal->working || journal->finished) {
        return;
    }
    struct strbuf empty = journal->writing; /* the worker is idle: nobody else uses it */
    journal->writing = journal->pending;
    journal->pending = empty;
    journal->behind = journal->writing.len >= BEHIND_BYTES;
    if (journal->cutting == CUT_WANTED) {
        journal->cutting = CUT_SENT;
        journal->cut = journal->wanted;
    }
    uv_timer_stop(&journal->timer);
    journal->work.data = journal;
    journal->working =
        uv_queue_work(journal->config.loop, &journal->work, do_write, after_write) == 0;
    if (!journal->working) {
        do_write(&journal->work);
        after_write(&journal->work, 0);
    }
}

void journal_put(void *to, const char *line, size_t len)
{
    struct journal *journal = to;
    if (journal->stopped || journal->finished) {
        return;
    }
    uint64_t max_bytes = journal->config.max_bytes;
    if (journal->bytes + len > max_bytes) {
        journal_flush(journal);
        stop(journal, "it has --journal-max bytes");
        return;
    }
    if (journal->bytes + len > max_bytes / 2 && journal->cutting == CUT_NONE) {
        begin_cut(journal);
    }
    strbuf_add(&journal->pending, line, len);
    if (journal->pending.failed) {
        stop(journal, journal->pending.len + len > PENDING_MAX_BYTES ? "the disk is too slow"
                                                                     : "out of memory");
        return;
    }
    journal->bytes += len;
    journal->lines++;
    note_boundary(journal);
    if (journal->pending.len >= AT_ONCE_BYTES || journal->cutting == CUT_WANTED) {
        journal_flush(journal);
    }
    wake(journal);
}

void journal_drain(struct journal *journal)
{
    if (journal == NULL || journal->finished) {
        return;
    }
    uv_mutex_lock(&journal->io);
    write_out(journal, &journal->writing);
    write_out(journal, &journal->pending);
    sync_out(journal, true);
    int failed = journal->failed;
    uv_mutex_unlock(&journal->io);
    if (failed != 0) {
        stop(journal, strerror(failed));
    }
}

bool journal_is_writing(const struct journal *journal)
{
    return journal->working || journal->cutting != CUT_NONE;
}

const char *journal_path_of(const struct journal *journal)
{
    return journal->path.data;
}

/* ---- its life ---- */

static void release(struct journal *journal)
{
    const struct mem *mem = journal->config.mem;
    strbuf_release(&journal->path);
    strbuf_release(&journal->dir);
    strbuf_release(&journal->pending);
    strbuf_release(&journal->writing);
    uv_mutex_destroy(&journal->io);
    mem_free(mem, journal, sizeof *journal);
}

static bool begin(struct journal *journal)
{
    const struct journal_config *config = &journal->config;
    journal->fd = config->fd;
    journal->sync_dir = true;
    strbuf_init(&journal->path, config->mem, 0);
    strbuf_init(&journal->pending, config->mem, PENDING_MAX_BYTES);
    strbuf_init(&journal->writing, config->mem, PENDING_MAX_BYTES);
    strbuf_adds(&journal->path, config->path);
    size_t dir = parent_dirs_len(config->path);
    strbuf_init(&journal->dir, config->mem, 0);
    strbuf_add(&journal->dir, dir == 0 ? "." : config->path, dir == 0 ? 1 : dir);
    feed_line_journal_begin(config->now_ms, config->max_events, &journal->pending);
    journal->bytes = journal->pending.len;
    return !journal->path.failed && !journal->dir.failed && !journal->pending.failed;
}

static void drop_file(const struct journal_config *config)
{
    unlink(config->path);
    close(config->fd);
}

struct journal *journal_new(const struct journal_config *config)
{
    struct journal *journal = mem_zalloc(config->mem, 1, sizeof *journal);
    if (journal == NULL || uv_mutex_init(&journal->io) != 0) {
        mem_free(config->mem, journal, sizeof *journal);
        drop_file(config);
        return NULL;
    }
    journal->config = *config;
    if (!begin(journal)) {
        release(journal);
        drop_file(config);
        return NULL;
    }
    uv_timer_init(config->loop, &journal->timer);
    journal->timer.data = journal;
    /* The first line now: a file without it is nobody's journal. */
    write_out(journal, &journal->pending);
    if (journal->failed != 0) {
        stop(journal, strerror(journal->failed));
    }
    return journal;
}

/* Removes the file, unless another has its name. */
static void remove_own(struct journal *journal)
{
    struct stat own, named;
    if (fstat(journal->fd, &own) == 0 && lstat(journal->path.data, &named) == 0 &&
        own.st_dev == named.st_dev && own.st_ino == named.st_ino) {
        unlink(journal->path.data);
    }
}

void journal_finish(struct journal *journal, enum journal_end end, double now_ms)
{
    if (journal == NULL || journal->finished) {
        return;
    }
    if (end != JOURNAL_DELETE) {
        journal_drain(journal);
    }
    uv_timer_stop(&journal->timer);
    journal->finished = true;
    uv_mutex_lock(&journal->io);
    strbuf_clear(&journal->writing);
    if (end == JOURNAL_DELETE) {
        remove_own(journal);
    } else if (end == JOURNAL_KEEP) {
        journal_file_mark_ended(journal->fd, journal->config.mem, now_ms);
    }
    close(journal->fd);
    journal->fd = -1;
    uv_mutex_unlock(&journal->io);
}

void journal_close(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    journal_finish(journal, journal->lines == 0 ? JOURNAL_DELETE : JOURNAL_LEAVE, 0);
    uv_close((uv_handle_t *)&journal->timer, NULL);
}

void journal_free(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    release(journal);
}
