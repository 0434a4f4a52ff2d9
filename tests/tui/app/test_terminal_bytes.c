/* Nothing from outside reaches a terminal raw: each field of each source, names of files, options,
   variables and the config file are hostile (tests/support/hostile.h), the program runs in a
   terminal, and its bytes are read. Operations, members, options and keys come from the program's
   own tables, so that a new one is covered; fields of other formats come from samples. */
#include "ingest/feed/feed_ops.h"
#include "tests/support/capture.h"
#include "tests/support/hostile.h"
#include "tests/support/support.h"
#include "tests/support/terminal_run.h"
#include "tui/cmd/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { KEYS = 160, LINES = 400 };

#define T_MS 1760000000000.0

static const char *home; /* of the programs, with a config file and nothing else */

/* Settings of a run: nothing of the user's. */
static void set_up_home(void)
{
    static const char *const variables[] = {"HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME",
                                            "XDG_RUNTIME_DIR", "TMPDIR"};
    home = support_tmpdir();
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        setenv(variables[i], home, 1);
    }
    setenv("CLAUDE_CODE_PERFETTO_TRACE", "0", 1);
}

/* ---- keys ---- */

static const char *bytes_of_key(const char *name)
{
    static const struct {
        const char *name, *bytes;
    } keys[] = {{"Space", " "},          {"Enter", "\r"},          {"Esc", "\033"},
                {"Up", "\033[A"},        {"Down", "\033[B"},       {"Left", "\033[D"},
                {"Right", "\033[C"},     {"PgUp", "\033[5~"},      {"PgDn", "\033[6~"},
                {"Home", "\033[H"},      {"End", "\033[F"},        {"C-l", "\014"},
                {"S-Left", "\033[1;2D"}, {"S-Right", "\033[1;2C"}, {"F2", "\033OQ"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return keys[i].bytes;
        }
    }
    return name;
}

/* Every key of the table once in the timeline, and in each view those that show more. */
static size_t all_keys(const char *keys[KEYS])
{
    static const char *const tour[] = {"2", "j", "\r", "2", "y", ">", "3", "j", "y", "\r", "4",
                                       "\033[6~", "5", "\r", "\033", "G", "y", "k", "y", "\r",
                                       "\033", "?", "\033[6~", "\033", "1", "j", ".", "\r", "y",
                                       ".", "j", ".", "L", "o", "e", "\r",
                                       /* A prompt shows what is typed. */
                                       "\\", "\xC2\x9B", "\xE2\x80\xAE", "x:", "\r", "\033", "/",
                                       "a", "\xE2\x80\x8B", "\r", "\033"};
    static char names[ACTIONS][16];
    size_t count = 0;
    const struct action_info *info;
    for (size_t i = 0; i < sizeof tour / sizeof *tour; i++) {
        keys[count++] = tour[i];
    }
    for (size_t i = 0; (info = keymap_action(i)) != NULL && count < KEYS; i++) {
        if (info->action == ACTION_QUIT || info->action == ACTION_SUSPEND) {
            continue;
        }
        snprintf(names[i], sizeof names[i], "%.*s", (int)strcspn(info->keys, " "), info->keys);
        keys[count++] = bytes_of_key(names[i]);
    }
    return count;
}

/* ---- runs ---- */

static size_t replaced(const struct terminal_run *run)
{
    size_t count = 0;
    for (const char *at = run->bytes; (at = strstr(at, "\xEF\xBF\xBD")) != NULL; at++) {
        count++;
    }
    return count;
}

/* Runs the program; returns how many characters it has replaced. */
static size_t scan_run(const char *const argv[], const char *const env[], const char *const keys[],
                       size_t key_count)
{
    struct terminal_run run;
    char what[600];
    snprintf(what, sizeof what, "swarmtop %.200s %.300s", argv[1] != NULL ? argv[1] : "",
             argv[1] != NULL && argv[2] != NULL ? argv[2] : "");
    terminal_run(&run, argv, env, keys, key_count);
    hostile_scan(what, run.bytes, run.len);
    size_t count = replaced(&run);
    terminal_run_release(&run);
    return count;
}

/* Runs all commands that read a source; returns how many characters they have replaced. */
static size_t scan_source(const char *source)
{
    const char *program = support_program(), *keys[KEYS];
    const char *const runs[][8] = {
        {program, "watch", source},
        {program, "report", source},
        {program, "report", "--json", source},
        {program, "status", source},
        {program, "dump", "--size", "200x90", source},
        {program, "dump", "--size", "200x90", "--format", "ansi", source},
        {program, "dump", "--size", "200x90", "--format", "svg", source},
        {program, "record", "-o", "-", source},
        {program, "record", "--feed", "-", source},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        size_t key_count = i == 0 ? all_keys(keys) : 0;
        count += scan_run(runs[i], NULL, keys, key_count);
    }
    return count;
}

static const char *write_lines(const struct strbuf *text)
{
    const char *path = support_path(support_tmpdir(), "lines.ndjson");
    support_write_file(path, text->data, text->len);
    return path;
}

/* Appends JSON as it is or in ASCII; the reference is the caller's no more. */
static void put_json(struct strbuf *out, json_t *value, bool ascii)
{
    char *text = json_dumps(value, JSON_COMPACT | (ascii ? JSON_ENSURE_ASCII : 0));
    assert_non_null(text);
    strbuf_adds(out, text);
    strbuf_addc(out, '\n');
    free(text);
    json_decref(value);
}

/* ---- the feed, from its tables ---- */

/* Returns new: a valid value of the field, or a hostile one. */
static json_t *value_of(const struct feed_op_field *field, const char *hostile)
{
    const char *text = hostile != NULL ? hostile : "x";
    switch (field->type) {
    case FEED_TEXT:
    case FEED_ID: return json_string(text);
    case FEED_TIME: return hostile != NULL ? json_string(text) : json_real(T_MS);
    case FEED_BOOL: return hostile != NULL ? json_string(text) : json_false();
    case FEED_NUMBERS: return json_pack("[f]", T_MS);
    case FEED_OBJECT:
        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "command", text, text, text, "ph",
                         "i", "name", text, "cat", text, "ts", 1, "pid", 1);
    case FEED_COUNTERS: return json_pack("{s:i}", text, 1);
    case FEED_KIND: return json_string(hostile != NULL ? text : "tool");
    case FEED_OUTCOME: return json_string(hostile != NULL ? text : "ended");
    case FEED_RETRY:
        return json_pack("{s:i, s:i, s:f, s:s}", "attempt", 1, "in_ms", 5, "at_ms", T_MS, "error",
                         text);
    case FEED_NUMBER:
    case FEED_PRECEDENCE: break;
    }
    return hostile != NULL ? json_string(text) : json_integer(1);
}

/* Appends the operation with valid values and a hostile one of the field `at`. */
static void put_operation(struct strbuf *out, const struct feed_op *op, size_t at,
                          const char *hostile, bool ascii)
{
    struct feed_op_field fields[FEED_OP_FIELDS_MAX];
    size_t count = feed_op_list(op, fields);
    json_t *line = json_object();
    for (size_t i = 0; i < count; i++) {
        if (fields[i].required || i == at) {
            json_object_set_new(line, fields[i].name,
                                value_of(&fields[i], i == at ? hostile : NULL));
        }
    }
    json_object_set_new(line, "op", json_string(op->name));
    if (json_object_get(line, "session_id") == NULL) {
        json_object_set_new(line, "session_id", json_string("s"));
    }
    put_json(out, line, ascii);
}

TEST(fields_of_operations_are_not_sent_to_a_terminal)
{
    struct feed_op_field fields[FEED_OP_FIELDS_MAX];
    struct strbuf lines;
    size_t turn = 0;
    set_up_home();
    strbuf_init(&lines, &mem_libc, 0);
    for (size_t i = 0; i < feed_op_count; i++) {
        if (strcmp(feed_ops[i].name, "auth") == 0) {
            continue;
        }
        size_t count = feed_op_list(&feed_ops[i], fields);
        for (size_t at = 0; at < count; at++) {
            /* Two of the texts, others for each field. */
            for (int k = 0; k < 2; k++, turn++) {
                const char *hostile = hostile_text(turn);
                turn = hostile == NULL ? 0 : turn;
                put_operation(&lines, &feed_ops[i], at, hostile_text(turn), turn % 2 == 0);
            }
        }
    }
    assert_true(scan_source(write_lines(&lines)) > 0); /* or nothing hostile was shown */
    strbuf_release(&lines);
}

TEST(every_hostile_text_in_names_and_messages_is_replaced)
{
    struct strbuf lines;
    strbuf_init(&lines, &mem_libc, 0);
    set_up_home();
    for (size_t i = 0; hostile_text(i) != NULL; i++) {
        const char *h = hostile_text(i);
        for (int ascii = 0; ascii < 2; ascii++) {
            put_json(&lines,
                     json_pack("{s:s, s:s, s:s+, s:s+, s:f}", "op", "register_agent", "session_id",
                               "s", "agent_id", "a", h, "agent_name", "n", h, "t", T_MS),
                     ascii != 0);
            put_json(&lines,
                     json_pack("{s:s, s:s, s:s+, s:s+, s:s+, s:f}", "op", "start_tool",
                               "session_id", "s", "agent_id", "a", h, "span_id", "x", h,
                               "tool_name", "T", h, "t", T_MS + (double)i),
                     ascii != 0);
            put_json(&lines,
                     json_pack("{s:s, s:s, s:s+, s:s, s:f}", "op", "log", "session_id", "s",
                               "message", "m", h, "level", "error", "t", T_MS + (double)i),
                     ascii != 0);
        }
        /* As no JSON, and as no operation. */
        strbuf_addf(&lines, "not JSON %s\n{\"op\":\"%s\"}\n", h, h);
    }
    strbuf_adds(&lines, "{\"op\":\"log\",\"message\":\"\xff\xfe\x9b\"}\n\xff\x9b[31m\n"
                        "{\"op\":\"log\",\"message\":\"\\ud83d\"}\n");
    assert_true(scan_source(write_lines(&lines)) > 0); /* or nothing hostile was shown */
    strbuf_release(&lines);
}

/* ---- samples ---- */

/* Appends the lines with hostile strings; what is no JSON as it is. */
static void put_hostile(struct strbuf *out, const char *text, bool decisive)
{
    int number = 0;
    for (const char *at = text; *at != '\0'; number++) {
        size_t len = strcspn(at, "\n");
        json_t *value = json_loadb(at, len, JSON_DECODE_ANY, NULL);
        if (value != NULL) {
            put_json(out, hostile_json(value, decisive), number % 2 == 0);
            json_decref(value);
        } else {
            strbuf_add(out, at, len);
            strbuf_addc(out, '\n');
        }
        at += len + (at[len] == '\n');
    }
}

TEST(strings_of_trace_files_are_not_sent_to_a_terminal)
{
    char *text = support_read_file(support_data("golden/small.trace.json"), NULL);
    size_t count = 0;
    set_up_home();
    for (int decisive = 0; decisive < 2; decisive++) {
        const char *path = support_path(support_tmpdir(), "trace.json");
        struct strbuf out;
        strbuf_init(&out, &mem_libc, 0);
        json_t *value = json_loads(text, 0, NULL);
        put_json(&out, hostile_json(value, decisive != 0), false);
        json_decref(value);
        support_write_file(path, out.data, out.len);
        count += scan_source(path);
        strbuf_release(&out);
    }
    free(text);
    assert_true(count > 0); /* or nothing hostile was shown */
}

/* Makes the directories above a file. */
static void make_parents(const char *path)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *at = copy + 1; (at = strchr(at, '/')) != NULL; *at++ = '/') {
        *at = '\0';
        mkdir(copy, 0700);
    }
}

/* Writes the files of a capture below dir with hostile strings, its hooks to a feed. Returns the
   feed. Borrowed. */
static const char *write_capture(const char *dir, const char *sample, bool decisive)
{
    struct capture capture;
    struct strbuf hooks, line;
    capture_load(&capture, sample);
    strbuf_init(&hooks, &mem_libc, 0);
    strbuf_init(&line, &mem_libc, 0);
    for (size_t i = 0; i < capture.step_count; i++) {
        const struct capture_step *step = &capture.steps[i];
        strbuf_clear(&line);
        if (step->what == CAPTURE_LINE || step->what == CAPTURE_FILE) {
            const char *path = support_path(dir, step->path);
            make_parents(path);
            put_hostile(&line, step->text, decisive);
            FILE *file = fopen(path, step->what == CAPTURE_LINE ? "ae" : "we");
            assert_non_null(file);
            assert_int_equal(fwrite(line.data, 1, line.len, file), line.len);
            fclose(file);
        } else if (step->what == CAPTURE_HOOK) {
            put_hostile(&line, step->text, decisive);
            strbuf_addf(&hooks, "{\"op\":\"hook\",\"t\":%.3f,\"payload\":%.*s}\n", step->t_ms,
                        (int)strcspn(line.data, "\n"), line.data);
        }
    }
    const char *path = write_lines(&hooks);
    strbuf_release(&hooks);
    strbuf_release(&line);
    capture_release(&capture);
    return path;
}

TEST(strings_of_transcripts_registry_and_hooks_are_not_sent_to_a_terminal)
{
    static const char *const samples[] = {"swarm-json", "tui-perm"};
    set_up_home();
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char dir[300], source[400];
        snprintf(dir, sizeof dir, "%s/d%s", support_tmpdir(), hostile_text(i * 9));
        snprintf(source, sizeof source, "claude:%s", dir);
        bool decisive = i == 1;
        const char *hooks = write_capture(dir, samples[i], decisive);
        size_t of_files = scan_source(source), of_hooks = scan_source(hooks);
        /* Without its kinds and times a capture may show nothing. */
        assert_true(decisive || (of_files > 0 && of_hooks > 0));
    }
}

/* ---- names ---- */

TEST(names_of_files_are_not_sent_to_a_terminal)
{
    static const char feed[] = "{\"op\":\"hello\",\"session_id\":\"s\",\"t\":1760000000000}\nbad\n";
    const char *program = support_program(), *keys[] = {"x", "5", "x", "\r", "4"};
    size_t count = 0;
    set_up_home();
    for (size_t i = 0; i == 0 || hostile_text(i - 1) != NULL; i++) {
        const char *h = i == 0 ? "\xff\x9b\xc3" : hostile_text(i - 1);
        char in[300], out[400];
        snprintf(in, sizeof in, "%s/i%s.ndjson", support_tmpdir(), h);
        snprintf(out, sizeof out, "%s/o%s.json", support_tmpdir(), h);
        support_write_file(in, feed, sizeof feed - 1);
        const char *const record[] = {program, "record", "-o", out, in, NULL};
        const char *const watch[] = {program, "-o", out, in, NULL};
        const char *const missing[] = {program, "report", out + 1, NULL};
        const char *const address[] = {program, "emit", "--to", out, "end_session", NULL};
        count += scan_run(record, NULL, NULL, 0) + scan_run(missing, NULL, NULL, 0) +
                 scan_run(address, NULL, NULL, 0);
        if (i % 6 == 0) {
            count += scan_run(watch, NULL, keys, sizeof keys / sizeof *keys);
        }
    }
    assert_true(count > 0);
}

/* ---- the command line, the environment and the config file ---- */

static const char *command_of(const struct option_row *row)
{
    static const enum command commands[] = {COMMAND_REPORT, COMMAND_DUMP,   COMMAND_STATUS,
                                            COMMAND_EMIT,   COMMAND_RECORD, COMMAND_WATCH,
                                            COMMAND_DEMO,   COMMAND_SETUP};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (row->commands & FOR(commands[i])) {
            return command_rows[commands[i]].name;
        }
    }
    return NULL;
}

TEST(options_and_config_values_are_not_sent_to_a_terminal)
{
    const char *program = support_program();
    size_t count = 0;
    set_up_home();
    const char *config = support_path(home, "config");
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        const char *h = hostile_text(i), *command = command_of(row);
        char option[200], line[200];
        if (command == NULL || row->argument == NULL) {
            continue;
        }
        h = h == NULL ? hostile_for(row->name) : h;
        snprintf(option, sizeof option, "--%s=v%s", row->name, h);
        const char *const given[] = {program, command, option, "/nonexistent", NULL};
        snprintf(line, sizeof line, "%s = v%s\n", row->name, h);
        support_write_file(config, line, strlen(line));
        const char *const in_file[] = {program, command, "--config", config, "/nonexistent", NULL};
        count += scan_run(given, NULL, NULL, 0) + scan_run(in_file, NULL, NULL, 0);
    }
    for (size_t i = 0; hostile_text(i) != NULL; i++) {
        char option[80], line[160];
        snprintf(option, sizeof option, "--%s", hostile_text(i));
        const char *const unknown[] = {program, "report", option, NULL};
        const char *const bare[] = {program, option + 2, NULL};
        snprintf(line, sizeof line, "bind help = %s\n%s = 1\n", hostile_text(i), hostile_text(i));
        support_write_file(config, line, strlen(line));
        const char *const in_file[] = {program, "report", "--config", config, NULL};
        count += scan_run(unknown, NULL, NULL, 0) + scan_run(in_file, NULL, NULL, 0);
        if (i % 8 == 0) {
            count += scan_run(bare, NULL, NULL, 0);
        }
    }
    assert_true(count > 0);
}

TEST(variables_and_tmux_are_not_sent_to_a_terminal)
{
    static const char *const names[] = {"SWARMTOP_SOCKET",
                                        "SWARMTOP_SESSION",
                                        "XDG_STATE_HOME",
                                        "XDG_CONFIG_HOME",
                                        "XDG_RUNTIME_DIR",
                                        "HOME",
                                        "TMPDIR",
                                        "CLAUDE_CONFIG_DIR",
                                        "CLAUDE_CODE_PERFETTO_TRACE",
                                        "CLAUDE_CODE_PERFETTO_WRITE_INTERVAL_S",
                                        "TERM",
                                        "TMUX"};
    static const char tmux[] = "#!/bin/sh\nprintf '1 %%%%1\\033[6661m\\233\\n\\033]0;6661\\a\\n'\n"
                               "printf '\\033[6661mx\\n' >&2\nexit 1\n";
    const char *program = support_program(), *keys[] = {"j", "g", "5", "x", "?"};
    set_up_home();
    const char *bin = support_path(home, "bin"), *file = support_path(home, "bin/tmux");
    mkdir(bin, 0700);
    support_write_file(file, tmux, sizeof tmux - 1);
    chmod(file, 0700);
    char path[600];
    snprintf(path, sizeof path, "PATH=%s:%s", bin, getenv("PATH"));
    size_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t k = i % 3; hostile_text(k) != NULL; k += 11) {
            char value[200];
            snprintf(value, sizeof value, "%s=/n%s", names[i], hostile_text(k));
            const char *const env[] = {path, value, NULL};
            const char *const watch[] = {program, NULL}, *const status[] = {program, "status",
                                                                            NULL};
            const char *const record[] = {program, "record", "--for", "0.1s", NULL};
            const char *const emit[] = {program, "emit", "end_session", NULL};
            count += scan_run(status, env, NULL, 0) + scan_run(emit, env, NULL, 0) +
                     scan_run(record, env, NULL, 0);
            if (k < 11) {
                count += scan_run(watch, env, keys, sizeof keys / sizeof *keys);
            }
        }
    }
    assert_true(count > 0);
}
