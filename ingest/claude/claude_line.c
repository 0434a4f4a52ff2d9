/* One walk over a line's members. Each key is looked up by its raw bytes, since the client escapes
   no key. The values stay slices of the line. */
#include "ingest/claude/claude_line.h"

#include <string.h>

static const char *const field_names[CLAUDE_FIELDS] = {
    [CLAUDE_TYPE] = "type",
    [CLAUDE_SUBTYPE] = "subtype",
    [CLAUDE_TIMESTAMP] = "timestamp",
    [CLAUDE_ID] = "id",
    [CLAUDE_UUID] = "uuid",
    [CLAUDE_PARENT_UUID] = "parentUuid",
    [CLAUDE_SESSION_ID] = "sessionId",
    [CLAUDE_AGENT_ID] = "agentId",
    [CLAUDE_FORKED_FROM] = "forkedFrom",
    [CLAUDE_MESSAGE] = "message",
    [CLAUDE_PROMPT_ID] = "promptId",
    [CLAUDE_IS_META] = "isMeta",
    [CLAUDE_IS_SUMMARY] = "isCompactSummary",
    [CLAUDE_COMPACT] = "compactMetadata",
    [CLAUDE_IS_SIDECHAIN] = "isSidechain",
    [CLAUDE_CWD] = "cwd",
    [CLAUDE_BRANCH] = "gitBranch",
    [CLAUDE_TOOL_RESULT] = "toolUseResult",
    [CLAUDE_PERMISSION] = "permissionDecision",
    [CLAUDE_DENIAL] = "toolDenialKind",
    [CLAUDE_DENIED_BEFORE] = "toolDenialBeforeRun",
    [CLAUDE_REQUEST_ID] = "requestId",
    [CLAUDE_REQUEST_REF] = "requestRef",
    [CLAUDE_BLOCK_INDEX] = "apiBlockIndex",
    [CLAUDE_THINKING_MS] = "thinkingDurationMs",
    [CLAUDE_TOOL_INPUT_MS] = "toolInputStreamMs",
    [CLAUDE_ERROR] = "error",
    [CLAUDE_IS_API_ERROR] = "isApiErrorMessage",
    [CLAUDE_API_STATUS] = "apiErrorStatus",
    [CLAUDE_API_TYPE] = "apiErrorType",
    [CLAUDE_QUERY_SOURCE] = "querySource",
    [CLAUDE_DIGEST] = "requestDigest",
    [CLAUDE_PARAMS] = "params",
    [CLAUDE_RETRY_IN] = "retryInMs",
    [CLAUDE_RETRY_ATTEMPT] = "retryAttempt",
    [CLAUDE_RETRY_MAX] = "maxRetries",
    [CLAUDE_TOTAL_COST] = "totalCostUSD",
    [CLAUDE_CUSTOM_TITLE] = "customTitle",
    [CLAUDE_AGENT_NAME] = "agentName",
    [CLAUDE_AI_TITLE] = "aiTitle",
    [CLAUDE_CONTENT] = "content",
    [CLAUDE_ATTACHMENT] = "attachment",
};

static const struct {
    const char *name;
    enum claude_line_type type;
} types[] = {
    {"assistant", CLAUDE_LINE_ASSISTANT},      {"user", CLAUDE_LINE_USER},
    {"api-request", CLAUDE_LINE_REQUEST},      {"system", CLAUDE_LINE_SYSTEM},
    {"cost-state", CLAUDE_LINE_COST},          {"custom-title", CLAUDE_LINE_TITLE},
    {"agent-name", CLAUDE_LINE_TITLE},         {"ai-title", CLAUDE_LINE_TITLE},
    {"attachment", CLAUDE_LINE_NEWS},          {"queue-operation", CLAUDE_LINE_NEWS},
    {"last-prompt", CLAUDE_LINE_OTHER},        {"tools-used", CLAUDE_LINE_OTHER},
    {"atis-latch", CLAUDE_LINE_OTHER},         {"mode", CLAUDE_LINE_OTHER},
    {"permission-mode", CLAUDE_LINE_OTHER},    {"file-history-snapshot", CLAUDE_LINE_OTHER},
    {"file-history-delta", CLAUDE_LINE_OTHER}, {"summary", CLAUDE_LINE_OTHER},
    {"progress", CLAUDE_LINE_OTHER},
};

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return at;
}

/* Returns the position after `token`, which white space may precede. NULL: other text follows. */
static const char *skip_token(const char *at, const char *end, const char *token)
{
    size_t len = strlen(token);
    at = at == NULL ? NULL : skip_space(at, end);
    return at != NULL && (size_t)(end - at) >= len && memcmp(at, token, len) == 0 ? at + len : NULL;
}

bool claude_line_is_bulk(const char *text, size_t len)
{
    const char *end = text + len;
    const char *at = skip_token(skip_token(text, end, "{"), end, "\"type\"");
    at = skip_token(skip_token(at, end, ":"), end, "\"api-request-");
    return at != NULL && (skip_token(at, end, "blob\"") != NULL || skip_token(at, end, "shape\""));
}

static void keep_field(struct claude_line *line, const struct json_member *member)
{
    const char *name = member->key.raw + 1;
    size_t len = member->key.len - 2;
    for (size_t i = 0; i < CLAUDE_FIELDS; i++) {
        if (field_names[i][0] == *name && strlen(field_names[i]) == len &&
            memcmp(field_names[i], name, len) == 0) {
            line->field[i] = member->value;
        }
    }
}

static enum claude_line_type type_of(struct json_value name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (json_string_is(name, types[i].name)) {
            return types[i].type;
        }
    }
    return CLAUDE_LINE_UNKNOWN;
}

void claude_line_read(struct json_value object, struct claude_line *out)
{
    struct json_member member;
    *out = (struct claude_line){.type = CLAUDE_LINE_UNKNOWN};
    for (struct json_walk walk = json_walk(object); json_next_member(&walk, &member);) {
        keep_field(out, &member);
    }
    if (out->field[CLAUDE_TYPE].type == JSON_TYPE_STRING) {
        out->type = type_of(out->field[CLAUDE_TYPE]);
    }
    out->at_ms = client_time(out->field[CLAUDE_TIMESTAMP]);
}

bool claude_line_ends_with(struct json_value value, const char *end)
{
    struct slice text = client_plain_text(value);
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.bytes + text.len - len, end, len) == 0;
}
