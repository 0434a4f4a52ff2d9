/* The hub: what it says of its sources, the default address, and standard input. */
#include "tests/support/rig.h"

#include "ingest/address.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    rig_init(rig);
    rig_start_hub(rig, (struct hub_options){0});
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    rig_release(*state);
    free(*state);
    return 0;
}

TEST_WITH(a_hub_without_sources_is_finished, setup, teardown)
{
    struct rig *rig = *state;
    assert_true(hub_finished(rig->hub));
    assert_false(hub_failed(rig->hub));
    assert_int_equal(hub_source_count(rig->hub), 0);
}

TEST_WITH(many_changes_of_one_turn_are_said_once, setup, teardown)
{
    struct rig *rig = *state;
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    for (int i = 0; i < 1000; i++) {
        strbuf_adds(&text, "{\"ph\":\"i\",\"ts\":1,\"name\":\"a\"}\n");
    }
    const char *path = support_path(support_tmpdir(), "x.ndjson");
    support_write_file(path, text.data, text.len);
    strbuf_release(&text);
    rig_add(rig, path);
    rig_until_finished(rig);
    assert_in_range(rig->changed, 1, 10);
}

/* ---- the default address ---- */

TEST_WITH(the_default_address_is_the_first_that_is_set, setup, teardown)
{
    struct strbuf out, error;
    strbuf_init(&out, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    setenv("SWARMTOP_SOCKET", "/x/y", 1);
    setenv("XDG_RUNTIME_DIR", "/run/me", 1);
    assert_true(address_default(&out, false, &error));
    assert_string_equal(out.data, "unix:/x/y");
    strbuf_clear(&out);
    setenv("SWARMTOP_SOCKET", "tcp:127.0.0.1:99", 1);
    assert_true(address_default(&out, false, &error));
    assert_string_equal(out.data, "tcp:127.0.0.1:99");
    strbuf_clear(&out);
    setenv("SWARMTOP_SOCKET", "", 1);
    assert_true(address_default(&out, false, &error));
    assert_string_equal(out.data, "unix:/run/me/swarmtop.sock");
    strbuf_clear(&out);
    unsetenv("SWARMTOP_SOCKET");
    unsetenv("XDG_RUNTIME_DIR");
    char want[100];
    snprintf(want, sizeof want, "unix:/tmp/swarmtop-%lu/feed.sock", (unsigned long)geteuid());
    if (address_default(&out, false, &error)) {
        assert_string_equal(out.data, want);
    }
    strbuf_release(&out);
    strbuf_release(&error);
}

/* ---- standard input ---- */

/* Puts a descriptor in the place of stdin, and brings the old one back at the end. */
static int swap_stdin(int fd)
{
    int old = dup(STDIN_FILENO);
    assert_true(old >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    return old;
}

static void restore_stdin(int old)
{
    dup2(old, STDIN_FILENO);
    close(old);
}

static const char feed[] = "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"s\"}\n"
                           "{\"op\":\"start_tool\",\"span_id\":\"x\",\"tool_name\":\"A\"}\n";

TEST_WITH(a_pipe_on_stdin_is_live_until_it_ends, setup, teardown)
{
    struct rig *rig = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int old = swap_stdin(ends[0]);
    close(ends[0]);
    rig_add(rig, "-");
    rig_run_ms(rig, 20);
    assert_int_equal(write(ends[1], feed, sizeof feed - 1), sizeof feed - 1);
    rig_until_events(rig, 2);
    assert_int_equal(hub_source(rig->hub, 0).state, SOURCE_OPEN);
    assert_int_equal(rig_session(rig, "s")->flags & SESSION_FINISHED, 0);
    close(ends[1]);
    rig_until_finished(rig);
    assert_int_not_equal(rig_session(rig, "s")->flags & SESSION_FINISHED, 0);
    assert_false(hub_failed(rig->hub));
    restore_stdin(old);
}

TEST_WITH(a_file_on_stdin_is_read_to_its_end, setup, teardown)
{
    struct rig *rig = *state;
    static const char *const texts[] = {
        feed,
        "{\"traceEvents\":[{\"ph\":\"i\",\"ts\":1,\"name\":\"a\"}],\"metadata\":{\"session_id\":\"s\"}}",
        "[{\"ph\":\"i\",\"ts\":1,\"name\":\"a\"}", "{\"ph\":\"i\",\"ts\":1,\"name\":\"a\"}\n"};
    for (size_t i = 0; i < 4; i++) {
        const char *path = support_path(support_tmpdir(), "in");
        support_write_file(path, texts[i], strlen(texts[i]));
        int fd = open(path, O_RDONLY);
        int old = swap_stdin(fd);
        close(fd);
        size_t index = rig_add(rig, "-");
        rig_until_finished(rig);
        assert_int_equal(hub_source(rig->hub, index).state, SOURCE_FINISHED);
        assert_true(hub_source(rig->hub, index).events > 0);
        restore_stdin(old);
    }
    assert_non_null(rig_session(rig, "stdin"));
}

TEST_WITH(an_empty_stdin_is_no_error, setup, teardown)
{
    struct rig *rig = *state;
    int fd = open("/dev/null", O_RDONLY);
    int old = swap_stdin(fd);
    close(fd);
    rig_add(rig, "-");
    rig_until_finished(rig);
    assert_false(hub_failed(rig->hub));
    restore_stdin(old);
}

TEST_WITH(stopping_does_not_wait_for_a_silent_stdin, setup, teardown)
{
    struct rig *rig = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int old = swap_stdin(ends[0]);
    close(ends[0]);
    rig_add(rig, "-");
    rig_run_ms(rig, 10);
    rig_stop_hub(rig); /* the test hangs if it does wait */
    restore_stdin(old);
    close(ends[1]);
}

TEST_WITH(a_named_pipe_is_read_like_stdin, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = support_path(support_tmpdir(), "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    rig_add(rig, path);
    rig_run_ms(rig, 10);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, feed, sizeof feed - 1), sizeof feed - 1);
    rig_until_events(rig, 2);
    close(fd);
    rig_until_finished(rig);
}
