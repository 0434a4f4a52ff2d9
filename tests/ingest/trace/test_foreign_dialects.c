/* Tests traces in the dialects of producers that are not among the cases: other spellings, other
   frames, other layouts of what the cases are about. */
#include "tests/support/trace_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is no JSON ---- */

/* One event, then one of the given ts and dur, pid and args. */
#define SPELT(pid, ts, dur, args)                                                                 \
    "[" X1 ",\n{\"ph\":\"X\",\"name\":\"b\",\"pid\":" pid ",\"tid\":1,\"ts\":" ts ",\"dur\":" dur \
    ",\"args\":{\"v\":" args ",\"w\":[" args ",1]}}]"

/* As OCaml, awk, C, shells and Python spell numbers and constants. */
TEST(numbers_and_constants_that_are_no_json_are_read)
{
    static const struct trace_input inputs[] = {
        {NULL, SPELT("1", "5.", "1", "0"), TWO, 0, 0, NULL},
        {NULL, SPELT("0001", "005.000", "01", "007"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "+5", "1.E+00", "+1"), TWO, 0, 0, NULL},
        {NULL, SPELT("0x1", "0x5", "1", "-0x7fFF"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "-.5", ".5", "-.5"), "b 0+500, a 500+1000", 0, 0, NULL},
        {NULL, SPELT("1", "\" 5 \"", "\"+1.\"", "0"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "\"005.0\"", "\"01\"", "0"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "5", "1", "-nan(ind)"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "5", "1", "nan(0x8000)"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "5", "1", "1.#QNAN"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "5", "1", "-1.#INF00"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "5", "1", "+Infinity"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "5", "1", "None"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "5", "1", "undefined"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "5", "1", "True"), TWO, 0, 0, NULL},
        {NULL, SPELT("1", "5", "1", "\"caf\xe9 \xed\xa0\xbd\""), TWO, 0, 0, NULL},
        /* What may mean anything, or nothing. */
        {NULL, SPELT("1", "5", "1", "1.2.3"), "a 0+1000", 0, 1, "line 2: not JSON"},
        {NULL, SPELT("1", "5", "1", "0x"), "a 0+1000", 0, 1, "line 2: not JSON"},
        {NULL, SPELT("1", "5", "1", "nan(1"), "a 0+1000", 0, 1, "line 2: not JSON"},
        {NULL, SPELT("1", "5", "1", "."), "a 0+1000", 0, 1, "line 2: not JSON"},
        {NULL, SPELT("1", "5", "1", "-"), "a 0+1000", 0, 1, "line 2: not JSON"},
        {NULL, SPELT("1", "5", "1", "maybe"), "a 0+1000", 0, 1, "line 2: not JSON"},
        {NULL, SPELT("1", "\"5.x\"", "1", "0"), "a 0+1000", 0, 1, "ts is"},
        {NULL, SPELT("1", "\" \"", "1", "0"), "a 0+1000", 0, 1, "ts is"},
        /* Lines, too; but no operation. */
        {NULL,
         "{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":0,\"dur\":1,\"args\":{\"v\":NaN,}}\n" X2
         "\n",
         TWO, 0, 0, NULL},
        {NULL, X1 "\n" X2 "\n{\"op\":\"instant\",\"t\":1,\"name\":NaN}\n", TWO, 0, 1,
         "line 3: not JSON"},
    };
    CHECK_ALL(inputs);
}

/* Around the events, where all members would be lost for one. */
TEST(members_that_are_no_json_are_repaired_and_kept)
{
    static const char *const texts[] = {
        "{\"metadata\":{\"loss\":NaN,\"host\":\"h\"},\"traceEvents\":[" X1 "]}",
        "{\n\"metadata\":{\n\"loss\":NaN,\n\"host\":\"h\",\n},\n\"traceEvents\":[\n" X1 "\n]}",
        "{\"traceEvents\":[" X1 "],\"metadata\":{\"loss\":-inf,\"host\":\"h\",},}",
        "{\"traceEvents\":[" X1 "],\"metadata\":{\"cmd\":\"a\nb\",\"host\":\"h\"}}",
        "{\"traceEvents\":[],\"metadata\":{\"v\":007,\"host\":\"h\"},\"traceEvents\":[" X1 "]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rig rig;
        trace_input_check(&(struct trace_input){.text = texts[i], .spans = "a 0+1000"}, 1);
        trace_input_read(&rig, &(struct trace_input){.text = texts[i]});
        char *written = model_export(rig.model.swarm, TRACKS_LANE);
        assert_non_null(strstr(written, "\"host\":\"h\""));
        free(written);
        rig_release(&rig);
    }
}

/* ---- frames ---- */

/* An answer by HTTP or of DevTools around the document. */
TEST(a_list_of_events_deep_in_an_object_is_found_with_what_is_beside_it)
{
    static const char *const texts[] = {
        "{\"result\":{\"traceEvents\":[" X1 "],\"host\":\"h\"}}",
        "{\n\"host\":\"h\",\n\"data\":{\n\"x\":{\n\"traceEvents\":[\n" X1 "\n]}}}\n",
        "{\"traceEvents\":{\"traceEvents\":[" X1 "],\"host\":\"h\"}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rig rig;
        trace_input_check(&(struct trace_input){.text = texts[i], .spans = "a 0+1000"}, 1);
        trace_input_read(&rig, &(struct trace_input){.text = texts[i]});
        char *written = model_export(rig.model.swarm, TRACKS_LANE);
        assert_non_null(strstr(written, "\"host\":\"h\""));
        assert_null(strstr(written, "\"data\""));
        free(written);
        rig_release(&rig);
    }
}

/* ---- siblings of the cases ---- */

/* Returns new (free): the spans of a trace, as in the rows of a table. */
static char *spans_of(const char *text, unsigned orphans, unsigned bad, char **written)
{
    struct rig rig;
    struct strbuf spans;
    struct source_status status = trace_input_read(&rig, &(struct trace_input){.text = text});
    strbuf_init(&spans, &mem_libc, 0);
    trace_input_describe(rig.model.swarm, &spans);
    assert_int_equal(trace_input_orphans(rig.model.swarm), orphans);
    assert_int_equal(status.bad, bad);
    *written = model_export(rig.model.swarm, TRACKS_LANE);
    rig_release(&rig);
    char *copy = strdup(spans.data != NULL ? spans.data : "");
    strbuf_release(&spans);
    return copy;
}

/* siblings.txt: `== NAME BYTES ORPHANS BAD`, a line of spans, then a trace of so many bytes. */
TEST(other_shapes_of_each_case_mean_their_spans_also_after_export)
{
    char *text = support_read_file(support_data("cases/traces/siblings.txt"), NULL);
    unsigned count = 0;
    for (char *at = text; *at != '\0'; count++) {
        char name[64];
        unsigned bytes, orphans, bad;
        assert_int_equal(sscanf(at, "== %63s %u %u %u", name, &bytes, &orphans, &bad), 4);
        char *spans = strchr(at, '\n') + 1;
        char *content = strchr(spans, '\n') + 1;
        assert_true(content[bytes] == '\n');
        content[-1] = content[bytes] = '\0';
        char *written = NULL, *again = NULL;
        char *seen = spans_of(content, orphans, bad, &written);
        char *reopened = spans_of(written, orphans, 0, &again);
        if (strcmp(seen, spans) != 0 || strcmp(reopened, spans) != 0) {
            fail_msg("%s: %s, re-opened %s, right %s", name, seen, reopened, spans);
        }
        free(seen);
        free(reopened);
        free(written);
        free(again);
        at = content + bytes + 1;
    }
    assert_true(count > 190);
    free(text);
}
