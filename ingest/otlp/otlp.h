/* OpenTelemetry's OTLP: what one export request holds, decoded, whichever encoding it came in.
   otlp_json.c and otlp_protobuf.c fill a batch; the reader (otlp_reader.h) turns it into updates.

   Source of the format: opentelemetry-proto, OTLP 1.x (docs/specification.md and the messages of
   trace, logs, metrics, common and resource v1). */
#ifndef INGEST_OTLP_H
#define INGEST_OTLP_H

#include "core/base/mem.h"
#include "core/trace/event.h"

#include <stdbool.h>
#include <stdint.h>

enum otlp_signal { OTLP_TRACES, OTLP_LOGS, OTLP_METRICS, OTLP_SIGNALS };
enum otlp_encoding { OTLP_JSON, OTLP_PROTOBUF };

enum { OTLP_TRACE_ID_BYTES = 16, OTLP_SPAN_ID_BYTES = 8 };

/* ---- attributes ---- */

enum otlp_type {
    OTLP_EMPTY, /* no value, or one that is nested too deep */
    OTLP_TEXT,
    OTLP_BOOL,
    OTLP_INT,
    OTLP_DOUBLE,
    OTLP_ARRAY,
    OTLP_MAP,
    OTLP_BYTES
};

struct otlp_attribute;

struct otlp_attributes {
    const struct otlp_attribute *items;
    size_t count;
};

struct otlp_value {
    enum otlp_type type;
    union {
        struct slice text; /* OTLP_TEXT: WTF-8, decoded; OTLP_BYTES: the bytes */
        bool truth;
        int64_t integer;
        double number; /* may be NAN or infinite */
        struct {
            const struct otlp_value *items;
            size_t count;
        } array;
        struct otlp_attributes map;
    };
};

struct otlp_attribute {
    struct slice key;
    struct otlp_value value;
};

/* Returns the value of the last attribute with that key; NULL: none. */
const struct otlp_value *otlp_attribute(const struct otlp_attributes *attributes, const char *key);

/* ---- what a request brings ---- */

/* A scope: shared by the spans, logs and points of one instrumentation library. */
struct otlp_scope {
    struct otlp_attributes resource;
    struct slice name, version;
    struct otlp_attributes attributes;
};

struct otlp_event {
    uint64_t time_ns; /* Unix epoch; 0: unknown */
    struct slice name;
    struct otlp_attributes attributes;
};

/* An id as it is compared; all zero: none. */
struct otlp_id {
    uint8_t trace[OTLP_TRACE_ID_BYTES], span[OTLP_SPAN_ID_BYTES];
};

struct otlp_link {
    struct otlp_id to;
    struct otlp_attributes attributes;
};

enum otlp_span_kind {
    OTLP_KIND_UNSET,
    OTLP_INTERNAL,
    OTLP_SERVER,
    OTLP_CLIENT,
    OTLP_PRODUCER,
    OTLP_CONSUMER
};
/* Flags of a span: whether its parent lies in another process, if the sender knows. */
enum { OTLP_FLAG_HAS_REMOTE = 0x100, OTLP_FLAG_REMOTE = 0x200 };

struct otlp_span {
    const struct otlp_scope *scope;
    struct otlp_id id;                  /* neither part is zero */
    uint8_t parent[OTLP_SPAN_ID_BYTES]; /* in the same trace; all zero: none */
    struct slice name;
    int kind;                  /* enum otlp_span_kind, or another number */
    uint64_t start_ns, end_ns; /* Unix epoch; 0: unknown */
    uint64_t flags;            /* OTLP_FLAG_…, and others */
    struct otlp_attributes attributes;
    const struct otlp_event *events;
    size_t event_count;
    const struct otlp_link *links;
    size_t link_count;
    int status;           /* 0 unset, 1 ok, 2 error */
    struct slice message; /* of the status */
};

struct otlp_log {
    const struct otlp_scope *scope;
    uint64_t time_ns, observed_ns; /* 0: unknown */
    int severity;
    struct slice name; /* eventName; may be absent */
    struct otlp_value body;
    struct otlp_attributes attributes;
    struct otlp_id span; /* each part may be zero */
};

enum otlp_metric_kind { OTLP_GAUGE, OTLP_SUM_DELTA, OTLP_SUM_CUMULATIVE, OTLP_HISTOGRAM };

/* A data point of a metric. */
struct otlp_point {
    const struct otlp_scope *scope;
    struct slice name, unit;
    enum otlp_metric_kind kind;
    bool delta;     /* of a histogram too */
    bool monotonic; /* of a sum */
    uint64_t time_ns;
    double value; /* of a histogram: its sum; NAN: none */
    double count; /* of a histogram: how many samples; else NAN */
    struct otlp_attributes attributes;
};

/* ---- a batch ---- */

struct otlp_block; /* memory of a batch */

/* More than this is not decoded: four times the largest body. */
#define OTLP_BATCH_BYTES_MAX ((size_t)256 << 20)
/* Values that are nested deeper (arrays and maps in each other) are OTLP_EMPTY as a whole. */
#define OTLP_DEPTH_MAX 16

/* One decoded request. All of it lives until otlp_batch_clear; texts without escapes are borrowed
   from the request's body, which must live as long. */
struct otlp_batch {
    const struct mem *mem;
    struct otlp_block *blocks;
    size_t block_bytes;
    struct otlp_span *spans;
    size_t span_count, span_cap;
    struct otlp_log *logs;
    size_t log_count, log_cap;
    struct otlp_point *points;
    size_t point_count, point_cap;
    uint64_t rejected; /* spans without valid ids, or without any valid time */
    const char *why;   /* of the first rejected one, static; NULL: none */
    bool no_memory;    /* decoding stopped as memory ran out: the sender should try again */
    bool too_large;    /* decoding stopped at OTLP_BATCH_BYTES_MAX */
};

void otlp_batch_init(struct otlp_batch *batch, const struct mem *mem);
/* Empties it; keeps memory for the next request. */
void otlp_batch_clear(struct otlp_batch *batch);
void otlp_batch_release(struct otlp_batch *batch);

/* Decodes a request of that signal into the cleared batch. Returns NULL, or why it cannot be
   decoded (static; no_memory or too_large is set where that is the reason); the batch is empty
   then. An empty body is an empty request in protobuf alone. Unknown fields are ignored; an
   attribute that is nested too deep is OTLP_EMPTY. */
const char *otlp_decode(struct otlp_batch *batch, enum otlp_signal signal,
                        enum otlp_encoding encoding, struct slice body);

/* Removes the spans of a decoded batch that have no valid time, counted as rejected: the begin and
   the end are 0 or beyond INT64_MAX. A valid one of the two stands for the other. */
void otlp_check_times(struct otlp_batch *batch);

#endif
