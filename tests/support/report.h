/* `swarmtop report --json` of some sources, as JSON, and its parts. */
#ifndef TESTS_REPORT_H
#define TESTS_REPORT_H

#include "tests/support/support.h"

#include <jansson.h>

/* Returns new. `spec` is a source's prefix with the directory of a sample ("codex/swarm"); the
   report must succeed. */
json_t *report_of_sample(const char *prefix, const char *sample);
/* The same of a directory that a test made. */
json_t *report_of_source(const char *prefix, const char *dir);
/* The agent of that session; the test fails where the report has none or two. Borrowed. */
const json_t *report_agent(const json_t *report, const char *session, const char *agent);
/* A number of an object; 0: absent. */
json_int_t report_number(const json_t *of, const char *key);
/* A number of an agent's tool. */
json_int_t report_tool(const json_t *agent, const char *tool, const char *key);
/* Compares a text of an object, NULL: absent. */
void report_text_is(const json_t *of, const char *key, const char *want);

#endif
