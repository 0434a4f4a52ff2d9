/* Tests a terminal that reads nothing or replies late: the program on a pty whose other end the
   test controls. */
#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ASKED  "\033[5n"
#define ANSWER "\033[0n"

struct shown {
    pid_t pid;
    int screen, feed;
    size_t bytes, questions; /* read from the screen */
    char last[1 << 16];      /* the last bytes read, NUL-terminated */
    size_t last_len;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool readable(int fd, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, timeout_ms) > 0;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int64_t end = now_ms() + 20000;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    while (now_ms() < end) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
            return fd;
        }
        close(fd);
        usleep(10000);
    }
    fail_msg("%s: nobody listens", path);
    return -1;
}

static void start(struct shown *shown)
{
    const char *socket_path = support_path(support_tmpdir(), "s");
    struct winsize size = {.ws_row = 50, .ws_col = 200};
    char source[256];
    *shown = (struct shown){0};
    snprintf(source, sizeof source, "unix:%s", socket_path);
    shown->pid = forkpty(&shown->screen, NULL, NULL, &size);
    assert_true(shown->pid >= 0);
    if (shown->pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        execl(support_program(), "swarmtop", source, (char *)NULL);
        _exit(127);
    }
    shown->feed = connect_to(socket_path);
}

/* Reads output for a time; with `answers`, replies to requests. */
static void look(struct shown *shown, int ms, bool answers)
{
    int64_t end = now_ms() + ms, left;
    char piece[4096];
    ssize_t len;
    while ((left = end - now_ms()) > 0 && readable(shown->screen, (int)left) &&
           (len = read(shown->screen, piece, sizeof piece - 1)) > 0) {
        piece[len] = '\0';
        shown->bytes += (size_t)len;
        if (shown->last_len + (size_t)len >= sizeof shown->last) {
            shown->last_len = 0;
        }
        memcpy(shown->last + shown->last_len, piece, (size_t)len + 1);
        shown->last_len += (size_t)len;
        for (const char *at = piece; (at = strstr(at, ASKED)) != NULL; at++) {
            shown->questions++;
            if (answers) {
                assert_int_equal(write(shown->screen, ANSWER, strlen(ANSWER)), strlen(ANSWER));
            }
        }
    }
}

static void send_line(const struct shown *shown, const char *line)
{
    assert_int_equal(send(shown->feed, line, strlen(line), MSG_NOSIGNAL), strlen(line));
}

/* Begins and ends `count` tools. */
static void send_work(const struct shown *shown, int from, int count)
{
    char line[600];
    for (int i = from; i < from + count; i++) {
        snprintf(
            line, sizeof line,
            "{\"op\":\"register_agent\",\"session_id\":\"s\",\"agent_id\":\"a%d\",\"agent_name\":\"agent-%d\"}\n"
            "{\"op\":\"start_tool\",\"session_id\":\"s\",\"agent_id\":\"a%d\",\"span_id\":\"t%d\",\"tool_name\":\"Tool%d\"}\n"
            "{\"op\":\"end_tool\",\"session_id\":\"s\",\"span_id\":\"t%d\",\"success\":true}\n",
            i % 90, i % 90, i % 90, i, i, i - 3);
        send_line(shown, line);
    }
}

/* The model has received the data, and the program does not block. */
static void ask_status(const struct shown *shown)
{
    char answer[512];
    send_line(shown, "{\"op\":\"status\"}\n");
    assert_true(readable(shown->feed, 10000));
    assert_true(recv(shown->feed, answer, sizeof answer, 0) > 0);
}

static void quit(struct shown *shown)
{
    int status = 0;
    int64_t end = now_ms() + 20000;
    assert_int_equal(write(shown->screen, "q", 1), 1);
    while (waitpid(shown->pid, &status, WNOHANG) == 0) {
        look(shown, 20, true);
        if (now_ms() > end) {
            kill(shown->pid, SIGKILL);
            fail_msg("it does not quit");
        }
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(shown->screen);
    close(shown->feed);
}

TEST(a_terminal_that_takes_nothing_holds_nothing_up)
{
    struct shown shown;
    start(&shown);
    send_line(&shown, "{\"op\":\"hello\",\"session_id\":\"s\",\"name\":\"slow\"}\n");
    /* Longer than frames need to fill the pty's buffer. */
    for (int i = 0; i < 60; i++) {
        send_work(&shown, i * 20, 20);
        ask_status(&shown);
        usleep(30000);
    }
    send_line(
        &shown,
        "{\"op\":\"register_agent\",\"session_id\":\"s\",\"agent_id\":\"new\",\"agent_name\":\"the-newest\"}\n"
        "{\"op\":\"start_user_input\",\"session_id\":\"s\",\"agent_id\":\"new\",\"span_id\":\"w\",\"context\":\"the-question\"}\n");
    ask_status(&shown);
    look(&shown, 800, true);
    /* The frame under way, then the newest state, without the sixty frames between. */
    assert_non_null(strstr(shown.last, "the-question"));
    assert_true(shown.bytes < 120000);
    quit(&shown);
}

TEST(a_terminal_that_answers_late_gets_fewer_frames)
{
    struct shown shown;
    start(&shown);
    send_line(&shown, "{\"op\":\"hello\",\"session_id\":\"s\",\"name\":\"slow\"}\n");
    send_work(&shown, 0, 300);
    look(&shown, 300, true);
    assert_true(shown.questions > 0);
    /* Without replies it writes until the window is full, then waits. */
    size_t before = shown.bytes;
    int64_t end = now_ms() + 1800;
    for (int i = 300; now_ms() < end; i += 20) {
        send_work(&shown, i, 20);
        look(&shown, 10, false);
    }
    assert_true(shown.bytes - before > 0);
    assert_true(shown.bytes - before < 60000);
    before = shown.bytes;
    assert_int_equal(write(shown.screen, ANSWER, strlen(ANSWER)), strlen(ANSWER));
    look(&shown, 300, true);
    assert_true(shown.bytes > before);
    quit(&shown);
}

/* A terminal that supports mode 2026 gets its frames in one piece, any other gets them
   unchanged. */
TEST(frames_are_held_together_where_the_terminal_can)
{
    static const char begin[] = "\033[?2026h", end[] = "\033[?2026l";
    struct shown shown;
    int64_t deadline = now_ms() + 10000;
    start(&shown);
    send_line(&shown, "{\"op\":\"hello\",\"session_id\":\"s\",\"name\":\"slow\"}\n");
    send_work(&shown, 0, 30);
    look(&shown, 300, true);
    assert_non_null(strstr(shown.last, "\033[?2026$p"));
    assert_null(strstr(shown.last, begin));
    assert_int_equal(write(shown.screen, "\033[?2026;2$y", 11), 11);
    for (int i = 30; strstr(shown.last, end) == NULL && now_ms() < deadline; i += 10) {
        send_work(&shown, i, 10);
        look(&shown, 100, true);
    }
    const char *held = strstr(shown.last, begin);
    assert_non_null(held);
    assert_true(strstr(held, end) > held);
    quit(&shown);
}
