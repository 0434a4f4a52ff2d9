/* A line is checked as a whole, then read, then typed, and only then applied (feed_apply.c): a line
   that is refused has had no effect, not on the clock either. A feed itself remembers little: the
   sessions that it feeds, to mark them when it goes, and whether its token was right. */
#include "ingest/feed/feed_private.h"
#include "ingest/foreign_format.h"

#include "core/export/feed_line.h"
#include "ingest/event_scan.h"
#include "ingest/json_repair.h"

#include <string.h>

/* A journal has raw events in objects of its own. */
enum { DEPTH_MAX = 64, JOURNAL_DEPTH_MAX = DEPTH_MAX + 1 };

/* So many bytes of FEED_JOURNAL_BEGIN begin no other operation. */
enum { OWN_BYTES = 8 };

static void take_line(void *ctx, const char *line, size_t len, uint64_t number,
                      enum line_kind kind);

struct feed *feed_new(const struct feed_options *options)
{
    struct ingest_ctx *ingest = options->counters->ingest;
    struct feed *feed = mem_zalloc(ingest->mem, 1, sizeof *feed);
    if (feed == NULL) {
        return NULL;
    }
    feed->options = *options;
    feed->ingest = ingest;
    feed->authorized = options->token == NULL;
    lines_init(&feed->lines, ingest->mem, options->max_line_bytes, take_line, feed);
    feed_values_init(&feed->values, ingest->mem);
    feed_update_init(&feed->update, ingest->mem);
    feed_sessions_init(&feed->sessions, ingest, options->source, options->session_id);
    feed->sessions.host = options->host;
    strbuf_init(&feed->extra, ingest->mem, 0);
    return feed;
}

void feed_free(struct feed *feed)
{
    if (feed == NULL) {
        return;
    }
    const struct mem *mem = feed->ingest->mem;
    lines_release(&feed->lines);
    feed_values_release(&feed->values);
    feed_update_release(&feed->update);
    strbuf_release(&feed->extra);
    feed_sessions_release(&feed->sessions);
    mem_free(mem, feed, sizeof *feed);
}

/* ---- what is refused ---- */

void feed_reject(struct feed *feed, const struct line *line, enum log_level level,
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
    if (kind == LINE_LAST) {
        strbuf_adds(&reason, "cut off: ");
    }
    ingest_ctx_json_reason(&reason, line->bytes, line->len, error);
    feed_reject(feed, line, LOG_LEVEL_WARNING, reason.failed ? "not JSON" : reason.data);
    strbuf_release(&reason);
}

void feed_report_ignored(struct feed *feed, const struct line *line, const char *op,
                         const char *name, enum feed_type type)
{
    struct strbuf reason;
    strbuf_init(&reason, feed->ingest->mem, 0);
    strbuf_addf(&reason, "%s: %s is not %s, ignored", op, name, feed_type_words(type));
    feed_reject(feed, line, LOG_LEVEL_DEBUG, reason.failed ? "bad field" : reason.data);
    strbuf_release(&reason);
}

void feed_reject_field(struct feed *feed, const struct line *line, const struct feed_op *op,
                       enum feed_field field)
{
    struct strbuf reason;
    strbuf_init(&reason, feed->ingest->mem, 0);
    const struct feed_field_info *info = &feed_fields[field];
    if (feed_has(&feed->values, field)) {
        strbuf_addf(&reason, "%s: %s is not %s", op->name, info->name, feed_type_words(info->type));
    } else {
        strbuf_addf(&reason, "%s: %s is missing", op->name, info->name);
    }
    feed_reject(feed, line, LOG_LEVEL_WARNING, reason.failed ? "bad field" : reason.data);
    strbuf_release(&reason);
}

void feed_out_of_memory(struct feed *feed, const struct line *line)
{
    feed_reject(feed, line, LOG_LEVEL_ERROR, "out of memory, the line is lost");
}

static void refuse(struct feed *feed, const struct line *line, const char *reason)
{
    /* Nothing of a line that may hold a token is shown. */
    struct reject reject = {.where = feed->options.where,
                            .line = line->number,
                            .reason = reason,
                            .level = LOG_LEVEL_WARNING};
    source_counters_reject(feed->options.counters, &reject);
    feed->refused = true;
}

/* ---- raw events, the quick way ---- */

static bool is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
            return false;
        }
    }
    return true;
}

/* Returns the line without the comma at its end: the lines of a list that lost its brackets. */
static size_t without_comma(const char *line, size_t len)
{
    size_t end = len;
    while (end > 0 && is_blank(line + end - 1, 1)) {
        end--;
    }
    return end > 0 && line[0] == '{' && line[end - 1] == ',' ? end - 1 : len;
}

/* The quick way, for a line that is a raw event and nothing unusual. False: it may be one all
   the same. */
static bool scan_raw(struct feed *feed, const struct line *line)
{
    struct raw_event raw;
    bool spaced;
    const char *end = line->bytes + line->len;
    if (*line->bytes != '{' || (line->len > 5 && memcmp(line->bytes, "{\"op\"", 5) == 0)) {
        return false;
    }
    const char *behind = event_scan(line->bytes, end, &feed->extra, &raw, &spaced);
    /* With both `ph` and `op`, `op` wins. */
    if (behind == NULL || !is_blank(behind, (size_t)(end - behind)) ||
        (feed->extra.len > 0 && memmem(feed->extra.data, feed->extra.len, "\"op\"", 4) != NULL)) {
        return false;
    }
    feed_take_raw(feed, line, (struct slice){.bytes = NULL}, &raw,
                  (struct slice){line->bytes, line->len});
    return true;
}

/* ---- lines ---- */

static void take_auth(struct feed *feed, const struct line *line, const struct feed_op *op)
{
    uint64_t ignored;
    enum feed_field culprit;
    if (op == NULL || op->special != FEED_AUTH) {
        refuse(feed, line, "refused: the first line has to be an auth operation");
    } else if (feed_op_type(op, &feed->values, &ignored, &culprit) != FEED_TYPED) {
        refuse(feed, line, "refused: auth has no token");
    } else if (!ingest_ctx_same_secret(feed_text(&feed->values, OP_TOKEN), feed->options.token)) {
        refuse(feed, line, "refused: wrong token");
    } else {
        feed->authorized = true;
    }
}

/* The operation that the line names; NULL with the reason, or without one where it names none. */
static const struct feed_op *operation_of(struct feed *feed, const char **wrong)
{
    *wrong = NULL;
    if (!feed_has(&feed->values, OP_OP)) {
        return NULL;
    }
    const struct feed_op *op = NULL;
    switch (feed_values_type(&feed->values, OP_OP)) {
    case FEED_NO_MEMORY: *wrong = "out of memory, the line is lost"; return NULL;
    case FEED_WRONG_TYPE: *wrong = "op is not a string"; return NULL;
    case FEED_TYPED: break;
    }
    struct slice name = feed_text(&feed->values, OP_OP);
    op = feed_op_of(name.bytes, name.len);
    if (op == NULL) {
        *wrong = "unknown op";
    }
    return op;
}

static void take_object(struct feed *feed, struct line *line, struct json_value object)
{
    line->object = object;
    if (!feed_values_read(&feed->values, object)) {
        feed_out_of_memory(feed, line);
        return;
    }
    const char *wrong;
    const struct feed_op *op = operation_of(feed, &wrong);
    if (!feed->authorized) {
        take_auth(feed, line, op);
        return;
    }
    if (wrong == NULL && op == NULL && json_get(object, "ph").type == JSON_TYPE_NONE) {
        const char *what = foreign_object(object);
        wrong = what != NULL ? what : "neither op nor ph";
    }
    if (wrong != NULL) {
        feed_reject(feed, line, LOG_LEVEL_WARNING, wrong);
    } else if (op != NULL) {
        feed_take_operation(feed, line, op);
    } else {
        feed_read_raw(feed, line, (struct slice){.bytes = NULL}, object);
    }
}

/* Returns whether a web page or another HTTP client has connected. */
static bool is_http_request(const struct feed *feed, const struct line *line)
{
    static const char version[] = " HTTP/1.";
    const char *at = line->number > 1 || feed->options.reply == NULL
                         ? NULL
                         : memmem(line->bytes, line->len, version, sizeof version - 1);
    return at != NULL && line->bytes[0] >= 'A' && line->bytes[0] <= 'Z';
}

/* Returns whether a kill or a power cut has cut a journal here. */
static bool is_cut_journal(const struct feed *feed, const struct line *line, enum line_kind kind)
{
    const char begin[] = FEED_JOURNAL_BEGIN;
    size_t len = line->len < sizeof begin - 1 ? line->len : sizeof begin - 1;
    bool first = line->number == 1 && len >= OWN_BYTES && memcmp(line->bytes, begin, len) == 0;
    return kind == LINE_LAST && (feed->journal || first);
}

/* Takes a line of a trace that becomes an event by repair. Returns false for any other line. In a
   feed a line that is no JSON is bad. */
static bool take_repaired(struct feed *feed, const struct line *line)
{
    struct strbuf text;
    struct json_value object;
    strbuf_init(&text, feed->ingest->mem, 0);
    bool trace = feed->options.take_raw != NULL && feed_sessions_own(&feed->sessions) == NO_SESSION;
    bool event = trace && *line->bytes == '{' &&
                 json_repair_check(line->bytes, line->len, DEPTH_MAX, &text, &object) &&
                 json_get(object, "ph").type != JSON_TYPE_NONE &&
                 json_get(object, "op").type == JSON_TYPE_NONE;
    if (event) {
        feed_read_raw(feed, line, (struct slice){.bytes = NULL}, object);
    }
    strbuf_release(&text);
    return event;
}

static void take_whole_line(struct feed *feed, const char *bytes, size_t len, uint64_t number,
                            enum line_kind kind)
{
    if (feed->refused || is_blank(bytes, len)) {
        return;
    }
    /* Raw events of a file are a document of their own. */
    len = feed->options.take_raw != NULL ? without_comma(bytes, len) : len;
    struct line line = {.bytes = bytes, .len = len, .number = number};
    feed->ingest->changed = true;
    struct json_value value;
    struct json_error error;
    bool whole = kind == LINE_WHOLE || kind == LINE_LAST;
    if (whole && feed->authorized && scan_raw(feed, &line)) {
        return;
    }
    unsigned depth = feed->journal ? JOURNAL_DEPTH_MAX : DEPTH_MAX;
    bool checked = whole && json_check(bytes, len, depth, &value, &error);
    if (!checked && (is_cut_journal(feed, &line, kind) || (whole && take_repaired(feed, &line)))) {
        return;
    }
    if (!checked && is_http_request(feed, &line)) {
        refuse(feed, &line, "refused: an HTTP request on the feed's port");
    } else if (checked && value.type == JSON_TYPE_OBJECT) {
        take_object(feed, &line, value);
    } else if (!feed->authorized) {
        refuse(feed, &line, "refused: the first line has to be an auth operation");
    } else if (kind == LINE_TOO_LONG) {
        feed_reject(feed, &line, LOG_LEVEL_WARNING, "line too long, dropped");
    } else if (kind == LINE_LOST) {
        feed_out_of_memory(feed, &line);
    } else if (!checked) {
        complain_of_json(feed, &line, kind, &error);
    } else {
        feed_reject(feed, &line, LOG_LEVEL_WARNING, "not an object");
    }
}

static void take_line(void *ctx, const char *bytes, size_t len, uint64_t number,
                      enum line_kind kind)
{
    struct feed *feed = ctx;
    take_whole_line(feed, bytes, len, number, kind);
    if (!feed_sessions_put_host(&feed->sessions)) {
        ingest_ctx_log(feed->ingest, LOG_LEVEL_ERROR, "out of memory: the display is incomplete");
    }
}

bool feed_push(struct feed *feed, const char *bytes, size_t len)
{
    feed->local_ns = ingest_ctx_now(feed->ingest);
    if (!feed->refused) {
        lines_push(&feed->lines, bytes, len);
    }
    return !feed->refused;
}

void feed_end_message(struct feed *feed)
{
    lines_finish(&feed->lines);
    feed->journal = false;
    feed_sessions_reset_own(&feed->sessions);
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
