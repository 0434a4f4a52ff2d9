/* The document in Perfetto's format. The same walk as for JSON ends here, event by event, so that
   both have the same lanes in the same order. Phases that the format has no type for (async events,
   arrows of other producers) go into its legacy events, whose phases are those of JSON. */
#include "core/export/document_private.h"

#include "core/base/hash.h"
#include "core/base/protobuf_put.h"
#include "core/export/perfetto_fields.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* An event where it belongs. */
struct placed {
    struct document *doc;
    const struct event *event;
    span_no span;
    struct slice args;
    int64_t at_ns;
    const int64_t *lane_tid;
    perfetto_track_no process;
};

/* ---- tracks ---- */

static struct slice key_of(const struct perfetto_trace *trace)
{
    return (struct slice){trace->key.data, trace->key.len};
}

static int64_t number_of(struct slice raw)
{
    struct json_value value = json_spelt_number(json_value_of(raw.bytes, raw.len));
    double number = value.type == JSON_TYPE_NUMBER ? json_get_number(value) : 0;
    return number >= 1 && number <= INT32_MAX && number == floor(number) ? (int64_t)number : 0;
}

static perfetto_track_no process_of(struct document *doc, session_no session, intern_id pid)
{
    struct perfetto_trace *trace = doc->perfetto;
    uint32_t at = document_process(doc, session, pid);
    strbuf_clear(&trace->key);
    strbuf_addf(&trace->key, "%" PRIu32, at);
    int64_t number = doc->many ? (int64_t)at + 1 : number_of(swarm_text_slice(doc->swarm, pid));
    return trace->key.failed ? 0
                             : perfetto_track_of(trace, PERFETTO_PROCESS, 0, key_of(trace), number);
}

static perfetto_track_no thread_of(struct document *doc, perfetto_track_no process,
                                   const struct track *track, const int64_t *lane_tid)
{
    struct perfetto_trace *trace = doc->perfetto;
    struct slice tid = swarm_text_slice(doc->swarm, track->tid);
    struct json_value raw = json_value_of(tid.bytes, tid.len);
    int64_t number = lane_tid != NULL ? *lane_tid : number_of(tid);
    strbuf_clear(&trace->key);
    if (lane_tid != NULL) {
        strbuf_addf(&trace->key, "%" PRId64, *lane_tid);
    } else if (raw.type == JSON_TYPE_STRING) {
        json_get_string(raw, &trace->key); /* 7 and "7" are one thread */
    } else {
        strbuf_add(&trace->key, tid.len > 0 ? tid.bytes : "", tid.len);
    }
    return trace->key.failed
               ? 0
               : perfetto_track_of(trace, PERFETTO_THREAD, process, key_of(trace), number);
}

static perfetto_track_no own_thread(const struct placed *placed)
{
    const struct track *track = swarm_get_track(placed->doc->swarm, placed->event->track);
    return thread_of(placed->doc, placed->process, track, placed->lane_tid);
}

/* ---- fields ---- */

static size_t begin_fields(const struct placed *placed)
{
    struct perfetto_trace *trace = placed->doc->perfetto;
    const struct swarm *swarm = placed->doc->swarm;
    const struct event *event = placed->event;
    size_t at = trace->fields.len;
    if (event->cat != INTERN_NONE) {
        struct slice cat = swarm_text_slice(swarm, event->cat);
        protobuf_put_uint(&trace->fields, EVENT_CATEGORY,
                          perfetto_text_iid(trace, PERFETTO_CATEGORIES, cat));
    }
    if (event->name != INTERN_NONE) {
        struct slice name = swarm_text_slice(swarm, event->name);
        protobuf_put_uint(&trace->fields, EVENT_NAME,
                          perfetto_text_iid(trace, PERFETTO_NAMES, name));
    }
    perfetto_put_args(trace, placed->args);
    return at;
}

static struct json_value extra_of(const struct event *event, const char *key)
{
    struct json_walk walk = event_walk_extra(event);
    struct json_member member;
    struct json_value found = {JSON_TYPE_NONE, NULL, 0};
    while (json_next_member(&walk, &member)) {
        if (json_string_is(member.key, key)) {
            found = member.value;
        }
    }
    return found;
}

/* ---- events ---- */

static void put_slice(struct placed *placed)
{
    struct perfetto_trace *trace = placed->doc->perfetto;
    const struct event *event = placed->event;
    struct perfetto_event added = {
        .kind = event->ph == 'X' ? PERFETTO_COMPLETE : PERFETTO_BEGIN,
        .at_ns = placed->at_ns,
        .end_ns = placed->at_ns,
        .track = own_thread(placed),
        .span = placed->span,
    };
    if (event->ph == 'X' && event->dur_us > 0) {
        added.end_ns = time_ns_add(placed->at_ns, time_ns_from_us(event->dur_us));
    }
    added.field_at = begin_fields(placed);
    perfetto_add_event(trace, &added);
}

/* An end has no name: Perfetto would look for a slice of that name. */
static void put_end(struct placed *placed)
{
    struct perfetto_trace *trace = placed->doc->perfetto;
    struct perfetto_event added = {
        .kind = PERFETTO_END,
        .at_ns = placed->at_ns,
        .track = own_thread(placed),
        .span = placed->span,
        .field_at = trace->fields.len,
    };
    perfetto_put_end_args(trace, placed->span, placed->args);
    perfetto_add_event(trace, &added);
}

static void put_instant(struct placed *placed)
{
    struct perfetto_trace *trace = placed->doc->perfetto;
    struct json_value scope = extra_of(placed->event, "s");
    struct perfetto_event added = {
        .kind = PERFETTO_INSTANT,
        .at_ns = placed->at_ns,
        .track = json_string_is(scope, "g")   ? 0
                 : json_string_is(scope, "p") ? placed->process
                                              : own_thread(placed),
        .span = NO_SPAN,
    };
    added.field_at = begin_fields(placed);
    perfetto_add_event(trace, &added);
}

/* Adds a sample; trace->key is the name of its counter. */
static void add_count(struct perfetto_trace *trace, perfetto_track_no process, int64_t at_ns,
                      double value, bool changes_only)
{
    struct perfetto_event added = {
        .kind = PERFETTO_COUNT, .at_ns = at_ns, .span = NO_SPAN, .field_at = trace->fields.len};
    if (trace->key.failed) {
        return;
    }
    added.track = perfetto_track_of(trace, PERFETTO_COUNTER, process, key_of(trace), 0);
    perfetto_track_set_name(trace, added.track, key_of(trace));
    if (added.track == 0 || (changes_only && perfetto_track(trace, added.track)->value == value)) {
        return;
    }
    perfetto_track(trace, added.track)->value = value;
    if (value == nearbyint(value) && fabs(value) < 0x1p53) {
        protobuf_put_int(&trace->fields, EVENT_COUNT, (int64_t)value);
    } else {
        protobuf_put_double(&trace->fields, EVENT_DOUBLE_COUNT, value);
    }
    perfetto_add_event(trace, &added);
}

/* As Perfetto names those of JSON: a counter for each arg that is a number. */
static void put_counts(struct placed *placed)
{
    struct perfetto_trace *trace = placed->doc->perfetto;
    struct slice name = swarm_text_slice(placed->doc->swarm, placed->event->name);
    struct slice id = placed->event->id;
    struct json_walk walk = json_walk(json_value_of(placed->args.bytes, placed->args.len));
    struct json_member member;
    while (json_next_member(&walk, &member) && perfetto_trace_good(trace)) {
        double value = json_get_number(json_spelt_number(member.value));
        if (!isfinite(value)) {
            continue;
        }
        strbuf_clear(&trace->key);
        strbuf_add(&trace->key, name.len > 0 ? name.bytes : "", name.len);
        if (id.len > 0) {
            strbuf_adds(&trace->key, " id: ");
            strbuf_add(&trace->key, id.bytes, id.len);
        }
        strbuf_addc(&trace->key, ' ');
        json_get_string(member.key, &trace->key);
        add_count(trace, placed->process, placed->at_ns, value, false);
    }
}

/* ---- legacy events ---- */

/* Ids are texts and numbers: what joins events is that they are equal. Sessions are not joined. */
static uint64_t id_number(const struct placed *placed, struct json_value id)
{
    struct perfetto_trace *trace = placed->doc->perfetto;
    const struct track *track = swarm_get_track(placed->doc->swarm, placed->event->track);
    strbuf_clear(&trace->key);
    if (id.type == JSON_TYPE_STRING) {
        json_get_string(id, &trace->key);
    } else {
        strbuf_add(&trace->key, id.raw, id.len);
    }
    uint64_t hash =
        hash_bytes(HASH_SEED, trace->key.len > 0 ? trace->key.data : "", trace->key.len);
    return placed->doc->many ? hash_number(hash, track->session) : hash;
}

/* Appends the event's id. False: it has none, and joins nothing. */
static bool put_id(const struct placed *placed)
{
    struct strbuf *out = &placed->doc->perfetto->fields;
    struct json_value id2 = extra_of(placed->event, "id2");
    const struct {
        struct json_value id;
        uint32_t field;
    } ids[] = {
        {json_value_of(placed->event->id.bytes, placed->event->id.len), LEGACY_UNSCOPED_ID},
        {json_get(id2, "global"), LEGACY_GLOBAL_ID},
        {json_get(id2, "local"), LEGACY_LOCAL_ID},
    };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (ids[i].id.type == JSON_TYPE_STRING || ids[i].id.type == JSON_TYPE_NUMBER) {
            protobuf_put_uint(out, ids[i].field, id_number(placed, ids[i].id));
            return true;
        }
    }
    return false;
}

static void put_scope(const struct placed *placed)
{
    struct perfetto_trace *trace = placed->doc->perfetto;
    struct json_value scope = extra_of(placed->event, "scope");
    if (scope.type == JSON_TYPE_STRING) {
        strbuf_clear(&trace->key);
        json_get_string(scope, &trace->key);
        protobuf_put_text(&trace->fields, LEGACY_SCOPE, trace->key.len > 0 ? trace->key.data : "",
                          trace->key.len);
    }
}

static void put_legacy(struct placed *placed)
{
    struct perfetto_trace *trace = placed->doc->perfetto;
    struct perfetto_event added = {
        .kind = PERFETTO_LEGACY,
        .at_ns = placed->at_ns,
        .track = own_thread(placed),
        .span = NO_SPAN,
        .field_at = trace->fields.len,
    };
    size_t legacy = protobuf_begin_message(&trace->fields, EVENT_LEGACY);
    protobuf_put_uint(&trace->fields, LEGACY_PHASE, (unsigned char)placed->event->ph);
    if (!put_id(placed)) {
        trace->fields.len = trace->fields.failed ? trace->fields.len : added.field_at;
        return;
    }
    put_scope(placed);
    if (json_string_is(extra_of(placed->event, "bp"), "e")) {
        protobuf_put_uint(&trace->fields, LEGACY_BIND_ENCLOSING, 1);
    }
    protobuf_end_message(&trace->fields, legacy);
    (void)begin_fields(placed);
    perfetto_add_event(trace, &added);
}

/* ---- names of processes and threads ---- */

static void set_name(const struct placed *placed, perfetto_track_no track)
{
    struct perfetto_trace *trace = placed->doc->perfetto;
    struct json_value name = json_get(json_value_of(placed->args.bytes, placed->args.len), "name");
    if (name.type == JSON_TYPE_STRING) {
        strbuf_clear(&trace->key);
        json_get_string(name, &trace->key);
        perfetto_track_set_name(trace, track, key_of(trace));
    }
}

static void set_sort_index(const struct placed *placed, perfetto_track_no number)
{
    struct json_value index =
        json_get(json_value_of(placed->args.bytes, placed->args.len), "sort_index");
    double value = json_get_number(json_spelt_number(index));
    if (number != 0 && value >= INT32_MIN && value <= INT32_MAX) {
        struct perfetto_track *track = perfetto_track(placed->doc->perfetto, number);
        track->sort_index = (int32_t)value;
        track->sorted = true;
    }
}

static void take_metadata(struct placed *placed)
{
    static const struct {
        const char *name;
        bool thread;
        void (*set)(const struct placed *, perfetto_track_no);
    } kinds[] = {
        {"process_name", false, set_name},
        {"thread_name", true, set_name},
        {"process_sort_index", false, set_sort_index},
        {"thread_sort_index", true, set_sort_index},
    };
    const char *name = swarm_text(placed->doc->swarm, placed->event->name);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            kinds[i].set(placed, kinds[i].thread ? own_thread(placed) : placed->process);
        }
    }
}

void document_add_perfetto(struct document *doc, const struct event *event, span_no span,
                           struct slice args, int64_t at_ns, const int64_t *lane_tid)
{
    static const struct {
        const char *phases;
        void (*put)(struct placed *);
    } kinds[] = {
        {"BX", put_slice}, {"E", put_end},       {"iIR", put_instant},
        {"C", put_counts}, {"M", take_metadata}, {"benSTpFstf", put_legacy},
    };
    const struct track *track = swarm_get_track(doc->swarm, event->track);
    struct placed placed = {doc, event, span, args, at_ns, lane_tid, 0};
    if ((at_ns == INT64_MIN && event->ph != 'M') || event->ph == '\0') {
        return;
    }
    placed.process = process_of(doc, track->session, track->pid);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (placed.process != 0 && strchr(kinds[i].phases, event->ph) != NULL) {
            kinds[i].put(&placed);
        }
    }
}

void document_add_perfetto_thread(struct document *doc, track_no number, const int64_t *lane_tid,
                                  struct slice name, uint32_t sort_index)
{
    const struct track *track = swarm_get_track(doc->swarm, number);
    perfetto_track_no process = process_of(doc, track->session, track->pid);
    perfetto_track_no thread = process == 0 ? 0 : thread_of(doc, process, track, lane_tid);
    if (thread == 0) {
        return;
    }
    if (name.len > 0) {
        perfetto_track_set_name(doc->perfetto, thread, name);
    }
    perfetto_track(doc->perfetto, thread)->sort_index = (int32_t)sort_index;
    perfetto_track(doc->perfetto, thread)->sorted = true;
}

/* ---- what viewers get besides ---- */

/* An arrow begins at a span's begin, or at the end of a call that ended before. It ends at the
   begin of the called agent's first call, or at the end of a call: there where that is not later
   than where the arrow begins. Until such a call has ended, the arrow to it is missing. */
void document_add_perfetto_flow(struct document *doc, const struct flow_moment *moment)
{
    const struct span *span = swarm_span(doc->swarm, moment->span);
    bool last = moment->ph == 'f';
    bool at_end = moment->back ? last : moment->at_ns != span->start_ns;
    perfetto_add_flow(doc->perfetto, moment->span, at_end, moment->id, last);
}

void document_add_perfetto_count(struct document *doc, session_no session, intern_id pid,
                                 int64_t at_ns, const char *name, const char *key, int32_t value)
{
    perfetto_track_no process = process_of(doc, session, pid);
    strbuf_clear(&doc->perfetto->key);
    strbuf_addf(&doc->perfetto->key, "%s %s", name, key);
    if (process != 0) {
        add_count(doc->perfetto, process, at_ns, value, true);
    }
}
