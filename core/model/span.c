/* Kinds are rows of one table. A row matches where the category has all of the row's parts (categories
   are lists, "api,ttft") and the name, without its prefix, is the row's; the first row that matches
   wins, so the special ones come first. Words for people are the second table. */
#include "core/model/span.h"

#include <assert.h>
#include <string.h>

#define TOOL_PREFIX "Tool: "

static const struct kind_row {
    const char *part, *second_part; /* of the category; second NULL: any */
    const char *short_name;         /* NULL: any */
    enum span_kind kind;
} kind_rows[] = {
    {"api", "setup", NULL, SPAN_SETUP},      {"api", "retry", NULL, SPAN_RETRY},
    {"api", "ttft", NULL, SPAN_FIRST_TOKEN}, {"api", "sampling", NULL, SPAN_SAMPLING},
    {"api", NULL, "API Call", SPAN_REQUEST}, {"tool", NULL, "Agent", SPAN_AGENT_CALL},
    {"tool", NULL, "Task", SPAN_AGENT_CALL}, {"tool", NULL, NULL, SPAN_TOOL},
    {"user_input", NULL, NULL, SPAN_USER},   {"interaction", NULL, NULL, SPAN_INTERACTION},
};

static const char *const kind_words[] = {
    [SPAN_OTHER] = "span",           [SPAN_INTERACTION] = "interaction",
    [SPAN_REQUEST] = "request",      [SPAN_SETUP] = "set-up",
    [SPAN_RETRY] = "retry",          [SPAN_FIRST_TOKEN] = "first token",
    [SPAN_SAMPLING] = "sampling",    [SPAN_TOOL] = "tool",
    [SPAN_AGENT_CALL] = "sub-agent", [SPAN_USER] = "user",
};
static_assert(sizeof kind_words / sizeof *kind_words == SPAN_KINDS, "a word for each kind");

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
