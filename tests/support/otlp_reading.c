#include "tests/support/otlp_reading.h"

#include "core/query/query.h"
#include "tests/support/otlp_samples.h"
#include "tests/support/records.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double zero_ms = 1795903200000.0; /* 2026-11-28T22:00:00Z */

void otlp_set_clock(struct rig *rig)
{
    rig->now_ns = (int64_t)(zero_ms + 600000) * 1000000;
}

void otlp_rig_init(struct otlp_rig *otlp)
{
    rig_init(&otlp->rig);
    otlp_set_clock(&otlp->rig);
    otlp->reader = otlp_reader_new(&otlp->rig.ingest);
    assert_non_null(otlp->reader);
    otlp->rig.reader = otlp->reader;
}

void otlp_rig_release(struct otlp_rig *otlp)
{
    otlp_reader_free(otlp->reader);
    rig_release(&otlp->rig);
}

void otlp_rig_take(struct otlp_rig *otlp, enum otlp_signal signal, enum otlp_encoding encoding,
                   const char *body, size_t len)
{
    struct otlp_batch batch;
    otlp_batch_init(&batch, otlp->rig.ingest.mem);
    const char *why = otlp_decode(&batch, signal, encoding, (struct slice){body, len});
    if (why != NULL) {
        fail_msg("not decoded: %s", why);
    }
    otlp_check_times(&batch);
    assert_true(otlp_reader_take(otlp->reader, &batch, (struct slice){"otlp:test", 9}));
    assert_true(correlator_flush(otlp->rig.model.correlator));
    otlp_batch_release(&batch);
}

void otlp_settle(struct rig *rig)
{
    if (rig->reader != NULL) {
        (void)otlp_reader_settle(rig->reader, true);
    } else if (rig->hub != NULL) {
        hub_finish(rig->hub);
    }
    assert_true(correlator_flush(rig->model.correlator));
}

/* ---- captures ---- */

static void take_sample(void *ctx, const struct otlp_sample *sample)
{
    otlp_rig_take(ctx, sample->signal, sample->encoding, sample->body.bytes, sample->body.len);
}

void otlp_rig_take_sample(struct otlp_rig *otlp, const char *rel)
{
    otlp_samples(rel, take_sample, otlp);
}

static void put_line(void *ctx, const char *line, size_t len)
{
    assert_int_equal(fwrite(line, 1, len, ctx), len);
}

void otlp_write_feed(const char *rel, const char *path)
{
    struct otlp_rig otlp;
    FILE *to = fopen(path, "we");
    assert_non_null(to);
    otlp_rig_init(&otlp);
    otlp.rig.ingest.tap = (struct ingest_tap){put_line, to};
    otlp_rig_take_sample(&otlp, rel);
    otlp_settle(&otlp.rig);
    otlp_rig_release(&otlp);
    assert_int_equal(fclose(to), 0);
}

/* ---- reading ---- */

static const struct swarm *swarm_of(const struct rig *rig)
{
    return rig->model.swarm;
}

/* Returns new: the name of the agent of a row. */
static json_t *agent_name(const struct swarm *swarm, agent_no no)
{
    const struct agent *agent = swarm_agent(swarm, no);
    struct slice name = swarm_text_slice(swarm, agent->name);
    bool main_agent = (agent->flags & AGENT_MAIN) != 0;
    const struct session *session = swarm_session(swarm, agent->session);
    if (name.len == 0 || (main_agent && session != NULL && agent->name == session->name)) {
        return json_string(main_agent ? "main" : "?");
    }
    return json_stringn_nocheck(name.bytes, name.len);
}

static void put_number(json_t *object, const char *key, double number)
{
    if (!isnan(number)) {
        json_object_set_new(object, key, json_real(round(number * 1000) / 1000));
    }
}

static void put_text(json_t *object, const char *key, struct slice text)
{
    if (text.bytes != NULL) {
        json_object_set_new(object, key, json_stringn_nocheck(text.bytes, text.len));
    }
}

static void put_common(json_t *call, const struct swarm *swarm, const struct record *record)
{
    json_object_set_new(call, "agent", agent_name(swarm, record->agent));
    put_number(call, "start_ms", record->start_ms - zero_ms);
    put_number(call, "end_ms", record->end_ms - zero_ms);
    if (record->end_ms > record->start_ms) {
        put_number(call, "ms", record->end_ms - record->start_ms);
    }
    if (facts_bool(&record->facts, FIELD_SUCCESS) == TRI_FALSE) {
        put_text(call, "error", facts_text(&record->facts, FIELD_ERROR));
    }
}

static json_t *request(const struct swarm *swarm, const struct record *record)
{
    static const struct {
        const char *key;
        enum update_field field;
    } numbers[] = {{"prompt", FIELD_PROMPT_TOKENS},
                   {"output", FIELD_OUTPUT_TOKENS},
                   {"cache_read", FIELD_CACHE_READ_TOKENS},
                   {"cache_creation", FIELD_CACHE_CREATION_TOKENS},
                   {"ttft_ms", FIELD_TTFT_MS},
                   {"setup_ms", FIELD_SETUP_MS}};
    json_t *call = json_object();
    const double *attempts;
    struct request_shape shape;
    put_common(call, swarm, record);
    put_text(call, "model", facts_text(&record->facts, FIELD_MODEL));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        put_number(call, numbers[i].key, facts_number(&record->facts, numbers[i].field));
    }
    size_t count = facts_times(&record->facts, FIELD_ATTEMPTS, &attempts);
    if (count > 0) {
        json_object_set_new(call, "retries", json_integer((json_int_t)count - 1));
        json_object_set_new(call, "attempts", json_integer((json_int_t)count));
    }
    record_shape(record, 0, &shape);
    double sampling_ms =
        shape.ttlt_ms - shape.ttft_ms - (isnan(shape.setup_ms) ? 0 : shape.setup_ms);
    put_number(call, "otps", shape.output_tokens / sampling_ms * 1000);
    return call;
}

static json_t *tool(const struct swarm *swarm, const struct record *record)
{
    json_t *call = json_object();
    put_common(call, swarm, record);
    put_text(call, "name", facts_text(&record->facts, FIELD_NAME));
    return call;
}

static json_t *wait(const struct swarm *swarm, const struct record *record)
{
    json_t *call = json_object();
    put_common(call, swarm, record);
    put_text(call, "decision", facts_text(&record->facts, FIELD_DECISION));
    return call;
}

static int by_start(const void *a, const void *b)
{
    const struct record *x = *(const struct record *const *)a;
    const struct record *y = *(const struct record *const *)b;
    if (x->start_ms < y->start_ms || x->start_ms > y->start_ms) {
        return x->start_ms < y->start_ms ? -1 : 1;
    }
    size_t len = x->id.len < y->id.len ? x->id.len : y->id.len;
    return memcmp(x->id.bytes, y->id.bytes, len);
}

static void read_calls(struct rig *rig, json_t *out)
{
    const struct swarm *swarm = swarm_of(rig);
    size_t count = 0, open = 0;
    record_no end = swarm_record_end(swarm);
    const struct record **records = calloc((size_t)end + 1, sizeof *records);
    json_t *requests = json_array(), *tools = json_array(), *waits = json_array();
    json_t *other = json_array();
    assert_non_null(records);
    for (record_no no = 0; no < end; no++) {
        const struct record *record = swarm_record(swarm, no);
        if (record->used && record->state != RECORD_HIDDEN) {
            records[count++] = record;
        }
    }
    qsort(records, count, sizeof *records, by_start);
    for (size_t i = 0; i < count; i++) {
        const struct record *record = records[i];
        open += record->state == RECORD_OPEN;
        switch ((enum call_kind)record->kind) {
        case CALL_REQUEST: json_array_append_new(requests, request(swarm, record)); break;
        case CALL_TOOL: json_array_append_new(tools, tool(swarm, record)); break;
        case CALL_WAIT: json_array_append_new(waits, wait(swarm, record)); break;
        case CALL_SPAN: {
            struct slice name = facts_text(&record->facts, FIELD_NAME);
            json_array_append_new(other, json_stringn_nocheck(name.bytes, name.len));
            break;
        }
        case CALL_INTERACTION:
        case CALL_KINDS: break;
        }
    }
    json_object_set_new(out, "requests", requests);
    json_object_set_new(out, "tools", tools);
    json_object_set_new(out, "waits", waits);
    json_object_set_new(out, "other", other);
    json_object_set_new(out, "open", json_integer((json_int_t)open));
    free(records);
}

static bool has_calls(const struct swarm *swarm, agent_no no)
{
    for (record_no at = 0; at < swarm_record_end(swarm); at++) {
        const struct record *record = swarm_record(swarm, at);
        if (record->used && record->state != RECORD_HIDDEN && record->agent == no) {
            return true;
        }
    }
    return false;
}

static void read_agents(struct rig *rig, json_t *out)
{
    const struct swarm *swarm = swarm_of(rig);
    size_t count;
    struct tree_row *rows = query_tree(swarm, &count);
    json_t *agents = json_array(), *parents = json_object();
    for (size_t i = 0; i < count; i++) {
        bool main_agent = (swarm_agent(swarm, rows[i].agent)->flags & AGENT_MAIN) != 0;
        json_t *name = agent_name(swarm, rows[i].agent);
        if (main_agent && !has_calls(swarm, rows[i].agent)) {
            json_decref(name);
            continue;
        }
        if (rows[i].parent != NO_AGENT && json_string_value(name) != NULL) {
            json_object_set_new(parents, json_string_value(name),
                                agent_name(swarm, rows[i].parent));
        }
        json_array_append_new(agents, name);
    }
    mem_free(rig->ingest.mem, rows, count * sizeof *rows);
    json_object_set_new(out, "agents", agents);
    json_object_set_new(out, "parent", parents);
}

json_t *otlp_reading(struct rig *rig)
{
    otlp_settle(rig);
    return otlp_reading_now(rig);
}

json_t *otlp_reading_now(struct rig *rig)
{
    json_t *out = json_object(), *sessions = json_array();
    const struct swarm *swarm = swarm_of(rig);
    assert_true(correlator_flush(rig->model.correlator));
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session != NULL) {
            struct slice id = swarm_text_slice(swarm, session->id);
            json_array_append_new(sessions, json_stringn_nocheck(id.bytes, id.len));
        }
    }
    json_object_set_new(out, "sessions", sessions);
    read_agents(rig, out);
    read_calls(rig, out);
    return out;
}

/* ---- comparing ---- */

static bool same(json_t *want, json_t *got)
{
    if (json_is_number(want) && json_is_number(got)) {
        return fabs(json_number_value(want) - json_number_value(got)) < 0.6;
    }
    if (json_is_null(want)) {
        return got == NULL;
    }
    if (json_is_true(want)) { /* some error */
        return got != NULL;
    }
    return json_equal(want, got) != 0;
}

static void differ(struct strbuf *out, const char *what, json_t *want, json_t *got)
{
    char *a = json_dumps(want, JSON_ENCODE_ANY), *b = json_dumps(got, JSON_ENCODE_ANY);
    strbuf_addf(out, "%s: wants %s, has %s\n", what, a == NULL ? "nothing" : a,
                b == NULL ? "nothing" : b);
    free(a);
    free(b);
}

static void compare_list(struct strbuf *out, const char *what, json_t *want, json_t *got)
{
    size_t i;
    json_t *item;
    if (json_array_size(want) != json_array_size(got)) {
        differ(out, what, want, got);
        return;
    }
    json_array_foreach(want, i, item)
    {
        const char *key;
        json_t *value;
        json_object_foreach(item, key, value)
        {
            if (strcmp(key, "note") != 0 && strcmp(key, "id") != 0 &&
                !same(value, json_object_get(json_array_get(got, i), key))) {
                strbuf_addf(out, "%s[%zu] ", what, i);
                differ(out, key, value, json_object_get(json_array_get(got, i), key));
            }
        }
    }
}

static bool has_item(json_t *list, json_t *want)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        if (json_equal(item, want)) {
            return true;
        }
    }
    return false;
}

static void compare_totals(struct strbuf *out, json_t *want, json_t *reading)
{
    const char *key;
    json_t *value, *item;
    size_t i;
    json_object_foreach(want, key, value)
    {
        double sum = 0;
        json_array_foreach(json_object_get(reading, "requests"), i, item)
        {
            sum += json_number_value(json_object_get(item, key));
        }
        if (fabs(sum - json_number_value(value)) > 0.6) {
            strbuf_addf(out, "total %s: wants %g, has %g\n", key, json_number_value(value), sum);
        }
    }
}

char *otlp_reading_differs(json_t *reading, json_t *expected)
{
    static const char *const lists[] = {"requests", "tools", "waits"};
    struct strbuf out;
    const char *key;
    json_t *value;
    size_t i;
    strbuf_init(&out, &mem_libc, 0);
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        json_t *want = json_object_get(expected, lists[k]);
        if (want != NULL) {
            compare_list(&out, lists[k], want, json_object_get(reading, lists[k]));
        }
    }
    json_t *agents = json_object_get(expected, "agents");
    if (agents != NULL &&
        json_array_size(agents) != json_array_size(json_object_get(reading, "agents"))) {
        differ(&out, "agents", agents, json_object_get(reading, "agents"));
    }
    json_array_foreach(agents, i, value)
    {
        if (!has_item(json_object_get(reading, "agents"), value)) {
            differ(&out, "agent", value, json_object_get(reading, "agents"));
        }
    }
    json_array_foreach(json_object_get(expected, "other"), i, value)
    {
        if (!has_item(json_object_get(reading, "other"), value)) {
            differ(&out, "other", value, json_object_get(reading, "other"));
        }
    }
    json_object_foreach(json_object_get(expected, "parent"), key, value)
    {
        json_t *got = json_object_get(json_object_get(reading, "parent"), key);
        if (!json_equal(value, got)) {
            differ(&out, key, value, got);
        }
    }
    value = json_object_get(expected, "session");
    json_t *sessions = json_object_get(reading, "sessions");
    if (value != NULL &&
        (json_array_size(sessions) != 1 || !json_equal(value, json_array_get(sessions, 0)))) {
        differ(&out, "session", value, sessions);
    }
    value = json_object_get(expected, "open");
    json_int_t open =
        json_is_array(value) ? (json_int_t)json_array_size(value) : json_integer_value(value);
    if (value != NULL && open != json_integer_value(json_object_get(reading, "open"))) {
        differ(&out, "open", value, json_object_get(reading, "open"));
    }
    compare_totals(&out, json_object_get(expected, "totals"), reading);
    char *text = out.len == 0 ? NULL : strdup(out.data);
    strbuf_release(&out);
    return text;
}
