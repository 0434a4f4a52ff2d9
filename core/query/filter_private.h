/* Shared by filter_parse.c and filter.c; private to them. */
#ifndef CORE_FILTER_PRIVATE_H
#define CORE_FILTER_PRIVATE_H

#include "core/query/filter.h"

enum filter_field {
    FILTER_ANY, /* anywhere */
    FILTER_AGENT,
    FILTER_SESSION,
    FILTER_CLIENT,
    FILTER_HOST,
    FILTER_STATE,
    FILTER_KIND,
    FILTER_NAME,
    FILTER_MODEL,
    FILTER_DURATION,
    FILTER_ERROR,
    FILTER_EVICTED,
    FILTER_INCOMPLETE,
    FILTER_OPEN,
    FILTER_ARGS
};

enum filter_op { OP_IN, OP_IS, OP_LESS, OP_LESS_OR_IS, OP_MORE, OP_MORE_OR_IS };

struct filter_term {
    enum filter_field field;
    enum filter_op op;
    bool negated;
    size_t text, text_len; /* in texts: what is looked for */
    size_t path, path_len; /* FILTER_ARGS: the key, with its dots */
    double number;         /* of OP_LESS and so on: the text as one; FILTER_DURATION: nanoseconds */
    unsigned value; /* FILTER_KIND: enum span_kind; FILTER_STATE: enum agent_state; yes and no: 1
                       and 0 */
};

enum { FILTER_TERMS_MAX = 64 }; /* a bit each, in filter_ask_agent */

struct filter {
    const struct mem *mem;
    struct strbuf texts;
    struct filter_term *terms;
    size_t count, cap;
    const struct past *past; /* it is asked about then; NULL: about now */
};

#endif
