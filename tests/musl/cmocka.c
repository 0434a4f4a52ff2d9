/* The part of cmocka that the tests of core use, for a libc that the packaged cmocka is not built for (.ci/musl). cmocka.h is
   cmocka's own. A test that fails jumps back to the loop that runs them; output is TAP, as tests/run.sh asks cmocka for. */
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_SKIPPED };

static jmp_buf back;

void print_message(const char *const format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

void print_error(const char *const format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

void _fail(const char *const file, const int line)
{
    printf("# %s:%d: error: Failure!\n", file, line);
    longjmp(back, OUTCOME_FAILED);
}

void _skip(const char *const file, const int line)
{
    (void)file, (void)line;
    longjmp(back, OUTCOME_SKIPPED);
}

void _assert_true(const LargestIntegralType result, const char *const expression,
                  const char *const file, const int line)
{
    if (result == 0) {
        printf("# %s\n", expression);
        _fail(file, line);
    }
}

void _assert_int_equal(const LargestIntegralType a, const LargestIntegralType b,
                       const char *const file, const int line)
{
    if (a != b) {
        printf("# %#llx != %#llx\n", (unsigned long long)a, (unsigned long long)b);
        _fail(file, line);
    }
}

void _assert_int_not_equal(const LargestIntegralType a, const LargestIntegralType b,
                           const char *const file, const int line)
{
    _assert_true(a != b, "two numbers differ", file, line);
}

void _assert_in_range(const LargestIntegralType value, const LargestIntegralType minimum,
                      const LargestIntegralType maximum, const char *const file, const int line)
{
    _assert_true(minimum <= value && value <= maximum, "a number in its range", file, line);
}

void _assert_float_equal(const float a, const float n, const float epsilon, const char *const file,
                         const int line)
{
    _assert_true(a - n <= epsilon && n - a <= epsilon, "two numbers are near", file, line);
}

void _assert_string_equal(const char *const a, const char *const b, const char *const file,
                          const int line)
{
    if (strcmp(a, b) != 0) {
        printf("# \"%s\" != \"%s\"\n", a, b);
        _fail(file, line);
    }
}

void _assert_string_not_equal(const char *const a, const char *const b, const char *file,
                              const int line)
{
    _assert_true(strcmp(a, b) != 0, "two texts differ", file, line);
}

void _assert_memory_equal(const void *const a, const void *const b, const size_t size,
                          const char *const file, const int line)
{
    _assert_true(memcmp(a, b, size) == 0, "the same bytes", file, line);
}

static enum outcome run(const struct CMUnitTest *test)
{
    void *state = test->initial_state;
    enum outcome outcome = (enum outcome)setjmp(back);
    if (outcome != OUTCOME_PASSED) {
        return outcome;
    }
    if (test->setup_func != NULL && test->setup_func(&state) != 0) {
        return OUTCOME_FAILED;
    }
    test->test_func(&state);
    return test->teardown_func == NULL || test->teardown_func(&state) == 0 ? OUTCOME_PASSED
                                                                           : OUTCOME_FAILED;
}

int _cmocka_run_group_tests(const char *group_name, const struct CMUnitTest *const tests,
                            const size_t num_tests, CMFixtureFunction group_setup,
                            CMFixtureFunction group_teardown)
{
    static const char *const outcomes[] = {"ok", "not ok", "not ok"};
    size_t counts[3] = {0};
    (void)group_name, (void)group_setup, (void)group_teardown;
    printf("1..%zu\n", num_tests);
    for (size_t i = 0; i < num_tests; i++) {
        enum outcome outcome = run(&tests[i]);
        counts[outcome]++;
        printf("%s %zu %s %s\n", outcomes[outcome], i + 1,
               outcome == OUTCOME_SKIPPED ? "# SKIP" : "-", tests[i].name);
        fflush(stdout);
    }
    return (int)counts[OUTCOME_FAILED];
}
