/* The names under which producers of OpenTelemetry report the same things, as one table: the GenAI
   semantic conventions in three generations, agents and instrumentation libraries of their own.

   A span's attributes are looked up once (otlp_found_fill), then read by meaning. If several names
   have one meaning the first row holds: the newest. */
#ifndef INGEST_OTLP_ATTRIBUTES_H
#define INGEST_OTLP_ATTRIBUTES_H

#include "core/base/u64map.h"
#include "ingest/otlp/otlp.h"

/* The meaning of an attribute. */
enum otlp_meaning {
    /* the kind of a span (otlp_kind.c) */
    MEANS_KIND_LANGFUSE,
    MEANS_KIND_OPENINFERENCE,
    MEANS_KIND_TRACELOOP,
    MEANS_KIND_LANGSMITH,
    MEANS_KIND_OPERATION,
    MEANS_KIND_AI_OPERATION,
    MEANS_KIND_SPAN_TYPE,
    MEANS_KIND_MCP,
    MEANS_KIND_LLM_REQUEST,
    MEANS_LOGFIRE_TYPE,
    MEANS_EVENT_NAME,
    /* model and provider */
    MEANS_MODEL,
    MEANS_AGENT_MODEL,
    MEANS_PROVIDER,
    MEANS_STREAMED,
    /* tokens */
    MEANS_PROMPT,
    MEANS_PROMPT_UNCACHED,
    MEANS_OUTPUT,
    MEANS_REASONING,
    MEANS_THOUGHTS,
    MEANS_TOTAL,
    MEANS_CACHE_READ,
    MEANS_CACHE_CREATION,
    MEANS_USAGE_JSON,
    MEANS_USAGE_SUM,
    /* times */
    MEANS_TTFT,
    MEANS_SERVER_TTFT,
    MEANS_FIRST_TOKEN_AT,
    MEANS_TTLT,
    MEANS_DURATION,
    MEANS_SETUP,
    /* retries */
    MEANS_ATTEMPT,
    MEANS_RETRY_DELAY,
    MEANS_STATUS_CODE,
    /* agents */
    MEANS_AGENT_NAME,
    MEANS_AGENT_ID,
    MEANS_PARENT_AGENT_ID,
    MEANS_TRANSFER,
    MEANS_IS_SUBAGENT,
    /* tools */
    MEANS_TOOL_NAME,
    MEANS_TOOL_CALL_ID,
    MEANS_TOOL_INPUT,
    MEANS_TOOL_STATUS,
    MEANS_CHILD_AGENT_TYPE,
    MEANS_COMMAND,
    /* errors */
    MEANS_ERROR_TYPE,
    MEANS_ERROR_CLASS,
    MEANS_ERROR,
    MEANS_SUCCESS,
    MEANS_LEVEL,
    MEANS_LEVEL_NUMBER,
    MEANS_FINISH,
    /* waits */
    MEANS_DECISION,
    MEANS_DECISION_SOURCE,
    /* sessions */
    MEANS_SESSION,
    MEANS_PARENT_SESSION,
    MEANS_SESSION_OF_PROCESS,
    MEANS_SERVICE,
    MEANS_HOST,
    MEANS_TITLE,
    /* marks, and the rest */
    MEANS_COMPACTED,
    MEANS_REQUEST_ID,
    MEANS_PROMPT_ID,
    MEANS_PROMPT_LENGTH,
    MEANS_QUERY_SOURCE,
    MEANS_COST,
    MEANS_ARGS,    /* kept in args */
    MEANS_CONTENT, /* prompts, answers, results: kept in args with --content alone */
    MEANS_NOTHING, /* about the producer's machinery: not kept */
    MEANINGS
};

/* The unit of a number; UNIT_S is turned into ms. */
enum otlp_unit { UNIT_NONE, UNIT_MS, UNIT_S };

struct otlp_attribute_row {
    const char *key;      /* ends with '*': every key that begins so */
    const char *producer; /* that uses it */
    enum otlp_meaning meaning;
    enum otlp_unit unit;
};

enum { OTLP_ROWS_MAX = 320, OTLP_ROWS_KEPT = 64 };

extern const struct otlp_attribute_row otlp_attribute_rows[];
extern const size_t otlp_attribute_row_count;

/* Finds rows by name. */
struct otlp_names {
    struct u64map by_key;
    uint16_t first[MEANINGS], end[MEANINGS]; /* the rows of each meaning */
};

/* False: out of memory. */
bool otlp_names_init(struct otlp_names *names, const struct mem *mem);
void otlp_names_release(struct otlp_names *names);
/* Returns the row of that key; NULL: unknown. */
const struct otlp_attribute_row *otlp_names_find(const struct otlp_names *names, struct slice key);

/* The values of one span or log by row; of a key that comes twice the last. {0} is empty. */
struct otlp_found {
    const struct otlp_names *names;
    const struct otlp_value *values[OTLP_ROWS_MAX];
    uint16_t filled[OTLP_ROWS_MAX]; /* the rows that have a value */
    size_t filled_count;
    const struct otlp_attributes *attributes;
    const struct otlp_attribute_row *rows[OTLP_ROWS_KEPT]; /* of the first attributes; or NULL */
};

/* Empties it first. */
void otlp_found_fill(struct otlp_found *found, const struct otlp_names *names,
                     const struct otlp_attributes *attributes);
/* Returns the row of the attribute of that number; NULL: its key is unknown. */
const struct otlp_attribute_row *otlp_found_row(const struct otlp_found *found,
                                                const struct otlp_attributes *attributes,
                                                size_t number);
/* Returns the first value of that meaning that is not empty; NULL: none. *row (may be NULL) is its
   row. */
const struct otlp_value *otlp_found_value(const struct otlp_found *found, enum otlp_meaning meaning,
                                          const struct otlp_attribute_row **row);
/* Returns the first that is a number, or spells one; times in ms. NAN: none. */
double otlp_found_number(const struct otlp_found *found, enum otlp_meaning meaning);
/* Returns the first that is a text, of an array its first item; bytes NULL: none. */
struct slice otlp_found_text(const struct otlp_found *found, enum otlp_meaning meaning);
/* Returns -1: none, 0: false, 1: true; "true" counts too. */
int otlp_found_truth(const struct otlp_found *found, enum otlp_meaning meaning);
bool otlp_found_is(const struct otlp_found *found, enum otlp_meaning meaning, const char *text);

/* Values may have any type (rule 7): a number may be a text, a text may be an array. */
double otlp_value_number(const struct otlp_value *value);
struct slice otlp_value_text(const struct otlp_value *value);
bool slice_is(struct slice text, const char *want);
bool slice_begins(struct slice text, const char *prefix);

#endif
