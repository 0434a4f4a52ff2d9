/* The journal is a feed, so a feed reads it into a model of its own, with the cap of the run that
   wrote it. The clock of that model is at rest: times are those of the lines, and sessions end at
   their last time. */
#include "tui/cmd/recover.h"

#include "core/correlate/correlator.h"
#include "core/export/document.h"
#include "core/export/parent_dirs.h"
#include "core/model/swarm_edit.h"
#include "ingest/feed/feed.h"
#include "tui/cmd/document_file.h"
#include "tui/cmd/output_path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PIECE_BYTES = 128 * 1024,
    STEP_BYTES = 4096,
    LINE_MAX_BYTES = 128 << 20, /* a line of 64 MiB gets some more in the journal */
    LOG_LINES = 16,
    NUMBERS_MAX = 10000
};

#define COUNT_MAX 1e15 /* of events */

struct rebuild {
    const struct recover_config *config;
    struct swarm *swarm;
    struct tracer *tracer;
    struct correlator *correlator;
    struct event_log *log;
    struct ingest_ctx ingest;
    struct source_counters counters;
    struct feed *feed;
    char *buffer;
    bool failed; /* out of memory */
};

static bool is_cancelled(const struct recover_config *config)
{
    return config->cancelled != NULL && atomic_load(config->cancelled);
}

static int64_t at_rest(void *ctx)
{
    (void)ctx;
    return 0;
}

static void release(struct rebuild *r)
{
    feed_free(r->feed);
    if (r->ingest.swarm != NULL) {
        ingest_ctx_release(&r->ingest);
    }
    correlator_free(r->correlator);
    tracer_free(r->tracer);
    swarm_free(r->swarm);
    event_log_free(r->log);
    mem_free(r->config->mem, r->buffer, PIECE_BYTES);
}

static void on_cut(void *ctx, double events, double dropped)
{
    struct rebuild *r = ctx;
    /* A journal that was tampered with is read without its counts. */
    if (!(events >= 0 && events < COUNT_MAX && dropped >= 0 && dropped < COUNT_MAX)) {
        return;
    }
    r->failed |= !correlator_flush(r->correlator) ||
                 !swarm_resume_cap(r->swarm, POOL_LIVE, (uint64_t)events, (uint64_t)dropped);
}

/* Returns false if out of memory. */
static bool prepare(struct rebuild *r)
{
    const struct mem *mem = r->config->mem;
    struct swarm_config swarm = {.max_events = {0, 0}};
    swarm.max_events[POOL_LIVE] = r->config->head.max_events;
    r->buffer = mem_alloc(mem, PIECE_BYTES);
    r->swarm = swarm_new(mem, &swarm);
    r->tracer = r->swarm != NULL ? tracer_new(r->swarm) : NULL;
    r->correlator = r->tracer != NULL ? correlator_new(r->swarm, r->tracer) : NULL;
    r->log = event_log_new(mem, LOG_LINES);
    if (r->buffer == NULL || r->correlator == NULL || r->log == NULL) {
        return false;
    }
    ingest_ctx_init(&r->ingest, r->swarm, r->tracer, r->correlator, r->log, at_rest, NULL);
    r->counters.ingest = &r->ingest;
    struct feed_options feed = {.counters = &r->counters,
                                .where = r->config->path,
                                .source = r->config->path,
                                .max_line_bytes = LINE_MAX_BYTES,
                                .cut = on_cut,
                                .ctx = r};
    r->feed = feed_new(&feed);
    return r->feed != NULL;
}

/* Calls of updates are shown after every few lines, as in the run: the cap drops first what is not
   shown. */
static bool take_piece(struct rebuild *r, size_t len)
{
    bool good = true;
    for (size_t at = 0, step; at < len && good; at += step) {
        step = len - at < STEP_BYTES ? len - at : STEP_BYTES;
        good = feed_push(r->feed, r->buffer + at, step) && correlator_flush(r->correlator) &&
               !r->failed;
        swarm_forget_names(r->swarm);
    }
    return good;
}

/* Reads the journal into the model. Returns 0, or errno. */
static int read_all(struct rebuild *r)
{
    off_t at = 0;
    while (!is_cancelled(r->config)) {
        ssize_t len = pread(r->config->fd, r->buffer, PIECE_BYTES, at);
        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len < 0) {
            return errno;
        }
        if (len == 0) {
            break;
        }
        at += len;
        if (!take_piece(r, (size_t)len)) {
            return ENOMEM;
        }
    }
    feed_finish(r->feed, SESSION_FINISHED);
    return correlator_close(r->correlator, INT64_MIN, NULL, NULL) ? 0 : ENOMEM;
}

/* ---- the document ---- */

/* Appends the name that the document has if no other has it. */
static bool document_name(const struct rebuild *r, struct strbuf *out)
{
    const struct recover_config *config = r->config;
    struct output_config output = {.mem = config->mem, .options = config->options};
    struct output_naming naming = {.config = &output, .swarm = r->swarm};
    if (config->beside) {
        strbuf_adds(out, config->options->output);
        return true;
    }
    strbuf_add(out, config->path, parent_dirs_len(config->path));
    return output_trace_name(&naming, NO_SESSION, out);
}

static bool gives_up(void *ctx)
{
    return is_cancelled(ctx);
}

/* Writes the document to `path` unless that exists; then *taken is set. */
static enum recovered write_to(const struct rebuild *r, const char *path, bool *taken,
                               struct strbuf *error)
{
    struct document_options document = {.tracks = r->config->options->tracks,
                                        .only = NO_SESSION,
                                        .from_ns = INT64_MIN,
                                        .to_ns = INT64_MAX,
                                        .format = output_format(r->config->options, path)};
    struct recover_config config = *r->config;
    const struct document_file to = {
        .mem = config.mem,
        .swarm = r->swarm,
        .options = &document,
        .path = path,
        .gives_up = gives_up,
        .ctx = &config,
    };
    struct stat existing;
    bool gave_up;
    *taken = lstat(path, &existing) == 0;
    if (*taken) {
        return RECOVER_FAILED;
    }
    struct trace_file *file = document_file_write(&to, &gave_up, error);
    if (file == NULL) {
        return gave_up ? RECOVER_CANCELLED : RECOVER_FAILED;
    }
    return trace_file_commit_new(file, taken, error) ? RECOVERED : RECOVER_FAILED;
}

static enum recovered write_document(const struct rebuild *r, struct strbuf *text)
{
    struct strbuf name, error;
    enum recovered result = RECOVERED_NOTHING;
    strbuf_init(&name, r->config->mem, 0);
    strbuf_init(&error, r->config->mem, 0);
    bool taken = swarm_session_count(r->swarm) > 0 && document_name(r, &name);
    for (unsigned n = r->config->beside ? 2 : 1; taken && n < NUMBERS_MAX; n++) {
        strbuf_clear(text);
        strbuf_clear(&error);
        output_add_numbered(name.data, name.len, n, text);
        if (name.failed || text->failed) {
            result = RECOVER_FAILED;
            break;
        }
        result = write_to(r, text->data, &taken, &error);
    }
    if (result == RECOVER_FAILED) {
        strbuf_clear(text);
        strbuf_adds(text, error.len > 0 ? error.data : "out of memory");
    }
    strbuf_release(&name);
    strbuf_release(&error);
    return result;
}

enum recovered recover_journal(const struct recover_config *config, struct strbuf *text,
                               uint64_t *dropped, uint64_t *bad)
{
    struct rebuild r = {.config = config};
    int failed = prepare(&r) ? read_all(&r) : ENOMEM;
    enum recovered result = RECOVER_FAILED;
    *dropped = *bad = 0;
    if (failed != 0) {
        strbuf_addf(text, "%s: cannot read: %s", config->path, strerror(failed));
    } else if (is_cancelled(config)) {
        result = RECOVER_CANCELLED;
    } else {
        *dropped = swarm_dropped(r.swarm, POOL_LIVE);
        *bad = r.counters.refused;
        result = write_document(&r, text);
    }
    release(&r);
    return result;
}
