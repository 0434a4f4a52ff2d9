/* Swarms in which agents wait for each other, for the tests of core/analysis. All is of session "s"; times are ms after
   MODEL_START_MS. */
#ifndef TESTS_WAITS_H
#define TESTS_WAITS_H

#include "tests/support/updates.h"

/* A model with the session and its main agent. */
void waits_init(struct model *model);
/* A sub-agent of `parent` (NULL: the main agent), which has made one request. */
void waits_agent(struct model *model, const char *id, const char *parent, const char *name);
/* A call of a tool by an agent (NULL: the main one), which started `child` (NULL: none). `end` UNKNOWN: it runs. */
void waits_tool(struct model *model, const char *agent, const char *name, const char *args,
                double start, double end, const char *child);
/* The same of a call that failed or, with an outcome, was stopped. */
void waits_failure(struct model *model, const char *agent, const char *name, const char *args,
                   double start, double end, enum outcome outcome);
void waits_request(struct model *model, const char *agent, double start, double end);
void waits_person(struct model *model, const char *agent, double start, double end);
/* `count` calls of a tool by the main agent, each of `ms`, before the time 0 of the tests. */
void waits_before(struct model *model, const char *name, size_t count, double ms);
/* Returns the local time at which the session's time is `ms`. */
int64_t waits_now(const struct model *model, double ms);

#endif
