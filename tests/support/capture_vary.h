/* Captures that never happened, made of real ones: other ids and numbers of processes, another
   time, another order of arrival, two captures at once. What is true of them follows from the
   change. */
#ifndef TESTS_CAPTURE_VARY_H
#define TESTS_CAPTURE_VARY_H

#include "tests/support/capture.h"

/* Gives all sessions, agents, tools and processes other ids, by the number `seed` (1..15). */
void capture_rename(struct capture *capture, unsigned seed);
/* Has each file and hook arrive later than it did, by up to `most_ms`; lines of one file keep their
   order, and a hook keeps the time that it was sent. */
void capture_delay(struct capture *capture, unsigned seed, double most_ms);
/* Adds the steps of another capture, which is `after_ms` later than the beginning of the first, and
   takes it over. */
void capture_join(struct capture *capture, struct capture *other, double after_ms);

#endif
