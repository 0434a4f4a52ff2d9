/* Tests traces of other producers, as files: the spans that they mean, what was refused, and why. Each row is an input,
   of tests/data/cases/traces or in place, and its right values. */
#include "tests/support/trace_input.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ids of async spans ---- */

TEST(async_ends_close_the_begin_of_their_id_and_name)
{
    static const struct trace_input inputs[] = {
        {"01-async-id2-local.json", NULL,
         "load a 0+2000000, load b 100000+2100000, load c 150000+2150000", 0, 0, NULL},
        {"02-async-id2-global.json", NULL, "req 0+50000, req 10000+80000", 0, 0, NULL},
        {"03-async-same-id-names.json", NULL, "parent 0+5000, t0 0+3000, t1 1000+3000", 0, 0, NULL},
        {"04-async-id-number-and-string.json", NULL, "q 0+30000, r 5000+35000", 0, 0, NULL},
        {"05-async-same-id-other-category.json", NULL, "q 0+20000, q 10000+40000", 0, 0, NULL},
        {"06-legacy-async-STF.json", NULL, "A 0+350000, B 50000+200000, BE1 70000+50000, C 450000+",
         1, 0, NULL},
        {"83-uppercase-hex-ids.json", NULL, "f 0+10000, x 0+", 1, 0, NULL},
        {"85-flutter-timeline.json", NULL, "Frame 0+200000, PipelineItem 10000+185000", 0, 0, NULL},
        {"105-reused-ids.json", NULL, "req 0+10000, req 20000+30000", 1, 0, NULL},
        /* A local id counts with its process, a global one does not. */
        {NULL,
         "[{\"ph\":\"b\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":0,\"id2\":{\"local\":\"0x1\"}},\n"
         "{\"ph\":\"b\",\"name\":\"w\",\"cat\":\"c\",\"pid\":2,\"tid\":1,\"ts\":10,\"id2\":{\"local\":\"0x1\"}},\n"
         "{\"ph\":\"e\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":20,\"id2\":{\"local\":\"0x1\"}},\n"
         "{\"ph\":\"e\",\"name\":\"w\",\"cat\":\"c\",\"pid\":2,\"tid\":1,\"ts\":40,\"id2\":{\"local\":\"0x1\"}}]",
         "w 0+20000, w 10000+30000", 0, 0, NULL},
        {NULL,
         "[{\"ph\":\"b\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":0,\"id2\":{\"global\":\"0x1\"}},\n"
         "{\"ph\":\"b\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":5,\"id2\":{\"local\":\"0x1\"}},\n"
         "{\"ph\":\"b\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":6,\"id\":\"0x1\"},\n"
         "{\"ph\":\"e\",\"name\":\"w\",\"cat\":\"c\",\"pid\":2,\"tid\":1,\"ts\":20,\"id2\":{\"global\":\"0x1\"}},\n"
         "{\"ph\":\"e\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":30,\"id2\":{\"local\":\"0x1\"}},\n"
         "{\"ph\":\"e\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":2,\"ts\":40,\"id\":\"\\u0030x1\"}]",
         "w 0+20000, w 5000+25000, w 6000+34000", 0, 0, NULL},
        /* Names cross, and an end without a name closes the innermost. */
        {NULL,
         "[" EV("b", "a", "0", ",\"id\":1") EV("b", "b", "5", ",\"id\":1") EV("b", "a", "6",
                                                                              ",\"id\":1")
             EV("e", "b", "10", ",\"id\":1") "{\"ph\":\"e\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":15,\"id\":\"1\"}," EV(
                 "e", "z", "16", ",\"id\":1") EV("e", "a", "20", ",\"id\":1"),
         "a 0+20000, b 5000+5000, a 6000+9000", 1, 0, NULL},
        /* A number is one id however it is spelt. */
        {NULL,
         "[" EV("b", "a", "0", ",\"id\":1.0") EV("b", "b", "1", ",\"id\":\"20\"")
             EV("b", "c", "2", ",\"id\":1.5") EV("e", "a", "3", ",\"id\":1")
                 EV("e", "b", "9", ",\"id\":2e1") EV("e", "c", "9", ",\"id\":\"1.5\""),
         "a 0+3000, b 1000+8000, c 2000+7000", 0, 0, NULL},
        /* S and F are apart from b and e. */
        {NULL,
         "[" EV("S", "a", "0", ",\"id\":1") EV("b", "a", "1", ",\"id\":1")
             EV("F", "a", "3", ",\"id\":1") EV("e", "a", "9", ",\"id\":1"),
         "a 0+3000, a 1000+8000", 0, 0, NULL},
    };
    CHECK_ALL(inputs);
}

/* ---- order ---- */

TEST(begins_and_ends_pair_in_order_of_time)
{
    static const struct trace_input inputs[] = {
        {"07-unsorted-begin-end.json", NULL,
         "outer 0+100000, inner 20000+40000, later 200000+60000", 0, 0, NULL},
        {"11-overlapping-BE-unnamed-ends.json", NULL, "E5 0+283000, E6 76000+100000", 0, 0, NULL},
        {"13-end-with-another-name.json", NULL, "alpha 0+10000, beta 1000+8000", 1, 0, NULL},
        {"106-recursion-args-only-inside.json", NULL, "visit 0+50000, visit 10000+10000", 0, 0,
         NULL},
        {"107-recursion-args-only-outside.json", NULL, "visit 0+50000, visit 10000+10000", 0, 0,
         NULL},
        /* All backwards, async spans too. */
        {NULL,
         "[" EV("e", "n", "90", ",\"id\":3") EV("E", "a", "80", "") EV("E", "b", "70", "")
             EV("B", "b", "30", "") EV("b", "n", "20", ",\"id\":3") EV("B", "a", "10", ""),
         "a 0+70000, n 10000+70000, b 20000+40000", 0, 0, NULL},
        /* An end before its begin, both at one time. */
        {NULL,
         "[" EV("B", "o", "0", "") EV("E", "z", "5", "") EV("B", "z", "5", "")
             EV("E", "o", "9", ""),
         "o 0+9000, z 5000+0", 0, 0, NULL},
        /* In order, at one time: as the file has it. */
        {NULL,
         "[" EV("B", "a", "0", "") EV("E", "a", "5", "") EV("B", "a", "5", "")
             EV("E", "a", "7", ""),
         "a 0+5000, a 5000+2000", 0, 0, NULL},
        /* Buffers of threads one after the other: an async end is in the file before its begin. */
        {NULL,
         "[" EV("e", "n", "50", ",\"id\":\"0x3\"") EV(
             "b", "n", "60",
             ",\"id\":\"0x3\"") "{\"ph\":\"b\",\"name\":\"n\",\"cat\":\"c\",\"pid\":1,\"tid\":2,\"ts\":20,\"id\":\"0x3\"},"
                                "{\"ph\":\"e\",\"name\":\"n\",\"cat\":\"c\",\"pid\":1,\"tid\":2,\"ts\":90,\"id\":\"0x3\"}",
         "n 0+30000, n 40000+30000", 0, 0, NULL},
        /* Only an instant of that name is the marker of dropped events. */
        {NULL,
         "[{\"ph\":\"X\",\"name\":\"trace_truncated\",\"ts\":5,\"dur\":2,\"pid\":1,\"tid\":1},"
         "{\"ph\":\"C\",\"name\":\"trace_truncated\",\"ts\":5,\"pid\":2,\"args\":{\"x\":1}},"
         "{\"ph\":\"n\",\"name\":\"trace_truncated\",\"ts\":5,\"pid\":3,\"id\":1,\"cat\":\"c\"}]",
         "trace_truncated 0+2000", 0, 0, NULL},
        /* Times at their limits, from a start in a far year. */
        {NULL,
         "{\"traceEvents\":[{\"ph\":\"X\",\"name\":\"a\",\"ts\":4e15,\"dur\":4e15,\"pid\":1,\"tid\":1},"
         "{\"ph\":\"X\",\"name\":\"b\",\"ts\":3.9e15,\"dur\":4e15,\"pid\":1,\"tid\":1},"
         "{\"ph\":\"X\",\"name\":\"c\",\"ts\":-4e15,\"dur\":1,\"pid\":1,\"tid\":1}],"
         "\"metadata\":{\"session_id\":\"s\",\"trace_start_time\":\"2190-01-01T00:00:00Z\"}}",
         "c 0+1000, a 6257414400000000000+0, b 6257414400000000000+0", 0, 0, NULL},
        /* Lines in any order are a document, too. */
        {NULL,
         "{\"ph\":\"E\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":9}\n"
         "{\"ph\":\"B\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":2}\n",
         "a 0+7000", 0, 0, NULL},
    };
    CHECK_ALL(inputs);
}

TEST(any_order_of_the_events_gives_the_same_spans)
{
    enum { PAIRS = 40, THREADS = 3 };
    uint64_t seed = 7;
    for (unsigned round = 0; round < 20; round++) {
        struct event_text {
            char text[160];
        } events[2 * PAIRS], *shuffled[2 * PAIRS];
        unsigned depth[THREADS] = {0}, stack[THREADS][PAIRS], begun = 0, count = 0;
        /* Nested spans of a few threads; names differ where they are open at once. */
        for (unsigned ts = 0; count < 2 * PAIRS; ts++) {
            unsigned thread = (unsigned)support_random_below(&seed, THREADS);
            bool begins =
                begun < PAIRS && (depth[thread] == 0 || support_random_below(&seed, 2) == 0);
            if (!begins && depth[thread] == 0) {
                continue;
            }
            if (begins) {
                stack[thread][depth[thread]++] = begun++;
            }
            unsigned span = stack[thread][depth[thread] - 1];
            depth[thread] -= !begins;
            snprintf(
                events[count].text, sizeof events[count].text,
                "{\"ph\":\"%c\",\"name\":\"s%u\",\"cat\":\"c\",\"pid\":1,\"tid\":%u,\"ts\":%u}",
                begins ? 'B' : 'E', span % 11, thread, ts * 3);
            shuffled[count] = &events[count];
            count++;
        }
        char *seen[2];
        for (unsigned pass = 0; pass < 2; pass++) {
            struct strbuf text, spans;
            struct rig rig;
            strbuf_init(&text, &mem_libc, 0);
            strbuf_init(&spans, &mem_libc, 0);
            for (unsigned i = 0; i < count; i++) {
                strbuf_addf(&text, "%s%s", i == 0 ? "[" : ",\n", shuffled[i]->text);
            }
            strbuf_adds(&text, "]");
            trace_input_read(&rig, &(struct trace_input){.text = text.data});
            trace_input_describe(rig.model.swarm, &spans);
            assert_int_equal(trace_input_orphans(rig.model.swarm), 0);
            seen[pass] = strdup(spans.data);
            rig_release(&rig);
            strbuf_release(&text);
            strbuf_release(&spans);
            for (unsigned i = count; i-- > 1;) {
                unsigned other = (unsigned)support_random_below(&seed, i + 1);
                struct event_text *swapped = shuffled[i];
                shuffled[i] = shuffled[other];
                shuffled[other] = swapped;
            }
        }
        assert_string_equal(seen[0], seen[1]);
        free(seen[0]);
        free(seen[1]);
    }
}

/* ---- numbers ---- */

TEST(times_and_ids_may_be_texts_and_keep_their_nanoseconds)
{
    static const struct trace_input inputs[] = {
        {"38-ts-as-string.json", NULL, "boot 0+250000, run 250000+100000", 0, 0, NULL},
        {"44-ph-of-three-letters.json", NULL, "name.exec 0+500100, x 594900+5000", 0, 0, NULL},
        {"52-ns-fractions.json", NULL,
         "us1 0+1100, us2 1100+200, us3 1300+300, us4 1700+400, ns1 3000+11, ns2 3011+2", 0, 0,
         NULL},
        {"60-rare-phases.json", NULL, "a 0+10000", 0, 0, NULL},
        {"88-all-ts-strings.json", NULL, "n0 0+5000, n1 10000+5000, n2 20000+5000, n3 30000+5000",
         0, 0, NULL},
        {"89-dur-as-string.json", NULL, "a 0+10000, b 20000+10000", 0, 0, NULL},
        {"102-epoch-us-axis.json", NULL, "step 0+123000, step 152000+100000", 0, 0, NULL},
        {"104-sub-microsecond.json", NULL, "a 0+50, b 50+20, c 70+500", 0, 0, NULL},
        {"51-epoch-ns.json", NULL, "", 0, 3, "ts is out of range"},
        /* Digits that no double holds: of numbers, of texts, before 1970, with more than nine. */
        {NULL,
         "[{\"ph\":\"B\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":1790000000000123.257},"
         "{\"ph\":\"E\",\"name\":\"a\",\"pid\":\"1\",\"tid\":\"1\",\"ts\":\"1790000000000123.259\"},"
         "{\"ph\":\"X\",\"name\":\"b\",\"pid\":1,\"tid\":1,\"ts\":1790000000000123.2600001,\"dur\":0.003}]",
         "a 0+2, b 3+3", 0, 0, NULL},
        {NULL,
         "[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":-1790000000000123.257,\"dur\":1.001},"
         "{\"ph\":\"X\",\"name\":\"b\",\"pid\":1,\"tid\":1,\"ts\":-1790000000000122.256,\"dur\":1}]",
         "a 0+1001, b 1001+1000", 0, 0, NULL},
        {NULL,
         "[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":\"soon\",\"dur\":1},"
         "{\"ph\":\"X\",\"name\":\"b\",\"pid\":1,\"tid\":1,\"ts\":1.5e3,\"dur\":\"2e0\"}]",
         "b 0+2000", 0, 1, "ts is"},
        /* A duration that spells no number is refused; null is none, and other phases have none. */
        {NULL,
         "[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":1,\"dur\":\"5ms\"},"
         "{\"dur\":[5],\"ph\":\"X\",\"name\":\"b\",\"pid\":1,\"tid\":1,\"ts\":1},"
         "{\"ph\":\"X\",\"name\":\"c\",\"pid\":1,\"tid\":1,\"ts\":1,\"dur\":null},"
         "{\"ph\":\"B\",\"name\":\"d\",\"pid\":1,\"tid\":1,\"ts\":2,\"dur\":\"x\"},"
         "{\"ph\":\"E\",\"name\":\"d\",\"pid\":1,\"tid\":1,\"ts\":3,\"dur\":\"x\"}]",
         "c 0+0, d 1000+1000", 0, 2, "dur is no number"},
    };
    CHECK_ALL(inputs);
}

TEST(spans_of_microseconds_since_1970_meet_exactly)
{
    struct rig rig;
    trace_input_read(&rig, &(struct trace_input){.file = "50-epoch-us-fractions.json"});
    for (unsigned i = 0; i < 20; i++) {
        char name[8];
        snprintf(name, sizeof name, "k%u", i);
        const struct span *span = swarm_span(rig.model.swarm, model_span(&rig.model, name, 0));
        assert_int_equal(span->end_ns - span->start_ns, 1000);
        assert_int_equal(span->start_ns % 1000000, (125 + 1000 * i) % 1000000);
        assert_int_equal(span->lane, 0);
    }
    char *written = model_export(rig.model.swarm, TRACKS_LANE);
    assert_non_null(strstr(written, "\"ts\":1672924880617019.125,"));
    free(written);
    rig_release(&rig);
}

/* ---- what is around documents, and in them ---- */

TEST(what_can_be_framed_is_kept_and_the_rest_is_reported)
{
    static const struct trace_input inputs[] = {
        {"17-empty-object-last.json", NULL, "X1 0+1100, X2 1100+200, X3 1300+300", 0, 0, NULL},
        {"20-nested-traceEvents.json", NULL, "inner 0+5000", 0, 0, NULL},
        {"22-joined-documents.json", NULL, "a 0+10000, b 5000+10000", 0, 0, NULL},
        {"23-array-of-arrays.json", NULL, "a 0+10000, b 5000+10000, c 7000+1000, a2 10000+10000", 0,
         0, NULL},
        {"24-program-output-inside.json", NULL, "one 0+10000, two 10000+10000, three 20000+10000",
         0, 4, "line 3"},
        {"25-log-lines-around.json", NULL, "one 0+10000, two 10000+10000", 0, 2, "line 1"},
        {"37-comments.json", NULL, "a 0+10000, b 10000+10000", 0, 1, "line 1"},
        {"39-nan-infinity-args.json", NULL, "step 0+10000, step 10000+10000", 0, 0, NULL},
        {"75-null-document.json", NULL, "", 0, 0, NULL},
        {"82-trace-viewer-html-json.json", NULL, "a 0+10000", 0, 1, "line 1"},
        {"90-traceEvents-twice.json", NULL, "a 0+10000, b 20000+10000", 0, 0, NULL},
        /* Text before a document: on its line, JSON of a logger, brackets, many lines. */
        {NULL, "TRACE: {\"traceEvents\":[" X1 "," X2 "]}\n", TWO, 0, 1, "text before the trace"},
        {NULL, "{\"level\":\"info\"}\n{\"level\":\"warn\"}\n[" X1 ",\n" X2 "]\n", TWO, 0, 1,
         "line 1"},
        {NULL, "\n[INFO] a\n[2026-01-01 10:00:00,123] b\n\n[" X1 ",\n" X2 "]\n", TWO, 0, 1,
         "line 2"},
        {NULL, "callback([" X1 "," X2 "]);\n", TWO, 0, 1, "line 1"},
        /* After it, and between two. */
        {NULL, "{\"traceEvents\":[" X1 "]}\ndone\ndone\n{\"traceEvents\":[" X2 "]}\nbye\n", TWO, 0,
         1, "line 2: not JSON: text after"},
        {NULL, "[" X1 "," X2 "]\n]}\n", TWO, 0, 0, NULL},
        {NULL, "[" X1 "][" X2 "]", TWO, 0, 0, NULL},
        /* Documents in a list. */
        {NULL, "[{\"traceEvents\":[" X1 "],\"k\":1},\n{\"traceEvents\":[" X2 "]}]", TWO, 0, 0,
         NULL},
        {NULL, "{\"traceEvents\":[[" X1 "],[[" X2 "]]]}", TWO, 0, 0, NULL},
        {NULL, "{\"traceEvents\":5}", "", 0, 1, "traceEvents is no list of events"},
        /* What is no JSON, though its meaning is plain; and what is not plain. */
        {NULL,
         "[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":0,\"dur\":1,\"args\":{\"x\":[1,],},},\n" X2
         "]",
         TWO, 0, 0, NULL},
        {NULL,
         "[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":0,\"dur\":1,\"args\":{\"x\":\"1\n\t2\"}},\n" X2
         "]",
         TWO, 0, 0, NULL},
        {NULL,
         "[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":0,\"dur\":1,\"args\":{\"x\":-inf,\"y\":+NaN,\"nan\":\"inf\"}},\n" X2
         "]",
         TWO, 0, 0, NULL},
        {NULL, "[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":nan,\"dur\":1},\n" X2 "]",
         "b 0+1000", 0, 1, "ts is"},
        {NULL,
         "[{\"ph\":\"X\",\"name\":\"C:\\D\",\"pid\":1,\"tid\":1,\"ts\":0,\"dur\":1},\n" X2 "]",
         "b 0+1000", 0, 1, "line 1: not JSON"},
        /* A slash in something else is no comment. */
        {NULL, "[" X1 ", see http://x.org/ " X2 " /* " X2 " */]", TWO, 0, 1, "an event expected"},
    };
    CHECK_ALL(inputs);
}

/* Shapes of producers that are not among the cases, made up. */
TEST(other_producers_traces_mean_their_spans)
{
    static const struct trace_input inputs[] = {
        /* go tool trace: no cat, frames apart, ns with fractions. */
        {NULL,
         "{\"traceEvents\":[{\"name\":\"process_name\",\"ph\":\"M\",\"ts\":0,\"pid\":0,\"tid\":0,"
         "\"args\":{\"name\":\"PROCS\"}},{\"name\":\"Goroutines\",\"ph\":\"C\",\"ts\":0.5,\"pid\":2,"
         "\"tid\":0,\"args\":{\"Running\":1}},{\"name\":\"G1\",\"ph\":\"X\",\"ts\":1.5,\"dur\":10.25,"
         "\"pid\":0,\"tid\":0,\"sf\":1,\"esf\":2,\"args\":{}},{\"name\":\"start\",\"ph\":\"i\",\"ts\":1,"
         "\"pid\":0,\"tid\":0,\"s\":\"t\"},{\"name\":\"go\",\"ph\":\"s\",\"ts\":2,\"pid\":0,\"tid\":0,"
         "\"id\":1,\"sf\":3},{\"name\":\"G2\",\"ph\":\"X\",\"ts\":3,\"dur\":1,\"pid\":0,\"tid\":1}],"
         "\"displayTimeUnit\":\"ns\",\"stackFrames\":{\"1\":{\"name\":\"main\",\"parent\":0}}}",
         "G1 0+10250, G2 1500+1000", 0, 0, NULL},
        /* DevTools: samples, memory dumps, objects, contexts and marks beside a task. */
        {NULL,
         "{\"metadata\":{\"source\":\"DevTools\"},\"traceEvents\":["
         "{\"args\":{\"data\":{\"startTime\":5}},\"cat\":\"p\",\"id\":\"0x1\",\"name\":\"Profile\","
         "\"ph\":\"P\",\"pid\":1,\"tid\":1,\"ts\":5},"
         "{\"args\":{},\"cat\":\"d\",\"dur\":50,\"name\":\"RunTask\",\"ph\":\"X\",\"pid\":1,"
         "\"tdur\":40,\"tid\":1,\"ts\":7,\"tts\":1},"
         "{\"cat\":\"m\",\"id\":\"0xa\",\"name\":\"d\",\"ph\":\"v\",\"pid\":1,\"tid\":1,\"ts\":8},"
         "{\"cat\":\"x\",\"id\":\"0x5\",\"name\":\"O\",\"ph\":\"N\",\"pid\":1,\"tid\":1,\"ts\":8},"
         "{\"cat\":\"x\",\"id\":\"0x5\",\"name\":\"O\",\"ph\":\"D\",\"pid\":1,\"tid\":1,\"ts\":9},"
         "{\"cat\":\"x\",\"id\":\"0x1\",\"name\":\"c\",\"ph\":\"(\",\"pid\":1,\"tid\":1,\"ts\":8},"
         "{\"cat\":\"u\",\"name\":\"mark\",\"ph\":\"R\",\"pid\":1,\"tid\":1,\"ts\":9}]}",
         "RunTask 0+50000", 0, 0, NULL},
        /* viztracer: the callee before its caller, of one end. */
        {NULL,
         "{\"traceEvents\":[{\"pid\":9,\"tid\":9,\"ts\":12345678901.234,\"ph\":\"X\",\"dur\":0.321,"
         "\"name\":\"f\",\"cat\":\"FEE\"},{\"pid\":9,\"tid\":9,\"ts\":12345678901.0,\"ph\":\"X\","
         "\"dur\":0.555,\"name\":\"main\",\"cat\":\"FEE\"}],\"file_info\":{\"files\":{}}}",
         "main 0+555, f 234+321", 0, 0, NULL},
        /* bazel: before 0, members of its own, a counter of texts. */
        {NULL,
         "{\"otherData\":{\"build_id\":\"x\"},\"traceEvents\":["
         "{\"cat\":\"m\",\"name\":\"Launch\",\"ph\":\"X\",\"ts\":-1234000,\"dur\":1234000,\"pid\":1,"
         "\"tid\":3},{\"name\":\"CPU\",\"ph\":\"C\",\"ts\":10,\"pid\":1,\"tid\":3,\"args\":{\"cpu\":"
         "\"0.5\"}},{\"cat\":\"a\",\"name\":\"Compile\",\"ph\":\"X\",\"ts\":10,\"dur\":99,\"pid\":1,"
         "\"tid\":18,\"args\":{\"target\":\"//a\"},\"out\":\"x\"}]}",
         "Launch 0+1234000000, Compile 1234010000+99000", 0, 0, NULL},
        /* The middle of a list, a line for each event. */
        {NULL,
         X1 ",\n" X2 " , \r\n{\"ph\":\"X\",\"name\":\"c\",\"pid\":1,\"tid\":1,\"ts\":4,\"dur\":1}",
         "a 0+1000, c 4000+1000, b 5000+1000", 0, 0, NULL},
    };
    CHECK_ALL(inputs);
}

TEST(pids_and_tids_of_any_type_are_kept_apart_and_numbers_are_their_texts)
{
    struct rig rig;
    trace_input_read(&rig, &(struct trace_input){.file = "53-pids-tids-odd.json"});
    const struct swarm *swarm = rig.model.swarm;
    agent_no rows[8];
    unsigned spans = 0, same = 0;
    for (span_no no = swarm_span_begin(swarm); no < swarm_span_end(swarm); no++, spans++) {
        const struct span *span = swarm_span(swarm, no);
        assert_true(spans < 8 && span->end_ns - span->start_ns == 10000);
        rows[spans] = span->agent;
        for (unsigned i = 0; i < spans; i++) {
            same += rows[i] == span->agent;
        }
    }
    /* 0 and "0"; null and true, which are none. */
    assert_int_equal(spans, 8);
    assert_int_equal(rows[2], rows[3]);
    assert_int_equal(rows[6], rows[7]);
    assert_int_equal(same, 2);
    rig_release(&rig);
}

TEST(a_line_before_the_document_costs_no_event)
{
    struct rig rig;
    struct source_status status =
        trace_input_read(&rig, &(struct trace_input){.file = "117-warning-line-first.json"});
    assert_int_equal(swarm_span_end(rig.model.swarm), 1000);
    assert_int_equal(status.bad, 1);
    assert_non_null(strstr(status.error, "line 1: not JSON: text before the trace"));
    rig_release(&rig);
}

/* The start-up of a real Chromium, with the lengths that it means. */
TEST(async_spans_of_a_page_load_have_their_lengths)
{
    struct rig rig;
    char *expected =
        support_read_file(support_data("cases/traces/119-chromium-startup.expect.txt"), NULL);
    unsigned count = 0;
    trace_input_read(&rig, &(struct trace_input){.file = "119-chromium-startup.json"});
    const struct swarm *swarm = rig.model.swarm;
    for (const char *line = strstr(expected, "\n  ('"); line != NULL;
         line = strstr(line + 1, "\n  ('")) {
        char name[100], pid[16];
        long long ts_us, dur_us;
        bool found = false;
        assert_int_equal(
            sscanf(line, "\n  ('%99[^']', %15[0-9], %lld, %lld)", name, pid, &ts_us, &dur_us), 4);
        for (span_no no = swarm_span_begin(swarm); no < swarm_span_end(swarm) && !found; no++) {
            const struct span *span = swarm_span(swarm, no);
            found = strcmp(swarm_text(swarm, span->name), name) == 0 &&
                    strcmp(swarm_text(swarm, swarm_get_track(swarm, span->track)->pid), pid) == 0 &&
                    span->start_ns == ts_us * 1000 &&
                    span->end_ns - span->start_ns == dur_us * 1000;
        }
        if (!found) {
            fail_msg("no span %s of %s at %lld us, %lld us long", name, pid, ts_us, dur_us);
        }
        count++;
    }
    assert_int_equal(count, swarm_span_end(swarm));
    free(expected);
    rig_release(&rig);
}

TEST(documents_one_after_the_other_are_sessions_of_their_own)
{
    struct rig rig;
    trace_input_read(&rig, &(struct trace_input){.text = "[" X1 "]\n[" X2 "]\n[" X1 "]\n"});
    assert_int_equal(swarm_session_count(rig.model.swarm), 3);
    for (session_no i = 0; i < 3; i++) {
        assert_int_equal(swarm_session(rig.model.swarm, i)->event_count, 1);
    }
    rig_release(&rig);
}

TEST(other_formats_are_named_once_with_what_to_do)
{
    static const struct trace_input inputs[] = {
        {"30-zip.zip", NULL, "", 0, 1, "a zip archive: unpack it"},
#ifdef HAVE_ZSTD
        {"31-zstd.json.zst", NULL, "", 0, 0, "unexpected end of the zstd data"},
#else
        {"31-zstd.json.zst", NULL, "", 0, 1, "zstd data: unpack it"},
#endif
        {"32-html-systrace.html", NULL, "", 0, 1, "an HTML page"},
        {"33-perfetto-protobuf.pftrace", NULL, "", 0, 1, "protobuf"},
        {"79-cpuprofile.json", NULL, "", 0, 1, "a CPU profile"},
        {"35-utf16.json", NULL, "a 0+10000", 0, 0, NULL},
        {"93-gzip-in-gzip.json", NULL, "a 0+10000", 0, 0, NULL},
        {NULL, "  <html><body>{\"traceEvents\":[]}</body></html>", "", 0, 1, "an HTML page"},
        {NULL, "{\n\"nodes\": [],\n\"samples\": [],\n\"timeDeltas\": []\n}\n", "", 0, 1,
         "a CPU profile"},
        {NULL, "{\"$schema\":\"x\",\"shared\":{\"frames\":[]},\"profiles\":[]}", "", 0, 1,
         "a speedscope profile"},
        {NULL, "hello\nworld\n", "", 0, 2, "neither a trace nor a feed"},
    };
    CHECK_ALL(inputs);
}
