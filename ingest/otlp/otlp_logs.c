/* Logs, by a table of the events that matter. They repeat what spans report, but some come earlier
   (a tool's decision is its begin), and Codex reports its calls by nothing else.

   A log knows the time of its end and a duration, so its times have less precedence than a span's.
   Logs are delivered at least once, without an id. A call without an id of its own gets one from a
   hash of the record. */
#include "ingest/otlp/otlp_log.h"

#include "ingest/hook_client.h"
#include "ingest/otlp/otlp_args.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- shared ---- */

static void put_args(struct otlp_log_event *e, enum otlp_kind kind, struct update *update)
{
    struct otlp_reader *reader = e->reader;
    strbuf_clear(&reader->args);
    update_number(
        update, FIELD_INPUT_HASH,
        otlp_args(&e->item, &e->log->attributes, kind, reader->ingest->content, &reader->args));
    reader->failed |= reader->args.failed;
    update_text(update, FIELD_ARGS,
                (struct slice){reader->args.data, reader->args.failed ? 0 : reader->args.len});
}

static void put_times(const struct otlp_log_event *e, struct update *update)
{
    update_number(update, FIELD_START_MS, e->item.start_ms);
    update_number(update, FIELD_END_MS, e->item.end_ms);
}

/* ---- interactions that only logs report ---- */

/* No span reports the end of an interaction where only logs are exported: it has lasted until the
   last answer or result of its prompt. Logs lie in spans where these are exported too. */
static void extend_claude_prompt(const struct otlp_log_event *e)
{
    struct slice prompt = otlp_found_text(e->item.found, MEANS_PROMPT_ID);
    struct correlator *correlator = e->reader->ingest->correlator;
    if (e->item.producer != OTLP_CLAUDE || prompt.bytes == NULL || e->node != OTLP_NO_NODE ||
        otlp_found_text(e->item.found, MEANS_AGENT_ID).bytes != NULL ||
        correlator_has_source(correlator, e->session, PRECEDENCE_FILES) ||
        correlator_has_source(correlator, e->session, PRECEDENCE_HOOKS)) {
        return;
    }
    struct update update = otlp_log_update(e, UPDATE_CALL, PRECEDENCE_INFERRED);
    update.kind = CALL_INTERACTION;
    update.id = prompt;
    update_number(&update, FIELD_END_MS, e->item.end_ms);
    otlp_send(e->reader, &update);
}

/* ---- requests ---- */

/* Sends the figures of a request, and its times with the precedence given. */
void otlp_log_request(struct otlp_log_event *e, struct slice id, enum precedence times)
{
    /* The files of Claude Code report more about a request that failed. */
    bool failed = otlp_found_text(e->item.found, MEANS_ERROR).bytes != NULL, bad = false;
    struct update update = otlp_log_update(
        e, UPDATE_CALL,
        e->item.producer == OTLP_CLAUDE && failed ? PRECEDENCE_INFERRED : PRECEDENCE_TELEMETRY);
    update.kind = CALL_REQUEST;
    update.id = id;
    update_text(&update, FIELD_MODEL, otlp_found_text(e->item.found, MEANS_MODEL));
    update_text(&update, FIELD_QUERY_SOURCE, otlp_found_text(e->item.found, MEANS_QUERY_SOURCE));
    otlp_figures_tokens(&e->item, &update);
    struct otlp_item item = e->item;
    item.start_ms = (double)NAN; /* the duration of the last attempt is no bound */
    update_number(&update, FIELD_TTFT_MS, otlp_figures_ttft(&item, &bad));
    otlp_count_ttft(e->reader, bad);
    otlp_put_outcome(e->reader, &e->item, false, &update);
    put_args(e, OTLP_REQUEST, &update);
    if (times == update.precedence) { /* one update has what joins it with the report of files */
        put_times(e, &update);
        otlp_send(e->reader, &update);
        return;
    }
    otlp_send(e->reader, &update);
    update = otlp_log_update(e, UPDATE_CALL, times);
    update.kind = CALL_REQUEST;
    update.id = id;
    put_times(e, &update);
    otlp_send(e->reader, &update);
}

/* Claude Code names a request by the API's id, Gemini and Qwen by the span around it. */
static void take_response(struct otlp_log_event *e)
{
    struct slice id = otlp_found_text(e->item.found, MEANS_REQUEST_ID);
    char room[OTLP_ID_TEXT], pair_room[CALL_PAIR_ID];
    if (e->item.producer == OTLP_GEMINI) {
        id = otlp_pair_of(e->reader, &e->item, false, e->session, otlp_hash_id(e->hash, room),
                          (struct slice){NULL, 0}, pair_room);
    } else if (e->item.producer != OTLP_CLAUDE) {
        id = e->call;
    } else if (id.bytes != NULL) { /* some gateways give every answer the same */
        uint64_t hash = otlp_hash(otlp_hash(5, e->session), id);
        struct slice record = {(const char *)&e->hash, sizeof e->hash};
        bool own = otlp_is_noted(e->reader, otlp_hash(hash, record));
        if (own || otlp_is_new(e->reader, hash)) {
            (void)otlp_is_new(e->reader, otlp_hash(hash, record));
        } else {
            id = (struct slice){NULL, 0};
        }
    }
    /* Claude's files share an id with a log. For others one update has what joins the two. */
    otlp_log_request(e, id.bytes != NULL ? id : otlp_hash_id(e->hash, room),
                     e->item.producer == OTLP_CLAUDE ? PRECEDENCE_INFERRED : PRECEDENCE_TELEMETRY);
    extend_claude_prompt(e);
}

/* A request that failed for good. Its span reports it too, where there is one, and without an id
   nothing would join the two. */
static void take_api_error(struct otlp_log_event *e)
{
    struct slice id = otlp_found_text(e->item.found, MEANS_REQUEST_ID);
    struct slice error = otlp_found_text(e->item.found, MEANS_ERROR);
    extend_claude_prompt(e);
    if (e->item.producer != OTLP_CLAUDE) {
        id = e->call;
    }
    if (id.bytes != NULL) {
        otlp_log_request(e, id, PRECEDENCE_INFERRED);
        return;
    }
    strbuf_clear(&e->reader->scratch);
    strbuf_adds(&e->reader->scratch, "request failed: ");
    ingest_ctx_quote(&e->reader->scratch, error.bytes == NULL ? "" : error.bytes, error.len);
    if (!e->reader->scratch.failed) {
        ingest_ctx_log(e->reader->ingest, LOG_LEVEL_WARNING, e->reader->scratch.data);
    }
}

/* Notes the agent of the request's span. Until the span around it comes, it is that one's too. */
static void note_row(struct otlp_log_event *e, struct slice agent)
{
    if (e->node == OTLP_NO_NODE || agent.len == 0) {
        return;
    }
    intern_id id = intern_put(swarm_names(e->reader->ingest->swarm), agent.bytes, agent.len);
    e->reader->failed |= id == INTERN_FAILED;
    e->reader->tree.nodes[e->node].agent = id == INTERN_FAILED ? INTERN_NONE : id;
}

/* A request begins: the log lies in its span. */
static void take_qwen_request(struct otlp_log_event *e)
{
    struct update update = otlp_log_update(e, UPDATE_CALL, PRECEDENCE_INFERRED);
    if (e->call.bytes == NULL) {
        return;
    }
    otlp_send_agent(e->reader, e->session, update.agent_id,
                    otlp_found_text(e->item.found, MEANS_AGENT_NAME), (struct slice){NULL, 0});
    note_row(e, update.agent_id);
    update.kind = CALL_REQUEST;
    update.id = e->call;
    update_number(&update, FIELD_START_MS, e->item.end_ms);
    update_text(&update, FIELD_MODEL, otlp_found_text(e->item.found, MEANS_MODEL));
    otlp_send(e->reader, &update);
}

/* A turn begins, in a span that no log names. */
static void take_qwen_prompt(struct otlp_log_event *e)
{
    struct update update = otlp_log_update(e, UPDATE_SESSION, PRECEDENCE_TELEMETRY);
    update_number(&update, FIELD_START_MS, e->item.end_ms);
    otlp_send(e->reader, &update);
}

/* ---- tools ---- */

static struct slice tool_id(struct otlp_log_event *e)
{
    if (e->item.producer == OTLP_GEMINI) { /* its span is that of a group of calls */
        struct slice own = otlp_hash_id(e->hash, e->hash_room);
        struct slice pair =
            otlp_pair_of(e->reader, &e->item, true, e->session, own, e->call, e->pair_room);
        return pair.bytes != NULL ? pair : own;
    }
    struct slice id = otlp_found_text(e->item.found, MEANS_TOOL_CALL_ID);
    return id.bytes != NULL ? id : e->call;
}

static bool is_refusal(struct slice decision)
{
    return slice_begins(decision, "reject") || slice_begins(decision, "denied") ||
           slice_begins(decision, "abort");
}

static struct update tool_update(const struct otlp_log_event *e, struct slice id,
                                 enum precedence precedence)
{
    struct update update = otlp_log_update(e, UPDATE_CALL, precedence);
    update.kind = CALL_TOOL;
    update.id = id;
    return update;
}

/* Codex reports its calls by nothing but logs. */
static enum precedence precedence_of_times(const struct otlp_log_event *e)
{
    return e->item.producer == OTLP_CODEX ? PRECEDENCE_TELEMETRY : PRECEDENCE_INFERRED;
}

/* Ends the wait that hooks have reported for the call. */
static void note_answer(struct otlp_log_event *e, struct slice id, bool refused)
{
    struct slice decision = refused ? (struct slice){"reject", 6} : (struct slice){"accept", 6};
    struct hook_answer answer = {e->session, id, decision, e->item.end_ms};
    const char *client = e->item.producer == OTLP_CODEX ? "codex" : "claude";
    e->reader->failed |= !hook_note_answer(e->reader->ingest, client, &answer);
}

/* Somebody decided: the tool begins, and a person's wait is over. */
static void take_tool_decision(struct otlp_log_event *e)
{
    struct slice id = tool_id(e), decision = otlp_found_text(e->item.found, MEANS_DECISION);
    if (id.bytes == NULL) {
        return;
    }
    struct update update = tool_update(e, id, precedence_of_times(e));
    update_text(&update, FIELD_NAME, otlp_found_text(e->item.found, MEANS_TOOL_NAME));
    update_number(&update, FIELD_START_MS, e->item.end_ms);
    bool refused = is_refusal(decision);
    note_answer(e, id, refused);
    if (refused) {
        update_number(&update, FIELD_END_MS, e->item.end_ms);
        update_number(&update, FIELD_OUTCOME, OUTCOME_REFUSED);
    }
    if (e->node != OTLP_NO_NODE) {
        otlp_note_decision(e->reader, e->node, id, &update);
    }
    otlp_send(e->reader, &update);
}

static void take_tool_result(struct otlp_log_event *e)
{
    struct slice id = tool_id(e);
    if (id.bytes == NULL) {
        return;
    }
    struct update update = tool_update(e, id, PRECEDENCE_INFERRED);
    update_number(&update, FIELD_START_MS, e->item.start_ms);
    otlp_send(e->reader, &update);
    update = tool_update(e, id, precedence_of_times(e));
    update_number(&update, FIELD_END_MS, e->item.end_ms);
    if (slice_begins(id, CALL_PAIRS_LOG)) { /* one update has what joins it with that of files */
        update_text(&update, FIELD_NAME, otlp_found_text(e->item.found, MEANS_TOOL_NAME));
        put_args(e, OTLP_TOOL, &update);
    }
    otlp_send(e->reader, &update);
    update = tool_update(e, id, PRECEDENCE_TELEMETRY);
    update_text(&update, FIELD_NAME, otlp_found_text(e->item.found, MEANS_TOOL_NAME));
    otlp_put_outcome(e->reader, &e->item, true, &update);
    otlp_codex_outcome(e, &update);
    put_args(e, OTLP_TOOL, &update);
    otlp_send(e->reader, &update);
    otlp_take_child(e->reader, &e->log->attributes, e->item.producer,
                    otlp_found_text(e->item.found, MEANS_TOOL_NAME), &update);
    extend_claude_prompt(e);
}

/* ---- retries ---- */

/* An attempt failed, and another follows: the log lies in the request's span. */
static void take_retry(struct otlp_log_event *e)
{
    struct update update = otlp_log_update(e, UPDATE_CALL, PRECEDENCE_TELEMETRY);
    if (e->call.bytes == NULL || isnan(e->item.end_ms)) {
        return;
    }
    update.kind = CALL_REQUEST;
    update.id = e->call;
    update.values[FIELD_RETRY].retry =
        (struct retry){.attempt = otlp_found_number(e->item.found, MEANS_ATTEMPT),
                       .max_attempts = (double)NAN,
                       .in_ms = otlp_found_number(e->item.found, MEANS_RETRY_DELAY),
                       .at_ms = e->item.end_ms,
                       .error = otlp_found_text(e->item.found, MEANS_ERROR)};
    if (update.values[FIELD_RETRY].retry.attempt > 0) {
        update.present |= (uint64_t)1 << FIELD_RETRY;
        otlp_send(e->reader, &update);
    }
}

/* ---- interactions and agents ---- */

/* The prompt's id is that of files and hooks; the log lies in the interaction's span. */
static void take_claude_prompt(struct otlp_log_event *e)
{
    struct slice prompt = otlp_found_text(e->item.found, MEANS_PROMPT_ID);
    struct update update = otlp_log_update(e, UPDATE_CALL, PRECEDENCE_INFERRED);
    update.kind = CALL_INTERACTION;
    update.id = e->call.bytes != NULL ? e->call : prompt;
    if (update.id.bytes == NULL) {
        return;
    }
    if (e->call.bytes != NULL) {
        update_text(&update, FIELD_ALIAS, prompt);
    }
    update_number(&update, FIELD_START_MS, e->item.end_ms);
    update_number(&update, FIELD_PROMPT_LENGTH,
                  otlp_found_number(e->item.found, MEANS_PROMPT_LENGTH));
    otlp_send(e->reader, &update);
}

static void take_agent_end(struct otlp_log_event *e)
{
    const struct otlp_value *type = otlp_attribute(&e->log->attributes, "agent_type");
    struct update update = otlp_log_update(e, UPDATE_AGENT, PRECEDENCE_TELEMETRY);
    if (update.agent_id.bytes == NULL) {
        return;
    }
    if (type != NULL) {
        update_text(&update, FIELD_TYPE, otlp_value_text(type));
    }
    update_number(&update, FIELD_END_MS, e->item.end_ms);
    otlp_send(e->reader, &update);
}

/* A sub-agent of Gemini begins or ends: the log lies in its run's span, and knows its name. */
static void take_gemini_agent(struct otlp_log_event *e)
{
    struct slice agent = otlp_found_text(e->item.found, MEANS_AGENT_ID);
    struct slice name = otlp_found_text(e->item.found, MEANS_AGENT_NAME);
    otlp_send_agent(e->reader, e->session, agent, name, (struct slice){NULL, 0});
    if (e->node != OTLP_NO_NODE) {
        otlp_own_agent(e->reader, e->node, e->session, agent);
        otlp_name_agent(e->reader, e->node, e->session, name);
    }
}

/* ---- the table ---- */

static const struct {
    const char *name; /* without the producer's prefix */
    enum otlp_producer producer;
    void (*take)(struct otlp_log_event *e);
} rows[] = {
    {"user_prompt", OTLP_CLAUDE, take_claude_prompt},
    {"api_request", OTLP_CLAUDE, take_response},
    {"api_error", OTLP_CLAUDE, take_api_error},
    {"tool_decision", OTLP_CLAUDE, take_tool_decision},
    {"tool_result", OTLP_CLAUDE, take_tool_result},
    {"subagent_completed", OTLP_CLAUDE, take_agent_end},
    {"user_prompt", OTLP_CODEX, otlp_codex_prompt},
    {"api_request", OTLP_CODEX, otlp_codex_request},
    {"websocket_request", OTLP_CODEX, otlp_codex_request},
    {"sse_event", OTLP_CODEX, otlp_codex_event},
    {"websocket_event", OTLP_CODEX, otlp_codex_event},
    {"tool_decision", OTLP_CODEX, take_tool_decision},
    {"tool_result", OTLP_CODEX, take_tool_result},
    {"agent.start", OTLP_GEMINI, take_gemini_agent},
    {"agent.finish", OTLP_GEMINI, take_gemini_agent},
    {"api_response", OTLP_GEMINI, take_response},
    {"api_error", OTLP_GEMINI, take_api_error},
    {"chat.content_retry", OTLP_GEMINI, take_retry},
    {"tool_call", OTLP_GEMINI, take_tool_result},
    {"user_prompt", OTLP_QWEN, take_qwen_prompt},
    {"api_request", OTLP_QWEN, take_qwen_request},
    {"api_retry", OTLP_QWEN, take_retry},
    {"chat.content_retry", OTLP_QWEN, take_retry},
    {"api_response", OTLP_QWEN, take_response},
    {"api_error", OTLP_QWEN, take_api_error},
    {"tool_call", OTLP_QWEN, take_tool_result},
};

/* Returns the event's name without its producer's prefix. */
static struct slice event_name(const struct otlp_log *log, const struct otlp_found *found)
{
    static const char *const prefixes[] = {"claude_code.", "codex.", "gemini_cli.", "qwen-code."};
    struct slice name = otlp_found_text(found, MEANS_EVENT_NAME);
    name = name.bytes != NULL ? name : log->name;
    name = name.bytes != NULL && name.len > 0 ? name : otlp_value_text(&log->body);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t len = strlen(prefixes[i]);
        if (slice_begins(name, prefixes[i])) {
            return (struct slice){name.bytes + len, name.len - len};
        }
    }
    return name;
}

/* Hashes what makes a record the same when it is sent again. */
static uint64_t log_hash(const struct otlp_log *log)
{
    const uint64_t times[2] = {log->time_ns, log->observed_ns};
    uint64_t hash = otlp_hash(7, (struct slice){(const char *)times, sizeof times});
    hash = otlp_hash(hash, (struct slice){(const char *)&log->span, sizeof log->span});
    hash = otlp_value_hash(otlp_hash(hash, log->name), &log->body);
    for (size_t i = 0; i < log->attributes.count; i++) {
        hash = otlp_hash(hash, log->attributes.items[i].key);
        hash = otlp_value_hash(hash, &log->attributes.items[i].value);
    }
    return hash == 0 ? 1 : hash;
}

static bool has_id(const struct otlp_id *id)
{
    static const struct otlp_id none;
    return memcmp(id->span, none.span, sizeof id->span) != 0 &&
           memcmp(id->trace, none.trace, sizeof id->trace) != 0;
}

static uint64_t log_ns(const struct otlp_log *log)
{
    return log->time_ns != 0 ? log->time_ns : log->observed_ns;
}

/* Returns the time of the log in ms; NAN: unknown. */
static double log_ms(const struct otlp_log *log)
{
    uint64_t ns = log_ns(log);
    return ns == 0 ? (double)NAN : (double)ns / 1e6;
}

static void take(struct otlp_reader *reader, const struct otlp_log *log,
                 void (*taker)(struct otlp_log_event *e))
{
    double end_ms = log_ms(log);
    double took_ms = otlp_found_number(&reader->found, MEANS_DURATION);
    struct otlp_log_event e = {
        .reader = reader,
        .log = log,
        .item = {.producer = reader->producer,
                 .scope = log->scope,
                 .found = &reader->found,
                 .start_ms = took_ms >= 0 ? end_ms - took_ms : (double)NAN,
                 .end_ms = end_ms},
        .hash = log_hash(log),
    };
    if (!otlp_is_new(reader, e.hash)) {
        return;
    }
    uint32_t node = OTLP_NO_NODE;
    if (has_id(&log->span)) {
        node = otlp_tree_put(&reader->tree, &log->span);
        e.call = otlp_call_id(&log->span, e.id_room);
    }
    if (node != OTLP_NO_NODE) {
        otlp_note_arrival(reader, node);
        otlp_note_session(reader, &reader->found, node, false);
        otlp_settle_trace(reader, otlp_tree_trace(&reader->tree, node));
    }
    e.node = node;
    e.session = otlp_session_of(reader, &reader->found, node);
    taker(&e);
    if (reader->failed) { /* the sender will try again */
        otlp_forget(reader, e.hash);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct otlp_log *x = *(const struct otlp_log *const *)a;
    const struct otlp_log *y = *(const struct otlp_log *const *)b;
    return log_ns(x) < log_ns(y) ? -1 : log_ns(x) > log_ns(y) ? 1 : x < y ? -1 : x > y;
}

static void take_log(struct otlp_reader *reader, const struct otlp_log *log)
{
    otlp_enter_scope(reader, log->scope);
    if (reader->producer == OTLP_ANY || reader->producer == OTLP_STRANDS) {
        return;
    }
    otlp_found_fill(&reader->found, &reader->names, &log->attributes);
    struct slice name = event_name(log, &reader->found);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].producer == reader->producer && slice_is(name, rows[i].name)) {
            take(reader, log, rows[i].take);
            return;
        }
    }
}

void otlp_take_logs(struct otlp_reader *reader, const struct otlp_batch *batch)
{
    size_t count = batch->log_count;
    if (count == 0) {
        return;
    }
    const struct otlp_log **logs = mem_alloc(reader->ingest->mem, count * sizeof *logs);
    if (logs == NULL) {
        reader->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        logs[i] = &batch->logs[i];
    }
    qsort(logs, count, sizeof *logs, by_time);
    for (size_t i = 0; i < count && !reader->failed; i++) {
        take_log(reader, logs[i]);
    }
    mem_free(reader->ingest->mem, logs, count * sizeof *logs);
}
