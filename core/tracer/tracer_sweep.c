/* The stale sweep, of operations and updates alike. At ticks, start + k * 60 s of session time, it
   closes in the trace what has been open for more than thirty minutes (the seed's
   evictStaleSpans).

   A session has one time before which nothing is due, and its clock comes here when it passes
   that. Spans of operations are closed at once: their ends are events, which are final, and the
   store has them in the order of ticks and begins. Calls of updates are only marked: a later
   update may end one after all, or move its start, so its end is computed from tracer_stale_tick
   when it is shown. One walk over both would compute that end twice. */
#include "core/tracer/tracer_private.h"

#include <math.h>

static const double tick_ms = 60 * 1000;
static const double stale_ms = 30.0 * 60 * 1000;

/* The first tick at which something is stale that began so long after the session. */
static double stale_tick(double since_ms)
{
    return floor((since_ms + stale_ms) / tick_ms) + 1;
}

double tracer_stale_tick(double session_ms, double start_ms)
{
    return session_ms + stale_tick(start_ms - session_ms) * tick_ms;
}

void tracer_sweep_later(struct registry_session *session, struct pending *pending)
{
    /* One that began long ago is due at the next tick. */
    double next = floor((session->clock_ms - session->start_ms) / tick_ms) + 1;
    pending->due_tick = fmax(stale_tick(pending->begun.start_us / 1000), next);
    session->next_due_ms =
        fmin(session->next_due_ms, session->start_ms + pending->due_tick * tick_ms);
}

/* The first tick at which something of operations is due; INFINITY: none. */
static double next_tick(const struct registry_session *session)
{
    double next = (double)INFINITY;
    for (const struct pending *pending = session->first; pending != NULL; pending = pending->next) {
        next = fmin(next, pending->due_tick);
    }
    return next;
}

/* Marks before any is closed: of calls that began together with the same args, the model may close
   another one first. */
static bool mark_due(struct tracer *tracer, const struct registry_session *session, double tick)
{
    bool good = true;
    for (const struct pending *pending = session->first; good && pending != NULL;
         pending = pending->next) {
        good = pending->due_tick > tick || swept_open_mark(tracer->swarm, pending->begin_no);
    }
    return good;
}

/* evictStaleSpans */
static bool run_tick(struct tracer *tracer, struct registry_session *session, double tick)
{
    if (!mark_due(tracer, session, tick)) {
        return false;
    }
    for (struct pending *pending = session->first; pending != NULL;) {
        struct pending *next = pending->next;
        if (pending->due_tick <= tick) {
            if (!pending_close(tracer, pending, tick * tick_ms * 1000, ENDING_EVICTED)) {
                return false;
            }
            request_progress_drop(tracer->swarm, pending->begin_no);
            pending_unlink(tracer, session, pending);
            pending->swept = true;
        }
        pending = next;
    }
    return true;
}

bool tracer_sweep(struct tracer *tracer, struct registry_session *session, double t_ms)
{
    if (!(t_ms >= session->next_due_ms)) {
        return true;
    }
    if (session->opened) {
        session->recheck = tracer->due = true;
    }
    double last = floor((t_ms - session->start_ms) / tick_ms), tick = next_tick(session);
    for (; tick <= last; tick = next_tick(session)) {
        if (!run_tick(tracer, session, tick)) {
            return false;
        }
    }
    session->next_due_ms = session->start_ms + tick * tick_ms;
    return true;
}
