/* The fields of feed operations (FEED.md): their names, their types, and reading them out of a
   line. The operations are in feed_ops.h. */
#ifndef INGEST_FEED_FIELDS_H
#define INGEST_FEED_FIELDS_H

#include "core/tracer/tracer.h"

enum feed_field {
    OP_OP,
    OP_T,
    OP_SESSION_ID,
    OP_AGENT_ID,
    OP_NAME,
    OP_PARENT_SESSION_ID,
    OP_AGENT_NAME,
    OP_PARENT_AGENT_ID,
    OP_SPAN_ID,
    OP_MODEL,
    OP_TTFT_MS,
    OP_TTLT_MS,
    OP_PROMPT_TOKENS,
    OP_OUTPUT_TOKENS,
    OP_CACHE_READ_TOKENS,
    OP_CACHE_CREATION_TOKENS,
    OP_MESSAGE_ID,
    OP_IS_SPECULATIVE,
    OP_QUERY_SOURCE,
    OP_REQUEST_SETUP_MS,
    OP_ATTEMPT_START_TIMES,
    OP_TOOL_NAME,
    OP_CAT,
    OP_ARGS,
    OP_VALUES,
    OP_CONTEXT,
    OP_DECISION,
    OP_SOURCE,
    OP_USER_PROMPT_LENGTH,
    OP_ATTEMPT,
    OP_RETRY_IN_MS,
    OP_SUCCESS,
    OP_ERROR,
    OP_RESULT_TOKENS,
    OP_MESSAGE,
    OP_LEVEL,
    OP_TOKEN,
    OP_PAYLOAD,
    OP_CLIENT,
    OP_PROCESS,
    OP_KIND,
    OP_ID,
    OP_BY,
    OP_PRECEDENCE,
    OP_EVENT,
    OP_START_MS,
    OP_EXTRA,
    FEED_FIELDS
};

#define FEED_BIT(field) (UINT64_C(1) << (field))
/* Every operation may have them. */
#define FEED_COMMON (FEED_BIT(OP_T) | FEED_BIT(OP_SESSION_ID) | FEED_BIT(OP_AGENT_ID))

enum feed_type {
    FEED_TEXT,
    FEED_ID,   /* a text; a number is its decimal text */
    FEED_TIME, /* a number, Unix epoch milliseconds */
    FEED_NUMBER,
    FEED_BOOL,
    FEED_NUMBERS, /* an array of numbers */
    FEED_OBJECT,
    FEED_COUNTERS,   /* an object of numbers */
    FEED_KIND,       /* a name of call_kind_read */
    FEED_PRECEDENCE, /* an integer, enum precedence */
    FEED_OUTCOME,    /* a name of outcome_read */
    FEED_RETRY       /* an object, struct retry */
};

struct feed_field_info {
    const char *name;
    enum feed_type type;
};
extern const struct feed_field_info feed_fields[FEED_FIELDS];
/* "a string" … for people. */
const char *feed_type_words(enum feed_type type);
/* FEED_FIELDS: no such field. */
enum feed_field feed_field_of(const char *name, size_t len);

/* The fields of one line. Texts are borrowed from the line and from `decoded`, until the next
   read. */
struct feed_values {
    uint64_t present; /* FEED_BITs: there, and of the right type once they are typed */
    struct json_value raw[FEED_FIELDS];
    struct slice text[FEED_FIELDS];
    double number[FEED_FIELDS];
    struct strbuf decoded;
    double *numbers; /* of FEED_NUMBERS */
    size_t number_count, number_cap;
    const struct mem *mem;
};

void feed_values_init(struct feed_values *values, const struct mem *mem);
void feed_values_release(struct feed_values *values);
/* Takes the members of a checked object of `len` bytes that are fields, untyped; null is absent.
   False: out of memory. */
bool feed_values_read(struct feed_values *values, struct json_value object);

enum feed_typed { FEED_TYPED, FEED_WRONG_TYPE, FEED_NO_MEMORY };
/* Reads a text: a slice of the value's bytes, or where it has escapes of `decoded`, to which it
   is appended. */
enum feed_typed feed_read_text(struct json_value value, struct strbuf *decoded, struct slice *out);
/* Types one that is present. */
enum feed_typed feed_values_type(struct feed_values *values, enum feed_field field);

static inline bool feed_has(const struct feed_values *values, enum feed_field field)
{
    return (values->present & FEED_BIT(field)) != 0;
}
/* Absent: NULL and 0; also of objects, raw. */
static inline struct slice feed_text(const struct feed_values *values, enum feed_field field)
{
    return feed_has(values, field) ? values->text[field] : (struct slice){.bytes = NULL};
}
/* Absent: NAN. */
double feed_number(const struct feed_values *values, enum feed_field field);
/* Absent: UNSAID. */
enum tristate feed_truth(const struct feed_values *values, enum feed_field field);

#endif
