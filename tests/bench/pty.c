/* One thread reads all terminals and, by way of `turn`, feeds the programs in them. So nothing may block on one of them: a program that waits for its
   terminal to be read does not read its feed. */
#include "tests/bench/pty.h"

#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PTYS_MAX = 16, SEEN_BYTES = 65536 };

/* ---- programs ---- */

const char *pty_self(void)
{
    static char path[500];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    path[len > 0 ? len : 0] = '\0';
    return path;
}

/* BUILD/bench/bench measures BUILD/swarmtop. */
const char *pty_program(void)
{
    static char path[540];
    snprintf(path, sizeof path, "%s", pty_self());
    for (int i = 0; i < 2 && strrchr(path, '/') != NULL; i++) {
        *strrchr(path, '/') = '\0';
    }
    strncat(path, "/swarmtop", sizeof path - strlen(path) - 1);
    return path;
}

/* ---- a terminal ---- */

static void set_environment(const char *dir, const char *term)
{
    static const char *const others[] = {"NO_COLOR", "COLORTERM",       "LINES",    "COLUMNS",
                                         "TMUX",     "SWARMTOP_SOCKET", "LC_CTYPE", "LANG",
                                         "TERMCAP",  "SWARMTOP_SESSION"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        unsetenv(others[i]);
    }
    setenv("TERM", term, 1);
    setenv("SWARMTOP_OTLP", "off", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    setenv("HOME", dir, 1);
    setenv("XDG_STATE_HOME", dir, 1);
    setenv("XDG_CONFIG_HOME", dir, 1);
    setenv("XDG_RUNTIME_DIR", dir, 1);
}

static void be_program(int slave, const char *dir, const char *term, const char *input,
                       const char *const *argv)
{
    char *copies[20] = {NULL};
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    int in = input != NULL ? open(input, O_RDONLY) : slave;
    dup2(in, STDIN_FILENO);
    dup2(slave, STDOUT_FILENO);
    dup2(slave, STDERR_FILENO);
    set_environment(dir, term);
    for (size_t i = 0; argv[i] != NULL && i < 19; i++) {
        copies[i] = strdup(argv[i]);
    }
    execv(copies[0], copies);
    _exit(127);
}

void pty_open(struct pty *pty, const char *dir, const char *term, const char *input,
              const char *const *argv)
{
    struct winsize size = {.ws_col = PTY_COLS, .ws_row = PTY_ROWS};
    memset(pty, 0, sizeof *pty);
    strbuf_init(&pty->seen, &mem_libc, 0);
    pty->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    int slave = -1;
    if (pty->fd >= 0 && grantpt(pty->fd) == 0 && unlockpt(pty->fd) == 0) {
        slave = open(ptsname(pty->fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
    }
    if (slave < 0 || ioctl(slave, TIOCSWINSZ, &size) != 0 || (pty->pid = fork()) < 0) {
        fprintf(stderr, "bench: no pseudo-terminal: %s\n", strerror(errno));
        exit(2);
    }
    if (pty->pid == 0) {
        be_program(slave, dir, term, input, argv);
    }
    close(slave);
    fcntl(pty->fd, F_SETFL, O_NONBLOCK);
}

void pty_close(struct pty *pty)
{
    kill(pty->pid, SIGKILL);
    waitpid(pty->pid, NULL, 0);
    close(pty->fd);
    strbuf_release(&pty->seen);
}

void pty_type(const struct pty *pty, const char *keys)
{
    if (write(pty->fd, keys, strlen(keys)) < 0) {
        fprintf(stderr, "bench: a key is lost: %s\n", strerror(errno));
    }
}

/* ---- what it writes ---- */

void pty_reset(struct pty *pty)
{
    pty->bytes = 0;
    pty->frames = 0;
    strbuf_clear(&pty->seen);
}

bool pty_saw(const struct pty *pty, const char *text)
{
    return pty->seen.len > 0 && memmem(pty->seen.data, pty->seen.len, text, strlen(text)) != NULL;
}

static void answer(struct pty *pty, const char *bytes, size_t len)
{
    static const char question[] = "\033[5n";
    for (size_t i = 0; i < len; i++) {
        pty->asked = bytes[i] == question[pty->asked] ? pty->asked + 1 : bytes[i] == question[0];
        if (pty->asked == sizeof question - 1) {
            pty_type(pty, "\033[0n");
            pty->asked = 0;
        }
    }
}

static void count(struct pty *pty, const char *bytes, size_t len)
{
    double now_s = bench_now();
    if ((pty->frames == 0 || now_s - pty->read_s > PTY_GAP_S) && pty->frames < PTY_FRAMES_MAX) {
        pty->sizes[pty->frames++] = 0;
    }
    pty->read_s = now_s;
    pty->bytes += len;
    pty->sizes[pty->frames - 1] += (uint32_t)len;
    strbuf_add(&pty->seen, bytes, len);
    if (pty->seen.len > SEEN_BYTES) {
        strbuf_eat(&pty->seen, pty->seen.len - SEEN_BYTES / 2);
    }
}

static void take(struct pty *pty)
{
    char bytes[32768];
    ssize_t len;
    while ((len = read(pty->fd, bytes, sizeof bytes)) > 0) {
        answer(pty, bytes, (size_t)len);
        count(pty, bytes, (size_t)len);
    }
    if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
        fprintf(stderr, "bench: the program in the terminal has ended; it said last:\n%.*s\n",
                (int)pty->seen.len, pty->seen.len > 0 ? pty->seen.data : "");
        exit(2);
    }
}

void pty_run(struct pty *ptys, size_t ptys_count, double seconds, pty_turn *turn, void *ctx)
{
    struct pollfd fds[PTYS_MAX];
    double until_s = bench_now() + seconds;
    for (size_t i = 0; i < ptys_count; i++) {
        fds[i] = (struct pollfd){.fd = ptys[i].fd, .events = POLLIN};
    }
    for (;;) {
        double wait_s = turn != NULL ? turn(ctx) : seconds, left_s = until_s - bench_now();
        if (wait_s < 0 || left_s <= 0) {
            return;
        }
        wait_s = wait_s < left_s ? wait_s : left_s;
        poll(fds, (nfds_t)ptys_count, (int)(wait_s * 1000) + 1);
        for (size_t i = 0; i < ptys_count; i++) {
            if (fds[i].revents != 0) {
                take(&ptys[i]);
            }
        }
    }
}

void pty_settle(struct pty *ptys, size_t ptys_count, double quiet_s, double most_s)
{
    double until_s = bench_now() + most_s, last_s = bench_now();
    while (bench_now() < until_s && bench_now() - last_s < quiet_s) {
        pty_run(ptys, ptys_count, quiet_s / 4, NULL, NULL);
        for (size_t i = 0; i < ptys_count; i++) {
            last_s = ptys[i].read_s > last_s ? ptys[i].read_s : last_s;
        }
    }
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

double pty_median(const struct pty *pty)
{
    static uint32_t sorted[PTY_FRAMES_MAX];
    memcpy(sorted, pty->sizes, pty->frames * sizeof *sorted);
    qsort(sorted, pty->frames, sizeof *sorted, by_size);
    return pty->frames > 0 ? sorted[pty->frames / 2] : 0;
}

double pty_largest(const struct pty *pty)
{
    uint32_t most = 0;
    for (size_t i = 0; i < pty->frames; i++) {
        most = pty->sizes[i] > most ? pty->sizes[i] : most;
    }
    return most;
}
