/* The growth is the difference between the last prompt and the first one since the last compaction,
   over the turns that they lie in. Only requests of the last one's model count: clients use
   another, small one beside it for titles and the like, with prompts of their own. */
#include "core/query/context.h"

#include "core/model/compaction.h"
#include "core/model/end_facts.h"
#include "core/model/prices.h"
#include "core/model/record.h"
#include "core/query/query.h"

#include "core/base/sorted.h"

#include <math.h>
#include <string.h>

enum { PROMPTS_TRIED = 16, MODEL_BYTES = 256 };

struct gathering {
    const struct swarm *swarm;
    const struct span_predicate *predicate;
    agent_no agent;
};

/* ---- windows ---- */

/* The rows are found as prices are; `input` is the window, `output` the larger one that the same
   name may have. Claude Code: 200,000, one million for a name with [1m], which other clients and
   telemetry omit. Gemini CLI and Qwen Code: their tokenLimits.ts. OpenAI: its list of models. */
static const struct price windows[] = {
    {.model = "claude-*", .input = 200000, .output = 1000000},
    {.model = "gemini-1.5-pro", .input = 2097152},
    {.model = "gemini-*", .input = 1048576},
    {.model = "qwen3-coder-plus", .input = 1000000},
    {.model = "qwen3-coder*", .input = 262144},
    {.model = "gpt-4o*", .input = 128000},
    {.model = "gpt-4.1*", .input = 1047576},
    {.model = "gpt-5*", .input = 400000},
};

double context_window_of(struct slice model, double prompt_tokens)
{
    static const struct prices table = {windows, sizeof windows / sizeof *windows};
    static const char million[] = "[1m]";
    const size_t len = sizeof million - 1;
    bool large = model.len > len && memcmp(model.bytes + model.len - len, million, len) == 0;
    const struct price *row = model.len == 0 ? NULL : prices_find(&table, model);
    double window = large ? 1000000 : row == NULL ? (double)NAN : row->input;
    if (prompt_tokens > window && row != NULL && row->output > window) {
        window = row->output;
    }
    return prompt_tokens > window ? (double)NAN : window;
}

double context_full_pct(const struct metrics *metrics)
{
    return metrics->context_window > 0 ? 100 * metrics->context_tokens / metrics->context_window
                                       : (double)NAN;
}

static struct slice model_of(const struct end_facts *facts)
{
    bool raw = facts->model_text.bytes == NULL && facts->model.type == JSON_TYPE_STRING;
    return raw ? (struct slice){facts->model.raw + 1, facts->model.len - 2} : facts->model_text;
}

/* ---- the last prompt ---- */

/* Returns the span as the predicate selects it, once it has ended; NULL: it does not. */
static const struct span *ended(const struct gathering *g, span_no no, struct span *room)
{
    const struct span *span =
        past_span(span_predicate_past(g->predicate), g->swarm, swarm_span(g->swarm, no), room);
    bool selected = span != NULL && (span->flags & SPAN_OPEN) == 0;
    return selected && span_predicate_holds(g->predicate, no) ? span : NULL;
}

static void take_prompt(const struct end_facts *facts, struct metrics *metrics)
{
    double prompt_tokens = facts->numbers[FACT_PROMPT_TOKENS];
    if (isnan(prompt_tokens)) {
        return;
    }
    metrics->context_tokens = prompt_tokens;
    metrics->context_window = facts->numbers[FACT_CONTEXT_WINDOW];
    metrics->window_assumed = isnan(metrics->context_window);
    if (metrics->window_assumed) {
        metrics->context_window = context_window_of(model_of(facts), prompt_tokens);
    }
}

/* Finds the last request whose prompt was reported: that of a failed one may not be. Spans that the
   predicate does not select are passed over, so that an earlier moment has the same answer. */
static span_no find_last(const struct gathering *g, struct metrics *metrics)
{
    span_no no = metrics->requests > 0 ? query_last_request(g->swarm, g->agent) : NO_SPAN;
    const struct span *of;
    for (int i = 0; i < PROMPTS_TRIED && (of = swarm_span(g->swarm, no)) != NULL;) {
        struct span room;
        struct end_facts facts;
        const struct span *span = ended(g, no, &room);
        if (span != NULL && span->kind == SPAN_REQUEST) {
            span_end_facts(g->swarm, span, &facts);
            take_prompt(&facts, metrics);
        }
        if (!isnan(metrics->context_tokens)) {
            return no;
        }
        i += span != NULL;
        no = query_span_step(g->swarm, g->agent, no, -1);
    }
    return NO_SPAN;
}

/* ---- the growth ---- */

/* Spans in the order of their starts. */
struct start_list {
    const struct swarm *swarm;
    const struct block_list *spans;
};

static int64_t start_at(const void *ctx, size_t place)
{
    const struct start_list *list = ctx;
    const struct span *span = swarm_span(list->swarm, spans_at(list->spans, place));
    return span == NULL ? INT64_MIN : span->start_ns;
}

/* Returns when the last compaction was; INT64_MIN: no compaction among these spans. */
static int64_t last_compaction(const struct gathering *g)
{
    const struct agent *agent = swarm_agent(g->swarm, g->agent);
    int64_t last_ns = INT64_MIN;
    for (size_t lane = 0; lane < agent->lane_count; lane++) {
        const struct block_list *spans = &agent->lanes[lane].spans;
        for (size_t i = spans->count, n = 0; i-- > 0 && n < CONTEXT_SPANS; n++) {
            span_no no = spans_at(spans, i);
            const struct span *span = swarm_span(g->swarm, no);
            struct span room;
            if (span == NULL || span->start_ns <= last_ns) {
                break;
            }
            if (span_is_compaction(g->swarm, span) && ended(g, no, &room) != NULL) {
                last_ns = span->start_ns;
            }
        }
    }
    return last_ns;
}

/* The first prompt since the compaction, of the model. */
struct first_prompt {
    int64_t at_ns;
    double tokens;
};

/* Returns whether the span is a request of the model with a prompt; sets *out. */
static bool read_prompt(const struct gathering *g, span_no no, struct slice model,
                        struct first_prompt *out)
{
    struct span room;
    struct end_facts facts;
    const struct span *span = swarm_span(g->swarm, no);
    if (span == NULL || span->kind != SPAN_REQUEST || (span = ended(g, no, &room)) == NULL) {
        return false;
    }
    span_end_facts(g->swarm, span, &facts);
    struct slice of = model_of(&facts);
    bool same = of.len == model.len && (of.len == 0 || memcmp(of.bytes, model.bytes, of.len) == 0);
    *out = (struct first_prompt){span->start_ns, facts.numbers[FACT_PROMPT_TOKENS]};
    return same && !isnan(out->tokens);
}

/* Goes forward in each row and ends at the first one found: reading a request's end is dear. */
static struct first_prompt find_first(const struct gathering *g, int64_t since_ns,
                                      struct slice model)
{
    const struct agent *agent = swarm_agent(g->swarm, g->agent);
    struct first_prompt first = {INT64_MAX, (double)NAN};
    for (size_t lane = 0; lane < agent->lane_count; lane++) {
        struct start_list list = {g->swarm, &agent->lanes[lane].spans};
        size_t count = list.spans->count;
        size_t begin = count > CONTEXT_SPANS ? count - CONTEXT_SPANS : 0;
        size_t since = sorted_first(count, since_ns, start_at, &list);
        for (size_t i = since > begin ? since : begin; i < count; i++) {
            struct first_prompt prompt;
            if (start_at(&list, i) >= first.at_ns) {
                break;
            }
            if (read_prompt(g, spans_at(list.spans, i), model, &prompt)) {
                first = prompt;
                break;
            }
        }
    }
    return first;
}

/* Returns how many turns two moments lie in: one, and one more for each that begins between. */
static double turns_between(const struct gathering *g, int64_t from_ns, int64_t to_ns)
{
    struct start_list list = {g->swarm, &swarm_agent(g->swarm, g->agent)->envelopes};
    size_t count = list.spans->count;
    return 1 + (double)(sorted_first(count, to_ns + 1, start_at, &list) -
                        sorted_first(count, from_ns + 1, start_at, &list));
}

int64_t context_gather(const struct swarm *swarm, const struct span_predicate *predicate,
                       agent_no agent, struct metrics *metrics)
{
    struct gathering g = {swarm, predicate, agent};
    struct end_facts facts;
    span_no no = find_last(&g, metrics);
    const struct span *last = no == NO_SPAN ? NULL : swarm_span(swarm, no);
    if (last == NULL) {
        return INT64_MIN;
    }
    span_end_facts(swarm, last, &facts);
    int64_t since_ns = metrics->compactions > 0 ? last_compaction(&g) : INT64_MIN;
    char copy[MODEL_BYTES]; /* the args are not ours for long (event_store.h) */
    struct slice model = model_of(&facts);
    model.len = model.len < sizeof copy ? model.len : sizeof copy;
    memcpy(copy, model.len > 0 ? model.bytes : "", model.len);
    struct first_prompt first = find_first(&g, since_ns, (struct slice){copy, model.len});
    if (first.at_ns < last->start_ns) {
        metrics->context_growth = (metrics->context_tokens - first.tokens) /
                                  turns_between(&g, first.at_ns, last->start_ns);
    }
    return last->end_ns;
}
