/* Reads a line of a Claude Code transcript: finds the members that matter in one walk. Formats
   drift, so unknown members and types are ignored. */
#ifndef INGEST_CLAUDE_LINE_H
#define INGEST_CLAUDE_LINE_H

#include "core/base/json_read.h"
#include "core/trace/event.h"
#include "ingest/tool_args.h"

/* A longer name is cut, a longer id becomes a digest of this length or less. */
#define CLAUDE_ID_BYTES 200

enum claude_line_type {
    CLAUDE_LINE_UNKNOWN, /* a type that is not in the table */
    CLAUDE_LINE_OTHER,   /* known, and of no interest */
    CLAUDE_LINE_USER,
    CLAUDE_LINE_ASSISTANT,
    CLAUDE_LINE_REQUEST,
    CLAUDE_LINE_SYSTEM,
    CLAUDE_LINE_COST,
    CLAUDE_LINE_TITLE, /* of the session */
    CLAUDE_LINE_NEWS   /* may hold what the client reports to the model */
};

/* Members of the line itself; claude_line.c has their JSON keys. */
enum claude_field {
    CLAUDE_TYPE,
    CLAUDE_SUBTYPE,
    CLAUDE_TIMESTAMP,
    CLAUDE_ID,
    CLAUDE_UUID,
    CLAUDE_PARENT_UUID,
    CLAUDE_SESSION_ID,
    CLAUDE_AGENT_ID,
    CLAUDE_FORKED_FROM,
    CLAUDE_MESSAGE,
    CLAUDE_PROMPT_ID,
    CLAUDE_IS_META,
    CLAUDE_IS_SUMMARY,
    CLAUDE_COMPACT,
    CLAUDE_IS_SIDECHAIN,
    CLAUDE_CWD,
    CLAUDE_BRANCH,
    CLAUDE_TOOL_RESULT,
    CLAUDE_PERMISSION,
    CLAUDE_DENIAL,
    CLAUDE_DENIED_BEFORE,
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
    CLAUDE_RETRY_MAX,
    CLAUDE_TOTAL_COST,
    CLAUDE_CUSTOM_TITLE,
    CLAUDE_AGENT_NAME,
    CLAUDE_AI_TITLE,
    CLAUDE_CONTENT,
    CLAUDE_ATTACHMENT,
    CLAUDE_FIELDS
};

struct claude_line {
    enum claude_line_type type;
    double at_ms;                           /* NAN: absent */
    struct json_value field[CLAUDE_FIELDS]; /* JSON_TYPE_NONE: absent. Borrowed from the text */
};

/* Returns true if the line holds whole prompts (api-request-blob, api-request-shape). It looks at
   the first bytes only, so such a line need not be parsed. */
bool claude_line_is_bulk(const char *text, size_t len);
/* Returns false if the line is no JSON object; *error has the reason. */
bool claude_line_read(const char *text, size_t len, struct claude_line *out,
                      struct json_error *error);

/* Returns an id or a name, borrowed. Bytes are NULL if the value is no string, is empty, longer
   than CLAUDE_ID_BYTES or has escapes. */
struct slice json_id(struct json_value value);
/* Returns an id of any length and spelling, borrowed from the value or from `room`: a number is its
   digits, escapes are decoded, and an id that is too long is what claude_id_short makes of it.
   Bytes are NULL if the value is empty, of another type, or out of memory. */
struct slice claude_id(const struct mem *mem, struct json_value value, char room[CLAUDE_ID_BYTES]);
/* Returns the id itself, or for one longer than CLAUDE_ID_BYTES its first bytes and a digest of all
   of it, in `room`: gateways put whole signatures into ids, and every source must shorten them
   alike. */
struct slice claude_id_short(struct slice id, char room[CLAUDE_ID_BYTES]);
/* Returns whether the value is a plain string that ends so. */
bool claude_line_ends_with(struct json_value value, const char *end);
/* Returns a finite number that is not negative; NAN otherwise. */
double claude_number(struct json_value value);
/* Returns the Unix epoch ms of an ISO 8601 string, or of a number of seconds or milliseconds; NAN
   otherwise. */
double claude_time(struct json_value value);
/* Copies the first line of a string into `out`, cut to its size; "" if the value is no string. */
void json_text_copy(const struct mem *mem, struct json_value value, char *out, size_t size);

#endif
