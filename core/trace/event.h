/* One Chrome Trace Event, in two forms: as read (raw values, nothing stored) and as stored
   (interned names, a known track). Fields and phases: the Trace Event Format,
   https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "core/base/intern.h"
#include "core/base/json_read.h"
#include "core/base/time_ns.h"

#include <string.h>

/* Bytes with another owner; NULL and 0: none. */
struct slice {
    const char *bytes;
    size_t len;
};

typedef uint32_t session_no; /* a session of the model */
typedef uint32_t agent_no;   /* an agent of the model: a row of the display */
typedef uint32_t track_no;   /* a (session, pid, tid) */
typedef uint32_t span_no;    /* a span of the model; never reused */
#define NO_SESSION UINT32_MAX
#define NO_AGENT   UINT32_MAX
#define NO_TRACK   UINT32_MAX
#define NO_SPAN    UINT32_MAX

/* An event as read. All slices are borrowed from the text. An absent field has type
   JSON_TYPE_NONE. */
struct raw_event {
    char ph;
    double ts_us, dur_us;        /* NAN: none */
    int16_t ts_rest_ns;          /* the exact ts less ts_us, where a double cannot hold it */
    const char *loose;           /* why a feed, but not a trace, refuses it; NULL: it does not */
    struct json_value name, cat; /* strings */
    struct json_value pid, tid;  /* numbers or strings, unchanged */
    struct json_value id;        /* number or string */
    struct json_value args;      /* any value */
    struct slice
        extra; /* members without a field here, unchanged, comma-separated, without braces */
};

/* As it is kept. */
struct event {
    char ph;
    double ts_us;       /* from its session's origin; NAN: none */
    int16_t ts_rest_ns; /* the exact ts less ts_us */
    double dur_us;      /* NAN: none */
    intern_id name, cat;
    track_no track;
    struct slice id, args, extra; /* raw JSON, borrowed until the store evicts the event */
};

/* Walks the members without a field. */
static inline struct json_walk event_walk_extra(const struct event *event)
{
    struct slice extra = event->extra;
    return (struct json_walk){extra.bytes, extra.len > 0 ? extra.bytes + extra.len : extra.bytes};
}

/* Returns the exact time in nanoseconds, from the session's origin. Not for an event without. */
static inline int64_t event_ns(const struct event *event)
{
    return time_ns_from_us(event->ts_us) + event->ts_rest_ns;
}

static inline void event_set_ns(struct event *event, int64_t at_ns)
{
    event->ts_us = (double)at_ns / 1000;
    event->ts_rest_ns = (int16_t)(at_ns - time_ns_from_us(event->ts_us));
}

/* A member of events in documents of ours: the begin of the span was dropped. An X with it is the
   whole span; a B with it is for other readers alone, as the end states all that is known. */
#define LOST_BEGIN "\"lost_begin\":true"

static inline bool event_is_lost_begin(const struct event *event)
{
    return event->extra.len >= sizeof LOST_BEGIN - 1 &&
           memcmp(event->extra.bytes, LOST_BEGIN, sizeof LOST_BEGIN - 1) == 0;
}

#endif
