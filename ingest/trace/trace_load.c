/* Events go to one session as they are read. What the document says of itself (the seed's `metadata`, and metadata.swarmtop: CLI.md,
   "What is left behind") may stand behind them; at the end it names that session and moves processes to further ones. */
#include "ingest/trace/trace_load.h"

#include "ingest/iso_time.h"

#include <stdlib.h>
#include <string.h>

/* Beyond it, times of the document would not fit the model's. */
static const int64_t max_start_ns = (int64_t)INGEST_TIME_MAX_MS / 3 * 1000000;

void trace_load_init(struct trace_load *load, struct source_counters *counters, const char *where,
                     const char *session_id)
{
    const struct mem *mem = counters->ingest->mem;
    *load = (struct trace_load){
        .counters = counters, .where = where, .session_id = session_id, .session = NO_SESSION};
    strbuf_init(&load->top, mem, 0);
    strbuf_init(&load->metadata, mem, 0);
}

void trace_load_release(struct trace_load *load)
{
    strbuf_release(&load->top);
    strbuf_release(&load->metadata);
}

static struct swarm *swarm_of(const struct trace_load *load)
{
    return load->counters->ingest->swarm;
}

static bool open_session(struct trace_load *load, const char *id, size_t len, session_no *session)
{
    struct session_info info = {
        .id = id,
        .id_len = len,
        .source = load->where,
        .pool = POOL_FILES,
        .document = load->document,
    };
    if (!swarm_open_session(swarm_of(load), &info, session)) {
        return false;
    }
    /* What is read of it is over, until a change shows that it lives (trace_load_flag, trace_load_tick). */
    swarm_session_edit(swarm_of(load), *session)->flags |= SESSION_FINISHED;
    return true;
}

bool trace_load_begin(struct trace_load *load)
{
    if (load->document != 0 && !swarm_drop_document(swarm_of(load), load->document)) {
        return false;
    }
    load->document = swarm_new_document(swarm_of(load));
    load->counters->ingest->changed = true;
    return open_session(load, load->session_id, strlen(load->session_id), &load->session);
}

/* ---- members ---- */

static void add_member(struct strbuf *out, struct json_value key, struct json_value value)
{
    if (out->len > 0) {
        strbuf_addc(out, ',');
    }
    strbuf_add(out, key.raw, key.len);
    strbuf_addc(out, ':');
    strbuf_add(out, value.raw, value.len);
}

bool trace_load_member(struct trace_load *load, struct json_value key, struct json_value value)
{
    if (json_string_is(key, "metadata") && value.type == JSON_TYPE_OBJECT) {
        struct json_walk walk = json_walk(value);
        struct json_member member;
        while (json_next_member(&walk, &member)) {
            add_member(&load->metadata, member.key, member.value);
        }
        return !load->metadata.failed;
    }
    add_member(&load->top, key, value);
    return !load->top.failed;
}

void trace_load_clear_members(struct trace_load *load)
{
    strbuf_clear(&load->top);
    strbuf_clear(&load->metadata);
}

/* Members as they were collected; none are a walk that ends at once. */
static struct json_walk walk_members(const struct strbuf *members)
{
    const char *end = members->len > 0 ? members->data + members->len : members->data;
    return (struct json_walk){members->data, end};
}

static struct json_value member_of(const struct strbuf *members, const char *key)
{
    struct json_walk walk = walk_members(members);
    struct json_value found = {0};
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        found = json_string_is(member.key, key) ? member.value : found;
    }
    return found;
}

bool trace_load_is_another(const struct trace_load *load, struct json_value metadata)
{
    static const char *const keys[] = {"session_id", "trace_start_time"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct json_value was = member_of(&load->metadata, keys[i]);
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

/* ---- who is who ---- */

/* A text decoded; failed or not a string: bytes NULL. The strbuf owns it. */
static struct slice text_in(struct json_value value, struct strbuf *text)
{
    strbuf_clear(text);
    if (value.type != JSON_TYPE_STRING) {
        return (struct slice){NULL, 0};
    }
    json_get_string(value, text);
    strbuf_adds(text, "");
    return (struct slice){text->data != NULL ? text->data : "", text->len};
}

static bool intern_in(struct trace_load *load, struct json_value value, intern_id *out)
{
    struct strbuf text;
    strbuf_init(&text, load->counters->ingest->mem, 0);
    struct slice slice = text_in(value, &text);
    bool good = !text.failed;
    if (good && slice.bytes != NULL) {
        intern_id id = intern_put(swarm_names(swarm_of(load)), slice.bytes, slice.len);
        good = id != INTERN_FAILED;
        *out = good ? id : *out;
    }
    strbuf_release(&text);
    return good;
}

static bool time_in(struct json_value value, int64_t *ns)
{
    return value.type == JSON_TYPE_STRING && value.len > 2 &&
           iso_time_parse(value.raw + 1, value.len - 2, ns);
}

/* The exact start, "start_ns", where it is there; else the ISO one. */
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

static void set_start(struct trace_load *load, session_no number, int64_t start_ns,
                      int64_t origin_ns)
{
    struct session *session = swarm_session_edit(swarm_of(load), number);
    session->start_ns = start_ns;
    session->flags |= SESSION_HAS_START;
    swarm_set_origin(swarm_of(load), number, origin_ns, &load->moved);
}

static int64_t number_in(struct json_value value)
{
    double number = json_get_number(value);
    return number > -9e15 && number < 9e15 ? (int64_t)number : 0;
}

static bool identify(struct trace_load *load, session_no session, struct json_value agent)
{
    struct strbuf texts[4];
    static const char *const keys[4] = {"agent_id", "parent_agent_id", "name", "description"};
    struct slice values[4];
    bool good = true;
    for (size_t i = 0; i < 4; i++) {
        strbuf_init(&texts[i], load->counters->ingest->mem, 0);
        values[i] = text_in(json_get(agent, keys[i]), &texts[i]);
        good = good && !texts[i].failed;
    }
    struct agent_identity who = {
        .pid = number_in(json_get(agent, "pid")),
        .agent_id = values[0].bytes,
        .agent_id_len = values[0].len,
        .parent_id = values[1].bytes,
        .parent_id_len = values[1].len,
        .name = values[2].bytes,
        .name_len = values[2].len,
        .description = values[3].bytes,
        .description_len = values[3].len,
        .main = json_get(agent, "main").type == JSON_TYPE_TRUE,
    };
    good = good && swarm_identify(swarm_of(load), session, &who);
    for (size_t i = 0; i < 4; i++) {
        strbuf_release(&texts[i]);
    }
    return good;
}

/* The n-th session of the document, in the order in which the document lists them; NO_SESSION: not opened yet. (Not by
   their ids: a session that was resumed is there twice.) */
static session_no nth_session(const struct trace_load *load, size_t n)
{
    const struct swarm *swarm = swarm_of(load);
    for (size_t i = load->session; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session != NULL && session->document == load->document && session->pool == POOL_FILES &&
            n-- == 0) {
            return (session_no)i;
        }
    }
    return NO_SESSION;
}

bool trace_load_is_of_many(const struct trace_load *load)
{
    return load->document != 0 && nth_session(load, 1) != NO_SESSION;
}

/* Whose process that is, as the document's list of sessions says; the first session's where it does not. */
static session_no session_of_process(const struct trace_load *load, int64_t pid)
{
    for (size_t n = 0;; n++) {
        session_no session = nth_session(load, n);
        if (session == NO_SESSION) {
            return load->session;
        }
        if (swarm_has_process(swarm_of(load), session, pid)) {
            return session;
        }
    }
}

session_no trace_load_session_of(const struct trace_load *load, struct json_value pid)
{
    bool asks = pid.type == JSON_TYPE_NUMBER && trace_load_is_of_many(load);
    return asks ? session_of_process(load, number_in(pid)) : load->session;
}

static bool apply_session(struct trace_load *load, struct json_value entry, session_no number,
                          int64_t origin_ns, bool *moved)
{
    struct session *session;
    int64_t start_ns;
    if (start_in(entry, &start_ns)) {
        set_start(load, number, start_ns, origin_ns);
    }
    session = swarm_session_edit(swarm_of(load), number);
    if (!swarm_set_agents(swarm_of(load), number) ||
        !intern_in(load, json_get(entry, "id"), &session->id) ||
        !intern_in(load, json_get(entry, "name"), &session->name)) {
        return false;
    }
    struct json_walk walk = json_walk(json_get(entry, "pids"));
    struct json_value pid;
    while (json_next_item(&walk, &pid)) {
        if (!swarm_move_process(swarm_of(load), load->session, number_in(pid), number, moved)) {
            return false;
        }
    }
    return true;
}

/* When ts is 0 (core/export/document.c): a session's own start; of several the earliest, in whole milliseconds. */
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

static bool apply_sessions(struct trace_load *load, struct json_value sessions, bool *moved)
{
    int64_t origin =
        origin_in(sessions, swarm_session_edit(swarm_of(load), load->session)->origin_ns);
    struct json_walk walk = json_walk(sessions);
    struct json_value entry;
    for (size_t n = 0; json_next_item(&walk, &entry); n++) {
        session_no number = nth_session(load, n); /* the first one's is where the events are */
        if (number == NO_SESSION && !open_session(load, "", 0, &number)) {
            return false;
        }
        if (!apply_session(load, entry, number, origin, moved)) {
            return false;
        }
    }
    return true;
}

static bool apply_agents(struct trace_load *load, struct json_value agents)
{
    struct json_walk walk = json_walk(agents);
    struct json_value agent;
    while (json_next_item(&walk, &agent)) {
        struct json_value pid = json_get(agent, "pid");
        if (pid.type == JSON_TYPE_NUMBER &&
            !identify(load, session_of_process(load, number_in(pid)), agent)) {
            return false;
        }
    }
    return true;
}

/* A document of the seed's, which says less: pid 1 is the session's main agent. */
static bool apply_seed(struct trace_load *load)
{
    struct session *session = swarm_session_edit(swarm_of(load), load->session);
    struct json_value id = member_of(&load->metadata, "session_id");
    int64_t start_ns;
    if (time_in(member_of(&load->metadata, "trace_start_time"), &start_ns)) {
        set_start(load, load->session, start_ns, start_ns);
    }
    struct json_value count = member_of(&load->metadata, "agent_count");
    session->registrations = count.type == JSON_TYPE_NUMBER ? (uint32_t)number_in(count) : 0;
    if (id.type != JSON_TYPE_STRING) {
        return true;
    }
    if (!swarm_set_agents(swarm_of(load), load->session) || !intern_in(load, id, &session->id)) {
        return false;
    }
    size_t len;
    const char *text = intern_text(swarm_names(swarm_of(load)), session->id, &len);
    struct agent_identity who = {.pid = 1, .agent_id = text, .agent_id_len = len, .main = true};
    return member_of(&load->metadata, "swarmtop").type == JSON_TYPE_OBJECT ||
           swarm_identify(swarm_of(load), load->session, &who);
}

/* clang -ftime-trace says when it began: microseconds since the Unix epoch. */
static void apply_foreign_start(struct trace_load *load)
{
    struct json_value began = member_of(&load->top, "beginningOfTime");
    double us = began.type == JSON_TYPE_NUMBER ? json_get_number(began) : 0;
    if (us > 0 && us < 9e15) {
        int64_t ns = (int64_t)us * 1000;
        set_start(load, load->session, ns, ns);
    }
}

static bool keep_extras(struct trace_load *load)
{
    struct session *session = swarm_session_edit(swarm_of(load), load->session);
    strbuf_clear(&session->extra);
    strbuf_clear(&session->metadata_extra);
    strbuf_add(&session->extra, load->top.data, load->top.len);
    struct json_walk walk = walk_members(&load->metadata);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (!is_ours(member.key)) {
            add_member(&session->metadata_extra, member.key, member.value);
        }
    }
    return !session->extra.failed && !session->metadata_extra.failed;
}

typedef void session_change(struct session *session, const void *how);

static void change_all(struct trace_load *load, session_change *change, const void *how)
{
    struct swarm *swarm = swarm_of(load);
    for (size_t i = 0; load->document != 0 && i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session != NULL && session->document == load->document) {
            change(swarm_session_edit(swarm, (session_no)i), how);
        }
    }
    swarm_touch(swarm);
}

/* Lanes that the document has as threads of their own are told from the rest of it by this. */
static void set_folds(struct session *session, const void *how)
{
    (void)how;
    session->flags |= SESSION_FOLDS;
}

bool trace_load_end(struct trace_load *load)
{
    struct swarm *swarm = swarm_of(load);
    uint8_t flags = swarm_session(swarm, load->session)->flags;
    struct json_value ours = member_of(&load->metadata, "swarmtop");
    bool moved = false;
    load->moved = false;
    apply_foreign_start(load);
    bool good = apply_seed(load) && apply_sessions(load, json_get(ours, "sessions"), &moved) &&
                apply_agents(load, json_get(ours, "agents")) && keep_extras(load);
    moved |= load->moved;
    moved |= ((swarm_session(swarm, load->session)->flags ^ flags) & SESSION_AGENTS) != 0;
    load->counters->ingest->changed = true;
    swarm_touch(swarm);
    if (good && ours.type == JSON_TYPE_OBJECT) {
        good = swarm_settle_document(swarm, load->document) &&
               swarm_fold_lanes(swarm, load->document, &moved);
        change_all(load, set_folds, NULL);
    }
    return good && (!moved || swarm_rederive_document(swarm, load->document));
}

struct flags {
    uint8_t set, clear;
};

static void change_flags(struct session *session, const void *how)
{
    const struct flags *flags = how;
    session->flags = (uint8_t)((session->flags | flags->set) & ~flags->clear);
}

void trace_load_flag(struct trace_load *load, uint8_t set, uint8_t clear)
{
    const struct flags flags = {set, clear};
    change_all(load, change_flags, &flags);
}

static void set_clock(struct session *session, const void *how)
{
    memcpy(&session->clock_set_ns, how, sizeof session->clock_set_ns);
}

void trace_load_tick(struct trace_load *load)
{
    int64_t now = ingest_ctx_now(load->counters->ingest);
    change_all(load, set_clock, &now);
}
