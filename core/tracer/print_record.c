/* Prints the events of a record: converts its facts to call_values and passes them to the
   printer. */
#include "core/tracer/print.h"

#include <math.h>

static struct call_values values_of(const struct record *record, int64_t origin_ns,
                                    struct strbuf *scratch)
{
    const struct facts *facts = &record->facts;
    struct call_values values = no_call_values;
    values.name = facts_text(facts, FIELD_NAME);
    if (values.name.bytes == NULL && record->kind == CALL_TOOL) {
        values.name = (struct slice){"tool", 4};
    }
    values.args_json = facts_args(facts, scratch);
    values.model = facts_text(facts, FIELD_MODEL);
    values.query_source = facts_text(facts, FIELD_QUERY_SOURCE);
    values.error = facts_text(facts, FIELD_ERROR);
    values.context = facts_text(facts, FIELD_CONTEXT);
    values.decision = facts_text(facts, FIELD_DECISION);
    values.decision_source = facts_text(facts, FIELD_DECISION_SOURCE);
    values.child_agent_id = facts_text(facts, FIELD_CHILD_AGENT_ID);
    values.success = facts_bool(facts, FIELD_SUCCESS);
    values.outcome = record_outcome(record);
    values.prompt_length = facts_number(facts, FIELD_PROMPT_LENGTH);
    values.result_tokens = facts_number(facts, FIELD_RESULT_TOKENS);
    values.context_window = facts_number(facts, FIELD_CONTEXT_WINDOW);
    if (values.success != TRI_FALSE) {
        values.error = (struct slice){NULL, 0};
    }
    values.claim = record->claim;
    record_shape(record, origin_ns, &values.request);
    return values;
}

/* The begin of a record, its args in `args`. False: it has no span, or out of memory. */
static bool make_begin(const struct swarm *swarm, const struct record *record,
                       const struct call_values *values, struct strbuf *args,
                       struct begun_span *out)
{
    const struct span *span = record->span == NO_SPAN ? NULL : swarm_span(swarm, record->span);
    if (span == NULL) {
        return false;
    }
    print_begin_args((enum call_kind)record->kind, values, args);
    *out = (struct begun_span){
        .name = span->name,
        .cat = span->cat,
        .track = span->track,
        .start_us = values->request.start_us,
        .args = {args->data, args->len},
    };
    return !args->failed;
}

static enum ending ending_of(const struct record *record)
{
    return record->state == RECORD_EVICTED      ? ENDING_EVICTED
           : record->state == RECORD_INCOMPLETE ? ENDING_INCOMPLETE
                                                : ENDING_DONE;
}

static bool print(const struct swarm *swarm, const struct record *record, bool begin,
                  struct event_sink *sink)
{
    int64_t origin_ns = swarm_session(swarm, record->session)->origin_ns;
    struct strbuf args, scratch;
    struct begun_span begun;
    strbuf_init(&args, swarm_mem(swarm), 0);
    strbuf_init(&scratch, swarm_mem(swarm), 0);
    struct call_values values = values_of(record, origin_ns, &scratch);
    bool good = make_begin(swarm, record, &values, &args, &begun) && !scratch.failed;
    if (good && begin) {
        struct trace_event event = {'B',         begun.name,     begun.cat,
                                    begun.track, begun.start_us, begun.args};
        good = sink->put(sink, &event);
    } else if (good) {
        values.message_id = facts_text(&record->facts, FIELD_MESSAGE_ID);
        values.prompt_tokens = values.request.prompt_tokens;
        double end_us = fmax(values.request.end_us, begun.start_us);
        good = print_end(swarm, (enum call_kind)record->kind, ending_of(record), &begun, end_us,
                         &values, sink);
    }
    strbuf_release(&args);
    strbuf_release(&scratch);
    return good;
}

bool print_record_begin(const struct swarm *swarm, const struct record *record,
                        struct event_sink *sink)
{
    return print(swarm, record, true, sink);
}

bool print_record_end(const struct swarm *swarm, const struct record *record,
                      struct event_sink *sink)
{
    return print(swarm, record, false, sink);
}

/* ---- args ---- */

/* Keeps the args of the event with which a phase begins, else those of the last event. */
struct args_sink {
    struct event_sink sink; /* first: it is what the printer knows */
    struct strbuf *out;
    bool is_phase;
    size_t begins; /* of phases before the one that is asked for */
};

static bool keep_args(struct event_sink *sink, const struct trace_event *event)
{
    struct args_sink *args = (struct args_sink *)(void *)sink;
    if (args->is_phase && (event->ph != 'B' || args->begins-- > 0)) {
        return true;
    }
    strbuf_clear(args->out);
    strbuf_add(args->out, event->args.bytes, event->args.len);
    return !args->out->failed;
}

struct slice print_span_args(const struct swarm *swarm, const struct span *span)
{
    const struct record *record = swarm_span_record(swarm, span);
    if (record == NULL) {
        return swarm_span_args(swarm, span);
    }
    struct args_sink sink = {.sink = {keep_args}, .out = swarm_scratch(swarm)};
    strbuf_clear(sink.out);
    if (span_is_phase(span->kind)) {
        sink.is_phase = true;
        for (span_no no = swarm_span(swarm, record->span)->next_phase;
             no != NO_SPAN && swarm_span(swarm, no) != span;
             no = swarm_span(swarm, no)->next_phase) {
            sink.begins++;
        }
    }
    bool good = print(swarm, record, (span->flags & SPAN_OPEN) != 0, &sink.sink);
    return good ? (struct slice){sink.out->data, sink.out->len} : (struct slice){NULL, 0};
}
