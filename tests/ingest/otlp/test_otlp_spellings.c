/* Spellings of the list of attributes that no table has, as they name events and metrics, and one of
   each unit and type: each is read through a body. */
#include "tests/support/otlp_reading.h"

#include "ingest/otlp/otlp_attributes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(key, value)         "{'key':'" key "','value':{'stringValue':'" value "'}}"
#define NUMBER(key, type, value) "{'key':'" key "','value':{'" type "':" value "}}"
#define EVENT(name, ms, attributes) \
    "{'name':'" name "','timeUnixNano':'1795903200" ms "000000','attributes':[" attributes "]}"

enum { BODY_BYTES = 4096 };

/* A request from 0 to 5000 ms after the reading's begin. */
static const struct spelling_row {
    const char *spelling, *attributes, *events, *expected;
} rows[] = {
    {"First Token Stream Event", "", EVENT("First Token Stream Event", "400", ""),
     "{'requests':[{'ttft_ms':400}]}"},
    {"ai.stream.firstChunk", "", EVENT("ai.stream.firstChunk", "300", ""),
     "{'requests':[{'ttft_ms':300}]}"},
    {"gen_ai.request.attempt", "",
     EVENT("gen_ai.request.attempt", "000", "") "," EVENT("gen_ai.request.attempt", "900", ""),
     "{'requests':[{'retries':1}]}"},
    {"exception", "", EVENT("exception", "900", TEXT("exception.type", "Overloaded")), ""},
    {"github.copilot.session.compaction_start", "",
     EVENT("github.copilot.session.compaction_start", "100", ""), "{'other':['compact']}"},
    /* units and types */
    {"ms", NUMBER("ttft_ms", "intValue", "'250'"), "", "{'requests':[{'ttft_ms':250}]}"},
    {"ms as a text", TEXT("ttft_ms", "250"), "", "{'requests':[{'ttft_ms':250}]}"},
    {"s", NUMBER("gen_ai.response.time_to_first_chunk", "doubleValue", "0.25"), "",
     "{'requests':[{'ttft_ms':250}]}"},
    {"fractions of ms", NUMBER("ai.response.msToFirstChunk", "doubleValue", "250.25"), "",
     "{'requests':[{'ttft_ms':250.25}]}"},
    {"s that nobody knows", NUMBER("gen_ai.server.time_to_first_token", "doubleValue", "0.25"), "",
     "{'requests':[{'ttft_ms':250}]}"},
    {"ms that nobody knows", NUMBER("gen_ai.server.time_to_first_token", "doubleValue", "250"), "",
     "{'requests':[{'ttft_ms':250}]}"},
    {"a moment", TEXT("langfuse.observation.completion_start_time", "2026-11-28T22:00:00.250Z"), "",
     "{'requests':[{'ttft_ms':250}]}"},
    {"a count as a text", TEXT("gen_ai.usage.input_tokens", "880"), "",
     "{'requests':[{'prompt':880}]}"},
    {"a boolean as a text", TEXT("success", "false") "," TEXT("error", "429"), "",
     "{'requests':[{'error':'429'}]}"},
};

static void read_row(const struct spelling_row *row)
{
    char body[BODY_BYTES], expected[400];
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    int len = snprintf(
        body, sizeof body,
        "{'resourceSpans':[{'scopeSpans':[{'scope':{'name':'x'},'spans':[{'traceId':"
        "'0000000000000000000000000000cccc','spanId':'0000000000000001','name':'chat m',"
        "'startTimeUnixNano':'1795903200000000000','endTimeUnixNano':'1795903205000000000',"
        "'status':{'code':%d},'attributes':[" TEXT("gen_ai.operation.name",
                                                   "chat") "%s%s],'events':[%s]}]}]}]}",
        *row->expected == '\0' ? 2 : 0, *row->attributes == '\0' ? "" : ",", row->attributes,
        row->events);
    snprintf(expected, sizeof expected, "%s",
             *row->expected == '\0' ? "{'requests':[{'error':'Overloaded'}]}" : row->expected);
    for (char *at = body; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    for (char *at = expected; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    otlp_rig_take(&otlp, OTLP_TRACES, OTLP_JSON, body, (size_t)len);
    json_t *reading = otlp_reading(&otlp.rig), *want = json_loads(expected, 0, NULL);
    assert_non_null(want);
    char *differs = otlp_reading_differs(reading, want);
    if (differs != NULL) {
        fail_msg("%s: %s\n%s", row->spelling, differs, json_dumps(reading, 0));
    }
    json_decref(want);
    json_decref(reading);
    otlp_rig_release(&otlp);
}

TEST(events_units_and_types_are_read_through_a_body)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_row(&rows[i]);
    }
}

/* Of a line that names several the first has a row. */
TEST(each_event_of_the_list_has_a_row)
{
    struct otlp_names names;
    unsigned events = 0, metrics = 0;
    char *text = support_read_file(support_data("otlp/attributes.tsv"), NULL), *rest = text;
    assert_true(otlp_names_init(&names, &mem_libc));
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *cell = strsep(&line, "\t"), *on = line == NULL ? NULL : strsep(&line, "\t");
        bool found = false;
        if (on == NULL || (strcmp(on, "E") != 0 && strcmp(on, "M") != 0)) {
            continue;
        }
        cell[strcspn(cell, ",(")] = '\0';
        size_t len = strlen(cell);
        len -= len > 0 && cell[len - 1] == ' ' ? 1 : 0;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            found |= strlen(rows[i].spelling) == len && memcmp(rows[i].spelling, cell, len) == 0;
        }
        /* A metric's name is one of a span's attributes, too. */
        found |= *on == 'M' && otlp_names_find(&names, (struct slice){cell, len}) != NULL;
        if (!found) {
            fail_msg("%s: no row", cell);
        }
        events += *on == 'E';
        metrics += *on == 'M';
    }
    assert_true(events >= 5 && metrics >= 1);
    otlp_names_release(&names);
    free(text);
}
