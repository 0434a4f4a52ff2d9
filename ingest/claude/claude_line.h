/* A line of a Claude Code transcript: which of its members matter, found in one walk. Formats drift: what is not known here is left alone. */
#ifndef INGEST_CLAUDE_LINE_H
#define INGEST_CLAUDE_LINE_H

#include "core/base/json_read.h"
#include "core/trace/event.h"

/* Texts that name something (ids, models) are not longer, or are none. */
#define CLAUDE_ID_BYTES 200

enum claude_line_type {
    CLAUDE_LINE_UNKNOWN, /* a type that nobody has told of */
    CLAUDE_LINE_OTHER,   /* known, and of no interest */
    CLAUDE_LINE_USER,
    CLAUDE_LINE_ASSISTANT,
    CLAUDE_LINE_REQUEST,
    CLAUDE_LINE_SYSTEM,
    CLAUDE_LINE_COST
};

/* Members of the line itself; claude_line.c has their names. */
enum claude_field {
    CLAUDE_TYPE,
    CLAUDE_SUBTYPE,
    CLAUDE_TIMESTAMP,
    CLAUDE_ID,
    CLAUDE_UUID,
    CLAUDE_MESSAGE,
    CLAUDE_PROMPT_ID,
    CLAUDE_IS_META,
    CLAUDE_IS_SIDECHAIN,
    CLAUDE_CWD,
    CLAUDE_BRANCH,
    CLAUDE_TOOL_RESULT,
    CLAUDE_PERMISSION,
    CLAUDE_REQUEST_ID,
    CLAUDE_REQUEST_REF,
    CLAUDE_BLOCK_INDEX,
    CLAUDE_THINKING_MS,
    CLAUDE_TOOL_INPUT_MS,
    CLAUDE_ERROR,
    CLAUDE_IS_API_ERROR,
    CLAUDE_API_STATUS,
    CLAUDE_API_TYPE,
    CLAUDE_QUERY_SOURCE,
    CLAUDE_DIGEST,
    CLAUDE_PARAMS,
    CLAUDE_RETRY_IN,
    CLAUDE_RETRY_ATTEMPT,
    CLAUDE_TOTAL_COST,
    CLAUDE_FIELDS
};

struct claude_line {
    enum claude_line_type type;
    double at_ms;                           /* NAN: it has no time */
    struct json_value field[CLAUDE_FIELDS]; /* JSON_TYPE_NONE: not there. Borrowed from the text */
};

/* Whether the line is one of those that hold whole prompts (api-request-blob, api-request-shape): known by how it begins, before it is read as JSON. */
bool claude_line_is_bulk(const char *text, size_t len);
/* False: not a JSON object; *error says why (of a value that is no object: "not an object"). */
bool claude_line_read(const char *text, size_t len, struct claude_line *out,
                      struct json_error *error);

/* The text of a string that names something, borrowed; bytes NULL: it is none, empty, longer than CLAUDE_ID_BYTES or has escapes in it. */
struct slice claude_name(struct json_value value);
/* Of a number that is finite and not negative; NAN: it is none. */
double claude_number(struct json_value value);
/* Milliseconds since the epoch of an ISO 8601 string; NAN: it is none. */
double claude_time(struct json_value value);
/* Appends the text of a string, cut to `max` bytes between characters; with `line`, only its first line that has something in it. */
void claude_text(struct json_value value, size_t max, bool line, struct strbuf *out);
/* The same into `out`, cut to its size; "" where it is none. */
void claude_copy(const struct mem *mem, struct json_value value, char *out, size_t size);

#endif
