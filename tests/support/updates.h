/* Updates for tests, in one line each, and a model as text. Times are ms after MODEL_START_MS, of
   session "s" and, where no agent is named, its main agent. */
#ifndef TESTS_UPDATES_H
#define TESTS_UPDATES_H

#include "tests/support/model.h"

#include <math.h>

#define UNKNOWN ((double)NAN)

double at_ms(double ms); /* NAN stays */

/* An update of a session, of an agent or of a call, without fields. */
struct update session_update(enum precedence precedence);
struct update agent_update(enum precedence precedence, const char *agent);
struct update call_update(enum call_kind kind, enum precedence precedence, const char *id,
                          double start, double end);
/* Of the files. A name or args that are NULL are absent. */
struct update tool_update(const char *id, double start, double end, const char *name,
                          const char *args);
struct update request_update(const char *id, double start, double end);
/* NULL: absent. */
void update_string(struct update *update, enum update_field field, const char *text);
void update_retry(struct update *update, double attempt, double in_ms, double at,
                  const char *error);

/* Takes the update into the model, which must succeed. */
void model_update(struct model *model, const struct update *update);
void model_flush(const struct model *model);

/* Returns new (free): the model without what depends on the order in which it came to be: rows and
   their spans, sorted. */
char *updates_describe(const struct swarm *swarm, unsigned with);
enum {
    WITH_LIVE = 1,    /* sessions, flags and states, which no document has */
    WITH_FIGURES = 2, /* which count what is in flight up to a now that no document has */
    WITHOUT_ROWS = 4, /* spans alone */
    WITH_LANES = 8,   /* of each span */
    WITH_MARKERS = 16
};
/* Fails, with the lines that only one of them has, where they differ. `what` names the case. */
void assert_described(const char *expected, const char *got, const char *what);

#endif
