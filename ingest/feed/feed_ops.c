/* The table is at the end, after its functions. Each function is one call of the tracer: the
   rows alone decide whether a line is valid. */
#include "ingest/feed/feed_ops.h"

#include "ingest/feed/feed_update.h"

#include <string.h>

#define HANDLER(name)                                                                       \
    static enum tracer_result name(struct tracer *tracer, const struct op_context *context, \
                                   const struct feed_values *v)

HANDLER(register_agent)
{
    return tracer_register_agent(tracer, context, feed_text(v, OP_AGENT_ID),
                                 feed_text(v, OP_AGENT_NAME), feed_text(v, OP_PARENT_AGENT_ID));
}

HANDLER(unregister_agent)
{
    return tracer_unregister_agent(tracer, context, feed_text(v, OP_AGENT_ID));
}

HANDLER(start_llm_request)
{
    struct start_llm_request_op op = {
        .span_id = feed_text(v, OP_SPAN_ID),
        .model = feed_text(v, OP_MODEL),
        .message_id = feed_text(v, OP_MESSAGE_ID),
        .query_source = feed_text(v, OP_QUERY_SOURCE),
        .prompt_tokens = feed_number(v, OP_PROMPT_TOKENS),
        .is_speculative = feed_truth(v, OP_IS_SPECULATIVE),
    };
    return tracer_start_llm_request(tracer, context, &op);
}

HANDLER(end_llm_request)
{
    /* An empty array differs from an absent one, so its pointer is not NULL. */
    static const double none[1];
    struct end_llm_request_op op = {
        .span_id = feed_text(v, OP_SPAN_ID),
        .message_id = feed_text(v, OP_MESSAGE_ID),
        .error = feed_text(v, OP_ERROR),
        .ttft_ms = feed_number(v, OP_TTFT_MS),
        .ttlt_ms = feed_number(v, OP_TTLT_MS),
        .prompt_tokens = feed_number(v, OP_PROMPT_TOKENS),
        .output_tokens = feed_number(v, OP_OUTPUT_TOKENS),
        .cache_read_tokens = feed_number(v, OP_CACHE_READ_TOKENS),
        .cache_creation_tokens = feed_number(v, OP_CACHE_CREATION_TOKENS),
        .request_setup_ms = feed_number(v, OP_REQUEST_SETUP_MS),
        .success = feed_truth(v, OP_SUCCESS),
    };
    if (feed_has(v, OP_ATTEMPT_START_TIMES)) {
        op.attempt_count = v->number_count;
        op.attempt_start_times = v->number_count > 0 ? v->numbers : none;
    }
    return tracer_end_llm_request(tracer, context, &op);
}

HANDLER(start_tool)
{
    return tracer_start_tool(tracer, context, feed_text(v, OP_SPAN_ID), feed_text(v, OP_TOOL_NAME),
                             feed_text(v, OP_ARGS));
}

HANDLER(end_tool)
{
    struct end_tool_op op = {
        .span_id = feed_text(v, OP_SPAN_ID),
        .error = feed_text(v, OP_ERROR),
        .result_tokens = feed_number(v, OP_RESULT_TOKENS),
        .success = feed_truth(v, OP_SUCCESS),
    };
    return tracer_end_tool(tracer, context, &op);
}

HANDLER(start_user_input)
{
    return tracer_start_user_input(tracer, context, feed_text(v, OP_SPAN_ID),
                                   feed_text(v, OP_CONTEXT));
}

HANDLER(end_user_input)
{
    return tracer_end_user_input(tracer, context, feed_text(v, OP_SPAN_ID),
                                 feed_text(v, OP_DECISION), feed_text(v, OP_SOURCE));
}

HANDLER(start_interaction)
{
    return tracer_start_interaction(tracer, context, feed_text(v, OP_SPAN_ID),
                                    feed_number(v, OP_USER_PROMPT_LENGTH));
}

HANDLER(end_interaction)
{
    return tracer_end_interaction(tracer, context, feed_text(v, OP_SPAN_ID));
}

HANDLER(instant)
{
    return tracer_instant(tracer, context, feed_text(v, OP_NAME), feed_text(v, OP_CAT),
                          feed_text(v, OP_ARGS));
}

HANDLER(counter)
{
    return tracer_counter(tracer, context, feed_text(v, OP_NAME), feed_text(v, OP_VALUES));
}

HANDLER(first_token)
{
    return tracer_first_token(tracer, context, feed_text(v, OP_SPAN_ID));
}

HANDLER(progress)
{
    return tracer_progress(tracer, context, feed_text(v, OP_SPAN_ID),
                           feed_number(v, OP_OUTPUT_TOKENS));
}

HANDLER(attempt)
{
    return tracer_attempt(tracer, context, feed_text(v, OP_SPAN_ID), feed_number(v, OP_ATTEMPT),
                          feed_text(v, OP_ERROR), feed_number(v, OP_RETRY_IN_MS));
}

/* A log line has a time like any other. */
HANDLER(log_line)
{
    (void)v;
    return tracer_advance(tracer, context);
}

#define F(field) FEED_BIT(OP_##field)

const struct feed_op feed_ops[] = {
    {"hello", F(SESSION_ID), F(NAME) | F(AGENT_ID) | F(PARENT_SESSION_ID), FEED_HELLO, NULL,
     "open a session; its time is the trace's beginning"},
    {"register_agent", F(AGENT_ID) | F(AGENT_NAME), F(PARENT_AGENT_ID), FEED_PLAIN, register_agent,
     "an agent begins"},
    {"unregister_agent", F(AGENT_ID), 0, FEED_PLAIN, unregister_agent, "an agent ends"},
    {"start_llm_request", F(SPAN_ID) | F(MODEL),
     F(PROMPT_TOKENS) | F(MESSAGE_ID) | F(IS_SPECULATIVE) | F(QUERY_SOURCE), FEED_PLAIN,
     start_llm_request, "a request to a model begins"},
    {"end_llm_request", F(SPAN_ID),
     F(TTFT_MS) | F(TTLT_MS) | F(PROMPT_TOKENS) | F(OUTPUT_TOKENS) | F(CACHE_READ_TOKENS) |
         F(CACHE_CREATION_TOKENS) | F(MESSAGE_ID) | F(SUCCESS) | F(ERROR) | F(REQUEST_SETUP_MS) |
         F(ATTEMPT_START_TIMES),
     FEED_ENDS, end_llm_request, "a request ends"},
    {"start_tool", F(SPAN_ID) | F(TOOL_NAME), F(ARGS), FEED_PLAIN, start_tool, "a tool begins"},
    {"end_tool", F(SPAN_ID), F(SUCCESS) | F(ERROR) | F(RESULT_TOKENS), FEED_ENDS, end_tool,
     "a tool ends"},
    {"start_user_input", F(SPAN_ID), F(CONTEXT), FEED_PLAIN, start_user_input,
     "waiting for a person begins"},
    {"end_user_input", F(SPAN_ID), F(DECISION) | F(SOURCE), FEED_ENDS, end_user_input,
     "waiting for a person ends"},
    {"start_interaction", F(SPAN_ID), F(USER_PROMPT_LENGTH), FEED_PLAIN, start_interaction,
     "a turn begins"},
    {"end_interaction", F(SPAN_ID), 0, FEED_ENDS, end_interaction, "a turn ends"},
    {"instant", F(NAME) | F(CAT), F(ARGS), FEED_PLAIN, instant, "a moment worth a mark"},
    {"counter", F(NAME) | F(VALUES), 0, FEED_PLAIN, counter, "values of a counter"},
    {"end_session", 0, 0, FEED_END_SESSION, NULL, "close all open spans of a session"},
    {"first_token", F(SPAN_ID), 0, FEED_ENDS, first_token, "an open request's first token came"},
    {"progress", F(SPAN_ID) | F(OUTPUT_TOKENS), 0, FEED_ENDS, progress,
     "tokens that an open request has brought so far"},
    {"attempt", F(SPAN_ID) | F(ATTEMPT), F(ERROR) | F(RETRY_IN_MS), FEED_ENDS, attempt,
     "an open request is tried again"},
    {"log", F(MESSAGE), F(LEVEL), FEED_LOG, log_line, "a line for the event log"},
    {"status", 0, 0, FEED_STATUS, NULL,
     "asks how the swarm is; answered with a line {\"status\":TEXT}"},
    {"hook", F(PAYLOAD), F(CLIENT) | F(PROCESS), FEED_HOOK, NULL,
     "a payload that a client passed to its hook"},
    {"claude_hook", F(PAYLOAD), F(PROCESS), FEED_HOOK, NULL,
     "the older name of `hook` with client=claude"},
    {"update_session", F(SESSION_ID), F(BY) | F(PRECEDENCE), FEED_UPDATE_SESSION, NULL,
     "set facts of a session"},
    {"update_agent", F(AGENT_ID), F(BY) | F(PRECEDENCE), FEED_UPDATE_AGENT, NULL,
     "set facts of an agent"},
    {"update_call", F(KIND) | F(ID), F(BY) | F(PRECEDENCE), FEED_UPDATE_CALL, NULL,
     "set facts of a request, tool, wait, turn or span"},
    {"raw", F(EVENT), 0, FEED_RAW, NULL, "a raw trace event in a named session"},
    {"open", F(SESSION_ID), F(START_MS) | F(EXTRA), FEED_OPEN, NULL,
     "open a session without agents"},
    {"journal", 0, 0, FEED_JOURNAL, NULL, "first line of a journal: its last one may be cut"},
    {"auth", F(TOKEN), 0, FEED_AUTH, NULL, "first line of a TCP connection that asks for it"},
};
const size_t feed_op_count = sizeof feed_ops / sizeof feed_ops[0];

const struct feed_op *feed_op_of(const char *name, size_t len)
{
    for (size_t i = 0; i < feed_op_count; i++) {
        if (strlen(feed_ops[i].name) == len && memcmp(feed_ops[i].name, name, len) == 0) {
            return &feed_ops[i];
        }
    }
    return NULL;
}

enum update_op feed_op_update(const struct feed_op *op)
{
    switch (op->special) {
    case FEED_UPDATE_SESSION: return UPDATE_SESSION;
    case FEED_UPDATE_AGENT: return UPDATE_AGENT;
    case FEED_UPDATE_CALL: return UPDATE_CALL;
    case FEED_PLAIN:
    case FEED_ENDS:
    case FEED_END_SESSION:
    case FEED_HELLO:
    case FEED_LOG:
    case FEED_AUTH:
    case FEED_STATUS:
    case FEED_HOOK:
    case FEED_RAW:
    case FEED_JOURNAL:
    case FEED_OPEN: break;
    }
    return UPDATE_OPS;
}

size_t feed_op_list(const struct feed_op *op, struct feed_op_field out[FEED_OP_FIELDS_MAX])
{
    const uint64_t groups[] = {FEED_COMMON, op->required & ~FEED_COMMON,
                               op->optional & ~FEED_COMMON & ~op->required};
    size_t count = 0;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        for (uint64_t left = groups[i]; left != 0; left &= left - 1) {
            enum feed_field field = (enum feed_field)__builtin_ctzll(left);
            bool required = (op->required & FEED_BIT(field)) != 0;
            out[count++] =
                (struct feed_op_field){feed_fields[field].name, feed_fields[field].type, required};
        }
    }
    unsigned update = 1u << feed_op_update(op);
    for (int i = 0; i < FIELDS; i++) {
        if ((update_fields[i].ops & update) != 0) {
            out[count++] = (struct feed_op_field){update_fields[i].key,
                                                  feed_update_type(update_fields[i].type), false};
        }
    }
    return count;
}

enum feed_typed feed_op_type(const struct feed_op *op, struct feed_values *values,
                             uint64_t *ignored, enum feed_field *culprit)
{
    *ignored = 0;
    uint64_t left = op->required | op->optional | FEED_COMMON;
    for (; left != 0; left &= left - 1) {
        enum feed_field field = (enum feed_field)__builtin_ctzll(left);
        bool required = (op->required & FEED_BIT(field)) != 0;
        *culprit = field;
        if (!feed_has(values, field)) {
            if (required) {
                return FEED_WRONG_TYPE;
            }
            continue;
        }
        enum feed_typed typed = feed_values_type(values, field);
        if (typed == FEED_NO_MEMORY || (typed == FEED_WRONG_TYPE && required)) {
            return typed;
        }
        if (typed == FEED_WRONG_TYPE) {
            values->present &= ~FEED_BIT(field);
            *ignored |= FEED_BIT(field);
        }
    }
    return FEED_TYPED;
}
