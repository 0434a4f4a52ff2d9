/* Most agents have few errors, so that most are done without a look at their calls. */
#include "core/analysis/loops.h"

#include "core/base/hash.h"
#include "core/base/json_read.h"
#include "core/model/record.h"
#include "core/model/stats.h"
#include "core/tracer/print.h"

#include <math.h>
#include <string.h>

enum {
    LOOK_BACK = 32, /* spans of a row: requests lie between the calls of tools */
    ARGS_MAX_BYTES = 65536
};

static uint64_t count_errors(const struct swarm *swarm, agent_no number)
{
    const struct stats *stats = swarm_stats(swarm);
    uint64_t errors = 0;
    if (stats == NULL || number >= stats->agent_count) {
        return 0;
    }
    const struct metrics_acc *acc = &stats->agents[number].acc;
    for (size_t i = 0; i < acc->tool_count; i++) {
        errors += acc->tools[i].errors;
    }
    return errors;
}

/* ---- the last calls ---- */

/* The calls that ended last, the last one first. */
struct last_calls {
    span_no numbers[LOOP_CALLS];
    const struct span *spans[LOOP_CALLS];
    size_t count;
};

static void keep(struct last_calls *last, span_no number, const struct span *span)
{
    size_t at = last->count;
    while (at > 0 && span->end_ns > last->spans[at - 1]->end_ns) {
        at--;
    }
    if (at == LOOP_CALLS) {
        return;
    }
    size_t end = last->count < LOOP_CALLS ? last->count++ : LOOP_CALLS - 1;
    for (; end > at; end--) {
        last->numbers[end] = last->numbers[end - 1];
        last->spans[end] = last->spans[end - 1];
    }
    last->numbers[at] = number;
    last->spans[at] = span;
}

static void look_back(const struct swarm *swarm, const struct lane *lane, struct last_calls *last)
{
    int looked = 0, found = 0;
    for (size_t i = lane->spans.count; i-- > 0 && looked < LOOK_BACK && found < LOOP_CALLS;
         looked++) {
        span_no number = spans_at(&lane->spans, i);
        const struct span *span = swarm_span(swarm, number);
        bool tool = span != NULL && (span->kind == SPAN_TOOL || span->kind == SPAN_AGENT_CALL);
        if (tool && (span->flags & (SPAN_OPEN | SPAN_STALE)) == 0) {
            keep(last, number, span);
            found++;
        }
    }
}

/* ---- the same call ---- */

/* Members that the printer adds to the arguments: they differ from call to call. */
static const char *const printed[] = {"tool_name", "child_agent_id", "success",    "error",
                                      "outcome",   "result_tokens",  "duration_ms"};

static bool is_printed(struct json_value key)
{
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++) {
        if (json_string_is(key, printed[i])) {
            return true;
        }
    }
    return false;
}

static bool contains(struct slice text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        size_t k = 0;
        while (k < len && (text.bytes[i + k] | 0x20) == part[k]) {
            k++;
        }
        if (k == len) {
            return true;
        }
    }
    return false;
}

/* Returns whether calls of the tool give a file a text that only --content keeps: Edit, MultiEdit
   and Write of Claude Code, apply_patch of Codex, replace and write_file of Gemini CLI. */
static bool changes_files(const struct swarm *swarm, const struct span *span)
{
    static const char *const parts[] = {"edit", "write", "patch", "replace"};
    struct slice name = swarm_text_slice(swarm, span->name);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (contains(name, parts[i])) {
            return true;
        }
    }
    return false;
}

/* Returns a number for all arguments; 0: it has none, or a part of them is unknown. Edits of one
   file with different texts are different calls. */
static uint64_t hash_args(const struct swarm *swarm, const struct span *span)
{
    const struct record *record = swarm_span_record(swarm, span);
    double rest = record == NULL ? (double)NAN : facts_number(&record->facts, FIELD_INPUT_HASH);
    struct slice raw = print_span_args(swarm, span);
    if (raw.bytes == NULL || raw.len > ARGS_MAX_BYTES) {
        return 0;
    }
    uint64_t hash = HASH_SEED;
    size_t count = 0;
    struct json_walk walk = json_walk(json_value_of(raw.bytes, raw.len));
    for (struct json_member member; json_next_member(&walk, &member);) {
        if (!is_printed(member.key)) {
            hash = hash_bytes(hash, member.key.raw, member.key.len);
            hash = hash_bytes(hash, member.value.raw, member.value.len);
            count++;
        }
    }
    if (isnan(rest)) {
        return count == 0 || (count == 1 && changes_files(swarm, span)) ? 0 : hash;
    }
    return hash_bytes(hash, &rest, sizeof rest);
}

static bool has_failed(const struct span *span)
{
    return (span->flags & SPAN_ERROR) != 0 && (span->flags & SPAN_STOPPED) == 0;
}

/* Returns when a person last wrote to the agent; INT64_MIN: not known. */
static int64_t turn_began(const struct swarm *swarm, const struct agent *agent)
{
    const struct span *turn =
        agent->envelopes.count == 0
            ? NULL
            : swarm_span(swarm, spans_at(&agent->envelopes, agent->envelopes.count - 1));
    return turn == NULL ? INT64_MIN : turn->start_ns;
}

static bool are_a_loop(const struct swarm *swarm, const struct last_calls *last, int64_t from_ns)
{
    if (last->count < LOOP_CALLS || last->spans[LOOP_CALLS - 1]->start_ns < from_ns) {
        return false;
    }
    for (size_t i = 0; i < LOOP_CALLS; i++) {
        const struct span *span = last->spans[i];
        bool after = i == LOOP_CALLS - 1 || span->start_ns >= last->spans[i + 1]->end_ns;
        if (!has_failed(span) || span->name != last->spans[0]->name || !after) {
            return false;
        }
    }
    uint64_t hash = hash_args(swarm, last->spans[0]);
    for (size_t i = 1; i < LOOP_CALLS && hash != 0; i++) {
        hash = hash_args(swarm, last->spans[i]) == hash ? hash : 0;
    }
    return hash != 0;
}

span_no loop_of(const struct swarm *swarm, agent_no number)
{
    const struct agent *agent = swarm_agent(swarm, number);
    if (agent == NULL || !query_is_agent(agent) || count_errors(swarm, number) < LOOP_CALLS) {
        return NO_SPAN;
    }
    struct last_calls last = {.count = 0};
    for (size_t i = 0; i < agent->lane_count; i++) {
        look_back(swarm, &agent->lanes[i], &last);
    }
    return are_a_loop(swarm, &last, turn_began(swarm, agent)) ? last.numbers[0] : NO_SPAN;
}

/* ---- kept ---- */

void loops_kept_release(struct loops_kept *kept)
{
    mem_free(kept->mem, kept->loops, kept->agent_count * sizeof *kept->loops);
    *kept = (struct loops_kept){.swarm = NULL};
}

static void look_at(struct loops_kept *kept, agent_no number,
                    bool works(const struct swarm *swarm, const struct agent *agent))
{
    const struct swarm *swarm = kept->swarm;
    span_no was = kept->loops[number];
    span_no is = works(swarm, swarm_agent(swarm, number)) ? loop_of(swarm, number) : NO_SPAN;
    kept->loops[number] = is;
    kept->loop_count += (size_t)(is != NO_SPAN) - (size_t)(was != NO_SPAN);
}

/* Makes a list without loops. */
static bool begin(struct loops_kept *kept, const struct swarm *swarm, const struct mem *mem)
{
    loops_kept_release(kept);
    kept->mem = mem;
    kept->agent_count = swarm_agent_count(swarm);
    if (!mem_zalloc_items(mem, &kept->loops, kept->agent_count, sizeof *kept->loops)) {
        loops_kept_release(kept);
        return false;
    }
    for (size_t i = 0; i < kept->agent_count; i++) {
        kept->loops[i] = NO_SPAN;
    }
    kept->swarm = swarm;
    kept->structure = swarm_structure(swarm);
    return true;
}

bool loops_keep(struct loops_kept *kept, const struct swarm *swarm,
                bool works(const struct swarm *swarm, const struct agent *agent),
                const struct mem *mem)
{
    uint64_t changes = swarm_row_changes(swarm);
    bool all = kept->swarm != swarm || kept->structure != swarm_structure(swarm);
    if (all && !begin(kept, swarm, mem)) {
        return false;
    }
    all = all || changes - kept->changes > ROW_CHANGES_KEPT;
    for (size_t i = 0; all && i < kept->agent_count; i++) {
        look_at(kept, (agent_no)i, works);
    }
    for (; !all && kept->changes < changes; kept->changes++) {
        look_at(kept, swarm_changed_row(swarm, kept->changes), works);
    }
    kept->changes = changes;
    return true;
}
