/* The simulated swarm: feed lines (FEED.md) with their times, made from a seed alone. Nothing here
   reads a clock or waits; the demo sends the lines at their pace. */
#ifndef TUI_DEMO_STORY_H
#define TUI_DEMO_STORY_H

#include "core/base/strbuf.h"

#include <stdint.h>

struct story_options {
    unsigned agents; /* at work at the same time, at most; at least 1 */
    uint64_t seed;
    double start_ms;    /* Unix epoch: when it begins */
    bool endless;       /* new prompts come for ever; else it ends within STORY_MS */
    const char *branch; /* the sign between a session's name and its branch */
};
#define STORY_MS 48000.0

struct story;

struct story_line {
    double t_ms;      /* since the start; never less than the line before */
    const char *text; /* one JSON object and '\n'; borrowed until the next call */
    size_t len;
};

/* Returns new; NULL: out of memory. */
struct story *story_new(const struct mem *mem, const struct story_options *options);
void story_free(struct story *story);
/* The next line. False: the story is told, or out of memory. */
bool story_next(struct story *story, struct story_line *out);

#endif
