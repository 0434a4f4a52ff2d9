/* Terminals that the benchmark opens itself: a program runs in each as it would at a user's, and every byte that it writes there is counted.
   The terminal answers when it is asked whether it is there (DSR), as all do, and no other question. */
#ifndef TESTS_BENCH_PTY_H
#define TESTS_BENCH_PTY_H

#include "core/base/strbuf.h"

#include <stdint.h>
#include <sys/types.h>

enum { PTY_COLS = 200, PTY_ROWS = 50, PTY_FRAMES_MAX = 2000 };
#define PTY_GAP_S 0.03 /* bytes that come later than this after the ones before are another frame */

struct pty {
    int fd;
    pid_t pid;
    uint64_t bytes;                 /* that it wrote since pty_reset */
    size_t frames;                  /* in which they came */
    double read_s;                  /* when the last ones did (bench_now) */
    size_t asked;                   /* how much of a question has come */
    struct strbuf seen;             /* the last of them, some 64 KB at most; cleared by pty_reset */
    uint32_t sizes[PTY_FRAMES_MAX]; /* of the frames */
};

/* Starts argv (ended by NULL; argv[0] a path) in a terminal of 200x50 with that TERM, UTF-8, UTC, and nothing of the user's: what it keeps goes below
   `dir`. `input`: a file that is its stdin; NULL: the terminal is. Does not return when it cannot. */
void pty_open(struct pty *pty, const char *dir, const char *term, const char *input,
              const char *const *argv);
/* Kills it and waits for it. */
void pty_close(struct pty *pty);
void pty_type(const struct pty *pty, const char *keys);
/* Counts from 0 again. */
void pty_reset(struct pty *pty);
bool pty_saw(const struct pty *pty, const char *text);
/* Bytes of the median frame, of the largest. 0: there was none. */
double pty_median(const struct pty *pty);
double pty_largest(const struct pty *pty);

/* What is done besides, before each wait and after each byte; returns how many seconds it wants to be waited at most. Below 0: no more, at once. */
typedef double pty_turn(void *ctx);
/* Reads from all of them for so long. `turn` may be NULL. */
void pty_run(struct pty *ptys, size_t count, double seconds, pty_turn *turn, void *ctx);
/* Reads until none has written for `quiet_s`, at most for `most_s`. */
void pty_settle(struct pty *ptys, size_t count, double quiet_s, double most_s);

/* The program under test and this one: static. */
const char *pty_program(void);
const char *pty_self(void);

#endif
