/* The end of a request. Reports that came while it ran (tracer_live.c) complete it, so the ended
   request has the attempts and phases that it had on the screen. A request without such reports
   is printed as the seed prints it. */
#include "core/tracer/tracer_private.h"

#include <math.h>
#include <string.h>

/* The attempts that `attempt` operations reported, the first one being the start unless it was
   reported too: at the time of the report, or when they began. Returns new (*cap doubles), NULL
   with *count 0: none. False: out of memory. */
static bool own_attempts(const struct tracer *tracer, const struct pending *pending,
                         double start_ms, bool reported, double **out, size_t *count, size_t *cap)
{
    size_t extra = pending->first_attempt_known ? 0 : 1;
    *count = 0;
    if (pending->attempt_count == 0) {
        return true;
    }
    if (!mem_reserve(tracer->mem, out, cap, pending->attempt_count + extra, sizeof **out)) {
        return false;
    }
    (*out)[0] = start_ms;
    for (size_t i = 0; i < pending->attempt_count; i++) {
        const struct pending_attempt *of = &pending->attempts[i];
        (*out)[extra + i] = reported ? of->reported_ms : of->begins_ms;
    }
    *count = pending->attempt_count + extra;
    return true;
}

static void fill_in_shape(const struct pending *pending, const struct end_llm_request_op *op,
                          double end_us, struct request_shape *shape)
{
    struct json_value begin_args = {JSON_TYPE_OBJECT, pending->args.data, pending->args.len};
    *shape = (struct request_shape){
        .start_us = pending->begun.start_us,
        .end_us = end_us,
        .setup_ms = op->request_setup_ms,
        .ttft_ms = op->ttft_ms,
        .ttlt_ms = op->ttlt_ms,
        .prompt_tokens = isnan(op->prompt_tokens)
                             ? json_get_number(json_get(begin_args, "prompt_tokens"))
                             : op->prompt_tokens,
        .output_tokens = op->output_tokens,
        .cache_read_tokens = op->cache_read_tokens,
        .cache_creation_tokens = op->cache_creation_tokens,
        .attempts = op->attempt_start_times,
        .attempt_count = op->attempt_count,
    };
}

/* The set-up lasts until the last attempt begins, which is before the end. */
static void infer_setup(double start_ms, struct request_shape *shape, double *attempts,
                        size_t count)
{
    double end_ms = start_ms + (shape->end_us - shape->start_us) / 1000;
    for (size_t i = 0; i < count; i++) {
        attempts[i] = fmin(attempts[i], end_ms);
    }
    const double *all = shape->attempts == NULL ? attempts : shape->attempts;
    size_t all_count = shape->attempts == NULL ? count : shape->attempt_count;
    if (all_count > 1) {
        shape->setup_ms = fmin(all[all_count - 1], end_ms) - start_ms;
    }
}

static void infer_first_token(const struct pending *pending, double start_ms,
                              struct request_shape *shape)
{
    double setup_ms = shape->setup_ms > 0 ? shape->setup_ms : 0;
    if (isnan(shape->ttft_ms) && !isnan(pending->first_token_ms)) {
        shape->ttft_ms = pending->first_token_ms - start_ms - setup_ms;
    }
}

static bool end_request(struct tracer *tracer, const struct registry_session *session,
                        struct pending *pending, double end_us, const struct end_llm_request_op *op)
{
    struct call_values values = no_call_values;
    struct request_shape *shape = &values.request;
    double start_ms = session->start_ms + pending->begun.start_us / 1000;
    double *own = NULL;
    size_t own_count = 0, own_cap = 0;
    values.success = op->success;
    values.error = op->error;
    values.message_id = op->message_id;
    values.prompt_tokens = op->prompt_tokens;
    fill_in_shape(pending, op, end_us, shape);
    /* With a stated set-up the seed's rule holds: each attempt at the time of its report. */
    bool stated = !isnan(shape->setup_ms);
    bool good = own_attempts(tracer, pending, start_ms, stated, &own, &own_count, &own_cap);
    if (own_count > 0 && !stated) {
        infer_setup(start_ms, shape, own, own_count);
    }
    if (shape->attempts == NULL && own_count > 0) {
        shape->attempts = own;
        shape->attempt_count = own_count;
    }
    infer_first_token(pending, start_ms, shape);
    request_shape_rates(shape);
    good = good && pending_end(tracer, pending, CALL_REQUEST, ENDING_DONE, end_us, &values);
    mem_free(tracer->mem, own, own_cap * sizeof *own);
    return good;
}

enum tracer_result tracer_end_llm_request(struct tracer *tracer, const struct op_context *context,
                                          const struct end_llm_request_op *op)
{
    struct registry_session *session;
    enum tracer_result result;
    struct pending *pending = pending_find_open(tracer, context, op->span_id, &session, &result);
    if (pending != NULL) {
        bool good = end_request(tracer, session, pending, tracer_ts(session, context->t_ms), op);
        pending_remove(tracer, session, pending);
        result = good ? TRACER_OK : TRACER_NO_MEMORY;
    }
    return result;
}
