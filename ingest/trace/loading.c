/* Numbers of the decoder become those of the model by two arrays, which grow as new names and tracks come. */
#include "ingest/trace/loading.h"

#include <string.h>

void loading_init(struct loading *loading, const struct loading_options *options)
{
    *loading = (struct loading){.options = *options};
    trace_load_init(&loading->load, options->counters, options->where, options->session_id);
    strbuf_init(&loading->error, options->counters->ingest->mem, 1024);
}

static const struct mem *mem_of(const struct loading *loading)
{
    return loading->options.counters->ingest->mem;
}

static struct swarm *swarm_of(const struct loading *loading)
{
    return loading->options.counters->ingest->swarm;
}

void loading_release(struct loading *loading)
{
    const struct mem *mem = mem_of(loading);
    feed_free(loading->feed);
    trace_load_release(&loading->load);
    strbuf_release(&loading->error);
    mem_free(mem, loading->names, loading->name_cap * sizeof *loading->names);
    mem_free(mem, loading->tracks, loading->track_cap * sizeof *loading->tracks);
}

void loading_new_decoder(struct loading *loading)
{
    loading->name_count = loading->track_count = 0;
    trace_load_clear_members(&loading->load);
}

void loading_begin_anew(struct loading *loading)
{
    loading_new_decoder(loading);
    feed_free(loading->feed);
    loading->feed = NULL;
    loading->took_line = loading->took_raw = false;
}

/* ---- what is wrong ---- */

static void set_error(struct loading *loading, uint64_t line, const char *reason,
                      struct slice bytes)
{
    if (loading->error.len > 0) {
        return;
    }
    strbuf_addf(&loading->error, "%s: ", loading->options.where);
    if (line > 0) {
        strbuf_addf(&loading->error, "line %llu: ", (unsigned long long)line);
    }
    strbuf_adds(&loading->error, reason);
    if (bytes.len > 0) {
        strbuf_adds(&loading->error, " near '");
        ingest_ctx_quote(&loading->error, bytes.bytes, bytes.len);
        strbuf_adds(&loading->error, "'");
    }
}

static void take_complaints(struct loading *loading, const struct batch *batch)
{
    struct source_counters *counters = loading->options.counters;
    for (size_t i = 0; i < batch->complaint_count; i++) {
        const struct batch_complaint *from = &batch->rejects[i];
        struct reject reject = {
            .where = loading->options.where,
            .line = from->line,
            .reason = batch->texts.data + from->reason,
            .bytes = {from->len > 0 ? batch->texts.data + from->bytes : NULL, from->len},
            .level = NOTICE_WARNING,
        };
        if (from->broken) {
            set_error(loading, from->line, reject.reason, reject.bytes);
        }
        source_counters_reject(counters, &reject);
    }
    counters->bad += batch->more_bad;
}

/* ---- documents ---- */

static bool begin_document(struct loading *loading)
{
    return loading->load.document != 0 || trace_load_begin(&loading->load);
}

/* [0] stands for no name. */
static bool take_names(struct loading *loading, const struct strbuf *names)
{
    for (size_t at = 0; at < names->len || loading->name_count == 0;) {
        intern_id id = INTERN_NONE;
        if (loading->name_count > 0) {
            size_t len;
            memcpy(&len, names->data + at, sizeof len);
            id = intern_put(swarm_names(swarm_of(loading)), names->data + at + sizeof len, len);
            at += sizeof len + len;
        }
        if (id == INTERN_FAILED ||
            !mem_reserve(mem_of(loading), &loading->names, &loading->name_cap,
                         loading->name_count + 1, sizeof *loading->names)) {
            return false;
        }
        loading->names[loading->name_count++] = id;
    }
    return true;
}

static struct json_value id_at(const char *text, size_t len)
{
    enum json_type type = len == 0         ? JSON_TYPE_NONE
                          : text[0] == '"' ? JSON_TYPE_STRING
                                           : JSON_TYPE_NUMBER;
    return (struct json_value){type, text, len};
}

static bool take_tracks(struct loading *loading, const struct strbuf *tracks)
{
    for (size_t at = 0; at < tracks->len;) {
        const char *pid = tracks->data + at;
        size_t pid_len = strlen(pid);
        const char *tid = pid + pid_len + 1;
        size_t tid_len = strlen(tid);
        struct json_value pid_value = id_at(pid, pid_len);
        track_no track =
            swarm_track(swarm_of(loading), trace_load_session_of(&loading->load, pid_value),
                        pid_value, id_at(tid, tid_len));
        if (track == NO_TRACK ||
            !mem_reserve(mem_of(loading), &loading->tracks, &loading->track_cap,
                         loading->track_count + 2, sizeof *loading->tracks)) {
            return false;
        }
        loading->tracks[++loading->track_count] = track;
        at += pid_len + tid_len + 2;
    }
    return true;
}

static bool take_events(struct loading *loading, struct batch *batch)
{
    if (batch->events == 0) {
        return true;
    }
    if (!begin_document(loading) || !take_names(loading, &batch->names) ||
        !take_tracks(loading, &batch->tracks)) {
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < batch->segment_count && good; i++) {
        good = swarm_append_segment_take(swarm_of(loading), POOL_FILES, batch->segments[i],
                                         loading->names, loading->tracks);
        batch->segments[i] = NULL;
    }
    loading->options.counters->events += batch->events;
    good = good && ingest_ctx_tidy(loading->options.counters->ingest, false);
    if (!loading->options.recorded) {
        trace_load_flag(&loading->load, 0, SESSION_FINISHED);
        trace_load_tick(&loading->load);
    }
    return good;
}

static bool take_members(struct loading *loading, const struct strbuf *members)
{
    if (members->len == 0) {
        return true;
    }
    struct json_walk walk = {members->data, members->data + members->len};
    struct json_member member;
    bool good = true;
    while (good && json_next_member(&walk, &member)) {
        good = trace_load_member(&loading->load, member.key, member.value);
    }
    return good;
}

bool loading_take_early(struct loading *loading, const struct strbuf *members)
{
    if (members->len == 0) {
        return true;
    }
    bool good =
        begin_document(loading) && take_members(loading, members) && trace_load_end(&loading->load);
    trace_load_clear_members(&loading->load);
    return good;
}

bool loading_end_document(struct loading *loading)
{
    return begin_document(loading) && trace_load_end(&loading->load) &&
           ingest_ctx_tidy(loading->options.counters->ingest, true);
}

/* ---- lines ---- */

/* An event on a line of its own, and no session that it could belong to. The first one of these data takes the place of what the model
   has of former ones. */
static bool take_raw(void *ctx, const struct raw_event *event)
{
    struct loading *loading = ctx;
    if (!loading->took_raw && !trace_load_begin(&loading->load)) {
        return false;
    }
    loading->took_raw = true;
    return swarm_append_raw(swarm_of(loading), loading->load.session, event);
}

static bool take_lines(struct loading *loading, const struct strbuf *lines)
{
    const struct loading_options *options = &loading->options;
    if (lines->len == 0) {
        return true;
    }
    if (loading->feed == NULL) {
        struct feed_options feed = {
            .counters = options->counters,
            .where = options->where,
            .source = options->where,
            .session_id = options->session_id,
            .max_line_bytes = options->max_line_bytes,
            .take_raw = options->recorded ? take_raw : NULL,
            .ctx = loading,
        };
        loading->feed = feed_new(&feed);
    }
    uint64_t events = options->counters->events;
    bool good = loading->feed != NULL && feed_push(loading->feed, lines->data, lines->len);
    loading->took_line |= options->counters->events > events;
    return good;
}

/* ---- all of it ---- */

bool loading_take(struct loading *loading, struct batch *batch)
{
    bool good = !batch->failed;
    take_complaints(loading, batch);
    good = good && take_events(loading, batch) && take_members(loading, &batch->members) &&
           take_lines(loading, &batch->lines);
    loading->options.counters->ingest->changed = true;
    if (!good) {
        set_error(loading, 0, "cannot be read on: out of memory, or refused",
                  (struct slice){NULL, 0});
    }
    batch_clear(batch);
    return good;
}

void loading_finish(struct loading *loading, uint8_t flag)
{
    if (loading->feed == NULL) {
        return;
    }
    uint64_t events = loading->options.counters->events;
    feed_finish(loading->feed, flag);
    loading->took_line |= loading->options.counters->events > events;
    if (!loading->took_line && loading->options.counters->bad > 0) {
        set_error(loading, 0, "no trace, and no line of a feed in it", (struct slice){NULL, 0});
    }
}

void loading_rest(struct loading *loading, uint8_t flag)
{
    if (loading->feed != NULL) {
        feed_rest(loading->feed, flag);
    }
}

const char *loading_error(const struct loading *loading)
{
    return loading->error.len > 0 ? loading->error.data : NULL;
}
