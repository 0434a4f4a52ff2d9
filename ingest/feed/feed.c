/* A line is checked as a whole, then read, then typed, and only then given to the tracer: what is
   refused has had no effect by then, on the clock neither. What a feed itself remembers is little:
   the sessions that it feeds, so that they can be marked when it goes, and whether it has said its
   token. */
#include "ingest/feed/feed.h"

#include "ingest/event_scan.h"
#include "ingest/feed/feed_ops.h"
#include "ingest/feed/feed_raw.h"
#include "ingest/feed/feed_sessions.h"
#include "ingest/feed/feed_update.h"
#include "ingest/ingest_tap.h"
#include "ingest/trace_event.h"

#include "core/base/json_text.h"
#include "core/base/time_ns.h"

#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

struct feed {
    struct feed_options options;
    struct ingest_ctx *ingest;
    struct lines lines;
    struct feed_values values;
    struct feed_update update; /* reads those fields of updates */
    struct strbuf extra;       /* of raw events */
    struct feed_sessions sessions;
    int64_t local_ns; /* when the bytes that are being read arrived */
    bool authorized, refused;
};

/* The line that is being taken. */
struct line {
    const char *bytes;
    size_t len;
    uint64_t number;
    struct json_value object; /* once it is read */
};

static void take_line(void *ctx, const char *line, size_t len, uint64_t number,
                      enum line_kind kind);

struct feed *feed_new(const struct feed_options *options)
{
    struct ingest_ctx *ingest = options->counters->ingest;
    struct feed *feed = mem_zalloc(ingest->mem, 1, sizeof *feed);
    if (feed == NULL)
        return NULL;
    feed->options = *options;
    feed->ingest = ingest;
    feed->authorized = options->token == NULL;
    lines_init(&feed->lines, ingest->mem, options->max_line_bytes, take_line, feed);
    feed_values_init(&feed->values, ingest->mem);
    feed_update_init(&feed->update, ingest->mem);
    feed_sessions_init(&feed->sessions, ingest, options->source, options->session_id);
    strbuf_init(&feed->extra, ingest->mem, 0);
    return feed;
}

void feed_free(struct feed *feed)
{
    if (feed == NULL)
        return;
    const struct mem *mem = feed->ingest->mem;
    lines_release(&feed->lines);
    feed_values_release(&feed->values);
    feed_update_release(&feed->update);
    strbuf_release(&feed->extra);
    feed_sessions_release(&feed->sessions);
    mem_free(mem, feed, sizeof *feed);
}

/* ---- what is refused ---- */

static void report_reject(struct feed *feed, const struct line *line, enum notice_level level,
                          const char *reason)
{
    struct reject reject = {.where = feed->options.where,
                            .line = line->number,
                            .reason = reason,
                            .bytes = {.bytes = line->bytes, .len = line->len},
                            .level = level};
    source_counters_reject(feed->options.counters, &reject);
}

static void complain_of_json(struct feed *feed, const struct line *line, enum line_kind kind,
                             const struct json_error *error)
{
    struct strbuf reason;
    strbuf_init(&reason, feed->ingest->mem, 0);
    if (kind == LINE_LAST)
        strbuf_adds(&reason, "cut off: ");
    ingest_ctx_json_reason(&reason, line->bytes, line->len, error);
    report_reject(feed, line, NOTICE_WARNING, reason.failed ? "not JSON" : reason.data);
    strbuf_release(&reason);
}

static void report_ignored(struct feed *feed, const struct line *line, const char *op,
                           const char *name, enum feed_type type)
{
    struct strbuf reason;
    strbuf_init(&reason, feed->ingest->mem, 0);
    strbuf_addf(&reason, "%s: %s is not %s, ignored", op, name, feed_type_words(type));
    report_reject(feed, line, NOTICE_DEBUG, reason.failed ? "bad field" : reason.data);
    strbuf_release(&reason);
}

static void report_field(struct feed *feed, const struct line *line, const struct feed_op *op,
                         enum feed_field field)
{
    struct strbuf reason;
    strbuf_init(&reason, feed->ingest->mem, 0);
    const struct feed_field_info *info = &feed_fields[field];
    if (feed_has(&feed->values, field))
        strbuf_addf(&reason, "%s: %s is not %s", op->name, info->name, feed_type_words(info->type));
    else
        strbuf_addf(&reason, "%s: %s is missing", op->name, info->name);
    report_reject(feed, line, NOTICE_WARNING, reason.failed ? "bad field" : reason.data);
    strbuf_release(&reason);
}

static void out_of_memory(struct feed *feed, const struct line *line)
{
    report_reject(feed, line, NOTICE_ERROR, "out of memory, the line is lost");
}

static void refuse(struct feed *feed, const struct line *line, const char *reason)
{
    /* Nothing of a line that may hold a token is shown. */
    struct reject reject = {.where = feed->options.where,
                            .line = line->number,
                            .reason = reason,
                            .level = NOTICE_WARNING};
    source_counters_reject(feed->options.counters, &reject);
    feed->refused = true;
}

/* ---- operations ---- */

static void read_raw(struct feed *feed, const struct line *line, struct slice session_id,
                     struct json_value object);

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
    if (result == TRACER_OK)
        feed->sessions.own = session;
    return result;
}

static enum notice_level level_of(struct slice level)
{
    static const struct {
        const char *name;
        enum notice_level level;
    } levels[] = {{"debug", NOTICE_DEBUG},
                  {"warning", NOTICE_WARNING},
                  {"warn", NOTICE_WARNING},
                  {"error", NOTICE_ERROR}};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (level.len == strlen(levels[i].name) &&
            memcmp(level.bytes, levels[i].name, level.len) == 0)
            return levels[i].level;
    return NOTICE_INFO;
}

static void log_message(struct feed *feed, const struct op_context *context)
{
    struct slice text = feed_text(&feed->values, OP_MESSAGE);
    struct notice notice = {.at_ns = time_ns_from_ms(context->t_ms),
                            .level = level_of(feed_text(&feed->values, OP_LEVEL)),
                            .session = context->session,
                            .text = text.bytes,
                            .len = text.len};
    notice_log_add(feed->ingest->log, &notice);
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
           feed->sessions.own == NO_SESSION;
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
    if (op->special == FEED_HELLO)
        result = hello(feed, context.t_ms);
    else if (!is_of_no_session(feed, op))
        result = feed_sessions_find(&feed->sessions, feed_text(v, OP_SESSION_ID), context.t_ms,
                                    feed->local_ns, op->special == FEED_ENDS, &context.session);
    if (result != TRACER_OK)
        return result;
    if (op->special == FEED_LOG)
        log_message(feed, &context);
    if (context.session != NO_SESSION)
        result = op->apply(feed->ingest->tracer, &context, v);
    if (result != TRACER_NO_MEMORY)
        tap_operation(feed, line, context.t_ms, context.session);
    return result;
}

static void answer_status(struct feed *feed, const struct line *line)
{
    struct strbuf text, answer;
    if (feed->options.reply == NULL || feed->ingest->status == NULL) {
        report_reject(feed, line, NOTICE_WARNING, "status: nobody can be answered here");
        return;
    }
    strbuf_init(&text, feed->ingest->mem, 0);
    strbuf_init(&answer, feed->ingest->mem, 0);
    feed->ingest->status(feed->ingest->ctx, &text);
    strbuf_adds(&answer, "{\"status\":");
    json_put_string(&answer, text.len > 0 ? text.data : "", text.failed ? 0 : text.len);
    strbuf_adds(&answer, "}\n");
    if (!answer.failed)
        feed->options.reply(feed->options.ctx, answer.data, answer.len);
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
        wrong = hook_take(feed->ingest, name, feed->values.raw[OP_PAYLOAD], time_of(feed),
                          feed->local_ns);
    }
    if (wrong != NULL)
        report_reject(feed, line, NOTICE_WARNING, wrong);
    else
        source_counters_accept(feed->options.counters);
}

/* The id of the session that lines without one are about. */
static bool find_own_id(struct feed *feed, struct slice *out)
{
    session_no own;
    struct slice none = {.bytes = NULL};
    bool found = feed_sessions_find(&feed->sessions, none, time_of(feed), feed->local_ns, false,
                                    &own) == TRACER_OK;
    if (found)
        *out = swarm_text_slice(feed->ingest->swarm, swarm_session(feed->ingest->swarm, own)->id);
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
        !ingest_ctx_update(feed->ingest, &update))
        return false;
    for (; ignored != 0; ignored &= ignored - 1) {
        const struct field_row *row = &update_fields[__builtin_ctzll(ignored)];
        report_ignored(feed, line, op->name, row->key, feed_update_type(row->type));
    }
    session_no session = correlator_session(feed->ingest->correlator, update.session_id);
    return session == NO_SESSION || feed_sessions_join(&feed->sessions, session);
}

static void take_update(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    if (feed->ingest->correlator == NULL)
        report_reject(feed, line, NOTICE_WARNING, "updates are not taken here");
    else if (apply_update(feed, line, op))
        source_counters_accept(feed->options.counters);
    else
        out_of_memory(feed, line);
}

static void take_open(struct feed *feed, const struct line *line)
{
    const struct feed_values *v = &feed->values;
    struct feed_opening opening = {.id = feed_text(v, OP_SESSION_ID),
                                   .t_ms = time_of(feed),
                                   .start_ms = feed_number(v, OP_START_MS),
                                   .extra = feed_text(v, OP_EXTRA)};
    session_no session;
    if (feed_sessions_open(&feed->sessions, &opening, &session))
        source_counters_accept(feed->options.counters);
    else
        out_of_memory(feed, line);
}

static void apply_operation(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    switch (apply(feed, line, op)) {
    case TRACER_OK: source_counters_accept(feed->options.counters); break;
    case TRACER_NOT_OPEN: report_reject(feed, line, NOTICE_DEBUG, "nothing of that is open"); break;
    case TRACER_NO_MEMORY: out_of_memory(feed, line); break;
    }
}

static void take_operation(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    uint64_t ignored;
    enum feed_field culprit;
    switch (feed_op_type(op, &feed->values, &ignored, &culprit)) {
    case FEED_NO_MEMORY: out_of_memory(feed, line); return;
    case FEED_WRONG_TYPE: report_field(feed, line, op, culprit); return;
    case FEED_TYPED: break;
    }
    if (op->special == FEED_AUTH)
        return;
    if (op->special == FEED_STATUS) {
        answer_status(feed, line);
        return;
    }
    for (; ignored != 0; ignored &= ignored - 1) {
        const struct feed_field_info *info = &feed_fields[__builtin_ctzll(ignored)];
        report_ignored(feed, line, op->name, info->name, info->type);
    }
    if (op->special == FEED_HOOK)
        take_hook(feed, line);
    else if (op->special == FEED_RAW)
        read_raw(feed, line, feed_text(&feed->values, OP_SESSION_ID), feed->values.raw[OP_EVENT]);
    else if (op->special == FEED_OPEN)
        take_open(feed, line);
    else if (feed_op_update(op) != UPDATE_OPS)
        take_update(feed, line, op);
    else
        apply_operation(feed, line, op);
}

/* ---- raw events ---- */

static void take_raw(struct feed *feed, const struct line *line, struct slice session_id,
                     const struct raw_event *raw, struct slice bytes)
{
    const struct feed_options *options = &feed->options;
    if (options->take_raw != NULL && session_id.bytes == NULL && feed->sessions.own == NO_SESSION) {
        if (options->take_raw(options->ctx, raw))
            source_counters_accept(options->counters);
        else
            out_of_memory(feed, line);
        return;
    }
    switch (feed_raw_append(&feed->sessions, session_id, feed->local_ns, raw, bytes)) {
    case FEED_RAW_OK: source_counters_accept(options->counters); break;
    case FEED_RAW_OUT_OF_RANGE:
        report_reject(feed, line, NOTICE_WARNING, "ts is out of range");
        break;
    case FEED_RAW_NO_MEMORY: out_of_memory(feed, line); break;
    }
}

/* The careful way. */
static void read_raw(struct feed *feed, const struct line *line, struct slice session_id,
                     struct json_value object)
{
    struct raw_event raw;
    const char *wrong = trace_event_read(object, &feed->extra, &raw);
    if (wrong != NULL)
        report_reject(feed, line, NOTICE_WARNING, wrong);
    else
        take_raw(feed, line, session_id, &raw, (struct slice){object.raw, object.len});
}

static bool is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

/* The quick way, for a line that is a raw event and nothing unusual. False: it may be one all the same. */
static bool scan_raw(struct feed *feed, const struct line *line)
{
    struct raw_event raw;
    bool spaced;
    const char *end = line->bytes + line->len;
    if (*line->bytes != '{' || (line->len > 5 && memcmp(line->bytes, "{\"op\"", 5) == 0))
        return false;
    const char *behind = event_scan(line->bytes, end, &feed->extra, &raw, &spaced);
    /* With both `ph` and `op`, `op` wins. */
    if (behind == NULL || !is_blank(behind, (size_t)(end - behind)) ||
        (feed->extra.len > 0 && memmem(feed->extra.data, feed->extra.len, "\"op\"", 4) != NULL))
        return false;
    take_raw(feed, line, (struct slice){.bytes = NULL}, &raw,
             (struct slice){line->bytes, line->len});
    return true;
}

/* ---- lines ---- */

static void take_auth(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    uint64_t ignored;
    enum feed_field culprit;
    if (op == NULL || op->special != FEED_AUTH)
        refuse(feed, line, "refused: the first line has to be an auth operation");
    else if (feed_op_type(op, &feed->values, &ignored, &culprit) != FEED_TYPED)
        refuse(feed, line, "refused: auth has no token");
    else if (!ingest_ctx_same_secret(feed_text(&feed->values, OP_TOKEN), feed->options.token))
        refuse(feed, line, "refused: wrong token");
    else
        feed->authorized = true;
}

/* The operation that the line names; NULL with the reason, or without one where it names none. */
static const struct feed_op *operation_of(struct feed *feed, const char **wrong)
{
    *wrong = NULL;
    if (!feed_has(&feed->values, OP_OP))
        return NULL;
    const struct feed_op *op = NULL;
    switch (feed_values_type(&feed->values, OP_OP)) {
    case FEED_NO_MEMORY: *wrong = "out of memory, the line is lost"; return NULL;
    case FEED_WRONG_TYPE: *wrong = "op is not a string"; return NULL;
    case FEED_TYPED: break;
    }
    struct slice name = feed_text(&feed->values, OP_OP);
    op = feed_op_of(name.bytes, name.len);
    if (op == NULL)
        *wrong = "unknown op";
    return op;
}

static void take_object(struct feed *feed, struct line *line, struct json_value object)
{
    line->object = object;
    if (!feed_values_read(&feed->values, object)) {
        out_of_memory(feed, line);
        return;
    }
    const char *wrong;
    const struct feed_op *op = operation_of(feed, &wrong);
    if (!feed->authorized) {
        take_auth(feed, line, op);
        return;
    }
    if (wrong == NULL && op == NULL && json_get(object, "ph").type == JSON_TYPE_NONE)
        wrong = "neither op nor ph";
    if (wrong != NULL)
        report_reject(feed, line, NOTICE_WARNING, wrong);
    else if (op != NULL)
        take_operation(feed, line, op);
    else
        read_raw(feed, line, (struct slice){.bytes = NULL}, object);
}

static void take_line(void *ctx, const char *bytes, size_t len, uint64_t number,
                      enum line_kind kind)
{
    struct feed *feed = ctx;
    struct line line = {.bytes = bytes, .len = len, .number = number};
    if (feed->refused || is_blank(bytes, len))
        return;
    feed->ingest->changed = true;
    struct json_value value;
    struct json_error error;
    bool whole = kind == LINE_WHOLE || kind == LINE_LAST;
    if (whole && feed->authorized && scan_raw(feed, &line))
        return;
    bool checked = whole && json_check(bytes, len, DEPTH_MAX, &value, &error);
    if (checked && value.type == JSON_TYPE_OBJECT)
        take_object(feed, &line, value);
    else if (!feed->authorized)
        refuse(feed, &line, "refused: the first line has to be an auth operation");
    else if (kind == LINE_TOO_LONG)
        report_reject(feed, &line, NOTICE_WARNING, "longer than a line may be, dropped");
    else if (kind == LINE_LOST)
        out_of_memory(feed, &line);
    else if (!checked)
        complain_of_json(feed, &line, kind, &error);
    else
        report_reject(feed, &line, NOTICE_WARNING, "not an object");
}

bool feed_push(struct feed *feed, const char *bytes, size_t len)
{
    feed->local_ns = ingest_ctx_now(feed->ingest);
    if (!feed->refused)
        lines_push(&feed->lines, bytes, len);
    return !feed->refused;
}

void feed_rest(struct feed *feed, uint8_t flag)
{
    feed_sessions_leave(&feed->sessions, flag);
}

void feed_finish(struct feed *feed, uint8_t flag)
{
    feed->local_ns = ingest_ctx_now(feed->ingest);
    lines_finish(&feed->lines);
    feed_rest(feed, flag);
}
