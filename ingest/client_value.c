/* Ids are compared across sources, so a long one is shortened alike by all: its first bytes and a
   digest of all of it. */
#include "ingest/client_value.h"

#include "ingest/iso_time.h"
#include "ingest/tool_args.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { ID_HEAD_BYTES = 60 };

/* A number between them is a time in seconds, a greater one is in ms. */
#define SECONDS_MIN 1e8
#define SECONDS_MAX 1e11
#define MS_MAX      9e12 /* beyond it no time is accepted (update.h) */

struct slice client_plain_text(struct json_value value)
{
    if (value.type != JSON_TYPE_STRING || value.len <= 2 || value.len - 2 > CLIENT_ID_BYTES ||
        memchr(value.raw, '\\', value.len) != NULL) {
        return (struct slice){NULL, 0};
    }
    return (struct slice){value.raw + 1, value.len - 2};
}

struct slice client_id_short(struct slice id, char room[CLIENT_ID_BYTES])
{
    if (id.len <= CLIENT_ID_BYTES) {
        return id;
    }
    memcpy(room, id.bytes, ID_HEAD_BYTES);
    int len = snprintf(room + ID_HEAD_BYTES, CLIENT_ID_BYTES - ID_HEAD_BYTES, "~%016llx",
                       (unsigned long long)XXH3_64bits(id.bytes, id.len));
    return (struct slice){room, ID_HEAD_BYTES + (size_t)len};
}

struct slice client_id(const struct mem *mem, struct json_value value, char room[CLIENT_ID_BYTES])
{
    struct slice id = client_plain_text(value);
    struct strbuf text;
    if (id.bytes != NULL) {
        return id;
    }
    if (value.type == JSON_TYPE_NUMBER && value.len <= CLIENT_ID_BYTES) {
        return (struct slice){value.raw, value.len};
    }
    strbuf_init(&text, mem, 0);
    if (value.type == JSON_TYPE_STRING) {
        json_get_string(value, &text);
    }
    if (!text.failed && text.len > 0) {
        id = client_id_short((struct slice){text.data, text.len}, room);
        if (id.bytes != room) {
            memcpy(room, id.bytes, id.len);
            id.bytes = room;
        }
    }
    strbuf_release(&text);
    return id;
}

double client_number(struct json_value value)
{
    double number = value.type == JSON_TYPE_NUMBER ? json_get_number(value) : (double)NAN;
    return number >= 0 && isfinite(number) ? number : (double)NAN;
}

double client_time(struct json_value value)
{
    struct slice text = client_plain_text(value);
    double number = client_number(value);
    int64_t ns;
    if (!isnan(number)) {
        return number < SECONDS_MIN   ? (double)NAN
               : number < SECONDS_MAX ? number * 1000
               : number < MS_MAX      ? number
                                      : (double)NAN;
    }
    if (text.bytes == NULL || !iso_time_parse(text.bytes, text.len, &ns)) {
        return (double)NAN;
    }
    return (double)(ns / 1000000) + (double)(ns % 1000000) / 1e6;
}

bool client_is_one_of(struct json_value value, const char *const *names)
{
    while (*names != NULL && !json_string_is(value, *names)) {
        names++;
    }
    return *names != NULL;
}

void client_text_copy(const struct mem *mem, struct json_value value, char *out, size_t size)
{
    struct strbuf text;
    strbuf_init(&text, mem, 0);
    json_text_cut(value, size - 1, true, &text);
    size_t len = text.failed ? 0 : text.len;
    if (len > 0) {
        memcpy(out, text.data, len);
    }
    out[len] = '\0';
    strbuf_release(&text);
}
