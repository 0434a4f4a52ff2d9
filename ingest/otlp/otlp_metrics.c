/* Metrics become counters (events C) on the session that they name, else on that of their process,
   or on the first that a span of it named: one for each metric, with a member for each combination
   of its attributes. Sums that are sent as differences are added up. Points of a session that
   nothing else has opened wait until something does; points that name nothing are left out, and
   their sender gets to know that once. */
#include "ingest/otlp/otlp_reader_private.h"

#include "core/base/json_text.h"
#include "core/base/mask.h"
#include "core/model/swarm_edit.h"
#include "ingest/ingest_tap.h"
#include "ingest/trace_event.h"

#include <math.h>
#include <string.h>

enum { SERIES_MAX = 4096, MEMBER_BYTES = 120, LABELS_MAX = 64, UNIT_BYTES = 32 };

struct otlp_series {
    struct u64map by_hash;
    double sums[SERIES_MAX];
    uint64_t last_ns[SERIES_MAX]; /* of the points that were added up */
    uint32_t count;
    session_no pid_of; /* the session whose main agent has the pid; pid 0: none */
    int64_t pid;
};

bool otlp_metrics_init(struct otlp_reader *reader)
{
    reader->series = mem_zalloc(reader->ingest->mem, 1, sizeof *reader->series);
    if (reader->series != NULL) {
        u64map_init(&reader->series->by_hash, reader->ingest->mem);
    }
    return reader->series != NULL;
}

void otlp_metrics_release(struct otlp_reader *reader)
{
    if (reader->series != NULL) {
        u64map_release(&reader->series->by_hash);
        otlp_drop_waits(reader);
        mem_free(reader->ingest->mem, reader->series, sizeof *reader->series);
    }
}

/* Returns the sum of the differences so far; NAN: out of memory. A difference that comes late
   raises the end of the curve: moves *time_ns there. */
static double add_up(struct otlp_reader *reader, uint64_t hash, double difference,
                     uint64_t *time_ns)
{
    struct otlp_series *series = reader->series;
    uint32_t at = u64map_get(&series->by_hash, hash);
    if (at == U64MAP_NONE) {
        if (series->count == SERIES_MAX) { /* they begin again */
            otlp_note_forgotten(reader, LIMIT_CURVES);
            u64map_clear(&series->by_hash);
            series->count = 0;
        }
        at = series->count;
        if (!u64map_put(&series->by_hash, hash, at)) {
            reader->failed = true;
            return (double)NAN;
        }
        series->sums[at] = 0;
        series->last_ns[at] = 0;
        series->count++;
    }
    series->sums[at] += difference;
    series->last_ns[at] = *time_ns > series->last_ns[at] ? *time_ns : series->last_ns[at];
    *time_ns = series->last_ns[at];
    return series->sums[at];
}

/* Whether the resource has the attribute, too: it is the same for all of the sender's points. */
static bool is_of_resource(const struct otlp_point *point, struct slice key)
{
    const struct otlp_attributes *all = &point->scope->resource;
    for (size_t i = 0; i < all->count && i < LABELS_MAX; i++) {
        if (all->items[i].key.len == key.len &&
            memcmp(all->items[i].key.bytes, key.bytes, key.len) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the attribute distinguishes the curves of a metric. */
static bool is_label(const struct otlp_reader *reader, const struct otlp_point *point,
                     const struct otlp_attribute *attribute)
{
    const struct otlp_attribute_row *row = otlp_names_find(&reader->names, attribute->key);
    enum otlp_meaning meaning = row == NULL ? MEANS_ARGS : row->meaning;
    return !is_of_resource(point, attribute->key) && meaning != MEANS_SESSION &&
           meaning != MEANS_NOTHING && meaning != MEANS_CONTENT &&
           otlp_value_text(&attribute->value).bytes != NULL;
}

/* Appends the name of the point's curve: "input/claude-x". */
static void put_member(const struct otlp_reader *reader, const struct otlp_point *point,
                       struct strbuf *out)
{
    size_t begin = out->len;
    for (size_t i = 0; i < point->attributes.count && i < LABELS_MAX; i++) {
        const struct otlp_attribute *attribute = &point->attributes.items[i];
        if (is_label(reader, point, attribute) && out->len - begin < MEMBER_BYTES) {
            struct slice text = otlp_value_text(&attribute->value);
            strbuf_adds(out, out->len > begin ? "/" : "");
            strbuf_add(out, text.bytes, text.len < MEMBER_BYTES ? text.len : MEMBER_BYTES);
        }
    }
    strbuf_adds(out, out->len > begin ? "" : "value");
}

/* Returns the pid of the session's main agent in the trace; 0: it has none. */
static int64_t main_pid(const struct swarm *swarm, session_no session)
{
    for (size_t i = 0; i < swarm_agent_count(swarm); i++) {
        const struct agent *agent = swarm_agent(swarm, (agent_no)i);
        if (agent->session == session && (agent->flags & AGENT_MAIN) != 0) {
            double pid = json_get_number(json_value_of(swarm_text_slice(swarm, agent->pid).bytes,
                                                       swarm_text_slice(swarm, agent->pid).len));
            return pid > 0 && pid < 1e15 ? (int64_t)pid : 0;
        }
    }
    return 0;
}

/* The points of a request are of few sessions. */
static int64_t session_pid(struct otlp_reader *reader, session_no session)
{
    struct otlp_series *series = reader->series;
    if (series->pid == 0 || series->pid_of != session) {
        series->pid = main_pid(reader->ingest->swarm, session);
        series->pid_of = session;
    }
    return series->pid;
}

bool otlp_append_sample(struct otlp_reader *reader, const struct otlp_sample_value *sample)
{
    struct ingest_ctx *ingest = reader->ingest;
    session_no number = correlator_session(ingest->correlator, sample->session);
    if (number == NO_SESSION) {
        struct slice named = otlp_process_session(reader, sample->session);
        number = named.bytes == NULL ? number : correlator_session(ingest->correlator, named);
    }
    const struct session *session =
        number == NO_SESSION ? NULL : swarm_session(ingest->swarm, number);
    struct strbuf *text = &reader->args, *room = &reader->room;
    struct json_value object;
    struct raw_event event;
    int64_t pid = session == NULL ? 0 : session_pid(reader, number);
    if (pid == 0) {
        return false;
    }
    double ts_us = (double)((int64_t)sample->time_ns - session->origin_ns) / 1e3;
    if (fabs(ts_us) > TRACE_TS_MAX_US) {
        return true;
    }
    strbuf_clear(text);
    strbuf_clear(room);
    strbuf_adds(text, "{\"name\":");
    json_put_string(text, sample->name.bytes, sample->name.len);
    strbuf_adds(text, ",\"cat\":\"metric\",\"ph\":\"C\",\"ts\":");
    json_put_number(text, ts_us);
    strbuf_adds(text, ",\"pid\":");
    json_put_int(text, pid);
    strbuf_adds(text, ",\"args\":{");
    json_put_string(text, sample->member.bytes, sample->member.len);
    strbuf_addc(text, ':');
    json_put_number(text, sample->value);
    strbuf_adds(text, "}}");
    reader->failed |= text->failed;
    if (reader->failed || !json_check(text->data, text->len, 8, &object, NULL) ||
        trace_event_read(object, room, &event) != NULL) {
        return true;
    }
    struct slice bytes = {text->data, text->len};
    if (!swarm_append_raw(ingest->swarm, number, &event)) {
        reader->failed = true;
        return true;
    }
    ingest_tap_raw(ingest, number, (double)(ingest_ctx_now(ingest) / 1000) / 1e3, bytes);
    return true;
}

/* Appends the metric's name and its unit, which is UCUM's ("By", "s"), an annotation ("{token}") or
   "1". A histogram's number of samples is shown, which is in no unit. */
static struct slice put_name(const struct otlp_point *point, struct strbuf *out)
{
    struct slice unit = point->unit;
    if (unit.len >= 2 && unit.bytes[0] == '{' && unit.bytes[unit.len - 1] == '}') {
        unit = (struct slice){unit.bytes + 1, unit.len - 2};
    }
    if (unit.len == 0 || unit.len > UNIT_BYTES || slice_is(unit, "1") ||
        point->kind == OTLP_HISTOGRAM) {
        return point->name;
    }
    strbuf_clear(out);
    strbuf_add(out, point->name.len > 0 ? point->name.bytes : "", point->name.len);
    strbuf_adds(out, " (");
    strbuf_add(out, unit.bytes, unit.len);
    strbuf_addc(out, ')');
    return (struct slice){out->data, out->failed ? 0 : out->len};
}

/* The point becomes an event, or waits for its session. */
static void append(struct otlp_reader *reader, struct slice session, const struct otlp_point *point,
                   uint64_t time_ns, double value)
{
    struct strbuf *member = &reader->scratch;
    strbuf_clear(member);
    put_member(reader, point, member);
    if (!reader->ingest->no_mask) {
        mask_in_place(member);
    }
    struct slice name = put_name(point, &reader->session);
    reader->failed |= member->failed || reader->session.failed;
    struct otlp_sample_value sample = {.session = session,
                                       .name = name,
                                       .member = {member->data, member->len},
                                       .time_ns = time_ns,
                                       .value = value};
    if (!reader->failed && !otlp_append_sample(reader, &sample)) {
        otlp_wait_for_session(reader, &sample);
    }
}

/* Nothing is known of whose the point is. */
static void report_nobodys(struct otlp_reader *reader)
{
    static const char text[] = "metrics name neither a session (session.id) nor their process "
                               "(service.instance.id): they are not shown";
    struct slice service = otlp_found_text(&reader->resource, MEANS_SERVICE);
    if (!otlp_is_new(reader, otlp_hash(15, service))) {
        return;
    }
    reader->warning = text;
    strbuf_clear(&reader->scratch);
    if (service.bytes == NULL) {
        strbuf_adds(&reader->scratch, "a client");
    } else {
        ingest_ctx_quote(&reader->scratch, service.bytes, service.len);
    }
    strbuf_addf(&reader->scratch, ": %s", text);
    if (!reader->scratch.failed) {
        ingest_ctx_log_from(reader->ingest, LOG_LEVEL_WARNING, "otlp", reader->scratch.data);
    }
}

/* Returns the session that the point names, or its process's; bytes NULL: none. */
static struct slice session_of(const struct otlp_reader *reader)
{
    struct slice id = otlp_named_session(reader, &reader->found);
    return id.bytes != NULL ? id : otlp_found_text(&reader->resource, MEANS_SESSION_OF_PROCESS);
}

static void take_point(struct otlp_reader *reader, const struct otlp_point *point)
{
    otlp_enter_scope(reader, point->scope);
    otlp_found_fill(&reader->found, &reader->names, &point->attributes);
    struct slice id = session_of(reader);
    double value = point->kind == OTLP_HISTOGRAM ? point->count : point->value;
    if (id.bytes == NULL) {
        report_nobodys(reader);
    }
    if (id.bytes == NULL || point->time_ns == 0 || point->time_ns > INT64_MAX || !isfinite(value)) {
        return;
    }
    uint64_t time_ns = point->time_ns;
    uint64_t hash = otlp_hash(otlp_hash(12, id), point->name);
    for (size_t i = 0; i < point->attributes.count; i++) {
        hash = otlp_hash(hash, point->attributes.items[i].key);
        hash = otlp_value_hash(hash, &point->attributes.items[i].value);
    }
    uint64_t record = otlp_hash(hash, (struct slice){(const char *)&point->time_ns, 8});
    if (!otlp_is_new(reader, record)) {
        return; /* the same point again */
    }
    if (point->kind == OTLP_SUM_DELTA || (point->kind == OTLP_HISTOGRAM && point->delta)) {
        value = add_up(reader, hash, value, &time_ns);
    }
    if (!isnan(value)) {
        append(reader, id, point, time_ns, value);
    }
    if (reader->failed) { /* the sender will try again */
        otlp_forget(reader, record);
    }
}

void otlp_take_metrics(struct otlp_reader *reader, const struct otlp_batch *batch)
{
    for (size_t i = 0; i < batch->point_count && !reader->failed; i++) {
        take_point(reader, &batch->points[i]);
    }
}
