/* The parts of the JSON decoder: messages as tables of fields (otlp_json.c), values of fields
   (otlp_json_value.c), bodies that are nearly JSON (otlp_json_repair.c). */
#ifndef INGEST_OTLP_JSON_PRIVATE_H
#define INGEST_OTLP_JSON_PRIVATE_H

#include "ingest/otlp/otlp_private.h"

struct otlp_json {
    struct otlp_batch *batch;
    enum otlp_signal signal;
    struct json_cursor at;
    struct otlp_stack stack;  /* attributes, array items, events and links of open lists */
    struct otlp_scope *scope; /* of what is read now */
    unsigned depth;           /* arrays and maps that enclose the value */
    bool too_deep;            /* the value has more than OTLP_DEPTH_MAX of them */
};

/* Reads the value at the cursor, which is not null, into *at. A value of a wrong type is skipped,
   as if it were absent. False: the batch has failed. */
typedef bool otlp_json_reader(struct otlp_json *json, void *at);

struct otlp_json_field {
    const char *key;
    size_t key_len;
    otlp_json_reader *read;
    size_t offset; /* of *at in the struct that the message is read into */
};
#define OTLP_JSON_FIELD(key, read, offset) \
    {                                      \
        key, sizeof(key) - 1, read, offset \
    }

struct otlp_json_message {
    const struct otlp_json_field *fields;
    size_t count;
};
#define OTLP_JSON_MESSAGE(fields)                 \
    {                                             \
        fields, sizeof(fields) / sizeof *(fields) \
    }

/* Reads the members of the object at the cursor; unknown ones and null are skipped. */
bool otlp_json_read(struct otlp_json *json, const struct otlp_json_message *message, void *at);

/* Enters the array at the cursor. False: another value, which was skipped. The next calls move to
   each object of it, and skip other items. */
bool otlp_json_enter_list(struct otlp_json *json);
bool otlp_json_next_object(struct otlp_json *json);

otlp_json_reader otlp_json_text;       /* struct slice */
otlp_json_reader otlp_json_digits;     /* uint64_t, by its digits: a time, flags */
otlp_json_reader otlp_json_number;     /* double; a string may spell it */
otlp_json_reader otlp_json_enum;       /* int, by number or by name */
otlp_json_reader otlp_json_bool;       /* bool */
otlp_json_reader otlp_json_trace_id;   /* OTLP_TRACE_ID_BYTES; an invalid one is all zero */
otlp_json_reader otlp_json_span_id;    /* OTLP_SPAN_ID_BYTES */
otlp_json_reader otlp_json_value;      /* struct otlp_value */
otlp_json_reader otlp_json_attributes; /* struct otlp_attributes */

/* Returns a copy of the body, in the batch, that is JSON if the faults were invalid UTF-8 and
   control characters in strings. No bytes: no such fault, or the batch has failed. */
struct slice otlp_json_repair(struct otlp_batch *batch, struct slice body);

#endif
