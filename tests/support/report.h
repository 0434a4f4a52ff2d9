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

/* An agent of a capture: the name of the script that the API served it, its id, and what the report
   calls it; NULL: absent. */
struct report_served {
    const char *script, *agent, *type, *description;
};
/* Requires that the report has those agents, of one session whose main agent is the first, and that
   their requests, tokens and tools are those that the API counted (expected.json of the sample). */
void report_is_as_served(const json_t *report, const char *sample, const char *client,
                         const struct report_served *agents, size_t count);

#endif
