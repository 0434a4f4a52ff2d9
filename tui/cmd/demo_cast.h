/* Who plays in the simulated swarm and what they do, as tables. Private to demo_*.c. */
#ifndef TUI_DEMO_CAST_H
#define TUI_DEMO_CAST_H

#include <stddef.h>

struct cast_session {
    const char *name, *branch;
};

struct cast_role {
    const char *name;
    const char *model;
    double tokens_per_s;
    const char *tasks[4]; /* what it is told to do */
};

/* A tool and how long it takes: `ms` in the middle, `spread` as the sigma of a log-normal
   distribution. */
struct cast_tool {
    const char *name, *arg; /* the argument that says what it was called for */
    double ms, spread, error_rate;
    int weight;            /* how often it is called */
    const char *values[6]; /* of the argument */
    const char *error;
};

extern const struct cast_session cast_sessions[];
extern const size_t cast_session_count;
/* The first is that of main agents, which nobody calls. */
extern const struct cast_role cast_roles[];
extern const size_t cast_role_count;
extern const struct cast_tool cast_tools[];
extern const size_t cast_tool_count;

#endif
