/* The progress of a running request (doc/FEED.md, "Beyond the seed"). Nothing is appended. The
   model has the progress for the screen; the tracer keeps the values that the request's end may
   lack. */
#include "core/tracer/tracer_private.h"

#include <math.h>

enum { ATTEMPTS_MAX = 1000 };

static struct request_progress *live(struct tracer *tracer, const struct op_context *context,
                                     struct slice span_id, struct pending **pending,
                                     enum tracer_result *result)
{
    struct registry_session *session = tracer_enter(tracer, context);
    *result = session == NULL ? TRACER_NO_MEMORY : TRACER_NOT_OPEN;
    *pending = session == NULL ? NULL : pending_find(session, span_id);
    if (*pending == NULL || (*pending)->swept) {
        return NULL;
    }
    struct request_progress *request = request_progress_edit(tracer->swarm, (*pending)->begin_no);
    *result = request == NULL ? TRACER_NO_MEMORY : TRACER_OK;
    return request;
}

/* An attempt may begin sooner than announced: the next one or its first token shows that. */
static void last_began_by(struct pending *pending, double t_ms)
{
    struct pending_attempt *last =
        pending->attempt_count > 0 ? &pending->attempts[pending->attempt_count - 1] : NULL;
    if (last != NULL && last->begins_ms > t_ms) {
        last->begins_ms = t_ms;
    }
}

enum tracer_result tracer_first_token(struct tracer *tracer, const struct op_context *context,
                                      struct slice span_id)
{
    struct pending *pending;
    enum tracer_result result;
    struct request_progress *request = live(tracer, context, span_id, &pending, &result);
    if (request != NULL) {
        last_began_by(pending, context->t_ms);
        pending->first_token_ms = context->t_ms;
        request->first_token_ns = record_ns(context->t_ms);
    }
    return result;
}

enum tracer_result tracer_progress(struct tracer *tracer, const struct op_context *context,
                                   struct slice span_id, double output_tokens)
{
    struct pending *pending;
    enum tracer_result result;
    struct request_progress *request = live(tracer, context, span_id, &pending, &result);
    if (request != NULL) {
        request->output_tokens = output_tokens;
        request->progress_ns = record_ns(context->t_ms);
    }
    return result;
}

/* Beyond ATTEMPTS_MAX each attempt replaces the last one. False: out of memory. */
static bool add_attempt(struct tracer *tracer, struct pending *pending, double attempt, double t_ms,
                        double pause_ms)
{
    struct pending_attempt of = {t_ms, t_ms + pause_ms};
    if (pending->attempt_count == ATTEMPTS_MAX) {
        pending->attempts[ATTEMPTS_MAX - 1] = of;
        swarm_note_forgotten(tracer->swarm, FORGOTTEN_ATTEMPTS);
        return true;
    }
    if (!mem_reserve(tracer->mem, &pending->attempts, &pending->attempt_cap,
                     pending->attempt_count + 1, sizeof *pending->attempts)) {
        return false;
    }
    pending->first_attempt_known |= pending->attempt_count == 0 && attempt <= 1;
    pending->attempts[pending->attempt_count++] = of;
    return true;
}

enum tracer_result tracer_attempt(struct tracer *tracer, const struct op_context *context,
                                  struct slice span_id, double attempt, struct slice error,
                                  double retry_in_ms)
{
    struct pending *pending;
    enum tracer_result result;
    struct request_progress *request = live(tracer, context, span_id, &pending, &result);
    if (request == NULL) {
        return result;
    }
    intern_id why = error.bytes == NULL
                        ? INTERN_NONE
                        : intern_put(swarm_names(tracer->swarm), error.bytes, error.len);
    double pause_ms = retry_in_ms > 0 ? retry_in_ms : 0;
    last_began_by(pending, context->t_ms);
    if (why == INTERN_FAILED || !add_attempt(tracer, pending, attempt, context->t_ms, pause_ms)) {
        return TRACER_NO_MEMORY;
    }
    request->attempt = attempt >= 0 && attempt < 1e9 ? (uint32_t)attempt : 0;
    uint32_t reported = (uint32_t)(pending->attempt_count - pending->first_attempt_known);
    request->retries = request->attempt > reported + 1 ? request->attempt - 1 : reported;
    request->attempt_ns = record_ns(context->t_ms);
    request->retry_at_ns = isnan(retry_in_ms) ? INT64_MIN : record_ns(context->t_ms + retry_in_ms);
    request->error = why;
    request->first_token_ns = INT64_MIN;
    pending->first_token_ms = (double)NAN;
    return TRACER_OK;
}
