/* The program in a terminal of the test's own (a pty): keys in, all bytes out. */
#ifndef TESTS_TERMINAL_RUN_H
#define TESTS_TERMINAL_RUN_H

#include <stddef.h>

struct terminal_run {
    char *bytes; /* owned; all that the program wrote, and a NUL */
    size_t len;
};

enum { TERMINAL_COLS = 200, TERMINAL_ROWS = 120 };

/* Runs argv (argv[0] a path) with the variables of env (NAME=VALUE, NULL after the last; may be
   NULL). Each of the keys is typed once the program writes no more; then it gets SIGTERM, if it
   still runs. The test fails where it does not end. */
void terminal_run(struct terminal_run *run, const char *const argv[], const char *const env[],
                  const char *const keys[], size_t key_count);
void terminal_run_release(struct terminal_run *run);

#endif
