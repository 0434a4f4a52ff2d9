/* The cap of a pool. At the cap the oldest events are dropped until at most half are left, and a
   trace_truncated marker goes to the front. All is then derived again, so the model equals that
   of the exported file (the seed's evictOldestEvents).

   Without records exactly half is dropped, as the seed does. A record counts as the events that
   it would print. Records are dropped whole, in order of arrival among the events, open ones
   last. */
#include "core/model/swarm_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MARKER_BYTES = 800 };

/* The eviction to come. */
struct eviction {
    size_t events;      /* the oldest of the store */
    uint64_t counted;   /* events that go or would have been printed */
    int64_t last_ns;    /* the marker's time */
    double last_us;     /* the same from the origin of `session`, as it came */
    session_no session; /* the session of that time */
    bool records;       /* there are records: the greatest time counts, not the last */
};

static void take_time(struct eviction *eviction, session_no session, int64_t at_ns, double at_us)
{
    if (!eviction->records || eviction->session == NO_SESSION || at_ns > eviction->last_ns) {
        eviction->last_ns = at_ns;
        eviction->last_us = at_us;
        eviction->session = session;
    }
}

static void take_event(struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                       struct eviction *eviction)
{
    struct event event;
    eviction->events++;
    eviction->counted++;
    if (!swarm_event(swarm, pool, number, &event)) {
        return;
    }
    session_no session = swarm->rows.tracks[event.track].track.session;
    swarm_use_track(swarm, event.track, number);
    bool marker = swarm->pools[pool].drops > 0 && event.name == swarm->known.trace_truncated;
    swarm->rows.sessions[session].session.event_count--;
    swarm->pools[pool].dropped += marker ? 0 : 1;
    event.ts_us = isnan(event.ts_us) ? 0 : event.ts_us;
    take_time(eviction, session, swarm_event_ns(swarm, &event), event.ts_us);
}

static void take_record(struct swarm *swarm, record_no number, struct eviction *eviction)
{
    const struct record *record = swarm_record(swarm, number);
    if (record->span != NO_SPAN) {
        int64_t end_ns = swarm_span(swarm, record->span)->end_ns;
        int64_t origin_ns = swarm->rows.sessions[record->session].session.origin_ns;
        take_time(eviction, record->session, end_ns, (double)(end_ns - origin_ns) / 1000);
        /* Half of all go: to count the rest again costs less than to subtract each. Without memory
           each is subtracted. */
        (void)stats_mark(swarm, record->session);
    }
    if (record->track != NO_TRACK) {
        swarm_use_track(swarm, record->track, record->arrival);
    }
    eviction->counted += record->shown_events;
    swarm->pools[POOL_LIVE].dropped += record->shown_events;
    if (swarm->records.dropped != NULL) {
        swarm->records.dropped(swarm->records.dropped_ctx, number);
    }
    swarm_record_drop(swarm, number);
}

static record_no skip_open(const struct swarm *swarm, record_no number)
{
    while (number != NO_RECORD && swarm_record(swarm, number)->state == RECORD_OPEN) {
        number = swarm_record(swarm, number)->newer;
    }
    return number;
}

/* Drops at most so many of those that are counted and absent. Returns how many. */
static uint64_t take_absent(struct swarm *swarm, enum swarm_pool pool, uint64_t most,
                            struct eviction *eviction)
{
    uint64_t count = most < swarm->pools[pool].absent ? most : swarm->pools[pool].absent;
    swarm->pools[pool].absent -= count;
    swarm->pools[pool].dropped += count;
    eviction->counted += count;
    return count;
}

/* The last marker, then events and records in order of arrival, until `most` is left; open records
   last. */
static void take_oldest(struct swarm *swarm, size_t most, struct eviction *eviction)
{
    const struct event_store *store = swarm->pools[POOL_LIVE].store;
    uint64_t event = event_store_first(store), end = event_store_end(store);
    record_no record = skip_open(swarm, swarm->records.oldest);
    while (event < event_store_first_appended(store)) {
        take_event(swarm, POOL_LIVE, event++, eviction);
    }
    while ((end - event) + swarm->records.event_count > most) {
        if (record != NO_RECORD &&
            (event == end || swarm_record(swarm, record)->arrival <= event)) {
            record_no next = skip_open(swarm, swarm_record(swarm, record)->newer);
            take_record(swarm, record, eviction);
            record = next;
        } else if (event < end) {
            take_event(swarm, POOL_LIVE, event++, eviction);
        } else if (swarm->records.oldest != NO_RECORD) {
            take_record(swarm, swarm->records.oldest, eviction);
        } else {
            return;
        }
    }
}

static struct json_value number_value(const char *digits)
{
    return (struct json_value){JSON_TYPE_NUMBER, digits, strlen(digits)};
}

/* The first session of those that share the cap: its process 1 is the document's. */
static session_no marker_session(const struct swarm *swarm, session_no last)
{
    const struct session *of = &swarm->rows.sessions[last].session;
    for (session_no i = 0; i < last; i++) {
        const struct session_slot *slot = &swarm->rows.sessions[i];
        if (!slot->dropped && slot->session.pool == of->pool &&
            slot->session.document == of->document) {
            return i;
        }
    }
    return last;
}

/* Prints the numbers of all that was ever forgotten. */
static size_t print_forgotten(const struct swarm *swarm, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < FORGOTTEN_KINDS; i++) {
        unsigned long long count = swarm->rows.forgotten[i];
        if (count > 0) {
            len += (size_t)snprintf(out + len, size - len, ",\"%s\":%llu",
                                    swarm_forgotten_rows[i].key, count);
        }
    }
    out[len] = '\0';
    return len;
}

static int print_marker(const struct swarm *swarm, enum swarm_pool pool, unsigned long long count,
                        char *out, size_t size)
{
    unsigned long long total = swarm->pools[pool].dropped;
    char forgotten[MARKER_BYTES / 2] = "";
    bool any = pool == POOL_LIVE && print_forgotten(swarm, forgotten, sizeof forgotten) > 0;
    return swarm->pools[pool].drops == 1 && !any
               ? snprintf(out, size, "{\"dropped_events\":%llu}", count)
               : snprintf(out, size, "{\"dropped_events\":%llu,\"total_dropped_events\":%llu%s}",
                          count, total, forgotten);
}

static bool put_marker(struct swarm *swarm, enum swarm_pool pool, const struct eviction *eviction)
{
    char args[MARKER_BYTES];
    int len = print_marker(swarm, pool, eviction->counted, args, sizeof args);
    session_no session = marker_session(swarm, eviction->session);
    double apart_us = (double)(swarm->rows.sessions[eviction->session].session.origin_ns -
                               swarm->rows.sessions[session].session.origin_ns) /
                      1000;
    struct event marker = {
        .ph = 'i',
        .ts_us = eviction->last_us + apart_us,
        .dur_us = (double)NAN,
        .name = swarm->known.trace_truncated,
        .cat = swarm->known.metadata_cat,
        .track = swarm_track(swarm, session, number_value("1"), number_value("0")),
        .args = {args, (size_t)len},
    };
    if (marker.track == NO_TRACK || event_store_unshift(swarm->pools[pool].store, &marker) == 0) {
        return false;
    }
    swarm->rows.sessions[session].session.event_count++;
    return true;
}

/* All that went was absent, and so is the marker, which is counted but not as dropped. */
static void note_absent_marker(struct swarm *swarm, enum swarm_pool pool, uint64_t absent)
{
    if (absent > 0) {
        swarm->pools[pool].drops++;
        swarm->pools[pool].absent++;
        swarm->pools[pool].dropped--;
    }
}

static bool evict(struct swarm *swarm, enum swarm_pool pool)
{
    struct event_store *store = swarm->pools[pool].store;
    struct eviction eviction = {.last_ns = INT64_MIN, .session = NO_SESSION};
    uint64_t first = event_store_first(store);
    eviction.records = pool == POOL_LIVE && swarm->records.oldest != NO_RECORD;
    uint64_t counted = swarm_counted(swarm, pool);
    /* Below the cap there are too many sessions. */
    size_t cap = swarm->pools[pool].max_events;
    size_t half = (counted < cap ? (size_t)counted : cap) / 2;
    uint64_t absent =
        take_absent(swarm, pool, counted - (eviction.records ? half : counted - half), &eviction);
    if (eviction.records) {
        take_oldest(swarm, half, &eviction);
    } else {
        for (uint64_t no = first; no < first + half - absent && no < event_store_end(store); no++) {
            take_event(swarm, pool, no, &eviction);
        }
    }
    if (eviction.session == NO_SESSION) {
        note_absent_marker(swarm, pool, absent);
        if (pool == POOL_LIVE) { /* they have no events */
            swarm_forget_choose(swarm, NO_SESSION);
            swarm_forget_chosen(swarm);
        }
        return true;
    }
    if (!swarm_rederive_keep_open(swarm, pool, first + eviction.events)) {
        return false;
    }
    if (pool == POOL_LIVE) {
        orphan_open_hold(swarm, swarm_most_open(swarm));
    }
    swarm->pools[pool].drops++;
    event_store_drop(store, eviction.events);
    if (pool == POOL_LIVE) {
        swarm_forget_choose(swarm, eviction.session);
    }
    if (!put_marker(swarm, pool, &eviction) || !swarm_rederive_sessions(swarm, pool, NO_SESSION)) {
        return false; /* the chosen ones go after the next eviction */
    }
    swept_open_tidy(swarm);
    swarm_tidy_forwards(swarm);
    swarm_forget_chosen(swarm);
    return true;
}

uint64_t swarm_counted(const struct swarm *swarm, enum swarm_pool pool)
{
    uint64_t records = pool == POOL_LIVE ? swarm->records.event_count : 0;
    return event_store_count(swarm->pools[pool].store) + swarm->pools[pool].absent + records;
}

bool swarm_hold_cap(struct swarm *swarm, enum swarm_pool pool)
{
    size_t cap = swarm->pools[pool].max_events;
    if (cap == 0) {
        return true;
    }
    bool many = pool == POOL_LIVE && swarm_has_many_sessions(swarm);
    if ((swarm_counted(swarm, pool) >= cap || many) && !evict(swarm, pool)) {
        return false;
    }
    if (pool == POOL_LIVE) {
        swarm_forget_held(swarm);
    }
    if (pool == POOL_LIVE && swarm_has_many_rows(swarm)) {
        swarm_forget_rows(swarm);
    }
    return true;
}

bool swarm_resume_cap(struct swarm *swarm, enum swarm_pool pool, uint64_t events, uint64_t dropped)
{
    struct event_store *store = swarm->pools[pool].store;
    struct eviction eviction = {.last_ns = INT64_MIN, .session = NO_SESSION};
    uint64_t first = event_store_first(store);
    for (uint64_t no = first; no < event_store_end(store); no++) {
        take_event(swarm, pool, no, &eviction);
    }
    if (!swarm_rederive_keep_open(swarm, pool, first + eviction.events)) {
        return false;
    }
    event_store_drop(store, eviction.events);
    swarm->pools[pool].absent = 0;
    uint64_t kept = swarm_counted(swarm, pool); /* open records, which are among `events` */
    swarm->pools[pool].absent = events > kept ? events - kept : 0;
    /* One of the absent ones is then a marker, which will not count as dropped. */
    bool marker = dropped > 0 && swarm->pools[pool].absent > 0;
    swarm->pools[pool].dropped = marker ? dropped - 1 : dropped;
    swarm->pools[pool].drops = dropped > 0;
    return swarm_rederive_sessions(swarm, pool, NO_SESSION);
}
