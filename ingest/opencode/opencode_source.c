/* The database is read on a worker, some thousand rows at a time, and the rows are taken on the
   loop, where the model is. A change of the directory, or a timer, has it look again; a look that
   finds nothing new costs one question to the database. */
#include "ingest/opencode/opencode_source.h"

#include "core/base/time_ns.h"
#include "ingest/opencode/opencode_rows.h"
#include "ingest/watcher.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SINCE_NS ((int64_t)3600 * 1000000000)

enum { LOOK_MS = 500, SOON_MS = 30 };

struct opencode_source {
    struct source source;
    char path[PATH_MAX]; /* of the database */
    struct opencode_db *db;
    struct opencode_batch batch;
    struct opencode_rows rows;
    bool has_rows; /* it is to be released */
    uv_timer_t timer;
    uv_work_t work;
    const char *why; /* the last read failed */
    uint64_t revision;
    bool has_timer, working, again, soon, stopped, watched;
    bool loaded; /* the first read is complete */
};

static struct opencode_source *of(struct source *source)
{
    return (struct opencode_source *)source;
}

static struct ingest_ctx *ctx_of(const struct opencode_source *opencode)
{
    return opencode->source.counters.ingest;
}

static bool follows(const struct opencode_source *opencode)
{
    const struct hub_options *settings = hub_settings(opencode->source.hub);
    return (settings->follow || settings->follow_clients) && !opencode->stopped;
}

static void end_source(struct opencode_source *opencode, const char *what)
{
    struct strbuf error;
    strbuf_init(&error, ctx_of(opencode)->mem, 0);
    if (what != NULL) {
        source_error(&error, opencode->source.spec, "cannot be read", what);
    }
    uv_timer_stop(&opencode->timer);
    hub_end_read_slot(&opencode->source);
    source_finish(&opencode->source, what == NULL ? NULL : error.failed ? what : error.data);
    strbuf_release(&error);
}

/* ---- reading ---- */

static void do_read(uv_work_t *work)
{
    struct opencode_source *opencode = work->data;
    opencode->why = opencode_db_read(opencode->db, &opencode->batch);
}

static void after_read(uv_work_t *work, int status);

static void read_next(struct opencode_source *opencode)
{
    if (opencode->working) {
        opencode->again = true;
        return;
    }
    opencode->again = false;
    opencode->work.data = opencode;
    opencode->working =
        uv_queue_work(hub_loop(opencode->source.hub), &opencode->work, do_read, after_read) == 0;
    opencode->source.handles += opencode->working;
    if (!opencode->working) {
        end_source(opencode, "out of memory");
    }
}

/* Returns false if out of memory. */
static bool take_batch(struct opencode_source *opencode)
{
    struct opencode_batch *batch = &opencode->batch;
    bool good = !batch->failed;
    for (size_t i = 0; good && i < batch->count; i++) {
        const struct opencode_row *row = &batch->rows[i];
        if (opencode_rows_take(&opencode->rows, row)) {
            good = opencode_db_watch(opencode->db, row);
        }
        good = good && !opencode->rows.failed;
    }
    return good;
}

/* A newer client has a database of another shape. */
static void log_differences(struct opencode_source *opencode)
{
    struct strbuf text;
    unsigned count = 0;
    const char *what = opencode_db_differences(opencode->db, &count);
    if (what == NULL) {
        return;
    }
    strbuf_init(&text, ctx_of(opencode)->mem, 0);
    strbuf_addf(&text, "the database differs from known versions in %u tables or columns: ", count);
    ingest_ctx_quote(&text, what, strlen(what));
    if (!text.failed) {
        ingest_ctx_log_from(ctx_of(opencode), LOG_LEVEL_INFO, opencode->source.spec, text.data);
    }
    strbuf_release(&text);
}

static bool has_ended(const struct opencode_source *opencode)
{
    return opencode->source.state == SOURCE_FINISHED || opencode->source.state == SOURCE_FAILED;
}

static void look_soon(void *ctx, enum watcher_event event)
{
    struct opencode_source *opencode = ctx;
    (void)event;
    opencode->again |= opencode->working;
    if (opencode->has_timer && !opencode->working && !opencode->soon && !has_ended(opencode)) {
        opencode->soon = true; /* changes that come until then do not put it off */
        uv_timer_start(&opencode->timer, opencode->timer.timer_cb, SOON_MS, LOOK_MS);
    }
}

static void watch(struct opencode_source *opencode)
{
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(opencode->path, '/') - opencode->path),
             opencode->path);
    if (!opencode->watched) {
        opencode->watched =
            watcher_add_directory(hub_watcher(opencode->source.hub), dir, look_soon, opencode);
    }
}

static void after_read(uv_work_t *work, int status)
{
    struct opencode_source *opencode = work->data;
    struct ingest_ctx *ingest = ctx_of(opencode);
    (void)status;
    opencode->working = false;
    opencode->source.handles--;
    if (opencode->source.closing) {
        return;
    }
    bool good = take_batch(opencode), more = opencode->batch.more;
    bool last = !more && !follows(opencode);
    opencode_batch_clear(&opencode->batch);
    log_differences(opencode);
    source_set_trouble(&opencode->source, opencode->why);
    opencode->loaded |= !more;
    double older_ms;
    opencode_db_older(opencode->db, &opencode->source.older, &older_ms);
    opencode->source.older_ns = time_ns_from_ms(older_ms);
    if (!more) {
        opencode_rows_conclude(&opencode->rows, last);
    }
    good = good && !opencode->rows.failed && correlator_flush(ingest->correlator);
    ingest->changed |= more || swarm_revision(ingest->swarm) != opencode->revision;
    opencode->revision = swarm_revision(ingest->swarm);
    if (!good) {
        end_source(opencode, "out of memory");
    } else if ((more || opencode->again) && !opencode->stopped) {
        read_next(opencode);
    } else if (last || opencode->stopped) {
        end_source(opencode, opencode->why);
    } else {
        hub_end_read_slot(&opencode->source);
        watch(opencode);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct opencode_source *opencode = timer->data;
    struct stat st;
    bool there = stat(opencode->path, &st) == 0;
    opencode->soon = false;
    if (has_ended(opencode)) {
        return;
    }
    source_set_state(&opencode->source, there ? SOURCE_OPEN : SOURCE_WAITING);
    if (!opencode->source.waits && !opencode->working) {
        read_next(opencode);
    }
}

static void read_slot(struct source *source)
{
    struct stat st;
    source->began_ns = uv_hrtime();
    if (stat(of(source)->path, &st) == 0) {
        source_set_state(source, SOURCE_OPEN);
    }
    read_next(of(source));
}

/* ---- the source ---- */

static bool make(struct opencode_source *opencode, const char *dir, bool whole)
{
    const struct hub_options *settings = hub_settings(opencode->source.hub);
    const struct mem *mem = ctx_of(opencode)->mem;
    int64_t since_ns = settings->since_ns > 0 ? settings->since_ns : SINCE_NS;
    double from_ms = (double)((ingest_ctx_wall(ctx_of(opencode)) - since_ns) / 1000000);
    snprintf(opencode->path, sizeof opencode->path, "%s/opencode.db", dir);
    opencode_batch_init(&opencode->batch, mem);
    opencode->has_rows = true;
    bool good = opencode_rows_init(&opencode->rows, &opencode->source.counters,
                                   opencode->source.spec, settings->content, since_ns);
    opencode->rows.from_ms = whole ? (double)NAN : from_ms;
    client_sessions_search(&opencode->rows.sessions_at_top,
                           source_setting(&opencode->source, "proc"),
                           opencode->source.row->programs);
    client_sessions_search_on(&opencode->rows.sessions_at_top, hub_loop(opencode->source.hub),
                              &opencode->source.handles, &opencode->source.closing);
    opencode->db = opencode_db_new(mem, opencode->path, whole ? (double)NAN : from_ms);
    return good && opencode->db != NULL;
}

/* False: *detail has what is wrong. */
static bool begin(struct opencode_source *opencode, struct strbuf *detail)
{
    struct source *source = &opencode->source;
    const char *named = source_argument(source);
    const char *dir = *named != '\0' ? named : source_setting(source, "dir");
    struct stat st;
    if (!OPENCODE_BUILT) {
        strbuf_adds(detail, "this swarmtop was built without SQLite");
        return false;
    }
    if (dir == NULL) {
        strbuf_adds(detail, "its directory is unknown, since HOME is not set");
        return false;
    }
    if (!make(opencode, dir, *named != '\0')) {
        strbuf_adds(detail, "out of memory");
        return false;
    }
    if (!follows(opencode) && stat(opencode->path, &st) != 0) {
        if (errno == ENOENT) {
            strbuf_addf(detail, "%s has no opencode.db", dir);
        } else {
            strbuf_addf(detail, "%s: %s", opencode->path, strerror(errno));
        }
        return false;
    }
    uv_timer_init(hub_loop(source->hub), &opencode->timer);
    opencode->timer.data = opencode;
    opencode->has_timer = true;
    source->handles = 1;
    if (follows(opencode)) {
        uv_timer_start(&opencode->timer, on_timer, LOOK_MS, LOOK_MS);
    }
    source_set_state_by_place(source);
    hub_ask_read_slot(source);
    return true;
}

static bool open_opencode(struct source *source, struct strbuf *error)
{
    struct strbuf detail;
    strbuf_init(&detail, hub_ctx(source->hub)->mem, 0);
    bool good = begin(of(source), &detail);
    if (!good) {
        source_error(error, source->spec, "cannot be read",
                     detail.failed ? "out of memory" : detail.data);
    } else {
        strbuf_add(error, source->error.data, source->error.len);
    }
    strbuf_release(&detail);
    return good && source->state != SOURCE_FAILED;
}

static void handle_closed(uv_handle_t *handle)
{
    struct opencode_source *opencode = handle->data;
    opencode->source.handles--;
}

static void close_opencode(struct source *source)
{
    struct opencode_source *opencode = of(source);
    source->closing = true;
    watcher_remove(hub_watcher(source->hub), opencode);
    if (opencode->has_timer && !uv_is_closing((uv_handle_t *)&opencode->timer)) {
        uv_close((uv_handle_t *)&opencode->timer, handle_closed);
    }
}

static void release_opencode(struct source *source)
{
    struct opencode_source *opencode = of(source);
    if (opencode->has_rows) {
        opencode_batch_release(&opencode->batch);
        opencode_rows_release(&opencode->rows);
        opencode_db_free(opencode->db);
    }
}

static void stop_opencode(struct source *source)
{
    of(source)->stopped = !of(source)->loaded;
}

static bool reads(const struct source *source, const char *path, const struct stat *st)
{
    const struct opencode_source *opencode = (const struct opencode_source *)source;
    struct stat own;
    (void)path;
    return st != NULL && stat(opencode->path, &own) == 0 && own.st_dev == st->st_dev &&
           own.st_ino == st->st_ino;
}

const struct source_ops opencode_source_ops = {
    .size = sizeof(struct opencode_source),
    .open = open_opencode,
    .close = close_opencode,
    .release = release_opencode,
    .read_slot = read_slot,
    .stop = stop_opencode,
    .reads = reads,
};
