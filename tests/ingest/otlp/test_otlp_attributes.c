/* The table of attributes against the list of what producers send (tests/data/otlp/attributes.tsv). */
#include "tests/support/support.h"

#include "ingest/otlp/otlp_attributes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPELLINGS_MAX = 32, SPELLING_BYTES = 120 };

struct spellings {
    char items[SPELLINGS_MAX][SPELLING_BYTES];
    size_t count;
};

static void add(struct spellings *out, const char *text, size_t len)
{
    while (len > 0 && *text == ' ') {
        text++;
        len--;
    }
    const char *end = memchr(text, ' ', len);
    len = end == NULL ? len : (size_t)(end - text);
    end = memchr(text, '=', len);
    len = end == NULL ? len : (size_t)(end - text);
    if (len == 0) {
        return;
    }
    assert_true(out->count < SPELLINGS_MAX && len < SPELLING_BYTES);
    char *to = out->items[out->count++];
    to[0] = '\0';
    /* ".cache_write" continues the spelling before it. */
    if (*text == '.' && out->count > 1) {
        char *dot;
        strcpy(to, out->items[out->count - 2]);
        dot = strrchr(to, '.');
        assert_non_null(dot);
        *dot = '\0';
    }
    assert_true(strlen(to) + len < SPELLING_BYTES);
    strncat(to, text, len);
}

/* Expands "a.{b,c}.d". */
static void add_all(struct spellings *out, const char *text, size_t len)
{
    const char *open = memchr(text, '{', len);
    const char *close = open == NULL ? NULL : memchr(text, '}', len);
    if (close == NULL) {
        add(out, text, len);
        return;
    }
    for (const char *at = open + 1; at < close;) {
        char one[SPELLING_BYTES];
        const char *comma = memchr(at, ',', (size_t)(close - at));
        const char *end = comma == NULL ? close : comma;
        snprintf(one, sizeof one, "%.*s%.*s%.*s", (int)(open - text), text, (int)(end - at), at,
                 (int)(text + len - close - 1), close + 1);
        add(out, one, strlen(one));
        at = end + 1;
    }
}

/* Splits a cell at commas and semicolons outside of brackets; what is in parentheses is a remark. */
static void split(const char *cell, struct spellings *out)
{
    char text[1000];
    size_t len = 0;
    int round = 0, curly = 0;
    out->count = 0;
    for (const char *at = cell;; at++) {
        bool ends = *at == '\0' || ((*at == ',' || *at == ';') && round == 0 && curly == 0);
        if (ends) {
            add_all(out, text, len);
            len = 0;
        }
        if (*at == '\0') {
            return;
        }
        round += *at == '(' ? 1 : *at == ')' ? -1 : 0;
        curly += *at == '{' ? 1 : *at == '}' ? -1 : 0;
        if (!ends && round == 0 && *at != ')' && (unsigned char)*at < 0x80) {
            assert_true(len < sizeof text);
            text[len++] = *at;
        }
    }
}

/* Names of logs and spans, and the attribute of a link: code reads them, not the table. */
static bool is_name(const char *spelling)
{
    static const char *const names[] = {
        "qwen-code.api_retry",       "gemini_cli.chat.content_retry",
        "qwen-code.link.kind",       "gen_ai.client.operation.exception",
        "tool.blocked_on_user",      "codex.tool_decision",
        "claude_code.tool_decision", "gen_ai.execution.state.changed",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(spelling, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What a heading of the list covers. */
static const struct {
    const char *heading;
    enum otlp_meaning first, last;
} headings[] = {
    {"operation kind", MEANS_KIND_LANGFUSE, MEANS_EVENT_NAME},
    {"model", MEANS_MODEL, MEANS_STREAMED},
    {"prompt tokens", MEANS_PROMPT, MEANS_USAGE_SUM},
    {"output tokens", MEANS_PROMPT, MEANS_USAGE_SUM},
    {"cache", MEANS_PROMPT, MEANS_USAGE_SUM},
    {"times", MEANS_TTFT, MEANS_SETUP},
    {"retries", MEANS_ATTEMPT, MEANS_STATUS_CODE},
    {"agents", MEANS_AGENT_NAME, MEANS_IS_SUBAGENT},
    {"tools", MEANS_AGENT_NAME, MEANS_COMMAND},
    {"errors", MEANS_TOOL_NAME, MEANS_FINISH},
    {"waits for people", MEANS_DECISION, MEANS_DECISION_SOURCE},
    {"session", MEANS_SESSION, MEANS_TITLE},
    {"marks", MEANS_SESSION, MEANS_COST},
};

static bool fits(const char *heading, enum otlp_meaning meaning)
{
    if (meaning >= MEANS_ARGS || meaning == MEANS_DECISION || meaning == MEANS_ERROR ||
        meaning == MEANS_TOOL_STATUS) {
        return true; /* kept in args, or of two meanings */
    }
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
        if (strcmp(heading, headings[i].heading) == 0) {
            return meaning >= headings[i].first && meaning <= headings[i].last;
        }
    }
    return true;
}

TEST(every_spelling_of_the_list_is_in_the_table_with_its_meaning)
{
    struct otlp_names names;
    struct spellings all;
    char heading[100] = "";
    unsigned read = 0;
    char *text = support_read_file(support_data("otlp/attributes.tsv"), NULL), *rest = text;
    assert_true(otlp_names_init(&names, &mem_libc));
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] == '#') {
            snprintf(heading, sizeof heading, "%s", line + 2);
            continue;
        }
        char *cell = strsep(&line, "\t"), *on = line == NULL ? NULL : strsep(&line, "\t");
        if (on == NULL || strcmp(on, "E") == 0 || strcmp(on, "M") == 0 ||
            strcmp(on, "span name") == 0) {
            continue; /* names of events, metrics and spans */
        }
        split(cell, &all);
        for (size_t i = 0; i < all.count; i++) {
            struct slice key = {all.items[i], strlen(all.items[i])};
            const struct otlp_attribute_row *row = otlp_names_find(&names, key);
            if (is_name(all.items[i])) {
                continue;
            }
            if (row == NULL) {
                fail_msg("%s: %s is not in the table", heading, all.items[i]);
            }
            if (!fits(heading, row->meaning)) {
                fail_msg("%s: %s has another meaning: %d", heading, all.items[i], row->meaning);
            }
            read++;
        }
    }
    assert_true(read > 200);
    otlp_names_release(&names);
    free(text);
}

TEST(rows_of_one_meaning_lie_together)
{
    for (size_t i = 1; i < otlp_attribute_row_count; i++) {
        for (size_t k = 0; k + 1 < i; k++) {
            bool again = otlp_attribute_rows[k].meaning == otlp_attribute_rows[i].meaning;
            bool apart = otlp_attribute_rows[i - 1].meaning != otlp_attribute_rows[i].meaning;
            if (again && apart) {
                fail_msg("%s is apart from %s", otlp_attribute_rows[i].key,
                         otlp_attribute_rows[k].key);
            }
        }
    }
}
