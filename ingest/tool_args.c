/* Inputs of tools may hold secrets, so by default only one short argument is kept: enough to
   distinguish two calls. */
#include "ingest/tool_args.h"

#include "core/base/hash.h"
#include "core/base/json_text.h"
#include "core/base/mask.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ARG_BYTES = 200, WHOLE_BYTES = 64 << 10, MARK_BYTES = 64 };

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

static const char sub_agent[] = "subagent_type"; /* kept beside that */

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

/* Cuts the text to ARG_BYTES. Sets `mark` to what distinguishes it from other texts that begin
   alike: its length and a hash; "": it was not cut. */
static void cut(struct strbuf *text, char mark[MARK_BYTES])
{
    size_t len = text->failed || text->len == 0 ? 0 : mask_cut(text->data, text->len, ARG_BYTES);
    mark[0] = '\0';
    if (len < text->len && !text->failed) {
        uint64_t hash = hash_bytes(HASH_SEED, text->data, text->len);
        snprintf(mark, MARK_BYTES, "of %zu bytes, %016" PRIx64, text->len, hash);
        text->len = len;
    }
}

static bool put_arg(struct json_value input, const char *key, struct strbuf *out)
{
    struct json_value value = text_of(json_get(input, key));
    struct strbuf text;
    char mark[MARK_BYTES];
    if (value.type != JSON_TYPE_STRING || value.len <= 2) {
        return false;
    }
    strbuf_init(&text, out->mem, 0);
    json_get_string(value, &text);
    cut(&text, mark);
    strbuf_adds(out, out->len > 0 && out->data[out->len - 1] != '{' ? "," : "");
    json_put_cstr(out, key);
    strbuf_addc(out, ':');
    json_put_string(out, text.data != NULL ? text.data : "", text.len);
    if (mark[0] != '\0' && strcmp(key, sub_agent) != 0) {
        strbuf_adds(out, ",\"cut\":");
        json_put_cstr(out, mark);
    }
    out->failed |= text.failed;
    strbuf_release(&text);
    return true;
}

/* Sets *key to that of the argument. */
static struct json_value find_kept(struct json_value input, const char **key)
{
    for (size_t i = 0; i < sizeof kept_args / sizeof *kept_args; i++) {
        struct json_value value = text_of(json_get(input, kept_args[i]));
        if (value.type == JSON_TYPE_STRING && value.len > 2) {
            *key = kept_args[i];
            return value;
        }
    }
    *key = "";
    return (struct json_value){.type = JSON_TYPE_NONE};
}

struct json_value tool_args_kept(struct json_value input)
{
    const char *key;
    return find_kept(input, &key);
}

static bool is_whole(struct json_value input, bool whole)
{
    return whole && input.type == JSON_TYPE_OBJECT && input.len <= WHOLE_BYTES;
}

/* Members that differ between calls of the same effect. */
static const char *const notes[] = {
    "description", "explanation", "instruction",   "justification",
    "timeout",     "timeout_ms",  "yield_time_ms", "max_output_tokens",
};

static bool is_left_out(struct json_value key, const char *kept)
{
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        if (json_string_is(key, notes[i])) {
            return false;
        }
    }
    return !json_string_is(key, kept) && !json_string_is(key, sub_agent);
}

/* Folds all bits into the 16 that are kept. */
static double fold(uint64_t hash)
{
    hash = (hash ^ hash >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return (double)(hash >> 48);
}

double tool_args_hash(struct json_value input, bool whole)
{
    const char *kept;
    uint64_t sum = 0;
    bool any = false;
    if (input.type == JSON_TYPE_STRING && input.len > 2) {
        return fold(hash_bytes(HASH_SEED, input.raw, input.len));
    }
    find_kept(input, &kept);
    if (input.type != JSON_TYPE_OBJECT || is_whole(input, whole)) {
        return (double)NAN;
    }
    struct json_member member;
    for (struct json_walk walk = json_walk(input); json_next_member(&walk, &member);) {
        if (is_left_out(member.key, kept)) {
            uint64_t key = hash_bytes(HASH_SEED, member.key.raw, member.key.len);
            sum += hash_bytes(key, member.value.raw, member.value.len);
            any = true;
        }
    }
    return any ? fold(sum) : (double)NAN;
}

void tool_args(struct json_value input, bool whole, struct strbuf *out)
{
    if (is_whole(input, whole)) {
        strbuf_add(out, input.raw, input.len);
        return;
    }
    strbuf_addc(out, '{');
    put_arg(input, sub_agent, out);
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
