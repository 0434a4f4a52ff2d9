/* Traces in Perfetto's format as the program writes them. An option or a name chooses it;
   captures of real clients show the same in it as in JSON, in a third of the bytes. */
#include "tests/support/perfetto_lines.h"
#include "tests/support/support.h"
#include "tui/cmd/output_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { TIMEOUT_MS = 60000 };

static void run(struct support_run *got, const char *const *argv)
{
    setenv("SWARMTOP_OTLP", "off", 1);
    support_run(got, argv, NULL, 0, TIMEOUT_MS);
}

/* Records the source to the file; `format` NULL: by its name. */
static void record(const char *source, const char *out, const char *format)
{
    const char *argv[] = {support_program(),
                          "record",
                          "--no-journal",
                          "-o",
                          out,
                          source,
                          format == NULL ? NULL : "--format",
                          format,
                          NULL};
    struct support_run got;
    run(&got, argv);
    if (got.status > 1) { /* 1: of a golden trace not all can be read */
        fail_msg("%s: %d %s", source, got.status, got.err);
    }
    support_run_release(&got);
}

static bool is_trace(const char *bytes, size_t len)
{
    return len > 2 && bytes[0] == '\n';
}

/* ---- captures ---- */

static void assert_is_the_same(const char *source)
{
    const char *dir = support_tmpdir(), *json_path = support_path(dir, "a.json"),
               *trace_path = support_path(dir, "a.pftrace");
    size_t json_len, trace_len;
    struct perfetto_lines json, trace;
    record(source, json_path, NULL);
    record(source, trace_path, NULL);
    char *document = support_read_file(json_path, &json_len),
         *bytes = support_read_file(trace_path, &trace_len);
    perfetto_lines_init(&json);
    perfetto_lines_init(&trace);
    perfetto_lines_of_json(&json, document, json_len);
    perfetto_lines_of_trace(&trace, bytes, trace_len);
    perfetto_lines_compare(&json, &trace);
    assert_true(json.count > 10);
    /* A trace of a few calls is mostly the names that args have. */
    if (json_len > 8000 && trace_len * 3 > json_len) {
        fail_msg("%s: %zu bytes for %zu of JSON", source, trace_len, json_len);
    }
    perfetto_lines_release(&json);
    perfetto_lines_release(&trace);
    free(document);
    free(bytes);
}

TEST(captures_of_clients_are_the_same_in_both_formats)
{
    static const char *const captures[][2] = {
        {"codex:", "samples/codex/swarm"}, {"codex:", "samples/codex/tui"},
        {"qwen:", "samples/qwen/swarm"},   {"gemini:", "samples/gemini/sub"},
        {"", "golden/small.trace.json"},   {"", "golden/swarm.trace.json"},
        {"", "golden/stale.trace.json"},
    };
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
        char source[4096];
        snprintf(source, sizeof source, "%s%s", captures[i][0], support_data(captures[i][1]));
        assert_is_the_same(source);
    }
}

/* ---- the choice ---- */

TEST(the_name_or_the_option_chooses_the_format)
{
    static const struct {
        const char *name;
        enum trace_format given;
        enum document_format format;
    } rows[] = {
        {"a.json", TRACE_BY_NAME, FORMAT_JSON},
        {"a.pftrace", TRACE_BY_NAME, FORMAT_PERFETTO},
        {"d.json/A.PFTRACE.GZ", TRACE_BY_NAME, FORMAT_PERFETTO},
        {"a.perfetto-trace", TRACE_BY_NAME, FORMAT_PERFETTO},
        {"a.pftrace.json", TRACE_BY_NAME, FORMAT_JSON},
        {"pftrace", TRACE_BY_NAME, FORMAT_JSON},
        {"-", TRACE_BY_NAME, FORMAT_JSON},
        {"-", TRACE_PERFETTO, FORMAT_PERFETTO},
        {"a.json", TRACE_PERFETTO, FORMAT_PERFETTO},
        {"a.pftrace", TRACE_JSON, FORMAT_JSON},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options options = {.trace_format = rows[i].given};
        if (output_format(&options, rows[i].name) != rows[i].format) {
            fail_msg("%s", rows[i].name);
        }
    }
    assert_int_equal(output_stem("a.pftrace.gz", 12), 1);
    assert_int_equal(output_stem("a.perfetto-trace.gz", 19), 1);
}

TEST(the_option_decides_over_the_name)
{
    const char *dir = support_tmpdir(), *json = support_path(dir, "a.json"),
               *trace = support_path(dir, "a.pftrace");
    size_t len;
    record(support_data("golden/small.trace.json"), json, "perfetto");
    char *bytes = support_read_file(json, &len);
    assert_true(is_trace(bytes, len));
    free(bytes);
    record(support_data("golden/small.trace.json"), trace, "json");
    bytes = support_read_file(trace, &len);
    assert_int_equal(bytes[0], '{');
    free(bytes);
}

TEST(a_trace_is_compressed_as_its_name_asks)
{
    const char *dir = support_tmpdir(), *plain = support_path(dir, "a.pftrace"),
               *packed = support_path(dir, "a.pftrace.gz");
    size_t len;
    record(support_data("golden/small.trace.json"), plain, NULL);
    record(support_data("golden/small.trace.json"), packed, NULL);
    char *bytes = support_read_file(plain, &len), *unpacked = malloc(len + 1);
    gzFile file = gzopen(packed, "rb");
    assert_int_equal(gzread(file, unpacked, (unsigned)len + 1), len);
    assert_false(gzdirect(file));
    assert_memory_equal(bytes, unpacked, len);
    gzclose(file);
    free(bytes);
    free(unpacked);
}

TEST(a_trace_goes_to_a_pipe_byte_for_byte)
{
    const char *file = support_path(support_tmpdir(), "a.pftrace");
    const char *argv[] = {support_program(),
                          "record",
                          "--format",
                          "perfetto",
                          "-o",
                          "-",
                          support_data("golden/small.trace.json"),
                          NULL};
    struct support_run got;
    size_t len;
    run(&got, argv);
    record(support_data("golden/small.trace.json"), file, NULL);
    char *bytes = support_read_file(file, &len);
    assert_int_equal(got.out_len, len);
    assert_memory_equal(got.out, bytes, len);
    support_run_release(&got);
    free(bytes);
}

TEST(several_documents_are_all_in_the_format)
{
    const char *dir = support_tmpdir(), *feed = support_path(dir, "f.ndjson");
    static const char lines[] =
        "{\"op\":\"hello\",\"session_id\":\"a\",\"t\":1760000000000}\n{\"op\":\"instant\",\"name\":\"x\",\"t\":1760000000100}\n"
        "{\"op\":\"hello\",\"session_id\":\"b\",\"t\":1760000000000}\n{\"op\":\"instant\",\"name\":\"y\",\"t\":1760000000100}\n";
    const char *argv[] = {support_program(),
                          "record",
                          "--split",
                          "-o",
                          support_path(dir, "t.pftrace.gz"),
                          feed,
                          NULL};
    struct support_run got;
    support_write_file(feed, lines, strlen(lines));
    run(&got, argv);
    assert_int_equal(access(support_path(dir, "t-a.pftrace.gz"), F_OK), 0);
    assert_int_equal(access(support_path(dir, "t-b.pftrace.gz"), F_OK), 0);
    support_run_release(&got);
}

TEST(a_default_name_is_that_of_the_format)
{
    static const char feed[] = "{\"op\":\"hello\",\"session_id\":\"a\",\"t\":1760000000000}\n"
                               "{\"op\":\"instant\",\"name\":\"x\",\"t\":1760000000100}\n";
    const char *dir = support_tmpdir(),
               *argv[] = {support_program(), "record", "--format", "perfetto", "-", NULL};
    struct support_run got;
    setenv("XDG_STATE_HOME", dir, 1);
    support_run(&got, argv, feed, strlen(feed), TIMEOUT_MS);
    assert_int_equal(access(support_path(dir, "swarmtop/trace-a.pftrace"), F_OK), 0);
    support_run_release(&got);
}

TEST(an_unknown_format_is_refused)
{
    const char *argv[] = {support_program(), "record", "--format", "proto", "-o",
                          "x.json",          "y.json", NULL};
    struct support_run got;
    run(&got, argv);
    assert_int_equal(got.status, 2);
    assert_non_null(strstr(got.err, "'proto' is not json or perfetto"));
    support_run_release(&got);
}

/* It is no trace that the program reads, and the message has what to do. */
TEST(a_trace_that_was_written_is_named_when_it_is_opened)
{
    const char *file = support_path(support_tmpdir(), "a.pftrace");
    const char *argv[] = {support_program(), "report", file, NULL};
    struct support_run got;
    record(support_data("golden/small.trace.json"), file, NULL);
    run(&got, argv);
    assert_int_equal(got.status, 1);
    assert_non_null(strstr(got.err, "Perfetto"));
    support_run_release(&got);
}
