/* Shared by filter_parse.c and filter.c; private to them. */
#ifndef CORE_FILTER_PRIVATE_H
#define CORE_FILTER_PRIVATE_H

#include "core/query/filter.h"

enum filter_field {
    FIELD_ANY, /* anywhere */
    FIELD_AGENT,
    FIELD_SESSION,
    FIELD_STATE,
    FIELD_KIND,
    FIELD_NAME,
    FIELD_MODEL,
    FIELD_DURATION,
    FIELD_ERROR,
    FIELD_EVICTED,
    FIELD_INCOMPLETE,
    FIELD_OPEN,
    FIELD_ARGS
};

enum filter_op { OP_IN, OP_IS, OP_LESS, OP_LESS_OR_IS, OP_MORE, OP_MORE_OR_IS };

struct filter_term {
    enum filter_field field;
    enum filter_op op;
    bool negated;
    size_t text, text_len; /* in texts: the text to find */
    size_t path, path_len; /* FIELD_ARGS: the key, with its dots */
    /* the text as a number, for OP_LESS and so on; FIELD_DURATION: nanoseconds */
    double number;
    unsigned
        /* FIELD_KIND: enum span_kind; FIELD_STATE: enum agent_state; switches: 1 for yes, 0 for
           no */
        value;
};

enum { FILTER_TERMS_MAX = 64 }; /* a bit each, in filter_ask_agent */

struct filter {
    const struct mem *mem;
    struct strbuf texts;
    struct filter_term *terms;
    size_t count, cap;
};

#endif
