/* The terminal answers whether it exists (DSR), and nothing else. A key is typed when the program
   was quiet for a moment: there is no other sign that it has drawn all it will. */
#include "tests/support/terminal_run.h"

#include "tests/support/support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    QUIET_MS = 25,
    START_MS = 5000, /* until the first byte, on a busy machine */
    ALONE_MS = 1000, /* of a program that gets no keys: it ends by itself */
    CUT_BYTES = 16,  /* what may lack its end when a signal ended the program */
    END_MS = 600,
    KILL_MS = 60000,
    PIECE_BYTES = 65536
};

static void be_program(int slave, const char *const argv[], const char *const env[])
{
    char *copies[32] = {NULL}, *program = realpath(argv[0], NULL);
    /* A file of a hostile name, which it may write, goes away with the test. */
    if (program == NULL || chdir(getenv("HOME")) != 0) {
        _exit(127);
    }
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; fd++) {
        dup2(slave, fd);
    }
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    for (size_t i = 0; env != NULL && env[i] != NULL; i++) {
        putenv(strdup(env[i]));
    }
    for (size_t i = 0; argv[i] != NULL && i < 31; i++) {
        copies[i] = strdup(argv[i]);
    }
    execv(program, copies);
    _exit(127);
}

/* Returns the master; sets *pid. */
static int start(const char *const argv[], const char *const env[], pid_t *pid)
{
    struct winsize size = {.ws_col = TERMINAL_COLS, .ws_row = TERMINAL_ROWS};
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
    int slave = open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(slave >= 0 && ioctl(slave, TIOCSWINSZ, &size) == 0);
    *pid = fork();
    assert_true(*pid >= 0);
    if (*pid == 0) {
        be_program(slave, argv, env);
    }
    close(slave);
    return fd;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads for `first_ms` until the first byte and for `quiet_ms` after the last one. Returns false at
   the end. */
static bool read_all(int fd, int first_ms, int quiet_ms, struct terminal_run *run)
{
    static const char question[] = "\033[5n", answer[] = "\033[0n";
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    for (int wait_ms = first_ms; poll(&poll_fd, 1, wait_ms) > 0; wait_ms = quiet_ms) {
        run->bytes = realloc(run->bytes, run->len + PIECE_BYTES + 1);
        ssize_t len = read(fd, run->bytes + run->len, PIECE_BYTES);
        if (len <= 0) {
            return false;
        }
        if (memmem(run->bytes + run->len, (size_t)len, question, sizeof question - 1) != NULL) {
            (void)!write(fd, answer, sizeof answer - 1);
        }
        run->len += (size_t)len;
    }
    return true;
}

/* Leaves out a sequence or a character of which the signal may have left the beginning only. */
static void drop_cut_end(struct terminal_run *run)
{
    size_t from = run->len > CUT_BYTES ? run->len - CUT_BYTES : 0;
    for (size_t i = from; i < run->len; i++) {
        if (run->bytes[i] == '\033' || (unsigned char)run->bytes[i] >= 0x80) {
            run->len = i;
        }
    }
}

void terminal_run(struct terminal_run *run, const char *const argv[], const char *const env[],
                  const char *const keys[], size_t key_count)
{
    pid_t pid;
    int fd = start(argv, env, &pid), status;
    int64_t deadline_ms = now_ms() + KILL_MS;
    *run = (struct terminal_run){.bytes = calloc(1, PIECE_BYTES)};
    bool runs = read_all(fd, START_MS, key_count > 0 ? QUIET_MS : ALONE_MS, run);
    for (size_t i = 0; i < key_count && runs; i++) {
        runs = write(fd, keys[i], strlen(keys[i])) > 0 && read_all(fd, QUIET_MS, QUIET_MS, run);
    }
    kill(pid, SIGTERM);
    while (runs && now_ms() < deadline_ms) {
        runs = read_all(fd, END_MS, QUIET_MS, run);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    close(fd);
    if (WIFSIGNALED(status)) {
        drop_cut_end(run);
    }
    run->bytes[run->len] = '\0';
    if (runs) {
        fail_msg("%s %s does not end", argv[0], argv[1]);
    }
}

void terminal_run_release(struct terminal_run *run)
{
    free(run->bytes);
    *run = (struct terminal_run){0};
}
