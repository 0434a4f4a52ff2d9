/* The document is written in one pass through a small buffer: the metadata events of each
   session, the events of the two stores and the records in order of time, then the metadata.
   Values read from JSON are written as their own bytes where Perfetto reads these
   (perfetto_text.h). A document of one session has the seed's
   shape. In one of several sessions, processes get new numbers, their names contain their
   session's, and times count from the earliest start. */
#include "core/export/document_private.h"

#include "core/base/json_text.h"
#include "core/base/json_unique.h"
#include "core/base/time_ns.h"
#include "core/export/document_order.h"
#include "core/export/perfetto_text.h"

#include <math.h>
#include <string.h>

enum { FLUSH_BYTES = 32 * 1024 };

bool document_good(const struct document *doc)
{
    return !doc->stopped && !doc->no_memory && !doc->out.failed && !doc->scratch.failed;
}

void document_flush(struct document *doc, bool now)
{
    if ((doc->out.len < FLUSH_BYTES && !now) || !document_good(doc) || doc->out.len == 0) {
        return;
    }
    doc->stopped = !doc->sink(doc->ctx, doc->out.data, doc->out.len);
    strbuf_clear(&doc->out);
}

/* Puts raw JSON that has a key twice, which strict readers refuse. */
static void put_unique(struct document *doc, const char *bytes, size_t len)
{
    struct strbuf unique;
    strbuf_init(&unique, doc->out.mem, 0);
    json_add_unique(&unique, bytes, len);
    doc->no_memory |= unique.failed;
    if (!unique.failed) { /* else the text ends within a value */
        perfetto_text_add(&doc->out, unique.data != NULL ? unique.data : "", unique.len);
    }
    strbuf_release(&unique);
}

bool document_copies_raw(const char *bytes, size_t len)
{
    return len < FLUSH_BYTES && !json_has_twins(bytes, len) && perfetto_text_reads(bytes, len);
}

void document_put_raw(struct document *doc, const char *bytes, size_t len)
{
    if (json_has_twins(bytes, len)) {
        put_unique(doc, bytes, len);
        return;
    }
    if (len < FLUSH_BYTES || !perfetto_text_reads(bytes, len)) {
        perfetto_text_add(&doc->out, bytes, len);
        return;
    }
    document_flush(doc, true);
    if (document_good(doc)) {
        doc->stopped = !doc->sink(doc->ctx, bytes, len);
    }
}

/* ---- processes ---- */

uint32_t document_process(struct document *doc, session_no session, intern_id pid)
{
    uint64_t key = (uint64_t)session << 32 | pid;
    uint32_t at = u64map_get(&doc->process_by_pid, key);
    if (at != U64MAP_NONE) {
        return at;
    }
    at = (uint32_t)doc->process_count;
    if (!mem_reserve(doc->out.mem, &doc->processes, &doc->process_cap, doc->process_count + 1,
                     sizeof *doc->processes) ||
        !u64map_put(&doc->process_by_pid, key, at)) {
        doc->no_memory = true;
        return UINT32_MAX;
    }
    doc->processes[doc->process_count++] = (struct document_process){session, pid};
    return at;
}

void document_put_pid(struct document *doc, session_no session, intern_id pid)
{
    uint32_t at = document_process(doc, session, pid);
    if (doc->many) {
        json_put_int(&doc->out, (int64_t)at + 1);
    } else {
        document_add_raw(doc, &doc->out, pid);
    }
}

void document_begin_event(struct document *doc)
{
    if (doc->event_count > 0) {
        strbuf_addc(&doc->out, ',');
    }
    doc->event_count++;
}

void document_add_raw(const struct document *doc, struct strbuf *out, intern_id raw)
{
    struct slice slice = swarm_text_slice(doc->swarm, raw);
    perfetto_text_add(out, slice.bytes, slice.len);
}

void document_put_text(struct document *doc, intern_id text)
{
    struct slice slice = swarm_text_slice(doc->swarm, text);
    perfetto_text_string(&doc->out, slice.bytes, slice.len);
}

/* ---- the events ---- */

bool document_includes(const struct document *doc, session_no session)
{
    return doc->options->only == NO_SESSION ? swarm_session(doc->swarm, session) != NULL
                                            : session == doc->options->only;
}

static bool is_everything(const struct document_options *options)
{
    return options->from_ns == INT64_MIN && options->to_ns == INT64_MAX;
}

bool document_range_holds(const struct document_options *options, const struct span *span)
{
    int64_t end_ns = (span->flags & SPAN_OPEN) != 0 ? INT64_MAX : span->end_ns;
    return span->start_ns <= options->to_ns && end_ns >= options->from_ns;
}

bool document_range_has(const struct document_options *options, int64_t at_ns)
{
    return at_ns <= options->to_ns && at_ns >= options->from_ns;
}

static bool is_in_range(const struct document *doc, const struct event *event, span_no span_number)
{
    const struct document_options *options = doc->options;
    if (is_everything(options) || isnan(event->ts_us)) {
        return true;
    }
    const struct span *span = span_number == NO_SPAN ? NULL : swarm_span(doc->swarm, span_number);
    if (span != NULL) {
        return document_range_holds(options, span);
    }
    return document_range_has(options, swarm_event_ns(doc->swarm, event));
}

/* Returns the end with the time of its span's begin. */
static struct event at_begin(const struct event *end, const struct span *span)
{
    struct event begin = *end;
    event_set_ns(&begin, event_ns(end) - (span->end_ns - span->start_ns));
    return begin;
}

/* Writes the begin that a span has lost just before its end: Perfetto sorts events by time. */
static void put_lost_begin(struct document *doc, const struct event *end, span_no no)
{
    struct event begin = at_begin(end, swarm_span(doc->swarm, no));
    begin.ph = 'B';
    begin.extra = (struct slice){LOST_BEGIN, strlen(LOST_BEGIN)};
    document_put_event(doc, &begin, no, (struct slice){NULL, 0});
}

/* Writes one complete event for the end of a span whose begin was dropped. */
static void put_lost_complete(struct document *doc, const struct event *end, span_no no)
{
    const struct span *span = swarm_span(doc->swarm, no);
    struct event event = at_begin(end, span);
    struct strbuf extra;
    strbuf_init(&extra, doc->out.mem, 0);
    strbuf_adds(&extra, LOST_BEGIN);
    strbuf_adds(&extra, end->extra.len > 0 ? "," : "");
    strbuf_add(&extra, end->extra.bytes, end->extra.len);
    event.ph = 'X';
    event.dur_us = (double)(span->end_ns - span->start_ns) / 1000;
    event.extra = (struct slice){extra.data, extra.len};
    doc->no_memory |= extra.failed;
    if (!extra.failed) {
        document_put_event(doc, &event, no, end->args);
    }
    strbuf_release(&extra);
}

/* Writes the end of a span whose begin was dropped, so that Perfetto shows the span and a re-opened
   document derives it: from one event, or from the duration that the end states. */
static void put_lost_span(struct document *doc, const struct event *end, span_no no)
{
    const struct span *span = swarm_span(doc->swarm, no);
    struct json_value args = {JSON_TYPE_OBJECT, end->args.bytes, end->args.len};
    bool object = end->args.len > 0 && end->args.bytes[0] == '{';
    bool states = object && json_get(args, "duration_ms").type == JSON_TYPE_NUMBER;
    if (!states || document_is_complete(&doc->records, span)) {
        put_lost_complete(doc, end, no);
    } else {
        put_lost_begin(doc, end, no);
        document_put_event(doc, end, no, end->args);
    }
}

/* Writes the events that the printer makes of a record. */
struct document_sink_of {
    struct event_sink sink; /* first: it is what the printer knows */
    struct document *doc;
    span_no span;
};

/* The phase of the request that has the name. */
static span_no phase_of(const struct swarm *swarm, span_no request, intern_id name)
{
    span_no no = swarm_span(swarm, request)->next_phase;
    while (no != NO_SPAN && swarm_span(swarm, no)->name != name) {
        no = swarm_span(swarm, no)->next_phase;
    }
    return no;
}

static bool put_printed(struct event_sink *sink, const struct trace_event *printed)
{
    const struct document_sink_of *to = (const struct document_sink_of *)(const void *)sink;
    struct event event = {
        .ph = printed->ph,
        .ts_us = printed->ts_us,
        .dur_us = (double)NAN,
        .name = printed->name,
        .cat = printed->cat,
        .track = printed->track,
    };
    bool own = printed->name == swarm_span(to->doc->swarm, to->span)->name;
    span_no span = own ? to->span : phase_of(to->doc->swarm, to->span, printed->name);
    document_put_event(to->doc, &event, span, printed->args);
    return document_good(to->doc);
}

static void put_moment(struct document *doc, const struct record_moment *moment)
{
    const struct record *record = swarm_record(doc->swarm, moment->record);
    struct document_sink_of sink = {{put_printed}, doc, record->span};
    const struct span *span = swarm_span(doc->swarm, record->span);
    if (!document_includes(doc, record->session) || !document_range_holds(doc->options, span)) {
        return;
    }
    bool good = (!moment->begins || print_record_begin(doc->swarm, record, &sink.sink)) &&
                (!moment->ends || print_record_end(doc->swarm, record, &sink.sink));
    doc->no_memory |= !good && !doc->stopped;
}

/* Writes the moments of records that come before the live event of that number. */
static void put_moments(struct document *doc, size_t *next, uint64_t event)
{
    const struct document_records *records = &doc->records;
    while (*next < records->moments.count && records->before[*next] <= event &&
           document_good(doc)) {
        const struct record_moment *moment = &records->moments.items[*next];
        if (moment->begins) {
            document_put_counts(doc, moment->at_ns);
        }
        put_moment(doc, moment);
        document_put_flows(doc, FLOW_MOMENTS, (*next)++);
    }
}

/* Writes the begins of open spans whose begin was dropped: the model has a copy. */
static void put_lost_open(struct document *doc)
{
    span_no end = swarm_span_end(doc->swarm);
    bool dropped = swarm_dropped(doc->swarm, POOL_LIVE) + swarm_dropped(doc->swarm, POOL_FILES) > 0;
    for (span_no no = swarm_span_begin(doc->swarm); dropped && no < end && document_good(doc);
         no++) {
        const struct span *span = swarm_span(doc->swarm, no);
        if (span == NULL || (span->flags & SPAN_LOST_BEGIN) == 0 || span_has_lost_begin(span) ||
            !document_range_holds(doc->options, span)) {
            continue;
        }
        session_no session = swarm_get_track(doc->swarm, span->track)->session;
        int64_t origin_ns = swarm_session(doc->swarm, session)->origin_ns;
        struct event event = {
            .ph = 'B',
            .dur_us = (double)NAN,
            .name = span->name,
            .cat = span->cat,
            .track = span->track,
        };
        event_set_ns(&event, span->start_ns - origin_ns);
        document_put_event(doc, &event, no, swarm_span_args(doc->swarm, span));
    }
}

static bool has_lost_begin(const struct swarm *swarm, span_no no)
{
    const struct span *span = no == NO_SPAN ? NULL : swarm_span(swarm, no);
    return span != NULL && span_has_lost_begin(span);
}

/* Counters come before the begins of calls, where a re-opened document has them too: it has phases
   before the end of their request, whatever their times. */
static void put_counts_before(struct document *doc, uint64_t event, span_no no)
{
    const struct span *span = swarm_span(doc->swarm, no);
    if (span->begin_no == event && !span_is_phase(span->kind)) {
        document_put_counts(doc, span->start_ns);
    }
}

static void put_pool(struct document *doc, enum swarm_pool pool)
{
    size_t next = pool == POOL_LIVE ? 0 : doc->records.moments.count;
    const struct event_store *store = swarm_store(doc->swarm, pool);
    bool needs_span = doc->lanes != NULL || !is_everything(doc->options);
    uint64_t end = event_store_end(store);
    for (uint64_t no = event_store_first(store); no < end && document_good(doc); no++) {
        struct event event;
        put_moments(doc, &next, no);
        if (!swarm_event(doc->swarm, pool, no, &event)) {
            continue;
        }
        span_no span = needs_span ? swarm_event_span(doc->swarm, pool, no) : NO_SPAN;
        if (!is_in_range(doc, &event, span)) {
            continue;
        }
        if (doc->next_count_ns != INT64_MAX && span != NO_SPAN) {
            put_counts_before(doc, no, span);
        }
        if (doc->lanes != NULL && event.ph == 'E' && has_lost_begin(doc->swarm, span)) {
            put_lost_span(doc, &event, span);
        } else if (span != NO_SPAN || event.ph != 'B' || !event_is_lost_begin(&event)) {
            document_put_event(doc, &event, span, event.args);
        }
        document_put_flows(doc, pool == POOL_LIVE ? FLOW_LIVE : FLOW_FILES, no);
    }
    put_moments(doc, &next, UINT64_MAX);
}

/* ---- the document ---- */

static int64_t floor_to_ms(int64_t ns)
{
    int64_t rest = ns % 1000000;
    return ns - (rest < 0 ? rest + 1000000 : rest);
}

/* When ts is 0: a session's own start; of several sessions the earliest, in whole milliseconds as
   trace_start_time is. */
static void find_base(struct document *doc)
{
    bool found = false;
    for (size_t i = 0; i < doc->session_count; i++) {
        const struct session *session = swarm_session(doc->swarm, doc->sessions[i]);
        bool says = (session->flags & SESSION_HAS_START) != 0;
        if (says && (!found || session->start_ns < doc->base_ns)) {
            doc->base_ns = session->start_ns;
            found = true;
        }
    }
    if (doc->many) {
        doc->base_ns = floor_to_ms(doc->base_ns);
    }
}

static bool gather_sessions(struct document *doc)
{
    for (size_t i = 0; i < swarm_session_count(doc->swarm); i++) {
        if (!document_includes(doc, (session_no)i) ||
            swarm_session(doc->swarm, (session_no)i) == NULL) {
            continue;
        }
        if (!mem_reserve(doc->out.mem, &doc->sessions, &doc->session_cap, doc->session_count + 1,
                         sizeof *doc->sessions)) {
            return false;
        }
        doc->sessions[doc->session_count++] = (session_no)i;
    }
    doc->many = doc->session_count > 1;
    find_base(doc);
    return true;
}

/* Prepares what the seed's document does not have. */
static bool prepare_lanes(struct document *doc)
{
    bool has_start = false;
    for (size_t i = 0; i < doc->session_count; i++) {
        const struct session *session = swarm_session(doc->swarm, doc->sessions[i]);
        has_start |= (session->flags & SESSION_HAS_START) != 0;
    }
    if (!document_counts_init(&doc->counts, doc->swarm, has_start)) {
        return false;
    }
    doc->lanes = document_lanes_new(doc->swarm, doc->options, &doc->records, &doc->counts);
    if (doc->lanes == NULL) {
        return false;
    }
    document_find_counted(doc);
    return document_flows_init(&doc->flows, doc->swarm, doc->options, &doc->records);
}

static bool prepare(struct document *doc)
{
    if (!gather_sessions(doc)) {
        return false;
    }
    if (!document_records_init(&doc->records, doc->swarm)) {
        return false;
    }
    bool perfetto = doc->options->format == FORMAT_PERFETTO;
    if ((perfetto || doc->options->tracks == TRACKS_LANE) && !prepare_lanes(doc)) {
        return false;
    }
    doc->perfetto = perfetto ? perfetto_trace_new(doc->out.mem) : NULL;
    if (perfetto && doc->perfetto == NULL) {
        return false;
    }
    doc->event_texts = document_event_texts_new(doc->out.mem);
    return doc->event_texts != NULL;
}

static void put_events(struct document *doc)
{
    for (size_t i = 0; i < doc->session_count; i++) {
        document_put_session_metadata(doc, doc->sessions[i]);
    }
    if (doc->lanes != NULL) {
        put_lost_open(doc);
    }
    put_pool(doc, POOL_LIVE);
    put_pool(doc, POOL_FILES);
    document_put_counts(doc, INT64_MAX);
}

static void put_document(struct document *doc)
{
    if (doc->perfetto != NULL) {
        put_events(doc);
        document_put_perfetto(doc);
    } else {
        strbuf_adds(&doc->out, "{\"traceEvents\":[");
        put_events(doc);
        strbuf_adds(&doc->out, "],");
        document_put_metadata(doc);
        strbuf_adds(&doc->out, "}");
    }
    document_flush(doc, true);
}

bool document_write(const struct swarm *swarm, const struct document_options *options,
                    document_sink *sink, void *ctx, bool *no_memory)
{
    const struct mem *mem = swarm_mem(swarm);
    struct document doc = {.swarm = swarm, .options = options, .sink = sink, .ctx = ctx};
    doc.records.mem = doc.counts.mem = doc.flows.mem = mem;
    doc.next_count_ns = INT64_MAX;
    strbuf_init(&doc.out, mem, 0);
    strbuf_init(&doc.scratch, mem, 0);
    u64map_init(&doc.process_by_pid, mem);
    u64map_init(&doc.agent_by_process, mem);
    if (prepare(&doc)) {
        put_document(&doc);
    } else {
        doc.no_memory = true;
    }
    bool done = document_good(&doc);
    if (no_memory != NULL) {
        *no_memory = !done && !doc.stopped;
    }
    by_session_release(&doc, &doc.printed);
    document_lanes_free(doc.lanes);
    document_flows_release(&doc.flows);
    document_counts_release(&doc.counts);
    document_records_release(&doc.records);
    document_event_texts_free(doc.out.mem, doc.event_texts);
    perfetto_trace_free(doc.perfetto);
    u64map_release(&doc.process_by_pid);
    u64map_release(&doc.agent_by_process);
    mem_free(mem, doc.processes, doc.process_cap * sizeof *doc.processes);
    mem_free(mem, doc.sessions, doc.session_cap * sizeof *doc.sessions);
    strbuf_release(&doc.scratch);
    strbuf_release(&doc.out);
    return done;
}
