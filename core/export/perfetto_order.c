/* The format has no complete events: each gets an end of its own. Its place among the events of its
   time follows from the stack that its track is, as Perfetto itself keeps it for complete events of
   JSON: it ends before the next event of the track that does not lie within it, and so does
   what was begun within it and is still open. */
#include "core/export/perfetto_trace.h"

#include <stdlib.h>

static int by_time(const void *a, const void *b)
{
    const struct perfetto_event *x = a, *y = b;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

static void sort(struct perfetto_trace *trace)
{
    for (size_t i = 1; i < trace->event_count; i++) {
        if (by_time(&trace->events[i - 1], &trace->events[i]) > 0) {
            qsort(trace->events, trace->event_count, sizeof *trace->events, by_time);
            return;
        }
    }
}

struct ordering {
    struct perfetto_trace *trace;
    size_t count; /* of the events that came; the ends that are made follow them */
    size_t order;
};

static struct perfetto_event *event_at(const struct ordering *ordering, size_t at)
{
    return &ordering->trace->events[at];
}

static struct perfetto_track *track_of(const struct ordering *ordering, size_t at)
{
    return perfetto_track(ordering->trace, event_at(ordering, at)->track);
}

/* Ends the innermost open slice of the track, at its bound at the latest. There is room for the
   event. */
static void end_top(struct ordering *ordering, struct perfetto_track *track, int64_t at_ns)
{
    struct perfetto_trace *trace = ordering->trace;
    const struct perfetto_event *top = event_at(ordering, track->top);
    size_t at = trace->event_count++;
    trace->events[at] = (struct perfetto_event){
        .kind = PERFETTO_END,
        .at_ns = top->end_ns < at_ns ? top->end_ns : at_ns,
        .track = top->track,
        .span = top->span,
        .order = ordering->order++,
    };
    if (top->kind == PERFETTO_BEGIN && top->span != NO_SPAN && at < U64MAP_NONE) {
        u64map_put(&trace->begin_by_span, top->span, (uint32_t)at); /* the key is in it */
    }
    track->top = top->below;
}

/* Ends the slices whose end or bound has come: no slice ends before one within it. */
static void end_passed(struct ordering *ordering, struct perfetto_track *track, int64_t until_ns)
{
    while (track->top != SIZE_MAX) {
        const struct perfetto_event *top = event_at(ordering, track->top);
        bool unbound = top->kind == PERFETTO_BEGIN && top->end_ns == INT64_MAX;
        if (unbound || top->end_ns > until_ns) {
            return;
        }
        end_top(ordering, track, until_ns);
    }
}

/* No slice outlives a complete one around it; of another begin, end_ns is that bound. */
static void take_begin(struct ordering *ordering, size_t at)
{
    struct perfetto_event *event = event_at(ordering, at);
    struct perfetto_track *track = track_of(ordering, at);
    end_passed(ordering, track, event->at_ns);
    int64_t most_ns = track->top == SIZE_MAX ? INT64_MAX : event_at(ordering, track->top)->end_ns;
    if (event->kind != PERFETTO_COMPLETE || event->end_ns > most_ns) {
        event->end_ns = most_ns;
    }
    event->order = ordering->order++;
    event->below = track->top;
    track->top = at;
}

/* Returns whether the end is not of this slice, but may be of one around it. */
static bool is_within(const struct perfetto_event *slice, const struct perfetto_event *end)
{
    bool by_span = end->span != NO_SPAN;
    return slice->kind == PERFETTO_COMPLETE ? by_span || slice->end_ns <= end->at_ns
                                            : by_span && slice->span != end->span;
}

/* An end whose slice was ended at its bound, by an event between: that has its args then. */
static void join_made_end(struct ordering *ordering, const struct perfetto_event *event)
{
    uint32_t made = event->span == NO_SPAN
                        ? U64MAP_NONE
                        : u64map_get(&ordering->trace->begin_by_span, event->span);
    if (made != U64MAP_NONE && made >= ordering->count) {
        event_at(ordering, made)->field_at = event->field_at;
        event_at(ordering, made)->field_len = event->field_len;
    }
}

/* An end closes its span alone, at its bound at the latest. Slices within it that are still open
   end with it; an end of no open slice is not written. */
static void take_end(struct ordering *ordering, size_t at)
{
    struct perfetto_event *event = event_at(ordering, at);
    struct perfetto_track *track = track_of(ordering, at);
    size_t own = track->top;
    while (own != SIZE_MAX && is_within(event_at(ordering, own), event)) {
        own = event_at(ordering, own)->below;
    }
    const struct perfetto_event *begin = own == SIZE_MAX ? NULL : event_at(ordering, own);
    if (begin == NULL || begin->kind != PERFETTO_BEGIN || begin->span != event->span) {
        join_made_end(ordering, event);
        event->kind = PERFETTO_NONE;
        return;
    }
    while (track->top != own) {
        end_top(ordering, track, event->at_ns);
    }
    event->at_ns = begin->end_ns < event->at_ns ? begin->end_ns : event->at_ns;
    event->order = ordering->order++;
    track->top = begin->below;
}

static void take_other(struct ordering *ordering, size_t at)
{
    struct perfetto_event *event = event_at(ordering, at);
    if (event->kind == PERFETTO_INSTANT && event->track != 0) {
        end_passed(ordering, track_of(ordering, at), event->at_ns);
    }
    event->order = ordering->order++;
}

bool perfetto_order(struct perfetto_trace *trace)
{
    static void (*const take[])(struct ordering *, size_t) = {
        [PERFETTO_BEGIN] = take_begin, [PERFETTO_COMPLETE] = take_begin,
        [PERFETTO_END] = take_end,     [PERFETTO_INSTANT] = take_other,
        [PERFETTO_COUNT] = take_other, [PERFETTO_LEGACY] = take_other,
    };
    size_t count = trace->event_count;
    struct ordering ordering = {.trace = trace, .count = count};
    /* Each begin ends at most once besides the ends that came: the events do not move. */
    if (!mem_reserve(trace->mem, &trace->events, &trace->event_cap, 2 * count + 1,
                     sizeof *trace->events)) {
        return false;
    }
    sort(trace);
    for (size_t i = 0; i < count; i++) {
        take[trace->events[i].kind](&ordering, i);
    }
    for (size_t i = 0; i < trace->track_count; i++) {
        end_passed(&ordering, &trace->tracks[i], INT64_MAX);
    }
    sort(trace);
    return true;
}
