/* The Mann-Whitney U test: do the values of one sample tend to be greater than those of another?
   It compares ranks, so it needs no distribution of the values, and one extreme value has no
   weight.

   Source: Mann and Whitney, "On a test of whether one of two random variables is stochastically
   larger than the other", Annals of Mathematical Statistics 18 (1947). The normal approximation
   with mean ranks for ties and a correction for continuity is that of Lehmann, "Nonparametrics"
   (1975), chapter 1, and of R's wilcox.test. It is close from about 8 values on each side. */
#ifndef CORE_RANK_TEST_H
#define CORE_RANK_TEST_H

#include <stddef.h>

struct rank_test {
    double u; /* the pairs in which the value of `a` is greater; a tie counts half */
    double p; /* two-sided: how likely such a difference is if both have one distribution */
};

/* Returns the test of two samples, each sorted upwards and without NAN. p is 1 if a sample is empty
   or if all values are the same. */
struct rank_test rank_test(const double *a, size_t a_count, const double *b, size_t b_count);

#endif
