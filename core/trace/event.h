/* One Chrome Trace Event, in two forms: as it is read (raw values, nothing kept) and as it is kept (names interned, its
   track known). Fields and phases: the Trace Event Format,
   https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "core/base/intern.h"
#include "core/base/json_read.h"

/* A run of bytes that someone else owns; NULL and 0: none. */
struct slice {
    const char *bytes;
    size_t len;
};

typedef uint32_t session_no; /* a session of the model */
typedef uint32_t agent_no;   /* an agent of the model: a row of the picture */
typedef uint32_t track_no;   /* a (session, pid, tid) */
typedef uint32_t span_no;    /* a span of the model; never used twice */
#define NO_SESSION UINT32_MAX
#define NO_AGENT   UINT32_MAX
#define NO_TRACK   UINT32_MAX
#define NO_SPAN    UINT32_MAX

/* As it is read. All slices are borrowed from the text that was read. An absent field has type JSON_TYPE_NONE. */
struct raw_event {
    char ph;
    double ts_us, dur_us;        /* NAN: none */
    struct json_value name, cat; /* strings */
    struct json_value pid, tid;  /* numbers or strings, as they came */
    struct json_value id;        /* number or string */
    struct json_value args;      /* any value */
    struct slice
        extra; /* the members that have no field here, as they came, comma-separated, without braces */
};

/* As it is kept. */
struct event {
    char ph;
    double ts_us;  /* from its session's origin; NAN: none */
    double dur_us; /* NAN: none */
    intern_id name, cat;
    track_no track;
    struct slice id, args, extra; /* raw JSON, borrowed: in the store until the event is evicted */
};

#endif
