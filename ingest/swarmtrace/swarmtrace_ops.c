/* The operations of agents: each function is one call of the tracer. */
#include "ingest/swarmtrace/swarmtrace_private.h"

#include "core/base/json_read.h"
#include "core/base/json_text.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 64, SPAN_ID_BYTES = 32 };

/* Copies what the caller's header had of a struct; the rest stays as _init has set it. */
static void read_struct(const void *given, size_t given_size, void *out, size_t size)
{
    memcpy(out, given, given_size < size ? given_size : size);
}

#define READ(kind, given, out)                                     \
    do {                                                           \
        swarmtrace_##kind##_init(out);                             \
        if ((given) != NULL) {                                     \
            read_struct(given, (given)->size, out, sizeof *(out)); \
        }                                                          \
    } while (0)

/* A number that JSON cannot have is absent. */
static double number(double value)
{
    return isfinite(value) ? value : (double)NAN;
}

static enum tristate truth(int value)
{
    return value < 0 ? TRI_UNSET : value > 0 ? TRI_TRUE : TRI_FALSE;
}

/* Sets *out to the raw object; absent for NULL. False: it is no JSON object. */
static bool read_object(const char *json, struct slice *out)
{
    struct json_value value;
    *out = (struct slice){NULL, 0};
    if (json == NULL) {
        return true;
    }
    if (!json_check(json, strlen(json), MAX_DEPTH, &value, NULL) ||
        value.type != JSON_TYPE_OBJECT) {
        return false;
    }
    *out = (struct slice){value.raw, value.len};
    return true;
}

/* ---- ids of spans: those of the seed ---- */

static struct slice span_id(char text[SPAN_ID_BYTES], uint64_t span)
{
    int len = snprintf(text, SPAN_ID_BYTES, "span_%" PRIu64, span);
    return (struct slice){text, (size_t)len};
}

static struct slice new_span(struct swarmtrace *trace, char text[SPAN_ID_BYTES])
{
    return span_id(text, ++trace->spans);
}

/* Leaves the operation that has begun the latest span. Returns its number, 0: it has not. */
static uint64_t begun(struct swarmtrace *trace, enum tracer_result result)
{
    uint64_t span = trace->spans;
    return swarmtrace_leave(trace, result) == 0 ? span : 0;
}

/* ---- agents ---- */

int swarmtrace_register_agent(struct swarmtrace *tracer, const char *agent_id, const char *name,
                              const char *parent_agent_id)
{
    struct op_context context;
    if (agent_id == NULL || *agent_id == '\0' || name == NULL) {
        return tracer == NULL ? 0 : EINVAL;
    }
    if (!swarmtrace_enter(tracer, &context, NULL)) {
        return 0;
    }
    return swarmtrace_leave(
        tracer, tracer_register_agent(tracer->tracer, &context, swarmtrace_text(tracer, agent_id),
                                      swarmtrace_text(tracer, name),
                                      swarmtrace_text(tracer, parent_agent_id)));
}

int swarmtrace_unregister_agent(struct swarmtrace *tracer, const char *agent_id)
{
    struct op_context context;
    if (agent_id == NULL || *agent_id == '\0') {
        return tracer == NULL ? 0 : EINVAL;
    }
    if (!swarmtrace_enter(tracer, &context, NULL)) {
        return 0;
    }
    return swarmtrace_leave(tracer, tracer_unregister_agent(tracer->tracer, &context,
                                                            swarmtrace_text(tracer, agent_id)));
}

/* ---- requests ---- */

uint64_t swarmtrace_start_request(struct swarmtrace *tracer, const char *agent_id,
                                  const struct swarmtrace_request *request)
{
    struct op_context context;
    struct swarmtrace_request own;
    char id[SPAN_ID_BYTES];
    READ(request, request, &own);
    if (own.model == NULL || !swarmtrace_enter(tracer, &context, agent_id)) {
        return 0;
    }
    struct start_llm_request_op op = {.span_id = new_span(tracer, id),
                                      .model = swarmtrace_text(tracer, own.model),
                                      .message_id = swarmtrace_text(tracer, own.message_id),
                                      .query_source = swarmtrace_text(tracer, own.query_source),
                                      .prompt_tokens = number(own.prompt_tokens),
                                      .is_speculative = truth(own.is_speculative)};
    return begun(tracer, tracer_start_llm_request(tracer->tracer, &context, &op));
}

/* An infinite time would make the trace's times infinite. */
static bool are_times(const double *times, size_t count)
{
    for (size_t i = 0; times != NULL && i < count; i++) {
        if (!isfinite(times[i])) {
            return false;
        }
    }
    return true;
}

int swarmtrace_end_request(struct swarmtrace *tracer, uint64_t span,
                           const struct swarmtrace_response *response)
{
    struct op_context context;
    struct swarmtrace_response own;
    char id[SPAN_ID_BYTES];
    READ(response, response, &own);
    if (!are_times(own.attempt_start_ms, own.attempt_count)) {
        return EINVAL;
    }
    if (span == 0 || !swarmtrace_enter(tracer, &context, NULL)) {
        return 0;
    }
    struct end_llm_request_op op = {.span_id = span_id(id, span),
                                    .message_id = swarmtrace_text(tracer, own.message_id),
                                    .error = swarmtrace_text(tracer, own.error),
                                    .ttft_ms = number(own.ttft_ms),
                                    .ttlt_ms = number(own.ttlt_ms),
                                    .prompt_tokens = number(own.prompt_tokens),
                                    .output_tokens = number(own.output_tokens),
                                    .cache_read_tokens = number(own.cache_read_tokens),
                                    .cache_creation_tokens = number(own.cache_creation_tokens),
                                    .request_setup_ms = number(own.request_setup_ms),
                                    .success = truth(own.success),
                                    .attempt_start_times = own.attempt_start_ms,
                                    .attempt_count =
                                        own.attempt_start_ms != NULL ? own.attempt_count : 0};
    return swarmtrace_leave(tracer, tracer_end_llm_request(tracer->tracer, &context, &op));
}

/* ---- tools ---- */

uint64_t swarmtrace_start_tool(struct swarmtrace *tracer, const char *agent_id, const char *name,
                               const char *args_json)
{
    struct op_context context;
    struct slice args;
    char id[SPAN_ID_BYTES];
    if (name == NULL || !read_object(args_json, &args) ||
        !swarmtrace_enter(tracer, &context, agent_id)) {
        return 0;
    }
    return begun(tracer, tracer_start_tool(tracer->tracer, &context, new_span(tracer, id),
                                           swarmtrace_text(tracer, name), args));
}

int swarmtrace_end_tool(struct swarmtrace *tracer, uint64_t span,
                        const struct swarmtrace_result *result)
{
    struct op_context context;
    struct swarmtrace_result own;
    char id[SPAN_ID_BYTES];
    READ(result, result, &own);
    if (span == 0 || !swarmtrace_enter(tracer, &context, NULL)) {
        return 0;
    }
    struct end_tool_op op = {.span_id = span_id(id, span),
                             .error = swarmtrace_text(tracer, own.error),
                             .result_tokens = number(own.result_tokens),
                             .success = truth(own.success)};
    return swarmtrace_leave(tracer, tracer_end_tool(tracer->tracer, &context, &op));
}

/* ---- a person ---- */

uint64_t swarmtrace_start_user_input(struct swarmtrace *tracer, const char *agent_id,
                                     const char *what)
{
    struct op_context context;
    char id[SPAN_ID_BYTES];
    if (!swarmtrace_enter(tracer, &context, agent_id)) {
        return 0;
    }
    return begun(tracer, tracer_start_user_input(tracer->tracer, &context, new_span(tracer, id),
                                                 swarmtrace_text(tracer, what)));
}

int swarmtrace_end_user_input(struct swarmtrace *tracer, uint64_t span, const char *decision,
                              const char *source)
{
    struct op_context context;
    char id[SPAN_ID_BYTES];
    if (span == 0 || !swarmtrace_enter(tracer, &context, NULL)) {
        return 0;
    }
    return swarmtrace_leave(tracer,
                            tracer_end_user_input(tracer->tracer, &context, span_id(id, span),
                                                  swarmtrace_text(tracer, decision),
                                                  swarmtrace_text(tracer, source)));
}

uint64_t swarmtrace_start_interaction(struct swarmtrace *tracer, const char *agent_id,
                                      const char *user_prompt)
{
    struct op_context context;
    char id[SPAN_ID_BYTES];
    double length = user_prompt != NULL ? (double)utf8_utf16_len(user_prompt, strlen(user_prompt))
                                        : (double)NAN;
    if (!swarmtrace_enter(tracer, &context, agent_id)) {
        return 0;
    }
    return begun(tracer,
                 tracer_start_interaction(tracer->tracer, &context, new_span(tracer, id), length));
}

int swarmtrace_end_interaction(struct swarmtrace *tracer, uint64_t span)
{
    struct op_context context;
    char id[SPAN_ID_BYTES];
    if (span == 0 || !swarmtrace_enter(tracer, &context, NULL)) {
        return 0;
    }
    return swarmtrace_leave(tracer,
                            tracer_end_interaction(tracer->tracer, &context, span_id(id, span)));
}

/* ---- moments and values ---- */

int swarmtrace_instant(struct swarmtrace *tracer, const char *agent_id, const char *name,
                       const char *category, const char *args_json)
{
    struct op_context context;
    struct slice args;
    if (name == NULL || category == NULL || !read_object(args_json, &args)) {
        return tracer == NULL ? 0 : EINVAL;
    }
    if (!swarmtrace_enter(tracer, &context, agent_id)) {
        return 0;
    }
    return swarmtrace_leave(tracer,
                            tracer_instant(tracer->tracer, &context, swarmtrace_text(tracer, name),
                                           swarmtrace_text(tracer, category), args));
}

/* {"NAME":VALUE,...} */
static void put_values(const struct swarmtrace_value *values, size_t count, struct strbuf *out)
{
    for (size_t i = 0; i < count; i++) {
        strbuf_addc(out, i == 0 ? '{' : ',');
        json_put_cstr(out, values[i].name != NULL ? values[i].name : "");
        strbuf_addc(out, ':');
        json_put_number(out, values[i].value);
    }
    strbuf_adds(out, count == 0 ? "{}" : "}");
}

int swarmtrace_counter(struct swarmtrace *tracer, const char *agent_id, const char *name,
                       const struct swarmtrace_value *values, size_t count)
{
    struct op_context context;
    struct strbuf json;
    if (name == NULL) {
        return tracer == NULL ? 0 : EINVAL;
    }
    if (!swarmtrace_enter(tracer, &context, agent_id)) {
        return 0;
    }
    strbuf_init(&json, tracer->mem, 0);
    put_values(values, count, &json);
    enum tracer_result result = TRACER_NO_MEMORY;
    if (!json.failed) {
        result = tracer_counter(tracer->tracer, &context, swarmtrace_text(tracer, name),
                                (struct slice){json.data, json.len});
    }
    strbuf_release(&json);
    return swarmtrace_leave(tracer, result);
}
