/* The usage that a run of an agent claims is a sum: it counts where no request below the run has
   usage, and is taken back when one comes later. Spans come one by one, in every order. */
#include "core/query/metrics.h"
#include "core/query/query.h"
#include "tests/support/otlp_reading.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(key, value)   "{'key':'" key "','value':{'stringValue':'" value "'}}"
#define NUMBER(key, value) "{'key':'" key "','value':{'intValue':'" value "'}}"
#define SPAN(id, parent, name, kind, attributes)                                             \
    "{'traceId':'0000000000000000000000000000aaaa','spanId':'00000000000000" id              \
    "','parentSpanId':'" parent "','name':'" name "','kind':" #kind                          \
    ",'startTimeUnixNano':'17959032000000000" id "','endTimeUnixNano':'17959032010000000" id \
    "','attributes':[" attributes "]}"
#define BELOW(id) "00000000000000" id
#define USAGE(input, output) \
    NUMBER("gen_ai.usage.input_tokens", input) "," NUMBER("gen_ai.usage.output_tokens", output)
#define SUM(input, output)                                \
    NUMBER("gen_ai.aggregated_usage.input_tokens", input) \
    "," NUMBER("gen_ai.aggregated_usage.output_tokens",   \
               output) "," NUMBER("gen_ai.aggregated_usage.details.reasoning_tokens", "7")
#define RUN(id, parent, name, kind, more)        \
    SPAN(id, parent, "invoke_agent " name, kind, \
         TEXT("gen_ai.operation.name", "invoke_agent") "," TEXT("gen_ai.agent.name", name) more)
#define CHAT(id, parent, more)    \
    SPAN(id, parent, "chat m", 3, \
         TEXT("gen_ai.operation.name", "chat") "," TEXT("gen_ai.request.model", "m") more)
#define STEP(id, parent) SPAN(id, parent, "step", 1, "")

enum { SPANS_MAX = 5 };

static const struct usage_case {
    const char *what;
    const char *spans[SPANS_MAX];
    const char *expected; /* NAME PROMPT/OUTPUT, rows in their order */
} cases[] = {
    {"a run without requests",
     {RUN("01", "", "boss", 1, "," USAGE("3000", "200"))},
     "boss 3000/200"},
    {"a run with a request that has usage",
     {RUN("01", "", "boss", 1, "," USAGE("3000", "200")),
      CHAT("02", BELOW("01"), "," USAGE("3000", "200"))},
     "boss 3000/200"},
    {"a run with a request that has none",
     {RUN("01", "", "boss", 1, "," USAGE("3000", "200")), CHAT("02", BELOW("01"), "")},
     "boss 3000/200"},
    {"a request far below",
     {RUN("01", "", "boss", 1, "," USAGE("3000", "200")), STEP("02", BELOW("01")),
      STEP("03", BELOW("02")), CHAT("04", BELOW("03"), "," USAGE("2900", "190"))},
     "boss 2900/190"},
    {"a run in a run that has requests",
     {RUN("01", "", "boss", 1, "," USAGE("3000", "200")),
      CHAT("02", BELOW("01"), "," USAGE("2000", "100")),
      RUN("03", BELOW("01"), "rev", 1, "," USAGE("1000", "100"))},
     "boss 2000/100, rev 1000/100"},
    {"a sum that includes that of a run inside",
     {RUN("01", "", "boss", 1, "," USAGE("3000", "200")), STEP("02", BELOW("01")),
      RUN("03", BELOW("02"), "rev", 1, "," USAGE("1000", "50"))},
     "boss 2000/150, rev 1000/50"},
    {"a sum without that of a run inside",
     {RUN("01", "", "boss", 1, "," USAGE("300", "20")),
      RUN("03", BELOW("01"), "rev", 1, "," USAGE("1000", "50"))},
     "boss 300/20, rev 1000/50"},
    {"three runs in each other, the innermost with a request",
     {RUN("01", "", "boss", 1, "," USAGE("3000", "200")),
      RUN("02", BELOW("01"), "rev", 1, "," USAGE("1000", "50")),
      RUN("03", BELOW("02"), "kid", 1, "," USAGE("400", "20")),
      CHAT("04", BELOW("03"), "," USAGE("400", "20"))},
     "boss -/-, rev -/-, kid 400/20"},
    {"one run by two spans",
     {RUN("01", "", "boss", 1, ""), RUN("02", BELOW("01"), "rev", 3, "," USAGE("1000", "50")),
      RUN("03", BELOW("02"), "rev", 1, "," USAGE("1000", "50"))},
     "boss -/-, rev 1000/50"},
    {"keys of their own for the sum",
     {RUN("01", "", "boss", 1, "," SUM("1200", "60"))},
     "boss 1200/60"},
    {"the outer span of the AI SDK",
     {SPAN("01", "", "ai.streamText", 1,
           TEXT("ai.operationId", "ai.streamText") "," TEXT(
               "ai.telemetry.functionId",
               "boss") "," NUMBER("ai.usage.inputTokens", "500") "," NUMBER("ai.usage.outputTokens",
                                                                            "40")),
      SPAN("02", BELOW("01"), "ai.streamText.doStream", 1,
           TEXT("ai.operationId", "ai.streamText.doStream") "," NUMBER(
               "ai.usage.inputTokens", "500") "," NUMBER("ai.usage.outputTokens", "40"))},
     "boss 500/40"},
};

static void take(struct otlp_rig *otlp, const char *span)
{
    char body[4000];
    int len =
        snprintf(body, sizeof body, "{'resourceSpans':[{'scopeSpans':[{'spans':[%s]}]}]}", span);
    for (char *at = body; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    otlp_rig_take(otlp, OTLP_TRACES, OTLP_JSON, body, (size_t)len);
}

static void put_tokens(char *out, double prompt, double output)
{
    if (isnan(prompt)) {
        strcat(out, "-/-");
    } else {
        sprintf(out + strlen(out), "%.0f/%.0f", prompt, output);
    }
}

/* Writes the tokens of each row, and checks that they are those of all. */
static void read_tokens(const struct otlp_rig *otlp, char *out)
{
    const struct swarm *swarm = otlp->rig.model.swarm;
    struct swarm_metrics metrics;
    size_t count;
    double all = 0;
    struct tree_row *rows = query_tree(swarm, &count);
    assert_true(metrics_compute(swarm, otlp->rig.now_ns, &metrics));
    *out = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct metrics *of = &metrics.agents[rows[i].agent];
        sprintf(out + strlen(out), "%s%s ", i > 0 ? ", " : "",
                swarm_text(swarm, swarm_agent(swarm, rows[i].agent)->name));
        put_tokens(out, of->prompt_tokens, of->output_tokens);
        all += isnan(of->prompt_tokens) ? 0 : of->prompt_tokens;
    }
    assert_float_equal(all, metrics.totals.prompt_tokens, 0);
    metrics_release(&metrics);
    mem_free(otlp->rig.ingest.mem, rows, count * sizeof *rows);
}

/* Takes the spans in the order of that number. */
static void check(const struct usage_case *of, size_t count, unsigned number)
{
    const char *left[SPANS_MAX];
    struct otlp_rig otlp;
    char got[400];
    unsigned order = number;
    memcpy(left, of->spans, sizeof left);
    otlp_rig_init(&otlp);
    for (size_t n = count; n > 0; n--) {
        size_t at = order % n;
        order /= (unsigned)n;
        take(&otlp, left[at]);
        left[at] = left[n - 1];
    }
    read_tokens(&otlp, got);
    if (strcmp(got, of->expected) != 0) {
        fail_msg("%s, order %u: %s, expected %s", of->what, number, got, of->expected);
    }
    otlp_rig_release(&otlp);
}

TEST(usage_of_a_run_counts_where_no_request_has_it)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count = 0;
        unsigned orders = 1;
        while (count < SPANS_MAX && cases[i].spans[count] != NULL) {
            orders *= (unsigned)++count;
        }
        for (unsigned order = 0; order < orders; order++) {
            check(&cases[i], count, order);
        }
    }
}
