/* Reads a line of a Claude Code transcript: finds the members that matter in one walk. Formats
   drift, so unknown members and types are ignored. */
#ifndef INGEST_CLAUDE_LINE_H
#define INGEST_CLAUDE_LINE_H

#include "ingest/client_value.h"
#include "ingest/tool_args.h"

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
/* Finds the members of a line, a checked object. */
void claude_line_read(struct json_value object, struct claude_line *out);

/* Returns whether the value is a plain string that ends so. */
bool claude_line_ends_with(struct json_value value, const char *end);

#endif
