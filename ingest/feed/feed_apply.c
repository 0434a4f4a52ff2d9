/* Applies a line that is whole: operations are calls of the tracer, updates go to the
   correlator, raw events to the store. Whatever took effect is given to the tap. */
#include "ingest/feed/feed_private.h"

#include "ingest/feed/feed_raw.h"
#include "ingest/ingest_tap.h"
#include "ingest/trace_event.h"

#include "core/base/json_text.h"
#include "core/base/time_ns.h"

#include <math.h>
#include <string.h>

/* ---- raw events ---- */

void feed_take_raw(struct feed *feed, const struct line *line, struct slice session_id,
                   const struct raw_event *raw, struct slice bytes)
{
    const struct feed_options *options = &feed->options;
    if (options->take_raw != NULL && session_id.bytes == NULL &&
        feed_sessions_own(&feed->sessions) == NO_SESSION) {
        if (options->take_raw(options->ctx, raw)) {
            source_counters_accept(options->counters);
        } else {
            feed_out_of_memory(feed, line);
        }
        return;
    }
    if (raw->loose != NULL) {
        feed_reject(feed, line, LOG_LEVEL_WARNING, raw->loose);
        return;
    }
    switch (feed_raw_append(&feed->sessions, session_id, feed->local_ns, raw, bytes)) {
    case FEED_RAW_OK: source_counters_accept(options->counters); break;
    case FEED_RAW_OUT_OF_RANGE:
        feed_reject(feed, line, LOG_LEVEL_WARNING, "ts is out of range");
        break;
    case FEED_RAW_NO_MEMORY: feed_out_of_memory(feed, line); break;
    }
}

/* The careful way. */
void feed_read_raw(struct feed *feed, const struct line *line, struct slice session_id,
                   struct json_value object)
{
    struct raw_event raw;
    const char *wrong = trace_event_read(object, &feed->extra, &raw);
    if (wrong != NULL) {
        feed_reject(feed, line, LOG_LEVEL_WARNING, wrong);
    } else {
        feed_take_raw(feed, line, session_id, &raw, (struct slice){object.raw, object.len});
    }
}

/* ---- operations ---- */

static enum tracer_result hello(struct feed *feed, double t_ms)
{
    const struct feed_values *v = &feed->values;
    struct hello_op op = {.session_id = feed_text(v, OP_SESSION_ID),
                          .name = feed_text(v, OP_NAME),
                          .agent_id = feed_text(v, OP_AGENT_ID),
                          .parent_session_id = feed_text(v, OP_PARENT_SESSION_ID)};
    session_no session;
    enum tracer_result result =
        feed_sessions_hello(&feed->sessions, t_ms, feed->local_ns, &op, &session);
    if (result == TRACER_OK) {
        feed_sessions_set_own(&feed->sessions, session);
    }
    return result;
}

static enum log_level level_of(struct slice level)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {{"debug", LOG_LEVEL_DEBUG},
                  {"warning", LOG_LEVEL_WARNING},
                  {"warn", LOG_LEVEL_WARNING},
                  {"error", LOG_LEVEL_ERROR}};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (level.len == strlen(levels[i].name) &&
            memcmp(level.bytes, levels[i].name, level.len) == 0) {
            return levels[i].level;
        }
    }
    return LOG_LEVEL_INFO;
}

static void log_message(struct feed *feed, const struct op_context *context)
{
    struct slice text = feed_text(&feed->values, OP_MESSAGE);
    const struct swarm *swarm = feed->ingest->swarm;
    struct log_entry entry = {.at_ns = time_ns_from_ms(context->t_ms),
                              .level = level_of(feed_text(&feed->values, OP_LEVEL)),
                              .session = context->session,
                              .serial = swarm_session_serial(swarm, context->session),
                              .text = text.bytes,
                              .len = text.len};
    event_log_add(feed->ingest->log, &entry);
}

static double time_of(const struct feed *feed)
{
    double local_ms = (double)(feed->local_ns / 1000) / 1e3;
    return feed_has(&feed->values, OP_T) ? feed_number(&feed->values, OP_T) : local_ms;
}

/* The operation is kept as it came, with its time and session where it has none. One that found
   nothing open is kept too: it has moved the clock. */
static void tap_operation(struct feed *feed, const struct line *line, double t_ms,
                          session_no session)
{
    bool has_t = feed_has(&feed->values, OP_T);
    bool has_session = feed_has(&feed->values, OP_SESSION_ID);
    ingest_tap_operation(feed->ingest, (struct slice){line->object.raw, line->object.len},
                         has_t ? (double)NAN : t_ms, has_session ? NO_SESSION : session);
}

/* A line of the log needs no session. */
static bool is_of_no_session(const struct feed *feed, const struct feed_op *op)
{
    return op->special == FEED_LOG && !feed_has(&feed->values, OP_SESSION_ID) &&
           feed_sessions_own(&feed->sessions) == NO_SESSION;
}

/* Such an operation opens no session. */
static bool begins_nothing(const struct feed_op *op)
{
    return op->special == FEED_ENDS || op->special == FEED_END_SESSION;
}

static enum tracer_result apply(struct feed *feed, const struct line *line,
                                const struct feed_op *op)
{
    const struct feed_values *v = &feed->values;
    struct op_context context = {.session = NO_SESSION,
                                 .t_ms = time_of(feed),
                                 .local_ns = feed->local_ns,
                                 .agent_id = feed_text(v, OP_AGENT_ID)};
    enum tracer_result result = TRACER_OK;
    if (op->special == FEED_HELLO) {
        result = hello(feed, context.t_ms);
    } else if (!is_of_no_session(feed, op)) {
        result = feed_sessions_find(&feed->sessions, feed_text(v, OP_SESSION_ID), context.t_ms,
                                    feed->local_ns, begins_nothing(op), &context.session);
    }
    /* A reader of the feed may know the session, although it is unknown here. */
    if (result == TRACER_NOT_OPEN && feed_has(v, OP_SESSION_ID)) {
        tap_operation(feed, line, context.t_ms, NO_SESSION);
    }
    if (result != TRACER_OK) {
        return result;
    }
    if (op->special == FEED_LOG) {
        log_message(feed, &context);
    }
    if (op->special == FEED_END_SESSION) {
        result = correlator_end_session(feed->ingest->correlator, &context);
    } else if (context.session != NO_SESSION) {
        result = op->apply(feed->ingest->tracer, &context, v);
    }
    if (result != TRACER_NO_MEMORY) {
        tap_operation(feed, line, context.t_ms, context.session);
    }
    return result;
}

static void answer_status(struct feed *feed, const struct line *line)
{
    struct strbuf text, answer;
    if (feed->options.reply == NULL || feed->ingest->status == NULL) {
        feed_reject(feed, line, LOG_LEVEL_WARNING, "status: nobody can be answered here");
        return;
    }
    strbuf_init(&text, feed->ingest->mem, 0);
    strbuf_init(&answer, feed->ingest->mem, 0);
    feed->ingest->status(feed->ingest->ctx, &text);
    strbuf_adds(&answer, "{\"status\":");
    json_put_string(&answer, text.len > 0 ? text.data : "", text.failed ? 0 : text.len);
    strbuf_adds(&answer, "}\n");
    if (!answer.failed) {
        feed->options.reply(feed->options.ctx, answer.data, answer.len);
    }
    strbuf_release(&text);
    strbuf_release(&answer);
}

/* The payload names its session; that of this connection has no part in it. */
static void take_hook(struct feed *feed, const struct line *line)
{
    struct slice client = feed_text(&feed->values, OP_CLIENT);
    char name[32] = "claude";
    if (client.bytes != NULL && client.len < sizeof name) {
        memcpy(name, client.bytes, client.len);
        name[client.len] = '\0';
    }
    const char *wrong = "hook: unknown client";
    if (client.bytes == NULL || client.len < sizeof name) {
        struct hook_arrival arrival = {.t_ms = time_of(feed), .local_ns = feed->local_ns};
        if (feed_has(&feed->values, OP_PROCESS)) {
            arrival.sender = feed->values.raw[OP_PROCESS];
        }
        wrong = hook_take(feed->ingest, name, feed->values.raw[OP_PAYLOAD], &arrival);
    }
    if (wrong != NULL) {
        feed_reject(feed, line, LOG_LEVEL_WARNING, wrong);
    } else {
        source_counters_accept(feed->options.counters);
    }
}

#define HELLO "{\"op\":\"hello\"}"

/* The id of the session that lines without one are about. */
static bool find_own_id(struct feed *feed, struct slice *out)
{
    session_no own;
    struct slice none = {.bytes = NULL};
    bool opens = feed_sessions_own(&feed->sessions) == NO_SESSION;
    bool found = feed_sessions_find(&feed->sessions, none, time_of(feed), feed->local_ns, false,
                                    &own) == TRACER_OK;
    if (found) {
        *out = swarm_text_slice(feed->ingest->swarm, swarm_session(feed->ingest->swarm, own)->id);
    }
    /* The update itself opens no session at that time. */
    if (found && opens) {
        ingest_tap_operation(feed->ingest, (struct slice){HELLO, sizeof HELLO - 1}, time_of(feed),
                             own);
    }
    return found;
}

/* False: out of memory. */
static bool apply_update(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    const struct feed_values *v = &feed->values;
    double precedence = feed_number(v, OP_PRECEDENCE);
    struct update update = {
        .op = feed_op_update(op),
        .precedence = isnan(precedence) ? PRECEDENCE_FILES : (enum precedence)(int)precedence,
        .t_ms = time_of(feed),
        .local_ns = feed->local_ns,
        .by = feed_text(v, OP_BY),
        .session_id = feed_text(v, OP_SESSION_ID),
        .agent_id = feed_text(v, OP_AGENT_ID),
        .id = feed_text(v, OP_ID),
    };
    uint64_t ignored;
    call_kind_read(feed_text(v, OP_KIND), &update.kind);
    if (!feed_update_read(&feed->update, line->object, &update, &ignored) ||
        (update.session_id.len == 0 && !find_own_id(feed, &update.session_id)) ||
        !ingest_ctx_update(feed->ingest, &update)) {
        return false;
    }
    for (; ignored != 0; ignored &= ignored - 1) {
        const struct field_row *row = &update_fields[__builtin_ctzll(ignored)];
        feed_report_ignored(feed, line, op->name, row->key, feed_update_type(row->type));
    }
    session_no session = correlator_session(feed->ingest->correlator, update.session_id);
    return session == NO_SESSION || feed_sessions_join(&feed->sessions, session);
}

static void take_update(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    if (apply_update(feed, line, op)) {
        source_counters_accept(feed->options.counters);
    } else {
        feed_out_of_memory(feed, line);
    }
}

static void take_open(struct feed *feed, const struct line *line)
{
    const struct feed_values *v = &feed->values;
    struct feed_opening opening = {.id = feed_text(v, OP_SESSION_ID),
                                   .t_ms = time_of(feed),
                                   .start_ms = feed_number(v, OP_START_MS),
                                   .extra = feed_text(v, OP_EXTRA)};
    session_no session;
    if (feed_sessions_open(&feed->sessions, &opening, &session)) {
        source_counters_accept(feed->options.counters);
    } else {
        feed_out_of_memory(feed, line);
    }
}

static void apply_operation(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    switch (apply(feed, line, op)) {
    case TRACER_OK: source_counters_accept(feed->options.counters); break;
    case TRACER_NOT_OPEN:
        feed_reject(feed, line, LOG_LEVEL_DEBUG, "no open span with this id");
        break;
    case TRACER_NO_MEMORY: feed_out_of_memory(feed, line); break;
    }
}

/* A time in another unit would draw a session decades away. NULL: the unit is right. */
static const char *wrong_unit(const struct feed *feed)
{
    double t = feed_has(&feed->values, OP_T) ? json_get_number(feed->values.raw[OP_T]) : 0;
    return t >= 1e9 && t <= 1e11 ? "t is in seconds? (FEED wants milliseconds)"
           : t > 1e14            ? "t is in microseconds or nanoseconds?"
                                 : NULL;
}

static void take_journal(struct feed *feed, const struct line *line)
{
    feed->journal = true;
    if (feed->options.cut != NULL && json_get(line->object, "cut").type == JSON_TYPE_TRUE) {
        feed->options.cut(feed->options.ctx, json_get_number(json_get(line->object, "events")),
                          json_get_number(json_get(line->object, "dropped")));
    }
}

void feed_take_operation(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    uint64_t ignored;
    enum feed_field culprit;
    const char *unit = wrong_unit(feed);
    if (unit != NULL) {
        feed_reject(feed, line, LOG_LEVEL_WARNING, unit);
        return;
    }
    switch (feed_op_type(op, &feed->values, &ignored, &culprit)) {
    case FEED_NO_MEMORY: feed_out_of_memory(feed, line); return;
    case FEED_WRONG_TYPE: feed_reject_field(feed, line, op, culprit); return;
    case FEED_TYPED: break;
    }
    if (op->special == FEED_AUTH) {
        return;
    }
    if (op->special == FEED_JOURNAL) {
        take_journal(feed, line);
        return;
    }
    if (op->special == FEED_STATUS) {
        answer_status(feed, line);
        return;
    }
    for (; ignored != 0; ignored &= ignored - 1) {
        const struct feed_field_info *info = &feed_fields[__builtin_ctzll(ignored)];
        feed_report_ignored(feed, line, op->name, info->name, info->type);
    }
    if (op->special == FEED_HOOK) {
        take_hook(feed, line);
    } else if (op->special == FEED_RAW) {
        feed_read_raw(feed, line, feed_text(&feed->values, OP_SESSION_ID),
                      feed->values.raw[OP_EVENT]);
    } else if (op->special == FEED_OPEN) {
        take_open(feed, line);
    } else if (feed_op_update(op) != UPDATE_OPS) {
        take_update(feed, line, op);
    } else {
        apply_operation(feed, line, op);
    }
}
