/* Which reports of requests are one. */
#include "ingest/call_pairs.h"

#include "tests/support/model.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>

#define FILES     PRECEDENCE_FILES
#define HOOKS     PRECEDENCE_HOOKS
#define TELEMETRY PRECEDENCE_TELEMETRY
#define INFERRED  PRECEDENCE_INFERRED

/* A report of a request's end, and the id that is to become its alias; NULL: none. `usage` -1:
   the request failed, -2: nothing reports its end, which is inferred. */
struct report {
    enum precedence precedence;
    const char *id;
    double end_ms;
    int usage;
    const char *alias;
};

enum { REPORTS = 5 };

static const struct row {
    const char *what;
    struct report reports[REPORTS];
} rows[] = {
    {"files and telemetry", {{FILES, "f", 1000, 7, NULL}, {TELEMETRY, "t", 1010, 7, "f"}}},
    {"telemetry and files", {{TELEMETRY, "t", 1000, 7, NULL}, {FILES, "f", 1010, 7, "t"}}},
    {"an inferred end of files and telemetry",
     {{INFERRED, "f", 1000, 7, NULL}, {TELEMETRY, "t", 1010, 7, "f"}}},
    {"files and an inferred failure of telemetry",
     {{FILES, "f", 1000, -1, NULL}, {INFERRED, "t", 1010, -1, "f"}}},
    {"other usage", {{FILES, "f", 1000, 7, NULL}, {TELEMETRY, "t", 1010, 8, NULL}}},
    {"two of files", {{FILES, "f", 1000, 7, NULL}, {FILES, "g", 1010, 7, NULL}}},
    {"two of files, one of them inferred",
     {{INFERRED, "f", 1000, 7, NULL}, {FILES, "g", 1010, 7, NULL}, {TELEMETRY, "t", 1011, 7, "g"}}},
    {"an answer left open, a failure",
     {{INFERRED, "f", 1000, -2, NULL}, {FILES, "g", 2000, -1, NULL}}},
    {"a failure, an answer left open",
     {{FILES, "f", 1000, -1, NULL}, {INFERRED, "g", 2000, -2, NULL}}},
    {"hooks", {{HOOKS, "h", 1000, -1, NULL}, {FILES, "f", 1010, -1, NULL}}},
    {"no usage", {{FILES, "f", 1000, 0, NULL}, {TELEMETRY, "t", 1010, 0, NULL}}},
    {"a failure by files, a log and a span, and another one",
     {{FILES, "f", 1000, -1, NULL},
      {INFERRED, "t", 1010, -1, "f"},
      {TELEMETRY, "t", 1012, -1, NULL},
      {FILES, "g", 2000, -1, NULL},
      {TELEMETRY, "u", 2010, -1, "g"}}},
    {"both reported again, and another one",
     {{TELEMETRY, "t", 1000, 7, NULL},
      {FILES, "f", 1010, 7, "t"},
      {FILES, "f", 1010, 7, NULL},
      {TELEMETRY, "t", 1012, 7, NULL},
      {FILES, "g", 1500, 7, NULL}}},
};

static void check(struct call_pairs *pairs, const struct report *report)
{
    struct update update = {.op = UPDATE_CALL,
                            .kind = CALL_REQUEST,
                            .precedence = report->precedence,
                            .session_id = model_text("s"),
                            .id = model_text(report->id)};
    char room[CALL_PAIR_ID];
    update_number(&update, FIELD_END_MS, report->end_ms);
    if (report->usage >= 0) {
        update_bool(&update, FIELD_SUCCESS, TRI_TRUE);
        update_number(&update, FIELD_PROMPT_TOKENS, report->usage);
        update_number(&update, FIELD_OUTPUT_TOKENS, report->usage);
    } else {
        update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    }
    if (report->usage == -2) {
        update_number(&update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
    }
    struct slice alias = call_pairs_note(pairs, &update, room);
    assert_string_equal(alias.bytes == NULL ? "" : alias.bytes,
                        report->alias == NULL ? "" : report->alias);
}

/* The same with a copy, so that the ring does not go on. */
static void check_kept(const struct call_pairs *pairs, const struct report *report)
{
    struct call_pairs *copy = malloc(sizeof *copy);
    assert_non_null(copy);
    *copy = *pairs;
    check(copy, report);
    free(copy);
}

TEST(a_request_of_two_sources_is_one_and_two_of_one_source_are_two)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct call_pairs *pairs = calloc(1, sizeof *pairs);
        assert_non_null(pairs);
        print_message("%s\n", rows[i].what);
        for (size_t k = 0; k < REPORTS && rows[i].reports[k].id != NULL; k++) {
            check(pairs, &rows[i].reports[k]);
        }
        free(pairs);
    }
}

/* Failures have nothing but their agent in common. */
TEST(failures_of_two_sessions_are_two)
{
    static const char *const sessions[] = {"a", "b"};
    struct call_pairs *pairs = calloc(1, sizeof *pairs);
    assert_non_null(pairs);
    for (int i = 0; i < 4; i++) { /* the same ids in both */
        struct update update = {.op = UPDATE_CALL,
                                .kind = CALL_REQUEST,
                                .precedence = i < 2 ? FILES : TELEMETRY,
                                .session_id = model_text(sessions[i % 2]),
                                .id = model_text(i < 2 ? "f" : "t")};
        char room[CALL_PAIR_ID];
        update_number(&update, FIELD_END_MS, 1000);
        update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
        struct slice alias = call_pairs_note(pairs, &update, room);
        assert_int_equal(alias.len, i < 2 ? 0 : 1);
    }
    free(pairs);
}

/* A span may end with the tools that the answer called: its time overlaps that of the answer. */
TEST(a_span_that_outlives_its_answer_is_the_same_request)
{
    static const struct overlap_row {
        const char *what;
        struct {
            enum precedence precedence;
            const char *id;
            double start_ms, end_ms;
            const char *alias;
        } reports[4];
    } overlaps[] = {
        {"files first", {{FILES, "f", 1000, 2000, ""}, {TELEMETRY, "t", 1500, 60000, "f"}}},
        {"the span first", {{TELEMETRY, "t", 1500, 60000, ""}, {FILES, "f", 1000, 2000, "t"}}},
        {"one after the other", {{FILES, "f", 1000, 2000, ""}, {TELEMETRY, "t", 5000, 60000, ""}}},
        {"two answers, and two spans of which the first runs on",
         {{FILES, "f", 1000, 2000, ""},
          {FILES, "g", 3500, 4500, ""},
          {TELEMETRY, "u", 3600, 4600, "g"},
          {TELEMETRY, "t", 1500, 9000, "f"}}},
        {"two answers, and two spans of which the first ends with the second answer",
         {{FILES, "f", 1000, 5000, ""},
          {FILES, "g", 6000, 15000, ""},
          {TELEMETRY, "t", 1100, 16000, "f"},
          {TELEMETRY, "u", 6100, 15100, "g"}}},
        {"two at once, of which the second takes longer",
         {{FILES, "f", 1000, 11000, ""},
          {FILES, "g", 1000, 21000, ""},
          {TELEMETRY, "u", 1100, 21300, "g"},
          {TELEMETRY, "t", 1100, 11300, "f"}}},
        {"the first ends with the second answer, spans first",
         {{TELEMETRY, "t", 1100, 16000, ""},
          {TELEMETRY, "u", 6100, 15100, ""},
          {FILES, "g", 6000, 15000, "u"},
          {FILES, "f", 1000, 5000, "t"}}},
    };
    for (size_t i = 0; i < sizeof overlaps / sizeof *overlaps; i++) {
        struct call_pairs *pairs = calloc(1, sizeof *pairs);
        assert_non_null(pairs);
        print_message("%s\n", overlaps[i].what);
        for (size_t k = 0; k < 4 && overlaps[i].reports[k].id != NULL; k++) {
            struct update update = {.op = UPDATE_CALL,
                                    .kind = CALL_REQUEST,
                                    .precedence = overlaps[i].reports[k].precedence,
                                    .session_id = model_text("s"),
                                    .id = model_text(overlaps[i].reports[k].id)};
            char room[CALL_PAIR_ID];
            update_number(&update, FIELD_START_MS, overlaps[i].reports[k].start_ms);
            update_number(&update, FIELD_END_MS, overlaps[i].reports[k].end_ms);
            update_number(&update, FIELD_PROMPT_TOKENS, 7);
            update_number(&update, FIELD_OUTPUT_TOKENS, 7);
            struct slice alias = call_pairs_note(pairs, &update, room);
            assert_string_equal(alias.bytes == NULL ? "" : alias.bytes,
                                overlaps[i].reports[k].alias);
        }
        free(pairs);
    }
}

/* More requests of one usage than the ring has: the oldest are forgotten, and each of the others is
   found by its time. Those that are joined at once, and reported again, are no new halves. */
TEST(the_oldest_are_forgotten)
{
    enum { MORE = 100, ALL = CALL_PAIRS + MORE };
    struct call_pairs *pairs = calloc(1, sizeof *pairs);
    assert_non_null(pairs);
    for (int i = 0; i < 3 * ALL; i++) {
        char file[20], span[20];
        double end_ms = 1e4 * (i + 1);
        snprintf(file, sizeof file, "f%d", i);
        snprintf(span, sizeof span, "t%d", i);
        check(pairs, &(struct report){FILES, file, end_ms, 7, NULL});
        if (i % 3 == 0) {
            check(pairs, &(struct report){TELEMETRY, span, end_ms, 7, file});
        }
    }
    for (int i = 2 * ALL; i < 3 * ALL; i++) {
        char file[20], span[20];
        bool waits = i >= 2 * ALL + MORE && i % 3 != 0;
        snprintf(file, sizeof file, "f%d", i);
        snprintf(span, sizeof span, "t%d", i);
        check_kept(pairs, &(struct report){TELEMETRY, span, 1e4 * (i + 1), 7, waits ? file : NULL});
    }
    free(pairs);
}

/* ---- tools ---- */

/* A report of a tool's end, and the id that is to become its alias. `agent` NULL: the main one. */
struct tool_report {
    enum precedence precedence;
    const char *id, *agent, *name, *args;
    double end_ms;
    const char *alias;
};

/* Gemini's files and logs: an id of the call is in the files alone. */
static const struct tool_row {
    const char *what;
    struct tool_report reports[REPORTS];
} tool_rows[] = {
    {"files, then a log",
     {{FILES, "f", "a", "run", "{\"command\":\"x\"}", 1008, ""},
      {INFERRED, "log:1", "a", "run", "{\"decision\":\"accept\",\"command\":\"x\"}", 1000, "f"}}},
    {"a log, then files",
     {{INFERRED, "log:1", NULL, "run", "{\"command\":\"x\"}", 1000, ""},
      {FILES, "f", NULL, "run", "{\"command\":\"x\"}", 1008, "log:1"}}},
    /* The ends of a batch lie nearer to each other than to those of the other source. */
    {"two commands that end together",
     {{INFERRED, "log:1", NULL, "run", "{\"command\":\"x\"}", 1000, ""},
      {INFERRED, "log:2", NULL, "run", "{\"command\":\"y\"}", 1002, ""},
      {FILES, "f", NULL, "run", "{\"command\":\"x\"}", 1008, "log:1"},
      {FILES, "g", NULL, "run", "{\"command\":\"y\"}", 1009, "log:2"}}},
    {"an argument that only one of them has",
     {{INFERRED, "log:1", NULL, "run", "{\"decision\":\"accept\"}", 1000, ""},
      {FILES, "f", NULL, "run", "{\"command\":\"x\"}", 1008, "log:1"}}},
    {"another tool",
     {{INFERRED, "log:1", NULL, "run", "{}", 1000, ""},
      {FILES, "f", NULL, "read", "{}", 1008, ""}}},
    {"another agent",
     {{INFERRED, "log:1", "a", "run", "{}", 1000, ""}, {FILES, "f", "b", "run", "{}", 1008, ""}}},
    {"another time",
     {{INFERRED, "log:1", NULL, "run", "{}", 1000, ""}, {FILES, "f", NULL, "run", "{}", 5000, ""}}},
    {"a log with an id of the call, or of its span, needs no other",
     {{FILES, "f", NULL, "run", "{}", 1008, ""},
      {TELEMETRY, "call", NULL, "run", "{}", 1000, ""},
      {INFERRED, "call", NULL, "run", "{}", 1000, ""}}},
    {"files and hooks",
     {{FILES, "f", NULL, "run", "{}", 1000, ""}, {HOOKS, "g", NULL, "run", "{}", 1000, ""}}},
    {"both again, and another call",
     {{FILES, "f", NULL, "run", "{}", 1008, ""},
      {INFERRED, "log:1", NULL, "run", "{}", 1000, "f"},
      {INFERRED, "log:1", NULL, "run", "{}", 1000, ""},
      {FILES, "f", NULL, "run", "{}", 1008, ""},
      {INFERRED, "log:2", NULL, "run", "{}", 1100, ""}}},
};

TEST(a_tool_of_files_and_a_log_is_one)
{
    for (size_t i = 0; i < sizeof tool_rows / sizeof *tool_rows; i++) {
        struct call_pairs *pairs = calloc(1, sizeof *pairs);
        assert_non_null(pairs);
        print_message("%s\n", tool_rows[i].what);
        for (size_t k = 0; k < REPORTS && tool_rows[i].reports[k].id != NULL; k++) {
            const struct tool_report *report = &tool_rows[i].reports[k];
            char room[CALL_PAIR_ID];
            struct update update = {.op = UPDATE_CALL,
                                    .kind = CALL_TOOL,
                                    .precedence = report->precedence,
                                    .session_id = model_text("s"),
                                    .id = model_text(report->id)};
            if (report->agent != NULL) {
                update.agent_id = model_text(report->agent);
            }
            update_text(&update, FIELD_NAME, model_text(report->name));
            update_text(&update, FIELD_ARGS, model_text(report->args));
            update_number(&update, FIELD_END_MS, report->end_ms);
            struct slice alias = call_pairs_note_tool(pairs, &update, room);
            assert_string_equal(alias.bytes == NULL ? "" : alias.bytes, report->alias);
        }
        free(pairs);
    }
}
