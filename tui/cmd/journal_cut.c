/* The new journal is a temporary file beside the old one: a first line, the needed lines marked
   `again`, the line that marks the cut, and the rest as it is. It is synced before it gets the
   journal's name, so a power cut leaves one or the other. */
#include "tui/cmd/journal_cut.h"

#include "core/export/feed_line.h"
#include "core/export/parent_dirs.h"
#include "core/export/run_lock.h"
#include "ingest/lines.h"
#include "tui/cmd/journal_keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 << 10, LINE_MAX_BYTES = 128 << 20 };

#define AGAIN ",\"again\":true}"

struct cutting {
    const struct journal_cut *cut;
    struct journal_keep keep;
    struct strbuf out; /* not written yet */
    int fd;            /* of the new journal */
    uint64_t written;
    int failed;  /* errno */
    bool second; /* the pass that writes */
    char *buffer;
};

static void flush(struct cutting *c)
{
    size_t done = 0;
    while (done < c->out.len && c->failed == 0) {
        ssize_t n = write(c->fd, c->out.data + done, c->out.len - done);
        if (n < 0 && errno != EINTR) {
            c->failed = errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    c->failed = c->out.failed ? ENOMEM : c->failed;
    c->written += c->out.len;
    strbuf_clear(&c->out);
}

static void add_again(struct cutting *c, struct slice line)
{
    size_t len = sizeof AGAIN - 1;
    bool marked = line.len > len && memcmp(line.bytes + line.len - len, AGAIN, len) == 0;
    strbuf_add(&c->out, line.bytes, marked ? line.len - len : line.len - 1);
    strbuf_adds(&c->out, AGAIN "\n");
    if (c->out.len >= PIECE_BYTES) {
        flush(c);
    }
}

static void take_line(void *ctx, const char *bytes, size_t len, uint64_t number,
                      enum line_kind kind)
{
    struct cutting *c = ctx;
    struct slice line = {bytes, len};
    (void)number;
    if (kind != LINE_WHOLE || len < 2 || c->failed != 0) {
        return;
    }
    if (!c->second) {
        journal_keep_note(&c->keep, line);
    } else if (journal_keep_needs(&c->keep, line)) {
        add_again(c, line);
    }
}

/* Passes on the bytes [from, to) of the old journal; `lines` NULL: copies them. */
static void read_part(struct cutting *c, uint64_t from, uint64_t to, struct lines *lines)
{
    while (from < to && c->failed == 0) {
        size_t want = to - from < PIECE_BYTES ? (size_t)(to - from) : PIECE_BYTES;
        ssize_t len = pread(c->cut->fd, c->buffer, want, (off_t)from);
        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len <= 0) {
            c->failed = len < 0 ? errno : EIO;
            return;
        }
        if (lines != NULL) {
            lines_push(lines, c->buffer, (size_t)len);
        } else {
            strbuf_add(&c->out, c->buffer, (size_t)len);
            flush(c);
        }
        from += (uint64_t)len;
    }
}

static void pass(struct cutting *c, bool second)
{
    struct lines lines;
    c->second = second;
    lines_init(&lines, c->cut->mem, LINE_MAX_BYTES, take_line, c);
    read_part(c, 0, c->cut->at, &lines);
    lines_release(&lines);
    c->failed = c->keep.failed ? ENOMEM : c->failed;
}

static void write_new(struct cutting *c, uint64_t *moved)
{
    const struct journal_cut *cut = c->cut;
    pass(c, false);
    feed_line_journal_begin(cut->now_ms, cut->max_events, &c->out);
    pass(c, true);
    feed_line_journal_cut(cut->now_ms, cut->events, cut->dropped, &c->out);
    flush(c);
    if (c->failed == 0 && c->written >= cut->at) {
        c->failed = ENOSPC;
    }
    *moved = c->failed == 0 ? cut->at - c->written : 0;
    off_t end = lseek(cut->fd, 0, SEEK_END);
    read_part(c, cut->at, end < 0 ? 0 : (uint64_t)end, NULL);
    if (c->failed == 0 && fsync(c->fd) != 0 && errno != EINVAL && errno != ENOTSUP) {
        c->failed = errno;
    }
}

/* Creates the temporary file; *path is its name. Returns a descriptor; -1 with errno. */
static int create(const struct journal_cut *cut, struct strbuf *path)
{
    strbuf_add(path, cut->path, parent_dirs_len(cut->path));
    strbuf_adds(path, ".swarmtop-XXXXXX");
    if (path->failed) {
        errno = ENOMEM;
        return -1;
    }
    int fd = mkostemp(path->data, O_CLOEXEC | O_APPEND);
    if (fd >= 0 && !run_lock_hold(fd)) {
        close(fd);
        errno = EBUSY;
        return -1;
    }
    return fd;
}

int journal_cut(const struct journal_cut *cut, uint64_t *moved)
{
    struct strbuf temp;
    struct cutting c = {.cut = cut};
    strbuf_init(&temp, cut->mem, 0);
    strbuf_init(&c.out, cut->mem, 0);
    journal_keep_init(&c.keep, cut->mem);
    c.buffer = mem_alloc(cut->mem, PIECE_BYTES);
    c.fd = create(cut, &temp);
    c.failed = c.buffer == NULL ? ENOMEM : c.fd < 0 ? errno : 0;
    if (c.failed == 0) {
        write_new(&c, moved);
    }
    if (c.failed == 0 && rename(temp.data, cut->path) != 0) {
        c.failed = errno;
    }
    if (c.failed != 0 && c.fd >= 0) {
        unlink(temp.data);
        close(c.fd);
        c.fd = -1;
    }
    journal_keep_release(&c.keep);
    mem_free(cut->mem, c.buffer, PIECE_BYTES);
    strbuf_release(&c.out);
    strbuf_release(&temp);
    errno = c.failed;
    return c.fd;
}
