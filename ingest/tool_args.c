/* Inputs of tools may hold secrets, so by default only one short argument is kept: enough to
   distinguish two calls. */
#include "ingest/tool_args.h"

#include "core/base/json_text.h"
#include "core/base/mask.h"

#include <string.h>

enum { ARG_BYTES = 200, WHOLE_BYTES = 64 << 10 };

void json_text_cut(struct json_value value, size_t max, bool line, struct strbuf *out)
{
    size_t before = out->len, from = before;
    if (value.type != JSON_TYPE_STRING) {
        return;
    }
    json_get_string(value, out);
    if (out->failed || out->len == before) {
        return;
    }
    while (line && from < out->len && (unsigned char)out->data[from] <= ' ') {
        from++;
    }
    const char *newline = line ? memchr(out->data + from, '\n', out->len - from) : NULL;
    size_t len = newline != NULL ? (size_t)(newline - out->data) - from : out->len - from;
    len = mask_cut(out->data + from, len, max);
    memmove(out->data + before, out->data + from, len);
    out->len = before + len;
    out->data[out->len] = '\0';
}

/* The first one present is kept: a Bash call's command identifies it better than its description.
   */
static const char *const kept_args[] = {
    "command",  "cmd",           "file_path", "filePath", "absolute_path", "path",
    "dir_path", "notebook_path", "pattern",   "url",      "query",         "description",
};

/* Some clients pass a command as the arguments of a program: a shell's last one is the command. */
static struct json_value text_of(struct json_value value)
{
    struct json_value item, last = value;
    for (struct json_walk walk = json_walk(value);
         value.type == JSON_TYPE_ARRAY && json_next_item(&walk, &item);) {
        last = item;
    }
    return last;
}

static bool put_arg(struct json_value input, const char *key, struct strbuf *out)
{
    struct json_value value = text_of(json_get(input, key));
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

struct json_value tool_args_kept(struct json_value input)
{
    for (size_t i = 0; i < sizeof kept_args / sizeof *kept_args; i++) {
        struct json_value value = text_of(json_get(input, kept_args[i]));
        if (value.type == JSON_TYPE_STRING && value.len > 2) {
            return value;
        }
    }
    return (struct json_value){.type = JSON_TYPE_NONE};
}

void tool_args(struct json_value input, bool whole, struct strbuf *out)
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

void tool_args_prompt(struct slice prompt, struct strbuf *out)
{
    strbuf_adds(out, "{\"user_prompt\":");
    json_put_string(out, prompt.bytes, mask_cut(prompt.bytes, prompt.len, WHOLE_BYTES));
    strbuf_addc(out, '}');
}
