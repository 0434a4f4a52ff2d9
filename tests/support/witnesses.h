/* Facts for tests, in one line each. Times are ms after MODEL_START_MS. */
#ifndef TESTS_WITNESSES_H
#define TESTS_WITNESSES_H

#include "tests/support/model.h"

#include <math.h>

#define UNKNOWN ((double)NAN)

struct witness_place at_place(enum witness_rank rank, const char *agent_id);
double at_ms(double ms); /* NAN stays */

struct witness_tool_fact tool_fact(double start, double end, const char *name, const char *args);
struct witness_request_fact request_fact(double start, double end);

/* Returns new (free): the model without what depends on the order in which it came to be: rows and their spans, sorted. */
char *witnesses_describe(const struct swarm *swarm, unsigned with);
/* Besides: sessions and flags, which no document has; the figures, which count what is in flight up to a now that no document has. Or
   spans alone. */
enum { WITH_LIVE = 1, WITH_FIGURES = 2, WITHOUT_ROWS = 4 };

#endif
