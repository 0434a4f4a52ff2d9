/* A value is built with jansson and written at once: those of 100,000 agents would take a gigabyte,
   so only one item of an array exists at a time. jansson knows no lone surrogates: U+FFFD replaces
   them. */
#include "tui/cmd/json_writer.h"

#include "core/base/json_read.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53: whole numbers up to it are written as integers */
/* 15 digits: what a double keeps of any decimal, so that 0.009 is written as 0.009. ASCII: a name
   may hold controls that a terminal obeys, such as CSI (U+009B) and U+202E. */
#define FORM (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) | JSON_ENSURE_ASCII)

void json_writer_init(struct json_writer *w, struct strbuf *out)
{
    *w = (struct json_writer){.out = out};
    strbuf_init(&w->text, out->mem, 0);
}

void json_writer_release(struct json_writer *w)
{
    strbuf_release(&w->text);
}

/* ---- values ---- */

/* The text with U+FFFD for whatever is not UTF-8. Borrowed until the next call; NULL if out of
   memory. */
static const char *as_utf8(struct json_writer *w, const char *text, size_t len)
{
    char bytes[4];
    strbuf_clear(&w->text);
    for (size_t n; len > 0; text += n, len -= n) {
        uint32_t cp;
        n = utf8_next(text, len, &cp);
        if (cp >= 0xD800 && cp <= 0xDFFF) {
            cp = UTF8_REPLACEMENT;
        }
        strbuf_add(&w->text, bytes, utf8_put(bytes, cp));
    }
    strbuf_add(&w->text, "", 1);
    return w->text.failed ? NULL : w->text.data;
}

/* Returns new, as the functions below do; NULL if out of memory. */
static json_t *make_text(struct json_writer *w, const char *text, size_t len)
{
    const char *utf8 = as_utf8(w, text, len);
    return utf8 != NULL ? json_stringn(utf8, w->text.len - 1) : NULL;
}

static json_t *make_number(double value)
{
    if (value == floor(value) && fabs(value) <= EXACT_MAX) {
        return json_integer((json_int_t)value);
    }
    return isfinite(value) ? json_real(value) : json_null();
}

/* Ids of 64 bits stay exact; what is beyond an int64 becomes the nearest double. */
static json_t *make_raw_number(struct json_value raw)
{
    char digits[32];
    if (raw.len < sizeof digits && memchr(raw.raw, '.', raw.len) == NULL &&
        memchr(raw.raw, 'e', raw.len) == NULL && memchr(raw.raw, 'E', raw.len) == NULL) {
        memcpy(digits, raw.raw, raw.len);
        digits[raw.len] = '\0';
        errno = 0;
        long long value = strtoll(digits, NULL, 10);
        if (errno == 0) {
            return json_integer(value);
        }
    }
    return make_number(json_get_number(raw));
}

void json_writer_put(struct json_writer *w, json_t *object, const char *name, json_t *value)
{
    w->out->failed |= json_object_set_new(object, name, value) != 0;
}

void json_writer_put_member(struct json_writer *w, json_t *object, struct slice name, json_t *value)
{
    const char *utf8 = as_utf8(w, name.bytes, name.len);
    w->out->failed |= utf8 == NULL;
    json_writer_put(w, object, utf8 == NULL ? "" : utf8, value);
}

static json_t *make_raw(struct json_writer *w, struct json_value raw);

static json_t *make_object(struct json_writer *w, struct json_value raw)
{
    struct json_walk walk = json_walk(raw);
    json_t *object = json_object();
    struct json_member member;
    struct strbuf key;
    strbuf_init(&key, w->out->mem, 0);
    while (json_next_member(&walk, &member)) {
        strbuf_clear(&key);
        json_get_string(member.key, &key);
        json_t *value = make_raw(w, member.value);

        w->out->failed |= key.failed;
        json_writer_put_member(w, object, (struct slice){key.data != NULL ? key.data : "", key.len},
                               value);
    }
    strbuf_release(&key);
    return object;
}

static json_t *make_array(struct json_writer *w, struct json_value raw)
{
    struct json_walk walk = json_walk(raw);
    json_t *array = json_array();
    struct json_value item;
    while (json_next_item(&walk, &item)) {
        w->out->failed |= json_array_append_new(array, make_raw(w, item)) != 0;
    }
    return array;
}

/* Checked JSON, nested no deeper than JSON_DEPTH_LIMIT. */
static json_t *make_raw(struct json_writer *w, struct json_value raw)
{
    struct strbuf text;
    json_t *json = NULL;
    switch (raw.type) {
    case JSON_TYPE_NUMBER: return make_raw_number(raw);
    case JSON_TYPE_TRUE: return json_true();
    case JSON_TYPE_FALSE: return json_false();
    case JSON_TYPE_ARRAY: return make_array(w, raw);
    case JSON_TYPE_OBJECT: return make_object(w, raw);
    case JSON_TYPE_STRING:
        strbuf_init(&text, w->out->mem, 0);
        json_get_string(raw, &text);
        if (!text.failed) {
            json = make_text(w, text.data != NULL ? text.data : "", text.len);
        }
        strbuf_release(&text);
        return json;
    case JSON_TYPE_NONE:
    case JSON_TYPE_NULL: break;
    }
    return json_null();
}

/* ---- members ---- */

void json_writer_put_text(struct json_writer *w, json_t *object, const char *name, const char *text)
{
    json_writer_put(w, object, name, make_text(w, text, strlen(text)));
}

void json_writer_put_slice(struct json_writer *w, json_t *object, const char *name,
                           struct slice text)
{
    json_writer_put(w, object, name, make_text(w, text.bytes, text.len));
}

void json_writer_put_count(struct json_writer *w, json_t *object, const char *name, uint64_t count)
{
    json_writer_put(w, object, name, json_integer((json_int_t)count));
}

void json_writer_put_number(struct json_writer *w, json_t *object, const char *name, double value)
{
    if (!isnan(value)) {
        json_writer_put(w, object, name, make_number(value));
    }
}

void json_writer_put_name(struct json_writer *w, json_t *object, const char *name,
                          const struct swarm *swarm, intern_id id)
{
    if (id != INTERN_NONE) {
        json_writer_put_text(w, object, name, swarm_text(swarm, id));
    }
}

void json_writer_put_agent(struct json_writer *w, json_t *object, const struct swarm *swarm,
                           agent_no number)
{
    const struct agent *agent = swarm_agent(swarm, number);
    const struct session *session = swarm_session(swarm, agent->session);
    bool by_session = agent->agent_id == INTERN_NONE && (agent->flags & AGENT_MAIN) != 0;
    intern_id session_id = session != NULL ? session->id : INTERN_NONE;
    json_writer_put_name(w, object, "session_id", swarm, session_id);
    json_writer_put_name(w, object, "agent_id", swarm, by_session ? session_id : agent->agent_id);
}

void json_writer_put_raw(struct json_writer *w, json_t *object, const char *name, const char *text,
                         size_t len)
{
    struct json_value raw;
    if (json_check(text, len, JSON_DEPTH_LIMIT, &raw, NULL)) {
        json_writer_put(w, object, name, make_raw(w, raw));
    }
}

void json_writer_put_raw_name(struct json_writer *w, json_t *object, const char *name,
                              const struct swarm *swarm, intern_id id)
{
    if (id != INTERN_NONE) {
        json_writer_put_raw(w, object, name, swarm_text(swarm, id), strlen(swarm_text(swarm, id)));
    }
}

/* ---- the document ---- */

static int append(const char *bytes, size_t len, void *ctx)
{
    struct json_writer *w = ctx;
    const char *del;
    /* jansson escapes every control but DEL. */
    while ((del = memchr(bytes, 0x7F, len)) != NULL) {
        size_t before = (size_t)(del - bytes);
        strbuf_add(w->out, bytes, before);
        strbuf_add(w->out, "\\u007F", 6);
        bytes = del + 1;
        len -= before + 1;
    }
    strbuf_add(w->out, bytes, len);
    return w->out->failed ? -1 : 0;
}

static void put_comma(struct json_writer *w)
{
    if (w->comma) {
        strbuf_addc(w->out, ',');
    }
    w->comma = true;
}

void json_writer_write_item(struct json_writer *w, json_t *value)
{
    put_comma(w);
    if (json_dump_callback(value, append, w, FORM) != 0) {
        w->out->failed = true;
    }
    json_decref(value);
}

void json_writer_write_name(struct json_writer *w, const char *name)
{
    put_comma(w);
    strbuf_addf(w->out, "\"%s\":", name);
    w->comma = false;
}

void json_writer_begin_array(struct json_writer *w, const char *name)
{
    json_writer_write_name(w, name);
    strbuf_addc(w->out, '[');
}

void json_writer_end_array(struct json_writer *w)
{
    strbuf_addc(w->out, ']');
    w->comma = true;
}
