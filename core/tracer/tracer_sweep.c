/* The stale sweep: ticks at start + k * 60 s of session time close, in the trace, what has been
   open for more than thirty minutes (the seed's evictStaleSpans). */
#include "core/tracer/tracer_private.h"

#include <math.h>

static const double tick_ms = 60 * 1000;
static const double stale_us = 30.0 * 60 * 1000 * 1000;

static bool is_stale(const struct pending *pending, double now_us)
{
    return now_us - pending->begun.start_us > stale_us;
}

/* Marks before any is closed: of calls that began together with the same args, the model may close
   another one first. */
static bool mark_stale(struct tracer *tracer, const struct trace_session *session, double now_us)
{
    bool good = true;
    for (const struct pending *pending = session->first; good && pending != NULL;
         pending = pending->next) {
        good = !is_stale(pending, now_us) || swept_open_mark(tracer->swarm, pending->begin_no);
    }
    return good;
}

/* evictStaleSpans, at a tick. */
static bool sweep(struct tracer *tracer, struct trace_session *session, double now_us)
{
    if (!mark_stale(tracer, session, now_us)) {
        return false;
    }
    for (struct pending *pending = session->first; pending != NULL;) {
        struct pending *next = pending->next;
        if (is_stale(pending, now_us)) {
            if (!pending_close(tracer, pending, now_us, ENDING_EVICTED)) {
                return false;
            }
            request_progress_drop(tracer->swarm, pending->begin_no);
            pending_unlink(session, pending);
            pending->swept = true;
        }
        pending = next;
    }
    return true;
}

/* The first tick, from the next one on, at which some open span is stale; +infinity: none. */
static double first_busy_tick(const struct trace_session *session)
{
    double first = (double)INFINITY;
    for (const struct pending *pending = session->first; pending != NULL; pending = pending->next) {
        double tick = floor((pending->begun.start_us + stale_us) / (tick_ms * 1000)) + 1;
        first = tick < first ? tick : first;
    }
    return first > session->next_tick ? first : session->next_tick;
}

double tracer_stale_tick(double session_ms, double start_ms)
{
    double since = start_ms - session_ms + stale_us / 1000;
    return session_ms + (floor(since / tick_ms) + 1) * tick_ms;
}

/* Runs the ticks up to `t_ms`, that moment included; ticks that find nothing are passed over. */
bool tracer_run_ticks(struct tracer *tracer, struct trace_session *session, double t_ms)
{
    double last = floor((t_ms - session->start_ms) / tick_ms);
    while (session->first != NULL && last >= session->next_tick) {
        double tick = first_busy_tick(session);
        if (tick > last) {
            break;
        }
        session->next_tick = tick + 1;
        if (!sweep(tracer, session, tick * tick_ms * 1000)) {
            return false;
        }
    }
    session->next_tick = last >= session->next_tick ? last + 1 : session->next_tick;
    return true;
}
