/* Property: a model that is cut down to a part of the time again and again while events come is, in the end, the one that is cut once; and
   that is the model of the document which holds just that part. */
#include "core/model/swarm.h"

#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- histories ---- */

enum { PIDS = 3, OPEN = 6 };

static const struct {
    const char *name, *cat;
} kinds[] = {{"API Call", "api"},
             {"Tool: Bash", "tool"},
             {"Tool: Read", "tool"},
             {"Tool: Task", "tool"},
             {"Interaction", "interaction"},
             {"Waiting for User Input", "user_input"},
             {"work", "x"}};
#define KINDS (sizeof kinds / sizeof *kinds)

struct open_span {
    size_t kind;
    int from_ms;
    unsigned number;
};

struct history {
    uint64_t seed;
    int now_ms;
    bool agents; /* else nothing in it says that it is of agents */
    bool late;   /* it turns out that it is of agents when something is there already */
    bool
        apart; /* nothing begins or ends when a complete event does, and each of those takes time */
    unsigned numbers;
    struct open_span open[PIDS][OPEN];
    size_t open_count[PIDS];
    struct strbuf text; /* the events of the step */
};

static void put_event(struct history *h, const char *name, const char *cat, char ph, int at_ms,
                      int pid)
{
    int at_us = at_ms * 1000 + (ph == 'X' && h->apart ? 500 : 0);
    strbuf_addf(&h->text,
                " {\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"%c\",\"ts\":%d,\"pid\":%d,\"tid\":%d",
                name, cat, ph, at_us, pid + 1, pid + 101);
}

static void put_begin(struct history *h, int pid)
{
    struct open_span *open = &h->open[pid][h->open_count[pid]++];
    *open = (struct open_span){h->agents ? support_random_below(&h->seed, KINDS) : KINDS - 1,
                               h->now_ms, ++h->numbers};
    put_event(h, kinds[open->kind].name, kinds[open->kind].cat, 'B', h->now_ms, pid);
    if (support_random_below(&h->seed, 2) == 0) {
        strbuf_addf(&h->text, ",\"args\":{\"n\":%u}", open->number);
    }
    strbuf_adds(&h->text, "}");
}

/* A phase, at once with both its events, as the producer writes it. */
static void put_phase(struct history *h, const char *name, const char *cat, int from_ms, int to_ms,
                      int pid)
{
    put_event(h, name, cat, 'B', from_ms, pid);
    strbuf_adds(&h->text, "}");
    put_event(h, name, cat, 'E', to_ms, pid);
    strbuf_adds(&h->text, "}");
}

static void put_phases(struct history *h, const struct open_span *request, int pid)
{
    int length = h->now_ms - request->from_ms;
    int a = request->from_ms + (int)support_random_below(&h->seed, (uint64_t)length + 1);
    int b = a + (int)support_random_below(&h->seed, (uint64_t)(h->now_ms - a) + 1);
    put_phase(h, "Request Setup", "api,setup", request->from_ms, a, pid);
    put_phase(h, "First Token", "api,ttft", a, b, pid);
    put_phase(h, "Sampling", "api,sampling", b, h->now_ms, pid);
}

/* Any of those that are open, not the innermost alone; some say how long they took, or what they began with, or nothing. (A request that
   says nothing may take the phases of another one, which then lie outside of it.) */
static void put_end(struct history *h, int pid)
{
    size_t which = support_random_below(&h->seed, h->open_count[pid]);
    struct open_span open = h->open[pid][which];
    bool request = strcmp(kinds[open.kind].cat, "api") == 0;
    if (request && support_random_below(&h->seed, 4) != 0) {
        put_phases(h, &open, pid);
    }
    put_event(h, kinds[open.kind].name, kinds[open.kind].cat, 'E', h->now_ms, pid);
    uint64_t says =
        request ? 2 + support_random_below(&h->seed, 2) : support_random_below(&h->seed, 4);
    if (says > 0) {
        strbuf_addf(&h->text, ",\"args\":{\"n\":%u", open.number);
    }
    if (says > 1) {
        strbuf_addf(&h->text, ",\"duration_ms\":%d", h->now_ms - open.from_ms);
    }
    if (says > 2) {
        strbuf_adds(&h->text, ",\"success\":false");
    }
    strbuf_adds(&h->text, says > 0 ? "}}" : "}");
    h->open[pid][which] = h->open[pid][--h->open_count[pid]];
}

/* What is over when it is told, mostly of before. */
static void put_complete(struct history *h, int pid)
{
    int back_ms = (int)support_random_below(&h->seed, 300);
    int from_ms = h->now_ms > back_ms ? h->now_ms - back_ms : 0;
    put_event(h, h->agents ? "Tool: Grep" : "work", h->agents ? "tool" : "x", 'X', from_ms, pid);
    strbuf_addf(&h->text, ",\"dur\":%d}",
                (h->apart + (int)support_random_below(&h->seed, 200)) * 1000);
}

static void put_async(struct history *h, int pid)
{
    put_event(h, "async", "y", "be"[support_random_below(&h->seed, 2)], h -> now_ms, pid);
    strbuf_addf(&h->text, ",\"id\":%u}", (unsigned)support_random_below(&h->seed, 3));
}

static void put_other(struct history *h, int pid)
{
    static const char phases[] = "iIiCsfnE-";
    char ph = phases[support_random_below(&h->seed, sizeof phases - 1)];
    if (ph == '-') {
        strbuf_addf(&h->text, " {\"name\":\"of no time\",\"ph\":\"n\",\"pid\":%d,\"tid\":%d}",
                    pid + 1, pid + 101);
        return;
    }
    put_event(h, ph == 'E' ? "nobody's" : "other", "z", ph, h->now_ms, pid);
    strbuf_addf(&h->text, ",\"id\":7,\"s\":\"t\",\"args\":{\"c\":%d}}", h->now_ms);
}

/* The events of one moment, or a few. */
static const char *step(struct history *h)
{
    int pid = (int)support_random_below(&h->seed, PIDS);
    uint64_t n = support_random_below(&h->seed, 16);
    strbuf_clear(&h->text);
    h->agents |= h->late && h->now_ms > 300;
    h->now_ms +=
        support_random_below(&h->seed, 3) == 0 ? 0 : (int)support_random_below(&h->seed, 40);
    if (n < 5 && h->open_count[pid] < OPEN) {
        put_begin(h, pid);
    } else if (n < 11 && h->open_count[pid] > 0) {
        put_end(h, pid);
    } else if (n < 13) {
        put_complete(h, pid);
    } else if (n < 14) {
        put_async(h, pid);
    } else {
        put_other(h, pid);
    }
    assert_false(h->text.failed);
    return h->text.data;
}

static void history_init(struct history *h, uint64_t seed)
{
    *h = (struct history){.seed = seed, .agents = seed % 4 > 1, .late = seed % 4 == 1};
    strbuf_init(&h->text, &mem_libc, 0);
}

/* The model of a file that knows its processes. Of threads it also knows in which order they stand, and each has something at all times:
   else they stand in the order in which they appear, where they appear, and that may be another one in a part. */
static void begin_model(struct model *model, bool agents, const struct mem *mem)
{
    assert_true(model_init(model, mem) && model_open_file(model, "s"));
    for (int pid = 1; pid <= PIDS; pid++) {
        char text[300], name[2] = {(char)('a' + pid), '\0'};
        assert_true(model_name(model, pid, name));
        snprintf(text, sizeof text,
                 "{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,"
                 "\"args\":{\"sort_index\":%d}} "
                 "{\"name\":\"all along\",\"ph\":\"B\",\"ts\":0,\"pid\":%d,\"tid\":%d}",
                 pid, pid + 100, pid, pid, pid + 100);
        assert_true(agents || model_events(model, text));
    }
}

/* ---- what a model is ---- */

/* Fails with the first lines that differ. Frees both. */
static void assert_same_text(char *a, char *b, uint64_t seed, const char *what)
{
    size_t at = 0, line = 0;
    for (; a[at] == b[at] && a[at] != '\0'; at++) {
        line = a[at] == '\n' ? at + 1 : line;
    }
    if (a[at] != b[at]) {
        fail_msg("seed %llu, %s: %.*s\ninstead of: %.*s", (unsigned long long)seed, what,
                 (int)strcspn(a + line, "\n"), a + line, (int)strcspn(b + line, "\n"), b + line);
    }
    free(a);
    free(b);
}

static void assert_same_model(const struct model *got, const struct model *want, uint64_t seed,
                              const char *what)
{
    assert_same_text(model_dump(got->swarm), model_dump(want->swarm), seed, what);
    assert_same_text(model_describe(got->swarm), model_describe(want->swarm), seed, what);
}

/* ---- ranges ---- */

struct range {
    int64_t from_ns, to_ns;
};

/* Most are a part of what comes, with ends that are moments at which something is; some have one end, are a moment, or nothing. */
static struct range random_range(uint64_t *seed, int last_ms)
{
    int64_t a = model_ns(1 + (double)support_random_below(seed, (uint64_t)last_ms));
    int64_t b = model_ns(1 + (double)support_random_below(seed, (uint64_t)last_ms));
    switch (support_random_below(seed, 8)) {
    case 0: return (struct range){INT64_MIN, a};
    case 1: return (struct range){a, INT64_MAX};
    case 2: return (struct range){a, a};
    case 3: return (struct range){a, a - 1};
    case 4: return (struct range){INT64_MIN, INT64_MAX};
    default: return a < b ? (struct range){a, b} : (struct range){b, a};
    }
}

/* Events get numbers that none had before, and time does not go back while more is to come. */
static void cut_pool(struct model *model, enum swarm_pool pool, struct range range, bool last)
{
    uint64_t end = event_store_end(swarm_store(model->swarm, pool));
    int64_t clock_ns = swarm_session(model->swarm, model->session)->clock_ns;
    assert_true(swarm_keep_range(model->swarm, pool, range.from_ns, range.to_ns, last));
    assert_true(event_store_first(swarm_store(model->swarm, pool)) >= end);
    assert_true(last || swarm_session(model->swarm, model->session)->clock_ns == clock_ns);
}

static void cut(struct model *model, struct range range, bool last)
{
    cut_pool(model, POOL_FILES, range, last);
}

/* What ingest does at the end of a file. */
static void end_file(struct model *model)
{
    if (swarm_is_late(model->swarm, swarm_session(model->swarm, model->session)->document)) {
        assert_true(swarm_rederive(model->swarm, POOL_FILES));
    }
}

/* The model of the document that holds just the part. (That it is of agents, ingest sees by its metadata.) */
static void open_part(struct model *model, const struct model *whole, struct range range,
                      enum document_tracks tracks)
{
    struct document_options options = {
        .tracks = tracks, .only = NO_SESSION, .from_ns = range.from_ns, .to_ns = range.to_ns};
    char *document = model_export_with(whole->swarm, &options);
    assert_true(model_init(model, &mem_libc) && model_open(model, document));
    if ((swarm_session(whole->swarm, whole->session)->flags & SESSION_AGENTS) != 0) {
        assert_true(swarm_set_agents(model->swarm, model->session) &&
                    swarm_rederive(model->swarm, POOL_FILES));
    }
    end_file(model);
    free(document);
}

/* ---- properties ---- */

TEST(to_cut_often_is_to_cut_once_and_that_is_to_open_the_part)
{
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct history h;
        struct model often, once, part;
        int steps = 20 + (int)(seed % 5) * 40;
        history_init(&h, seed);
        struct range range = random_range(&h.seed, steps * 14);
        begin_model(&often, h.agents, &mem_libc);
        begin_model(&once, h.agents, &mem_libc);
        for (int i = 0; i < steps; i++) {
            const char *events = step(&h);
            assert_true(model_events(&often, events) && model_events(&once, events));
            if (support_random_below(&h.seed, 12) == 0) {
                cut(&often, range, false);
            }
        }
        open_part(&part, &once, range, TRACKS_AGENT);
        cut(&often, range, true);
        cut(&once, range, true);
        assert_same_model(&often, &once, seed, "cut often");
        assert_same_model(&part, &once, seed, "opened");
        model_release(&often);
        model_release(&once);
        model_release(&part);
        strbuf_release(&h.text);
    }
}

static void run_history(struct model *model, uint64_t seed, int steps, const struct mem *mem)
{
    struct history h;
    history_init(&h, seed);
    h.apart = true;
    begin_model(model, h.agents, mem);
    for (int i = 0; i < steps; i++) {
        assert_true(model_events(model, step(&h)));
    }
    end_file(model);
    strbuf_release(&h.text);
}

/* A model that was cut is exported as the part of one that was not. (Where complete events begin with others, lanes may be others too.) */
TEST(the_part_is_exported_as_the_same_document)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct model model;
        uint64_t random = seed;
        struct range range = random_range(&random, 1500);
        run_history(&model, seed, 100, &mem_libc);
        char *want[2], *got;
        for (int tracks = 0; tracks < 2; tracks++) {
            struct document_options options = {.tracks = (enum document_tracks)tracks,
                                               .only = NO_SESSION,
                                               .from_ns = range.from_ns,
                                               .to_ns = range.to_ns};
            want[tracks] = model_export_with(model.swarm, &options);
        }
        cut(&model, range, true);
        for (int tracks = 0; tracks < 2; tracks++) {
            got = model_export(model.swarm, (enum document_tracks)tracks);
            if (strcmp(got, want[tracks]) != 0) {
                fail_msg("seed %llu: %s\ninstead of %s", (unsigned long long)seed, got,
                         want[tracks]);
            }
            free(got);
            free(want[tracks]);
        }
        model_release(&model);
    }
}

TEST(all_of_the_time_is_the_model_as_it_was)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct model model, same;
        run_history(&model, seed, 100, &mem_libc);
        run_history(&same, seed, 100, &mem_libc);
        cut(&model, (struct range){INT64_MIN, INT64_MAX}, seed % 2);
        assert_same_model(&model, &same, seed, "all of it");
        model_release(&model);
        model_release(&same);
    }
}

TEST(a_part_of_a_part_is_a_part_of_the_whole)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct model twice, once;
        uint64_t random = seed;
        struct range outer = random_range(&random, 1500), inner = random_range(&random, 1500);
        inner.from_ns = inner.from_ns > outer.from_ns ? inner.from_ns : outer.from_ns;
        inner.to_ns = inner.to_ns < outer.to_ns ? inner.to_ns : outer.to_ns;
        run_history(&twice, seed, 100, &mem_libc);
        run_history(&once, seed, 100, &mem_libc);
        if (inner.from_ns <= inner.to_ns) {
            cut(&twice, outer, true);
            cut(&twice, inner, true);
            cut(&once, inner, true);
            assert_same_model(&twice, &once, seed, "cut twice");
        }
        model_release(&twice);
        model_release(&once);
    }
}

/* ---- whose events they are ---- */

/* Two files and a live session in one model: each has its events counted, and the live one keeps all of its own. */
TEST(all_sessions_of_the_pool_are_cut_and_no_others)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    session_no sessions[3];
    model_hello(&model, "live", "live");
    sessions[2] = model.session;
    for (int i = 0; i < 2; i++) {
        assert_true(model_open_file(&model, i == 0 ? "a" : "b"));
        sessions[i] = model.session;
    }
    for (int ms = 0; ms < 100; ms += 10) {
        for (int i = 0; i < 3; i++) {
            struct model_span span = {1, "Tool: X", "tool", ms + i, ms + i + 5, NULL, NULL};
            model.session = sessions[i];
            assert_true(model_add(&model, &span));
        }
    }
    cut(&model, (struct range){model_ns(20), model_ns(61)}, true);
    const struct session *a = swarm_session(model.swarm, sessions[0]),
                         *b = swarm_session(model.swarm, sessions[1]),
                         *live = swarm_session(model.swarm, sessions[2]);
    assert_int_equal(a->event_count, 2 * 5);
    assert_int_equal(b->event_count, 2 * 5);
    assert_int_equal(live->event_count, 2 * 10);
    assert_int_equal(a->clock_ns, model_ns(65));
    assert_int_equal(b->clock_ns, model_ns(66));
    assert_int_equal(event_store_count(swarm_store(model.swarm, POOL_LIVE)), 2 * 10);
    assert_int_equal(event_store_count(swarm_store(model.swarm, POOL_FILES)), 2 * 10);
    model_release(&model);
}

/* Of a feed that has come to its end a part may be wanted, too. */
TEST(a_live_session_is_cut_as_well)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "file"));
    struct model_span span = {1, "Tool: X", "tool", 1, 2, NULL, NULL};
    assert_true(model_add(&model, &span));
    model_hello(&model, "live", "live");
    for (int ms = 0; ms < 100; ms += 10) {
        span.from_ms = ms;
        span.to_ms = ms + 5;
        assert_true(model_add(&model, &span));
    }
    assert_true(model_events(&model,
                             "{\"name\":\"Tool: Y\",\"cat\":\"tool\",\"ph\":\"X\",\"ts\":30000,"
                             "\"dur\":50000,\"pid\":1,\"tid\":101}"));
    cut_pool(&model, POOL_LIVE, (struct range){model_ns(25), model_ns(41)}, true);
    assert_int_equal(event_store_count(swarm_store(model.swarm, POOL_LIVE)), 7);
    assert_int_equal(event_store_count(swarm_store(model.swarm, POOL_FILES)), 2);
    assert_int_equal(swarm_session(model.swarm, model.session)->event_count, 7);
    assert_int_equal(swarm_session(model.swarm, model.session)->clock_ns, model_ns(80));
    model_release(&model);
}

/* Both ends of the range belong to it. */
TEST(what_touches_the_range_is_in_it)
{
    static const struct {
        double from_ms, to_ms; /* to_ms NAN: it has no end */
        bool in;
    } spans[] = {{0, 9, false},   {0, 10, true},   {0, 30, true},     {10, 10, true},
                 {15, 16, true},  {20, 30, true},  {20.5, 30, false}, {0, NAN, true},
                 {20, NAN, true}, {21, NAN, false}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct model model;
        struct model_span span = {1,    "Tool: X", "tool", spans[i].from_ms, spans[i].to_ms,
                                  NULL, NULL};
        assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s") &&
                    model_add(&model, &span));
        cut(&model, (struct range){model_ns(10), model_ns(20)}, false);
        bool open = isnan(spans[i].to_ms);
        size_t events = open ? 1 : 2;
        assert_int_equal(event_store_count(swarm_store(model.swarm, POOL_FILES)),
                         spans[i].in || open ? events : 0);
        cut(&model, (struct range){model_ns(10), model_ns(20)}, true);
        assert_int_equal(event_store_count(swarm_store(model.swarm, POOL_FILES)),
                         spans[i].in ? events : 0);
        model_release(&model);
    }
}

/* ---- lack of memory ---- */

/* Where it could not be done, it can be done once there is memory again. */
TEST(every_lack_of_memory_is_survived)
{
    struct model want;
    struct range range = {model_ns(300), model_ns(700)};
    run_history(&want, 5, 100, &mem_libc);
    cut(&want, range, true);
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = -1};
        struct mem mem = failing_mem(&failing);
        struct model model;
        run_history(&model, 5, 100, &mem);
        failing.allow = allow;
        done = swarm_keep_range(model.swarm, POOL_FILES, range.from_ns, range.to_ns, true);
        failing.allow = -1;
        if (!done) {
            assert_true(swarm_rederive(model.swarm, POOL_FILES));
            cut(&model, range, true);
        }
        assert_same_model(&model, &want, (uint64_t)allow, "with less memory");
        model_release(&model);
        assert_int_equal(failing.live_blocks, 0);
        assert_true(allow < 500);
    }
    model_release(&want);
}
