/* Documents are read with core's own JSON reader. Opening one uses only what metadata.swarmtop says:
   it is the test's second opinion on what the document must hold, not a copy of ingest. */
#include "tests/support/model.h"
#include "tests/support/perfetto_check.h"

#include "core/query/metrics.h"
#include "core/query/query.h"
#include "tests/support/support.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool model_init(struct model *model, const struct mem *mem)
{
    const struct swarm_config config = {.max_events = {0, 0}};
    return model_init_with(model, mem, &config);
}

bool model_init_with(struct model *model, const struct mem *mem, const struct swarm_config *config)
{
    *model = (struct model){.session = NO_SESSION};
    model->swarm = swarm_new(mem, config);
    model->tracer = model->swarm == NULL ? NULL : tracer_new(model->swarm);
    model->correlator = model->tracer == NULL ? NULL : correlator_new(model->swarm, model->tracer);
    return model->correlator != NULL;
}

void model_release(struct model *model)
{
    if (model->correlator != NULL) {
        correlator_free(model->correlator);
    }
    if (model->tracer != NULL) {
        tracer_free(model->tracer);
    }
    swarm_free(model->swarm);
}

struct slice model_text(const char *text)
{
    return text == NULL ? (struct slice){NULL, 0} : (struct slice){text, strlen(text)};
}

int64_t model_ns(double ms)
{
    return isnan(ms) ? MODEL_START_NS : MODEL_START_NS + (int64_t)(ms * 1e6);
}

struct op_context model_at(const struct model *model, double ms, const char *agent_id)
{
    return (struct op_context){.session = model->session,
                               .t_ms = MODEL_START_MS + ms,
                               .local_ns = model_ns(ms),
                               .agent_id = model_text(agent_id)};
}

void model_hello(struct model *model, const char *session_id, const char *name)
{
    struct hello_op op = {
        .session_id = model_text(session_id), .name = model_text(name), .source = "test"};
    assert_int_equal(
        tracer_hello(model->tracer, MODEL_START_MS, MODEL_START_NS, &op, &model->session),
        TRACER_OK);
}

static bool open_session(struct model *model, struct session_info *info)
{
    info->source = "test";
    info->pool = POOL_FILES;
    if (!swarm_open_session(model->swarm, info, &model->session)) {
        return false;
    }
    swarm_session_edit(model->swarm, model->session)->flags |= SESSION_FINISHED;
    return true;
}

static bool open_file(struct model *model, const char *session_id, bool agents)
{
    struct session_info info = {.id = session_id,
                                .id_len = strlen(session_id),
                                .document = swarm_new_document(model->swarm),
                                .agents = agents,
                                .has_start = true,
                                .start_ns = MODEL_START_NS};
    return open_session(model, &info);
}

bool model_open_file(struct model *model, const char *session_id)
{
    return open_file(model, session_id, true);
}

bool model_open_trace(struct model *model, const char *session_id)
{
    return open_file(model, session_id, false);
}

/* ---- events ---- */

static void add_extra(struct strbuf *extra, const struct json_member *member)
{
    if (extra->len > 0) {
        strbuf_addc(extra, ',');
    }
    strbuf_add(extra, member->key.raw, member->key.len);
    strbuf_addc(extra, ':');
    strbuf_add(extra, member->value.raw, member->value.len);
}

static void read_member(struct raw_event *raw, struct strbuf *extra,
                        const struct json_member *member)
{
    const struct {
        const char *key;
        struct json_value *value;
    } fields[] = {{"name", &raw->name}, {"cat", &raw->cat}, {"pid", &raw->pid},
                  {"tid", &raw->tid},   {"id", &raw->id},   {"args", &raw->args}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (json_string_is(member->key, fields[i].key)) {
            *fields[i].value = member->value;
            return;
        }
    }
    if (json_string_is(member->key, "ph")) {
        raw->ph = member->value.raw[1];
    } else if (json_string_is(member->key, "ts")) {
        raw->ts_us = json_get_number(member->value);
    } else if (json_string_is(member->key, "dur")) {
        raw->dur_us = json_get_number(member->value);
    } else {
        add_extra(extra, member);
    }
}

static bool append(struct model *model, struct json_value object)
{
    struct raw_event raw = {.ts_us = (double)NAN, .dur_us = (double)NAN};
    struct strbuf extra;
    strbuf_init(&extra, &mem_libc, 0);
    struct json_walk walk = json_walk(object);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        read_member(&raw, &extra, &member);
    }
    raw.extra = (struct slice){extra.data, extra.len};
    bool good = swarm_append_raw(model->swarm, model->session, &raw);
    strbuf_release(&extra);
    return good;
}

bool model_events(struct model *model, const char *events)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_addf(&text, "[%s]", events);
    for (size_t i = 1; i < text.len; i++) {
        /* "} {" reads better in a test than "},{". */
        size_t next = i + strspn(text.data + i, " \n");
        if (next > i && text.data[i - 1] == '}' && text.data[next] == '{') {
            text.data[i] = ',';
        }
    }
    struct json_value array;
    struct json_error error;
    if (!json_check(text.data, text.len, 64, &array, &error)) {
        fail_msg("byte %zu of %s: %s", error.offset, text.data, error.what);
    }
    struct json_walk walk = json_walk(array);
    struct json_value item;
    bool good = true;
    while (good && json_next_item(&walk, &item)) {
        good = append(model, item);
    }
    strbuf_release(&text);
    return good;
}

bool model_name(struct model *model, int pid, const char *name)
{
    char text[512];
    snprintf(
        text, sizeof text,
        "{\"name\":\"process_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":%d,\"tid\":0,"
        "\"args\":{\"name\":\"%s\"}} "
        "{\"name\":\"thread_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":%d,\"tid\":%d,"
        "\"args\":{\"name\":\"%s\"}}",
        pid, name, pid, pid + 100, name);
    return model_events(model, text);
}

static void put_event(struct strbuf *out, const struct model_span *span, char ph, double ms,
                      const char *args)
{
    strbuf_addf(
        out,
        "{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"%c\",\"ts\":%.17g,\"pid\":%d,\"tid\":%d%s%s}",
        span->name, span->cat, ph, ms * 1000, span->pid, span->pid + 100,
        args == NULL ? "" : ",\"args\":", args == NULL ? "" : args);
}

bool model_add(struct model *model, const struct model_span *span)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    put_event(&text, span, 'B', span->from_ms, span->args);
    if (!isnan(span->to_ms)) {
        strbuf_addc(&text, ' ');
        put_event(&text, span, 'E', span->to_ms, span->end_args);
    }
    bool good = model_events(model, text.data);
    strbuf_release(&text);
    return good;
}

/* ---- documents ---- */

static bool collect(void *ctx, const char *bytes, size_t len)
{
    struct strbuf *out = ctx;
    strbuf_add(out, bytes, len);
    return !out->failed;
}

/* Perfetto must show the document as the model has it. */
static void check_document(const struct swarm *swarm, const struct strbuf *document)
{
    struct perfetto_allow allow = {0, 0};
    struct strbuf faults;
    for (span_no no = swarm_span_begin(swarm); no < swarm_span_end(swarm); no++) {
        const struct span *span = swarm_span(swarm, no);
        allow.open_slices += span != NULL && (span->flags & SPAN_OPEN) != 0;
    }
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        allow.orphan_ends += session == NULL ? 0 : session->orphan_ends;
    }
    strbuf_init(&faults, &mem_libc, 0);
    if (!perfetto_check(document->data, document->len, allow, &faults)) {
        fail_msg("%s in %s", faults.data, document->data);
    }
    strbuf_release(&faults);
}

char *model_export_with(const struct swarm *swarm, const struct document_options *options)
{
    struct strbuf out;
    bool no_memory;
    strbuf_init(&out, &mem_libc, 0);
    if (!document_write(swarm, options, collect, &out, &no_memory)) {
        assert_true(no_memory);
        strbuf_release(&out);
        return NULL;
    }
    assert_false(no_memory);
    struct json_value document;
    struct json_error error;
    if (!json_check(out.data, out.len, 64, &document, &error)) {
        fail_msg("byte %zu: %s in %s", error.offset, error.what, out.data);
    }
    if (options->tracks == TRACKS_LANE) {
        check_document(swarm, &out);
    }
    return out.data;
}

char *model_export(const struct swarm *swarm, enum document_tracks tracks)
{
    struct document_options options = {
        .tracks = tracks, .only = NO_SESSION, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    return model_export_with(swarm, &options);
}

struct opener {
    struct model *model;
    session_no sessions[64];
    struct json_value pids[64];
    size_t count;
};

static int64_t start_of(struct json_value session)
{
    struct json_value start = json_get(session, "start_ns");
    return start.type == JSON_TYPE_STRING ? strtoll(start.raw + 1, NULL, 10) : INT64_MIN;
}

static bool open_sessions(struct opener *opener, struct json_value sessions)
{
    struct model *model = opener->model;
    struct json_walk walk = json_walk(sessions);
    struct json_value item;
    uint32_t document = swarm_new_document(model->swarm);
    int64_t first_ns = INT64_MAX;
    while (json_next_item(&walk, &item)) {
        struct json_value id = json_get(item, "id"), name = json_get(item, "name");
        int64_t start = start_of(item);
        struct session_info info = {.id = id.raw + 1,
                                    .id_len = id.len - 2,
                                    .document = document,
                                    .agents = !json_string_is(json_get(item, "rows"), "threads"),
                                    .has_start = start != INT64_MIN,
                                    .start_ns = start == INT64_MIN ? 0 : start};
        if (!open_session(model, &info)) {
            return false;
        }
        if (name.type == JSON_TYPE_STRING) {
            struct session *session = swarm_session_edit(model->swarm, model->session);
            session->name = intern_put(swarm_names(model->swarm), name.raw + 1, name.len - 2);
            if (session->name == INTERN_FAILED) {
                session->name = INTERN_NONE;
                return false;
            }
        }
        first_ns = start != INT64_MIN && start < first_ns ? start : first_ns;
        opener->pids[opener->count] = json_get(item, "pids");
        opener->sessions[opener->count++] = model->session;
    }
    for (size_t i = 0; opener->count > 1 && first_ns != INT64_MAX && i < opener->count; i++) {
        swarm_session_edit(model->swarm, opener->sessions[i])->origin_ns =
            first_ns - first_ns % 1000000;
    }
    return true;
}

static session_no session_of(const struct opener *opener, struct json_value pid)
{
    for (size_t i = 0; i < opener->count; i++) {
        struct json_walk walk = json_walk(opener->pids[i]);
        struct json_value item;
        while (json_next_item(&walk, &item)) {
            if (item.len == pid.len && memcmp(item.raw, pid.raw, pid.len) == 0) {
                return opener->sessions[i];
            }
        }
    }
    return opener->sessions[0];
}

static void take_text(struct json_value object, const char *key, const char **text, size_t *len)
{
    struct json_value value = json_get(object, key);
    *text = value.type == JSON_TYPE_STRING ? value.raw + 1 : NULL;
    *len = value.type == JSON_TYPE_STRING ? value.len - 2 : 0;
}

static bool identify(struct opener *opener, struct json_value agents)
{
    struct json_walk walk = json_walk(agents);
    struct json_value item;
    while (json_next_item(&walk, &item)) {
        struct agent_identity who = {.pid = (int64_t)json_get_number(json_get(item, "pid"))};
        take_text(item, "agent_id", &who.agent_id, &who.agent_id_len);
        take_text(item, "parent_agent_id", &who.parent_id, &who.parent_id_len);
        take_text(item, "name", &who.name, &who.name_len);
        take_text(item, "description", &who.description, &who.description_len);
        session_no session = session_of(opener, json_get(item, "pid"));
        who.main = json_get(item, "main").type == JSON_TYPE_TRUE;
        if (!swarm_identify(opener->model->swarm, session, &who)) {
            return false;
        }
    }
    return true;
}

bool model_open(struct model *model, const char *text)
{
    struct json_value document;
    struct opener opener = {.model = model};
    assert_true(json_check(text, strlen(text), 64, &document, NULL));
    struct json_value metadata = json_get(document, "metadata");
    struct json_value ours = json_get(metadata, "swarmtop");
    if (!open_sessions(&opener, json_get(ours, "sessions"))) {
        return false;
    }
    struct json_walk walk = json_walk(json_get(document, "traceEvents"));
    struct json_value item;
    while (json_next_item(&walk, &item)) {
        model->session = session_of(&opener, json_get(item, "pid"));
        if (!append(model, item)) {
            return false;
        }
    }
    model->session = opener.sessions[0];
    swarm_session_edit(model->swarm, model->session)->registrations =
        (uint32_t)json_get_number(json_get(metadata, "agent_count"));
    return identify(&opener, json_get(ours, "agents"));
}

/* ---- looking ---- */

agent_no model_agent(const struct model *model, const char *name)
{
    for (size_t i = 0; i < swarm_agent_count(model->swarm); i++) {
        const struct agent *agent = swarm_agent(model->swarm, (agent_no)i);
        if ((agent->flags & AGENT_DEAD) == 0 &&
            strcmp(swarm_text(model->swarm, agent->name), name) == 0) {
            return (agent_no)i;
        }
    }
    fail_msg("no agent %s", name);
    return NO_AGENT;
}

span_no model_span(const struct model *model, const char *name, unsigned n)
{
    for (span_no no = swarm_span_begin(model->swarm); no < swarm_span_end(model->swarm); no++) {
        const struct span *span = swarm_span(model->swarm, no);
        if (span != NULL && strcmp(swarm_text(model->swarm, span->name), name) == 0 && n-- == 0) {
            return no;
        }
    }
    fail_msg("no span %s", name);
    return NO_SPAN;
}
