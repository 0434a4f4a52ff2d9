/* Bodies as producers send them, each with the reading that a person expects, in whatever order and
   however often their spans come. */
#include "tests/support/otlp_reading.h"

#include <stdlib.h>
#include <string.h>

/* ---- bodies in parts ---- */

struct part {
    enum otlp_signal signal;
    json_t *body;
};

enum { PARTS_MAX = 256 };

static const struct {
    const char *resources, *scopes, *items;
} members[OTLP_SIGNALS] = {
    [OTLP_TRACES] = {"resourceSpans", "scopeSpans", "spans"},
    [OTLP_LOGS] = {"resourceLogs", "scopeLogs", "logRecords"},
    [OTLP_METRICS] = {"resourceMetrics", "scopeMetrics", "metrics"},
};

/* Returns new: a body with that span or log alone. */
static json_t *body_of(enum otlp_signal signal, json_t *resource, json_t *scope, json_t *item)
{
    json_t *inner = json_pack("{s:O*, s:[O]}", "scope", json_object_get(scope, "scope"),
                              members[signal].items, item);
    json_t *outer = json_pack("{s:O*, s:[o]}", "resource", json_object_get(resource, "resource"),
                              members[signal].scopes, inner);
    return json_pack("{s:[o]}", members[signal].resources, outer);
}

/* Splits a body into bodies of one span or log. */
static size_t split(enum otlp_signal signal, json_t *body, struct part *parts, size_t count)
{
    size_t i, j, k;
    json_t *resource, *scope, *item;
    json_array_foreach(json_object_get(body, members[signal].resources), i, resource)
    {
        json_array_foreach(json_object_get(resource, members[signal].scopes), j, scope)
        {
            json_array_foreach(json_object_get(scope, members[signal].items), k, item)
            {
                assert_true(count < PARTS_MAX);
                parts[count++] = (struct part){signal, body_of(signal, resource, scope, item)};
            }
        }
    }
    return count;
}

/* The parts of an example, and of the one that it continues. */
static size_t load(const char *name, struct part *parts)
{
    const char *names[] = {strcmp(name, "09b-logfire-final") == 0 ? "09a-logfire-pending"
                           : strcmp(name, "16b-gemini-logs") == 0 ? "16a-gemini-traces"
                                                                  : NULL,
                           name};
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        char path[200];
        json_error_t error;
        if (names[i] == NULL) {
            continue;
        }
        snprintf(path, sizeof path, "otlp/examples/%s.json", names[i]);
        json_t *body = json_load_file(support_data(path), 0, &error);
        bool logs = json_object_get(body, "resourceLogs") != NULL;
        assert_non_null(body);
        count = split(logs ? OTLP_LOGS : OTLP_TRACES, body, parts, count);
        json_decref(body);
    }
    return count;
}

static void take(struct otlp_rig *otlp, const struct part *part)
{
    char *text = json_dumps(part->body, 0);
    otlp_rig_take(otlp, part->signal, OTLP_JSON, text, strlen(text));
    free(text);
}

static char *load_whole(const char *name, size_t *len, enum otlp_signal *signal)
{
    char path[200];
    snprintf(path, sizeof path, "otlp/examples/%s.json", name);
    char *body = support_read_file(support_data(path), len);
    *signal = strstr(body, "\"resourceLogs\"") != NULL ? OTLP_LOGS : OTLP_TRACES;
    return body;
}

static void take_file(struct otlp_rig *otlp, const char *name)
{
    size_t len;
    enum otlp_signal signal;
    char *body = load_whole(name, &len, &signal);
    otlp_rig_take(otlp, signal, OTLP_JSON, body, len);
    free(body);
}

/* ---- ways to send an example ---- */

static void at_once(struct otlp_rig *otlp, const char *name, uint64_t *seed)
{
    (void)seed;
    if (strcmp(name, "09b-logfire-final") == 0) {
        take_file(otlp, "09a-logfire-pending");
    } else if (strcmp(name, "16b-gemini-logs") == 0) {
        take_file(otlp, "16a-gemini-traces");
    }
    take_file(otlp, name);
}

static void doubled(struct otlp_rig *otlp, const char *name, uint64_t *seed)
{
    at_once(otlp, name, seed);
    at_once(otlp, name, seed);
}

static void release(struct part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_decref(parts[i].body);
    }
}

static void one_by_one(struct otlp_rig *otlp, const char *name, uint64_t *seed)
{
    struct part parts[PARTS_MAX];
    size_t count = load(name, parts);
    (void)seed;
    for (size_t i = 0; i < count; i++) {
        take(otlp, &parts[i]);
    }
    release(parts, count);
}

static void in_reverse(struct otlp_rig *otlp, const char *name, uint64_t *seed)
{
    struct part parts[PARTS_MAX];
    size_t count = load(name, parts);
    (void)seed;
    for (size_t i = count; i-- > 0;) {
        take(otlp, &parts[i]);
    }
    release(parts, count);
}

static void shuffled(struct otlp_rig *otlp, const char *name, uint64_t *seed)
{
    struct part parts[PARTS_MAX];
    size_t count = load(name, parts);
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)support_random_below(seed, i);
        struct part kept = parts[other];
        parts[other] = parts[i - 1];
        parts[i - 1] = kept;
    }
    for (size_t i = 0; i < count; i++) {
        take(otlp, &parts[i]);
        if (support_random_below(seed, 3) == 0) {
            take(otlp, &parts[support_random_below(seed, i + 1)]);
        }
    }
    release(parts, count);
}

/* An agent whose surroundings come after it has a row of its own by then, and keeps it. */
static bool keeps_its_row(const char *name, const char *way)
{
    return strcmp(name, "11-adk-v1") == 0 &&
           (strcmp(way, "in reverse") == 0 || strcmp(way, "shuffled") == 0);
}

typedef void send_way(struct otlp_rig *otlp, const char *name, uint64_t *seed);

/* Returns how many examples are read otherwise than expected. */
static unsigned count_wrong(const char *way, send_way *send, uint64_t *seed)
{
    json_error_t error;
    const char *name;
    json_t *example, *all = json_load_file(support_data("otlp/examples/expected.json"), 0, &error);
    unsigned wrong = 0;
    assert_non_null(all);
    json_object_foreach(all, name, example)
    {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        send(&otlp, name, seed);
        json_t *reading = otlp_reading(&otlp);
        if (keeps_its_row(name, way)) {
            json_object_del(json_object_get(example, "expected"), "agents");
        }
        char *differs = otlp_reading_differs(reading, json_object_get(example, "expected"));
        if (differs != NULL) {
            print_message("%s, %s:\n%s", name, way, differs);
            wrong++;
        }
        free(differs);
        json_decref(reading);
        otlp_rig_release(&otlp);
    }
    json_decref(all);
    return wrong;
}

TEST(each_example_has_its_expected_reading)
{
    assert_int_equal(count_wrong("at once", at_once, NULL), 0);
}

TEST(what_is_sent_twice_counts_once)
{
    assert_int_equal(count_wrong("doubled", doubled, NULL), 0);
}

TEST(spans_may_come_one_by_one)
{
    assert_int_equal(count_wrong("one by one", one_by_one, NULL), 0);
}

TEST(spans_may_come_in_reverse)
{
    assert_int_equal(count_wrong("in reverse", in_reverse, NULL), 0);
}

TEST(spans_may_come_in_any_order)
{
    uint64_t seed = 19;
    unsigned wrong = 0;
    for (unsigned i = 0; i < 20; i++) {
        wrong += count_wrong("shuffled", shuffled, &seed);
    }
    assert_int_equal(wrong, 0);
}
