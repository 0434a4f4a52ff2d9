/* Tests traces of other producers, as files: the spans that they mean, what was refused, and why. Each row is an input,
   of tests/data/cases/traces or in place, and its right values. */
#include "tests/support/rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct input {
    const char *file; /* below data/cases/traces, or NULL */
    const char *text; /* what the file holds */
    const char *
        spans; /* "NAME START+LENGTH, …" in ns from the first start, by start and length; "NAME START+" is open */
    unsigned orphans; /* ends that closed nothing */
};

/* ---- describing ---- */

struct row {
    int64_t start_ns, length_ns; /* length < 0: open */
    const char *name;
};

static int by_start(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->start_ns != y->start_ns) {
        return x->start_ns < y->start_ns ? -1 : 1;
    }
    if (x->length_ns != y->length_ns) {
        return x->length_ns > y->length_ns ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

static void describe(const struct swarm *swarm, struct strbuf *out)
{
    struct row *rows = calloc(swarm_span_end(swarm) + 1, sizeof *rows);
    size_t count = 0;
    for (span_no no = swarm_span_begin(swarm); no < swarm_span_end(swarm); no++) {
        const struct span *span = swarm_span(swarm, no);
        if (span != NULL) {
            bool open = (span->flags & SPAN_OPEN) != 0;
            rows[count++] = (struct row){span->start_ns, open ? -1 : span->end_ns - span->start_ns,
                                         swarm_text(swarm, span->name)};
        }
    }
    if (count > 1) {
        qsort(rows, count, sizeof *rows, by_start);
    }
    for (size_t i = 0; i < count; i++) {
        strbuf_addf(out, "%s%s %lld+", i > 0 ? ", " : "", rows[i].name,
                    (long long)(rows[i].start_ns - rows[0].start_ns));
        if (rows[i].length_ns >= 0) {
            strbuf_addf(out, "%lld", (long long)rows[i].length_ns);
        }
    }
    free(rows);
}

static uint64_t orphans(const struct swarm *swarm)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        sum += session != NULL ? session->orphan_ends : 0;
    }
    return sum;
}

/* Reads the input to its end with a new rig, which the caller releases. */
static struct source_status read_input(struct rig *rig, const struct input *input)
{
    char path[512];
    rig_init(rig);
    rig_start_hub(rig, (struct hub_options){.follow = false});
    if (input->file != NULL) {
        snprintf(path, sizeof path, "cases/traces/%s", input->file);
        size_t index = rig_add(rig, support_data(path));
        rig_until_finished(rig);
        return hub_source(rig->hub, index);
    }
    const char *made = support_path(support_tmpdir(), "input.json");
    support_write_file(made, input->text, strlen(input->text));
    size_t index = rig_add(rig, made);
    rig_until_finished(rig);
    return hub_source(rig->hub, index);
}

static void check_spans(const struct input *input)
{
    struct rig rig;
    struct strbuf spans;
    read_input(&rig, input);
    strbuf_init(&spans, &mem_libc, 0);
    describe(rig.model.swarm, &spans);
    const char *name = input->file != NULL ? input->file : input->text;
    const char *seen = spans.len > 0 ? spans.data : "";
    if (strcmp(seen, input->spans) != 0 || orphans(rig.model.swarm) != input->orphans) {
        print_error("%s\n", name);
    }
    assert_string_equal(seen, input->spans);
    assert_int_equal(orphans(rig.model.swarm), input->orphans);
    strbuf_release(&spans);
    rig_release(&rig);
}

static void check_all(const struct input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_spans(&inputs[i]);
    }
}

#define CHECK_ALL(inputs) check_all(inputs, sizeof(inputs) / sizeof *(inputs))

/* An event of pid 1, tid 1, in an array that the reader may find open. */
#define EV(ph, name, ts, more)                                                              \
    "{\"ph\":\"" ph "\",\"name\":\"" name "\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":" ts \
    "" more "},\n"

/* ---- ids of async spans ---- */

TEST(async_ends_close_the_begin_of_their_id_and_name)
{
    static const struct input inputs[] = {
        {"01-async-id2-local.json", NULL,
         "load a 0+2000000, load b 100000+2100000, load c 150000+2150000", 0},
        {"02-async-id2-global.json", NULL, "req 0+50000, req 10000+80000", 0},
        {"03-async-same-id-names.json", NULL, "parent 0+5000, t0 0+3000, t1 1000+3000", 0},
        {"04-async-id-number-and-string.json", NULL, "q 0+30000, r 5000+35000", 0},
        {"05-async-same-id-other-category.json", NULL, "q 0+20000, q 10000+40000", 0},
        {"06-legacy-async-STF.json", NULL, "A 0+350000, B 50000+200000, BE1 70000+50000, C 450000+",
         1},
        {"83-uppercase-hex-ids.json", NULL, "f 0+10000, x 0+", 1},
        {"85-flutter-timeline.json", NULL, "Frame 0+200000, PipelineItem 10000+185000", 0},
        {"105-reused-ids.json", NULL, "req 0+10000, req 20000+30000", 1},
        /* A local id counts with its process, a global one does not. */
        {NULL,
         "[{\"ph\":\"b\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":0,\"id2\":{\"local\":\"0x1\"}},\n"
         "{\"ph\":\"b\",\"name\":\"w\",\"cat\":\"c\",\"pid\":2,\"tid\":1,\"ts\":10,\"id2\":{\"local\":\"0x1\"}},\n"
         "{\"ph\":\"e\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":20,\"id2\":{\"local\":\"0x1\"}},\n"
         "{\"ph\":\"e\",\"name\":\"w\",\"cat\":\"c\",\"pid\":2,\"tid\":1,\"ts\":40,\"id2\":{\"local\":\"0x1\"}}]",
         "w 0+20000, w 10000+30000", 0},
        {NULL,
         "[{\"ph\":\"b\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":0,\"id2\":{\"global\":\"0x1\"}},\n"
         "{\"ph\":\"b\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":5,\"id2\":{\"local\":\"0x1\"}},\n"
         "{\"ph\":\"b\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":6,\"id\":\"0x1\"},\n"
         "{\"ph\":\"e\",\"name\":\"w\",\"cat\":\"c\",\"pid\":2,\"tid\":1,\"ts\":20,\"id2\":{\"global\":\"0x1\"}},\n"
         "{\"ph\":\"e\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":30,\"id2\":{\"local\":\"0x1\"}},\n"
         "{\"ph\":\"e\",\"name\":\"w\",\"cat\":\"c\",\"pid\":1,\"tid\":2,\"ts\":40,\"id\":\"\\u0030x1\"}]",
         "w 0+20000, w 5000+25000, w 6000+34000", 0},
        /* Names cross, and an end without a name closes the innermost. */
        {NULL,
         "[" EV("b", "a", "0", ",\"id\":1") EV("b", "b", "5", ",\"id\":1") EV("b", "a", "6",
                                                                              ",\"id\":1")
             EV("e", "b", "10", ",\"id\":1") "{\"ph\":\"e\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":15,\"id\":\"1\"}," EV(
                 "e", "z", "16", ",\"id\":1") EV("e", "a", "20", ",\"id\":1"),
         "a 0+20000, b 5000+5000, a 6000+9000", 1},
        /* S and F are apart from b and e. */
        {NULL,
         "[" EV("S", "a", "0", ",\"id\":1") EV("b", "a", "1", ",\"id\":1")
             EV("F", "a", "3", ",\"id\":1") EV("e", "a", "9", ",\"id\":1"),
         "a 0+3000, a 1000+8000", 0},
    };
    CHECK_ALL(inputs);
}

/* ---- order ---- */

TEST(begins_and_ends_pair_in_order_of_time)
{
    static const struct input inputs[] = {
        {"07-unsorted-begin-end.json", NULL,
         "outer 0+100000, inner 20000+40000, later 200000+60000", 0},
        {"11-overlapping-BE-unnamed-ends.json", NULL, "E5 0+283000, E6 76000+100000", 0},
        {"13-end-with-another-name.json", NULL, "alpha 0+10000, beta 1000+8000", 1},
        {"106-recursion-args-only-inside.json", NULL, "visit 0+50000, visit 10000+10000", 0},
        {"107-recursion-args-only-outside.json", NULL, "visit 0+50000, visit 10000+10000", 0},
        /* All backwards, async spans too. */
        {NULL,
         "[" EV("e", "n", "90", ",\"id\":3") EV("E", "a", "80", "") EV("E", "b", "70", "")
             EV("B", "b", "30", "") EV("b", "n", "20", ",\"id\":3") EV("B", "a", "10", ""),
         "a 0+70000, n 10000+70000, b 20000+40000", 0},
        /* An end before its begin, both at one time. */
        {NULL,
         "[" EV("B", "o", "0", "") EV("E", "z", "5", "") EV("B", "z", "5", "")
             EV("E", "o", "9", ""),
         "o 0+9000, z 5000+0", 0},
        /* In order, at one time: as the file has it. */
        {NULL,
         "[" EV("B", "a", "0", "") EV("E", "a", "5", "") EV("B", "a", "5", "")
             EV("E", "a", "7", ""),
         "a 0+5000, a 5000+2000", 0},
        /* Buffers of threads one after the other: an async end is in the file before its begin. */
        {NULL,
         "[" EV("e", "n", "50", ",\"id\":\"0x3\"") EV(
             "b", "n", "60",
             ",\"id\":\"0x3\"") "{\"ph\":\"b\",\"name\":\"n\",\"cat\":\"c\",\"pid\":1,\"tid\":2,\"ts\":20,\"id\":\"0x3\"},"
                                "{\"ph\":\"e\",\"name\":\"n\",\"cat\":\"c\",\"pid\":1,\"tid\":2,\"ts\":90,\"id\":\"0x3\"}",
         "n 0+30000, n 40000+30000", 0},
        /* Lines in any order are a document, too. */
        {NULL,
         "{\"ph\":\"E\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":9}\n"
         "{\"ph\":\"B\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":2}\n",
         "a 0+7000", 0},
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
            read_input(&rig, &(struct input){.text = text.data});
            describe(rig.model.swarm, &spans);
            assert_int_equal(orphans(rig.model.swarm), 0);
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
