/* Which begin an end belongs to. Of the open spans of its track with its name, the one that fits best: whose begin its
   own duration_ms points at and whose args it repeats; else whose begin it points at (an end may override args of its
   begin); else whose args it repeats; else the innermost. An end without a name closes the innermost. Parallel tools of one
   agent overlap on one track: a plain stack would pair them wrongly. */
#include "core/swarm_private.h"

#include <math.h>
#include <string.h>

struct end_facts pair_read_end(struct slice args)
{
    struct end_facts facts = {.duration_ms = (double)NAN};
    struct json_value object = slice_object(args);
    if (object.type == JSON_TYPE_NONE) {
        return facts;
    }
    struct json_walk walk = json_walk(object);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (member.value.type == JSON_TYPE_NUMBER && json_string_is(member.key, "duration_ms")) {
            facts.duration_ms = json_get_number(member.value);
        } else if (member.value.type == JSON_TYPE_FALSE && json_string_is(member.key, "success")) {
            facts.flags |= SPAN_ERROR;
        } else if (member.value.type == JSON_TYPE_TRUE && json_string_is(member.key, "evicted")) {
            facts.flags |= SPAN_EVICTED;
        } else if (member.value.type == JSON_TYPE_TRUE &&
                   json_string_is(member.key, "incomplete")) {
            facts.flags |= SPAN_INCOMPLETE;
        }
    }
    return facts;
}

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

/* Whether the span began where an end at `at_ns` with that duration says, to the microsecond. */
static bool began_there(const struct span *span, int64_t at_ns, double duration_ms)
{
    double off = (double)(at_ns - span->start_ns) - duration_ms * 1e6;
    return off > -1000 && off < 1000;
}

/* How well an open span fits an end; the greatest wins, of equals the innermost. */
enum fit { FITS_NOT, FITS_NAME, FITS_ARGS, FITS_TIME, FITS_TIME_AND_ARGS };

static enum fit fit_of(const struct swarm *swarm, const struct span *span,
                       const struct event *event, const struct end_facts *facts, int64_t at_ns)
{
    bool said = !isnan(facts->duration_ms);
    bool there = said && began_there(span, at_ns, facts->duration_ms);
    /* Ends whose begins are dropped look for each other's: no guessing among those. */
    if (span->name != event->name || (said && !there && (span->flags & SPAN_LOST_BEGIN) != 0)) {
        return FITS_NOT;
    }
    if (event->cat != INTERN_NONE && span->cat != event->cat) {
        return FITS_NAME;
    }
    if (repeats(swarm_span_args(swarm, span), event->args)) {
        return there ? FITS_TIME_AND_ARGS : FITS_ARGS;
    }
    return there ? FITS_TIME : FITS_NAME;
}

span_no pair_find_begin(struct swarm *swarm, const struct event *event,
                        const struct end_facts *facts)
{
    span_no best = swarm->tracks[event->track].track.open;
    if (event->name == INTERN_NONE) {
        return best;
    }
    int64_t at_ns = swarm_event_ns(swarm, event);
    enum fit enough = isnan(facts->duration_ms) ? FITS_ARGS : FITS_TIME_AND_ARGS,
             best_fit = FITS_NOT;
    for (span_no no = best; no != NO_SPAN && best_fit < enough;) {
        const struct span_slot *slot = swarm_slot(swarm, no);
        enum fit fit = fit_of(swarm, &slot->span, event, facts, at_ns);
        if (fit > best_fit) {
            best = no;
            best_fit = fit;
        }
        no = slot->outer;
    }
    return best_fit == FITS_NOT ? NO_SPAN : best;
}
