/* The simulated swarm: feed lines with their times, computed from a seed only. Nothing here reads a
   clock; the demo sends the lines at their times. */
#ifndef TUI_DEMO_STORY_H
#define TUI_DEMO_STORY_H

#include "core/base/strbuf.h"

#include <stdint.h>

struct story_options {
    unsigned agents; /* most agents that work at the same time; at least 1 */
    uint64_t seed;
    double start_ms;    /* start, Unix epoch */
    bool endless;       /* no end; else it ends within STORY_MS */
    const char *branch; /* between a session's name and its branch */
};
#define STORY_MS 48000.0

struct story;

/* A line's content, for the captions. Texts are static; NULL: the line has no such thing. */
struct story_fact {
    const char *op;
    uint32_t session;     /* its number, from 0 */
    uint32_t agent, span; /* numbers; span 0: none */
    const char *role;     /* of the agent; NULL: the session's main agent */
    const char *parent;   /* role of the agent that called it; NULL: the main agent */
    const char *tool, *input;
    const char *error;
};

struct story_line {
    double t_ms;      /* since the start; never decreases */
    const char *text; /* one JSON object and a newline; borrowed until the next call */
    size_t len;
    struct story_fact fact;
};

/* Writes the name of a session, as in its `hello` without the branch. */
void story_session_name(uint32_t session, char out[32]);

/* Returns new; NULL if out of memory. */
struct story *story_new(const struct mem *mem, const struct story_options *options);
void story_free(struct story *story);
/* Returns the next line in *out; false at the end of the story or if out of memory. */
bool story_next(struct story *story, struct story_line *out);

#endif
