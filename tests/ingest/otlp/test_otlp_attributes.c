/* The table of attributes against the list of what producers send (tests/data/otlp/attributes.tsv),
   and each row of the list through a body that is made of it. */
#include "tests/support/otlp_reading.h"
#include "tests/support/records.h"

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

/* ---- each row through a body ---- */

/* A value of the row's type, and what is read of it. */
static const struct type_row {
    const char *type, *value, *text; /* JSON; as the reading has it */
} types[] = {
    {"double s", "{'doubleValue':0.25}", "250"},
    {"double ms", "{'doubleValue':250}", "250"},
    {"ms\\|s", "{'doubleValue':250}", "250"},
    {"ms", "{'intValue':'250'}", "250"},
    {"int", "{'intValue':'880'}", "880"},
    {"bool", "{'boolValue':true}", "true"},
    {"tok/s", "{'doubleValue':38.5}", "38.5"},
    {"USD", "{'doubleValue':0.25}", "0.25"},
    {"ISO 8601", "{'stringValue':'2026-11-28T22:00:00.250Z'}", "250"},
    {"JSON str", "{'stringValue':'{\\\"input\\\":880,\\\"cache_read\\\":880}'}", "880"},
    {"any/JSON str", "{'stringValue':'{\\\"a\\\":1}'}", "1"},
    {"str", "{'stringValue':'x7'}", "'x7'"}, /* also of an array, or of several types */
};

static const struct type_row *type_of(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strncmp(type, types[i].type, strlen(types[i].type)) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

/* What the reading has of a span with an attribute of that meaning; `%s` is the value's text. */
static const struct effect {
    enum otlp_meaning meaning;
    const char *operation, *expected;
} effects[] = {
    {MEANS_MODEL, "chat", "{'requests':[{'model':%s}]}"},
    {MEANS_PROMPT, "chat", "{'requests':[{'prompt':%s}]}"},
    {MEANS_PROMPT_UNCACHED, "chat", "{'requests':[{'prompt':%s}]}"},
    {MEANS_OUTPUT, "chat", "{'requests':[{'output':%s}]}"},
    {MEANS_CACHE_READ, "chat", "{'requests':[{'cache_read':%s}]}"},
    {MEANS_CACHE_CREATION, "chat", "{'requests':[{'cache_creation':%s}]}"},
    {MEANS_TTFT, "chat", "{'requests':[{'ttft_ms':%s}]}"},
    {MEANS_SERVER_TTFT, "chat", "{'requests':[{'ttft_ms':%s}]}"},
    {MEANS_FIRST_TOKEN_AT, "chat", "{'requests':[{'ttft_ms':%s}]}"},
    {MEANS_SETUP, "chat", "{'requests':[{'setup_ms':%s}]}"},
    {MEANS_SESSION, "chat", "{'sessions':[%s]}"},
    {MEANS_TOOL_NAME, "execute_tool", "{'tools':[{'name':%s}]}"},
    {MEANS_AGENT_NAME, "invoke_agent", "{'agents':[%s]}"},
    {MEANS_ERROR, "chat", "{'requests':[{'error':%s}]}"},
    {MEANS_ERROR_TYPE, "chat", "{'requests':[{'error':%s}]}"},
};

static void to_double_quotes(char *text)
{
    for (char *at = text; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
}

/* Returns new: the reading, and all facts of the calls as *facts, a text (free). */
static json_t *read_span(const char *operation, int status, const char *key, const char *value,
                         char **facts)
{
    char body[2048];
    struct otlp_rig otlp;
    int len = snprintf(
        body, sizeof body,
        "{'resourceSpans':[{'scopeSpans':[{'scope':{'name':'x'},'spans':[{'traceId':"
        "'0000000000000000000000000000cccc','spanId':'0000000000000001','name':'n',"
        "'startTimeUnixNano':'1795903200000000000','endTimeUnixNano':"
        "'1795903205000000000','attributes':[{'key':'%s','value':%s},{'key':"
        "'gen_ai.operation.name','value':{'stringValue':'%s'}}],'status':{'code':%d}}]}]}]}",
        key, value, operation, status);
    to_double_quotes(body);
    otlp_rig_init(&otlp);
    otlp_rig_take(&otlp, OTLP_TRACES, OTLP_JSON, body, (size_t)len);
    json_t *reading = otlp_reading(&otlp.rig), *records = records_of(&otlp.rig.model);
    *facts = json_dumps(records, 0);
    json_decref(records);
    otlp_rig_release(&otlp);
    return reading;
}

static const struct effect *effect_of(enum otlp_meaning meaning)
{
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        if (effects[i].meaning == meaning) {
            return &effects[i];
        }
    }
    return NULL;
}

/* Whether the list wants it in the call's arguments. */
static bool is_kept(const char *meaning)
{
    static const char args[] = ": args";
    size_t len = strlen(meaning), end = sizeof args - 1;
    return strcmp(meaning, "args") == 0 || strcmp(meaning, "check only") == 0 ||
           strcmp(meaning, "args (first content block)") == 0 ||
           (len > end && strcmp(meaning + len - end, args) == 0);
}

/* Reads a span with that attribute; it has its effect, or is kept as an argument. */
static void read_spelling(const char *key, const struct type_row *type,
                          const struct otlp_attribute_row *row, bool kept, unsigned counts[2])
{
    char expected[200], member[SPELLING_BYTES + 4], *facts;
    const struct effect *effect = effect_of(row->meaning);
    json_t *reading = read_span(effect == NULL ? "chat" : effect->operation,
                                row->meaning == MEANS_ERROR ? 2 : 0, key, type->value, &facts);
    if (effect != NULL) {
        const char *hole = strchr(effect->expected, '%');
        snprintf(expected, sizeof expected, "%.*s%s%s", (int)(hole - effect->expected),
                 effect->expected, type->text, hole + 2);
        to_double_quotes(expected);
        json_t *want = json_loads(expected, 0, NULL);
        assert_non_null(want);
        char *differs = otlp_reading_differs(reading, want);
        if (differs != NULL) {
            fail_msg("%s: %s", key, differs);
        }
        json_decref(want);
        counts[0]++;
    }
    snprintf(member, sizeof member, "%s\\\":", key);
    if (kept && strstr(facts, member) == NULL) {
        fail_msg("%s is not kept: %s", key, facts);
    }
    counts[1] += kept;
    free(facts);
    json_decref(reading);
}

/* Rows of events and metrics are in test_otlp_spellings.c. */
TEST(every_row_of_the_list_is_read_through_a_body)
{
    struct otlp_names names;
    struct spellings all;
    unsigned counts[2] = {0, 0};
    char *text = support_read_file(support_data("otlp/attributes.tsv"), NULL), *rest = text;
    assert_true(otlp_names_init(&names, &mem_libc));
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *cells[5] = {NULL};
        for (size_t i = 0; i < 5 && line != NULL && *line != '#'; i++) {
            cells[i] = strsep(&line, "\t");
        }
        if (cells[4] == NULL || strpbrk(cells[1], "SLR") == NULL ||
            strcmp(cells[1], "span name") == 0) {
            continue;
        }
        split(cells[0], &all);
        for (size_t i = 0; i < all.count; i++) {
            struct slice key = {all.items[i], strlen(all.items[i])};
            const struct otlp_attribute_row *row = otlp_names_find(&names, key);
            const struct type_row *type = type_of(cells[3]);
            if (is_name(all.items[i])) {
                continue;
            }
            if (row == NULL || type == NULL) {
                fail_msg("%s: no row, or no type %s", all.items[i], cells[3]);
            }
            read_spelling(all.items[i], type, row, is_kept(cells[4]), counts);
        }
    }
    assert_true(counts[0] > 80 && counts[1] > 20);
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
