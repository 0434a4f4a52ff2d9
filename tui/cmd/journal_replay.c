/* A journal is read twice: the first time finds where the reader left it, as only the next mark
   shows that a mark was the last. A line is taken as it is: the reader checks it like any other. */
#include "tui/cmd/journal_replay.h"

#include "core/base/json_read.h"
#include "core/export/feed_line.h"
#include "core/export/run_lock.h"
#include "ingest/lines.h"
#include "tui/cmd/journal_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    JOURNALS_MAX = 1000,
    PIECE_BYTES = 64 * 1024,
    LINE_MAX_BYTES = 128 << 20, /* as recover.c */
    DEPTH_MAX = 65
};

#define KEPT_NS 3600000000000LL

struct found {
    char *paths[JOURNALS_MAX];
    size_t count;
};

struct reading {
    const struct journal_replay *replay;
    bool marks;     /* its times are those of its marks */
    uint64_t at;    /* of the line's beginning */
    uint64_t start; /* the first byte that the reader lacks; UINT64_MAX: it has all */
    bool found;
};

/* ---- the files ---- */

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool is_served(const char *path)
{
    return strncmp(name_of(path), "feed-", 5) == 0;
}

/* A journal beside a document has any name, and is never a served run's. */
static bool note(void *ctx, const char *path, bool beside)
{
    struct found *found = ctx;
    char *copy = beside ? NULL : strdup(path);
    if (copy != NULL) {
        found->paths[found->count++] = copy;
    }
    return found->count < JOURNALS_MAX;
}

/* Runs are named by their time. */
static int compare(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(strchr(name_of(*x), '-'), strchr(name_of(*y), '-'));
}

/* The caller frees the paths. */
static struct found *find(const struct options *options)
{
    struct found *found = calloc(1, sizeof *found);
    struct journal_finder finder = {.journal = note, .served = true, .ctx = found};
    if (found != NULL) {
        journal_file_find(options, &finder);
        qsort(found->paths, found->count, sizeof found->paths[0], compare);
    }
    return found;
}

static void release(struct found *found)
{
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        free(found->paths[i]);
    }
    free(found);
}

/* ---- one of them ---- */

static bool is_own_line(const char *line, size_t len)
{
    return len >= sizeof FEED_JOURNAL_BEGIN - 1 &&
           memcmp(line, FEED_JOURNAL_BEGIN, sizeof FEED_JOURNAL_BEGIN - 1) == 0;
}

static void look(void *ctx, const char *line, size_t len, uint64_t number, enum line_kind kind)
{
    struct reading *reading = ctx;
    struct json_value object;
    uint64_t at = reading->at;
    (void)number;
    reading->at += len + 1;
    if (reading->found || kind != LINE_WHOLE || is_own_line(line, len) != reading->marks ||
        !json_check(line, len, DEPTH_MAX, &object, NULL)) {
        return;
    }
    double t_ms = json_get_number(json_get(object, "t"));
    bool later = t_ms >= reading->replay->from_ms;
    if (!reading->marks && later) {
        reading->start = at;
        reading->found = true;
    } else if (reading->marks && json_get(object, "mark").type == JSON_TYPE_TRUE) {
        reading->found = t_ms > reading->replay->from_ms;
        reading->start = reading->found ? reading->start : reading->at;
    }
}

static void put(void *ctx, const char *line, size_t len, uint64_t number, enum line_kind kind)
{
    struct reading *reading = ctx;
    const struct journal_replay *replay = reading->replay;
    (void)number;
    if (kind == LINE_WHOLE && !is_own_line(line, len)) {
        replay->put(replay->ctx, line, len);
        replay->put(replay->ctx, "\n", 1);
    }
}

static void read_from(int fd, uint64_t at, line_taker *take, struct reading *reading)
{
    char *buffer = malloc(PIECE_BYTES);
    struct lines lines;
    ssize_t len;
    lines_init(&lines, &mem_libc, LINE_MAX_BYTES, take, reading);
    while (buffer != NULL && (len = pread(fd, buffer, PIECE_BYTES, (off_t)at)) > 0) {
        lines_push(&lines, buffer, (size_t)len);
        at += (uint64_t)len;
    }
    lines_release(&lines);
    free(buffer);
}

static void replay_one(const struct journal_replay *replay, const char *path)
{
    struct reading reading = {.replay = replay, .marks = is_served(path)};
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
                (double)(st.st_mtim.tv_sec + 1) * 1e3 >= replay->from_ms;
    if (good) {
        reading.start = reading.marks ? 0 : UINT64_MAX;
        read_from(fd, 0, look, &reading);
        if (reading.start != UINT64_MAX) {
            read_from(fd, reading.start, put, &reading);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
}

void journal_replay(const struct journal_replay *replay)
{
    struct found *found = find(replay->options);
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        if (replay->own == NULL || strcmp(replay->own, found->paths[i]) != 0) {
            replay_one(replay, found->paths[i]);
        }
    }
    release(found);
}

void journal_replay_tidy(const struct options *options, int64_t now_ns)
{
    struct found *found = find(options);
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        const char *path = found->paths[i];
        int fd = is_served(path) ? run_lock_claim(path) : -1;
        struct stat st;
        if (fd >= 0 && fstat(fd, &st) == 0 &&
            now_ns - (int64_t)st.st_mtim.tv_sec * 1000000000 > KEPT_NS) {
            (void)unlink(path);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    release(found);
}
