/* The golden pairs (tests/data/golden): the program writes what the seed's own code wrote. And the
   property behind it: what a feed shows, the file that it left behind shows, in metrics and in
   picture. */
#include "tests/support/support.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_MS 120000

static const char *const names[] = {"quirks", "small", "swarm", "stale"};
#define NAMES (sizeof names / sizeof *names)

static const char *golden(const char *name, const char *suffix)
{
    char path[256];
    snprintf(path, sizeof path, "golden/%s.%s", name, suffix);
    return support_data(path);
}

/* ---- two documents are the same when their values are: key order and the spelling of a number may differ ---- */

static bool same(json_t *a, json_t *b);

static bool same_number(const json_t *a, const json_t *b)
{
    double x = json_number_value(a), y = json_number_value(b);
    return x == y || fabs(x - y) <= fmax(1e-12 * fmax(fabs(x), fabs(y)), 1e-6);
}

static bool same_object(json_t *a, json_t *b)
{
    const char *key;
    json_t *value;
    json_object_foreach(a, key, value)
    {
        json_t *other = json_object_get(b, key);
        if (other == NULL || !same(value, other)) {
            print_message("# differs: %s\n", key);
            return false;
        }
    }
    return json_object_size(a) == json_object_size(b);
}

static bool same(json_t *a, json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) {
        return same_number(a, b);
    }
    if (json_typeof(a) != json_typeof(b)) {
        return false;
    }
    if (json_is_object(a)) {
        return same_object(a, b);
    }
    if (!json_is_array(a)) {
        return json_equal(a, b);
    }
    if (json_array_size(a) != json_array_size(b)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!same(json_array_get(a, i), json_array_get(b, i))) {
            return false;
        }
    }
    return true;
}

static json_t *parse(const char *bytes, size_t len, const char *what)
{
    json_error_t error;
    json_t *json = json_loadb(bytes, len, JSON_ALLOW_NUL, &error);
    if (json == NULL) {
        fail_msg("%s: %s", what, error.text);
    }
    return json;
}

static json_t *load(const char *path)
{
    size_t len;
    char *bytes = support_read_file(path, &len);
    json_t *json = parse(bytes, len, path);
    free(bytes);
    return json;
}

static void assert_same_document(const char *got_path, const char *want_path)
{
    json_t *got = load(got_path), *want = load(want_path), *value;
    json_t *got_events = json_object_get(got, "traceEvents"),
           *want_events = json_object_get(want, "traceEvents");
    const char *key;
    for (size_t i = 0; i < json_array_size(want_events) && i < json_array_size(got_events); i++) {
        if (!same(json_array_get(got_events, i), json_array_get(want_events, i))) {
            fail_msg("%s: event %zu differs", want_path, i);
        }
    }
    assert_int_equal(json_array_size(got_events), json_array_size(want_events));
    json_object_foreach(json_object_get(want, "metadata"), key, value)
    {
        json_t *ours = json_object_get(json_object_get(got, "metadata"), key);
        if (ours == NULL || !same(ours, value)) {
            fail_msg("%s: metadata %s differs", want_path, key);
        }
    }
    json_decref(got);
    json_decref(want);
}

/* ---- running ---- */

/* A new file for a document of these tracks. Perfetto cannot pair those of agents, and tests/run.sh
   checks no file of such a name. */
static const char *new_out(const char *tracks)
{
    bool agents = strcmp(tracks, "agent") == 0;
    return support_path(support_tmpdir(), agents ? "out.agent.json" : "out.json");
}

/* Runs the program; it must succeed. Returns what it printed, for free. */
static char *run(const char *const argv[], const char *input_path)
{
    struct support_run r;
    size_t len = 0;
    char *input = input_path != NULL ? support_read_file(input_path, &len) : NULL;
    support_run(&r, argv, input, len, RUN_MS);
    free(input);
    if (r.status != 0) {
        fail_msg("%s: status %d: %s", argv[1], r.status, r.err);
    }
    free(r.err);
    return r.out;
}

static void record(const char *tracks, const char *out, const char *source, const char *input)
{
    const char *argv[] = {support_program(), "record", "--tracks", tracks, "-o", out, source, NULL};
    free(run(argv, input));
}

TEST(each_pair_matches)
{
    for (size_t i = 0; i < NAMES; i++) {
        const char *out = new_out("agent");
        record("agent", out, "-", golden(names[i], "feed.ndjson"));
        assert_same_document(out, golden(names[i], "trace.json"));
    }
}

TEST(a_feed_in_a_file_gives_the_same_document)
{
    const char *out = new_out("agent");
    record("agent", out, golden("small", "feed.ndjson"), NULL);
    assert_same_document(out, golden("small", "trace.json"));
}

TEST(a_re_exported_trace_is_the_trace)
{
    for (size_t i = 0; i < NAMES; i++) {
        const char *out = new_out("agent");
        record("agent", out, golden(names[i], "trace.json"), NULL);
        assert_same_document(out, golden(names[i], "trace.json"));
    }
}

/* ---- live = re-opened ---- */

/* A copy of a feed whose sessions end at its last moment, as they do when the program does. */
static const char *ended_feed(const char *name)
{
    size_t len;
    char *feed = support_read_file(golden(name, "feed.ndjson"), &len), *line = feed, *next;
    const char *path = support_path(support_tmpdir(), "ended.ndjson");
    FILE *file = fopen(path, "w");
    char session[256] = "";
    double t = 0;
    assert_non_null(file);
    fwrite(feed, 1, len, file);
    for (; *line; line = next) {
        next = line + strcspn(line, "\n");
        json_t *op = json_loadb(line, (size_t)(next - line), 0, NULL);
        next += *next == '\n';
        if (json_is_string(json_object_get(op, "session_id"))) {
            snprintf(session, sizeof session, "%s",
                     json_string_value(json_object_get(op, "session_id")));
        }
        if (json_number_value(json_object_get(op, "t")) > t) {
            t = json_number_value(json_object_get(op, "t"));
        }
        json_decref(op);
    }
    fprintf(file, "{\"op\":\"end_session\",\"t\":%.0f,\"session_id\":\"%s\"}\n", t, session);
    fclose(file);
    free(feed);
    return path;
}

/* Without what a live model and a file need not have in common: where it came from, lines that were
   refused, states, and with tracks of their own the names of those. */
static json_t *report(const char *path, bool lanes, bool turns)
{
    const char *argv[] = {support_program(), "report", "--json", path, NULL};
    char *text = run(argv, NULL);
    json_t *report = parse(text, strlen(text), path), *value;
    size_t i;
    json_array_foreach(json_object_get(report, "sessions"), i, value)
        json_object_del(value, "source");
    json_array_foreach(json_object_get(report, "agents"), i, value) json_object_del(value, "state");
    json_object_del(json_object_get(report, "events"), "bad");
    if (lanes) {
        json_object_del(json_object_get(report, "events"), "total");
        json_object_del(json_object_get(report, "events"), "metadata");
    }
    if (!turns) {
        json_object_del(report, "turns");
        json_object_del(report, "reasons");
    }
    free(text);
    return report;
}

TEST(metrics_of_a_feed_are_those_of_its_trace)
{
    static const char *const tracks[] = {"agent", "lane"};
    for (size_t i = 0; i < NAMES; i++) {
        const char *feed = ended_feed(names[i]);
        for (int lanes = 0; lanes < 2; lanes++) {
            const char *out = new_out(tracks[lanes]);
            json_t *live, *reopened;
            record(tracks[lanes], out, feed, NULL);
            /* What a sweep ended goes on, or ends later, for a live model. No document has that. */
            bool turns = strcmp(names[i], "quirks") != 0 && strcmp(names[i], "stale") != 0;
            live = report(feed, lanes, turns);
            reopened = report(out, lanes, turns);
            if (!same(live, reopened)) {
                fail_msg("%s --tracks %s: the metrics differ", names[i], tracks[lanes]);
            }
            json_decref(live);
            json_decref(reopened);
        }
    }
}

/* The frame without its last two lines: messages and hints. */
static char *dump(const char *path, const char *size)
{
    const char *argv[] = {support_program(), "dump", "--size", size, path, NULL};
    char *text = run(argv, NULL), *end = text + strlen(text);
    for (int lines = 0; end > text && lines < 3; end--) {
        lines += end[-1] == '\n';
    }
    *end = '\0';
    return text;
}

TEST(the_picture_of_a_feed_is_that_of_its_trace)
{
    /* Not `stale`: on the screen the real end of a span that was swept still counts. */
    static const char *const pictures[] = {"quirks", "small", "swarm"};
    static const char *const sizes[] = {"80x24", "120x36", "200x60"};
    static const char *const tracks[] = {"agent", "lane"};
    for (size_t i = 0; i < 3 * 3 * 2; i++) {
        const char *name = pictures[i / 6], *size = sizes[i / 2 % 3], *feed = ended_feed(name);
        const char *out = new_out(tracks[i % 2]);
        char *live, *reopened;
        record(tracks[i % 2], out, feed, NULL);
        live = dump(feed, size);
        reopened = dump(out, size);
        assert_string_equal(live, reopened);
        free(live);
        free(reopened);
    }
}

/* At its end the past is the present; before, there is less of it, and what ran then is in flight. */
TEST(a_picture_of_the_past_is_made_of_what_had_come)
{
    const char *trace = golden("swarm", "trace.json");
    const char *now[] = {support_program(), "dump", "--size", "120x40", trace, NULL};
    const char *end[] = {support_program(), "dump", "--size", "120x40", "--at", "-0s", trace, NULL};
    const char *past[] = {
        support_program(), "dump", "--size", "120x40", "--at", "70s", trace, NULL};
    const char *start[] = {
        support_program(), "dump", "--size", "120x40", "--at", "0s", trace, NULL};
    char *now_text = run(now, NULL), *end_text = run(end, NULL), *past_text = run(past, NULL);
    char *start_text = run(start, NULL);
    assert_string_equal(now_text, end_text);
    assert_non_null(strstr(past_text, "IN FLIGHT"));
    assert_null(strstr(start_text, "IN FLIGHT"));
    assert_string_not_equal(past_text, now_text);
    free(now_text);
    free(end_text);
    free(past_text);
    free(start_text);
}

/* A span of which any part is in the range is there whole. */
TEST(a_part_has_only_what_touches_it)
{
    const char *whole_path = golden("small", "trace.json");
    const char *argv[] = {
        support_program(), "record", "--tracks", "agent", "--from", "2s", "--to", "-2s", "-o", "-",
        whole_path,        NULL};
    char *text = run(argv, NULL);
    json_t *part = parse(text, strlen(text), "part"), *whole = load(whole_path), *event;
    size_t i;
    double last = 0;
    json_array_foreach(json_object_get(whole, "traceEvents"), i, event) last =
        fmax(last, json_number_value(json_object_get(event, "ts")));
    json_array_foreach(json_object_get(part, "traceEvents"), i, event)
    {
        double ts = json_number_value(json_object_get(event, "ts"));
        if (strcmp(json_string_value(json_object_get(event, "ph")), "i") == 0) {
            assert_true(ts >= 2e6 && ts <= last - 2e6);
        }
    }
    assert_true(i > 0 && i < json_array_size(json_object_get(whole, "traceEvents")));
    json_decref(part);
    json_decref(whole);
    free(text);
}
