/* Events go to one session as they are read. The document's metadata (the seed's `metadata`, and
   metadata.swarmtop: core/export/document_metadata.c) may follow the events; at the end they name
   that session and move processes to further ones. */
#include "ingest/trace/trace_import.h"

#include "ingest/iso_time.h"
#include "ingest/trace_event.h"

#include "core/model/swarm_edit.h"

#include <stdlib.h>
#include <string.h>

/* A later start would push the document's times beyond the model's range. */
static const int64_t max_start_ns = (int64_t)INGEST_TIME_MAX_MS / 3 * 1000000;

void trace_import_init(struct trace_import *import, struct source_counters *counters,
                       const char *where, const char *session_id)
{
    const struct mem *mem = counters->ingest->mem;
    *import = (struct trace_import){
        .counters = counters, .where = where, .session_id = session_id, .session = NO_SESSION};
    strbuf_init(&import->top, mem, 0);
    strbuf_init(&import->metadata, mem, 0);
}

void trace_import_release(struct trace_import *import)
{
    strbuf_release(&import->top);
    strbuf_release(&import->metadata);
}

static struct swarm *swarm_of(const struct trace_import *import)
{
    return import->counters->ingest->swarm;
}

static bool open_session(struct trace_import *import, const char *id, size_t len,
                         session_no *session)
{
    struct session_info info = {
        .id = id,
        .id_len = len,
        .source = import->where,
        .pool = POOL_FILES,
        .document = import->document,
    };
    if (!swarm_open_session(swarm_of(import), &info, session)) {
        return false;
    }
    /* The document counts as finished until it changes on disk (trace_import_set_live). */
    swarm_session_edit(swarm_of(import), *session)->flags |= SESSION_FINISHED;
    return true;
}

bool trace_import_begin(struct trace_import *import)
{
    if (import->document != 0 && !swarm_drop_document(swarm_of(import), import->document)) {
        return false;
    }
    import->document = swarm_new_document(swarm_of(import));
    import->counters->ingest->changed = true;
    return open_session(import, import->session_id, strlen(import->session_id), &import->session);
}

bool trace_import_take_back(struct trace_import *import)
{
    bool good = import->document == 0 || swarm_drop_document(swarm_of(import), import->document);
    import->document = good ? 0 : import->document;
    return good;
}

bool trace_import_next(struct trace_import *import)
{
    if (!trace_import_end(import)) {
        return false;
    }
    trace_import_clear_members(import);
    return open_session(import, import->session_id, strlen(import->session_id), &import->session);
}

/* ---- members ---- */

/* Adds a member to an object, which is empty text at first. */
static void add_member(struct strbuf *object, struct json_value key, struct json_value value)
{
    if (object->len > 0) {
        object->data[object->len - 1] = ',';
    } else {
        strbuf_addc(object, '{');
    }
    trace_event_put_member(object, key, value);
    strbuf_addc(object, '}');
}

static struct json_value object_of(const struct strbuf *object)
{
    enum json_type type = object->len > 0 ? JSON_TYPE_OBJECT : JSON_TYPE_NONE;
    return (struct json_value){type, object->data, object->len};
}

bool trace_import_member(struct trace_import *import, struct json_value key,
                         struct json_value value)
{
    if (json_string_is(key, "metadata") && value.type == JSON_TYPE_OBJECT) {
        struct json_walk walk = json_walk(value);
        struct json_member member;
        while (json_next_member(&walk, &member)) {
            add_member(&import->metadata, member.key, member.value);
        }
        return !import->metadata.failed;
    }
    add_member(&import->top, key, value);
    return !import->top.failed;
}

void trace_import_clear_members(struct trace_import *import)
{
    strbuf_clear(&import->top);
    strbuf_clear(&import->metadata);
}

bool trace_import_is_another(const struct trace_import *import, struct json_value metadata)
{
    static const char *const keys[] = {"session_id", "trace_start_time"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct json_value was = json_get(object_of(&import->metadata), keys[i]);
        struct json_value is = json_get(metadata, keys[i]);
        if (was.type != JSON_TYPE_NONE && is.type != JSON_TYPE_NONE &&
            (was.len != is.len || memcmp(was.raw, is.raw, is.len) != 0)) {
            return true;
        }
    }
    return false;
}

static bool is_ours(struct json_value key)
{
    static const char *const ours[] = {"session_id", "trace_start_time", "agent_count",
                                       "total_event_count", "swarmtop"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (json_string_is(key, ours[i])) {
            return true;
        }
    }
    return false;
}

/* ---- sessions, processes, agents ---- */

/* Interns the decoded text of a string value; leaves *out for any other value. */
static bool intern_in(struct trace_import *import, struct json_value value, intern_id *out)
{
    struct strbuf text;
    if (value.type != JSON_TYPE_STRING) {
        return true;
    }
    strbuf_init(&text, import->counters->ingest->mem, 0);
    json_get_string(value, &text);
    intern_id id = text.failed ? INTERN_FAILED
                               : intern_put(swarm_names(swarm_of(import)),
                                            text.len > 0 ? text.data : "", text.len);
    strbuf_release(&text);
    *out = id != INTERN_FAILED ? id : *out;
    return id != INTERN_FAILED;
}

static bool time_in(struct json_value value, int64_t *ns)
{
    return value.type == JSON_TYPE_STRING && value.len > 2 &&
           iso_time_parse(value.raw + 1, value.len - 2, ns);
}

/* Reads the exact start, "start_ns", if the session has one; else the ISO one. */
static bool start_in(struct json_value session, int64_t *ns)
{
    struct json_value exact = json_get(session, "start_ns");
    if (exact.type == JSON_TYPE_STRING && exact.len > 2 && exact.len < 24) {
        char *end;
        *ns = strtoll(exact.raw + 1, &end, 10);
        if (*end == '"' && *ns > -max_start_ns && *ns < max_start_ns) {
            return true;
        }
    }
    return time_in(json_get(session, "start"), ns);
}

static void set_start(struct trace_import *import, session_no number, int64_t start_ns,
                      int64_t origin_ns)
{
    struct session *session = swarm_session_edit(swarm_of(import), number);
    session->start_ns = start_ns;
    session->flags |= SESSION_HAS_START;
    swarm_set_origin(swarm_of(import), number, origin_ns, &import->moved);
}

static int64_t number_in(struct json_value value)
{
    double number = json_get_number(value);
    return number > -9e15 && number < 9e15 ? (int64_t)number : 0;
}

static bool identify(struct trace_import *import, session_no session, struct json_value agent)
{
    static const char *const keys[4] = {"agent_id", "parent_agent_id", "name", "description"};
    struct slice texts[4];
    for (size_t i = 0; i < 4; i++) {
        intern_id id = INTERN_NONE;
        if (!intern_in(import, json_get(agent, keys[i]), &id)) {
            return false;
        }
        texts[i] =
            id == INTERN_NONE ? (struct slice){NULL, 0} : swarm_text_slice(swarm_of(import), id);
    }
    struct agent_identity who = {
        .pid = number_in(json_get(agent, "pid")),
        .agent_id = texts[0].bytes,
        .agent_id_len = texts[0].len,
        .parent_id = texts[1].bytes,
        .parent_id_len = texts[1].len,
        .name = texts[2].bytes,
        .name_len = texts[2].len,
        .description = texts[3].bytes,
        .description_len = texts[3].len,
        .main = json_get(agent, "main").type == JSON_TYPE_TRUE,
    };
    return swarm_identify(swarm_of(import), session, &who);
}

/* Returns the document's first session from that number on; NO_SESSION if none follows. They have
   the order in which the document lists them. (Its list may name one id twice: of a resumed
   session.) */
static session_no next_session(const struct trace_import *import, size_t from)
{
    const struct swarm *swarm = swarm_of(import);
    for (size_t i = from; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session != NULL && session->document == import->document) {
            return (session_no)i;
        }
    }
    return NO_SESSION;
}

bool trace_import_is_of_many(const struct trace_import *import)
{
    return import->document != 0 && next_session(import, (size_t)import->session + 1) != NO_SESSION;
}

/* Returns the session to which the document's list assigns the process; the first session if the
   list does not. */
static session_no session_of_process(const struct trace_import *import, int64_t pid)
{
    session_no session = import->session;
    while (session != NO_SESSION && !swarm_has_process(swarm_of(import), session, pid)) {
        session = next_session(import, (size_t)session + 1);
    }
    return session != NO_SESSION ? session : import->session;
}

session_no trace_import_session_of(const struct trace_import *import, struct json_value pid)
{
    bool asks = pid.type == JSON_TYPE_NUMBER && trace_import_is_of_many(import);
    return asks ? session_of_process(import, number_in(pid)) : import->session;
}

/* `agents`: the document lists agents. A document of version 2 may lack "rows" for a trace of
   another producer, which has none. */
static bool apply_session(struct trace_import *import, struct json_value entry, session_no number,
                          int64_t origin_ns, bool agents, bool *moved)
{
    struct session *session;
    int64_t start_ns;
    if (start_in(entry, &start_ns)) {
        set_start(import, number, start_ns, origin_ns);
    }
    session = swarm_session_edit(swarm_of(import), number);
    if (json_string_is(json_get(entry, "rows"), "threads")) {
        swarm_set_threads(swarm_of(import), number);
    } else if (agents && !swarm_set_agents(swarm_of(import), number)) {
        return false;
    }
    if (!intern_in(import, json_get(entry, "id"), &session->id) ||
        !intern_in(import, json_get(entry, "name"), &session->name)) {
        return false;
    }
    for (size_t i = 0; i < SESSION_TEXTS; i++) {
        if (!intern_in(import, json_get(entry, session_text_keys[i]), &session->texts[i])) {
            return false;
        }
    }
    struct json_value cost = json_get(entry, "cost_usd");
    session->cost_usd = cost.type == JSON_TYPE_NUMBER ? json_get_number(cost) : 0;
    struct json_walk walk = json_walk(json_get(entry, "pids"));
    struct json_value pid;
    while (json_next_item(&walk, &pid)) {
        if (!swarm_move_process(swarm_of(import), import->session, number_in(pid), number, moved)) {
            return false;
        }
    }
    return true;
}

/* Returns the time of ts 0 (core/export/document.c): the session's start; of several sessions the
   earliest, in whole milliseconds. */
static int64_t origin_in(struct json_value sessions, int64_t unless)
{
    struct json_walk walk = json_walk(sessions);
    struct json_value entry;
    size_t entries = 0;
    bool any = false;
    int64_t first = unless, start;
    for (; json_next_item(&walk, &entry); entries++) {
        if (start_in(entry, &start) && (!any || start < first)) {
            first = start;
            any = true;
        }
    }
    if (!any || entries < 2) {
        return first;
    }
    int64_t rest = first % 1000000;
    return first - (rest < 0 ? rest + 1000000 : rest);
}

static bool apply_sessions(struct trace_import *import, struct json_value ours, bool *moved)
{
    struct json_value sessions = json_get(ours, "sessions"), first;
    struct json_walk listed = json_walk(json_get(ours, "agents"));
    bool agents = json_next_item(&listed, &first);
    int64_t origin =
        origin_in(sessions, swarm_session_edit(swarm_of(import), import->session)->origin_ns);
    session_no number = import->session; /* the first one has the events */
    struct json_walk walk = json_walk(sessions);
    struct json_value entry;
    while (json_next_item(&walk, &entry)) {
        if ((number == NO_SESSION && !open_session(import, "", 0, &number)) ||
            !apply_session(import, entry, number, origin, agents, moved)) {
            return false;
        }
        number = next_session(import, (size_t)number + 1);
    }
    return true;
}

static bool apply_agents(struct trace_import *import, struct json_value agents)
{
    struct json_walk walk = json_walk(agents);
    struct json_value agent;
    while (json_next_item(&walk, &agent)) {
        struct json_value pid = json_get(agent, "pid");
        if (pid.type == JSON_TYPE_NUMBER &&
            !identify(import, session_of_process(import, number_in(pid)), agent)) {
            return false;
        }
    }
    return true;
}

/* Applies the seed's metadata, which are fewer: pid 1 is the session's main agent. */
static bool apply_seed(struct trace_import *import)
{
    struct session *session = swarm_session_edit(swarm_of(import), import->session);
    struct json_value id = json_get(object_of(&import->metadata), "session_id");
    int64_t start_ns;
    if (time_in(json_get(object_of(&import->metadata), "trace_start_time"), &start_ns)) {
        set_start(import, import->session, start_ns, start_ns);
    }
    struct json_value count = json_get(object_of(&import->metadata), "agent_count");
    session->registrations = count.type == JSON_TYPE_NUMBER ? (uint32_t)number_in(count) : 0;
    if (!intern_in(import, id, &session->id)) {
        return false;
    }
    /* Other producers have a session_id too. The seed counts its agents. */
    if (id.type != JSON_TYPE_STRING || session->registrations == 0) {
        return true;
    }
    if (!swarm_set_agents(swarm_of(import), import->session)) {
        return false;
    }
    struct slice text = swarm_text_slice(swarm_of(import), session->id);
    struct agent_identity who = {
        .pid = 1, .agent_id = text.bytes, .agent_id_len = text.len, .main = true};
    return json_get(object_of(&import->metadata), "swarmtop").type == JSON_TYPE_OBJECT ||
           swarm_identify(swarm_of(import), import->session, &who);
}

/* Applies the start that clang -ftime-trace writes: microseconds since the Unix epoch. */
static void apply_foreign_start(struct trace_import *import)
{
    struct json_value began = json_get(object_of(&import->top), "beginningOfTime");
    double us = began.type == JSON_TYPE_NUMBER ? json_get_number(began) : 0;
    if (us > 0 && us < 9e15) {
        int64_t ns = (int64_t)us * 1000;
        set_start(import, import->session, ns, ns);
    }
}

/* Sets `out` to the members of an object, raw and comma-separated; `others` leaves out those that
   we write ourselves. */
static bool keep_members(struct json_value object, bool others, struct strbuf *out)
{
    struct json_walk walk = json_walk(object);
    struct json_member member;
    strbuf_clear(out);
    while (json_next_member(&walk, &member)) {
        if (!others || !is_ours(member.key)) {
            strbuf_adds(out, out->len > 0 ? "," : "");
            trace_event_put_member(out, member.key, member.value);
        }
    }
    return !out->failed;
}

/* Changes all sessions of the document: their flags, and their clock if `clock_ns` is given. */
static void change_all(struct trace_import *import, uint8_t set, uint8_t clear,
                       const int64_t *clock_ns)
{
    struct swarm *swarm = swarm_of(import);
    session_no number = import->document != 0 ? next_session(import, 0) : NO_SESSION;
    for (; number != NO_SESSION; number = next_session(import, (size_t)number + 1)) {
        struct session *session = swarm_session_edit(swarm, number);
        session->flags = (uint16_t)((session->flags | set) & ~clear);
        session->clock_set_ns = clock_ns != NULL ? *clock_ns : session->clock_set_ns;
    }
    swarm_touch(swarm);
}

bool trace_import_end(struct trace_import *import)
{
    struct swarm *swarm = swarm_of(import);
    uint16_t flags = swarm_session(swarm, import->session)->flags;
    struct json_value ours = json_get(object_of(&import->metadata), "swarmtop");
    bool moved = false;
    import->moved = false;
    apply_foreign_start(import);
    bool good = apply_seed(import) && apply_sessions(import, ours, &moved) &&
                apply_agents(import, json_get(ours, "agents"));
    struct session *session = swarm_session_edit(swarm, import->session);
    good = good && keep_members(object_of(&import->top), false, &session->extra) &&
           keep_members(object_of(&import->metadata), true, &session->metadata_extra);
    moved |= import->moved || swarm_is_late(swarm, import->document);
    moved |= ((session->flags ^ flags) & SESSION_AGENTS) != 0;
    import->counters->ingest->changed = true;
    swarm_touch(swarm);
    if (good && ours.type == JSON_TYPE_OBJECT) {
        bool by_name = !(json_get_number(json_get(ours, "version")) >= 2);
        /* The flag marks sessions whose threads named `NAME · n` are folded back into lanes. */
        good = swarm_commit_moves(swarm, import->document) &&
               swarm_fold_lanes(swarm, import->document, by_name, &moved);
        change_all(import, (uint8_t)(SESSION_FOLDS | (by_name ? SESSION_FOLDS_BY_NAME : 0)), 0,
                   NULL);
    }
    return good && (!moved || swarm_rederive_document(swarm, import->document));
}

void trace_import_set_live(struct trace_import *import, bool live)
{
    int64_t now = ingest_ctx_now(import->counters->ingest);
    change_all(import, live ? 0 : SESSION_FINISHED, live ? SESSION_FINISHED : 0,
               live ? &now : NULL);
}
