/* Args are raw JSON that the model has checked; they are read in place. Objects longer than
   ARGS_MAX_BYTES are skipped, because these texts are made for every bar of every frame. The detail
   panel shows such args in full. */
#include "tui/views/span_text.h"

#include "core/base/mask.h"
#include "core/query/identifying_args.h"
#include "core/query/query.h"
#include "core/tracer/print.h"

#include <string.h>

#define ARGS_MAX_BYTES 65536

static struct json_value args_of(const struct swarm *swarm, const struct span *span)
{
    struct slice args = print_span_args(swarm, span);
    if (args.bytes == NULL || args.len < 2 || args.len > ARGS_MAX_BYTES || args.bytes[0] != '{') {
        return (struct json_value){.type = JSON_TYPE_NONE};
    }
    return (struct json_value){JSON_TYPE_OBJECT, args.bytes, args.len};
}

/* Cuts the text to SPAN_TEXT_BYTES. The caller masks it: half a key would not be found then. */
static void cut(struct strbuf *out)
{
    if (out->failed || out->len <= SPAN_TEXT_BYTES) {
        return;
    }
    out->len = mask_cut(out->data, out->len, SPAN_TEXT_BYTES);
    out->data[out->len] = '\0';
}

static bool get_text(struct json_value args, const char *key, struct strbuf *out)
{
    struct json_value value = json_get(args, key);
    strbuf_clear(out);
    if (value.type != JSON_TYPE_STRING) {
        return false;
    }
    json_get_string(value, out);
    cut(out);
    return !out->failed && out->len > 0;
}

bool span_text_arg(const struct swarm *swarm, const struct span *span, const char *key,
                   struct strbuf *out)
{
    return get_text(args_of(swarm, span), key, out);
}

void span_text_about(const struct swarm *swarm, const struct span *span, struct strbuf *out)
{
    struct json_value args = args_of(swarm, span);
    strbuf_clear(out);
    if (span->kind == SPAN_REQUEST) {
        get_text(args, "model", out);
    } else if (span->kind == SPAN_USER) {
        get_text(args, "context", out);
    } else if (span->kind != SPAN_INTERACTION) {
        for (size_t i = 0; i < IDENTIFYING_ARGS; i++) {
            if (get_text(args, identifying_args[i], out)) {
                return;
            }
        }
        strbuf_clear(out);
    }
}

/* Sets out to the text, cut. Returns its length. */
static size_t put_name(const struct swarm *swarm, intern_id name, struct strbuf *out)
{
    struct slice text = swarm_text_slice(swarm, name);
    strbuf_clear(out);
    strbuf_add(out, text.bytes, text.len);
    cut(out);
    return out->failed ? 0 : out->len;
}

bool span_text_call(const struct swarm *swarm, const struct span *span, const char *arrow,
                    struct strbuf *out)
{
    struct json_value args = args_of(swarm, span);
    const char *name = span_short_name(swarm_text(swarm, span->name));
    char who[SPAN_TEXT_BYTES + 1] = "", what[SPAN_TEXT_BYTES + 1] = "";
    size_t who_len = 0, what_len = 0;
    if (get_text(args, "name", out) || get_text(args, "subagent_type", out)) {
        who_len = out->len;
        memcpy(who, out->data, who_len);
    }
    if (get_text(args, "description", out)) {
        what_len = out->len;
        memcpy(what, out->data, what_len);
    }
    /* Only calls of clients that do not describe the agent in their arguments need it. */
    agent_no started = who_len + what_len > 0 ? NO_AGENT : query_child(swarm, span, out);
    if (started != NO_AGENT) {
        const struct agent *child = swarm_agent(swarm, started);
        who_len = put_name(swarm, child->name, out);
        memcpy(who, who_len > 0 ? out->data : "", who_len);
        what_len = put_name(swarm, child->description, out);
        memcpy(what, what_len > 0 ? out->data : "", what_len);
    }
    strbuf_clear(out);
    strbuf_addf(out, "%s %s ", name, arrow);
    strbuf_add(out, who, who_len);
    strbuf_adds(out, who_len > 0 && what_len > 0 ? " " : "");
    strbuf_add(out, what, what_len);
    return who_len + what_len > 0;
}

void span_text_name(const struct swarm *swarm, const struct span *span, const char *arrow,
                    struct strbuf *out)
{
    const char *name = span_short_name(swarm_text(swarm, span->name));
    if (span->kind == SPAN_AGENT_CALL) {
        if (span_text_call(swarm, span, arrow, out)) {
            return;
        }
    } else if (span->kind == SPAN_USER && span_text_arg(swarm, span, "context", out)) {
        return;
    }
    strbuf_clear(out);
    strbuf_adds(out, name);
}
