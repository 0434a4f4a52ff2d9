/* The stored form of an event: a record of fixed size, then the rare fields (a duration, an id,
   extra members), then its args. An end repeats the args of its begin as its first bytes (the seed
   merges them); where the begin lies in the same block, the end has their place, and the rest.
   Only event_store.c and event_begins.c include this file; the functions are inline because each
   event passes through them several times. */
#ifndef CORE_EVENT_RECORD_H
#define CORE_EVENT_RECORD_H

#include "core/trace/event_store.h"

#include <math.h>
#include <string.h>

struct record {
    double ts_us;
    intern_id name, cat;
    track_no track;
    span_no span;
    uint32_t args_len;
    char ph;
    uint8_t has; /* RECORD_REST, RECORD_SHARED */
    int16_t ts_rest_ns;
};

enum { RECORD_REST = 1, RECORD_SHARED = 2 };

struct record_rest {
    double dur_us;
    uint32_t id_len, extra_len;
};

/* The first bytes of args that lie elsewhere in the block; len 0: none. */
struct record_shared {
    uint32_t at, len;
};

static inline bool record_has_rest(const struct event *event)
{
    return !isnan(event->dur_us) || event->id.len > 0 || event->extra.len > 0;
}

/* Rounded up so that the next record is aligned for doubles. */
static inline size_t record_size(const struct event *event, struct record_shared shared)
{
    size_t size = sizeof(struct record) + event->args.len;
    if (record_has_rest(event)) {
        size += sizeof(struct record_rest) + event->id.len + event->extra.len;
    }
    if (shared.len > 0) {
        size += sizeof shared - shared.len;
    }
    return (size + 7) & ~(size_t)7;
}

static inline char *record_put_slice(char *at, struct slice slice)
{
    if (slice.len > 0) {
        memcpy(at, slice.bytes, slice.len);
    }
    return at + slice.len;
}

static inline void record_write(char *at, const struct event *event, struct record_shared shared)
{
    bool has_rest = record_has_rest(event);
    struct record record = {
        .ts_us = event->ts_us,
        .name = event->name,
        .cat = event->cat,
        .track = event->track,
        .span = NO_SPAN,
        .args_len = (uint32_t)event->args.len,
        .ph = event->ph,
        .has = (uint8_t)((has_rest ? RECORD_REST : 0) | (shared.len > 0 ? RECORD_SHARED : 0)),
        .ts_rest_ns = event->ts_rest_ns,
    };
    memcpy(at, &record, sizeof record);
    at += sizeof record;
    if (has_rest) {
        struct record_rest rest = {event->dur_us, (uint32_t)event->id.len,
                                   (uint32_t)event->extra.len};
        memcpy(at, &rest, sizeof rest);
        at = record_put_slice(record_put_slice(at + sizeof rest, event->id), event->extra);
    }
    struct slice args = event->args;
    if (shared.len > 0) {
        memcpy(at, &shared, sizeof shared);
        at += sizeof shared;
        args = (struct slice){args.bytes + shared.len, args.len - shared.len};
    }
    record_put_slice(at, args);
}

static inline bool record_is_too_large(const struct event *event)
{
    return event->args.len > EVENT_MAX_BYTES || event->extra.len > EVENT_MAX_BYTES ||
           event->id.len > EVENT_MAX_BYTES;
}

static inline struct slice record_take_slice(const char **at, uint32_t len)
{
    struct slice slice = {len > 0 ? *at : NULL, len};
    *at += len;
    return slice;
}

/* Returns the first bytes of the args, which *out lacks, if they lie elsewhere. */
static inline struct record_shared record_read(const char *at, struct event *out)
{
    struct record record;
    struct record_shared shared = {0, 0};
    memcpy(&record, at, sizeof record);
    at += sizeof record;
    *out = (struct event){
        .ph = record.ph,
        .ts_us = record.ts_us,
        .dur_us = (double)NAN,
        .name = record.name,
        .cat = record.cat,
        .track = record.track,
        .ts_rest_ns = record.ts_rest_ns,
    };
    if ((record.has & RECORD_REST) != 0) {
        struct record_rest rest;
        memcpy(&rest, at, sizeof rest);
        at += sizeof rest;
        out->dur_us = rest.dur_us;
        out->id = record_take_slice(&at, rest.id_len);
        out->extra = record_take_slice(&at, rest.extra_len);
    }
    if ((record.has & RECORD_SHARED) != 0) {
        memcpy(&shared, at, sizeof shared);
        at += sizeof shared;
    }
    out->args = record_take_slice(&at, record.args_len - shared.len);
    return shared;
}

#endif
