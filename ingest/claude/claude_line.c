/* One walk over a line's members. Each key is looked up by its raw bytes, since the client escapes
   no key. The values stay slices of the line. */
#include "ingest/claude/claude_line.h"

#include "core/base/utf8.h"
#include "ingest/ingest_ctx.h"
#include "ingest/iso_time.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { DEPTH = 200, ID_HEAD_BYTES = 60 };

/* A number between them is a time in seconds, a greater one is in ms. */
#define SECONDS_MIN 1e8
#define SECONDS_MAX 1e11

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

bool claude_line_read(const char *text, size_t len, struct claude_line *out,
                      struct json_error *error)
{
    struct json_value value;
    struct json_member member;
    *out = (struct claude_line){.type = CLAUDE_LINE_UNKNOWN};
    if (!json_check(text, len, DEPTH, &value, error)) {
        return false;
    }
    if (value.type != JSON_TYPE_OBJECT) {
        *error = (struct json_error){0, "not an object"};
        return false;
    }
    for (struct json_walk walk = json_walk(value); json_next_member(&walk, &member);) {
        keep_field(out, &member);
    }
    if (out->field[CLAUDE_TYPE].type == JSON_TYPE_STRING) {
        out->type = type_of(out->field[CLAUDE_TYPE]);
    }
    out->at_ms = claude_time(out->field[CLAUDE_TIMESTAMP]);
    return true;
}

struct slice json_id(struct json_value value)
{
    if (value.type != JSON_TYPE_STRING || value.len <= 2 || value.len - 2 > CLAUDE_ID_BYTES ||
        memchr(value.raw, '\\', value.len) != NULL) {
        return (struct slice){NULL, 0};
    }
    return (struct slice){value.raw + 1, value.len - 2};
}

struct slice claude_id_short(struct slice id, char room[CLAUDE_ID_BYTES])
{
    if (id.len <= CLAUDE_ID_BYTES) {
        return id;
    }
    memcpy(room, id.bytes, ID_HEAD_BYTES);
    int len = snprintf(room + ID_HEAD_BYTES, CLAUDE_ID_BYTES - ID_HEAD_BYTES, "~%016llx",
                       (unsigned long long)XXH3_64bits(id.bytes, id.len));
    return (struct slice){room, ID_HEAD_BYTES + (size_t)len};
}

struct slice claude_id(const struct mem *mem, struct json_value value, char room[CLAUDE_ID_BYTES])
{
    struct slice id = json_id(value);
    struct strbuf text;
    if (id.bytes != NULL) {
        return id;
    }
    if (value.type == JSON_TYPE_NUMBER && value.len <= CLAUDE_ID_BYTES) {
        return (struct slice){value.raw, value.len};
    }
    strbuf_init(&text, mem, 0);
    if (value.type == JSON_TYPE_STRING) {
        json_get_string(value, &text);
    }
    if (!text.failed && text.len > 0) {
        id = claude_id_short((struct slice){text.data, text.len}, room);
        if (id.bytes != room) {
            memcpy(room, id.bytes, id.len);
            id.bytes = room;
        }
    }
    strbuf_release(&text);
    return id;
}

bool claude_line_ends_with(struct json_value value, const char *end)
{
    struct slice text = json_id(value);
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.bytes + text.len - len, end, len) == 0;
}

double claude_number(struct json_value value)
{
    double number = value.type == JSON_TYPE_NUMBER ? json_get_number(value) : (double)NAN;
    return number >= 0 && isfinite(number) ? number : (double)NAN;
}

double claude_time(struct json_value value)
{
    struct slice text = json_id(value);
    double number = claude_number(value);
    int64_t ns;
    if (!isnan(number)) {
        return number < SECONDS_MIN ? (double)NAN : number < SECONDS_MAX ? number * 1000 : number;
    }
    if (text.bytes == NULL || !iso_time_parse(text.bytes, text.len, &ns)) {
        return (double)NAN;
    }
    return (double)(ns / 1000000) + (double)(ns % 1000000) / 1e6;
}

void json_text_copy(const struct mem *mem, struct json_value value, char *out, size_t size)
{
    struct strbuf text;
    strbuf_init(&text, mem, 0);
    json_text_cut(value, size - 1, true, &text);
    size_t len = text.failed ? 0 : text.len;
    if (len > 0) {
        memcpy(out, text.data, len);
    }
    out[len] = '\0';
    strbuf_release(&text);
}
