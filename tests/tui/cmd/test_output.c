/* The written trace: which rule gives its path, and that a failed write leaves no incomplete file.
   */
#include "tests/support/model.h"
#include "tests/support/support.h"
#include "tui/cmd/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_MS 1760625065000.0 /* 2025-10-16 14:31:05 UTC */
#define NOW_NS   1760625070000000000LL

static struct slice slice(const char *text)
{
    return (struct slice){text, text != NULL ? strlen(text) : 0};
}

/* A model of sessions with these ids, each with an open span. */
static struct model model_new(const char *const *ids)
{
    struct model m;
    double t_ms = START_MS;
    assert_true(model_init(&m, &mem_libc));
    for (; *ids != NULL; ids++, t_ms += 1000) {
        struct hello_op hello = {.session_id = slice(*ids), .source = "test"};
        struct op_context context = {.t_ms = t_ms + 500, .local_ns = NOW_NS};
        assert_int_equal(tracer_hello(m.tracer, t_ms, NOW_NS, &hello, &context.session), TRACER_OK);
        assert_int_equal(
            tracer_start_tool(m.tracer, &context, slice("s"), slice("Bash"), slice(NULL)),
            TRACER_OK);
    }
    return m;
}

static bool is_the_source(void *ctx, const char *path)
{
    return ctx != NULL && strcmp(ctx, path) == 0;
}

static const char *one[] = {"abc", NULL}, *two[] = {"abc", "../d e/f", NULL}, *none[] = {NULL};

TEST(the_path_is_the_first_rule_that_applies)
{
    static const struct {
        const char *what, *output, *trace, *source;
        const char *const *ids;
        bool live, split;
        const char *path; /* NULL: none */
    } rows[] = {
        {"-o", "o.json", "1", NULL, one, true, false, "o.json"},
        {"-o names a source", "o.json", NULL, "o.json", one, false, false, "o.json"},
        {"-o without a session", "o.json", NULL, NULL, none, true, false, "o.json"},
        {"the variable is a path", NULL, " t.json ", NULL, one, true, false, "t.json"},
        {"a path, and only files are read", NULL, "t.json", NULL, one, false, false, "t.json"},
        {"the variable is on", NULL, " On", NULL, one, true, false, "/conf/traces/trace-abc.json"},
        {"the variable is off", NULL, "0", NULL, one, true, false, NULL},
        {"the variable is empty", NULL, "", NULL, one, true, false,
         "/state/swarmtop/trace-abc.json"},
        {"the variable's file is a source", NULL, "t.json", "t.json", one, true, false,
         "/state/swarmtop/trace-abc.json"},
        {"a source, and only files are read", NULL, "t.json", "t.json", one, false, false, NULL},
        {"no option, live", NULL, NULL, NULL, one, true, false, "/state/swarmtop/trace-abc.json"},
        {"no option, files", NULL, NULL, NULL, one, false, false, NULL},
        {"nothing to name it after", NULL, NULL, NULL, none, true, false, NULL},
        {"the default is a source", NULL, NULL, "/state/swarmtop/trace-abc.json", one, true, false,
         "/state/swarmtop/trace-abc-2.json"},
        {"several sessions", NULL, NULL, NULL, two, true, false,
         "/state/swarmtop/trace-20251016-143105.json"},
        {"several, the variable is on", NULL, "yes", NULL, two, true, false,
         "/conf/traces/trace-20251016-143105.json"},
        {"several, -o", "o.json", NULL, NULL, two, true, false, "o.json"},
        {"split", "d.x/o.json", NULL, NULL, two, true, true, "d.x/o-abc.json"},
        {"split, gzip in the name", "o.json.gz", NULL, NULL, two, true, true, "o-abc.json.gz"},
        {"split, no extension", "d.x/o", NULL, NULL, two, true, true, "d.x/o-abc"},
        {"split, a hidden file", "d.x/.o", NULL, NULL, two, true, true, "d.x/.o-abc"},
        {"split, no option", NULL, NULL, NULL, two, true, true, "/state/swarmtop/trace-abc.json"},
    };
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model m = model_new(rows[i].ids);
        struct options options = {
            .output = rows[i].output,
            .split = rows[i].split,
            .env = {.perfetto_trace = rows[i].trace,
                    .claude_config_dir = "/conf",
                    .state_home = "/state"},
        };
        struct output_config config = {
            .mem = &mem_libc,
            .options = &options,
            .live = rows[i].live,
            .is_source = is_the_source,
            .ctx = (void *)(uintptr_t)rows[i].source,
        };
        struct output *output = output_new(&config);
        const char *path = output_path(output, m.swarm, NOW_NS);
        if (((path == NULL) != (rows[i].path == NULL)) ||
            (path != NULL && strcmp(path, rows[i].path) != 0)) {
            fail_msg("%s: %s, not %s", rows[i].what, path ? path : "none",
                     rows[i].path ? rows[i].path : "none");
        }
        output_free(output);
        model_release(&m);
    }
}

static const char *write_documents(const char *dir, const char *const *ids, bool split,
                                   const char *file)
{
    static char paths[4096];
    struct model m = model_new(ids);
    struct options options = {.output = file, .split = split, .env = {.state_home = dir}};
    struct output_config config = {.mem = &mem_libc, .options = &options, .live = true};
    struct output *output = output_new(&config);
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    paths[0] = '\0';
    for (int again = 0; again < 2; again++) {
        assert_true(output_write(output, m.swarm, NOW_NS, again > 0, &error));
    }
    for (size_t i = 0; output_written(output, i) != NULL; i++) {
        strcat(strcat(paths, i > 0 ? " " : ""), strrchr(output_written(output, i), '/') + 1);
    }
    strbuf_release(&error);
    output_free(output);
    model_release(&m);
    return paths;
}

TEST(a_run_replaces_no_file_of_an_earlier_run)
{
    const char *dir = support_tmpdir();
    assert_string_equal(write_documents(dir, one, false, NULL), "trace-abc.json");
    assert_string_equal(write_documents(dir, one, false, NULL), "trace-abc-2.json");
    assert_string_equal(write_documents(dir, one, true, NULL), "trace-abc-3.json");
    const char *named = support_path(dir, "o.json");
    assert_string_equal(write_documents(dir, one, false, named), "o.json");
    assert_string_equal(write_documents(dir, one, false, named), "o.json");
    assert_string_equal(write_documents(dir, one, true, named), "o-abc.json");
    assert_string_equal(write_documents(dir, one, true, named), "o-abc-2.json");
}

TEST(ids_that_give_one_name_have_files_of_their_own)
{
    static const char *ids[] = {"a/b", "a_b", "a_b-2", "A_b", NULL};
    const char *dir = support_tmpdir(), *named = support_path(support_tmpdir(), "o.json");
    assert_string_equal(write_documents(dir, ids, true, NULL),
                        "trace-a_b.json trace-a_b-2.json trace-a_b-2-2.json trace-A_b.json");
    assert_string_equal(write_documents(dir, ids, true, named),
                        "o-a_b.json o-a_b-2.json o-a_b-2-2.json o-A_b.json");
    assert_string_equal(write_documents(dir, ids, true, named),
                        "o-a_b-3.json o-a_b-4.json o-a_b-2-3.json o-A_b-2.json");
}

TEST(home_stands_in_for_what_is_not_set)
{
    struct model m = model_new(one);
    struct options options = {.env = {.home = "/home/u"}};
    struct output_config config = {.mem = &mem_libc, .options = &options, .live = true};
    struct output *output = output_new(&config);
    assert_string_equal(output_path(output, m.swarm, NOW_NS),
                        "/home/u/.local/state/swarmtop/trace-abc.json");
    options.env.perfetto_trace = "1";
    assert_string_equal(output_path(output, m.swarm, NOW_NS),
                        "/home/u/.claude/traces/trace-abc.json");
    output_free(output);
    model_release(&m);
}

static size_t count_in(const char *text, const char *what)
{
    size_t count = 0;
    for (; (text = strstr(text, what)) != NULL; text++) {
        count++;
    }
    return count;
}

TEST(it_is_written_privately_and_again)
{
    const char *path = support_path(support_tmpdir(), "new/dir/o.json");
    struct model m = model_new(two);
    struct options options = {.output = path, .tracks = TRACKS_AGENT};
    struct output_config config = {.mem = &mem_libc, .options = &options, .live = true};
    struct output *output = output_new(&config);
    struct strbuf error;
    struct stat st;
    strbuf_init(&error, &mem_libc, 0);
    assert_null(output_written(output, 0));
    assert_true(output_write(output, m.swarm, NOW_NS, false, &error));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char *text = support_read_file(path, NULL);
    assert_int_equal(count_in(text, "\"ph\":\"E\""), 0); /* spans stay open */
    free(text);
    assert_true(correlator_close(m.correlator, INT64_MIN, NULL, NULL));
    assert_true(output_write(output, m.swarm, NOW_NS, true, &error));
    text = support_read_file(path, NULL);
    assert_int_equal(count_in(text, "\"ph\":\"E\""), 2);
    assert_int_equal(count_in(text, "\"incomplete\":true"), 2);
    free(text);
    assert_string_equal(output_written(output, 0), path);
    assert_null(output_written(output, 1));
    output_free(output);
    model_release(&m);
    strbuf_release(&error);
}

TEST(split_writes_a_document_a_session)
{
    static const char *same[] = {"a/b", "a_b", "c", NULL};
    static const char *const names[] = {"o-a_b.json", "o-a_b-2.json", "o-c.json"};
    const char *dir = support_tmpdir();
    struct model m = model_new(same);
    struct options options = {.output = support_path(dir, "o.json"), .split = true};
    struct output_config config = {.mem = &mem_libc, .options = &options, .live = true};
    struct output *output = output_new(&config);
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    assert_true(output_write(output, m.swarm, NOW_NS, true, &error));
    for (size_t i = 0; i < 3; i++) {
        char *text = support_read_file(support_path(dir, names[i]), NULL);
        assert_string_equal(output_written(output, i), support_path(dir, names[i]));
        assert_int_equal(count_in(text, "\"ph\":\"B\""), 1);
        free(text);
    }
    output_free(output);
    model_release(&m);
    strbuf_release(&error);
}

TEST(a_failure_names_the_file_and_what_was_there_stays)
{
    const char *dir = support_tmpdir(), *file = support_path(dir, "file");
    struct model m = model_new(one);
    struct options options = {.output = support_path(dir, "file/o.json")};
    struct output_config config = {.mem = &mem_libc, .options = &options, .live = true};
    struct output *output = output_new(&config);
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    support_write_file(file, "old", 3);
    assert_false(output_write(output, m.swarm, NOW_NS, true, &error));
    assert_non_null(strstr(error.data, "file/o.json"));
    assert_null(output_written(output, 0));
    char *text = support_read_file(file, NULL);
    assert_string_equal(text, "old");
    free(text);
    output_free(output);
    model_release(&m);
    strbuf_release(&error);
}

static bool gives_up(bool final)
{
    (void) final;
    return true;
}

TEST(a_document_that_is_given_up_leaves_the_old_one)
{
    const char *dir = support_tmpdir(), *file = support_path(dir, "o.json");
    struct model m = model_new(one);
    struct options options = {.output = file};
    struct output_config config = {
        .mem = &mem_libc, .options = &options, .live = true, .gives_up = gives_up};
    struct output *output = output_new(&config);
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    support_write_file(file, "old", 3);
    /* An earlier document is given up silently. */
    assert_true(output_write(output, m.swarm, NOW_NS, false, &error));
    assert_int_equal(error.len, 0);
    assert_false(output_write(output, m.swarm, NOW_NS, true, &error));
    assert_non_null(strstr(error.data, "o.json: cannot write: interrupted"));
    assert_null(output_written(output, 0));
    char *text = support_read_file(file, NULL);
    assert_string_equal(text, "old");
    free(text);
    /* No temporary file is left beside it. */
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(mkdir(dir, 0700), 0);
    output_free(output);
    model_release(&m);
    strbuf_release(&error);
}

TEST(a_trace_that_was_only_read_is_not_replaced_by_the_switch)
{
    const char *conf = support_tmpdir();
    struct model m = model_new(one);
    struct options options = {.env = {.perfetto_trace = "1", .claude_config_dir = conf}};
    struct output_config config = {.mem = &mem_libc, .options = &options, .live = false};
    struct output *output = output_new(&config);
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    assert_non_null(output_path(output, m.swarm, NOW_NS));
    assert_true(output_write(output, m.swarm, NOW_NS, false, &error));
    /* It may overwrite its own file. */
    assert_non_null(output_path(output, m.swarm, NOW_NS));
    output_free(output);
    output = output_new(&config);
    assert_null(output_path(output, m.swarm, NOW_NS));
    output_free(output);
    model_release(&m);
    strbuf_release(&error);
}
