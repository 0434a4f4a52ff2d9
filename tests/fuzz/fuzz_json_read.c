/* json_check on anything; what it accepts is walked whole. All that the readers may rely on is
   asserted: a value is accepted again on its own, strings survive being written and read, numbers
   are no NaN. */
#include "core/base/json_read.h"
#include "core/base/json_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEPTH 64

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_string(struct json_value string)
{
    struct strbuf text, json, again;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&json, &mem_libc, 0);
    strbuf_init(&again, &mem_libc, 0);
    json_get_string(string, &text);
    json_put_string(&json, text.data, text.len);
    struct json_value value;
    require(json_check(json.data, json.len, 0, &value, NULL));
    json_get_string(value, &again);
    require(text.len == again.len &&
            (text.len == 0 || memcmp(text.data, again.data, text.len) == 0));
    require(json_same_string(string, value) && json_same_string(value, string));
    if (text.data != NULL) {
        require(json_string_is(string, text.data) == (strlen(text.data) == text.len));
    }
    strbuf_release(&text);
    strbuf_release(&json);
    strbuf_release(&again);
}

static void check_number(struct json_value number)
{
    double value = json_get_number(number), back;
    require(!isnan(value));
    if (isinf(value)) {
        return;
    }
    struct strbuf json;
    strbuf_init(&json, &mem_libc, 0);
    json_put_number(&json, value);
    struct json_value again;
    require(json_check(json.data, json.len, 0, &again, NULL));
    back = json_get_number(again);
    require(back == value);
    strbuf_release(&json);
}

static void check_value(struct json_value value, unsigned depth);

static void check_member(struct json_value object, struct json_member member, unsigned depth)
{
    check_value(member.key, depth);
    check_value(member.value, depth);
    struct strbuf key;
    strbuf_init(&key, &mem_libc, 0);
    strbuf_adds(&key, "");
    json_get_string(member.key, &key);
    if (strlen(key.data) == key.len) {
        require(json_get(object, key.data).raw >= member.value.raw);
    }
    strbuf_release(&key);
}

static void check_value(struct json_value value, unsigned depth)
{
    struct json_value alone;
    require(json_check(value.raw, value.len, DEPTH - depth, &alone, NULL));
    require(alone.type == value.type && alone.raw == value.raw && alone.len == value.len);
    if (value.type == JSON_TYPE_STRING) {
        check_string(value);
    }
    if (value.type == JSON_TYPE_NUMBER) {
        check_number(value);
    }

    struct json_walk walk = json_walk(value);
    struct json_member member;
    struct json_value item;
    while (value.type == JSON_TYPE_OBJECT && json_next_member(&walk, &member)) {
        check_member(value, member, depth + 1);
    }
    while (value.type == JSON_TYPE_ARRAY && json_next_item(&walk, &item)) {
        check_value(item, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_value value;
    struct json_error error = {0, NULL};
    if (json_check((const char *)data, size, DEPTH, &value, &error)) {
        check_value(value, 0);
    } else {
        require(error.offset <= size && error.what != NULL);
    }
    return 0;
}
