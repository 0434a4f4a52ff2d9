/* report, status and dump with --to: the clock stops there, as dump --at shows it. */
#include "tests/support/support.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CALL "{\"op\":\"update_call\",\"session_id\":\"s\","

/* A turn of 10 s whose tool fails at its end, one from 12 s to 40 s; a second session from 30 s. */
static const char feed[] =
    "{\"op\":\"update_session\",\"session_id\":\"s\",\"name\":\"api\",\"start_ms\":"
    "1760625065000}\n" CALL "\"kind\":\"interaction\",\"id\":\"i1\",\"start_ms\":1760625065000,"
    "\"end_ms\":1760625075000}\n" CALL
    "\"kind\":\"request\",\"id\":\"r1\",\"start_ms\":1760625065000,\"end_ms\":1760625069000,"
    "\"model\":\"m\",\"ttft_ms\":1000,\"ttlt_ms\":4000,\"output_tokens\":100}\n" CALL
    "\"kind\":\"tool\",\"id\":\"t1\",\"name\":\"Bash\",\"start_ms\":1760625069000,"
    "\"end_ms\":1760625075000,\"success\":false}\n" CALL
    "\"kind\":\"interaction\",\"id\":\"i2\",\"start_ms\":1760625077000,"
    "\"end_ms\":1760625105000}\n" CALL
    "\"kind\":\"request\",\"id\":\"r2\",\"start_ms\":1760625077000,\"end_ms\":1760625085000,"
    "\"model\":\"m\",\"ttft_ms\":1000,\"ttlt_ms\":8000,\"output_tokens\":100}\n" CALL
    "\"kind\":\"tool\",\"id\":\"t2\",\"name\":\"Read\",\"start_ms\":1760625085000,"
    "\"end_ms\":1760625104000,\"success\":true}\n"
    "{\"op\":\"update_session\",\"session_id\":\"z\",\"name\":\"late\","
    "\"start_ms\":1760625095000}\n"
    "{\"op\":\"update_call\",\"session_id\":\"z\",\"kind\":\"tool\",\"id\":\"t9\","
    "\"name\":\"Grep\",\"start_ms\":1760625096000,\"end_ms\":1760625098000}\n";

static void run(struct support_run *out, const char *command, const char *option, const char *from,
                const char *to)
{
    const char *argv[12] = {support_program(), command};
    size_t n = 2;
    if (option != NULL) {
        argv[n++] = option;
    }
    if (from != NULL) {
        argv[n++] = "--from";
        argv[n++] = from;
    }
    if (to != NULL) {
        argv[n++] = "--to";
        argv[n++] = to;
    }
    argv[n] = "-";
    support_run(out, argv, feed, sizeof feed - 1, 120000);
}

static json_t *report(const char *from, const char *to)
{
    struct support_run out;
    run(&out, "report", "--json", from, to);
    assert_int_equal(out.status, 0);
    json_t *json = json_loads(out.out, 0, NULL);
    assert_non_null(json);
    support_run_release(&out);
    return json;
}

static const json_t *at(const json_t *json, const char *path)
{
    char key[64];
    for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        snprintf(key, sizeof key, "%.*s", (int)(dot - path), path);
        json = json_object_get(json, key);
    }
    return json_object_get(json, path);
}

#define assert_figure(json, path, value) \
    assert_true(json_is_number(at(json, path)) && json_number_value(at(json, path)) == (value))

TEST(a_report_stops_the_clock_at_to)
{
    json_t *json = report(NULL, "9s");
    const json_t *agents = json_object_get(json, "agents"), *agent = json_array_get(agents, 0);
    assert_int_equal(json_array_size(json_object_get(json, "sessions")), 1);
    assert_int_equal(json_array_size(agents), 1);
    assert_string_equal(json_string_value(at(agent, "state")), "tool");
    assert_figure(json, "spans.open", 2);
    assert_figure(json, "totals.phases.tool", 5000);
    assert_figure(json, "totals.tools.Bash.open", 1);
    assert_null(at(json, "totals.tools.Bash.max"));
    assert_null(at(json, "totals.tools.Read"));
    assert_figure(agent, "held_up_by.age_ms", 5000);
    json_decref(json);
}

TEST(what_is_at_to_itself_belongs_to_the_part)
{
    json_t *json = report(NULL, "10s");
    assert_figure(json, "totals.tools.Bash.errors", 1);
    assert_string_equal(
        json_string_value(at(json_array_get(json_object_get(json, "agents"), 0), "state")),
        "error");
    json_decref(json);
}

TEST(from_and_to_leave_what_lies_between_them)
{
    json_t *json = report("11s", "25s");
    assert_null(at(json, "totals.tools.Bash"));
    assert_figure(json, "totals.requests", 1);
    assert_figure(json, "totals.tools.Read.open", 1);
    assert_figure(json, "totals.phases.tool", 5000);
    json_decref(json);
}

/* A call that crosses --from is counted whole: it ended in the part. */
TEST(a_call_that_crosses_from_is_whole)
{
    json_t *json = report("2s", "25s");
    assert_figure(json, "totals.requests", 2);
    assert_figure(json, "totals.phases.sampling", 3000 + 7000);
    json_decref(json);
}

/* An agent's run that reports its tokens, without requests. */
TEST(tokens_that_a_run_claims_count_at_to)
{
    static const char claims[] =
        CALL "\"kind\":\"interaction\",\"id\":\"i1\",\"start_ms\":1760625065000,"
             "\"end_ms\":1760625075000,\"prompt_tokens\":700,\"output_tokens\":30}\n" CALL
             "\"kind\":\"tool\",\"id\":\"t\",\"name\":\"Bash\",\"start_ms\":1760625080000,"
             "\"end_ms\":1760625090000}\n";
    const char *argv[] = {support_program(), "report", "--json", "--to", "20s", "-", NULL};
    struct support_run out;
    support_run(&out, argv, claims, sizeof claims - 1, 120000);
    json_t *json = json_loads(out.out, 0, NULL);
    assert_figure(json, "totals.prompt_tokens", 700);
    assert_figure(json, "totals.output_tokens", 30);
    json_decref(json);
    support_run_release(&out);
}

TEST(a_to_after_the_end_changes_nothing)
{
    struct support_run all, part;
    run(&all, "report", NULL, NULL, NULL);
    run(&part, "report", NULL, NULL, "41s");
    assert_string_equal(all.out, part.out);
    support_run_release(&all);
    support_run_release(&part);
}

TEST(text_status_and_picture_agree_at_to)
{
    struct support_run text, line, picture, past;
    run(&text, "report", NULL, NULL, "25s");
    run(&line, "status", NULL, NULL, "25s");
    run(&picture, "dump", NULL, NULL, "25s");
    const char *argv[] = {support_program(), "dump", "--at", "25s", "-", NULL};
    support_run(&past, argv, feed, sizeof feed - 1, 120000);
    assert_string_equal(line.out, "1 tool  ttft 1.0s\n");
    assert_non_null(strstr(text.out, "\nspans     8, 2 open\n"));
    assert_non_null(strstr(text.out, "\napi    tool "));
    assert_null(strstr(text.out, "late"));
    assert_string_equal(picture.out, past.out);
    assert_non_null(strstr(past.out, " 1 session · 1 agent "));
    support_run_release(&text);
    support_run_release(&line);
    support_run_release(&picture);
    support_run_release(&past);
}

/* ---- turns ---- */

TEST(a_turn_keeps_its_number_and_is_marked_if_it_is_cut)
{
    static const struct {
        const char *from, *to;
        int first;
        bool first_cut, second_cut;
    } rows[] = {
        {"1s", NULL, 1, true, false},   {"11s", NULL, 2, false, false},
        {"14s", NULL, 2, true, false},  {"14s", "25s", 2, true, false},
        {NULL, "25s", 1, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *json = report(rows[i].from, rows[i].to);
        const json_t *turn = json_array_get(json_object_get(json, "turns"), 0);
        assert_int_equal(json_integer_value(at(turn, "turn")), rows[i].first);
        assert_int_equal(json_is_true(at(turn, "cut")), rows[i].first_cut);
        if (rows[i].first == 1) {
            turn = json_array_get(json_object_get(json, "turns"), 1);
            assert_int_equal(json_integer_value(at(turn, "turn")), 2);
            assert_int_equal(json_is_true(at(turn, "cut")), rows[i].second_cut);
        }
        json_decref(json);
    }
}

/* Runs `report OPTION --from FROM -` and requires the part in its output. */
static void expect_text(const char *option, const char *value, const char *from, const char *part)
{
    const char *argv[] = {support_program(), "report", option, value, "--from", from, "-", NULL};
    struct support_run out;
    support_run(&out, argv, feed, sizeof feed - 1, 120000);
    if (strstr(out.out, part) == NULL) {
        fail_msg("no '%s' in: %s", part, out.out);
    }
    support_run_release(&out);
}

TEST(people_see_which_turn_was_cut)
{
    expect_text("--why", "--ascii", "14s", "\nturn 2 of api, cut\n");
    expect_text("--why", "--ascii", "11s", "\nturn 2 of api\n");
    expect_text("--max-events", "0", "14s", " cut turn 2 of api ");
    const char *argv[] = {support_program(), "dump", "--from", "14s", "--keys", "t", "-", NULL};
    struct support_run out;
    support_run(&out, argv, feed, sizeof feed - 1, 120000);
    assert_non_null(strstr(out.out, " WHY turn 2 of api, cut "));
    support_run_release(&out);
}

/* Times of one form are compared at once, others when the length of the trace is known. */
TEST(a_from_after_to_is_refused_by_both_values)
{
    static const char *const rows[][3] = {
        {"30s", "10s", "--from 30s is after --to 10s"},
        {"-10s", "-30s", "--from -10s is after --to -30s"},
        {"-5s", "10s", "--from -5s is after --to 10s"},
        {"2025-10-16T14:31:40Z", "2025-10-16T14:31:20Z",
         "--from 2025-10-16T14:31:40Z is after --to 2025-10-16T14:31:20Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct support_run out;
        run(&out, "report", NULL, rows[i][0], rows[i][1]);
        assert_int_equal(out.status, 2);
        assert_string_equal(out.out, "");
        support_run_release(&out);
        run(&out, i < 2 ? "record" : "status", NULL, rows[i][0], rows[i][1]);
        assert_int_equal(out.status, 2);
        assert_non_null(strstr(out.err, rows[i][2]));
        support_run_release(&out);
    }
}
