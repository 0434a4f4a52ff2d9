/* Updates, `raw` and `open` on the feed: whatever the printer of feed lines writes is read back as it was, what is
   wrong is counted, and doc/FEED.md has every operation and field. */
#include "core/export/feed_line.h"
#include "ingest/feed/feed_ops.h"
#include "ingest/feed/feed_update.h"
#include "ingest/ingest_tap.h"
#include "tests/support/rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- random updates ---- */

enum { ROUNDS = 2000, TEXT_BYTES = 24, TIMES = 4 };

struct texts {
    char bytes[FIELDS + 8][TEXT_BYTES];
    size_t used;
    double times[TIMES];
};

static struct slice random_text(struct texts *texts, uint64_t *seed)
{
    static const char *const samples[] = {
        "a",        "\"quoted\\\"", "tab\t line\n", "\xf0\x9f\x90\x9d", "x y z",
        "\x01\x1f", "\xed\xa0\xbd", "/a/b.c",       "{\"a\":1}"};
    char *to = texts->bytes[texts->used++];
    size_t pick = (size_t)support_random_below(seed, sizeof samples / sizeof samples[0]);
    int len = snprintf(to, TEXT_BYTES, "%s%d", samples[pick], (int)support_random_below(seed, 100));
    if (support_random_below(seed, 8) == 0) {
        to[len - 1] = '\0'; /* a NUL is a character like any other */
    }
    return (struct slice){to, (size_t)len};
}

static double random_number(uint64_t *seed)
{
    return (double)support_random_below(seed, 1u << 30) /
           (double)(1 + support_random_below(seed, 1000));
}

static double random_time(uint64_t *seed)
{
    return MODEL_START_MS + random_number(seed) / 1000;
}

static struct retry random_retry(struct texts *texts, uint64_t *seed)
{
    struct retry retry = {.attempt = NAN, .max_attempts = NAN, .in_ms = NAN, .at_ms = NAN};
    if (support_random_below(seed, 2) == 0) {
        retry.attempt = (double)support_random_below(seed, 9);
    }
    if (support_random_below(seed, 2) == 0) {
        retry.max_attempts = (double)support_random_below(seed, 20);
    }
    if (support_random_below(seed, 2) == 0) {
        retry.in_ms = random_number(seed);
    }
    if (support_random_below(seed, 2) == 0) {
        retry.at_ms = random_time(seed);
    }
    if (support_random_below(seed, 2) == 0) {
        retry.error = random_text(texts, seed);
    }
    return retry;
}

static void set_random(struct update *update, enum update_field field, struct texts *texts,
                       uint64_t *seed)
{
    union update_value *value = &update->values[field];
    switch (update_fields[field].type) {
    case TYPE_NUMBER: update_number(update, field, random_number(seed)); break;
    case TYPE_TIME: update_number(update, field, random_time(seed)); break;
    case TYPE_TEXT: update_text(update, field, random_text(texts, seed)); break;
    case TYPE_BOOL:
        update_bool(update, field, support_random_below(seed, 2) ? TRI_TRUE : TRI_FALSE);
        break;
    case TYPE_OUTCOME:
        update_number(update, field, (double)(1 + support_random_below(seed, OUTCOMES - 1)));
        break;
    case TYPE_OBJECT:
        update_text(update, field, model_text("{\"k\": [1e400, \"\\ud83d\"]}"));
        break;
    case TYPE_TIMES:
        for (size_t i = 0; i < TIMES; i++) {
            texts->times[i] = random_time(seed);
        }
        update_times(update, field, texts->times, 1 + (size_t)support_random_below(seed, TIMES));
        break;
    case TYPE_RETRY:
        value->retry = random_retry(texts, seed);
        update->present |= (uint64_t)1 << field;
        break;
    }
}

static struct update random_update(struct texts *texts, uint64_t *seed)
{
    struct update update = {
        .op = (enum update_op)support_random_below(seed, UPDATE_OPS),
        .precedence = (enum precedence)support_random_below(seed, PRECEDENCES),
        .t_ms = random_time(seed),
    };
    texts->used = 0;
    update.session_id = random_text(texts, seed);
    if (update.op != UPDATE_SESSION) {
        update.agent_id = random_text(texts, seed);
    }
    if (update.op == UPDATE_CALL) {
        update.kind = (enum call_kind)support_random_below(seed, CALL_KINDS);
        update.id = random_text(texts, seed);
    }
    if (support_random_below(seed, 2) == 0) {
        update.by = random_text(texts, seed);
    }
    for (int i = 0; i < FIELDS; i++) {
        if ((update_fields[i].ops & 1u << update.op) != 0 && support_random_below(seed, 3) == 0) {
            set_random(&update, (enum update_field)i, texts, seed);
        }
    }
    return update;
}

/* ---- equal ---- */

static void assert_same_number(double a, double b)
{
    assert_true((isnan(a) && isnan(b)) || (a >= b && a <= b));
}

static void assert_same_text(struct slice a, struct slice b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.len > 0 ? a.bytes : "", b.len > 0 ? b.bytes : "", a.len);
}

static void assert_same_value(const struct update *a, const struct update *b,
                              enum update_field field)
{
    const union update_value *x = &a->values[field], *y = &b->values[field];
    switch (update_fields[field].type) {
    case TYPE_NUMBER:
    case TYPE_TIME:
    case TYPE_BOOL:
    case TYPE_OUTCOME: assert_same_number(x->number, y->number); break;
    case TYPE_TEXT:
    case TYPE_OBJECT: assert_same_text(x->text, y->text); break;
    case TYPE_TIMES:
        assert_int_equal(x->times.count, y->times.count);
        for (size_t i = 0; i < x->times.count; i++) {
            assert_same_number(x->times.ms[i], y->times.ms[i]);
        }
        break;
    case TYPE_RETRY:
        assert_same_number(x->retry.attempt, y->retry.attempt);
        assert_same_number(x->retry.max_attempts, y->retry.max_attempts);
        assert_same_number(x->retry.in_ms, y->retry.in_ms);
        assert_same_number(x->retry.at_ms, y->retry.at_ms);
        assert_same_text(x->retry.error, y->retry.error);
        break;
    }
}

/* The values of the update as the feed reads them. */
static void assert_values_round_trip(const struct update *update, const struct strbuf *line)
{
    struct feed_update reader;
    struct update read = {.op = update->op};
    struct json_value object;
    uint64_t ignored;
    feed_update_init(&reader, &mem_libc);
    assert_true(json_check(line->data, line->len, 64, &object, NULL));
    assert_true(feed_update_read(&reader, object, &read, &ignored));
    assert_int_equal(ignored, 0);
    assert_true(read.present == update->present);
    for (uint64_t left = read.present; left != 0; left &= left - 1) {
        assert_same_value(update, &read, (enum update_field)__builtin_ctzll(left));
    }
    feed_update_release(&reader);
}

static void keep_line(void *ctx, const char *line, size_t len)
{
    strbuf_add(ctx, line, len);
}

/* The tap prints what the feed has read, so that its line is the first one again. */
RIG_TEST(a_printed_update_is_read_back_as_it_was)
{
    struct rig *rig = *state;
    struct feed *feed = rig_feed(rig);
    struct strbuf line, again;
    uint64_t seed = 7, fields = 0;
    strbuf_init(&line, &mem_libc, 0);
    strbuf_init(&again, &mem_libc, 0);
    rig->ingest.tap = (struct ingest_tap){keep_line, &again};
    for (int i = 0; i < ROUNDS; i++) {
        struct texts texts;
        struct update update = random_update(&texts, &seed);
        strbuf_clear(&line);
        strbuf_clear(&again);
        feed_line_update(&update, &line);
        assert_false(line.failed);
        assert_values_round_trip(&update, &line);
        assert_true(feed_push(feed, line.data, line.len));
        assert_string_equal(again.data, line.data);
        fields |= update.present;
    }
    assert_int_equal(rig->counters.bad, 0);
    assert_true(fields == ((uint64_t)1 << FIELDS) - 1);
    strbuf_release(&line);
    strbuf_release(&again);
    feed_free(feed);
}

/* ---- what is wrong ---- */

RIG_TEST(a_wrong_update_is_refused_and_names_the_field)
{
    static const char *const refused[][2] = {
        {"{\"op\":\"update_session\"}", "update_session: session_id is missing"},
        {"{\"op\":\"update_agent\",\"session_id\":\"s\"}", "update_agent: agent_id is missing"},
        {"{\"op\":\"update_call\",\"id\":\"c\"}", "update_call: kind is missing"},
        {"{\"op\":\"update_call\",\"kind\":\"tool\"}", "update_call: id is missing"},
        {"{\"op\":\"update_call\",\"kind\":\"hammer\",\"id\":\"c\"}",
         "update_call: kind is not a kind: request"},
        {"{\"op\":\"raw\",\"session_id\":\"s\"}", "raw: event is missing"},
        {"{\"op\":\"raw\",\"session_id\":\"s\",\"event\":{\"ph\":\"i\"}}", "ts is missing"},
        {"{\"op\":\"open\"}", "open: session_id is missing"},
        {"{\"op\":\"hook\",\"client\":\"nobody\",\"payload\":{}}", "hook: unknown client"},
    };
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct feed *feed = rig_feed(rig);
        rig_push(feed, refused[i][0]);
        rig_push(feed, "\n");
        if (rig_logged(rig, refused[i][1]) == NULL) {
            fail_msg("%s: not \"%s\"", refused[i][0], refused[i][1]);
        }
        assert_int_equal(rig->counters.bad, i + 1);
        feed_free(feed);
    }
    assert_int_equal(rig->counters.events, 0);
    assert_int_equal(rig_live_sessions(rig), 0);
}

RIG_TEST(an_optional_field_of_the_wrong_type_is_ignored_and_counted)
{
    struct rig *rig = *state;
    rig_take(rig, "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"c\","
                  "\"start_ms\":1760000000000,\"end_ms\":1760000001000,\"name\":7,\"args\":[],"
                  "\"success\":\"no\",\"outcome\":\"fine\",\"retry\":1,\"precedence\":9,"
                  "\"attempt_start_times\":[\"x\"],\"ttft_ms\":null,\"frob\":1}\n");
    assert_int_equal(rig->counters.events, 1);
    assert_int_equal(rig->counters.bad, 7);
    assert_non_null(rig_logged(rig, "update_call: name is not a string, ignored"));
    assert_non_null(rig_logged(rig, "update_call: retry is not an object of attempt"));
    assert_non_null(rig_logged(rig, "update_call: precedence is not a precedence"));
    assert_true(correlator_flush(rig->model.correlator));
    assert_non_null(rig_session(rig, "s"));
    assert_int_not_equal(model_span(&rig->model, "Tool: tool", 0), NO_SPAN);
}

/* ---- sessions ---- */

RIG_TEST(an_update_without_a_session_is_of_the_connections)
{
    struct rig *rig = *state;
    rig_take(rig, "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"mine\"}\n"
                  "{\"op\":\"update_call\",\"kind\":\"tool\",\"id\":\"c\",\"name\":\"Bash\","
                  "\"start_ms\":1760000000100,\"end_ms\":1760000000200}\n");
    assert_true(correlator_flush(rig->model.correlator));
    assert_int_equal(rig_live_sessions(rig), 1);
    assert_int_not_equal(model_span(&rig->model, "Tool: Bash", 0), NO_SPAN);
}

RIG_TEST(raw_and_open_name_their_session)
{
    struct rig *rig = *state;
    rig_take(rig, "{\"op\":\"open\",\"session_id\":\"d\",\"start_ms\":1760000000000,"
                  "\"extra\":{\"k\":1,\"l\":[2]}}\n"
                  "{\"op\":\"raw\",\"session_id\":\"d\",\"event\":{\"ph\":\"i\",\"ts\":5,"
                  "\"name\":\"one\",\"tts\":1.50}}\n"
                  "{\"op\":\"raw\",\"session_id\":\"e\",\"event\":{\"ph\":\"i\",\"ts\":5,"
                  "\"name\":\"two\"}}\n");
    assert_int_equal(rig->counters.bad, 0);
    assert_int_equal(rig_live_sessions(rig), 2);
    assert_string_equal(rig_session(rig, "d")->extra.data, "\"k\":1,\"l\":[2]");
    assert_int_equal(rig_session(rig, "d")->start_ns, MODEL_START_NS);
    char *dump = rig_dump(rig);
    assert_non_null(strstr(dump, "\"tts\":1.50"));
    free(dump);
}

/* ---- what the tap gets ---- */

static const char mixed[] =
    "{\"ph\":\"i\",\"ts\":5.25,\"name\":\"first\",\"pid\":1,\"tid\":1,\"tts\":1.0}\n"
    "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"s\",\"name\":\"n\"}\n"
    "{\"op\":\"start_tool\",\"t\":1760000000100,\"span_id\":\"x\",\"tool_name\":\"Bash\",\"t\":null}\n"
    "{\"op\":\"end_tool\",\"span_id\":\"nothing\",\"t\":1760000000200}\n"
    "{\"op\":\"log\",\"message\":\"m\",\"session_id\":null}\n"
    "{\"op\":\"frob\"}\n{\"op\":\"status\"}\n{\"op\":\"auth\",\"token\":\"secret\"}\n"
    "{\"op\":\"open\",\"session_id\":\"d\",\"start_ms\":1760000000000,\"extra\":{\"k\":1}}\n"
    "{\"op\":\"raw\",\"session_id\":\"d\",\"event\":{\"ph\":\"X\",\"ts\":1,\"dur\":7,\"name\":\"r\"}}\n"
    "{\"op\":\"hook\",\"t\":1760000000300,\"payload\":{\"session_id\":\"h\",\"hook_event_name\":"
    "\"PreToolUse\",\"tool_name\":\"T\",\"tool_use_id\":\"t1\",\"tool_input\":{}}}\n"
    "{\"op\":\"hook\",\"t\":1760000000300,\"payload\":{\"session_id\":\"h\",\"hook_event_name\":"
    "\"PreToolUse\",\"tool_name\":\"T\",\"tool_use_id\":\"t1\"}}\n"
    "{\"op\":\"update_agent\",\"agent_id\":\"a\",\"type\":\"Explore\"}\n"
    "{\"op\":\"update_call\",\"kind\":\"request\",\"id\":\"q\",\"agent_id\":\"a\",\"model\":\"m\","
    "\"start_ms\":1760000000400,\"end_ms\":1760000000900.5,\"ttft_ms\":100,\"output_tokens\":50}\n"
    "{\"op\":\"end_session\"}\n";

static void assert_same_models(struct rig *a, struct rig *b)
{
    char *of_a = model_describe(a->model.swarm), *of_b = model_describe(b->model.swarm);
    assert_string_equal(of_a, of_b);
    free(of_a);
    free(of_b);
    of_a = rig_dump(a);
    of_b = rig_dump(b);
    assert_string_equal(of_a, of_b);
    free(of_a);
    free(of_b);
}

RIG_TEST(the_lines_of_the_tap_give_the_same_model)
{
    struct rig *rig = *state, other;
    struct strbuf lines;
    strbuf_init(&lines, &mem_libc, 0);
    rig_init(&other);
    rig->ingest.tap = (struct ingest_tap){keep_line, &lines};
    rig_take(rig, mixed);
    assert_null(strstr(lines.data, "secret"));
    assert_null(strstr(lines.data, "status"));
    assert_null(strstr(lines.data, "frob"));
    assert_null(strstr(lines.data, "\"op\":\"hook\""));
    other.now_ns += 3600000000000; /* it is read at another time */
    rig_take(&other, lines.data);
    assert_true(correlator_flush(rig->model.correlator));
    assert_true(correlator_flush(other.model.correlator));
    assert_same_models(rig, &other);
    rig_release(&other);
    strbuf_release(&lines);
}

/* The sender's own session opens at the time of the line, not of the call. */
RIG_TEST(an_update_that_opens_the_senders_own_session_is_recorded_with_it)
{
    struct rig *rig = *state, other;
    struct strbuf lines;
    strbuf_init(&lines, &mem_libc, 0);
    rig_init(&other);
    rig->ingest.tap = (struct ingest_tap){keep_line, &lines};
    rig_take(rig, "{\"op\":\"update_call\",\"t\":1760000000000,\"kind\":\"tool\",\"id\":\"t\","
                  "\"start_ms\":1760000000400,\"end_ms\":1760000000500}\n");
    rig_take(&other, lines.data);
    assert_true(correlator_flush(rig->model.correlator));
    assert_true(correlator_flush(other.model.correlator));
    assert_same_models(rig, &other);
    rig_release(&other);
    strbuf_release(&lines);
}

RIG_TEST(every_line_of_the_tap_has_a_time_and_a_session)
{
    struct rig *rig = *state;
    struct strbuf lines;
    strbuf_init(&lines, &mem_libc, 0);
    rig->ingest.tap = (struct ingest_tap){keep_line, &lines};
    rig_take(rig, mixed);
    for (char *line = lines.data; *line != '\0';) {
        struct json_value object;
        size_t len = strcspn(line, "\n");
        assert_true(json_check(line, len, 64, &object, NULL));
        assert_int_equal(json_get(object, "t").type, JSON_TYPE_NUMBER);
        assert_int_equal(json_get(object, "session_id").type, JSON_TYPE_STRING);
        line += len + 1;
    }
    strbuf_release(&lines);
}

RIG_TEST(a_log_line_alone_makes_no_session)
{
    struct rig *rig = *state;
    rig_take(rig, "{\"op\":\"log\",\"message\":\"trace.json: trace file opened\"}\n");
    assert_int_equal(rig->counters.events, 1);
    assert_int_equal(rig_live_sessions(rig), 0);
    assert_non_null(rig_logged(rig, "trace.json"));
}

/* ---- the document ---- */

static void assert_documented(const char *text, const char *name)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "`%s`", name);
    if (strstr(text, quoted) == NULL) {
        fail_msg("doc/FEED.md has no %s", quoted);
    }
}

RIG_TEST(the_document_has_every_operation_and_field)
{
    char *text = support_read_file(support_tests("../doc/FEED.md"), NULL);
    for (size_t i = 0; i < feed_op_count; i++) {
        assert_documented(text, feed_ops[i].name);
    }
    for (int i = 0; i < FEED_FIELDS; i++) {
        assert_documented(text, feed_fields[i].name);
    }
    for (int i = 0; i < FIELDS; i++) {
        assert_documented(text, update_fields[i].key);
    }
    free(text);
}
