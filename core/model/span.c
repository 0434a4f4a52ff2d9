/* Kinds are rows of one table. A row matches if the category has all parts of the row (a
   category is a list, "api,ttft") and the name without its prefix equals the row's. The first
   match wins, so special rows come first. The second table has the kinds' names for people. */
#include "core/model/span.h"

#include <assert.h>
#include <string.h>

#define TOOL_PREFIX "Tool: "

static const struct kind_row {
    const char *part, *second_part; /* of the category; second NULL: any */
    const char *short_name;         /* NULL: any */
    enum span_kind kind;
} kind_rows[] = {
    {"api", "setup", NULL, SPAN_SETUP},
    {"api", "retry", NULL, SPAN_RETRY},
    {"api", "ttft", NULL, SPAN_FIRST_TOKEN},
    {"api", "sampling", NULL, SPAN_SAMPLING},
    {"api", NULL, "API Call", SPAN_REQUEST},
    {"tool", NULL, "Agent", SPAN_AGENT_CALL},
    {"tool", NULL, "Task", SPAN_AGENT_CALL},
    /* Codex, Gemini CLI, OpenCode, Qwen Code, Copilot */
    {"tool", NULL, "spawn_agent", SPAN_AGENT_CALL},
    {"tool", NULL, "wait_agent", SPAN_AGENT_CALL},
    {"tool", NULL, "invoke_agent", SPAN_AGENT_CALL},
    {"tool", NULL, "task", SPAN_AGENT_CALL},
    {"tool", NULL, "agent", SPAN_AGENT_CALL},
    {"tool", NULL, "runSubagent", SPAN_AGENT_CALL},
    {"tool", NULL, NULL, SPAN_TOOL},
    {"user_input", NULL, NULL, SPAN_USER},
    {"interaction", NULL, NULL, SPAN_INTERACTION},
};

/* The names and categories of calls, after the seed. */
static const struct call_row {
    const char *name;    /* before the call's own name, or instead of one */
    const char *unnamed; /* in place of a missing name; NULL: the call has none */
    const char *cat;
} call_rows[CALL_KINDS] = {
    [CALL_SPAN] = {"", "span", "span"},
    [CALL_INTERACTION] = {"Interaction", NULL, "interaction"},
    [CALL_WAIT] = {"Waiting for User Input", NULL, "user_input"},
    [CALL_TOOL] = {TOOL_PREFIX, "tool", "tool"},
    [CALL_REQUEST] = {"API Call", NULL, "api"},
};

static const char *const kind_words[] = {
    [SPAN_OTHER] = "span",           [SPAN_INTERACTION] = "interaction",
    [SPAN_REQUEST] = "request",      [SPAN_SETUP] = "set-up",
    [SPAN_RETRY] = "retry",          [SPAN_FIRST_TOKEN] = "first token",
    [SPAN_SAMPLING] = "sampling",    [SPAN_TOOL] = "tool",
    [SPAN_AGENT_CALL] = "sub-agent", [SPAN_USER] = "user",
};
static_assert(sizeof kind_words / sizeof *kind_words == SPAN_KINDS, "a name for each kind");

static bool has_part(const char *cat, const char *part)
{
    size_t len = strlen(part);
    for (const char *at = cat; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, part, len) == 0 && (at[len] == ',' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

enum span_kind span_kind_of(const char *name, const char *cat)
{
    const char *short_name = span_short_name(name);
    for (size_t i = 0; i < sizeof kind_rows / sizeof *kind_rows; i++) {
        const struct kind_row *row = &kind_rows[i];
        if (has_part(cat, row->part) &&
            (row->second_part == NULL || has_part(cat, row->second_part)) &&
            (row->short_name == NULL || strcmp(short_name, row->short_name) == 0)) {
            return row->kind;
        }
    }
    return SPAN_OTHER;
}

const char *span_kind_word(enum span_kind kind)
{
    assert(kind < SPAN_KINDS);
    return kind_words[kind];
}

const char *span_short_name(const char *name)
{
    size_t len = strlen(TOOL_PREFIX);
    return strncmp(name, TOOL_PREFIX, len) == 0 ? name + len : name;
}

bool span_call_name(struct intern *names, const struct mem *mem, enum call_kind kind,
                    struct slice name, intern_id *name_id, intern_id *cat_id)
{
    const struct call_row *row = &call_rows[kind];
    *cat_id = intern_put(names, row->cat, strlen(row->cat));
    if (row->unnamed == NULL) {
        *name_id = intern_put(names, row->name, strlen(row->name));
    } else {
        struct strbuf text;
        strbuf_init(&text, mem, 0);
        strbuf_adds(&text, row->name);
        if (name.bytes == NULL) {
            strbuf_adds(&text, row->unnamed);
        } else {
            strbuf_add(&text, name.bytes, name.len);
        }
        *name_id = text.failed ? INTERN_FAILED : intern_put(names, text.data, text.len);
        strbuf_release(&text);
    }
    return *name_id != INTERN_FAILED && *cat_id != INTERN_FAILED;
}
