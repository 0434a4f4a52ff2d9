/* Chooses the begin that an end closes, and keeps the open spans of a track.

   An end closes the open span of its track and name that fits best. The best fit started
   duration_ms before the end, and the end repeats its args. Next best: the span started then (an
   end may override args of its begin); then: the end repeats its args; else the innermost span.
   A begin without args has none to repeat: it fits by its name or its time alone. Among equals the
   innermost is closed. An end without a name closes the innermost span. An end that began in the
   dropped part of the trace closes no other span than one that began then. The end of an agent's
   call repeats the args of its begin, if that has any, and states its duration: if neither fits an
   open span, it closes none. Parallel tools of one agent overlap on one track, so a plain stack
   would pair them wrongly.

   Open spans are a list, innermost first, linked both ways. Nearly all ends close a span near
   its head, so the list is walked first. If the walk does not find a perfect fit among the first
   few, the track gets an index (open_index.h), which finds the same span at a cost that does not
   grow with the list. The index is dropped when few spans are left, or when spans change (an
   amended event); the next long walk makes it again. Without memory for it the list is walked to
   its end. */
#include "core/model/open_index.h"
#include "core/model/swarm_private.h"

#include "core/base/time_ns.h"

#include <math.h>
#include <string.h>

/* Spans walked before an index is made, and before one that exists is asked. An index of fewer
   spans is dropped. */
enum { WALK_BEFORE_INDEX = 32, WALK_WITH_INDEX = 4, INDEX_AT_LEAST = 16 };

static bool same_value(struct json_value a, struct json_value b)
{
    if (a.type == JSON_TYPE_STRING && b.type == JSON_TYPE_STRING) {
        return json_same_string(a, b);
    }
    return a.type == b.type && a.len == b.len && memcmp(a.raw, b.raw, a.len) == 0;
}

/* Returns whether the begin has args, and the end's contain every member of them. */
static bool repeats(struct slice begin_args, struct slice end_args)
{
    struct json_value mine = slice_object(begin_args), its = slice_object(end_args);
    if (mine.type == JSON_TYPE_NONE) {
        return false;
    }
    struct json_walk walk = json_walk(mine);
    struct json_member member;
    bool any = false;
    for (; json_next_member(&walk, &member); any = true) {
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
    return any;
}

static bool has_members(struct slice args)
{
    struct json_value object = slice_object(args);
    struct json_walk walk = json_walk(object);
    struct json_member member;
    return object.type != JSON_TYPE_NONE && json_next_member(&walk, &member);
}

/* Returns whether the end's args begin with all of the begin's, byte for byte, as the seed writes
   them ({...pending.args, …}). Then the end repeats them: this answers sooner than the walk. */
static bool is_prefix(struct slice begin_args, struct slice end_args)
{
    return begin_args.len > 2 && end_args.len >= begin_args.len &&
           memcmp(begin_args.bytes, end_args.bytes, begin_args.len - 1) == 0 &&
           (end_args.bytes[begin_args.len - 1] == ',' || end_args.bytes[begin_args.len - 1] == '}');
}

/* Returns whether the span started `duration_ms` before `at_ns`, to the microsecond. */
static bool started_then(const struct span *span, int64_t at_ns, double duration_ms)
{
    double off = (double)(at_ns - span->start_ns) - duration_ms * 1e6;
    return off > -1000 && off < 1000;
}

/* How well an open span fits an end; the greatest is closed, of equals the innermost. */
enum fit { FITS_NOT, FITS_NAME, FITS_ARGS, FITS_TIME, FITS_TIME_AND_ARGS };

struct end_match {
    const struct event *event;
    double duration_ms;
    int64_t at_ns;
    bool has_duration;
    bool of_call; /* of an agent: it states what its begin was */
};

/* An open span that fits; NO_SPAN and FITS_NOT if none was found. */
struct match {
    span_no span;
    enum fit fit;
};

/* `has_timed`: a span that started at the right time is known, so args of others do not matter. */
static enum fit fit_of(const struct swarm *swarm, const struct span *span,
                       const struct end_match *end, bool has_timed)
{
    const struct event *event = end->event;
    if (span->name != event->name) {
        return FITS_NOT;
    }
    bool timed = end->has_duration && started_then(span, end->at_ns, end->duration_ms);
    /* Spans without a begin are closed by the ends of dropped begins only: no guessing among
       those. */
    if (end->has_duration && !timed && (span->flags & SPAN_LOST_BEGIN) != 0) {
        return FITS_NOT;
    }
    enum fit least = end->has_duration && end->of_call && !timed ? FITS_NOT : FITS_NAME;
    if ((event->cat != INTERN_NONE && span->cat != event->cat) || (!timed && has_timed)) {
        return least;
    }
    struct slice args = swarm_span_args(swarm, span);
    if (is_prefix(args, event->args) || repeats(args, event->args)) {
        return timed ? FITS_TIME_AND_ARGS : FITS_ARGS;
    }
    return timed ? FITS_TIME : has_members(args) ? least : FITS_NAME;
}

static enum fit best_possible(const struct end_match *end)
{
    bool has_args = end->event->args.len > 2;
    if (end->has_duration) {
        return FITS_TIME_AND_ARGS;
    }
    return has_args ? FITS_ARGS : FITS_NAME;
}

/* Walks at most `limit` spans, innermost first. Returns false if the limit ended the walk. */
static bool walk_open(const struct swarm *swarm, const struct end_match *end, size_t limit,
                      struct match *best)
{
    span_no no = swarm->rows.tracks[end->event->track].track.open;
    *best = (struct match){NO_SPAN, FITS_NOT};
    for (size_t i = 0; no != NO_SPAN && best->fit < best_possible(end); i++) {
        if (i == limit) {
            return false;
        }
        enum fit fit = fit_of(swarm, swarm_edit_span(swarm, no), end, best->fit >= FITS_TIME);
        if (fit > best->fit) {
            *best = (struct match){no, fit};
        }
        no = swarm_inflight_link(swarm, no)->outer;
    }
    return true;
}

/* ---- finding by index ---- */

/* Takes the newest span of the chain that fits at least as well as `wanted`, if it is better than
   the best so far: numbers of spans grow from the outermost to the innermost. */
static void try_chain(const struct swarm *swarm, const struct end_match *end, enum open_chain kind,
                      open_entry entry, enum fit wanted, struct match *best)
{
    const struct open_index *index = swarm->rows.tracks[end->event->track].open_index;
    for (; entry != NO_ENTRY; entry = open_index_older(index, kind, entry)) {
        span_no no = open_index_span(index, entry);
        if (best->fit >= wanted && best->span != NO_SPAN && no <= best->span) {
            return;
        }
        enum fit fit = fit_of(swarm, swarm_edit_span(swarm, no), end, false);
        if (fit > best->fit || (fit == best->fit && fit != FITS_NOT && no > best->span)) {
            *best = (struct match){no, fit};
        }
        if (fit >= wanted) {
            return;
        }
    }
}

/* The microseconds in which spans that started then may lie: a double's rounding included. */
struct start_range {
    int64_t from_us, to_us;
};

static struct start_range start_range_of(const struct end_match *end)
{
    double duration_ns = end->duration_ms * 1e6;
    if (!end->has_duration || !(duration_ns > -4e18 && duration_ns < 4e18)) {
        return (struct start_range){1, 0};
    }
    double start_ns = (double)end->at_ns - duration_ns;
    if (!(start_ns > -9e18 && start_ns < 9e18)) {
        return (struct start_range){1, 0};
    }
    int64_t start = end->at_ns - (int64_t)duration_ns;
    bool exact = fabs(duration_ns) < 0x1p52;
    int64_t slack = exact ? 1000 : 4096;
    return (struct start_range){open_index_us(start - slack), open_index_us(start + slack)};
}

/* Tries the spans that started then: first those whose args the end repeats. */
static void try_times(const struct swarm *swarm, const struct end_match *end, struct match *best)
{
    const struct open_index *index = swarm->rows.tracks[end->event->track].open_index;
    const struct start_range range = start_range_of(end);
    struct args_walk walk = {0};
    while (range.from_us <= range.to_us && open_index_next_args(index, &walk)) {
        for (int64_t us = range.from_us; us <= range.to_us && !walk.empty; us++) {
            try_chain(swarm, end, OPEN_BY_ARGS_AND_TIME,
                      open_index_by_args_and_time(index, &walk, us), FITS_TIME_AND_ARGS, best);
        }
    }
    for (int64_t us = range.from_us; us <= range.to_us && best->fit < FITS_TIME_AND_ARGS; us++) {
        try_chain(swarm, end, OPEN_BY_TIME, open_index_by_time(index, end->event->name, us),
                  FITS_TIME, best);
    }
}

/* Tries the spans whose args the end repeats, then all of its name. Spans that fit_of would refuse
   for their category or their dropped begin are left out, as there may be many. */
static void try_args(const struct swarm *swarm, const struct end_match *end, struct match *best)
{
    const struct open_index *index = swarm->rows.tracks[end->event->track].open_index;
    const struct event *event = end->event;
    struct args_walk walk = {0};
    while (open_index_next_args(index, &walk)) {
        if ((event->cat == INTERN_NONE || walk.cat == event->cat) &&
            !(end->has_duration && walk.lost_begin)) {
            try_chain(swarm, end, OPEN_BY_ARGS, open_index_by_args(index, &walk),
                      walk.empty ? FITS_NAME : FITS_ARGS, best);
        }
    }
    if (end->has_duration && end->of_call) {
        return;
    }
    for (int lost = 0; lost <= !end->has_duration && best->fit < FITS_ARGS; lost++) {
        try_chain(swarm, end, OPEN_BY_NAME, open_index_by_name(index, event->name, lost != 0),
                  FITS_NAME, best);
    }
}

/* ---- the index of a track ---- */

void span_pair_drop_index(struct swarm *swarm, track_no track)
{
    open_index_free(swarm->rows.tracks[track].open_index);
    swarm->rows.tracks[track].open_index = NULL;
}

/* Adds a span to the index of its track, if the track has one. Drops the index if out of memory. */
static void add_to_index(struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_edit_span(swarm, no);
    struct open_index *index = swarm->rows.tracks[span->track].open_index;
    if (index == NULL) {
        return;
    }
    open_entry entry = open_index_add(index, no, span, swarm_span_args(swarm, span));
    swarm_inflight_link(swarm, no)->entry = entry;
    if (entry == NO_ENTRY) {
        span_pair_drop_index(swarm, span->track);
    }
}

static void make_index(struct swarm *swarm, track_no track)
{
    struct track_slot *slot = &swarm->rows.tracks[track];
    span_no outermost = slot->track.open, outer;
    while ((outer = swarm_inflight_link(swarm, outermost)->outer) != NO_SPAN) {
        outermost = outer;
    }
    slot->open_index = open_index_new(swarm->mem);
    for (span_no no = outermost; no != NO_SPAN && slot->open_index != NULL;
         no = swarm_inflight_link(swarm, no)->inner) {
        add_to_index(swarm, no);
    }
}

/* ---- what derive.c calls ---- */

void span_pair_push_open(struct swarm *swarm, span_no no)
{
    struct track *track = &swarm->rows.tracks[swarm_edit_span(swarm, no)->track].track;
    struct inflight_link *link = swarm_inflight_link(swarm, no);
    link->outer = track->open;
    link->inner = NO_SPAN;
    if (track->open != NO_SPAN) {
        swarm_inflight_link(swarm, track->open)->inner = no;
    }
    track->open = no;
    add_to_index(swarm, no);
}

void span_pair_take_open(struct swarm *swarm, span_no no)
{
    track_no track = swarm_edit_span(swarm, no)->track;
    struct track_slot *slot = &swarm->rows.tracks[track];
    struct inflight_link *link = swarm_inflight_link(swarm, no);
    if (link->outer != NO_SPAN) {
        swarm_inflight_link(swarm, link->outer)->inner = link->inner;
    }
    if (link->inner != NO_SPAN) {
        swarm_inflight_link(swarm, link->inner)->outer = link->outer;
    } else {
        slot->track.open = link->outer;
    }
    link->outer = link->inner = NO_SPAN;
    if (slot->open_index != NULL) {
        open_index_remove(slot->open_index, link->entry);
        if (open_index_count(slot->open_index) < INDEX_AT_LEAST) {
            span_pair_drop_index(swarm, track);
        }
    }
}

static struct match find_match(struct swarm *swarm, const struct end_match *end)
{
    const struct event *event = end->event;
    struct track_slot *slot = &swarm->rows.tracks[event->track];
    struct match best;
    size_t limit = slot->open_index != NULL ? WALK_WITH_INDEX : WALK_BEFORE_INDEX;
    if (walk_open(swarm, end, limit, &best)) {
        return best;
    }
    if (slot->open_index == NULL) {
        make_index(swarm, event->track);
    }
    if (slot->open_index == NULL ||
        !open_index_set_end(slot->open_index, event->name, event->args)) {
        (void)walk_open(swarm, end, SIZE_MAX, &best);
        return best;
    }
    try_times(swarm, end, &best);
    if (best.fit < FITS_TIME) {
        try_args(swarm, end, &best);
    }
    return best;
}

/* Returns true if the end, which no open span fits, may have lost its begin to the cap. */
static bool begin_dropped(const struct swarm *swarm, const struct end_match *end)
{
    session_no session = swarm->rows.tracks[end->event->track].track.session;
    int64_t truncated_ns = swarm_truncated_ns(swarm, &swarm->rows.sessions[session].session);
    if (truncated_ns == INT64_MIN || !(end->duration_ms >= 0 && end->duration_ms < 1e12)) {
        return false;
    }
    /* The phases of a request come late, so the time of the last dropped event may be early. */
    return end->of_call || end->at_ns - time_ns_from_ms(end->duration_ms) <= truncated_ns;
}

span_no span_pair_find_begin(struct swarm *swarm, const struct event *event, double duration_ms)
{
    if (event->name == INTERN_NONE) {
        return swarm->rows.tracks[event->track].track.open;
    }
    const struct end_match end = {
        .event = event,
        .duration_ms = duration_ms,
        .at_ns = swarm_event_ns(swarm, event),
        .has_duration = !isnan(duration_ms),
        .of_call = derive_event_kind(swarm, event) != SPAN_OTHER,
    };
    struct match best = find_match(swarm, &end);
    bool dropped = best.fit < FITS_TIME && begin_dropped(swarm, &end);
    return dropped ? NO_SPAN : best.span;
}
