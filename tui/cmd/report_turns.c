/* The comparison works on the JSON of both reports, so a saved report compares like its source. An
   agent of "turns" is a run of items with the same ids. */
#include "tui/cmd/report_turns.h"

#include "core/analysis/turn.h"
#include "core/base/hash.h"
#include "core/base/u64map.h"
#include "tui/screen/number.h"
#include "tui/views/report_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 40 };

/* ---- the list ---- */

static int by_agent(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    if (x->agent != y->agent) {
        return x->agent < y->agent ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

/* Sets "session" to the session's name, else to the last part of its directory. */
static void put_session(struct json_writer *w, json_t *object, const struct swarm *swarm,
                        const struct session *session)
{
    intern_id cwd = session->texts[SESSION_CWD];
    if (session->name != INTERN_NONE || cwd == INTERN_NONE) {
        json_writer_put_name(w, object, "session", swarm, session->name);
        return;
    }
    const char *path = swarm_text(swarm, cwd), *slash = strrchr(path, '/');
    json_writer_put_text(w, object, "session", slash != NULL && slash[1] != 0 ? slash + 1 : path);
}

static json_t *make_turn(struct json_writer *w, const struct swarm *swarm, const struct turn *turn)
{
    const struct agent *agent = swarm_agent(swarm, turn->agent);
    const struct session *session = swarm_session(swarm, agent->session);
    json_t *object = json_object();
    json_writer_put_agent(w, object, swarm, turn->agent);
    if (session != NULL) {
        put_session(w, object, swarm, session);
    }
    if ((agent->flags & AGENT_MAIN) == 0) {
        json_writer_put_name(w, object, "agent", swarm, agent->name);
    }
    json_writer_put_count(w, object, "turn", turn->number);
    json_writer_put_number(w, object, "start_ms", (double)turn->start_ns / 1e6);
    json_writer_put_number(w, object, "dur_ms", (double)(turn->end_ns - turn->start_ns) / 1e6);
    if (turn->open) {
        json_writer_put(w, object, "open", json_true());
    }
    if (turn->cut) {
        json_writer_put(w, object, "cut", json_true());
    }
    return object;
}

void report_turns_json(struct json_writer *w, const struct report *report)
{
    struct call_children children;
    struct turn *turns = NULL;
    size_t count = 0;
    json_writer_begin_array(w, "turns");
    if (call_children_init(&children, report->swarm)) {
        turns = turns_list(report->swarm, &children, report->local_ns, &count);
    }
    call_children_release(&children);
    w->out->failed |= turns == NULL && count > 0;
    if (turns != NULL) {
        qsort(turns, count, sizeof *turns, by_agent);
    }
    for (size_t i = 0; turns != NULL && i < count; i++) {
        if (report_matches(report, turns[i].agent)) {
            json_writer_write_item(w, make_turn(w, report->swarm, &turns[i]));
        }
    }
    mem_free(swarm_mem(report->swarm), turns, turns == NULL ? 0 : count * sizeof *turns);
    json_writer_end_array(w);
}

/* ---- two lists ---- */

/* The turns of an agent: items of a list. */
struct turn_run {
    size_t first, count;
    size_t match;  /* the other list's run; SIZE_MAX: none */
    uint32_t next; /* while runs are matched: the next one of that hash; U64MAP_NONE: none */
};

struct turn_runs {
    const json_t *list;
    struct turn_run *runs;
    size_t count;
};

static const char *text_of(const json_t *turn, const char *key)
{
    const char *text = json_string_value(json_object_get(turn, key));
    return text == NULL ? "" : text;
}

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
    return strcmp(text_of(a, key), text_of(b, key)) == 0;
}

/* Returns false if out of memory. Release runs->runs with free. */
static bool find_runs(const json_t *list, struct turn_runs *out)
{
    size_t items = json_array_size(list);
    *out = (struct turn_runs){.list = list, .runs = calloc(items + 1, sizeof *out->runs)};
    for (size_t i = 0; out->runs != NULL && i < items; i++) {
        const json_t *turn = json_array_get(list, i), *before = json_array_get(list, i - 1);
        if (i == 0 || !same_text(turn, before, "session_id") ||
            !same_text(turn, before, "agent_id")) {
            out->runs[out->count++] = (struct turn_run){i, 0, SIZE_MAX, U64MAP_NONE};
        }
        out->runs[out->count - 1].count++;
    }
    return out->runs != NULL;
}

static const json_t *first_turn(const struct turn_runs *runs, size_t run)
{
    return json_array_get(runs->list, runs->runs[run].first);
}

/* Returns a hash of what runs are matched by. */
static uint64_t hash_of(const json_t *turn)
{
    const char *agent = text_of(turn, "agent"), *session = text_of(turn, "session");
    uint64_t hash = hash_bytes(HASH_SEED, agent, strlen(agent) + 1);
    return hash_bytes(hash, session, strlen(session));
}

/* Puts the runs into a map: for each hash a list of them, in order. */
static bool index_runs(struct turn_runs *runs, struct u64map *out)
{
    bool good = runs->count < U64MAP_NONE;
    for (size_t i = runs->count; good && i-- > 0;) {
        uint64_t hash = hash_of(first_turn(runs, i));
        runs->runs[i].next = u64map_get(out, hash);
        good = u64map_put(out, hash, (uint32_t)i);
    }
    return good;
}

/* Gives a run the first one of its list. Only runs with an equal hash and another name stay. */
static bool match_run(struct turn_runs *a, size_t run, struct turn_runs *b, struct u64map *map)
{
    const json_t *turn = first_turn(a, run);
    uint64_t hash = hash_of(turn);
    uint32_t found = u64map_get(map, hash), before = U64MAP_NONE;
    while (found != U64MAP_NONE && (!same_text(turn, first_turn(b, found), "agent") ||
                                    !same_text(turn, first_turn(b, found), "session"))) {
        before = found;
        found = b->runs[found].next;
    }
    if (found == U64MAP_NONE) {
        return true;
    }
    a->runs[run].match = found;
    b->runs[found].match = run;
    if (before != U64MAP_NONE) {
        b->runs[before].next = b->runs[found].next;
    } else if (b->runs[found].next != U64MAP_NONE) {
        return u64map_put(map, hash, b->runs[found].next);
    } else {
        u64map_remove(map, hash);
    }
    return true;
}

/* Matches runs whose sessions and agents have the same names, in order. Others have no match: what
   else they have in common is unknown. Returns false if out of memory. */
static bool match_runs(struct turn_runs *a, struct turn_runs *b)
{
    struct u64map map;
    u64map_init(&map, &mem_libc);
    bool good = index_runs(b, &map);
    for (size_t i = 0; good && i < a->count; i++) {
        good = match_run(a, i, b, &map);
    }
    u64map_release(&map);
    return good;
}

static bool put_real(json_t *object, const char *key, double value)
{
    return isnan(value) || json_object_set_new(object, key, json_real(value)) == 0;
}

static bool put_text(json_t *object, const char *key, const char *text)
{
    return *text == '\0' || json_object_set_new(object, key, json_string(text)) == 0;
}

static double length_of(const json_t *turn)
{
    const json_t *value = json_object_get(turn, "dur_ms");
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Appends the comparison of two turns, of which one may be NULL. Returns false if out of memory. */
static bool put_pair(json_t *out, const json_t *a, const json_t *b)
{
    const json_t *turn = a != NULL ? a : b;
    const char *change = b == NULL ? "added" : a == NULL ? "removed" : "";
    json_t *item = json_object(), *number = json_object_get(turn, "turn");
    bool runs =
        json_is_true(json_object_get(a, "open")) || json_is_true(json_object_get(b, "open"));
    bool cut = json_is_true(json_object_get(a, "cut")) || json_is_true(json_object_get(b, "cut"));
    bool good = put_text(item, "session", text_of(turn, "session")) &&
                put_text(item, "agent", text_of(turn, "agent")) &&
                (number == NULL || json_object_set(item, "turn", number) == 0) &&
                put_real(item, "a", length_of(a)) && put_real(item, "b", length_of(b)) &&
                put_real(item, "delta", length_of(a) - length_of(b)) &&
                put_text(item, "change", change) &&
                (!runs || json_object_set_new(item, "open", json_true()) == 0) &&
                (!cut || json_object_set_new(item, "cut", json_true()) == 0);
    if (!good) {
        json_decref(item);
        return false;
    }
    return json_array_append_new(out, item) == 0;
}

/* Appends the comparison of two agents' turns, in their order. */
static bool put_runs(json_t *out, const struct turn_runs *a, const struct turn_run *of_a,
                     const struct turn_runs *b, const struct turn_run *of_b)
{
    size_t a_count = of_a == NULL ? 0 : of_a->count, b_count = of_b == NULL ? 0 : of_b->count;
    bool good = true;
    for (size_t i = 0; good && (i < a_count || i < b_count); i++) {
        good = put_pair(out, i < a_count ? json_array_get(a->list, of_a->first + i) : NULL,
                        i < b_count ? json_array_get(b->list, of_b->first + i) : NULL);
    }
    return good;
}

static bool put_all(json_t *out, struct turn_runs *a, struct turn_runs *b)
{
    bool good = match_runs(a, b);
    for (size_t i = 0; good && i < a->count; i++) {
        size_t match = a->runs[i].match;
        good = put_runs(out, a, &a->runs[i], b, match == SIZE_MAX ? NULL : &b->runs[match]);
    }
    for (size_t i = 0; good && i < b->count; i++) {
        good = b->runs[i].match != SIZE_MAX || put_runs(out, a, NULL, b, &b->runs[i]);
    }
    return good;
}

bool report_turns_against(const json_t *report, const json_t *other, json_t **out)
{
    const json_t *a = json_object_get(report, "turns"), *b = json_object_get(other, "turns");
    struct turn_runs of_a = {.count = 0}, of_b = {.count = 0};
    *out = NULL;
    if (!json_is_array(a) || !json_is_array(b)) {
        return true;
    }
    if (find_runs(a, &of_a) && find_runs(b, &of_b)) {
        *out = json_array();
        if (*out != NULL && !put_all(*out, &of_a, &of_b)) {
            json_decref(*out);
            *out = NULL;
        }
    }
    free(of_a.runs);
    free(of_b.runs);
    return *out != NULL;
}

/* ---- the table ---- */

static void put_ms(struct table *table, const json_t *turn, const char *key, bool ascii)
{
    const json_t *value = json_object_get(turn, key);
    char number[NUMBER_BYTES], text[NUMBER_BYTES + 4] = "";
    double ms = json_is_number(value) ? json_number_value(value) : (double)NAN;
    bool delta = strcmp(key, "delta") == 0;
    if (!isnan(ms)) {
        number_ms(fabs(ms), ascii, number);
        snprintf(text, sizeof text, "%s%s",
                 ms < 0            ? (ascii ? "-" : "\xE2\x88\x92")
                 : delta && ms > 0 ? "+"
                                   : "",
                 number);
    }
    table_cell(table, text);
}

/* Returns what is to be known of the pair beside its lengths. */
static const char *note_of(const json_t *turn)
{
    const char *change = text_of(turn, "change");
    return strcmp(change, "added") == 0                  ? "only here"
           : *change != '\0'                             ? "only there"
           : json_is_true(json_object_get(turn, "cut"))  ? "cut"
           : json_is_true(json_object_get(turn, "open")) ? "runs"
                                                         : "";
}

static void put_row(struct table *table, const json_t *turn, bool ascii, const struct mem *mem)
{
    const char *session = text_of(turn, "session"), *agent = text_of(turn, "agent");
    struct strbuf text;
    strbuf_init(&text, mem, 0);
    strbuf_adds(&text, *session != '\0' ? session : *agent != '\0' ? agent : "main");
    if (*session != '\0' && *agent != '\0') {
        strbuf_addf(&text, " %s %s", ascii ? ">" : "\xE2\x80\xBA", agent);
    }
    table_text(table, text.failed ? "" : text.data, text.failed ? 0 : text.len);
    strbuf_release(&text);
    table_count(table, (uint64_t)json_integer_value(json_object_get(turn, "turn")));
    put_ms(table, turn, "a", ascii);
    put_ms(table, turn, "b", ascii);
    put_ms(table, turn, "delta", ascii);
    table_cell(table, note_of(turn));
}

void report_turns_text(const json_t *turns, bool ascii, const struct mem *mem, struct strbuf *out)
{
    static const char *const heads[] = {"INTERACTIONS OF", "TURN",       "THIS",
                                        "OTHER",           "DIFFERENCE", ""};
    struct table table;
    size_t count = json_array_size(turns);
    if (turns == NULL) {
        strbuf_adds(out, "\nno interactions of the other: its report was saved without them\n");
        return;
    }
    if (count == 0) {
        return;
    }
    strbuf_addc(out, '\n');
    table_init(&table, mem, heads, sizeof heads / sizeof *heads, 1, ascii);
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        put_row(&table, json_array_get(turns, i), ascii, mem);
    }
    table_finish(&table, out);
    if (count > SHOWN) {
        strbuf_addf(out, "and %zu more: --json has all\n", count - SHOWN);
    }
}
