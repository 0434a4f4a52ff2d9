/* The effect of a first and a second signal: in the loop, in a long computation, and if ignored at
   the start. Each case is a child that computes without end. */
#include "tests/support/support.h"
#include "tui/cmd/stop_signal.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_STATUS = -1, OVERDUE = 3, WOKEN = 4 };

struct child {
    pid_t pid;
    int out;
};

static void on_wake(uv_async_t *wake)
{
    (void)wake;
    _exit(WOKEN);
}

/* Computes until a signal ends the process, or with `polls` until the computation is overdue. */
static _Noreturn void compute(int out, bool saves, bool loop, bool polls)
{
    uv_loop_t uv;
    uv_async_t wake;
    uv_loop_init(&uv);
    uv_async_init(&uv, &wake, on_wake);
    stop_signal_open(&wake, saves);
    stop_signal_set_loop(loop);
    if (write(out, "x", 1) != 1) {
        _exit(1);
    }
    while (!(polls && stop_signal_is_overdue())) {
    }
    _exit(OVERDUE);
}

static _Noreturn void run_loop(int out, unsigned raised)
{
    uv_loop_t uv;
    uv_async_t wake;
    uv_loop_init(&uv);
    uv_async_init(&uv, &wake, on_wake);
    stop_signal_open(&wake, true);
    stop_signal_set_loop(true);
    if (write(out, "x", 1) != 1) {
        _exit(1);
    }
    for (unsigned i = 0; i < raised; i++) {
        raise(SIGINT);
    }
    uv_run(&uv, UV_RUN_DEFAULT);
    _exit(1);
}

enum kind { COMPUTES, POLLS, COMPUTES_IN_LOOP, RUNS_LOOP, RAISES_TWICE, READS, IGNORES };

static void start(struct child *child, enum kind kind)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0) {
        signal(SIGINT, kind == IGNORES ? SIG_IGN : SIG_DFL);
        if (kind == RUNS_LOOP || kind == RAISES_TWICE) {
            run_loop(ends[1], kind == RAISES_TWICE ? 2 : 0);
        }
        compute(ends[1], kind != READS, kind == COMPUTES_IN_LOOP || kind == READS, kind == POLLS);
    }
    close(ends[1]);
    child->out = ends[0];
    assert_int_equal(read(child->out, &byte, 1), 1);
}

/* Returns the exit status, 128 + N after signal N; NO_STATUS if the child has not ended within
   `ms`. */
static int status_within(struct child *child, int ms)
{
    struct pollfd fd = {.fd = child->out, .events = POLLIN};
    int status;
    if (poll(&fd, 1, ms) == 0) {
        return NO_STATUS;
    }
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    close(child->out);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(the_first_signal_wakes_the_loop)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct child child;
        start(&child, RUNS_LOOP);
        kill(child.pid, numbers[i]);
        assert_int_equal(status_within(&child, 20000), WOKEN);
    }
}

TEST(the_second_ends_a_computation_at_once)
{
    static const struct {
        enum kind kind;
        int first, second;
    } cases[] = {
        {COMPUTES_IN_LOOP, SIGINT, SIGINT},
        {COMPUTES_IN_LOOP, SIGTERM, SIGINT},
        {COMPUTES, SIGTERM, SIGTERM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct child child;
        start(&child, cases[i].kind);
        kill(child.pid, SIGHUP);
        kill(child.pid, SIGHUP);
        kill(child.pid, cases[i].first);
        assert_int_equal(status_within(&child, 100), NO_STATUS);
        kill(child.pid, cases[i].second);
        assert_int_equal(status_within(&child, 20000), 128 + cases[i].second);
    }
}

TEST(a_signal_that_was_passed_on_is_no_second)
{
    struct child child;
    int status = NO_STATUS;
    /* A busy machine may let more than 50 ms pass between the two. */
    for (unsigned tries = 0; tries < 10 && status != WOKEN; tries++) {
        start(&child, RAISES_TWICE);
        status = status_within(&child, 20000);
    }
    assert_int_equal(status, WOKEN);
}

TEST(one_sigint_ends_what_is_computed_after_the_loop)
{
    struct child child;
    start(&child, COMPUTES);
    kill(child.pid, SIGINT);
    assert_int_equal(status_within(&child, 20000), 128 + SIGINT);
    /* A computation that polls stops by itself. */
    start(&child, POLLS);
    kill(child.pid, SIGINT);
    assert_int_equal(status_within(&child, 20000), OVERDUE);
    /* A report has nothing to save. */
    start(&child, READS);
    kill(child.pid, SIGINT);
    assert_int_equal(status_within(&child, 20000), 128 + SIGINT);
}

TEST(an_ignored_signal_stays_ignored)
{
    struct child child;
    start(&child, IGNORES);
    kill(child.pid, SIGINT);
    kill(child.pid, SIGINT);
    assert_int_equal(status_within(&child, 100), NO_STATUS);
    kill(child.pid, SIGTERM);
    assert_int_equal(status_within(&child, 100), NO_STATUS);
    kill(child.pid, SIGTERM);
    assert_int_equal(status_within(&child, 20000), 128 + SIGTERM);
}
