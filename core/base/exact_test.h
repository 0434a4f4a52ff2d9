/* Fisher's exact test: is an event more frequent among some trials than among others?

   Source: Fisher, "The Design of Experiments" (1935), section 21: with all four sums of the table
   given, its first cell has the hypergeometric distribution. Two-sided as R's fisher.test: the sum
   of the probabilities of all tables that are as unlikely as this one, or more. It is exact for any
   counts, unlike the chi-squared approximation, which needs five expected events in each cell
   (Agresti, "Categorical Data Analysis", 2nd edition, 3.5.1). */
#ifndef CORE_EXACT_TEST_H
#define CORE_EXACT_TEST_H

#include <stddef.h>

/* Returns how likely such a difference is if both have one rate: of `a_hits` among `a_count` trials
   and `b_hits` among `b_count`. 1 if either has no trials. Takes time in proportion to the hits. */
double exact_test(size_t a_hits, size_t a_count, size_t b_hits, size_t b_count);

#endif
