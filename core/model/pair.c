/* Which begin an end belongs to. Of the open spans of its track with its name, the one that fits best: whose begin its
   own duration_ms points at and whose args it repeats; else whose begin it points at (an end may override args of its
   begin); else whose args it repeats; else the innermost. An end without a name closes the innermost. Parallel tools of one
   agent overlap on one track: a plain stack would pair them wrongly. */
#include "core/model/swarm_private.h"

#include <math.h>
#include <string.h>

static bool same_value(struct json_value a, struct json_value b)
{
    if (a.type == JSON_TYPE_STRING && b.type == JSON_TYPE_STRING) {
        return json_same_string(a, b);
    }
    return a.type == b.type && a.len == b.len && memcmp(a.raw, b.raw, a.len) == 0;
}

/* Whether the end's args hold every member of the begin's. */
static bool repeats(struct slice begin_args, struct slice end_args)
{
    struct json_value mine = slice_object(begin_args), its = slice_object(end_args);
    if (mine.type == JSON_TYPE_NONE) {
        return true;
    }
    struct json_walk walk = json_walk(mine);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        struct json_walk other = json_walk(its);
        struct json_member candidate;
        bool found = false;
        while (its.type != JSON_TYPE_NONE && !found && json_next_member(&other, &candidate)) {
            found = json_same_string(member.key, candidate.key) &&
                    same_value(member.value, candidate.value);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* The producer writes an end's args as its begin's and what came after (the seed: {...pending.args, …}): then the bytes are the same up to the
   begin's last. */
static bool goes_on(struct slice begin_args, struct slice end_args)
{
    return begin_args.len >= 2 && end_args.len >= begin_args.len &&
           memcmp(begin_args.bytes, end_args.bytes, begin_args.len - 1) == 0 &&
           (end_args.bytes[begin_args.len - 1] == ',' || end_args.bytes[begin_args.len - 1] == '}');
}

/* Whether the span began where an end at `at_ns` with that duration says, to the microsecond. */
static bool began_there(const struct span *span, int64_t at_ns, double duration_ms)
{
    double off = (double)(at_ns - span->start_ns) - duration_ms * 1e6;
    return off > -1000 && off < 1000;
}

/* How well an open span fits an end; the greatest wins, of equals the innermost. */
enum fit { FITS_NOT, FITS_NAME, FITS_ARGS, FITS_TIME, FITS_TIME_AND_ARGS };

struct end {
    const struct event *event;
    double duration_ms;
    int64_t at_ns;
    bool said, found_there; /* it says a duration; a span that began there has been found */
};

static enum fit fit_of(const struct swarm *swarm, const struct span *span, const struct end *end)
{
    const struct event *event = end->event;
    bool there = end->said && began_there(span, end->at_ns, end->duration_ms);
    /* Ends whose begins are dropped look for each other's: no guessing among those. */
    if (span->name != event->name ||
        (end->said && !there && (span->flags & SPAN_LOST_BEGIN) != 0)) {
        return FITS_NOT;
    }
    if (event->cat != INTERN_NONE && span->cat != event->cat) {
        return FITS_NAME;
    }
    /* No args make up for another time. */
    if (!there && end->found_there) {
        return FITS_NAME;
    }
    struct slice args = swarm_span_args(swarm, span);
    if (goes_on(args, event->args) || repeats(args, event->args)) {
        return there ? FITS_TIME_AND_ARGS : FITS_ARGS;
    }
    return there ? FITS_TIME : FITS_NAME;
}

span_no pair_find_begin(struct swarm *swarm, const struct event *event, double duration_ms)
{
    span_no best = swarm->tracks[event->track].track.open;
    if (event->name == INTERN_NONE) {
        return best;
    }
    struct end end = {event, duration_ms, swarm_event_ns(swarm, event), !isnan(duration_ms), false};
    enum fit enough = end.said ? FITS_TIME_AND_ARGS : FITS_ARGS, best_fit = FITS_NOT;
    for (span_no no = best; no != NO_SPAN && best_fit < enough;) {
        enum fit fit = fit_of(swarm, swarm_edit_span(swarm, no), &end);
        if (fit > best_fit) {
            best = no;
            best_fit = fit;
            end.found_there = fit >= FITS_TIME;
        }
        no = swarm_flight(swarm, no)->outer;
    }
    return best_fit == FITS_NOT ? NO_SPAN : best;
}
