/* The program of a test: the tests that its files have registered, run in that order by cmocka. Times are shown in UTC. */
#include "tests/support/support.h"

#include <stdlib.h>

enum { TESTS_MAX = 100 };

static struct CMUnitTest tests[TESTS_MAX];
static size_t test_count;

void support_add_test(const char *name, CMUnitTestFunction run, CMFixtureFunction setup,
                      CMFixtureFunction teardown)
{
    if (test_count == TESTS_MAX) {
        abort();
    }
    tests[test_count++] = (struct CMUnitTest){
        .name = name, .test_func = run, .setup_func = setup, .teardown_func = teardown};
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    return _cmocka_run_group_tests("tests", tests, test_count, NULL, NULL);
}
