/* The events of the document, sorted by the track that Perfetto puts them on, then by time; each track is then a stack. A track
   is a text: pid and tid, or id, category and name of async events. Nothing here is shared with the code under test but the
   reader of JSON. */
#include "tests/support/perfetto_check.h"

#include "core/base/intern.h"
#include "core/base/json_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 1000, MAX_FAULTS = 8 };

struct traced {
    intern_id track;
    char ph;
    bool agents; /* of an agent: of other traces threads stay as they came */
    bool tool;
    int64_t at_ns, to_ns; /* to_ns: of X; else INT64_MAX */
    size_t order;
    struct json_value name;
    double duration_ms; /* of an end's args; NAN: none */
};

/* The begin or the end of an arrow (s, f). */
struct arrow_end {
    uint64_t id;
    char ph;
    int64_t at_ns;
    size_t order;
    struct json_value event;
};

struct checker {
    struct strbuf *faults;
    size_t fault_count;
    struct intern *tracks;
    struct traced *events;
    size_t count, cap;
    struct arrow_end *arrow_ends; /* of ours, in order of the document */
    size_t arrow_end_count, arrow_end_cap;
    struct json_value agents; /* of metadata.swarmtop */
    struct perfetto_allow allow, seen;
};

static void fault(struct checker *checker, struct json_value where, const char *what)
{
    if (checker->fault_count++ < MAX_FAULTS) {
        size_t len = where.len < 200 ? where.len : 200;
        strbuf_addf(checker->faults, "%s: %.*s\n", what, (int)len, where.len == 0 ? "" : where.raw);
    }
}

/* ---- values ---- */

/* Perfetto's StringToDouble, with its faults: whole and fraction in 64 bits, the power by pow(). */
static bool number_reads(struct json_value number)
{
    const char *at = number.raw, *end = number.raw + number.len;
    uint64_t whole = 0, fraction = 0, divisor = 1, power = 0;
    bool small = false, has_fraction = false;
    at += *at == '-';
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        whole = whole * 10 + (uint64_t)(*at - '0');
    }
    if (at < end && *at == '.') {
        has_fraction = true;
        for (at++; at < end && *at >= '0' && *at <= '9'; at++) {
            fraction = fraction * 10 + (uint64_t)(*at - '0');
            divisor *= 10;
        }
    }
    if (at < end) {
        at++;
        small = at < end && *at == '-';
        at += at < end && (*at == '-' || *at == '+');
        for (; at < end; at++) {
            if (power > INT64_MAX / 10 - 10) {
                return false; /* beyond its int64 */
            }
            power = power * 10 + (uint64_t)(*at - '0');
        }
    }
    double value = (double)whole + (has_fraction ? (double)fraction / (double)divisor : 0);
    value = small       ? value / pow(10, (double)power)
            : power > 0 ? value * pow(10, (double)power)
                        : value;
    return isfinite(value);
}

static bool string_reads(struct json_value string)
{
    for (size_t i = 0; i < string.len; i++) {
        if (string.raw[i] == 0x7f) {
            return false;
        }
        if (string.raw[i] == '\\') {
            const char *escape = string.raw + ++i;
            if (*escape == 'u' && (escape[1] | 0x20) == 'd' &&
                strchr("89abcdefABCDEF", escape[2]) != NULL) {
                return false;
            }
        }
    }
    return true;
}

static void check_value(struct checker *checker, struct json_value value, struct json_value in,
                        int depth)
{
    struct json_walk walk = json_walk(value);
    struct json_member member;
    struct json_value item;
    if (depth == 0) {
        fault(checker, in, "nested too deep");
    } else if (value.type == JSON_TYPE_NUMBER && !number_reads(value)) {
        fault(checker, in, "a number that Perfetto refuses");
    } else if (value.type == JSON_TYPE_STRING && !string_reads(value)) {
        fault(checker, in, "a string that Perfetto refuses");
    } else if (value.type == JSON_TYPE_ARRAY) {
        while (json_next_item(&walk, &item)) {
            check_value(checker, item, in.len == 0 ? item : in, depth - 1);
        }
    } else if (value.type == JSON_TYPE_OBJECT) {
        while (json_next_member(&walk, &member)) {
            check_value(checker, member.key, in, depth - 1);
            /* An event is what its faults are shown with. */
            bool events = json_string_is(member.key, "traceEvents");
            check_value(checker, member.value, events ? (struct json_value){0} : in, depth - 1);
        }
    }
}

static void check_keys(struct checker *checker, struct json_value object)
{
    struct json_walk walk = json_walk(object), rest;
    struct json_member member, other;
    while (object.type == JSON_TYPE_OBJECT && json_next_member(&walk, &member)) {
        rest = walk;
        while (json_next_member(&rest, &other)) {
            if (json_same_string(member.key, other.key)) {
                fault(checker, object, "a key twice");
            }
        }
    }
}

/* ---- events ---- */

static void add_part(struct strbuf *text, struct json_value value)
{
    strbuf_addc(text, '\n');
    if (value.type == JSON_TYPE_STRING) {
        json_get_string(value, text);
    } else if (value.len > 0) {
        strbuf_add(text, value.raw, value.len);
    }
}

/* The track of an async event: one per process where only a local id is given. */
static void name_async_track(struct json_value event, struct strbuf *text)
{
    static const char *const parts[] = {"cat", "scope", "name"};
    struct json_value id = json_get(event, "id"), id2 = json_get(event, "id2");
    strbuf_adds(text, "async");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        add_part(text, json_get(event, parts[i]));
    }
    struct json_value global = json_get(id2, "global");
    add_part(text, id.type != JSON_TYPE_NONE ? id : global);
    if (id.type == JSON_TYPE_NONE && global.type == JSON_TYPE_NONE) {
        add_part(text, json_get(id2, "local"));
        add_part(text, json_get(event, "pid"));
    }
}

static intern_id track_of(struct checker *checker, struct json_value event, char ph)
{
    struct strbuf text;
    strbuf_init(&text, checker->faults->mem, 0);
    if (ph == 'b' || ph == 'e') {
        name_async_track(event, &text);
    } else {
        strbuf_adds(&text, "thread");
        add_part(&text, json_get(event, "pid"));
        add_part(&text, json_get(event, "tid"));
    }
    intern_id track = intern_put(checker->tracks, text.data, text.len);
    strbuf_release(&text);
    return track;
}

static bool is_agents(const struct checker *checker, struct json_value pid)
{
    struct json_walk walk = json_walk(checker->agents);
    struct json_value agent;
    while (checker->agents.type == JSON_TYPE_ARRAY && json_next_item(&walk, &agent)) {
        struct json_value of = json_get(agent, "pid");
        if (of.len == pid.len && memcmp(of.raw, pid.raw, pid.len) == 0) {
            return true;
        }
    }
    return false;
}

static int64_t to_ns(struct json_value us)
{
    return us.type == JSON_TYPE_NUMBER ? llround(json_get_number(us) * 1000) : 0;
}

/* Perfetto reads an id that is a text as a hexadecimal number, and an end without bp:"e" as that of
   the next slice. */
static void take_arrow_end(struct checker *checker, struct json_value event, char ph)
{
    struct json_value id = json_get(event, "id");
    char *end = NULL;
    uint64_t number = id.type == JSON_TYPE_STRING ? strtoull(id.raw + 1, &end, 16) : 0;
    if (end == NULL || *end != '"' || end == id.raw + 1) {
        fault(checker, event, "an arrow whose id is no hexadecimal number");
    }
    if (ph == 'f' && !json_string_is(json_get(event, "bp"), "e")) {
        fault(checker, event, "an arrow that ends at the next slice");
    }
    if (mem_reserve(checker->faults->mem, &checker->arrow_ends, &checker->arrow_end_cap,
                    checker->arrow_end_count + 1, sizeof *checker->arrow_ends)) {
        checker->arrow_ends[checker->arrow_end_count] = (struct arrow_end){
            number, ph, to_ns(json_get(event, "ts")), checker->arrow_end_count, event};
        checker->arrow_end_count++;
    }
}

static void take_event(struct checker *checker, struct json_value event)
{
    struct json_value ph = json_get(event, "ph"), ts = json_get(event, "ts");
    struct json_value dur = json_get(event, "dur"), args = json_get(event, "args");
    check_keys(checker, event);
    check_keys(checker, args);
    bool arrow = json_string_is(json_get(event, "cat"), "swarmtop") && ph.len == 3 &&
                 (ph.raw[1] == 's' || ph.raw[1] == 'f');
    if (arrow) {
        take_arrow_end(checker, event, ph.raw[1]);
    }
    if (ph.type != JSON_TYPE_STRING || ph.len < 3 ||
        (strchr("BEXbe", ph.raw[1]) == NULL && !arrow) || ts.type != JSON_TYPE_NUMBER ||
        (ph.raw[1] == 'X' && dur.type != JSON_TYPE_NUMBER) ||
        !mem_reserve(checker->faults->mem, &checker->events, &checker->cap, checker->count + 1,
                     sizeof *checker->events)) {
        return;
    }
    struct json_value duration = json_get(args, "duration_ms");
    checker->events[checker->count] = (struct traced){
        .track = track_of(checker, event, ph.raw[1]),
        .ph = ph.raw[1],
        .agents = is_agents(checker, json_get(event, "pid")),
        .tool = json_string_is(json_get(event, "cat"), "tool"),
        .at_ns = to_ns(ts),
        .to_ns = ph.raw[1] == 'X' ? to_ns(ts) + to_ns(dur) : INT64_MAX,
        .order = checker->count,
        .name = json_get(event, "name"),
        .duration_ms = duration.type == JSON_TYPE_NUMBER ? json_get_number(duration) : (double)NAN,
    };
    checker->count++;
}

static int by_track_and_time(const void *a, const void *b)
{
    const struct traced *x = a, *y = b;
    if (x->track != y->track) {
        return x->track < y->track ? -1 : 1;
    }
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

/* ---- a track ---- */

static bool same_name(const struct traced *begin, const struct traced *end)
{
    return end->name.type != JSON_TYPE_STRING ||
           (begin->name.type == JSON_TYPE_STRING && json_same_string(begin->name, end->name));
}

/* An end: pops the begin that Perfetto gives it. */
static void check_end(struct checker *checker, const struct traced *end,
                      const struct traced **stack, size_t *open, bool only_ends)
{
    if (*open == 0) {
        checker->seen.orphan_ends++;
        if (!only_ends) {
            fault(checker, end->name, "an end of nothing beside slices");
        }
        return;
    }
    const struct traced *begin = stack[*open - 1];
    if (begin->to_ns != INT64_MAX) {
        fault(checker, begin->name, "a complete slice outlives what it lies in");
        return;
    }
    (*open)--;
    if (!same_name(begin, end)) {
        fault(checker, end->name, "a misplaced end");
    }
    if (end->tool && end->duration_ms > 0 &&
        fabs((double)(end->at_ns - begin->at_ns) / 1e6 - end->duration_ms) > 0.002) {
        fault(checker, end->name, "an end of another call");
    }
    for (size_t i = 0; i < *open; i++) {
        if (stack[i]->to_ns < end->at_ns) {
            fault(checker, end->name, "a slice outlives what it lies in");
        }
    }
}

static void check_begin(struct checker *checker, const struct traced *begin,
                        const struct traced *const *stack, size_t open)
{
    for (size_t i = 0; i < open; i++) {
        if (begin->to_ns != INT64_MAX && stack[i]->to_ns < begin->to_ns) {
            fault(checker, begin->name, "a slice overflows what it lies in");
        }
        if (begin->tool && stack[i]->tool) {
            fault(checker, begin->name, "a tool lies under another");
        }
    }
}

static void check_track(struct checker *checker, const struct traced *events, size_t count,
                        const struct traced **stack)
{
    size_t open = 0;
    bool only_ends = true;
    for (size_t i = 0; i < count; i++) {
        only_ends = only_ends && strchr("BX", events[i].ph) == NULL;
    }
    if (!events[0].agents && events[0].ph != 'b' && events[0].ph != 'e') {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct traced *event = &events[i];
        while (open > 0 && stack[open - 1]->to_ns <= event->at_ns) {
            open--;
        }
        if (event->ph == 's' || event->ph == 'f') {
            if (open == 0) {
                fault(checker, event->name, "an arrow outside of all slices");
            }
        } else if (event->ph == 'E' || event->ph == 'e') {
            check_end(checker, event, stack, &open, only_ends);
        } else {
            check_begin(checker, event, stack, open);
            stack[open++] = event;
        }
    }
    for (size_t i = 0; i < open; i++) {
        checker->seen.open_slices += stack[i]->to_ns == INT64_MAX;
    }
}

static void check_tracks(struct checker *checker)
{
    const struct traced **stack = calloc(checker->count + 1, sizeof *stack);
    if (checker->count > 0) {
        qsort(checker->events, checker->count, sizeof *checker->events, by_track_and_time);
    }
    for (size_t from = 0, to; from < checker->count; from = to) {
        for (to = from;
             to < checker->count && checker->events[to].track == checker->events[from].track;) {
            to++;
        }
        check_track(checker, checker->events + from, to - from, stack);
    }
    free(stack);
}

/* ---- arrows ---- */

static int by_id_and_time(const void *a, const void *b)
{
    const struct arrow_end *x = a, *y = b;
    if (x->id != y->id) {
        return x->id < y->id ? -1 : 1;
    }
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

/* Each id has one begin, and then one end. */
static void check_arrows(struct checker *checker)
{
    size_t count = checker->arrow_end_count;
    if (count > 0) {
        qsort(checker->arrow_ends, count, sizeof *checker->arrow_ends, by_id_and_time);
    }
    for (size_t i = 0; i < count; i++) {
        const struct arrow_end *end = &checker->arrow_ends[i];
        bool second = i > 0 && checker->arrow_ends[i - 1].id == end->id;
        bool more = i + 1 < count && checker->arrow_ends[i + 1].id == end->id;
        if (second == more || end->ph != (second ? 'f' : 's')) {
            fault(checker, end->event, "an arrow that has not one begin and then one end");
        }
    }
}

/* ---- the document ---- */

bool perfetto_check(const char *text, size_t len, struct perfetto_allow allow,
                    struct strbuf *faults)
{
    struct checker checker = {.faults = faults, .allow = allow};
    struct json_value document, event, none = {0};
    if (!json_check(text, len, MAX_DEPTH, &document, NULL)) {
        fault(&checker, none, "not JSON");
        return false;
    }
    checker.tracks = intern_new(faults->mem);
    checker.agents = json_get(json_get(json_get(document, "metadata"), "swarmtop"), "agents");
    check_keys(&checker, document);
    check_value(&checker, document, document, MAX_DEPTH + 1);
    struct json_walk walk = json_walk(json_get(document, "traceEvents"));
    while (json_next_item(&walk, &event)) {
        take_event(&checker, event);
    }
    check_tracks(&checker);
    check_arrows(&checker);
    if (checker.seen.open_slices > allow.open_slices) {
        fault(&checker, none, "more open slices than open spans");
    }
    if (checker.seen.orphan_ends > allow.orphan_ends) {
        fault(&checker, none, "more ends of nothing than orphan ends");
    }
    intern_free(checker.tracks);
    mem_free(faults->mem, checker.events, checker.cap * sizeof *checker.events);
    mem_free(faults->mem, checker.arrow_ends, checker.arrow_end_cap * sizeof *checker.arrow_ends);
    return checker.fault_count == 0;
}
