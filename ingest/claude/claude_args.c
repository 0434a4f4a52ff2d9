/* Prompts and results may hold secrets, so by default only one short argument is kept: enough to
   distinguish two calls. */
#include "ingest/claude/claude_args.h"

#include "core/base/json_text.h"
#include "core/base/utf8.h"
#include "ingest/claude/claude_line.h"

#include <string.h>

enum { ARG_BYTES = 200, WHOLE_BYTES = 64 << 10 };

/* The first one present is kept: a Bash call's command identifies it better than its description.
   */
static const char *const kept_args[] = {"command", "file_path", "path",  "notebook_path",
                                        "pattern", "url",       "query", "description"};

static bool put_arg(struct json_value input, const char *key, struct strbuf *out)
{
    struct json_value value = json_get(input, key);
    struct strbuf text;
    if (value.type != JSON_TYPE_STRING || value.len <= 2) {
        return false;
    }
    strbuf_init(&text, out->mem, 0);
    json_text_cut(value, ARG_BYTES, false, &text);
    strbuf_adds(out, out->len > 0 && out->data[out->len - 1] != '{' ? "," : "");
    json_put_cstr(out, key);
    strbuf_addc(out, ':');
    json_put_string(out, text.data != NULL ? text.data : "", text.len);
    out->failed |= text.failed;
    strbuf_release(&text);
    return true;
}

void claude_args(struct json_value input, bool whole, struct strbuf *out)
{
    if (whole && input.type == JSON_TYPE_OBJECT && input.len <= WHOLE_BYTES) {
        strbuf_add(out, input.raw, input.len);
        return;
    }
    strbuf_addc(out, '{');
    put_arg(input, "subagent_type", out);
    for (size_t i = 0; i < sizeof kept_args / sizeof *kept_args; i++) {
        if (put_arg(input, kept_args[i], out)) {
            break;
        }
    }
    strbuf_addc(out, '}');
}

void claude_args_prompt(struct slice prompt, struct strbuf *out)
{
    strbuf_adds(out, "{\"user_prompt\":");
    json_put_string(out, prompt.bytes, utf8_cut(prompt.bytes, prompt.len, WHOLE_BYTES));
    strbuf_addc(out, '}');
}

void claude_args_content(struct json_value content, size_t max, bool line, struct strbuf *out)
{
    struct json_value block;
    if (content.type == JSON_TYPE_STRING) {
        json_text_cut(content, max, line, out);
        return;
    }
    size_t before = out->len;
    for (struct json_walk walk = json_walk(content); json_next_item(&walk, &block);) {
        if (line && out->len > before) {
            return;
        }
        size_t left = max - (out->len - before);
        json_text_cut(json_get(block, "text"), left, line, out);
    }
}

static void drop_prefix(struct strbuf *out, size_t at, const char *prefix)
{
    size_t len = strlen(prefix);
    if (out->len - at >= len && memcmp(out->data + at, prefix, len) == 0) {
        memmove(out->data + at, out->data + at + len, out->len - at - len + 1);
        out->len -= len;
    }
}

static void drop_suffix(struct strbuf *out, size_t at, const char *suffix)
{
    size_t len = strlen(suffix);
    if (out->len - at >= len && memcmp(out->data + out->len - len, suffix, len) == 0) {
        out->len -= len;
        out->data[out->len] = '\0';
    }
}

void claude_args_error(struct json_value result, struct json_value content, struct strbuf *out)
{
    size_t before = out->len;
    claude_args_content(result.type == JSON_TYPE_STRING ? result : content, ARG_BYTES, true, out);
    if (out->failed || out->len == before) {
        return;
    }
    drop_prefix(out, before, "<tool_use_error>");
    drop_suffix(out, before, "</tool_use_error>");
    drop_prefix(out, before, "API ");
    drop_prefix(out, before, "Error: ");
}
