/* Prints begins and ends of calls as the seed writes them. The args of an end are its own merged
   over those of its begin. A request's phases precede its end, in the order of the seed's
   endLLMRequestPerfettoSpan, retries inside the set-up. */
#include "core/tracer/print.h"

#include "core/base/arg_list.h"
#include "core/base/json_read.h"

#include <math.h>
#include <string.h>

const struct call_values no_call_values = {
    .prompt_length = NAN, .prompt_tokens = NAN, .result_tokens = NAN, .context_window = NAN};

static void arg_slice(struct arg_list *list, const char *key, struct slice text)
{
    arg_text(list, key, text.bytes, text.len);
}

/* ---- begins ---- */

/* {tool_name, child_agent_id, ...args}: those of the sender's args hold. The agent that a call
   started is printed here, since nobody may report the call's end. */
static void put_tool_args(const struct call_values *values, struct strbuf *out)
{
    struct slice args = values->args_json;
    struct json_value given = {args.len > 0 ? JSON_TYPE_OBJECT : JSON_TYPE_NONE, args.bytes,
                               args.len};
    struct arg_list list;
    struct strbuf head;
    arg_list_init(&list, out->mem);
    strbuf_init(&head, out->mem, 0);
    if (json_get(given, "tool_name").type == JSON_TYPE_NONE) {
        arg_slice(&list, "tool_name", values->name);
    }
    if (values->child_agent_id.bytes != NULL &&
        json_get(given, "child_agent_id").type == JSON_TYPE_NONE) {
        arg_slice(&list, "child_agent_id", values->child_agent_id);
    }
    arg_merge(&list, &head, NULL, 0);
    if (head.failed) {
        out->failed = true;
    } else if (given.type == JSON_TYPE_NONE) {
        strbuf_add(out, head.data, head.len);
    } else {
        struct json_walk walk = json_walk(given);
        bool empty = walk.at == walk.end;
        strbuf_add(out, head.data, head.len - 1);
        strbuf_adds(out, head.len > 2 && !empty ? "," : "");
        strbuf_add(out, given.raw + 1, given.len - 1);
    }
    arg_list_release(&list);
    strbuf_release(&head);
}

void print_begin_args(enum call_kind kind, const struct call_values *values, struct strbuf *out)
{
    struct arg_list list;
    if (kind == CALL_TOOL) {
        put_tool_args(values, out);
        return;
    }
    arg_list_init(&list, out->mem);
    switch (kind) {
    case CALL_REQUEST:
        arg_slice(&list, "model", values->model);
        arg_number(&list, "prompt_tokens", values->prompt_tokens);
        arg_slice(&list, "message_id", values->message_id);
        arg_bool(&list, "is_speculative", values->is_speculative == TRI_TRUE);
        arg_slice(&list, "query_source", values->query_source);
        break;
    case CALL_WAIT: arg_slice(&list, "context", values->context); break;
    case CALL_INTERACTION: arg_number(&list, "user_prompt_length", values->prompt_length); break;
    case CALL_SPAN:
    case CALL_TOOL:
    case CALL_KINDS: break;
    }
    arg_merge(&list, out, values->args_json.bytes, values->args_json.len);
    arg_list_release(&list);
}

/* ---- phases ---- */

struct ending_span {
    const struct swarm *swarm;
    const struct begun_span *begun;
    const struct call_values *values;
    double end_us;
    struct event_sink *sink;
};

static bool put_phase(const struct ending_span *span, char ph, const struct request_phase *phase,
                      double ts_us, struct arg_list *list)
{
    /* A name that is interned changes no answer of the model. */
    struct intern *names = swarm_names((struct swarm *)(uintptr_t)span->swarm);
    char room[PHASE_NAME_MAX];
    const char *name = request_phase_name(phase, room), *cat = request_phase_cat(phase->kind);
    struct strbuf args;
    strbuf_init(&args, swarm_mem(span->swarm), 0);
    if (list != NULL) {
        arg_merge(list, &args, NULL, 0);
    }
    struct trace_event event = {
        .ph = ph,
        .name = intern_put(names, name, strlen(name)),
        .cat = intern_put(names, cat, strlen(cat)),
        .track = span->begun->track,
        .ts_us = ts_us,
        .args = {args.data, args.len},
    };
    bool good = !args.failed && event.name != INTERN_FAILED && event.cat != INTERN_FAILED &&
                span->sink->put(span->sink, &event);
    strbuf_release(&args);
    return good;
}

static void list_phase_args(const struct ending_span *span, const struct request_phase *phase,
                            struct arg_list *list)
{
    const struct request_shape *shape = &span->values->request;
    switch (phase->kind) {
    case SPAN_SETUP:
        arg_number(list, "request_setup_ms", shape->setup_ms);
        arg_number(list, "attempt_count",
                   shape->attempts == NULL ? 1 : (double)shape->attempt_count);
        break;
    case SPAN_RETRY: arg_number(list, "attempt", phase->attempt); break;
    case SPAN_FIRST_TOKEN:
        arg_number(list, "ttft_ms", shape->ttft_ms);
        arg_number(list, "prompt_tokens", shape->prompt_tokens);
        arg_number(list, "itps", shape->itps);
        arg_number(list, "cache_hit_rate_pct", shape->cache_hit_rate_pct);
        break;
    case SPAN_SAMPLING:
        arg_number(list, "sampling_ms",
                   shape->ttlt_ms - shape->ttft_ms -
                       (shape->setup_ms > 0 ? shape->setup_ms * 1000 : 0) / 1000);
        arg_number(list, "output_tokens", shape->output_tokens);
        arg_number(list, "otps", shape->otps);
        break;
    case SPAN_OTHER:
    case SPAN_INTERACTION:
    case SPAN_REQUEST:
    case SPAN_TOOL:
    case SPAN_AGENT_CALL:
    case SPAN_USER:
    case SPAN_KINDS: break;
    }
}

static bool put_phase_begin(const struct ending_span *span, const struct request_phase *phase)
{
    struct arg_list list;
    arg_list_init(&list, swarm_mem(span->swarm));
    list_phase_args(span, phase, &list);
    bool good = put_phase(span, 'B', phase, phase->from_us, &list);
    arg_list_release(&list);
    return good;
}

/* The set-up ends after the retries inside it, any other phase at once. */
static bool put_phases(const struct ending_span *span)
{
    struct request_phase phase, setup = {.kind = SPAN_OTHER};
    bool good = true;
    for (size_t i = 0; good && request_shape_phase(&span->values->request, i, &phase); i++) {
        if (setup.kind == SPAN_SETUP && phase.kind != SPAN_RETRY) {
            good = put_phase(span, 'E', &setup, setup.to_us, NULL);
            setup.kind = SPAN_OTHER;
        }
        good = good && put_phase_begin(span, &phase);
        if (phase.kind == SPAN_SETUP) {
            setup = phase;
        } else {
            good = good && put_phase(span, 'E', &phase, phase.to_us, NULL);
        }
    }
    return good && (setup.kind != SPAN_SETUP || put_phase(span, 'E', &setup, setup.to_us, NULL));
}

/* ---- ends ---- */

static void list_outcome(const struct call_values *values, struct arg_list *list)
{
    if (values->outcome == OUTCOME_REFUSED || values->outcome == OUTCOME_INTERRUPTED) {
        const char *word = outcome_word(values->outcome);
        arg_text(list, "outcome", word, strlen(word));
    }
}

static void list_request(const struct ending_span *span, double duration_ms, struct arg_list *list)
{
    const struct call_values *values = span->values;
    const struct request_shape *shape = &values->request;
    arg_number(list, "ttft_ms", shape->ttft_ms);
    arg_number(list, "ttlt_ms", shape->ttlt_ms);
    if (!isnan(values->prompt_tokens)) { /* else those of the begin stay */
        arg_number(list, "prompt_tokens", values->prompt_tokens);
    }
    arg_number(list, "output_tokens", shape->output_tokens);
    arg_number(list, "cache_read_tokens", shape->cache_read_tokens);
    arg_number(list, "cache_creation_tokens", shape->cache_creation_tokens);
    if (values->message_id.bytes != NULL) {
        arg_slice(list, "message_id", values->message_id);
    }
    arg_bool(list, "success", values->success != TRI_FALSE);
    arg_slice(list, "error", values->error);
    arg_number(list, "duration_ms", duration_ms);
    arg_number(list, "request_setup_ms", shape->setup_ms);
    arg_number(list, "itps", shape->itps);
    arg_number(list, "otps", shape->otps);
    arg_number(list, "cache_hit_rate_pct", shape->cache_hit_rate_pct);
    if (!isnan(values->context_window)) {
        arg_number(list, "context_window", values->context_window);
    }
    if (shape->thought_tokens > 0) {
        arg_number(list, "thought_tokens", shape->thought_tokens);
    }
    list_outcome(values, list);
}

static void list_claim(const double claim[RECORD_CLAIM], struct arg_list *list)
{
    static const char *const keys[RECORD_CLAIM] = {"prompt_tokens", "output_tokens",
                                                   "cache_read_tokens", "cache_creation_tokens"};
    for (int i = 0; i < RECORD_CLAIM; i++) {
        if (!isnan(claim[i])) {
            arg_number(list, keys[i], claim[i]);
        }
    }
}

static void list_done(const struct ending_span *span, enum call_kind kind, double duration_ms,
                      struct arg_list *list)
{
    const struct call_values *values = span->values;
    if (kind == CALL_REQUEST) {
        list_request(span, duration_ms, list);
        return;
    }
    if (kind == CALL_TOOL || (kind == CALL_SPAN && values->success != TRI_UNSET)) {
        arg_bool(list, "success", values->success != TRI_FALSE);
        arg_slice(list, "error", values->error);
        arg_number(list, "result_tokens", values->result_tokens);
        if (values->child_agent_id.bytes != NULL) {
            arg_slice(list, "child_agent_id", values->child_agent_id);
        }
    } else if (kind == CALL_WAIT) {
        arg_slice(list, "decision", values->decision);
        arg_slice(list, "source", values->decision_source);
    }
    if (values->claim != NULL) {
        list_claim(values->claim, list);
    }
    list_outcome(values, list);
    arg_number(list, "duration_ms", duration_ms);
}

static bool put_end(const struct ending_span *span, struct arg_list *list)
{
    const struct begun_span *begun = span->begun;
    struct strbuf args;
    strbuf_init(&args, swarm_mem(span->swarm), 0);
    arg_merge(list, &args, begun->args.bytes, begun->args.len);
    struct trace_event event = {
        .ph = 'E',
        .name = begun->name,
        .cat = begun->cat,
        .track = begun->track,
        .ts_us = span->end_us,
        .args = {args.data, args.len},
    };
    bool good = !args.failed && span->sink->put(span->sink, &event);
    strbuf_release(&args);
    return good;
}

bool print_end(const struct swarm *swarm, enum call_kind kind, enum ending ending,
               const struct begun_span *begun, double end_us, const struct call_values *values,
               struct event_sink *sink)
{
    struct ending_span span = {swarm, begun, values, end_us, sink};
    double duration_ms = (end_us - begun->start_us) / 1000;
    struct arg_list list;
    bool good = true;
    arg_list_init(&list, swarm_mem(swarm));
    if (ending != ENDING_DONE) {
        arg_bool(&list, ending == ENDING_EVICTED ? "evicted" : "incomplete", true);
        arg_number(&list, "duration_ms", duration_ms);
    } else {
        good = kind != CALL_REQUEST || put_phases(&span);
        list_done(&span, kind, duration_ms, &list);
    }
    good = good && put_end(&span, &list);
    arg_list_release(&list);
    return good;
}
