/* Fisher's exact test, against published results and against sums by hand. */
#include "core/base/exact_test.h"
#include "tests/support/support.h"

#include <math.h>

static void assert_near(double value, double want, double error)
{
    if (!(fabs(value - want) <= error)) {
        fail_msg("%.9g is not %.9g", value, want);
    }
}

/* The lady tasting tea, the example of R's fisher.test: 3 of 4 against 1 of 4, p 0.4857. */
TEST(the_lady_tasting_tea)
{
    assert_near(exact_test(3, 4, 1, 4), 34.0 / 70, 1e-12);
    assert_near(exact_test(4, 4, 0, 4), 2.0 / 70, 1e-12);
}

/* The criminal twins of Fisher (1962), in R's fisher.test: 2 of 17 against 10 of 13, p 0.0005367. */
TEST(the_twins_of_fisher)
{
    assert_near(exact_test(2, 17, 10, 13), 0.0005367, 5e-8);
    assert_near(exact_test(10, 13, 2, 17), 0.0005367, 5e-8);
}

TEST(equal_shares_and_no_trials_are_no_difference)
{
    assert_near(exact_test(5, 10, 50, 100), 1, 1e-9);
    assert_near(exact_test(0, 10, 0, 100), 1, 1e-9);
    assert_near(exact_test(10, 10, 100, 100), 1, 1e-9);
    assert_near(exact_test(0, 0, 7, 10), 1, 0);
    assert_near(exact_test(3, 10, 0, 0), 1, 0);
}

/* Large counts neither overflow nor lose the sum: 1 of 3 events among half of the trials. */
TEST(many_trials_keep_their_precision)
{
    assert_near(exact_test(1, 5000, 2, 5000), 1, 1e-9);
    assert_near(exact_test(3, 5000, 0, 5000), 0.25, 1e-4);
    double p = exact_test(3000, 10000, 400, 10000);
    assert_true(p >= 0 && p < 1e-100);
}
