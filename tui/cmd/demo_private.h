/* Common to the parts of the story: demo_story.c (order of events), demo_actor.c (agents),
   demo_request.c (requests), demo_line.c (lines). */
#ifndef TUI_DEMO_PRIVATE_H
#define TUI_DEMO_PRIVATE_H

#include "tui/cmd/demo_cast.h"
#include "tui/cmd/demo_story.h"

/* A task at a time: a line is sent, or an actor takes its next step. */
enum step { STEP_LINE, STEP_PROMPT, STEP_REQUEST, STEP_SPAWN, STEP_END };

struct task {
    double at_ms;
    uint64_t order; /* tasks of one time keep their order of creation */
    enum step step;
    uint32_t actor;
    uint32_t span; /* STEP_SPAWN: the call that waits for the sub-agent */
    uint32_t role; /* STEP_SPAWN: the sub-agent's kind */
    char *text;    /* STEP_LINE; owned */
    size_t len;
    struct story_fact fact; /* STEP_LINE */
};

struct actor {
    const struct cast_role *role;
    uint32_t session, parent; /* parent: a main agent has itself */
    uint32_t number;          /* number in its agent id */
    uint32_t call;            /* the span of the parent that waits for it */
    unsigned depth, rounds;   /* rounds: requests left */
    unsigned waits_for;       /* sub-agents that have not finished */
    double ready_ms;          /* end of the other calls that its next request waits for */
    double prompt_tokens, cached_tokens;
    unsigned prompts; /* prompts so far, of a main agent */
    bool fresh;       /* no tool called for this prompt yet */
    bool used;
};

struct story {
    const struct mem *mem;
    struct story_options options;
    uint64_t random, order;
    struct task *tasks; /* a heap, earliest first */
    size_t task_count, task_cap;
    struct actor *actors;
    size_t actor_count, actor_cap;
    unsigned at_work, sessions;
    uint32_t spans, agents; /* numbers used so far */
    uint32_t last_role;     /* kind called last */
    struct task current;    /* the line returned last */
    struct strbuf line;     /* the line under construction */
    struct story_fact fact; /* its content */
    double last_ms;
    bool failed, closing;
};

/* ---- chance ---- */
double story_random(struct story *story); /* Returns 0 <= x < 1. */
double story_between(struct story *story, double from, double to);
unsigned story_pick(struct story *story, unsigned count); /* Returns 0 to count - 1. */
bool story_chance(struct story *story, double probability);
/* Returns a log-normal number with that median, rounded. */
double story_spread(struct story *story, double median, double sigma);

/* ---- tasks ---- */
/* Puts the task into the heap; takes its text. */
void story_push(struct story *story, struct task task);
void story_later(struct story *story, double at_ms, enum step step, uint32_t actor);
/* Returns whether no new work begins any more. */
bool story_winds_down(const struct story *story, double at_ms);

/* ---- lines: begin, fields, end ---- */
void line_begin(struct story *story, double at_ms, const char *op, uint32_t actor);
void line_span(struct story *story, uint32_t span);
void line_text(struct story *story, const char *key, const char *text);
void line_number(struct story *story, const char *key, double value);
void line_bool(struct story *story, const char *key, bool value);
void line_raw(struct story *story, const char *key, const char *json);
/* Adds {"KEY": "TEXT"} as `args`, with a second pair unless `more_key` is NULL. */
void line_args(struct story *story, const char *key, const char *text, const char *more_key,
               const char *more_text);
/* Puts the line into the heap. */
void line_end(struct story *story, double at_ms);
/* Adds the agent's id: "agent-12", or the session's id for a main agent. */
void line_agent_id(const struct story *story, uint32_t actor, char out[32]);

/* ---- requests ---- */

#define MAX_ATTEMPTS 4

/* A planned request: times in ms since the story's start. */
struct request {
    uint32_t span;
    double begin, first_token, end;
    double attempts[MAX_ATTEMPTS];
    size_t attempt_count;
    double output_tokens;
    bool fails, last;
};

void request_plan(struct story *story, double at_ms, const struct actor *a, struct request *r);
/* Puts the request's lines into the heap. */
void request_put(struct story *story, uint32_t actor, const struct request *r);

/* ---- actors ---- */
/* Returns NO_ACTOR if out of memory or if there are too many. */
#define NO_ACTOR UINT32_MAX
uint32_t actor_new(struct story *story, const struct cast_role *role, uint32_t parent,
                   uint32_t session);
void actor_open_session(struct story *story, double at_ms, uint32_t actor);
void actor_prompt(struct story *story, double at_ms, uint32_t actor);
void actor_request(struct story *story, double at_ms, uint32_t actor);
void actor_spawn(struct story *story, const struct task *task);
void actor_end(struct story *story, double at_ms, uint32_t actor);

#endif
