/* A handler of our own and no uv_signal_t: libuv calls back only from its loop, which does not
   run while something long is computed, and then neither the first nor the second Ctrl-C would
   work. The handler uses what POSIX allows in one, and uv_async_send. Its state is static
   because a handler has no argument. */
#include "tui/cmd/stop_signal.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

static uv_async_t *volatile wakes;
static void (*volatile before_end)(void);
/* `timeout 60 swarmtop …` passes the terminal's Ctrl-C on, so swarmtop gets it twice. */
enum { SAME_KEY_MS = 50 };

static volatile sig_atomic_t asked;        /* a signal has come */
static volatile sig_atomic_t ends_at_next; /* a SIGINT or SIGTERM has come */
static volatile sig_atomic_t loop_runs;
static volatile sig_atomic_t has_to_save;
static volatile sig_atomic_t overdue;
static volatile sig_atomic_t first_number; /* of the first SIGINT or SIGTERM … */
static struct timespec first_at;           /* … and its time; only the handler uses it */

/* Ends the process by the signal's default action, once the handler returns. */
static void end_by(int number)
{
    if (before_end != NULL) {
        before_end();
    }
    signal(number, SIG_DFL);
    raise(number);
}

static void on_alarm(int number)
{
    int error = errno;
    (void)number;
    if (overdue) {
        end_by(SIGINT);
    }
    overdue = 1;
    alarm(STOP_GRACE_S);
    errno = error;
}

static void note_first(int number)
{
    ends_at_next = 1;
    first_number = number;
    clock_gettime(CLOCK_MONOTONIC, &first_at);
}

/* Whether this is the first signal again, which its sender passed on to the group's others. */
static bool is_same_key(int number)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long long ms =
        (now.tv_sec - first_at.tv_sec) * 1000LL + (now.tv_nsec - first_at.tv_nsec) / 1000000;
    return number == first_number && ms < SAME_KEY_MS;
}

static void on_signal(int number)
{
    int error = errno;
    /* A dropped connection sends several SIGHUP, and the document must still be written. */
    if (number != SIGHUP) {
        if (ends_at_next && !is_same_key(number)) {
            end_by(number);
        } else if (!ends_at_next && number == SIGINT && !(has_to_save && loop_runs)) {
            alarm(STOP_GRACE_S);
        }
        if (!ends_at_next) {
            note_first(number);
        }
    }
    asked = 1;
    if (wakes != NULL) {
        uv_async_send(wakes);
    }
    errno = error;
}

/* SA_RESTART: a read or a write that a signal interrupts is no error. */
static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static bool is_ignored(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void stop_signal_open(uv_async_t *wake, bool saves)
{
    has_to_save = saves;
    wakes = wake;
    asked = ends_at_next = loop_runs = overdue = 0;
    handle(SIGALRM, on_alarm);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!is_ignored(numbers[i])) {
            handle(numbers[i], on_signal);
        }
    }
}

void stop_signal_close(void)
{
    alarm(0);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!is_ignored(numbers[i])) {
            handle(numbers[i], SIG_DFL);
        }
    }
    handle(SIGALRM, SIG_DFL);
    wakes = NULL;
}

bool stop_signal_is_asked(void)
{
    return asked;
}

void stop_signal_set_loop(bool runs)
{
    loop_runs = runs;
}

bool stop_signal_is_overdue(void)
{
    return overdue;
}

void stop_signal_set_last(void (*last)(void))
{
    before_end = last;
}
