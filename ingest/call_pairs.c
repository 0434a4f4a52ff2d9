/* The halves that wait and the pairs are a ring. Many calls of one source may have one key, so a
   half looks only at those of other sides that wait, and finds its own report by its id. The two
   reports of a call's end are some milliseconds apart, or the times of the two overlap. A source
   may report an end twice, by a log and by a span, when its other half has come already.

   A request of a client has a report in its files and one by telemetry, which may have no id in
   common: Codex has none for a request, and nobody has one of a request that the API never
   answered. Its agent, its usage and its end are what both have.

   So it is with the tools of Gemini CLI where it exports logs and no spans. */
#include "ingest/call_pairs.h"

#include "core/base/json_read.h"
#include "ingest/tool_args.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

static const double apart_ms = 2000;

uint64_t call_pairs_text(uint64_t key, struct slice text)
{
    return text.len == 0 ? key * 31 + 1 : XXH3_64bits_withSeed(text.bytes, text.len, key);
}

uint64_t call_pairs_number(uint64_t key, double number)
{
    return XXH3_64bits_withSeed(&number, sizeof number, key);
}

static bool is_text(const char *text, struct slice id)
{
    return strlen(text) == id.len && memcmp(text, id.bytes, id.len) == 0;
}

static bool are_grouped(const struct call_half *a, const struct call_half *b)
{
    return a->group != 0 && b->group != 0;
}

/* A span may end long after the answer, with the tools that the answer called: the two run at the
   same time then. */
static bool is_near(const struct call_half *a, const struct call_half *b)
{
    if (are_grouped(a, b)) {
        return a->group == b->group || a->group == b->own || a->own == b->group;
    }
    return fabs(a->end_ms - b->end_ms) <= apart_ms ||
           (a->start_ms <= b->end_ms && b->start_ms <= a->end_ms);
}

/* Whether `a`, which waits, may wait for `b`. */
static bool fits(const struct call_half *a, const struct call_half *b)
{
    return a->key == b->key && a->side != b->side && !(a->has_id && b->has_id) && is_near(a, b) &&
           (a->detail == b->detail || a->detail == 0 || b->detail == 0) &&
           (a->agent == b->agent ||
            ((a->session == b->session || a->session == 0 || b->session == 0) &&
             (a->is_any || b->is_any)));
}

/* Returns how well the times fit, 0 best: both ends and starts are near, as far as these are known;
   the starts; the ends; none, and the two only run at the same time. A span that outlives its
   answer may end with the next answer of the same usage, but did not begin with it. */
static unsigned rank_of(const struct call_half *a, const struct call_half *b)
{
    bool unknown = isnan(a->start_ms) || isnan(b->start_ms);
    bool starts = unknown || fabs(a->start_ms - b->start_ms) <= apart_ms;
    bool ends = fabs(a->end_ms - b->end_ms) <= apart_ms;
    return starts && ends ? 0 : starts ? 1 : ends ? 2 : 3;
}

/* A half of the same agent is nearer than any other. */
static double distance_ms(const struct call_half *a, const struct call_half *b)
{
    double apart = are_grouped(a, b) ? a->took_ms - b->took_ms : a->end_ms - b->end_ms;
    return fabs(apart) + (a->agent == b->agent ? 0 : 2 * apart_ms);
}

/* Whether `a` is nearer to `half` than `b` is. */
static bool is_nearer(const struct call_half *a, const struct call_half *b,
                      const struct call_half *half)
{
    unsigned rank_a = are_grouped(a, half) ? 0 : rank_of(a, half);
    unsigned rank_b = are_grouped(b, half) ? 0 : rank_of(b, half);
    return rank_a != rank_b ? rank_a < rank_b : distance_ms(a, half) < distance_ms(b, half);
}

/* Whether `a`, of the ring, has the half `b`, which is reported again. */
static bool is_again(const struct call_half *a, const struct call_half *b, struct slice id)
{
    return a->key == b->key && (is_text(a->id, id) || is_text(a->other, id)) &&
           (a->agent == b->agent || a->session == b->session || a->session == 0 || b->session == 0);
}

/* ---- the indexes, of enum call_pair_index ---- */

static uint16_t *bucket_of(struct call_pairs *pairs, unsigned index, uint64_t hash)
{
    return &pairs->buckets[index][hash % CALL_PAIRS];
}

static struct call_half *half_at(struct call_pairs *pairs, uint16_t at)
{
    return at == 0 ? NULL : &pairs->items[at - 1];
}

static uint64_t hash_waiting(uint64_t key, unsigned side)
{
    return key + 2 * side;
}

static uint64_t hash_id(struct slice id)
{
    return XXH3_64bits(id.bytes, id.len) | 1;
}

static void put_in(struct call_pairs *pairs, struct call_half *half, unsigned index, uint64_t hash)
{
    uint16_t number = (uint16_t)(half - pairs->items + 1);
    uint16_t *bucket = bucket_of(pairs, index, hash);
    struct call_half *next = half_at(pairs, *bucket);
    half->hashes[index] = hash;
    half->next[index] = *bucket;
    half->prev[index] = 0;
    if (next != NULL) {
        next->prev[index] = number;
    }
    *bucket = number;
}

static void take_out(struct call_pairs *pairs, struct call_half *half, unsigned index)
{
    struct call_half *next = half_at(pairs, half->next[index]);
    struct call_half *prev = half_at(pairs, half->prev[index]);
    if (half->hashes[index] == 0) {
        return; /* it is not in */
    }
    if (next != NULL) {
        next->prev[index] = half->prev[index];
    }
    if (prev != NULL) {
        prev->next[index] = half->next[index];
    } else {
        *bucket_of(pairs, index, half->hashes[index]) = half->next[index];
    }
    half->hashes[index] = 0;
}

static void put_text(char text[CALL_PAIR_ID], struct slice id)
{
    memcpy(text, id.bytes, id.len);
    text[id.len] = '\0';
}

static void keep(struct call_pairs *pairs, const struct call_half *half, struct slice id)
{
    struct call_half *into = &pairs->items[pairs->next++ % CALL_PAIRS];
    for (unsigned index = 0; index < PAIR_INDEXES; index++) {
        take_out(pairs, into, index);
    }
    *into = *half;
    memset(into->hashes, 0, sizeof into->hashes);
    put_text(into->id, id);
    into->other[0] = '\0';
    put_in(pairs, into, PAIRS_WAITING, hash_waiting(half->key, half->side));
    put_in(pairs, into, PAIRS_BY_ID, hash_id(id));
}

/* ---- joining ---- */

/* Whether a half has that id already. */
static bool is_known(struct call_pairs *pairs, const struct call_half *half, struct slice id)
{
    uint64_t hash = hash_id(id);
    for (unsigned index = PAIRS_BY_ID; id.len > 0 && index <= PAIRS_BY_OTHER; index++) {
        const struct call_half *at = half_at(pairs, *bucket_of(pairs, index, hash));
        while (at != NULL && !is_again(at, half, id)) {
            at = half_at(pairs, at->next[index]);
        }
        if (at != NULL) {
            return true;
        }
    }
    return false;
}

/* Returns the nearest half that waits for this one; NULL: none does. */
static struct call_half *find_other(struct call_pairs *pairs, const struct call_half *half)
{
    struct call_half *nearest = NULL;
    for (unsigned side = 0; side < CALL_PAIR_SIDES; side++) {
        uint16_t first = *bucket_of(pairs, PAIRS_WAITING, hash_waiting(half->key, side));
        struct call_half *at = side == half->side ? NULL : half_at(pairs, first);
        for (; at != NULL; at = half_at(pairs, at->next[PAIRS_WAITING])) {
            if (fits(at, half) && (nearest == NULL || is_nearer(at, nearest, half))) {
                nearest = at;
            }
        }
    }
    return nearest;
}

struct slice call_pairs_join(struct call_pairs *pairs, const struct call_half *half,
                             struct slice id, char room[CALL_PAIR_ID])
{
    if (id.len == 0 || id.len >= CALL_PAIR_ID || isnan(half->end_ms) || is_known(pairs, half, id)) {
        return (struct slice){NULL, 0};
    }
    struct call_half *nearest = find_other(pairs, half);
    if (nearest == NULL) {
        keep(pairs, half, id);
        return (struct slice){NULL, 0};
    }
    memcpy(room, nearest->id, CALL_PAIR_ID);
    put_text(nearest->other, id);
    take_out(pairs, nearest, PAIRS_WAITING);
    put_in(pairs, nearest, PAIRS_BY_OTHER, hash_id(id));
    return (struct slice){room, strlen(room)};
}

/* Which source's report of an end it is; PRECEDENCE_INFERRED: nobody's. An inferred usage comes
   from files, an inferred failure from telemetry, as files know more of it. No source has reported
   an inferred interruption. */
static enum precedence side_of(const struct update *update, bool failed)
{
    if (update->precedence == PRECEDENCE_FILES || update->precedence == PRECEDENCE_TELEMETRY) {
        return update->precedence;
    }
    if (update->precedence != PRECEDENCE_INFERRED || update_has(update, FIELD_OUTCOME)) {
        return PRECEDENCE_INFERRED;
    }
    return failed ? PRECEDENCE_TELEMETRY : PRECEDENCE_FILES;
}

/* A request without any token has no usage. */
static bool has_usage(const struct update *update)
{
    return update_has(update, FIELD_PROMPT_TOKENS) && update_has(update, FIELD_OUTPUT_TOKENS) &&
           (update->values[FIELD_PROMPT_TOKENS].number > 0 ||
            update->values[FIELD_OUTPUT_TOKENS].number > 0);
}

struct slice call_pairs_note(struct call_pairs *pairs, const struct update *update,
                             char room[CALL_PAIR_ID])
{
    enum { USAGE = 1, FAILURE, SESSION };
    bool failed =
        update_has(update, FIELD_SUCCESS) && update->values[FIELD_SUCCESS].number < TRI_TRUE;
    enum precedence side = side_of(update, failed);
    if (update->op != UPDATE_CALL || update->kind != CALL_REQUEST ||
        !update_has(update, FIELD_END_MS) || !(has_usage(update) || failed) ||
        side == PRECEDENCE_INFERRED) {
        return (struct slice){NULL, 0};
    }
    bool is_named = update->agent_id.len > 0;
    struct slice agent = is_named ? update->agent_id : update->session_id;
    uint64_t key = failed ? call_pairs_text(FAILURE, agent) : USAGE;
    if (!failed) {
        key = call_pairs_number(key, update->values[FIELD_PROMPT_TOKENS].number);
        key = call_pairs_number(key, update->values[FIELD_OUTPUT_TOKENS].number);
    }
    /* An agent may be a session of its own for one source. Spans lie below their agent's run and
       need not name it; failures, which have nothing else in common, are of one agent. */
    struct call_half half = {.key = key | 1,
                             .session = call_pairs_text(SESSION, update->session_id),
                             .agent = call_pairs_text(SESSION, agent),
                             .is_any = !is_named && !failed && side == PRECEDENCE_TELEMETRY,
                             .start_ms = !failed && update_has(update, FIELD_START_MS)
                                             ? update->values[FIELD_START_MS].number
                                             : (double)NAN,
                             .end_ms = update->values[FIELD_END_MS].number,
                             .side = (uint8_t)side,
                             .has_id = update_has(update, FIELD_ALIAS)};
    if (half.has_id && is_known(pairs, &half, update->values[FIELD_ALIAS].text)) {
        return (struct slice){NULL, 0};
    }
    return call_pairs_join(pairs, &half, update->id, room);
}

/* Returns a hash of the argument that identifies the call; 0: none is kept. */
static uint64_t detail_of(const struct update *update)
{
    struct slice text = update->values[FIELD_ARGS].text;
    if (!update_has(update, FIELD_ARGS) || text.len == 0) {
        return 0;
    }
    struct json_value kept = tool_args_kept(json_value_of(text.bytes, text.len));
    return kept.type == JSON_TYPE_NONE ? 0
                                       : call_pairs_text(1, (struct slice){kept.raw, kept.len}) | 1;
}

struct slice call_pairs_note_tool(struct call_pairs *pairs, const struct update *update,
                                  char room[CALL_PAIR_ID])
{
    enum { TOOL = 4, SESSION };
    const size_t prefix = sizeof CALL_PAIRS_LOG - 1;
    bool is_log = update->id.len > prefix && memcmp(update->id.bytes, CALL_PAIRS_LOG, prefix) == 0;
    if (update->op != UPDATE_CALL || update->kind != CALL_TOOL ||
        !update_has(update, FIELD_END_MS) || !update_has(update, FIELD_NAME) ||
        (!is_log && update->precedence != PRECEDENCE_FILES)) {
        return (struct slice){NULL, 0};
    }
    struct slice agent = update->agent_id.len > 0 ? update->agent_id : update->session_id;
    struct call_half half = {
        .key = call_pairs_text(TOOL, update->values[FIELD_NAME].text) | 1,
        .detail = detail_of(update),
        .session = call_pairs_text(SESSION, update->session_id),
        .agent = call_pairs_text(SESSION, agent),
        .start_ms = (double)NAN, /* that of files is inferred */
        .end_ms = update->values[FIELD_END_MS].number,
        .side = is_log,
    };
    return call_pairs_join(pairs, &half, update->id, room);
}
