/* Sends the payload unchanged if it fits. Large payloads contain texts that a tool has read or
   written, while the receiver needs names and ids. So long texts are cut and deep members
   dropped; a second try drops all nested members. */
#include "ingest/feed/hook_line.h"

#include "core/base/json_read.h"
#include "core/base/json_text.h"
#include "core/base/mask.h"
#include "core/trace/event.h"

#include <string.h>

enum {
    LINE_DEPTH = 64, /* of the feed, the line's own object included */
    RAW_BYTES = 512,
    CUT_BYTES = 200,
    ITEMS = 256
};

struct shrinking {
    struct strbuf *out, text;
    unsigned depth; /* containers deeper than that go */
};

static void shrink(struct shrinking *s, struct json_value value, unsigned depth);

static void shrink_string(struct shrinking *s, struct json_value value)
{
    strbuf_clear(&s->text);
    json_get_string(value, &s->text);
    struct slice text = {.bytes = s->text.data, .len = s->text.failed ? 0 : s->text.len};
    text.len = mask_cut(text.bytes, text.len, CUT_BYTES);
    json_put_string(s->out, text.bytes == NULL ? "" : text.bytes, text.len);
}

static void shrink_object(struct shrinking *s, struct json_value value, unsigned depth)
{
    struct json_walk walk = json_walk(value);
    struct json_member member;
    unsigned count = 0;
    strbuf_addc(s->out, '{');
    while (count < ITEMS && json_next_member(&walk, &member)) {
        /* Its length would be that of what is left. */
        bool misleads = json_string_is(member.key, "prompt") && member.value.len > RAW_BYTES;
        if (member.key.len > CUT_BYTES || misleads) {
            continue;
        }
        if (count++ > 0) {
            strbuf_addc(s->out, ',');
        }
        strbuf_add(s->out, member.key.raw, member.key.len);
        strbuf_addc(s->out, ':');
        shrink(s, member.value, depth + 1);
    }
    strbuf_addc(s->out, '}');
}

static void shrink_array(struct shrinking *s, struct json_value value, unsigned depth)
{
    struct json_walk walk = json_walk(value);
    struct json_value item;
    strbuf_addc(s->out, '[');
    for (unsigned count = 0; count < ITEMS && json_next_item(&walk, &item); count++) {
        if (count > 0) {
            strbuf_addc(s->out, ',');
        }
        shrink(s, item, depth + 1);
    }
    strbuf_addc(s->out, ']');
}

static void shrink(struct shrinking *s, struct json_value value, unsigned depth)
{
    bool nested = value.type == JSON_TYPE_OBJECT || value.type == JSON_TYPE_ARRAY;
    if (nested && depth > s->depth) {
        strbuf_adds(s->out, "null");
    } else if (value.type == JSON_TYPE_OBJECT) {
        shrink_object(s, value, depth);
    } else if (value.type == JSON_TYPE_ARRAY) {
        shrink_array(s, value, depth);
    } else if (value.len <= RAW_BYTES) {
        strbuf_add(s->out, value.raw, value.len);
    } else if (value.type == JSON_TYPE_STRING) {
        shrink_string(s, value);
    } else {
        strbuf_adds(s->out, "null");
    }
}

/* White space between tokens may hold line ends, and they nowhere else: in a string they are
   escaped. */
static void put_on_a_line(struct strbuf *out, struct json_value value)
{
    size_t at = out->len;
    strbuf_add(out, value.raw, value.len);
    for (; !out->failed && at < out->len; at++) {
        if (out->data[at] == '\n' || out->data[at] == '\r') {
            out->data[at] = ' ';
        }
    }
}

bool hook_line_build(struct slice payload, double t_ms, struct slice process, struct slice client,
                     size_t max, struct strbuf *line)
{
    struct shrinking s = {.out = line};
    struct json_value value;
    size_t begin = line->len;
    bool flat = json_check(payload.bytes, payload.len, LINE_DEPTH - 1, &value, NULL);
    if ((!flat && !json_check(payload.bytes, payload.len, JSON_DEPTH_LIMIT, &value, NULL)) ||
        value.type != JSON_TYPE_OBJECT) {
        return false;
    }
    strbuf_init(&s.text, line->mem, 0);
    if (client.len > 0) {
        strbuf_adds(line, "{\"op\":\"hook\",\"client\":");
        json_put_string(line, client.bytes, client.len);
    } else {
        strbuf_adds(line, "{\"op\":\"claude_hook\"");
    }
    strbuf_adds(line, ",\"t\":");
    json_put_number(line, t_ms);
    if (process.len > 0) {
        strbuf_adds(line, ",\"process\":");
        strbuf_add(line, process.bytes, process.len);
    }
    strbuf_adds(line, ",\"payload\":");
    size_t head = line->len;
    size_t room = max > head - begin + 2 ? max - (head - begin + 2) : 0;
    if (flat && value.len <= room) {
        put_on_a_line(line, value);
    }
    /* First keeps one level of nesting; then none. */
    for (unsigned tries = 2; (line->len == head || line->len - head > room) && tries-- > 0;) {
        s.depth = tries == 1 ? 2 : 0;
        line->len = head;
        shrink(&s, value, 0);
    }
    strbuf_adds(line, "}\n");
    strbuf_release(&s.text);
    return !line->failed && line->len - begin <= max;
}
