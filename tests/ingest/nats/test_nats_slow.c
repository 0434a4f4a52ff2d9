/* Tests a subscription that is slower than its publisher: memory is bounded, and what is dropped is
   counted and shown. The server is the packaged one. */
#include "ingest/nats/nats_connect.h"
#include "ingest/nats/nats_publisher.h"
#include "ingest/sources.h"
#include "tests/support/rig.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_NATS
enum { MESSAGE_BYTES = 1 << 20, MESSAGES = 100, GROWTH_BYTES = 64 << 20 };

static bool is_installed(const char *program)
{
    char command[200];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

/* Starts a server on a free port; sets `spec` to a subject on it. */
static pid_t start_server(char *spec, size_t size)
{
    const char *dir = support_tmpdir();
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execlp("nats-server", "nats-server", "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", dir,
               "-l", support_path(dir, "log"), (char *)NULL);
        _exit(127);
    }
    char *at = NULL;
    for (int tries = 0; at == NULL && tries < 3000; tries++) {
        glob_t found;
        usleep(10000);
        if (glob(support_path(dir, "*.ports"), 0, NULL, &found) == 0) {
            char *text = support_read_file(found.gl_pathv[0], NULL);
            at = strstr(text, "nats://");
            if (at != NULL) {
                snprintf(spec, size, "%.*s/slow", (int)strcspn(at, "\""), at);
            }
            free(text);
            globfree(&found);
        }
    }
    assert_non_null(at);
    return pid;
}

static size_t resident_bytes(void)
{
    char *text = support_read_file("/proc/self/statm", NULL);
    size_t pages = (size_t)strtoul(strchr(text, ' '), NULL, 10);
    free(text);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static bool is_connected(struct rig *rig, void *ctx)
{
    (void)ctx;
    return hub_source(rig->hub, 0).state == SOURCE_OPEN;
}

static void publish(const char *spec, const char *bytes, size_t len)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    if (!nats_publish(spec, bytes, len, 30000, &error)) {
        fail_msg("%s", error.data);
    }
    strbuf_release(&error);
}

/* Blank lines: they cost memory and little time. */
static void flood(const char *spec)
{
    char *bytes = malloc(MESSAGE_BYTES);
    assert_non_null(bytes);
    memset(bytes, '\n', MESSAGE_BYTES);
    for (int i = 0; i < MESSAGES; i++) {
        publish(spec, bytes, MESSAGE_BYTES);
    }
    free(bytes);
}

/* The loop does not run while messages come. Those of the end may still be on their way. */
static bool has_dropped(struct rig *rig, void *ctx)
{
    if (strstr(hub_source(rig->hub, 0).error, " messages dropped: ") != NULL) {
        return true;
    }
    flood(ctx);
    return false;
}

/* Until the queue has room, lines are still dropped. */
static bool takes_lines_again(struct rig *rig, void *ctx)
{
    static const char hello[] = "{\"op\":\"hello\",\"session_id\":\"after\"}\n";
    if (rig_session(rig, "after") != NULL) {
        return true;
    }
    publish(ctx, hello, sizeof hello - 1);
    return false;
}

TEST_WITH(what_is_too_much_is_dropped_and_counted, rig_set_up, rig_tear_down)
{
    struct rig *rig = *state;
    char spec[200];
    if (!is_installed("nats-server")) {
        skip();
    }
    pid_t server = start_server(spec, sizeof spec);
    rig_start_hub(rig, (struct hub_options){.sources = source_rows});
    rig_add(rig, spec);
    rig_until(rig, is_connected, NULL);
    size_t before = resident_bytes();
    flood(spec);
    size_t after = resident_bytes();
#ifndef __SANITIZE_ADDRESS__
    assert_in_range(after, 0, before + GROWTH_BYTES);
#else
    (void)before, (void)after;
#endif
    rig_until(rig, has_dropped, spec);
    assert_non_null(rig_logged(rig, " messages dropped: "));

    rig_until(rig, takes_lines_again, spec);
    assert_int_equal(hub_source(rig->hub, 0).state, SOURCE_OPEN);
    rig_stop_hub(rig);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}
#else
TEST(a_build_without_libnats)
{
    (void)state;
    skip();
}
#endif
