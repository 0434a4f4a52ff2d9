/* Rules for numbers that producers count in different ways. Units follow from the key and the
   producer, not from a number's size (with one exception). */
#include "ingest/otlp/otlp_figures.h"

#include "core/base/json_read.h"
#include "ingest/iso_time.h"
#include "ingest/tool_error.h"

#include <math.h>
#include <string.h>

enum { CLASSES_BYTES = 512 };

/* ---- tokens ---- */

struct usage {
    double prompt, output, read, creation, total;
};

static double or_number(double a, double b)
{
    return isnan(a) ? b : a;
}

static double or_zero(double a)
{
    return isnan(a) ? 0 : a;
}

static bool has_word(struct slice key, const char *word)
{
    return memmem(key.bytes, key.len, word, strlen(word)) != NULL;
}

static void take_member(struct usage *usage, struct slice key, double number)
{
    if (has_word(key, "cache_creation") || has_word(key, "cache_write")) {
        usage->creation = or_number(usage->creation, number);
    } else if (has_word(key, "cache_read") || has_word(key, "cached")) {
        usage->read = or_number(usage->read, number);
    } else if (slice_is(key, "input") || slice_is(key, "prompt_tokens") ||
               slice_is(key, "input_tokens")) {
        usage->prompt = or_number(usage->prompt, number);
    } else if (slice_is(key, "output") || slice_is(key, "completion_tokens") ||
               slice_is(key, "output_tokens")) {
        usage->output = or_number(usage->output, number);
    } else if (slice_is(key, "total") || slice_is(key, "total_tokens")) {
        usage->total = or_number(usage->total, number);
    }
}

/* Reads counts from an object, or from JSON in a text. */
static void take_details(struct usage *usage, const struct otlp_value *value)
{
    struct json_value object;
    struct json_member member;
    if (value->type == OTLP_MAP) {
        for (size_t i = 0; i < value->map.count; i++) {
            double number = otlp_value_number(&value->map.items[i].value);
            if (!isnan(number)) {
                take_member(usage, value->map.items[i].key, number);
            }
        }
        return;
    }
    struct slice text = otlp_value_text(value);
    if (text.bytes == NULL || !json_check(text.bytes, text.len, 16, &object, NULL)) {
        return;
    }
    for (struct json_walk walk = json_walk(object); json_next_member(&walk, &member);) {
        double number = json_get_number(json_spelt_number(member.value));
        if (isfinite(number) && member.key.len > 2) {
            take_member(usage, (struct slice){member.key.raw + 1, member.key.len - 2}, number);
        }
    }
}

/* Reads an agent's sum, which some spell by keys of their own. */
static void take_sum(struct usage *usage, const struct otlp_item *item)
{
    static const char prefix[] = "gen_ai.aggregated_usage.";
    const struct otlp_attributes *attributes = item->found->attributes;
    const size_t len = sizeof prefix - 1;
    if (otlp_found_value(item->found, MEANS_USAGE_SUM, NULL) == NULL) {
        return;
    }
    for (size_t i = 0; i < attributes->count; i++) {
        struct slice key = attributes->items[i].key;
        double number = otlp_value_number(&attributes->items[i].value);
        if (slice_begins(key, prefix) && !isnan(number)) {
            take_member(usage, (struct slice){key.bytes + len, key.len - len}, number);
        }
    }
}

/* Whether the prompt's count leaves out what was read from or written to the cache. The conventions
   count all; some producers do not. A total decides, else a prompt less than its cached part. */
static bool excludes_cache(const struct otlp_item *item, const struct usage *usage)
{
    double cached = or_zero(usage->read) + or_zero(usage->creation);
    double sum = usage->prompt + or_zero(usage->output);
    const struct otlp_attribute_row *row = NULL;
    /* Claude Code's own name for it leaves the cache out; newer versions have both names. */
    if (item->producer == OTLP_CLAUDE &&
        otlp_found_value(item->found, MEANS_PROMPT, &row) != NULL) {
        return strcmp(row->key, "input_tokens") == 0;
    }
    if (cached <= 0) {
        return false;
    }
    if (!isnan(usage->total) && fabs(usage->total - (sum + cached)) < 0.5) {
        return true;
    }
    return usage->prompt < cached && !(fabs(usage->total - sum) < 0.5);
}

void otlp_figures_tokens(const struct otlp_item *item, struct update *update)
{
    const struct otlp_found *found = item->found;
    struct usage usage = {(double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
    for (size_t i = found->names->first[MEANS_USAGE_JSON]; i < found->names->end[MEANS_USAGE_JSON];
         i++) {
        if (found->values[i] != NULL) {
            take_details(&usage, found->values[i]);
        }
    }
    take_sum(&usage, item);
    usage.prompt = or_number(otlp_found_number(found, MEANS_PROMPT), usage.prompt);
    usage.output = or_number(otlp_found_number(found, MEANS_OUTPUT), usage.output);
    usage.read = or_number(otlp_found_number(found, MEANS_CACHE_READ), usage.read);
    usage.creation = or_number(otlp_found_number(found, MEANS_CACHE_CREATION), usage.creation);
    usage.total = or_number(otlp_found_number(found, MEANS_TOTAL), usage.total);
    double uncached = otlp_found_number(found, MEANS_PROMPT_UNCACHED);
    if (isnan(usage.prompt) && !isnan(uncached)) {
        usage.prompt = uncached + or_zero(usage.read) + or_zero(usage.creation);
    } else if (!isnan(usage.prompt) && excludes_cache(item, &usage)) {
        usage.prompt += or_zero(usage.read) + or_zero(usage.creation);
    }
    /* Others count them in the output, too. */
    double thoughts =
        item->producer == OTLP_GEMINI ? otlp_found_number(found, MEANS_THOUGHTS) : (double)NAN;
    const struct {
        enum update_field field;
        double number;
    } rows[] = {{FIELD_PROMPT_TOKENS, usage.prompt},
                {FIELD_OUTPUT_TOKENS, usage.output},
                {FIELD_CACHE_READ_TOKENS, usage.read},
                {FIELD_CACHE_CREATION_TOKENS, usage.creation},
                {FIELD_THOUGHT_TOKENS, thoughts}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].number >= 0 && rows[i].number < 1e15) {
            update_number(update, rows[i].field, rows[i].number);
        }
    }
}

/* ---- times ---- */

/* Producers disagree on the unit of this attribute, so one that nobody knows is in ms if as seconds
   it were longer than the span. */
static double server_ttft(const struct otlp_item *item)
{
    double value = otlp_found_number(item->found, MEANS_SERVER_TTFT);
    double span_s = (item->end_ms - item->start_ms) / 1000;
    bool ms = item->producer == OTLP_STRANDS || (item->producer != OTLP_QWEN && value > span_s);
    return ms ? value : value * 1000;
}

/* A time as text, perhaps quoted once more as JSON. */
static double first_token_at(const struct otlp_item *item)
{
    struct slice text = otlp_found_text(item->found, MEANS_FIRST_TOKEN_AT);
    int64_t ns;
    if (text.len > 2 && text.bytes[0] == '"') {
        text = (struct slice){text.bytes + 1, text.len - 2};
    }
    return text.bytes != NULL && iso_time_parse(text.bytes, text.len, &ns)
               ? (double)(ns / 1000) / 1000 - item->start_ms
               : (double)NAN;
}

static double first_token_event(const struct otlp_item *item)
{
    static const char *const names[] = {"First Token Stream Event", "ai.stream.firstChunk",
                                        "gen_ai.first_token"};
    for (size_t i = 0; item->span != NULL && i < item->span->event_count; i++) {
        const struct otlp_event *event = &item->span->events[i];
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            if (slice_is(event->name, names[k]) && event->time_ns != 0 &&
                item->span->start_ns != 0) {
                return (double)((int64_t)(event->time_ns - item->span->start_ns)) / 1e6;
            }
        }
    }
    return (double)NAN;
}

double otlp_figures_ttft(const struct otlp_item *item, bool *bad)
{
    double ttft = otlp_found_number(item->found, MEANS_TTFT);
    ttft = or_number(ttft, server_ttft(item));
    ttft = or_number(ttft, first_token_at(item));
    ttft = or_number(ttft, first_token_event(item));
    double all_ms = item->end_ms - item->start_ms;
    if (ttft < 0 || (all_ms >= 0 && ttft > all_ms * 1.05 + 0.5)) {
        *bad = true;
        return (double)NAN;
    }
    return ttft;
}

size_t otlp_figures_attempts(const struct otlp_item *item, double *starts, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; item->span != NULL && i < item->span->event_count && count < max; i++) {
        const struct otlp_event *event = &item->span->events[i];
        if (slice_is(event->name, "gen_ai.request.attempt") && event->time_ns != 0) {
            starts[count++] = (double)event->time_ns / 1e6;
        }
    }
    return count;
}

/* ---- errors ---- */

static struct slice exception(const struct otlp_span *span, const char *member)
{
    for (size_t i = span == NULL ? 0 : span->event_count; i-- > 0;) {
        const struct otlp_event *event = &span->events[i];
        const struct otlp_value *value =
            slice_is(event->name, "exception") ? otlp_attribute(&event->attributes, member) : NULL;
        if (value != NULL) {
            return otlp_value_text(value);
        }
    }
    return (struct slice){NULL, 0};
}

/* These have a text, or are true, if the call failed; others of that meaning are of any outcome. */
static bool has_error(const struct otlp_found *found)
{
    const struct otlp_attribute_row *row;
    const struct otlp_value *value = otlp_found_value(found, MEANS_ERROR, &row);
    if (value == NULL || (strcmp(row->key, "error") != 0 && strcmp(row->key, "tool.error") != 0)) {
        return false;
    }
    return value->type == OTLP_BOOL
               ? value->truth
               : otlp_value_text(value).len > 0 && otlp_found_truth(found, MEANS_ERROR) != 0;
}

static bool is_failed(const struct otlp_item *item)
{
    const struct otlp_found *found = item->found;
    return otlp_found_truth(found, MEANS_SUCCESS) == 0 ||
           (item->span != NULL && item->span->status == 2) ||
           otlp_found_is(found, MEANS_LEVEL, "ERROR") ||
           otlp_found_number(found, MEANS_LEVEL_NUMBER) >= 17 ||
           otlp_found_is(found, MEANS_TOOL_STATUS, "error") ||
           otlp_found_is(found, MEANS_TOOL_STATUS, "failed") ||
           otlp_found_is(found, MEANS_TOOL_STATUS, "validation") ||
           otlp_found_is(found, MEANS_FINISH, "error") ||
           otlp_found_text(found, MEANS_ERROR_TYPE).bytes != NULL || has_error(found);
}

/* Returns the class of a text; bytes NULL: it is of none. */
static struct slice class_of(struct slice text, struct strbuf *room)
{
    size_t at = room->len;
    if (text.bytes == NULL) {
        return text;
    }
    tool_error_class(text, room);
    struct slice class = {room->data == NULL ? NULL : room->data + at, room->len - at};
    return room->failed || slice_is(class, "error") ? (struct slice){NULL, 0} : class;
}

struct slice otlp_figures_error(const struct otlp_item *item, bool whole, struct strbuf *room)
{
    const struct otlp_found *found = item->found;
    struct slice type = otlp_found_text(found, MEANS_ERROR_TYPE);
    struct slice text = otlp_found_text(found, MEANS_ERROR);
    struct slice message = item->span == NULL || item->span->message.len == 0
                               ? (struct slice){NULL, 0}
                               : item->span->message;
    /* A call that succeeded at last may have the error of an attempt. */
    if (otlp_found_truth(found, MEANS_SUCCESS) == 1 || !is_failed(item)) {
        return (struct slice){NULL, 0};
    }
    bool vague = slice_is(type, "tool_error") || slice_is(type, "_OTHER");
    strbuf_clear(room);
    (void)strbuf_room(room, CLASSES_BYTES); /* neither of two classes moves the other */
    const struct slice by_rank[] = {
        vague ? (struct slice){NULL, 0} : type,
        whole ? (struct slice){NULL, 0} : otlp_found_text(found, MEANS_ERROR_CLASS),
        exception(item->span, "exception.type"),
        whole ? text : class_of(text, room),
        type,
        otlp_found_text(found, MEANS_ERROR_CLASS),
        whole ? message : class_of(message, room),
        whole ? exception(item->span, "exception.message") : (struct slice){NULL, 0},
        (struct slice){"error", 5},
    };
    size_t i = 0;
    while (by_rank[i].bytes == NULL) {
        i++;
    }
    return by_rank[i];
}
