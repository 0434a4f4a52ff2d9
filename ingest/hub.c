/* The hub holds the sources in the order they were given, and what all decoders share
   (ingest_ctx.h). A source notices by itself when it has something to read. Once per iteration
   of the loop the hub reports to its owner that something has changed. Two handles do that; they
   neither keep the loop alive nor wake it. One runs after the reads, the other, for changes by
   timers, before the loop sleeps. */
#include "ingest/forgotten_log.h"
#include "ingest/source.h"
#include "ingest/watcher.h"

#include "core/model/swarm_edit.h"

#include <assert.h>
#include <string.h>

enum { READ_BYTES = 64 << 10, PROCESSES_MS = 1000 };

struct hub {
    uv_loop_t *loop;
    struct hub_options options;
    struct ingest_ctx ingest;
    struct source **sources;
    size_t count, cap;
    struct source *reader; /* which reads now; NULL: none */
    uv_prepare_t before_sleep;
    uv_check_t after_reads;
    uv_timer_t processes; /* runs while clients' processes are known */
    unsigned handles;
    struct watcher *watcher; /* NULL: the system has none */
    bool stopping;
    struct forgotten_log forgotten;
    char buffer[READ_BYTES];
};

/* ---- the hub's own ---- */

static void report_changed(struct hub *hub)
{
    if (!hub->ingest.changed) {
        return;
    }
    /* Once for all updates of this iteration. */
    if (!correlator_flush(hub->options.correlator)) {
        ingest_ctx_log(&hub->ingest, LOG_LEVEL_ERROR, "out of memory: the display is incomplete");
    }
    swarm_forget_names(hub->options.swarm);
    forgotten_log_report(&hub->forgotten, &hub->ingest);
    /* While a file is read for the first time its lanes stay as they come: sorting them for each
       piece would take longer than the read. */
    if (hub->reader == NULL && !swarm_arrange(hub->options.swarm)) {
        ingest_ctx_log(&hub->ingest, LOG_LEVEL_ERROR, "out of memory: the display is incomplete");
    }
    hub->ingest.changed = false;
    if (hub->options.changed != NULL) {
        hub->options.changed(hub->options.ctx);
    }
}

static void look_at_processes(uv_timer_t *timer)
{
    struct hub *hub = timer->data;
    if (!client_processes_look(&hub->ingest) || !hook_look(&hub->ingest)) {
        ingest_ctx_log(&hub->ingest, LOG_LEVEL_ERROR, "out of memory: the display is incomplete");
    }
    if (hub->ingest.processes.count == 0) {
        uv_timer_stop(timer);
    }
}

static void before_sleep(uv_prepare_t *handle)
{
    struct hub *hub = handle->data;
    report_changed(hub);
    if (hub->ingest.processes.count > 0 && !uv_is_active((uv_handle_t *)&hub->processes)) {
        uv_timer_start(&hub->processes, look_at_processes, PROCESSES_MS, PROCESSES_MS);
    }
}

static void after_reads(uv_check_t *handle)
{
    report_changed(handle->data);
}

struct hub *hub_new(uv_loop_t *loop, const struct hub_options *options)
{
    struct hub *hub = mem_zalloc(swarm_mem(options->swarm), 1, sizeof *hub);
    if (hub == NULL) {
        return NULL;
    }
    hub->loop = loop;
    hub->options = *options;
    ingest_ctx_init(&hub->ingest, options->swarm, options->tracer, options->correlator,
                    options->log, options->now_ns, options->ctx);
    hub->ingest.wall_ns = options->wall_ns;
    hub->ingest.tap = options->tap;
    hub->ingest.hook_clients = options->hook_clients;
    hub->ingest.status = options->status;
    hub->ingest.content = options->content;
    hub->ingest.no_mask = options->no_mask;
    hub->ingest.ranged = options->ranged;
    hub->ingest.from_ns = options->from_ns;
    hub->ingest.to_ns = options->to_ns;
    if (options->proc != NULL) {
        hub->ingest.processes.proc = options->proc;
    }
    /* These cannot fail: they only put the handles on the loop's lists. */
    uv_prepare_init(loop, &hub->before_sleep);
    uv_prepare_start(&hub->before_sleep, before_sleep);
    uv_check_init(loop, &hub->after_reads);
    uv_check_start(&hub->after_reads, after_reads);
    uv_unref((uv_handle_t *)&hub->before_sleep);
    uv_unref((uv_handle_t *)&hub->after_reads);
    uv_timer_init(loop, &hub->processes);
    uv_unref((uv_handle_t *)&hub->processes);
    hub->before_sleep.data = hub->after_reads.data = hub->processes.data = hub;
    hub->handles = 3;
    hub->watcher = watcher_new(hub->ingest.mem, loop);
    hub->handles += hub->watcher != NULL;
    return hub;
}

static void closed(uv_handle_t *handle)
{
    struct hub *hub = handle->data;
    hub->handles--;
}

void hub_finish(struct hub *hub)
{
    for (size_t i = 0; i < hub->count; i++) {
        if (hub->sources[i]->ops->finish != NULL) {
            hub->sources[i]->ops->finish(hub->sources[i]);
        }
    }
}

bool hub_take_back(struct hub *hub, const char *spec)
{
    bool done = true;
    for (size_t i = 0; i < hub->count; i++) {
        struct source *source = hub->sources[i];
        if (source->ops->take_back != NULL && strcmp(source->spec, spec) == 0) {
            done &= source->ops->take_back(source);
        }
    }
    return done;
}

bool hub_close(struct hub *hub)
{
    return ingest_ctx_close(&hub->ingest);
}

static void next_read_slot(struct hub *hub)
{
    for (size_t i = 0; i < hub->count && hub->reader == NULL && !hub->stopping; i++) {
        struct source *source = hub->sources[i];
        if (!source->waits) {
            continue;
        }
        source->waits = false;
        hub->reader = source;
        source->ops->read_slot(source);
    }
}

void hub_ask_read_slot(struct source *source)
{
    source->waits = true;
    next_read_slot(source->hub);
}

void hub_end_read_slot(struct source *source)
{
    source->waits = false;
    if (source->hub->reader != source) {
        return;
    }
    source->hub->reader = NULL;
    next_read_slot(source->hub);
}

void hub_stop_reading(struct hub *hub)
{
    for (size_t i = 0; i < hub->count; i++) {
        if (hub->sources[i]->ops->stop != NULL) {
            hub->sources[i]->ops->stop(hub->sources[i]);
        }
    }
}

void hub_stop(struct hub *hub)
{
    hub->stopping = true;
    for (size_t i = 0; i < hub->count; i++) {
        if (!hub->sources[i]->closing) {
            hub->sources[i]->ops->close(hub->sources[i]);
        }
        hub->sources[i]->closing = true;
    }
    report_changed(hub);
    if (!uv_is_closing((uv_handle_t *)&hub->before_sleep)) {
        uv_close((uv_handle_t *)&hub->before_sleep, closed);
        uv_close((uv_handle_t *)&hub->after_reads, closed);
        uv_close((uv_handle_t *)&hub->processes, closed);
        watcher_close(hub->watcher, &hub->handles);
        hub->watcher = NULL;
    }
}

static void free_source(struct source *source)
{
    const struct mem *mem = hub_ctx(source->hub)->mem;
    assert(source->handles == 0);
    source->ops->release(source);
    strbuf_release(&source->error);
    mem_free(mem, source->spec, strlen(source->spec) + 1);
    mem_free(mem, source, source->ops->size);
}

void hub_free(struct hub *hub)
{
    if (hub == NULL) {
        return;
    }
    assert(hub->handles == 0);
    const struct mem *mem = hub->ingest.mem;
    for (size_t i = 0; i < hub->count; i++) {
        free_source(hub->sources[i]);
    }
    mem_free(mem, hub->sources, hub->cap * sizeof(struct source *));
    ingest_ctx_release(&hub->ingest);
    mem_free(mem, hub, sizeof *hub);
}

/* ---- adding ---- */

static struct source *new_source(struct hub *hub, const struct source_row *row, const char *spec)
{
    const struct mem *mem = hub->ingest.mem;
    const struct source_ops *ops = row->ops;
    struct source *source = mem_zalloc(mem, 1, ops->size);
    char *copy = mem_alloc(mem, strlen(spec) + 1);
    if (source == NULL || copy == NULL ||
        !mem_reserve(mem, &hub->sources, &hub->cap, hub->count + 1, sizeof(struct source *))) {
        mem_free(mem, source, ops->size);
        mem_free(mem, copy, strlen(spec) + 1);
        return NULL;
    }
    memcpy(copy, spec, strlen(spec) + 1);
    *source =
        (struct source){.row = row, .ops = ops, .hub = hub, .spec = copy, .state = SOURCE_OPEN};
    source->counters.ingest = &hub->ingest;
    strbuf_init(&source->error, mem, 0);
    hub->sources[hub->count++] = source;
    return source;
}

bool hub_add(struct hub *hub, const char *spec, struct strbuf *error)
{
    const struct source_row *row = source_row_of(hub->options.sources, spec);
    struct source *source = row == NULL ? NULL : new_source(hub, row, spec);
    if (source == NULL) {
        source_error(error, spec, row == NULL ? "no such kind of source" : "out of memory", NULL);
        return false;
    }
    struct strbuf why;
    strbuf_init(&why, hub->ingest.mem, 0);
    bool opened = source->ops->open(source, &why);
    if (!opened) {
        const char *text = why.data != NULL ? why.data : "out of memory";
        source_finish(source, text);
        strbuf_adds(error, text);
    }
    strbuf_release(&why);
    hub->ingest.changed = true;
    return opened;
}

/* ---- asking ---- */

size_t hub_source_count(const struct hub *hub)
{
    return hub->count;
}

struct source_status hub_source(const struct hub *hub, size_t index)
{
    const struct source *source = hub->sources[index];
    struct source_traffic traffic = {.sender = "", .last_refused = "", .refused_why = ""};
    if (source->ops->traffic != NULL) {
        source->ops->traffic(source, &traffic);
    }
    return (struct source_status){
        .spec = source->spec,
        .error = source->error.data != NULL       ? source->error.data
                 : source->state == SOURCE_FAILED ? "out of memory"
                                                  : "",
        .state = source->state,
        .link = source->ops->link != NULL ? source->ops->link(source) : NULL,
        .client = source->row->client,
        .place = source_place(source),
        .needs = source->row->needs,
        .older = source->older,
        .older_ns = source->older_ns,
        .setup = source->row->setup,
        .feed = source->row->feed,
        .listens = source->listens,
        .senders = source->senders,
        .events = source->counters.events,
        .bad = source->counters.bad,
        .refused = source->counters.refused,
        .turned_away = source->counters.turned_away,
        .error_is_first = source->counters.error_is_first,
        .first_refused = source->counters.first,
        .unread = source->counters.unread,
        .traffic = traffic,
    };
}

bool hub_finished(const struct hub *hub)
{
    for (size_t i = 0; i < hub->count; i++) {
        if (hub->sources[i]->state == SOURCE_OPEN || hub->sources[i]->state == SOURCE_WAITING) {
            return false;
        }
    }
    return true;
}

bool hub_failed(const struct hub *hub)
{
    for (size_t i = 0; i < hub->count; i++) {
        if (hub->sources[i]->state == SOURCE_FAILED || hub->sources[i]->error.len > 0) {
            return true;
        }
    }
    return false;
}

bool hub_progress(const struct hub *hub, struct source_progress *out)
{
    const struct source *reader = hub->reader;
    if (reader == NULL || reader->all_bytes == 0) {
        return false;
    }
    *out = (struct source_progress){
        .spec = reader->spec,
        .done_bytes = reader->done_bytes,
        .all_bytes = reader->all_bytes,
        .elapsed_ns = (int64_t)(uv_hrtime() - reader->began_ns) + 1,
    };
    for (size_t i = 0; i < hub->count; i++) {
        out->waiting += hub->sources[i]->waits;
    }
    return true;
}

const char *hub_bound_address(const struct hub *hub, size_t index)
{
    const struct source *source = hub->sources[index];
    return source->ops->address != NULL ? source->ops->address(source) : NULL;
}

bool hub_reads(const struct hub *hub, const char *path)
{
    struct stat st;
    const struct stat *there = stat(path, &st) == 0 ? &st : NULL;
    for (size_t i = 0; i < hub->count; i++) {
        const struct source *source = hub->sources[i];
        if (source->ops->reads != NULL && source->ops->reads(source, path, there)) {
            return true;
        }
    }
    return false;
}

/* ---- for sources ---- */

uv_loop_t *hub_loop(struct hub *hub)
{
    return hub->loop;
}

const struct hub_options *hub_settings(const struct hub *hub)
{
    return &hub->options;
}

struct watcher *hub_watcher(struct hub *hub)
{
    return hub->watcher;
}

struct ingest_ctx *hub_ctx(struct hub *hub)
{
    return &hub->ingest;
}

uv_buf_t hub_buffer(struct hub *hub)
{
    return uv_buf_init(hub->buffer, sizeof hub->buffer);
}
