/* Fields of calls are walked by the table UPDATE_FIELDS, so a new field appears here by itself. */
#include "tests/support/records.h"

#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[CALL_KINDS] = {
    [CALL_SPAN] = "spans", [CALL_INTERACTION] = "interactions", [CALL_WAIT] = "waits",
    [CALL_TOOL] = "tools", [CALL_REQUEST] = "requests",
};

static const char *const state_names[] = {
    [RECORD_HIDDEN] = NULL,       [RECORD_OPEN] = NULL,
    [RECORD_ENDED] = NULL,        [RECORD_INCOMPLETE] = "incomplete",
    [RECORD_EVICTED] = "evicted",
};

/* ---- values ---- */

/* Whole numbers are integers, or 1 and 1.0 would differ. */
static json_t *number_of(double value)
{
    return value == floor(value) ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *time_of(double ms)
{
    return number_of(ms - MODEL_START_MS);
}

static double ms_of(int64_t ns)
{
    return (double)(ns / 1000000) + (double)(ns % 1000000) / 1e6;
}

static json_t *text_of(struct slice text)
{
    json_t *value = json_stringn(text.bytes, text.len);
    assert_non_null(value);
    return value;
}

static json_t *times_of(const struct facts *facts, enum update_field field)
{
    const double *ms;
    json_t *list = json_array();
    for (size_t i = 0, count = facts_times(facts, field, &ms); i < count; i++) {
        json_array_append_new(list, time_of(ms[i]));
    }
    return list;
}

static json_t *retry_of(const struct facts *facts)
{
    struct retry retry;
    json_t *all = json_object();
    assert_true(facts_retry(facts, &retry));
    json_object_set_new(all, "attempt", number_of(retry.attempt));
    json_object_set_new(all, "max_attempts", number_of(retry.max_attempts));
    json_object_set_new(all, "in_ms", number_of(retry.in_ms));
    json_object_set_new(all, "at_ms", time_of(retry.at_ms));
    if (retry.error.len > 0) {
        json_object_set_new(all, "error", text_of(retry.error));
    }
    return all;
}

static json_t *args_of(const struct facts *facts)
{
    struct strbuf scratch;
    strbuf_init(&scratch, &mem_libc, 0);
    json_t *args = text_of(facts_args(facts, &scratch));
    strbuf_release(&scratch);
    return args;
}

static json_t *value_of(const struct facts *facts, enum update_field field)
{
    double number = facts_number(facts, field);
    switch (update_fields[field].type) {
    case TYPE_NUMBER: return number_of(number);
    case TYPE_TIME: return time_of(number);
    case TYPE_TEXT: return text_of(facts_text(facts, field));
    case TYPE_BOOL: return json_boolean(facts_bool(facts, field) == TRI_TRUE);
    case TYPE_OUTCOME: return json_string(outcome_word((enum outcome)number));
    case TYPE_OBJECT: return args_of(facts);
    case TYPE_TIMES: return times_of(facts, field);
    case TYPE_RETRY: return retry_of(facts);
    }
    return NULL;
}

static void put_name(const struct swarm *swarm, json_t *of, const char *key, intern_id name)
{
    if (name != INTERN_NONE) {
        json_object_set_new(of, key, text_of(swarm_text_slice(swarm, name)));
    }
}

static void put_flag(json_t *of, const char *key, bool is_set)
{
    if (is_set) {
        json_object_set_new(of, key, json_true());
    }
}

/* ---- sessions, agents, calls ---- */

static json_t *session_of(const struct swarm *swarm, const struct session *session)
{
    json_t *of = json_object();
    put_name(swarm, of, "name", session->name);
    json_object_set_new(of, "start_ms", time_of(ms_of(session->start_ns)));
    if ((session->flags & SESSION_ENDED) != 0) {
        bool gone = (session->flags & SESSION_DISCONNECTED) != 0;
        json_object_set_new(of, "end_ms", time_of(ms_of(session->clock_ns)));
        json_object_set_new(of, "gone", json_boolean(gone));
    }
    if (session->pid != 0) {
        json_object_set_new(of, "pid", json_integer(session->pid));
    }
    if (session->cost_usd > 0) {
        json_object_set_new(of, "cost_usd", number_of(session->cost_usd));
    }
    return of;
}

/* SESSION/AGENT; returns new. */
static char *row_id(const struct swarm *swarm, const struct agent *agent)
{
    struct strbuf id;
    strbuf_init(&id, &mem_libc, 0);
    strbuf_addf(&id, "%s/%s", swarm_text(swarm, swarm_session(swarm, agent->session)->id),
                (agent->flags & AGENT_MAIN) != 0 ? "" : swarm_text(swarm, agent->agent_id));
    return id.data;
}

static void add_agent(const struct swarm *swarm, const struct agent *agent, json_t *agents)
{
    if ((agent->flags & (AGENT_DEAD | AGENT_GROUP)) != 0 ||
        swarm_session(swarm, agent->session) == NULL) {
        return;
    }
    json_t *of = json_object();
    char *id = row_id(swarm, agent);
    if ((agent->flags & AGENT_MAIN) == 0) {
        /* An agent whose type is unknown is named after its id. */
        put_name(swarm, of, "type", agent->name == agent->agent_id ? INTERN_NONE : agent->name);
        put_name(swarm, of, "parent", agent->parent_id);
    }
    put_name(swarm, of, "description", agent->description);
    put_flag(of, "done", (agent->flags & AGENT_UNREGISTERED) != 0);
    put_flag(of, "gone", (agent->flags & AGENT_GONE) != 0);
    json_object_set_new(agents, id, of);
    free(id);
}

static char *record_row(const struct swarm *swarm, const struct record *record)
{
    if (record->agent != NO_AGENT) {
        return row_id(swarm, swarm_agent(swarm, record->agent));
    }
    struct strbuf id;
    struct slice agent = facts_text(&record->facts, (enum update_field)FACT_AGENT_ID);
    const struct session *session =
        record->session == NO_SESSION ? NULL : swarm_session(swarm, record->session);
    strbuf_init(&id, &mem_libc, 0);
    strbuf_addf(&id, "%s/%.*s", session == NULL ? "" : swarm_text(swarm, session->id),
                (int)agent.len, agent.len > 0 ? agent.bytes : "");
    return id.data;
}

static json_t *record_of(const struct swarm *swarm, const struct record *record)
{
    json_t *of = json_object();
    char *row = record_row(swarm, record);
    json_object_set_new(of, "of", json_string(row));
    free(row);
    for (enum update_field field = 0; field < FIELDS; field++) {
        if (facts_get(&record->facts, field) != NULL) {
            json_object_set_new(of, update_fields[field].key, value_of(&record->facts, field));
        }
    }
    if (state_names[record->state] != NULL) {
        json_object_set_new(of, "state", json_string(state_names[record->state]));
    }
    return of;
}

/* ---- all ---- */

static const struct swarm *flushed(const struct model *model)
{
    assert_true(correlator_flush(model->correlator));
    return model->swarm;
}

json_t *records_of(const struct model *model)
{
    const struct swarm *swarm = flushed(model);
    json_t *all = json_object(), *sessions = json_object(), *agents = json_object();
    json_object_set_new(all, "sessions", sessions);
    json_object_set_new(all, "agents", agents);
    for (int kind = 0; kind < CALL_KINDS; kind++) {
        json_object_set_new(all, kind_names[kind], json_object());
    }
    for (session_no no = 0; no < swarm_session_count(swarm); no++) {
        const struct session *session = swarm_session(swarm, no);
        if (session != NULL) {
            json_object_set_new(sessions, swarm_text(swarm, session->id),
                                session_of(swarm, session));
        }
    }
    for (agent_no no = 0; no < swarm_agent_count(swarm); no++) {
        add_agent(swarm, swarm_agent(swarm, no), agents);
    }
    for (record_no no = 0; no < swarm_record_end(swarm); no++) {
        const struct record *record = swarm_record(swarm, no);
        if (record->used) {
            json_object_setn_new(json_object_get(all, kind_names[record->kind]), record->id.bytes,
                                 record->id.len, record_of(swarm, record));
        }
    }
    return all;
}

static json_t *wanted(const char *want)
{
    char *text = strdup(want);
    json_error_t error;
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    json_t *value = json_loads(text, 0, &error);
    if (value == NULL) {
        fail_msg("%s: %s", want, error.text);
    }
    free(text);
    return value;
}

bool records_are(const struct model *model, const char *kind, const char *want)
{
    json_t *all = records_of(model), *value = wanted(want);
    bool same = json_equal(json_object_get(all, kind), value) == 1;
    json_decref(all);
    json_decref(value);
    return same;
}

void records_check(const struct model *model, const char *kind, const char *want, const char *about)
{
    if (records_are(model, kind, want)) {
        return;
    }
    json_t *all = records_of(model);
    char *text = json_dumps(json_object_get(all, kind),
                            JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(13));
    print_error("%s: %s\n%s, not\n%s\n", about == NULL ? "records" : about, kind, text, want);
    free(text);
    json_decref(all);
    fail();
}

/* ---- one of them ---- */

const struct record *records_find(const struct model *model, enum call_kind kind, const char *id,
                                  unsigned n)
{
    const struct swarm *swarm = flushed(model);
    size_t len = strlen(id);
    for (record_no no = 0; no < swarm_record_end(swarm); no++) {
        const struct record *record = swarm_record(swarm, no);
        if (record->used && record->kind == kind && record->id.len >= len &&
            memcmp(record->id.bytes, id, len) == 0 && n-- == 0) {
            return record;
        }
    }
    return NULL;
}

const struct agent *records_agent(const struct model *model, const char *id)
{
    const struct swarm *swarm = flushed(model);
    for (agent_no no = 0; no < swarm_agent_count(swarm); no++) {
        const struct agent *agent = swarm_agent(swarm, no);
        if ((agent->flags & (AGENT_DEAD | AGENT_GROUP)) == 0 &&
            strcmp(swarm_text(swarm, agent->agent_id), id) == 0) {
            return agent;
        }
    }
    return NULL;
}

size_t records_count(const struct model *model)
{
    const struct swarm *swarm = flushed(model);
    size_t count = swarm_session_count(swarm) + swarm_agent_count(swarm);
    for (record_no no = 0; no < swarm_record_end(swarm); no++) {
        count += swarm_record(swarm, no)->used;
    }
    return count;
}
