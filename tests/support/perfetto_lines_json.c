/* The lines of a Chrome Trace document, as Perfetto reads one: events by time, B and E of a thread as a stack of which X are part. */
#include "tests/support/perfetto_lines.h"
#include "tests/support/support.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 256, THREADS = 4096 };

struct thread {
    char *name; /* PID/TID */
    struct perfetto_open stack[DEPTH];
    size_t depth;
};

struct event {
    struct json_value value;
    int64_t at_ns;
    size_t order;
};

struct counter {
    char *name;
    double value;
};

struct reader {
    struct perfetto_lines *lines;
    struct thread *threads[THREADS];
    size_t thread_count;
    struct counter counters[256];
    size_t counter_count;
};

static char *text_of(struct json_value value)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_adds(&text, "");
    if (value.type == JSON_TYPE_STRING) {
        json_get_string(value, &text);
    } else if (value.type != JSON_TYPE_NONE) {
        strbuf_add(&text, value.raw, value.len);
    }
    char *copy = strdup(text.data == NULL ? "" : text.data);
    strbuf_release(&text);
    return copy;
}

static int64_t to_ns(struct json_value us)
{
    char digits[64];
    assert_true(us.type == JSON_TYPE_NUMBER && us.len < sizeof digits);
    memcpy(digits, us.raw, us.len);
    digits[us.len] = '\0';
    return (int64_t)llroundl(strtold(digits, NULL) * 1000);
}

static struct thread *thread_of(struct reader *reader, struct json_value event)
{
    char *pid = text_of(json_get(event, "pid")), *tid = text_of(json_get(event, "tid")), name[96];
    snprintf(name, sizeof name, "%s/%s", pid, tid);
    free(pid);
    free(tid);
    for (size_t i = 0; i < reader->thread_count; i++) {
        if (strcmp(reader->threads[i]->name, name) == 0) {
            return reader->threads[i];
        }
    }
    assert_true(reader->thread_count < THREADS);
    struct thread *thread = calloc(1, sizeof *thread);
    thread->name = strdup(name);
    reader->threads[reader->thread_count++] = thread;
    return thread;
}

/* ---- args ---- */

static bool is_integer(struct json_value number)
{
    char digits[32], *end;
    if (number.len >= sizeof digits) {
        return false;
    }
    memcpy(digits, number.raw, number.len);
    digits[number.len] = '\0';
    errno = 0;
    bool negative = digits[0] == '-';
    (void)(negative ? (unsigned long long)strtoll(digits, &end, 10) : strtoull(digits, &end, 10));
    return errno == 0 && *end == '\0' && strcmp(digits, "-0") != 0;
}

static void spell(struct json_value value, struct strbuf *out)
{
    struct json_walk walk = json_walk(value);
    struct json_member member;
    struct json_value item;
    double number = json_get_number(value);
    if (value.type == JSON_TYPE_OBJECT) {
        strbuf_addc(out, '{');
        while (json_next_member(&walk, &member)) {
            json_get_string(member.key, out);
            strbuf_addc(out, ':');
            spell(member.value, out);
            strbuf_addc(out, ',');
        }
        strbuf_addc(out, '}');
    } else if (value.type == JSON_TYPE_ARRAY) {
        strbuf_addc(out, '[');
        while (json_next_item(&walk, &item)) {
            spell(item, out);
            strbuf_addc(out, ',');
        }
        strbuf_addc(out, ']');
    } else if (value.type == JSON_TYPE_STRING) {
        json_get_string(value, out);
    } else if (value.type == JSON_TYPE_NUMBER && !is_integer(value) && isfinite(number)) {
        strbuf_addf(out, "%.17g", number);
    } else {
        strbuf_add(out, value.raw, value.len);
    }
}

static void take_args(struct strbuf *to, struct json_value args)
{
    struct json_walk walk = json_walk(args);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        struct strbuf value;
        char *key = text_of(member.key);
        strbuf_init(&value, &mem_libc, 0);
        strbuf_adds(&value, "");
        spell(member.value, &value);
        perfetto_lines_arg(to, key, value.data == NULL ? "" : value.data);
        strbuf_release(&value);
        free(key);
    }
}

/* ---- events ---- */

static void close_complete(struct reader *reader, struct thread *thread, int64_t until_ns)
{
    while (thread->depth > 0 && thread->stack[thread->depth - 1].end_ns <= until_ns &&
           thread->stack[thread->depth - 1].end_ns != INT64_MAX) {
        struct perfetto_open *top = &thread->stack[--thread->depth];
        perfetto_lines_close(reader->lines, thread->name, top, top->end_ns);
    }
}

static struct perfetto_open begin_of(struct json_value event, int64_t at_ns, char ph)
{
    struct perfetto_open open = {
        text_of(json_get(event, "name")), text_of(json_get(event, "cat")), at_ns, INT64_MAX, {0}};
    struct json_value dur = json_get(event, "dur");
    if (ph == 'X') {
        open.end_ns = at_ns + (dur.type == JSON_TYPE_NUMBER ? to_ns(dur) : 0);
    }
    strbuf_init(&open.args, &mem_libc, 0);
    take_args(&open.args, json_get(event, "args"));
    return open;
}

static void take_slice(struct reader *reader, const struct event *event, char ph)
{
    struct thread *thread = thread_of(reader, event->value);
    close_complete(reader, thread, event->at_ns);
    if (ph != 'E') {
        assert_true(thread->depth < DEPTH);
        thread->stack[thread->depth++] = begin_of(event->value, event->at_ns, ph);
    } else if (thread->depth > 0) { /* else an end of nothing, which viewers do not show */
        struct perfetto_open *top = &thread->stack[--thread->depth];
        take_args(&top->args, json_get(event->value, "args"));
        perfetto_lines_close(reader->lines, thread->name, top, event->at_ns);
    }
}

static void take_instant(struct reader *reader, const struct event *event, char ph)
{
    char *scope = text_of(json_get(event->value, "s")),
         *pid = text_of(json_get(event->value, "pid"));
    struct perfetto_open open = begin_of(event->value, event->at_ns, ph);
    const char *at = scope[0] == 'g'   ? "-"
                     : scope[0] == 'p' ? pid
                                       : thread_of(reader, event->value)->name;
    free(open.cat);
    open.cat = strdup("instant");
    perfetto_lines_close(reader->lines, at, &open, event->at_ns);
    free(scope);
    free(pid);
}

static void take_count(struct reader *reader, const char *name, struct json_value value,
                       int64_t at_ns)
{
    struct counter *counter = reader->counters;
    double number = json_get_number(value);
    while (counter < reader->counters + reader->counter_count && strcmp(counter->name, name) != 0) {
        counter++;
    }
    if (counter == reader->counters + reader->counter_count) {
        assert_true(++reader->counter_count <= 256);
        *counter = (struct counter){strdup(name), (double)NAN};
    }
    if (counter->value != number) {
        perfetto_lines_add(reader->lines, "count %s %" PRId64 " %.17g", name, at_ns, number);
    }
    counter->value = number;
}

static void take_counts(struct reader *reader, const struct event *event, char ph)
{
    (void)ph;
    struct json_walk walk = json_walk(json_get(event->value, "args"));
    struct json_member member;
    char *name = text_of(json_get(event->value, "name")),
         *pid = text_of(json_get(event->value, "pid"));
    while (json_next_member(&walk, &member)) {
        char *key = text_of(member.key), whole[256];
        struct json_value id = json_get(event->value, "id");
        snprintf(whole, sizeof whole, "%s: %s%s%.*s %s", pid, name, id.len > 0 ? " id: " : "",
                 (int)id.len, id.len > 0 ? id.raw : "", key);
        take_count(reader, whole, member.value, event->at_ns);
        free(key);
    }
    free(name);
    free(pid);
}

static void take_async(struct reader *reader, const struct event *event, char ph)
{
    struct perfetto_open open = begin_of(event->value, event->at_ns, ph);
    char kind[8] = {'a', 's', 'y', 'n', 'c', ' ', ph, '\0'};
    free(open.cat);
    open.cat = strdup(kind);
    perfetto_lines_close(reader->lines, thread_of(reader, event->value)->name, &open, event->at_ns);
}

static void take_arrow(struct reader *reader, const struct event *event, char ph)
{
    struct json_value id = json_get(event->value, "id");
    if (!json_string_is(json_get(event->value, "cat"), "swarmtop")) {
        take_async(reader, event, ph);
        return;
    }
    struct perfetto_arrow arrow = {
        .id = strtoull(id.raw + 1, NULL, 16), .last = ph == 'f', .from_ns = event->at_ns};
    snprintf(arrow.thread, sizeof arrow.thread, "%s", thread_of(reader, event->value)->name);
    perfetto_lines_add_arrow(reader->lines, &arrow);
}

/* A later name replaces one before: a name that is given twice is not for these tests. */
static void take_name(struct reader *reader, const struct event *event, char ph)
{
    (void)ph;
    struct json_value kind = json_get(event->value, "name");
    bool thread = json_string_is(kind, "thread_name");
    char *name = text_of(json_get(json_get(event->value, "args"), "name")),
         *pid = text_of(json_get(event->value, "pid"));
    if (thread || json_string_is(kind, "process_name")) {
        perfetto_lines_add(reader->lines, "%s %s%s: %s", thread ? "thread" : "process",
                           thread ? thread_of(reader, event->value)->name : pid, thread ? "" : "/0",
                           name);
    }
    free(name);
    free(pid);
}

static void take(struct reader *reader, const struct event *event)
{
    static const struct {
        const char *phases;
        void (*take)(struct reader *, const struct event *, char);
    } kinds[] = {{"BEX", take_slice},     {"iIR", take_instant}, {"C", take_counts},
                 {"benSTpF", take_async}, {"stf", take_arrow},   {"M", take_name}};
    struct json_value ph = json_get(event->value, "ph");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strchr(kinds[i].phases, ph.raw[1]) != NULL) {
            kinds[i].take(reader, event, ph.raw[1]);
        }
    }
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    return x->at_ns != y->at_ns ? (x->at_ns < y->at_ns ? -1 : 1) : (x->order < y->order ? -1 : 1);
}

static void finish(struct reader *reader)
{
    for (size_t i = 0; i < reader->thread_count; i++) {
        struct thread *thread = reader->threads[i];
        while (thread->depth > 0) {
            struct perfetto_open *top = &thread->stack[--thread->depth];
            perfetto_lines_close(reader->lines, thread->name, top, top->end_ns);
        }
        free(thread->name);
        free(thread);
    }
    for (size_t i = 0; i < reader->counter_count; i++) {
        free(reader->counters[i].name);
    }
    perfetto_lines_sort(reader->lines);
}

void perfetto_lines_of_json(struct perfetto_lines *lines, const char *text, size_t len)
{
    struct json_value document, value;
    struct reader *reader = calloc(1, sizeof *reader);
    struct event *events = NULL;
    size_t count = 0, cap = 0;
    reader->lines = lines;
    assert_true(json_check(text, len, 1000, &document, NULL));
    struct json_walk walk = json_walk(json_get(document, "traceEvents"));
    while (json_next_item(&walk, &value)) {
        if (json_get(value, "ts").type == JSON_TYPE_NUMBER) {
            assert_true(mem_reserve(&mem_libc, &events, &cap, count + 1, sizeof *events));
            events[count] = (struct event){value, to_ns(json_get(value, "ts")), count};
            count++;
        }
    }
    if (count > 0) {
        qsort(events, count, sizeof *events, by_time);
    }
    int64_t zero_ns = count > 0 && events[0].at_ns < 0 ? events[0].at_ns : 0;
    for (size_t i = 0; i < count; i++) {
        events[i].at_ns -= zero_ns;
        take(reader, &events[i]);
    }
    mem_free(&mem_libc, events, cap * sizeof *events);
    finish(reader);
    free(reader);
}
