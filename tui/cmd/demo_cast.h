/* The agents, tools and models of the simulated swarm, as tables. Private to demo_*.c. */
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
    const char *tasks[4]; /* its prompts */
};

/* A tool and its duration: log-normal with median `ms` and sigma `spread`. */
struct cast_tool {
    const char *name, *arg; /* the argument that identifies the call */
    double ms, spread, error_rate;
    int weight;            /* relative frequency */
    const char *values[6]; /* values of the argument */
    const char *error;
};

extern const struct cast_session cast_sessions[];
extern const size_t cast_session_count;
/* The first kind is that of main agents, which are never called. */
extern const struct cast_role cast_roles[];
extern const size_t cast_role_count;
extern const struct cast_tool cast_tools[];
extern const size_t cast_tool_count;

#endif
