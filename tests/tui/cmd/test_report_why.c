/* report --why on captures of all clients: the parts of each turn sum to its length exactly. */
#include "core/analysis/why.h"

#include "tests/support/opencode_home.h"
#include "tests/support/otlp_reading.h"
#include "tests/support/updates.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *report_why(const char *prefix, const char *dir)
{
    struct support_run run;
    char spec[600];
    snprintf(spec, sizeof spec, "%s%s", prefix, dir);
    const char *argv[] = {support_program(), "report", "--why", "--json", spec, NULL};
    support_run(&run, argv, NULL, 0, 120000);
    assert_int_equal(run.status, 0);
    json_t *report = json_loads(run.out, 0, NULL);
    assert_non_null(report);
    support_run_release(&run);
    return report;
}

static double number(const json_t *of, const char *key)
{
    return json_number_value(json_object_get(of, key));
}

static const char *string(const json_t *of, const char *key)
{
    const char *text = json_string_value(json_object_get(of, key));
    return text == NULL ? "" : text;
}

/* Requires that the path covers the turn without gaps, and that its parts are those of the sum. */
static void check_turn(json_t *turn)
{
    json_t *parts = json_object_get(turn, "parts"), *value, *piece;
    double at = number(turn, "start_ms"), sum = 0, pieces = 0;
    const char *key;
    size_t i;
    json_object_foreach(parts, key, value)
    {
        sum += json_number_value(value);
    }
    json_array_foreach(json_object_get(turn, "path"), i, piece)
    {
        /* A time since 1970 in ms has a double's grain of a quarter of a microsecond. */
        assert_true(fabs(number(piece, "start_ms") - at) < 0.01);
        assert_non_null(json_object_get(parts, string(piece, "kind")));
        at = number(piece, "start_ms") + number(piece, "dur_ms");
        pieces += number(piece, "dur_ms");
    }
    assert_true(fabs(sum - number(turn, "dur_ms")) < 1e-6);
    assert_true(fabs(pieces - number(turn, "dur_ms")) < 1e-5);
}

/* Requires that the reasons are the parts of all turns, most first. */
static void check_reasons(const json_t *report)
{
    json_t *reason, *turn;
    double of_turns[PATH_PARTS] = {0}, of_reasons[PATH_PARTS] = {0}, most = INFINITY;
    size_t i;
    for (int part = 0; part < PATH_PARTS; part++) {
        const char *key = path_parts[part].key;
        json_array_foreach(json_object_get(report, "why"), i, turn)
        {
            of_turns[part] += number(json_object_get(turn, "parts"), key);
        }
        json_array_foreach(json_object_get(report, "reasons"), i, reason)
        {
            const char *what = string(reason, "what");
            bool is_tool = part == PART_TOOL && strncmp(what, "tool ", 5) == 0;
            of_reasons[part] += is_tool || strcmp(what, key) == 0 ? number(reason, "ms") : 0;
        }
        assert_true(fabs(of_turns[part] - of_reasons[part]) < 1e-5);
    }
    json_array_foreach(json_object_get(report, "reasons"), i, reason)
    {
        assert_true(number(reason, "ms") <= most);
        most = number(reason, "ms");
        assert_true(number(json_object_get(reason, "longest"), "ms") <= most);
    }
}

static size_t check_report(json_t *report)
{
    json_t *why = json_object_get(report, "why"), *turn, *kind;
    double longest = INFINITY, most;
    size_t i, k;
    json_array_foreach(why, i, turn)
    {
        check_turn(turn);
        assert_true(number(turn, "dur_ms") <= longest);
        longest = number(turn, "dur_ms");
        most = INFINITY;
        json_array_foreach(json_object_get(turn, "what_if"), k, kind)
        {
            assert_true(number(kind, "saves_ms") > 0 && number(kind, "saves_ms") <= most);
            most = number(kind, "saves_ms");
        }
        assert_true(k == 0 || most <= longest);
    }
    check_reasons(report);
    return i;
}

TEST(the_parts_of_each_turn_of_the_captures_sum_to_its_length)
{
    static const struct {
        const char *prefix, *sample;
        size_t turns;
    } rows[] = {
        {"claude:", "claude/abort/transcripts", 3},
        {"claude:", "claude/concurrent-pb/transcripts", 4},
        {"claude:", "claude/dead/transcripts", 2},
        {"claude:", "claude/solo-json/transcripts", 1},
        {"claude:", "claude/swarm-json/transcripts", 2},
        {"claude:", "claude/tui-perm/transcripts", 1},
        {"codex:", "codex/swarm", 1},
        {"codex:", "codex/tui", 1},
        {"codex:", "codex/killed", 1},
        {"gemini:", "gemini/sub", 1},
        {"qwen:", "qwen/swarm", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char rel[200];
        snprintf(rel, sizeof rel, "samples/%s", rows[i].sample);
        json_t *report = report_why(rows[i].prefix, support_data(rel));
        size_t turns = check_report(report);
        if (turns != rows[i].turns) {
            fail_msg("%s: %zu turns", rows[i].sample, turns);
        }
        json_decref(report);
    }
}

#ifdef HAVE_SQLITE
TEST(the_parts_of_each_turn_of_opencode_sum_to_its_length)
{
    json_t *report = report_why("opencode:", opencode_sample_directory());
    assert_true(check_report(report) > 0);
    json_decref(report);
}
#endif

/* ---- telemetry ---- */

static void check_why(const struct why *why)
{
    int64_t at = why->turn.start_ns, sum = 0;
    for (size_t i = 0; i < why->path.piece_count; i++) {
        const struct path_piece *piece = &why->path.pieces[i];
        assert_int_equal(piece->start_ns, at);
        assert_true(piece->end_ns > piece->start_ns);
        at = piece->end_ns;
    }
    assert_int_equal(at, why->turn.end_ns);
    for (int part = 0; part < PATH_PARTS; part++) {
        sum += why->path.part_ns[part];
    }
    assert_int_equal(sum, why->turn.end_ns - why->turn.start_ns);
}

/* Checks all turns, as of `now_ns`; returns their number. */
static size_t check_swarm(const struct swarm *swarm, int64_t now_ns)
{
    struct call_children children;
    size_t count;
    assert_true(call_children_init(&children, swarm));
    struct turn *turns = turns_list(swarm, &children, now_ns, &count);
    for (size_t i = 0; i < count; i++) {
        struct why why;
        assert_true(why_make(&why, swarm, &children, &turns[i], now_ns));
        check_why(&why);
        why_release(&why);
    }
    mem_free(swarm_mem(swarm), turns, turns == NULL ? 0 : count * sizeof *turns);
    call_children_release(&children);
    return count;
}

TEST(the_parts_of_each_turn_of_telemetry_sum_to_its_length)
{
    static const char *const samples[] = {
        "claude/solo-json/otlp",     "claude/swarm-json/otlp",    "claude/tui-perm/otlp",
        "claude/concurrent-pb/otlp", "claude/abort/otlp",         "claude/dead/otlp",
        "codex/swarm/otlp/logs",     "codex/tui/otlp/logs",       "gemini/sub/otlp/traces",
        "qwen/swarm/otlp/traces",    "opencode/swarm/otlp/traces"};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        char rel[100];
        snprintf(rel, sizeof rel, "samples/%s.jsonl", samples[i]);
        otlp_rig_take_sample(&otlp, rel);
        model_flush(&otlp.rig.model);
        if (check_swarm(otlp.rig.model.swarm, otlp.rig.now_ns) == 0) {
            fail_msg("%s has no turn", samples[i]);
        }
        otlp_rig_release(&otlp);
    }
}

/* ---- what it shows ---- */

static double part(json_t *turn, const char *key)
{
    return number(json_object_get(turn, "parts"), key);
}

TEST(the_path_of_a_swarm_is_through_the_sub_agent_that_it_waited_for)
{
    json_t *report = report_why("claude:", support_data("samples/claude/swarm-json/transcripts"));
    json_t *turn = json_array_get(json_object_get(report, "why"), 0);
    json_t *off = json_object_get(turn, "off_path_agents");
    assert_true(number(turn, "turn") == 1);
    assert_string_equal(string(turn, "agent_id"), string(turn, "session_id"));
    assert_true(fabs(number(turn, "dur_ms") - 29857) < 100);
    assert_true(fabs(part(turn, "tool") - 3990) < 50);
    assert_true(part(turn, "wait") == 0);
    /* Three of five sub-agents are not waited for, or not for long: one runs in the background. */
    assert_int_equal(json_array_size(off), 3);
    json_decref(report);
}

static bool has(const char *text, const char *part_of)
{
    return strstr(text, part_of) != NULL;
}

TEST(people_read_the_sum_and_choose_a_turn)
{
    const char *spec = support_path(support_data("samples/claude/swarm-json/transcripts"), "");
    char source[600];
    struct support_run run;
    snprintf(source, sizeof source, "claude:%s", spec);
    const char *all[] = {support_program(), "report", "--why", source, NULL};
    const char *second[] = {support_program(), "report", "--turn", "2", source, NULL};
    support_run(&run, all, NULL, 0, 120000);
    assert_true(has(run.out, "= requests 24.4s  tools 4.0s  overhead 1.5s; "
                             "3 of 5 sub-agents off the path\n"));
    assert_true(has(run.out, "turn 2 of "));
    support_run_release(&run);
    support_run(&run, second, NULL, 0, 120000);
    assert_false(has(run.out, "turn 1 of "));
    assert_true(has(run.out, "turn 2 of "));
    support_run_release(&run);
}

TEST(agents_whose_parent_is_unknown_have_turns)
{
    static const char feed[] =
        "{\"op\":\"hello\",\"session_id\":\"s\",\"t\":1760000000000}\n"
        "{\"op\":\"register_agent\",\"session_id\":\"s\",\"agent_id\":\"x\",\"agent_name\":\"x\","
        "\"parent_agent_id\":\"gone\",\"t\":1760000000000}\n"
        "{\"op\":\"start_tool\",\"session_id\":\"s\",\"agent_id\":\"x\",\"span_id\":\"1\","
        "\"tool_name\":\"Bash\",\"t\":1760000000000}\n"
        "{\"op\":\"end_tool\",\"session_id\":\"s\",\"span_id\":\"1\",\"success\":true,"
        "\"t\":1760000003000}\n";
    const char *argv[] = {support_program(), "report", "--why", "-", NULL};
    struct support_run run;
    support_run(&run, argv, feed, sizeof feed - 1, 120000);
    assert_true(has(run.out, "turn 1 of x\n"));
    support_run_release(&run);
}

/* A turn of 10 s: overhead 1 s, a request 3 s, a tool 5 s, overhead 1 s. */
static const char ten_seconds[] =
    "{\"op\":\"update_session\",\"session_id\":\"s\",\"start_ms\":1760000000000}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"interaction\",\"id\":\"i\","
    "\"start_ms\":1760000000000,\"end_ms\":1760000010000}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"request\",\"id\":\"r\","
    "\"start_ms\":1760000001000,\"end_ms\":1760000004000}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"t\",\"name\":\"Bash\","
    "\"start_ms\":1760000004000,\"end_ms\":1760000009000}\n";

TEST(of_a_part_of_the_time_a_turn_is_what_lies_in_it)
{
    static const struct {
        const char *from, *to;
        double start_ms, ms, request_ms, tool_ms;
    } rows[] = {
        {"0s", "6s", 0, 6000, 3000, 2000},   {"2s", "99s", 2000, 8000, 2000, 5000},
        {"2s", "3s", 2000, 1000, 1000, 0},   {"0s", "0.5s", 0, 500, 0, 0},
        {"0s", "10s", 0, 10000, 3000, 5000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *argv[] = {support_program(), "report", "--why",    "--json", "--from",
                              rows[i].from,      "--to",   rows[i].to, "-",      NULL};
        struct support_run run;
        support_run(&run, argv, ten_seconds, sizeof ten_seconds - 1, 120000);
        json_t *report = json_loads(run.out, 0, NULL);
        json_t *turn = json_array_get(json_object_get(report, "why"), 0);
        json_t *listed = json_array_get(json_object_get(report, "turns"), 0);
        double overhead_ms = rows[i].ms - rows[i].request_ms - rows[i].tool_ms;
        check_turn(turn);
        check_reasons(report);
        assert_true(number(turn, "dur_ms") == rows[i].ms);
        assert_true(number(turn, "start_ms") == 1760000000000 + rows[i].start_ms);
        assert_true(number(listed, "dur_ms") == rows[i].ms);
        assert_true(part(turn, "request") == rows[i].request_ms);
        assert_true(part(turn, "tool") == rows[i].tool_ms);
        assert_true(part(turn, "overhead") == overhead_ms);
        json_decref(report);
        support_run_release(&run);
    }
}

/* Nothing is known of when the tokens of a request came that runs and reports no progress. */
TEST(the_phases_of_a_request_that_runs_are_those_of_the_path)
{
    static const char feed[] =
        "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"interaction\",\"id\":\"i\","
        "\"start_ms\":1760000000000}\n"
        "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"request\",\"id\":\"r\","
        "\"start_ms\":1760000001000}\n"
        "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"t\",\"name\":\"Bash\","
        "\"start_ms\":1760000000200,\"end_ms\":1760000004000}\n";
    const char *argv[] = {support_program(), "report", "--why", "--json", "-", NULL};
    struct support_run run;
    support_run(&run, argv, feed, sizeof feed - 1, 120000);
    json_t *report = json_loads(run.out, 0, NULL);
    json_t *turn = json_array_get(json_object_get(report, "why"), 0);
    json_t *phases = json_object_get(json_object_get(report, "totals"), "phases");
    assert_true(part(turn, "request") > 0);
    assert_true(part(turn, "request") == number(phases, "request"));
    assert_true(part(turn, "first_token") == 0);
    json_decref(report);
    support_run_release(&run);
}

/* ---- which turns ---- */

/* Two sessions of one name in two directories; one has a sub-agent. */
static const char namesakes[] =
    "{\"op\":\"update_session\",\"session_id\":\"s\",\"name\":\"api\",\"cwd\":\"/home/u/x\"}\n"
    "{\"op\":\"update_session\",\"session_id\":\"z\",\"name\":\"api\",\"cwd\":\"/home/u/y\"}\n"
    "{\"op\":\"update_agent\",\"session_id\":\"s\",\"agent_id\":\"a\",\"type\":\"coder\","
    "\"parent_agent_id\":\"s\"}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"t\",\"name\":\"Bash\","
    "\"start_ms\":1760000001000,\"end_ms\":1760000004000}\n"
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"agent_id\":\"a\",\"kind\":\"tool\","
    "\"id\":\"u\",\"name\":\"Read\",\"start_ms\":1760000002000,\"end_ms\":1760000003000}\n"
    "{\"op\":\"update_call\",\"session_id\":\"z\",\"kind\":\"tool\",\"id\":\"v\",\"name\":\"Bash\","
    "\"start_ms\":1760000001000,\"end_ms\":1760000003000}\n";

TEST(sessions_of_one_name_have_headings_of_their_own)
{
    const char *argv[] = {support_program(), "report", "--why", "-", NULL};
    struct support_run run;
    support_run(&run, argv, namesakes, sizeof namesakes - 1, 120000);
    assert_true(has(run.out, "\nturn 1 of api x\n"));
    assert_true(has(run.out, "\nturn 1 of api y\n"));
    support_run_release(&run);
}

TEST(a_filter_without_turns_is_explained)
{
    static const char *const rows[][2] = {
        {"agent:nobody", "no turns: no agent matches the filter\n"},
        {"agent:coder", "no turns: a sub-agent's calls are in its caller's turn\n"},
        {"session:api", "\nturn 1 of api x\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *argv[] = {support_program(), "report", "--why", "--filter",
                              rows[i][0],        "-",      NULL};
        struct support_run run;
        support_run(&run, argv, namesakes, sizeof namesakes - 1, 120000);
        assert_int_equal(run.status, 0);
        if (!has(run.out, rows[i][1])) {
            fail_msg("%s: %s", rows[i][0], run.out);
        }
        support_run_release(&run);
    }
}

/* A path is one of whole turns: a filter of calls would be ignored. */
TEST(a_filter_of_calls_is_refused)
{
    static const char *const rows[][2] = {
        {"kind:tool", "kind"},   {"name:Bash", "name"},      {"agent:api dur>5s", "dur"},
        {"-error:yes", "error"}, {"args.command=x", "args"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *argv[] = {support_program(), "report", "--why", "--filter",
                              rows[i][0],        "-",      NULL};
        struct support_run run;
        char message[100];
        support_run(&run, argv, namesakes, sizeof namesakes - 1, 120000);
        assert_int_equal(run.status, 2);
        snprintf(message, sizeof message, "--why: --filter %s: is about calls", rows[i][1]);
        assert_true(has(run.err, message));
        assert_string_equal(run.out, "");
        support_run_release(&run);
    }
}
