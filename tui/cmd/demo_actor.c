/* The behaviour of an agent: a prompt (main agents only), then requests and tools in turn until it
   has its answer. The tools of a request start while its answer still streams; the next request
   waits for all of them. A sub-agent's call ends when the sub-agent ends. */
#include "tui/cmd/demo_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 3

uint32_t actor_new(struct story *story, const struct cast_role *role, uint32_t parent,
                   uint32_t session)
{
    uint32_t i = 0;
    while (i < story->actor_count && story->actors[i].used) {
        i++;
    }
    if (i == story->actor_count) {
        if (!mem_reserve(story->mem, &story->actors, &story->actor_cap, story->actor_count + 1,
                         sizeof *story->actors)) {
            story->failed = true;
            return NO_ACTOR;
        }
        story->actor_count++;
    }
    story->actors[i] = (struct actor){
        .role = role,
        .session = session,
        .parent = parent == NO_ACTOR ? i : parent,
        .number = ++story->agents,
        .depth = parent == NO_ACTOR ? 0 : story->actors[parent].depth + 1,
        .prompt_tokens = parent == NO_ACTOR ? story_between(story, 14000, 21000)
                                            : story_between(story, 5000, 11000),
        .used = true,
    };
    /* The system prompt is cached: other agents used it before. */
    story->actors[i].cached_tokens = round(story->actors[i].prompt_tokens * 0.6);
    if (parent == NO_ACTOR) {
        story->at_work++;
    }
    return i;
}

void story_session_name(uint32_t session, char out[32])
{
    const char *name = cast_sessions[session % cast_session_count].name;
    size_t round = session / cast_session_count + 1;
    if (round > 1) {
        snprintf(out, 32, "%.16s-%zu", name, round % 1000000);
    } else {
        snprintf(out, 32, "%.31s", name);
    }
}

void actor_open_session(struct story *story, double at_ms, uint32_t actor)
{
    uint32_t number = story->actors[actor].session;
    const struct cast_session *session = &cast_sessions[number % cast_session_count];
    char name[128], plain[32];
    story_session_name(number, plain);
    snprintf(name, sizeof name, "%s %s %s", plain, story->options.branch, session->branch);
    line_begin(story, at_ms, "hello", actor);
    line_text(story, "name", name);
    line_end(story, at_ms);
    story_later(story, at_ms + 200, STEP_PROMPT, actor);
}

void actor_prompt(struct story *story, double at_ms, uint32_t actor)
{
    struct actor *a = &story->actors[actor];
    a->prompts++;
    a->rounds = 4 + story_pick(story, 4);
    a->fresh = true;
    a->call = ++story->spans;
    line_begin(story, at_ms, "start_interaction", actor);
    line_span(story, a->call);
    line_number(story, "user_prompt_length", story_between(story, 12, 400));
    line_end(story, at_ms);
    story_later(story, at_ms + story_between(story, 40, 160), STEP_REQUEST, actor);
}

/* ---- tools ---- */

static const struct cast_tool *pick_tool(struct story *story)
{
    int total = 0, at;
    for (size_t i = 0; i < cast_tool_count; i++) {
        total += cast_tools[i].weight;
    }
    at = (int)story_pick(story, (unsigned)total);
    for (size_t i = 0; i < cast_tool_count; i++) {
        if ((at -= cast_tools[i].weight) < 0) {
            return &cast_tools[i];
        }
    }
    return &cast_tools[0];
}

/* Asks a person first. Returns the time of the answer; *allowed is the answer. */
static double ask(struct story *story, double at_ms, uint32_t actor, const struct cast_tool *tool,
                  bool *allowed)
{
    double answered = at_ms + story_between(story, 1800, 7500);
    uint32_t span = ++story->spans;
    char what[64];
    *allowed = story_chance(story, 0.9);
    snprintf(what, sizeof what, "Permission: %s", tool->name);
    line_begin(story, at_ms, "start_user_input", actor);
    line_span(story, span);
    line_text(story, "context", what);
    line_end(story, at_ms);
    line_begin(story, answered, "end_user_input", actor);
    line_span(story, span);
    line_text(story, "decision", *allowed ? "accept" : "reject");
    line_text(story, "source", "user");
    line_end(story, answered);
    return answered + 12;
}

/* Returns the time of its end. */
static double put_tool(struct story *story, double at_ms, uint32_t actor)
{
    const struct cast_tool *tool = pick_tool(story);
    const char *value = tool->values[story_pick(story, 6)];
    bool fails = story_chance(story, tool->error_rate), allowed = true;
    uint32_t span = ++story->spans;
    if (story->actors[actor].depth == 0 && tool->ms > 500 && story_chance(story, 0.4)) {
        at_ms = ask(story, at_ms, actor, tool, &allowed);
    }
    if (!allowed) {
        return at_ms;
    }
    double end = at_ms + story_spread(story, tool->ms, tool->spread);
    line_begin(story, at_ms, "start_tool", actor);
    line_span(story, span);
    line_text(story, "tool_name", tool->name);
    line_args(story, tool->arg, value, NULL, NULL);
    story->fact.tool = tool->name;
    story->fact.input = value;
    line_end(story, at_ms);
    line_begin(story, end, "end_tool", actor);
    line_span(story, span);
    line_bool(story, "success", !fails);
    if (fails) {
        line_text(story, "error", tool->error);
        story->fact.tool = tool->name;
        story->fact.error = tool->error;
    } else {
        line_number(story, "result_tokens", story_spread(story, 400, 0.9));
    }
    line_end(story, end);
    return end;
}

/* No agent calls its own kind, nor the same kind twice in a row. */
static uint32_t pick_role(struct story *story, const struct cast_role *own)
{
    uint32_t role;
    do {
        role = 1 + story_pick(story, (unsigned)cast_role_count - 1);
    } while (role == story->last_role || &cast_roles[role] == own);
    story->last_role = role;
    return role;
}

/* Calls a sub-agent, which starts a moment later. */
static void put_call(struct story *story, double at_ms, uint32_t actor)
{
    uint32_t role = pick_role(story, story->actors[actor].role), span = ++story->spans;
    line_begin(story, at_ms, "start_tool", actor);
    line_span(story, span);
    line_text(story, "tool_name", "Agent");
    line_args(story, "subagent_type", cast_roles[role].name, "description",
              cast_roles[role].tasks[story_pick(story, 4)]);
    line_end(story, at_ms);
    story->at_work++;
    story->actors[actor].waits_for++;
    story_push(story, (struct task){
                          .at_ms = at_ms + story_between(story, 15, 60),
                          .step = STEP_SPAWN,
                          .actor = actor,
                          .span = span,
                          .role = role,
                      });
}

/* Returns the number of sub-agents that the request calls. */
static unsigned want_calls(struct story *story, const struct actor *a)
{
    unsigned room =
        story->options.agents > story->at_work ? story->options.agents - story->at_work : 0;
    bool crowd =
        story->options.agents > 12 && room > story->options.agents / 4; /* many requests are left */
    unsigned want = 0;
    if (a->depth >= MAX_DEPTH) {
        return 0;
    }
    if (a->depth == 0 && a->fresh) {
        want = (crowd ? 4 : 2) + (unsigned)story_chance(story, 0.4);
    } else if (story_chance(story, crowd ? 0.8 : a->depth == 0 ? 0.5 : 0.35)) {
        want = 1;
    }
    return want < room ? want : room;
}

/* Starts the tools of a streaming request. Returns the end of the last one that is not a sub-agent.
   */
static double put_tools(struct story *story, uint32_t actor, const struct request *r,
                        unsigned calls)
{
    unsigned tools = 1 + (unsigned)story_chance(story, 0.35) + (unsigned)story_chance(story, 0.15),
             all;
    double done = r->end, span_ms = r->end - r->first_token;
    if (calls > 0 && story_chance(story, 0.6)) {
        tools = 0;
    }
    all = tools + calls;
    for (unsigned i = 0; i < all; i++) {
        double at_ms = round(r->first_token + span_ms * (0.7 + 0.3 * (i + 1) / all)) + 5;
        if (i < calls) {
            put_call(story, at_ms, actor);
        } else {
            double end = put_tool(story, at_ms, actor);
            done = end > done ? end : done;
        }
    }
    return done;
}

void actor_request(struct story *story, double at_ms, uint32_t actor)
{
    struct actor *a = &story->actors[actor];
    struct request r;
    unsigned calls;
    request_plan(story, at_ms, a, &r);
    request_put(story, actor, &r);
    a->ready_ms = r.end;
    if (r.last) {
        story_later(story, r.end + 10, STEP_END, actor);
        return;
    }
    if (!r.fails) {
        calls = want_calls(story, a);
        a->fresh = false;
        a->cached_tokens = a->prompt_tokens - story_between(story, 20, 300);
        a->prompt_tokens += r.output_tokens + story_spread(story, 900, 0.8);
        a->rounds--;
        a->ready_ms = put_tools(story, actor, &r, calls);
    }
    if (a->waits_for == 0) {
        story_later(story, a->ready_ms + story_between(story, 20, 120), STEP_REQUEST, actor);
    }
}

/* ---- sub-agents ---- */

void actor_spawn(struct story *story, const struct task *task)
{
    uint32_t actor =
        actor_new(story, &cast_roles[task->role], task->actor, story->actors[task->actor].session);
    char id[32];
    if (actor == NO_ACTOR) {
        return;
    }
    story->actors[actor].call = task->span;
    story->actors[actor].rounds = 3 + story_pick(story, 4);
    line_begin(story, task->at_ms, "register_agent", actor);
    line_text(story, "agent_name", story->actors[actor].role->name);
    line_agent_id(story, task->actor, id);
    line_text(story, "parent_agent_id", id);
    line_end(story, task->at_ms);
    story_later(story, task->at_ms + story_between(story, 10, 60), STEP_REQUEST, actor);
}

static void end_sub_agent(struct story *story, double at_ms, uint32_t actor)
{
    struct actor *a = &story->actors[actor], *parent = &story->actors[a->parent];
    line_begin(story, at_ms, "unregister_agent", actor);
    line_end(story, at_ms);
    line_begin(story, at_ms + 8, "end_tool", a->parent);
    line_span(story, a->call);
    line_bool(story, "success", true);
    line_number(story, "result_tokens", story_spread(story, 700, 0.5));
    line_end(story, at_ms + 8);
    a->used = false;
    story->at_work--;
    if (parent->ready_ms < at_ms + 8) {
        parent->ready_ms = at_ms + 8;
    }
    if (--parent->waits_for == 0) {
        story_later(story, parent->ready_ms + story_between(story, 20, 120), STEP_REQUEST,
                    a->parent);
    }
}

static void end_prompt(struct story *story, double at_ms, uint32_t actor)
{
    struct actor *a = &story->actors[actor];
    const struct cast_session *session = &cast_sessions[a->session % cast_session_count];
    char values[64];
    line_begin(story, at_ms, "end_interaction", actor);
    line_span(story, a->call);
    line_end(story, at_ms);
    snprintf(values, sizeof values, "{\"tokens\":%.0f}", a->prompt_tokens);
    line_begin(story, at_ms, "counter", actor);
    line_text(story, "name", "Context");
    line_raw(story, "values", values);
    line_end(story, at_ms);
    if (story_chance(story, 0.6)) {
        line_begin(story, at_ms + 5, "instant", actor);
        line_text(story, "name", "commit");
        line_text(story, "cat", "git");
        line_args(story, "branch", session->branch, NULL, NULL);
        line_end(story, at_ms + 5);
    }
    story_later(story, at_ms + story_between(story, 2500, 9000), STEP_PROMPT, actor);
}

void actor_end(struct story *story, double at_ms, uint32_t actor)
{
    if (story->actors[actor].depth > 0) {
        end_sub_agent(story, at_ms, actor);
    } else {
        end_prompt(story, at_ms, actor);
    }
}
