/* Rules in order, the first that matches holds: the names of producers that misuse a convention,
   then each attribute that names a kind, then signs. A model attribute is the last sign, as spans
   of agents have it too. */
#include "ingest/otlp/otlp_kind.h"

#include <string.h>
#include <strings.h>

/* Returns whether the text is the name, or the name and a part of it: codex, codex_cli_rs. */
static bool is_named(struct slice text, const char *name)
{
    size_t len = strlen(name);
    return slice_begins(text, name) &&
           (text.len == len || strchr("_-.:/ ", text.bytes[len]) != NULL);
}

enum otlp_producer otlp_producer_of(struct slice scope, struct slice service)
{
    return slice_begins(scope, "com.anthropic.claude_code") || slice_is(service, "claude-code")
               ? OTLP_CLAUDE
           : is_named(service, "codex") || is_named(scope, "codex") ? OTLP_CODEX
           : slice_begins(service, "gemini-cli")                    ? OTLP_GEMINI
           : slice_begins(service, "qwen-code")                     ? OTLP_QWEN
           : is_named(service, "opencode")                          ? OTLP_OPENCODE
           : slice_begins(scope, "strands")                         ? OTLP_STRANDS
                                                                    : OTLP_ANY;
}

struct kind_row {
    enum otlp_meaning meaning; /* of the attribute */
    const char *value;         /* "*": any other */
    enum otlp_kind kind;
};

/* Attributes in the order of their authority. */
static const struct kind_row by_attribute[] = {
    {MEANS_KIND_LANGFUSE, "generation", OTLP_REQUEST},
    {MEANS_KIND_LANGFUSE, "embedding", OTLP_OTHER},
    {MEANS_KIND_LANGFUSE, "agent", OTLP_AGENT},
    {MEANS_KIND_LANGFUSE, "tool", OTLP_TOOL},
    {MEANS_KIND_LANGFUSE, "*", OTLP_STRUCTURE},
    {MEANS_KIND_OPENINFERENCE, "LLM", OTLP_REQUEST},
    {MEANS_KIND_OPENINFERENCE, "EMBEDDING", OTLP_OTHER},
    {MEANS_KIND_OPENINFERENCE, "RERANKER", OTLP_OTHER},
    {MEANS_KIND_OPENINFERENCE, "AGENT", OTLP_AGENT},
    {MEANS_KIND_OPENINFERENCE, "TOOL", OTLP_TOOL},
    {MEANS_KIND_OPENINFERENCE, "*", OTLP_STRUCTURE},
    {MEANS_KIND_TRACELOOP, "agent", OTLP_AGENT},
    {MEANS_KIND_TRACELOOP, "tool", OTLP_TOOL},
    {MEANS_KIND_TRACELOOP, "handoff", OTLP_INSTANT},
    {MEANS_KIND_TRACELOOP, "workflow", OTLP_WORKFLOW},
    {MEANS_KIND_TRACELOOP, "*", OTLP_STRUCTURE},
    {MEANS_KIND_LANGSMITH, "llm", OTLP_REQUEST},
    {MEANS_KIND_LANGSMITH, "tool", OTLP_TOOL},
    {MEANS_KIND_LANGSMITH, "*", OTLP_STRUCTURE},
    {MEANS_KIND_OPERATION, "chat", OTLP_REQUEST},
    {MEANS_KIND_OPERATION, "generate_content", OTLP_REQUEST},
    {MEANS_KIND_OPERATION, "text_completion", OTLP_REQUEST},
    {MEANS_KIND_OPERATION, "completion", OTLP_REQUEST},
    {MEANS_KIND_OPERATION, "llm_call", OTLP_REQUEST},
    {MEANS_KIND_OPERATION, "embeddings", OTLP_OTHER},
    {MEANS_KIND_OPERATION, "retrieval", OTLP_OTHER},
    {MEANS_KIND_OPERATION, "invoke_agent", OTLP_AGENT},
    {MEANS_KIND_OPERATION, "agent_call", OTLP_AGENT},
    {MEANS_KIND_OPERATION, "create_agent", OTLP_INSTANT},
    {MEANS_KIND_OPERATION, "handoff", OTLP_INSTANT},
    {MEANS_KIND_OPERATION, "execute_tool", OTLP_TOOL},
    {MEANS_KIND_OPERATION, "tool_call", OTLP_TOOL},
    {MEANS_KIND_OPERATION, "invoke_workflow", OTLP_WORKFLOW},
    {MEANS_KIND_OPERATION, "user_prompt", OTLP_INTERACTION},
    {MEANS_KIND_OPERATION, "*", OTLP_STRUCTURE},
    {MEANS_KIND_AI_OPERATION, "ai.generateText.doGenerate", OTLP_REQUEST},
    {MEANS_KIND_AI_OPERATION, "ai.streamText.doStream", OTLP_REQUEST},
    {MEANS_KIND_AI_OPERATION, "ai.generateObject.doGenerate", OTLP_REQUEST},
    {MEANS_KIND_AI_OPERATION, "ai.streamObject.doStream", OTLP_REQUEST},
    {MEANS_KIND_AI_OPERATION, "ai.toolCall", OTLP_TOOL},
    {MEANS_KIND_AI_OPERATION, "ai.generateText", OTLP_AGENT},
    {MEANS_KIND_AI_OPERATION, "ai.streamText", OTLP_AGENT},
    {MEANS_KIND_AI_OPERATION, "ai.generateObject", OTLP_AGENT},
    {MEANS_KIND_AI_OPERATION, "ai.streamObject", OTLP_AGENT},
    {MEANS_KIND_AI_OPERATION, "ai.embed", OTLP_OTHER},
    {MEANS_KIND_AI_OPERATION, "ai.embed.doEmbed", OTLP_OTHER},
    {MEANS_KIND_AI_OPERATION, "ai.embedMany", OTLP_OTHER},
    {MEANS_KIND_AI_OPERATION, "ai.embedMany.doEmbed", OTLP_OTHER},
    {MEANS_KIND_AI_OPERATION, "*", OTLP_STRUCTURE},
};

/* Claude Code and Qwen Code: the type of a span, or its name, without the client's prefix. */
static const struct {
    const char *type;
    enum otlp_kind kind;
} by_type[] = {
    {"interaction", OTLP_INTERACTION},
    {"llm_request", OTLP_REQUEST},
    {"tool", OTLP_TOOL},
    {"tool.execution", OTLP_EXECUTION},
    {"tool.blocked_on_user", OTLP_WAIT},
    {"subagent", OTLP_AGENT},
};

static struct slice without_prefix(struct slice text)
{
    static const char *const prefixes[] = {"claude_code.", "qwen-code."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (slice_begins(text, prefixes[i])) {
            size_t len = strlen(prefixes[i]);
            return (struct slice){text.bytes + len, text.len - len};
        }
    }
    return text;
}

/* Finds the type in the table. Returns OTLP_STRUCTURE for another. */
static enum otlp_kind type_kind(struct slice type)
{
    type = without_prefix(type);
    for (size_t i = 0; i < sizeof by_type / sizeof *by_type; i++) {
        if (slice_is(type, by_type[i].type)) {
            return by_type[i].kind;
        }
    }
    return OTLP_STRUCTURE;
}

static bool same_word(struct slice text, const char *word, bool any_case)
{
    return any_case ? text.len == strlen(word) && strncasecmp(text.bytes, word, text.len) == 0
                    : slice_is(text, word);
}

/* False: no attribute names a kind. */
static bool named_kind(const struct otlp_found *found, enum otlp_kind *kind)
{
    for (size_t i = 0; i < sizeof by_attribute / sizeof *by_attribute; i++) {
        const struct kind_row *row = &by_attribute[i];
        struct slice value = otlp_found_text(found, row->meaning);
        if (value.bytes == NULL) {
            continue;
        }
        if (row->meaning == MEANS_KIND_AI_OPERATION) { /* "ai.streamText FUNCTION" */
            const char *blank = memchr(value.bytes, ' ', value.len);
            value.len = blank == NULL ? value.len : (size_t)(blank - value.bytes);
        }
        if (row->value[0] == '*' ||
            same_word(value, row->value, row->meaning == MEANS_KIND_OPENINFERENCE)) {
            *kind = row->kind;
            return true;
        }
    }
    return false;
}

/* Corrects the kind of spans that are machinery, or have an attribute in another sense. */
static enum otlp_kind without_noise(enum otlp_producer producer, struct slice scope,
                                    enum otlp_kind kind, const struct otlp_found *found)
{
    static const char *const libraries[] = {"http", "undici", "net", "dns", "fetch", "grpc"};
    static const char prefix[] = "@opentelemetry/instrumentation-";
    if (kind == OTLP_STRUCTURE && slice_begins(scope, prefix)) {
        struct slice library = {scope.bytes + sizeof prefix - 1, scope.len - (sizeof prefix - 1)};
        for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
            if (slice_is(library, libraries[i])) {
                return OTLP_NO_SPAN;
            }
        }
    }
    /* OpenCode has a span for every function, and one of the SDK around each request. */
    bool around =
        kind == OTLP_AGENT && otlp_found_value(found, MEANS_KIND_AI_OPERATION, NULL) != NULL;
    return producer == OTLP_OPENCODE && (kind == OTLP_STRUCTURE || around) ? OTLP_NO_SPAN : kind;
}

static enum otlp_kind plain_kind(enum otlp_producer producer, struct slice name,
                                 const struct otlp_found *found)
{
    enum otlp_kind kind;
    struct slice type = otlp_found_text(found, MEANS_KIND_SPAN_TYPE);
    if (producer == OTLP_CLAUDE || slice_begins(name, "qwen-code.")) {
        return type_kind(type.bytes != NULL ? type : name);
    }
    if (producer == OTLP_CODEX) {
        return OTLP_NO_SPAN; /* its logs report its calls; its spans are its machinery */
    }
    if (named_kind(found, &kind)) {
        return kind;
    }
    if (type.bytes != NULL && type_kind(type) != OTLP_STRUCTURE) {
        return type_kind(type);
    }
    if (slice_begins(name, "agent_run [") || slice_is(name, "agent run")) {
        return OTLP_AGENT;
    }
    if (slice_begins(name, "opencode.tool ")) {
        return OTLP_TOOL;
    }
    if (otlp_found_is(found, MEANS_KIND_MCP, "tools/call")) {
        return OTLP_TOOL;
    }
    if (otlp_found_value(found, MEANS_KIND_MCP, NULL) != NULL) {
        return OTLP_STRUCTURE;
    }
    struct slice request = otlp_found_text(found, MEANS_KIND_LLM_REQUEST);
    if (request.bytes != NULL) {
        return slice_is(request, "chat") || slice_is(request, "completion") ? OTLP_REQUEST
                                                                            : OTLP_OTHER;
    }
    if (otlp_found_value(found, MEANS_TOOL_NAME, NULL) != NULL) {
        return OTLP_TOOL;
    }
    return otlp_found_value(found, MEANS_MODEL, NULL) != NULL ? OTLP_REQUEST : OTLP_STRUCTURE;
}

enum otlp_kind otlp_kind_of(enum otlp_producer producer, struct slice scope, struct slice name,
                            const struct otlp_found *found)
{
    return without_noise(producer, scope, plain_kind(producer, name, found), found);
}
