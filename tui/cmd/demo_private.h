/* What the parts of the story share: demo_story.c (the order of things), demo_actor.c (what an
   agent does), demo_request.c (its requests), demo_line.c (the lines). */
#ifndef TUI_DEMO_PRIVATE_H
#define TUI_DEMO_PRIVATE_H

#include "tui/cmd/demo_cast.h"
#include "tui/cmd/demo_story.h"

/* What happens at a time: a line is sent, or an actor takes its next step. */
enum step { STEP_LINE, STEP_PROMPT, STEP_REQUEST, STEP_SPAWN, STEP_END };

struct task {
    double at_ms;
    uint64_t order; /* of tasks of one time the first made is first */
    enum step step;
    uint32_t actor;
    uint32_t span; /* of STEP_SPAWN: the call that waits for the sub-agent, */
    uint32_t role; /* which is one of these */
    char *text;    /* of STEP_LINE; owned */
    size_t len;
};

struct actor {
    const struct cast_role *role;
    uint32_t session, parent; /* parent: of a main agent itself */
    uint32_t number;          /* its agent id's */
    uint32_t call;            /* the parent's span that waits for it */
    unsigned depth, rounds;   /* rounds: requests left */
    unsigned waits_for;       /* sub-agents that have not finished */
    double ready_ms;          /* when all else that its next request waits for is done */
    double prompt_tokens, cached_tokens;
    unsigned prompts; /* of a main agent: so many so far */
    bool fresh;       /* it has called no tool for this prompt yet */
    bool used;
};

struct story {
    const struct mem *mem;
    struct story_options options;
    uint64_t random, order;
    struct task *tasks; /* a heap, the next first */
    size_t task_count, task_cap;
    struct actor *actors;
    size_t actor_count, actor_cap;
    unsigned at_work, sessions;
    uint32_t spans, agents; /* numbers given so far */
    uint32_t last_role;     /* the one called last */
    struct task current;    /* the line that was given out */
    struct strbuf line;     /* the line that is being made */
    double last_ms;
    bool failed, closing;
};

/* ---- chance ---- */
double story_random(struct story *story); /* 0 <= x < 1 */
double story_between(struct story *story, double from, double to);
unsigned story_pick(struct story *story, unsigned count); /* 0 .. count - 1 */
bool story_chance(struct story *story, double probability);
/* Log-normal, rounded to whole numbers, `median` in the middle. */
double story_spread(struct story *story, double median, double sigma);

/* ---- tasks ---- */
/* Files the task for its time; takes its text. */
void story_push(struct story *story, struct task task);
void story_later(struct story *story, double at_ms, enum step step, uint32_t actor);
/* No new work begins any more. */
bool story_winds_down(const struct story *story, double at_ms);

/* ---- lines: begin, fields, end ---- */
void line_begin(struct story *story, double at_ms, const char *op, uint32_t actor);
void line_span(struct story *story, uint32_t span);
void line_text(struct story *story, const char *key, const char *text);
void line_number(struct story *story, const char *key, double value);
void line_bool(struct story *story, const char *key, bool value);
void line_raw(struct story *story, const char *key, const char *json);
/* {"KEY": "TEXT"} under `args`, with a second pair where `more_key` is not NULL. */
void line_args(struct story *story, const char *key, const char *text, const char *more_key,
               const char *more_text);
/* Files it for its time. */
void line_end(struct story *story, double at_ms);
/* "agent-12" of a sub-agent, the session's id of a main agent. */
void line_agent_id(const struct story *story, uint32_t actor, char out[32]);

/* ---- requests ---- */

#define MAX_ATTEMPTS 4

/* One request as it is planned: moments since the story's start. */
struct request {
    uint32_t span;
    double begin, first_token, end;
    double attempts[MAX_ATTEMPTS];
    size_t attempt_count;
    double output_tokens;
    bool fails, last;
};

void request_plan(struct story *story, double at_ms, const struct actor *a, struct request *r);
/* Files its lines. */
void request_put(struct story *story, uint32_t actor, const struct request *r);

/* ---- actors ---- */
/* NO_ACTOR: out of memory, or too many. */
#define NO_ACTOR UINT32_MAX
uint32_t actor_new(struct story *story, const struct cast_role *role, uint32_t parent,
                   uint32_t session);
void actor_open_session(struct story *story, double at_ms, uint32_t actor);
void actor_prompt(struct story *story, double at_ms, uint32_t actor);
void actor_request(struct story *story, double at_ms, uint32_t actor);
void actor_spawn(struct story *story, const struct task *task);
void actor_end(struct story *story, double at_ms, uint32_t actor);

#endif
