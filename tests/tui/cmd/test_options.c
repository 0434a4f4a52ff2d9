/* The command line: accepted and refused arguments, messages, and that help and manual match the
   tables. */
#include "tests/support/support.h"
#include "tui/cmd/complete.h"
#include "tui/cmd/manual.h"
#include "tui/cmd/options_help.h"
#include "tui/screen/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 24
#define S         1000000000LL

static const struct environment no_env;

struct line {
    struct options options;
    struct strbuf error;
    char *words[MAX_WORDS + 1];
    char text[256];
    bool ok;
};

/* Parses arguments split at spaces; `''` is an empty one. */
static void parse(struct line *line, const char *words, const struct environment *env)
{
    int argc = 0;
    memset(line, 0, sizeof *line);
    snprintf(line->text, sizeof line->text, "swarmtop %s", words);
    for (char *at = line->text; at != NULL; argc++) {
        char *space = strchr(at, ' ');
        if (space != NULL) {
            *space++ = '\0';
        }
        assert_true(argc < MAX_WORDS);
        line->words[argc] = strcmp(at, "''") == 0 ? at + 2 : at;
        at = space != NULL && *space ? space : NULL;
    }
    strbuf_init(&line->error, &mem_libc, 0);
    line->ok = options_parse(&line->options, argc, line->words, env, NULL, "", &line->error);
}

static void release(struct line *line)
{
    options_release(&line->options);
    strbuf_release(&line->error);
}

TEST(the_command_is_the_first_word_that_names_one)
{
    static const struct {
        const char *words;
        enum command command;
        size_t arguments;
    } rows[] = {
        {"", COMMAND_WATCH, 0},
        {"a.json", COMMAND_WATCH, 1},
        {"watch a.json b.json", COMMAND_WATCH, 2},
        {"record -", COMMAND_RECORD, 1},
        {"-o out.json record -", COMMAND_RECORD, 1},
        {"--output=out.json record a record", COMMAND_RECORD, 2},
        {"-- record", COMMAND_WATCH, 1},
        {"./record", COMMAND_WATCH, 1},
        {"report a.json --json", COMMAND_REPORT, 1},
        {"emit hello session_id=x", COMMAND_EMIT, 2},
        {"dump --size 80x24 a.json", COMMAND_DUMP, 1},
        {"hook --to unix:x", COMMAND_HOOK, 0},
        {"setup claude", COMMAND_SETUP, 1},
        {"otlp:127.0.0.1:4318", COMMAND_WATCH, 1},
        {"demo", COMMAND_DEMO, 0},
        {"report -- --json", COMMAND_REPORT, 1},
        {"help", COMMAND_WATCH, 0},
        {"help record", COMMAND_RECORD, 1},
        {"-- rpeort", COMMAND_WATCH, 1},
        {"./rpeort", COMMAND_WATCH, 1},
        {"rpeort.json", COMMAND_WATCH, 1},
        {"watch rpeort", COMMAND_WATCH, 1},
        {"record rpeort", COMMAND_RECORD, 1},
        {"claude:", COMMAND_WATCH, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct line line;
        parse(&line, rows[i].words, &no_env);
        if (!line.ok) {
            fail_msg("%s: %s", rows[i].words, line.error.data);
        }
        assert_int_equal(line.options.command, rows[i].command);
        assert_int_equal(line.options.argument_count, rows[i].arguments);
        release(&line);
    }
}

TEST(options_are_gnu_style)
{
    static const char *const same[] = {
        "record -o out.json -f a.json",
        "record -oout.json -f a.json",
        "record a.json --output out.json --follow",
        "record --output=out.json a.json -f",
        "record -fo out.json a.json",
        "record -f -o out.json -- a.json",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct line line;
        parse(&line, same[i], &no_env);
        assert_true(line.ok);
        assert_string_equal(line.options.output, "out.json");
        assert_true(line.options.follow);
        assert_int_equal(line.options.argument_count, 1);
        assert_string_equal(line.options.arguments[0], "a.json");
        release(&line);
    }
}

TEST(values_are_read)
{
    struct line line;
    parse(
        &line,
        "watch --write-interval 5s --max-events 0 --tracks agent --for 1.5 --fps 120 --split --from -30s --to 12.5s",
        &no_env);
    assert_true(line.ok);
    assert_true(line.options.write_interval_s >= 5 && line.options.write_interval_s <= 5);
    assert_true(line.options.max_events_given);
    assert_int_equal(line.options.max_events, 0);
    assert_int_equal(line.options.tracks, TRACKS_AGENT);
    assert_int_equal(line.options.fps, 120);
    assert_true(line.options.split);
    assert_int_equal(line.options.from.form, TIME_FROM_END);
    assert_int_equal(line.options.to.form, TIME_FROM_START);
    release(&line);

    parse(&line, "dump --size 200x50 --format ansi --ascii --no-color --keys j x.json", &no_env);
    assert_true(line.ok);
    assert_int_equal(line.options.cols, 200);
    assert_int_equal(line.options.rows, 50);
    assert_int_equal(line.options.format, DUMP_ANSI);
    assert_true(line.options.ascii && line.options.no_color);
    release(&line);

    parse(&line, "report --since 2d1h30m --content claude:/x", &no_env);
    assert_true(line.ok && line.options.content);
    assert_true(line.options.since_ns == (2 * 86400 + 5400) * S);
    release(&line);

    /* One name, two meanings. */
    parse(&line, "emit --to unix:/x --session s end_session", &no_env);
    assert_true(line.ok);
    assert_string_equal(line.options.address, "unix:/x");
    release(&line);
}

TEST(what_is_wrong_is_named)
{
    static const struct {
        const char *words, *says;
    } rows[] = {
        {"--fsp 3", "--fsp: no such option"},
        {"-z", "-z: no such option"},
        {"-o", "-o: needs FILE"},
        {"record --output", "--output: needs FILE"},
        {"record --output ''", "--output: the name is empty"},
        {"record --split=yes", "--split: takes no value"},
        {"record --json", "--json: not an option of this command"},
        {"report --size 80x24 a", "--size: not an option of this command"},
        {"--fps 0", "--fps: '0' is not a whole number from 1 to 120"},
        {"--fps 121", "--fps: '121' is not a whole number from 1 to 120"},
        {"--fps -3", "--fps: '-3' is not a whole number"},
        {"--for 0", "--for: '0' is not a number above 0"},
        {"--for inf", "--for: 'inf' is not a number"},
        {"--for 0x10", "--for: '0x10' is not a number"},
        {"--for nan", "--for: 'nan' is not a number"},
        {"--max-events many", "--max-events: 'many' is not a whole number"},
        {"--tracks both", "--tracks: 'both' is not agent or lane"},
        {"--from yesterday", "--from: 'yesterday' is not a TIME"},
        {"dump --size 80 a", "--size: '80' is not a size"},
        {"dump --size 0x24 a", "--size: '0x24' is not a size"},
        {"dump --size 80x24x1 a", "--size: '80x24x1' is not a size"},
        {"dump --format png a", "--format: 'png' is not text, ansi or svg"},
        {"dump --keys j,k a", "--keys: 'j,k' is not a key"},
        {"--max-line 0", "--max-line: 0 bytes"},
        {"--allow-remote tcp:0.0.0.0:1", "--allow-remote: needs --token-file"},
        {"report --fail-if why.a.dur_ms>1 x.json", "--fail-if why: needs --why"},
        {"report", "report: needs a SOURCE"},
        {"dump", "dump: needs a SOURCE"},
        {"emit", "emit: needs an operation"},
        {"demo a.json", "a.json: demo takes no source"},
        {"record --split -o - -", "--split: stdout takes only one"},
        {"record ''", "the name of a source is empty"},
        {"hook x", "x: hook takes no argument"},
        {"hook --session x", "--session: not an option of this command"},
        {"setup", "setup: needs one CLIENT: claude, codex"},
        {"setup cursor", "setup: cursor: not in this version, which has: claude, codex"},
        {"setup claude claude", "setup: needs one CLIENT: claude, codex"},
        {"rpeort", "rpeort: no such command; did you mean report?"},
        {"rpeort --json x.json", "rpeort: no such command; did you mean report?"},
        {"--no-color recrod", "recrod: no such command; did you mean record?"},
        {"stauts", "stauts: no such command; did you mean status?"},
        {"Setup claude", "Setup: no such command; did you mean setup?"},
        {"hlep", "hlep: no such command; did you mean help?"},
        {"help rpeort", "rpeort: no such command; did you mean report?"},
        {"help nothing", "nothing: no such command"},
        {"somefile", "somefile: neither a command nor a file; `swarmtop watch somefile` waits"},
        {"--ouput x a.json", "--ouput: no such option; did you mean --output?"},
        {"--filter modle:opus a.json", "--filter: modle: no such field; did you mean model?"},
        {"--filter foo:bar a.json",
         "--filter: foo: no such field (agent, session, client, host, state"},
        {"--replay 10 otlp:127.0.0.1:4318", "--replay: needs finished sources"},
        {"--replay 0 a", "--replay: '0' is not a number above 0"},
        {"--replay 10", "--replay: needs finished sources"},
        {"--replay 10 a unix:b", "--replay: needs finished sources"},
        {"record --replay 10 a", "--replay: not an option of this command"},
        {"--filter dur:1 a", "--filter: dur: > or < and a duration: 5s, 200ms, 1.5m"},
        {"--fliter x a", "--fliter: no such option; did you mean --filter?"},
        {"--since 0s", "--since: '0s' is not a DURATION above 0"},
        {"--since 90", "--since: '90' is not a DURATION"},
        {"--since -1h", "--since: '-1h' is not a DURATION"},
        {"--since 14:30 a", "--since: '14:30' is not a DURATION"},
        {"demo --since 1h", "--since: not an option of this command"},
        {"report --content=yes a", "--content: takes no value"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct line line;
        parse(&line, rows[i].words, &no_env);
        if (line.ok) {
            fail_msg("'%s' was accepted", rows[i].words);
        }
        if (strncmp(line.error.data, rows[i].says, strlen(rows[i].says)) != 0 &&
            strstr(line.error.data, rows[i].says) == NULL) {
            fail_msg("'%s': '%s', not '%s'", rows[i].words, line.error.data, rows[i].says);
        }
        release(&line);
    }
}

TEST(help_and_version_may_be_words)
{
    static const struct {
        const char *words;
        bool help, version;
    } rows[] = {{"help", true, false},
                {"help setup", true, false},
                {"version", false, true},
                {"help --help", true, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct line line;
        parse(&line, rows[i].words, &no_env);
        if (!line.ok) {
            fail_msg("%s: %s", rows[i].words, line.error.data);
        }
        assert_int_equal(line.options.help, rows[i].help);
        assert_int_equal(line.options.version, rows[i].version);
        release(&line);
    }
}

TEST(the_environment_gives_defaults)
{
    const struct environment env = {.perfetto_interval = "7s", .no_color = true};
    struct line line;
    parse(&line, "record -", &env);
    assert_true(line.ok && line.options.no_color);
    assert_true(line.options.write_interval_s >= 7 && line.options.write_interval_s <= 7);
    release(&line);
    parse(&line, "record --write-interval 2 -", &env);
    assert_true(line.options.write_interval_s >= 2 && line.options.write_interval_s <= 2);
    release(&line);
}

TEST(times_are_read_and_resolved)
{
    /* From 2025-10-16T14:31:05.5Z for an hour; TZ is UTC in tests. */
    const int64_t from = 1760625065 * S + S / 2, to = from + 3600 * S;
    static const struct {
        const char *text;
        int64_t after_from; /* INT64_MIN: not a TIME */
    } rows[] = {
        {"12.5s", 12 * S + S / 2},
        {"1h30.5m", 3600 * S + 1830 * S},
        {"50us", 50000},
        {"1.5µs", 1500},
        {"2ms7ns", 2000007},
        {"0s", 0},
        {"250ms", S / 4},
        {"1m30s", 90 * S},
        {"1h", 3600 * S},
        {"-30s", 3570 * S},
        {"-1.5m", 3510 * S},
        {"14:40", 8 * 60 * S + 54 * S + S / 2},
        {"14:31:06.25", 3 * S / 4},
        {"2025-10-16T14:31:07Z", S + S / 2},
        {"2025-10-16T16:31:07+02:00", S + S / 2},
        {"2025-10-16 14:31:07", S + S / 2},
        {"2025-10-16T14:31:07.123456789Z", S + S / 2 + 123456789},
        {"", INT64_MIN},
        {"-", INT64_MIN},
        {"12.5", INT64_MIN},
        {"12.s", INT64_MIN},
        {"5 s", INT64_MIN},
        {"14:61", INT64_MIN},
        {"25:00", INT64_MIN},
        {"2025-13-01", INT64_MIN},
        {"2025-10-16T14:31:07Zulu", INT64_MIN},
        {"2025-10-16T14:31:07+02:60", INT64_MIN},
        {"99999999999999999999s", INT64_MIN},
        {"999999999h", INT64_MIN},
        {"now", INT64_MIN},
    };
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct time_spec spec = {TIME_UNSET, 0, NULL};
        bool ok = time_spec_parse(rows[i].text, &spec);

        if (ok != (rows[i].after_from != INT64_MIN)) {
            fail_msg("'%s' is %s", rows[i].text, ok ? "accepted" : "refused");
        }
        if (ok && time_spec_resolve(spec, from, to, 0) - from != rows[i].after_from) {
            fail_msg("'%s' is %lld", rows[i].text,
                     (long long)(time_spec_resolve(spec, from, to, 0) - from));
        }
    }
}

TEST(a_time_of_day_after_midnight_is_the_next_days)
{
    const int64_t from = 1760655600 * S, to = from + 3 * 3600 * S; /* 23:00 to 02:00 */
    struct time_spec spec;
    setenv("TZ", "UTC", 1);
    /* Its nanoseconds exceed 64 bits. */
    assert_false(time_spec_parse("0-1-2-4", &spec));
    assert_true(time_spec_parse("01:00", &spec));
    assert_int_equal(time_spec_resolve(spec, from, to, 0), from + 2 * 3600 * S);
    assert_int_equal(time_spec_resolve((struct time_spec){TIME_UNSET, 0, NULL}, from, to, 42), 42);
}

TEST(no_two_rows_mean_the_same)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *a = &option_rows[i];
        assert_non_null(a->parse);
        assert_non_null(a->meaning);
        assert_true(a->commands != 0);
        for (size_t j = 0; j < i; j++) {
            const struct option_row *b = &option_rows[j];
            if (strcmp(a->name, b->name) == 0) {
                assert_true(!(a->commands & b->commands) && !a->argument == !b->argument);
            }
            assert_true(a->letter == 0 || a->letter != b->letter);
        }
    }
}

TEST(help_fits_eighty_columns)
{
    for (int command = 0; command < COMMANDS; command++) {
        const char *argv[] = {support_program(), command_rows[command].name, "--help", NULL};
        struct support_run run;
        support_run(&run, argv, NULL, 0, 20000);
        assert_int_equal(run.status, 0);
        assert_true(run.out_len > 100);
        for (const char *line = run.out; *line; line += strcspn(line, "\n") + 1) {
            size_t len = strcspn(line, "\n");
            if (text_cols(line, len, false) > 80) {
                fail_msg("%s --help: too wide: %.*s", command_rows[command].name, (int)len, line);
            }
        }
        support_run_release(&run);
    }
}

TEST(help_lists_every_option_of_its_command)
{
    for (int command = 0; command < COMMANDS; command++) {
        struct strbuf help;
        strbuf_init(&help, &mem_libc, 0);
        options_help((enum command)command, &help);
        for (size_t i = 0; i < option_row_count; i++) {
            char name[64];
            bool takes = option_rows[i].commands & FOR(command);

            snprintf(name, sizeof name, "--%s", option_rows[i].name);
            if (takes) {
                assert_non_null(strstr(help.data, name));
            }
        }
        strbuf_release(&help);
    }
}

/* Copies the file with every table printed again. */
static void regenerate(const char *text, const char *sign,
                       bool (*table)(const char *name, struct strbuf *out), struct strbuf *out)
{
    char begin[16], end[16], name[32];
    const char *at = text, *next;
    snprintf(begin, sizeof begin, "\n%s table ", sign);
    snprintf(end, sizeof end, "\n%s end\n", sign);
    while ((next = strstr(at, begin)) != NULL) {
        size_t line = 1 + strcspn(next + 1, "\n");
        assert_int_equal(sscanf(next + strlen(begin), "%31s", name), 1);
        strbuf_add(out, at, (size_t)(next - at) + line + 1);
        if (!table(name, out)) {
            fail_msg("no table %s", name);
        }
        at = strstr(next + line, end);
        assert_non_null(at);
        at++;
    }
    strbuf_adds(out, at);
}

/* Compares a file of doc/ with what the tables give; writes it if GENERATE is 1. */
static void assert_generated(const char *name, const char *path, const char *text,
                             const struct strbuf *wanted)
{
    const char *generate = getenv("GENERATE");
    assert_false(wanted->failed);
    if (generate != NULL && *generate == '1') {
        support_write_file(path, wanted->data, wanted->len);
    } else if (strcmp(text, wanted->data) != 0) {
        fail_msg("doc/%s differs from the tables: GENERATE=1 make test TESTS=options", name);
    }
}

TEST(manuals_and_completions_have_the_tables_rows)
{
    static const struct {
        const char *name, *sign;
        bool (*table)(const char *name, struct strbuf *out);
    } files[] = {
        {"swarmtop.1", ".\\\"", manual_table},
        {"swarmtop-config.5", ".\\\"", manual_table},
        {"swarmtop-feed.7", ".\\\"", manual_table},
        {"completions/swarmtop.bash", "#", complete_table},
        {"completions/_swarmtop", "#", complete_table},
        {"completions/swarmtop.fish", "#", complete_table},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = support_path(support_tests("../doc"), files[i].name);
        char *text = support_read_file(path, NULL);
        struct strbuf wanted;
        strbuf_init(&wanted, &mem_libc, 0);
        regenerate(text, files[i].sign, files[i].table, &wanted);
        assert_generated(files[i].name, path, text, &wanted);
        strbuf_release(&wanted);
        free(text);
    }
}
