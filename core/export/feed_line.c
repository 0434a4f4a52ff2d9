/* Fields are printed from the table that the feed's reader has too (core/model/update.h),
   numbers with the digits that read back as the same double. Members that are added to an
   operation follow its own, because a reader takes the last of a name. */
#include "core/export/feed_line.h"

#include "core/base/json_text.h"

static void put_key(struct strbuf *out, const char *key)
{
    strbuf_addf(out, ",\"%s\":", key);
}

static void put_text(struct strbuf *out, const char *key, struct slice text)
{
    if (text.len > 0) {
        put_key(out, key);
        json_put_string(out, text.bytes, text.len);
    }
}

static void put_number(struct strbuf *out, const char *key, double number)
{
    if (!isnan(number)) {
        put_key(out, key);
        json_put_number(out, number);
    }
}

/* White space between tokens may hold line ends, and nothing else in JSON text may. */
static void put_on_a_line(struct strbuf *out, struct slice json)
{
    size_t at = out->len;
    bool plain =
        memchr(json.bytes, '\n', json.len) == NULL && memchr(json.bytes, '\r', json.len) == NULL;
    strbuf_add(out, json.bytes, json.len);
    for (; !plain && !out->failed && at < out->len; at++) {
        if (out->data[at] == '\n' || out->data[at] == '\r') {
            out->data[at] = ' ';
        }
    }
}

static void begin(struct strbuf *out, const char *op, double t_ms, struct slice session_id)
{
    strbuf_addf(out, "{\"op\":\"%s\"", op);
    put_number(out, "t", t_ms);
    if (session_id.bytes != NULL) {
        put_key(out, "session_id");
        json_put_string(out, session_id.bytes, session_id.len);
    }
}

static void end(struct strbuf *out)
{
    strbuf_adds(out, "}\n");
}

/* ---- updates ---- */

static void put_times(struct strbuf *out, const double *ms, size_t count)
{
    strbuf_addc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            strbuf_addc(out, ',');
        }
        json_put_number(out, ms[i]);
    }
    strbuf_addc(out, ']');
}

static void put_retry(struct strbuf *out, const struct retry *retry)
{
    size_t from = out->len;
    strbuf_addc(out, '{');
    put_number(out, "attempt", retry->attempt);
    put_number(out, "max_attempts", retry->max_attempts);
    put_number(out, "in_ms", retry->in_ms);
    put_number(out, "at_ms", retry->at_ms);
    put_text(out, "error", retry->error);
    if (!out->failed && out->len > from + 1) {
        memmove(out->data + from + 1, out->data + from + 2, out->len - from - 2);
        out->len--;
    }
    strbuf_addc(out, '}');
}

static void put_value(struct strbuf *out, enum field_type type, const union update_value *value)
{
    switch (type) {
    case TYPE_NUMBER:
    case TYPE_TIME: json_put_number(out, value->number); break;
    case TYPE_BOOL: json_put_bool(out, value->number > TRI_FALSE); break;
    case TYPE_OUTCOME: json_put_cstr(out, outcome_word((enum outcome)(int)value->number)); break;
    case TYPE_TEXT: json_put_string(out, value->text.bytes, value->text.len); break;
    case TYPE_OBJECT: put_on_a_line(out, value->text); break;
    case TYPE_TIMES: put_times(out, value->times.ms, value->times.count); break;
    case TYPE_RETRY: put_retry(out, &value->retry); break;
    }
}

void feed_line_update(const struct update *update, struct strbuf *out)
{
    static const char *const ops[UPDATE_OPS] = {
        [UPDATE_SESSION] = "update_session",
        [UPDATE_AGENT] = "update_agent",
        [UPDATE_CALL] = "update_call",
    };
    begin(out, ops[update->op], update->t_ms, update->session_id);
    /* update_agent must name its agent: the session's id is the main one's. */
    bool is_main = update->op == UPDATE_AGENT && update->agent_id.len == 0;
    put_text(out, "agent_id", is_main ? update->session_id : update->agent_id);
    if (update->op == UPDATE_CALL) {
        put_text(
            out, "kind",
            (struct slice){call_kind_word(update->kind), strlen(call_kind_word(update->kind))});
        put_text(out, "id", update->id);
    }
    put_text(out, "by", update->by);
    if (update->precedence != PRECEDENCE_FILES) {
        put_number(out, "precedence", update->precedence);
    }
    for (uint64_t left = update->present; left != 0; left &= left - 1) {
        int field = __builtin_ctzll(left);
        put_key(out, update_fields[field].key);
        put_value(out, update_fields[field].type, &update->values[field]);
    }
    end(out);
}

/* ---- other lines ---- */

void feed_line_raw(double t_ms, struct slice session_id, struct slice event, struct strbuf *out)
{
    begin(out, "raw", t_ms, session_id);
    put_key(out, "event");
    put_on_a_line(out, event);
    end(out);
}

void feed_line_open(double t_ms, struct slice session_id, double start_ms, struct slice extra,
                    struct strbuf *out)
{
    begin(out, "open", t_ms, session_id);
    put_number(out, "start_ms", start_ms);
    if (extra.bytes != NULL) {
        put_key(out, "extra");
        put_on_a_line(out, extra);
    }
    end(out);
}

void feed_line_log(double t_ms, struct slice session_id, const char *level, struct slice message,
                   struct strbuf *out)
{
    begin(out, "log", t_ms, session_id);
    put_key(out, "level");
    json_put_cstr(out, level);
    put_key(out, "message");
    json_put_string(out, message.bytes, message.len);
    end(out);
}

void feed_line_journal_begin(double t_ms, size_t max_events, struct strbuf *out)
{
    begin(out, "journal", t_ms, (struct slice){NULL, 0});
    strbuf_addf(out, ",\"version\":1,\"max_events\":%zu", max_events);
    end(out);
}

void feed_line_journal_cut(double t_ms, uint64_t events, uint64_t dropped, struct strbuf *out)
{
    begin(out, "journal", t_ms, (struct slice){NULL, 0});
    strbuf_addf(out, ",\"cut\":true,\"events\":%llu,\"dropped\":%llu", (unsigned long long)events,
                (unsigned long long)dropped);
    end(out);
}

void feed_line_journal_end(double t_ms, struct strbuf *out)
{
    begin(out, "journal", t_ms, (struct slice){NULL, 0});
    strbuf_adds(out, ",\"ended\":true");
    end(out);
}

void feed_line_feed_begin(double t_ms, const char *program_version, struct strbuf *out)
{
    begin(out, "journal", t_ms, (struct slice){NULL, 0});
    strbuf_adds(out, ",\"feed\":\"" FEED_VERSION "\"");
    put_key(out, "swarmtop");
    json_put_cstr(out, program_version);
    end(out);
}

void feed_line_feed_mark(double t_ms, struct strbuf *out)
{
    begin(out, "journal", t_ms, (struct slice){NULL, 0});
    strbuf_adds(out, ",\"mark\":true");
    end(out);
}

void feed_line_operation(struct slice object, double t_ms, struct slice session_id,
                         struct strbuf *out)
{
    put_on_a_line(out, (struct slice){object.bytes, object.len - 1});
    put_number(out, "t", t_ms);
    if (session_id.bytes != NULL) {
        put_key(out, "session_id");
        json_put_string(out, session_id.bytes, session_id.len);
    }
    end(out);
}
