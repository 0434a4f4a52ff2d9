/* A raw event has a ts that counts from its session's start. A session that begins with one
   gets the start that draws the event where it arrived, as milliseconds: what a feed line can
   hold. */
#include "ingest/feed/feed_raw.h"

#include "ingest/ingest_tap.h"
#include "ingest/trace_event.h"

#include "core/model/swarm_edit.h"

#include <math.h>

static double start_ms_of(double local_ms, double ts_us)
{
    return isnan(ts_us) ? local_ms : local_ms - ts_us / 1e3;
}

/* The clock follows the event's ts. */
static bool advance(struct ingest_ctx *ingest, session_no number, int64_t local_ns,
                    const struct raw_event *raw)
{
    if (isnan(raw->ts_us) || trace_event_is_metadata(raw)) {
        return true;
    }
    const struct session *session = swarm_session(ingest->swarm, number);
    struct op_context context = {.session = number,
                                 .t_ms = (double)session->origin_ns / 1e6 + raw->ts_us / 1e3,
                                 .local_ns = local_ns};
    return tracer_advance(ingest->tracer, &context) == TRACER_OK;
}

/* Whether the event's times, and the origin that it may give its session, are ones that the
   model can hold. */
static bool in_range(double origin_ms, const struct raw_event *raw)
{
    double ts_ms = isnan(raw->ts_us) ? 0 : raw->ts_us / 1e3;
    double dur_ms = isnan(raw->dur_us) ? 0 : raw->dur_us / 1e3;
    return fabs(origin_ms) <= INGEST_TIME_MAX_MS && fabs(origin_ms + ts_ms) <= INGEST_TIME_MAX_MS &&
           fabs(origin_ms + ts_ms + dur_ms) <= INGEST_TIME_MAX_MS;
}

enum feed_raw_result feed_raw_append(struct feed_sessions *sessions, struct slice session_id,
                                     int64_t local_ns, const struct raw_event *raw,
                                     struct slice bytes)
{
    struct ingest_ctx *ingest = sessions->ingest;
    double local_ms = (double)(local_ns / 1000) / 1e3;
    double start_ms = start_ms_of(local_ms, raw->ts_us);
    session_no number = feed_sessions_known(sessions, session_id);
    const struct session *known =
        number == NO_SESSION ? NULL : swarm_session(ingest->swarm, number);
    if (!in_range(known == NULL ? start_ms : (double)known->origin_ns / 1e6, raw)) {
        return FEED_RAW_OUT_OF_RANGE;
    }
    struct feed_opening opening = {.id = session_id, .t_ms = local_ms, .start_ms = start_ms};
    if (!feed_sessions_open(sessions, &opening, &number) ||
        !advance(ingest, number, local_ns, raw) || !swarm_append_raw(ingest->swarm, number, raw)) {
        return FEED_RAW_NO_MEMORY;
    }
    ingest_tap_raw(ingest, number, local_ms, bytes);
    return FEED_RAW_OK;
}
