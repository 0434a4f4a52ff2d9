/* Tests listening sockets and their senders: who may send, how sessions end as senders come and go,
   and the socket file. */
#include "ingest/feed/sender.h"
#include "tests/support/failing_mem.h"
#include "tests/support/rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define HELLO(id)     "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"" id "\"}\n"
#define INSTANT(name) "{\"op\":\"instant\",\"name\":\"" name "\",\"cat\":\"x\"}\n"

/* "unix:" and a path of one's own, short enough for a socket. */
static const char *new_spec(void)
{
    static char specs[8][120];
    static unsigned next;
    char *spec = specs[next++ % 8];
    snprintf(spec, sizeof specs[0], "unix:%s", support_path(support_tmpdir(), "s"));
    return spec;
}

static int connect_to(const char *spec)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    int fd = sender_connect(spec, 5000, &error);
    if (fd < 0) {
        fail_msg("%s", error.data);
    }
    strbuf_release(&error);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void send_to(const char *spec, const char *text)
{
    int fd = connect_to(spec);
    say(fd, text);
    close(fd);
}

static bool no_senders(struct rig *rig, void *ctx)
{
    (void)ctx;
    return hub_source(rig->hub, 0).senders == 0;
}

static char *error_of(struct rig *rig, const char *spec)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    assert_false(hub_add(rig->hub, spec, &error));
    char *text = strdup(error.data);
    strbuf_release(&error);
    return text;
}

RIG_TEST(many_senders_feed_sessions_of_their_own_and_shared_ones)
{
    enum { SENDERS = 20 };
    struct rig *rig = *state;
    const char *spec = new_spec();
    int fds[SENDERS];
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    assert_string_equal(hub_bound_address(rig->hub, 0), spec);
    for (int i = 0; i < SENDERS; i++) {
        char line[300];
        fds[i] = connect_to(spec);
        snprintf(
            line, sizeof line,
            "{\"op\":\"hello\",\"session_id\":\"own-%d\"}\n" INSTANT(
                "a") "{\"op\":\"instant\",\"session_id\":\"shared\",\"name\":\"b\",\"cat\":\"x\"}\n",
            i);
        say(fds[i], line);
    }
    rig_until_events(rig, 3 * SENDERS);
    assert_int_equal(hub_source(rig->hub, 0).senders, SENDERS);
    assert_int_equal(rig_live_sessions(rig), SENDERS + 1);
    assert_int_equal(rig_session(rig, "shared")->event_count, SENDERS);
    for (int i = 0; i < SENDERS; i++) {
        close(fds[i]);
    }
    rig_until(rig, no_senders, NULL);
    assert_int_not_equal(rig_session(rig, "shared")->flags & SESSION_DISCONNECTED, 0);
    assert_false(hub_finished(rig->hub));
    assert_true(rig->changed > 0);
}

RIG_TEST(a_sender_may_come_back)
{
    struct rig *rig = *state;
    const char *spec = new_spec();
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    send_to(spec, HELLO("s") "{\"op\":\"start_tool\",\"span_id\":\"x\",\"tool_name\":\"A\"}\n");
    rig_until_events(rig, 2);
    rig_until(rig, no_senders, NULL);
    assert_int_not_equal(rig_session(rig, "s")->flags & SESSION_DISCONNECTED, 0);
    int fd = connect_to(spec);
    say(fd, HELLO("s") "{\"op\":\"end_tool\",\"span_id\":\"x\"}\n");
    rig_until_events(rig, 4);
    assert_int_equal(rig_session(rig, "s")->flags & SESSION_DISCONNECTED, 0);
    assert_int_equal(hub_source(rig->hub, 0).bad, 0);
    close(fd);
}

static bool session_two(struct rig *rig, void *ctx)
{
    (void)ctx;
    return rig_session(rig, "two") != NULL;
}

/* Connections for which memory is lacking, several of them in one iteration of the loop, are
   closed; the next one is accepted. */
RIG_TEST(a_listener_outlives_a_lack_of_memory)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct rig rig;
    const char *spec = new_spec();
    int refused[3];
    assert_true(rig_init_with(&rig, &mem));
    rig_start_hub(&rig, (struct hub_options){0});
    rig_add(&rig, spec);
    failing.allow = 0;
    for (size_t i = 0; i < 3; i++) {
        refused[i] = connect_to(spec);
    }
    rig_run_ms(&rig, 50);
    failing.allow = -1;
    for (size_t i = 0; i < 3; i++) {
        char byte;
        assert_int_equal(recv(refused[i], &byte, 1, MSG_DONTWAIT), 0);
        close(refused[i]);
    }
    int two = connect_to(spec);
    say(two, HELLO("two"));
    rig_until(&rig, session_two, NULL);
    assert_int_equal(hub_source(rig.hub, 0).senders, 1);
    close(two);
    rig_release(&rig);
    assert_int_equal(failing.live_blocks, 0);
}

RIG_TEST(a_last_line_without_its_end_is_taken_when_the_sender_goes)
{
    struct rig *rig = *state;
    const char *spec = new_spec();
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    send_to(spec, HELLO("s") "{\"op\":\"instant\",\"name\":\"last\",\"cat\":\"x\"}");
    rig_until_events(rig, 2);
    send_to(spec, HELLO("s") "{\"op\":\"instant\",\"na");
    rig_until_bad(rig, 1);
    assert_non_null(rig_logged(rig, "sender 2: line 2: cut off"));
}

RIG_TEST(a_fast_sender_does_not_keep_the_others_waiting)
{
    struct rig *rig = *state;
    const char *spec = new_spec();
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    int flood = connect_to(spec), quiet = connect_to(spec);
    pid_t child = fork();
    if (child == 0) {
        static const char line[] =
            "{\"op\":\"instant\",\"session_id\":\"flood\",\"name\":\"f\",\"cat\":\"x\"}\n";
        char block[200 * (sizeof line - 1)];
        for (size_t i = 0; i < 200; i++) {
            memcpy(block + i * (sizeof line - 1), line, sizeof line - 1);
        }
        while (send(flood, block, sizeof block, MSG_NOSIGNAL) > 0) {
            ;
        }
        _exit(0);
    }
    close(flood);
    rig_until_events(rig, 1000);
    say(quiet, HELLO("quiet"));
    /* No turn of the loop takes more of one sender than its share: 256 KB, and the read of 64 KB
       that went beyond it,

       in lines of 59 bytes. */
    bool came = false;
    for (int turn = 0; turn < 200; turn++) {
        uint64_t before = hub_source(rig->hub, 0).events;
        uv_run(&rig->loop, UV_RUN_ONCE);
        assert_in_range(hub_source(rig->hub, 0).events - before, 0, (320 << 10) / 59 + 1);
        came |= rig_session(rig, "quiet") != NULL;
        assert_true(came || turn < 50);
    }
    close(quiet);
    /* The child ends when the hub closes its connection. */
    rig_stop_hub(rig);
}

/* ---- the socket file ---- */

RIG_TEST(the_socket_is_its_owners_alone_and_goes_with_the_listener)
{
    struct rig *rig = *state;
    const char *spec = new_spec();
    struct stat st;
    mode_t mask = umask(0);
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    assert_int_equal(umask(mask), 0); /* the umask is what it was */
    assert_int_equal(lstat(spec + 5, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    rig_stop_hub(rig);
    assert_int_equal(lstat(spec + 5, &st), -1);
}

RIG_TEST(a_socket_of_a_dead_process_is_replaced)
{
    struct rig *rig = *state;
    const char *spec = new_spec();
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%s", spec + 5);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    close(fd);
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    send_to(spec, HELLO("s"));
    rig_until_events(rig, 1);
}

RIG_TEST(nothing_is_left_beside_the_socket)
{
    struct rig *rig = *state;
    const char *dir = support_tmpdir();
    char spec[200], others[3][220];
    snprintf(spec, sizeof spec, "unix:%s", support_path(dir, "s"));
    /* Names that it might want for a moment, and must not touch. */
    for (int i = 0; i < 3; i++) {
        snprintf(others[i], sizeof others[i], "%s.%ld%c", spec + 5, (long)getpid(), 'a' + i);
        support_write_file(others[i], "mine", 4);
    }
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    free(error_of(rig, spec));
    rig_stop_hub(rig);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(unlink(others[i]), 0);
    }
    assert_int_equal(rmdir(dir), 0); /* it is empty */
}

RIG_TEST(a_path_of_the_greatest_length_works)
{
    struct rig *rig = *state;
    const char *dir = support_tmpdir();
    char spec[200];
    struct sockaddr_un un;
    /* All but the final NUL of sun_path: no other name fits beside it. */
    int len = snprintf(spec, sizeof spec, "unix:%s/", dir);
    while (len < (int)sizeof un.sun_path - 1 + 5) {
        spec[len++] = 'x';
    }
    spec[len] = '\0';
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    send_to(spec, HELLO("s"));
    rig_until_events(rig, 1);
    free(error_of(rig, spec));
    rig_stop_hub(rig);
    assert_int_equal(rmdir(dir), 0);
}

RIG_TEST(where_another_listens_this_one_goes_on_without)
{
    struct rig *rig = *state;
    const char *spec = new_spec();
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    char *error = error_of(rig, spec), want[200];
    snprintf(want, sizeof want,
             "%s: another swarmtop listens there: use another address, or end that one", spec);
    assert_string_equal(error, want);
    free(error);
    assert_int_equal(hub_source(rig->hub, 1).state, SOURCE_FAILED);
    assert_string_equal(hub_source(rig->hub, 1).error, want);
    assert_true(hub_failed(rig->hub));
    send_to(spec, HELLO("s")); /* the first is as it was */
    rig_until_events(rig, 1);
}

RIG_TEST(a_file_that_is_no_socket_is_left_alone)
{
    struct rig *rig = *state;
    const char *spec = new_spec();
    struct stat st;
    support_write_file(spec + 5, "precious", 8);
    rig_start_hub(rig, (struct hub_options){0});
    char *error = error_of(rig, spec);
    assert_non_null(strstr(error, "not a socket"));
    free(error);
    assert_int_equal(lstat(spec + 5, &st), 0);
    assert_int_equal(st.st_size, 8);
}

RIG_TEST(a_socket_file_that_is_no_longer_ours_is_left_alone)
{
    struct rig *rig = *state;
    const char *spec = new_spec();
    struct stat st;
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    assert_int_equal(unlink(spec + 5), 0);
    support_write_file(spec + 5, "other", 5);
    rig_stop_hub(rig);
    assert_int_equal(lstat(spec + 5, &st), 0);
}

RIG_TEST(paths_that_cannot_be_are_errors)
{
    struct rig *rig = *state;
    char longer[300] = "unix:/tmp/";
    memset(longer + 10, 'x', 200);
    static const char *const specs[] = {"unix:", "unix:/nowhere/at/all/s"};
    rig_start_hub(rig, (struct hub_options){0});
    for (size_t i = 0; i < 2; i++) {
        free(error_of(rig, specs[i]));
    }
    char *error = error_of(rig, longer);
    assert_non_null(strstr(error, "the path is too long"));
    free(error);
    error = error_of(rig, specs[1]);
    assert_non_null(strstr(error, "No such file or directory"));
    free(error);
}

/* ---- tcp ---- */

RIG_TEST(tcp_takes_a_port_of_the_systems_choice)
{
    struct rig *rig = *state;
    static const char *const specs[] = {"tcp:127.0.0.1:0", "tcp:localhost:0"};
    rig_start_hub(rig, (struct hub_options){0});
    for (size_t i = 0; i < 2; i++) {
        size_t index = rig_add(rig, specs[i]);
        const char *address = hub_bound_address(rig->hub, index);
        assert_int_equal(strncmp(address, "tcp:127.0.0.1:", 14), 0);
        assert_true(atoi(address + 14) > 0);
        send_to(address, HELLO("s"));
        rig_until_events(rig, i + 1);
    }
}

RIG_TEST(others_than_loopback_want_leave_and_a_token)
{
    struct rig *rig = *state;
    static const char *const wrong[] = {"tcp:",
                                        "tcp:127.0.0.1",
                                        "tcp:127.0.0.1:",
                                        "tcp:127.0.0.1:x",
                                        "tcp:127.0.0.1:70000",
                                        "tcp:example.com:1",
                                        "tcp::1",
                                        "tcp:[::1:0",
                                        "tcp:127.0.0.1:-1",
                                        "tcp:0.0.0.0:0",
                                        "tcp:[::]:0",
                                        "tcp:192.0.2.1:0"};
    rig_start_hub(rig, (struct hub_options){0});
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        free(error_of(rig, wrong[i]));
    }
    rig_stop_hub(rig);
    rig_start_hub(rig, (struct hub_options){.allow_remote = true});
    char *error = error_of(rig, "tcp:0.0.0.0:0");
    assert_non_null(strstr(error, "--token-file"));
    free(error);
    rig_stop_hub(rig);
    rig_start_hub(rig, (struct hub_options){.allow_remote = true, .token = "t"});
    rig_add(rig, "tcp:0.0.0.0:0");
}

/* Whether the other end has closed the connection, by then or soon. */
static bool is_closed(struct rig *rig, void *ctx)
{
    char byte;
    int fd;
    (void)rig;
    memcpy(&fd, ctx, sizeof fd);
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

RIG_TEST(tcp_wants_the_token_and_a_unix_socket_does_not)
{
    struct rig *rig = *state;
    const char *spec = new_spec();
    rig_start_hub(rig, (struct hub_options){.token = "secret"});
    rig_add(rig, "tcp:127.0.0.1:0");
    rig_add(rig, spec);
    const char *tcp = hub_bound_address(rig->hub, 0);
    int fd = connect_to(tcp);
    say(fd, HELLO("intruder"));
    rig_until(rig, is_closed, &fd);
    close(fd);
    assert_null(rig_session(rig, "intruder"));
    assert_non_null(rig_logged(rig, "refused"));
    fd = connect_to(tcp);
    say(fd, "{\"op\":\"auth\",\"token\":\"secret\"}\n" HELLO("guest"));
    send_to(spec, HELLO("local"));
    rig_until_events(rig, 2);
    assert_non_null(rig_session(rig, "guest"));
    assert_non_null(rig_session(rig, "local"));
    close(fd);
}

/* A web page can send to a port of this machine, and its body has whole lines. */
RIG_TEST(an_http_request_is_no_feed)
{
    struct rig *rig = *state;
    rig_start_hub(rig, (struct hub_options){.token = NULL});
    rig_add(rig, "tcp:127.0.0.1:0");
    int fd = connect_to(hub_bound_address(rig->hub, 0));
    say(fd, "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n" HELLO("web"));
    rig_until(rig, is_closed, &fd);
    close(fd);
    assert_null(rig_session(rig, "web"));
    assert_non_null(rig_logged(rig, "refused: an HTTP request"));
}

/* ---- the client ---- */

RIG_TEST(a_sender_says_when_nobody_is_there)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    const char *spec = new_spec();
    char want[200];
    assert_int_equal(sender_connect(spec, 100, &error), -1);
    snprintf(want, sizeof want, "%s: cannot connect: No such file or directory", spec);
    assert_string_equal(error.data, want);
    strbuf_clear(&error);
    assert_int_equal(sender_connect("smoke:signals", 100, &error), -1);
    assert_non_null(strstr(error.data, "not an address"));
    strbuf_release(&error);
}

RIG_TEST(a_sender_does_not_wait_for_one_who_never_accepts)
{
    const char *spec = new_spec();
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%s", spec + 5);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    assert_int_equal(listen(fd, 0), 0);
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    int taken[10], count = 0;
    while (count < 10 && (taken[count] = sender_connect(spec, 50, &error)) >= 0) {
        count++;
    }
    assert_in_range(count, 0, 9);
    assert_non_null(strstr(error.data, "no answer in time"));
    while (count > 0) {
        close(taken[--count]);
    }
    close(fd);
    strbuf_release(&error);
}
