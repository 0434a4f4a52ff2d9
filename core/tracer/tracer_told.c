/* An event of a told span is put: appended when it has no number, else compared with what stands there and amended. The end of a request is several events:
   its phases, then its end, and phases may come to be known after it. So the first time there are places for them before
   the end (EVENT_VOID). Where those are not enough, all are made void and appended anew behind. */
#include "core/tracer/tracer_told_private.h"

#include <math.h>

/* Set-up, first token, sampling: a begin and an end each. */
enum { SLOTS = 6 };

bool told_event(const struct telling *telling, uint64_t number, struct event *out)
{
    const struct event_store *store = swarm_store(telling->tracer->swarm, POOL_LIVE);
    return number >= event_store_first_appended(store) && event_store_get(store, number, out);
}

/* What is not in the store any more cannot be told otherwise. */
static bool is_gone(const struct telling *telling, uint64_t number)
{
    return number != 0 &&
           number < event_store_first_appended(swarm_store(telling->tracer->swarm, POOL_LIVE));
}

bool told_put(struct telling *telling, uint64_t *number, const struct trace_event *event,
              bool *same)
{
    struct event now;
    *same = false;
    if (*number == 0) {
        return tracer_push(telling->tracer, event, number);
    }
    *same = !told_event(telling, *number, &now) ||
            (now.ph == event->ph && now.name == event->name && now.cat == event->cat &&
             now.track == event->track && fabs(now.ts_us - event->ts_us) <= 0 &&
             same_bytes(now.args, event->args));
    if (*same) {
        return true;
    }
    now.ph = event->ph;
    now.name = event->name;
    now.cat = event->cat;
    now.track = event->track;
    now.ts_us = event->ts_us;
    now.args = event->args;
    return swarm_amend(telling->tracer->swarm, POOL_LIVE, *number, &now);
}

static bool put_again(struct telling *telling, uint64_t number, const struct trace_event *event)
{
    bool same;
    bool good = told_put(telling, &number, event, &same);
    telling->span->amended |= !same;
    return good;
}

/* ---- ends ---- */

static struct trace_event no_event(const struct telling *telling)
{
    return (struct trace_event){
        .ph = EVENT_VOID, .track = telling->begun.track, .ts_us = telling->begun.start_us};
}

/* The rest of the slots: appended, or emptied. */
static bool clear_slots(struct telling *telling)
{
    struct told_span *span = telling->span;
    struct trace_event none = no_event(telling);
    bool good = true;
    if (telling->fresh) {
        for (; good && telling->used < SLOTS && span->kind == TOLD_REQUEST; telling->used++) {
            good = tracer_push(telling->tracer, &none, NULL);
        }
        return good;
    }
    for (; good && telling->used < span->slots; telling->used++) {
        good = put_again(telling, span->end_no - span->slots + telling->used, &none);
    }
    return good;
}

/* The phases of a request, then its end. */
static bool put_of_end(struct event_sink *sink, const struct trace_event *event)
{
    struct telling *telling = (struct telling *)sink;
    struct told_span *span = telling->span;
    bool last = event->ph == 'E' && event->name == telling->begun.name, same;
    if (telling->short_of_slots) {
        return true;
    }
    if (last) {
        bool good = clear_slots(telling);
        if (good && telling->fresh) {
            span->slots = telling->used;
            return told_put(telling, &span->end_no, event, &same);
        }
        return good && put_again(telling, span->end_no, event);
    }
    if (telling->fresh) {
        telling->used++;
        return tracer_push(telling->tracer, event, NULL);
    }
    if (telling->used == span->slots) {
        telling->short_of_slots = true;
        return true;
    }
    return put_again(telling, span->end_no - span->slots + telling->used++, event);
}

static bool put_end(struct telling *telling, double end_us, struct arg_list *list)
{
    struct strbuf args;
    strbuf_init(&args, telling->tracer->mem, 0);
    arg_number(list, "duration_ms", (end_us - telling->begun.start_us) / 1000);
    arg_merge(list, &args, telling->begun.args.data, telling->begun.args.len);
    struct trace_event event = {
        .ph = 'E',
        .name = telling->begun.name,
        .cat = telling->begun.cat,
        .track = telling->begun.track,
        .ts_us = end_us,
        .args = bytes_of(&args),
    };
    bool good = !args.failed && put_of_end(&telling->sink, &event);
    strbuf_release(&args);
    return good;
}

/* From the end of the request as it is known to that of the tracer. */
static bool put_request_end(struct telling *telling, double end_us)
{
    const struct told_span *span = telling->span;
    double ttlt_ms = span->success == NO ? (double)NAN : span->end_ms - span->start_ms;
    bool retried = span->attempt_count > 1;
    struct end_llm_request_op op = {
        .message_id = span->message_id,
        .error = span->error,
        .ttft_ms = span->ttft_ms,
        .ttlt_ms = ttlt_ms,
        .prompt_tokens = span->prompt_tokens,
        .output_tokens = span->output_tokens,
        .cache_read_tokens = span->cache_read_tokens,
        .cache_creation_tokens = span->cache_creation_tokens,
        .request_setup_ms =
            retried ? span->attempt_ms[span->attempt_count - 1] - span->attempt_ms[0] : (double)NAN,
        .success = span->success,
        .attempt_start_times = retried ? span->attempt_ms : NULL,
        .attempt_count = retried ? span->attempt_count : 0,
    };
    return llm_request_end(telling->tracer, telling->session, &telling->begun, end_us, &op,
                           &telling->sink);
}

static bool put_end_as_told(struct telling *telling, double end_us)
{
    const struct told_span *span = telling->span;
    if (span->kind == TOLD_REQUEST && span->end == TOLD_ENDED) {
        return put_request_end(telling, end_us);
    }
    struct arg_list list;
    arg_list_init(&list, telling->tracer->mem);
    if (span->end != TOLD_ENDED) {
        arg_bool(&list, span->end == TOLD_EVICTED ? "evicted" : "incomplete", true);
    } else if (span->kind == TOLD_TOOL) {
        arg_bool(&list, "success", span->success != NO);
        arg_text(&list, "error", span->error);
    } else if (span->kind == TOLD_WAIT) {
        arg_text(&list, "decision", span->decision);
        arg_text(&list, "source", span->source);
    }
    bool good = put_end(telling, end_us, &list);
    arg_list_release(&list);
    return good;
}

/* No end is known any more; its place stays. */
static bool clear_end(struct telling *telling)
{
    struct trace_event none = no_event(telling);
    return clear_slots(telling) && put_again(telling, telling->span->end_no, &none);
}

static void settle_swept(struct telling *telling)
{
    struct told_span *span = telling->span;
    struct swarm *swarm = telling->tracer->swarm;
    bool was = span->told == TOLD_EVICTED, is = span->end == TOLD_EVICTED;
    if (is && span->session_over) {
        swarm_end_swept(swarm, span->begin_no, INT64_MIN);
    } else if (was && !is) {
        bool ended = span->end == TOLD_ENDED;
        swarm_end_swept(swarm, span->begin_no, ended ? tracer_ns(span->end_ms) : INT64_MIN);
    }
}

static bool tell_end(struct telling *telling)
{
    struct told_span *span = telling->span;
    struct swarm *swarm = telling->tracer->swarm;
    telling->fresh = span->end_no == 0;
    telling->used = 0;
    telling->short_of_slots = false;
    if (span->end == TOLD_OPEN) {
        return telling->fresh || clear_end(telling);
    }
    double end_us = tracer_ts(telling->session, span->end_ms);
    bool good = put_end_as_told(telling, end_us);
    if (good && telling->short_of_slots) {
        telling->used = 0;
        good = clear_end(telling);
        span->end_no = good ? 0 : span->end_no;
        telling->short_of_slots = false;
        telling->fresh = good;
        telling->used = 0;
        good = good && put_end_as_told(telling, end_us);
    }
    if (good) {
        swarm_live_request_drop(swarm, span->begin_no);
    }
    return good;
}

static bool tell(struct telling *telling)
{
    struct told_span *span = telling->span;
    struct swarm *swarm = telling->tracer->swarm;
    if (is_gone(telling, span->end_no) && span->told == TOLD_OPEN) {
        /* A place was dropped, not an end. */
        span->end_no = span->slots = 0;
    }
    if (!told_begin(telling)) {
        return false;
    }
    /* Neither its begin nor what the model kept of it is left, or its end is dropped. */
    if (telling->begun.cat == INTERN_NONE || is_gone(telling, span->end_no)) {
        return true;
    }
    if (span->end == TOLD_EVICTED && span->told != TOLD_EVICTED && !span->session_over &&
        !swarm_mark_swept(swarm, span->begin_no)) {
        return false;
    }
    if (!tell_end(telling)) {
        return false;
    }
    settle_swept(telling);
    span->told = span->end;
    return true;
}

enum tracer_result tracer_tell(struct tracer *tracer, session_no number, struct told_span *span)
{
    struct trace_session *session = tracer_session(tracer, number);
    if (session == NULL) {
        return TRACER_NO_MEMORY;
    }
    struct telling telling = {
        .sink = {put_of_end}, .tracer = tracer, .session = session, .span = span};
    strbuf_init(&telling.begun.args, tracer->mem, 0);
    telling.begun.first_token_ms = (double)NAN;
    telling.begun.start_us = tracer_ts(session, span->start_ms);
    bool good = tell(&telling);
    strbuf_release(&telling.begun.args);
    return good ? TRACER_OK : TRACER_NO_MEMORY;
}
