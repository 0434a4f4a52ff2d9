/* What tests of more than one module need: cmocka with the headers it wants before it, files, directories of one's own,
   the program run and watched. Where one of these cannot do its work, the test fails: there is no error to look at. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A test: TEST(its_name_as_a_sentence) { … }. It registers itself before main, which tests/support/tests.c has: no list
   names it a second time. Tests run in the order of the file. TEST_WITH gives it a fixture, as cmocka has it: the test
   may use `state`. */
#define TEST(name) TEST_WITH(name, NULL, NULL)
#define TEST_WITH(name, setup, teardown)                           \
    static void name(void **state);                                \
    __attribute__((constructor)) static void name##_register(void) \
    {                                                              \
        support_add_test(#name, name, setup, teardown);            \
    }                                                              \
    static void name(__attribute__((unused)) void **state)
void support_add_test(const char *name, CMUnitTestFunction run, CMFixtureFunction setup,
                      CMFixtureFunction teardown);

/* The path of a file of ours: below tests/. Borrowed until the program ends. */
const char *support_tests(const char *rel);

/* Returns the path of a file or directory below tests/data. A file that is kept as NAME.gz is unpacked on first use. Borrowed
   until the program ends. */
const char *support_data(const char *rel);

/* The path of the swarmtop program that is under test. Borrowed. */
const char *support_program(void);

/* Returns new: the bytes of a file and a NUL after them, which *len (may be NULL) does not count. */
char *support_read_file(const char *path, size_t *len);

/* Writes a file of just these bytes, in place of the one that may be there. */
void support_write_file(const char *path, const void *bytes, size_t len);

/* The path of a new, empty directory. It goes away with all it then holds when the program ends. Borrowed until then. */
const char *support_tmpdir(void);

/* Joins into "dir/name". Borrowed until the program ends. */
const char *support_path(const char *dir, const char *name);

/* Returns the next random number after *seed, of 64 bits or below a limit: the same for the same seed. */
uint64_t support_random(uint64_t *seed);
uint64_t support_random_below(uint64_t *seed, uint64_t below);

struct support_run {
    int status; /* exit status; 128 + N: killed by signal N */
    char *out;  /* what came on stdout, and a NUL; owned */
    size_t out_len;
    char *err; /* what came on stderr, and a NUL; owned */
    size_t err_len;
};

/* Runs argv (argv[0] is a path or looked for in PATH; NULL after the last) with these bytes (NULL and 0: none) on stdin, in
   a session of its own and so without a terminal. The test fails when it is not done within timeout_ms; it is killed then.
   Fills *run, for support_run_release. */
void support_run(struct support_run *run, const char *const argv[], const void *input,
                 size_t input_len, int timeout_ms);
void support_run_release(struct support_run *run);

#endif
