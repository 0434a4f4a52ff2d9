/* Prompts and results may hold secrets, so by default nothing of them is kept but the first line of
   an error. */
#include "ingest/claude/claude_args.h"

#include "core/base/json_text.h"
#include "core/base/mask.h"
#include "ingest/claude/claude_line.h"

#include <string.h>

enum { ERROR_BYTES = 200 };

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
    claude_args_content(result.type == JSON_TYPE_STRING ? result : content, ERROR_BYTES, true, out);
    if (out->failed || out->len == before) {
        return;
    }
    drop_prefix(out, before, "<tool_use_error>");
    drop_suffix(out, before, "</tool_use_error>");
    drop_prefix(out, before, "API ");
    drop_prefix(out, before, "Error: ");
}
