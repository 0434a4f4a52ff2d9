/* A heap of tasks, ordered by time. A request is planned at its start with all its lines, so most
   tasks are lines that wait for their time; the others are next steps of actors. No clock is read:
   time is only the order of the heap. */
#include "tui/cmd/demo_private.h"

#include <math.h>
#include <string.h>

#define LAST_PROMPT_MS 18000.0 /* a finite story: no new prompts from here, */
#define WIND_DOWN_MS   27000.0 /* no new tools, */
#define HARD_END_MS    47000.0 /* nothing at all */

/* ---- chance: splitmix64, the same everywhere ---- */

double story_random(struct story *story)
{
    uint64_t z = story->random += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

double story_between(struct story *story, double from, double to)
{
    return round(from + (to - from) * story_random(story));
}

unsigned story_pick(struct story *story, unsigned count)
{
    return (unsigned)(story_random(story) * count);
}

bool story_chance(struct story *story, double probability)
{
    return story_random(story) < probability;
}

double story_spread(struct story *story, double median, double sigma)
{
    /* The sum of twelve uniform numbers is close to a normal one, and needs no function whose last
       bit differs between libms. */
    double normal = -6;
    for (int i = 0; i < 12; i++) {
        normal += story_random(story);
    }
    return round(median * exp(normal * sigma));
}

/* ---- the heap ---- */

static bool sooner(const struct task *a, const struct task *b)
{
    return a->at_ms < b->at_ms || (a->at_ms <= b->at_ms && a->order < b->order);
}

void story_push(struct story *story, struct task task)
{
    size_t at = story->task_count;
    if (!mem_reserve(story->mem, &story->tasks, &story->task_cap, at + 1, sizeof task)) {
        mem_free(story->mem, task.text, task.len);
        story->failed = true;
        return;
    }
    task.order = story->order++;
    for (; at > 0 && sooner(&task, &story->tasks[(at - 1) / 2]); at = (at - 1) / 2) {
        story->tasks[at] = story->tasks[(at - 1) / 2];
    }
    story->tasks[at] = task;
    story->task_count++;
}

void story_later(struct story *story, double at_ms, enum step step, uint32_t actor)
{
    story_push(story, (struct task){.at_ms = at_ms, .step = step, .actor = actor});
}

static struct task pop(struct story *story)
{
    struct task first = story->tasks[0], last = story->tasks[--story->task_count];
    size_t at = 0, count = story->task_count;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < count && sooner(&story->tasks[child + 1], &story->tasks[child])) {
            child++;
        }
        if (child >= count || !sooner(&story->tasks[child], &last)) {
            break;
        }
        story->tasks[at] = story->tasks[child];
        at = child;
    }
    if (count > 0) {
        story->tasks[at] = last;
    }
    return first;
}

static void drop_tasks(struct story *story)
{
    for (size_t i = 0; i < story->task_count; i++) {
        mem_free(story->mem, story->tasks[i].text, story->tasks[i].len);
    }
    story->task_count = 0;
}

/* ---- the story ---- */

bool story_winds_down(const struct story *story, double at_ms)
{
    return !story->options.endless && at_ms > WIND_DOWN_MS;
}

/* Returns the number of sessions: a small swarm has many main agents, a large one mostly
   sub-agents. */
static unsigned session_count(unsigned agents)
{
    unsigned sessions = agents <= 8 ? (agents + 1) / 3 : agents / 8 + 2;
    return sessions > 0 ? sessions : 1;
}

struct story *story_new(const struct mem *mem, const struct story_options *options)
{
    struct story *story = mem_zalloc(mem, 1, sizeof *story);
    if (story == NULL) {
        return NULL;
    }
    story->mem = mem;
    story->options = *options;
    story->random = options->seed * 0xD1342543DE82EF95u + 1;
    strbuf_init(&story->line, mem, 0);
    story->sessions = session_count(options->agents);
    for (unsigned i = 0; i < story->sessions && !story->failed; i++) {
        double at_ms = i == 0 ? 0 : story_between(story, 200, i < 4 ? 1500.0 * i : 9000);
        uint32_t actor = actor_new(story, &cast_roles[0], NO_ACTOR, i);
        if (actor == NO_ACTOR) {
            break;
        }
        actor_open_session(story, at_ms, actor);
    }
    if (!story->failed) {
        return story;
    }
    story_free(story);
    return NULL;
}

void story_free(struct story *story)
{
    if (story == NULL) {
        return;
    }
    const struct mem *mem = story->mem;
    drop_tasks(story);
    mem_free(mem, story->current.text, story->current.len);
    mem_free(mem, story->tasks, story->task_cap * sizeof *story->tasks);
    mem_free(mem, story->actors, story->actor_cap * sizeof *story->actors);
    strbuf_release(&story->line);
    mem_free(mem, story, sizeof *story);
}

static void take_step(struct story *story, const struct task *task)
{
    switch (task->step) {
    case STEP_LINE: break;
    case STEP_PROMPT:
        if (story->options.endless || task->at_ms < LAST_PROMPT_MS) {
            actor_prompt(story, task->at_ms, task->actor);
        }
        break;
    case STEP_REQUEST: actor_request(story, task->at_ms, task->actor); break;
    case STEP_SPAWN: actor_spawn(story, task); break;
    case STEP_END: actor_end(story, task->at_ms, task->actor); break;
    }
}

/* Only the ends of the sessions are left. */
static void close_story(struct story *story)
{
    double at_ms = story->last_ms + 300;
    drop_tasks(story);
    story->closing = true;
    for (uint32_t i = 0; i < story->actor_count; i++) {
        if (story->actors[i].used && story->actors[i].parent == i) {
            line_begin(story, at_ms, "end_session", i);
            line_end(story, at_ms);
        }
    }
}

bool story_next(struct story *story, struct story_line *out)
{
    mem_free(story->mem, story->current.text, story->current.len);
    story->current.text = NULL;
    story->current.len = 0;
    while (!story->failed) {
        if (!story->closing && (story->task_count == 0 ||
                                (!story->options.endless && story->tasks[0].at_ms > HARD_END_MS))) {
            close_story(story);
        }
        if (story->task_count == 0 || story->failed) {
            return false;
        }
        struct task task = pop(story);
        story->last_ms = task.at_ms;
        if (task.step == STEP_LINE) {
            story->current = task;
            *out = (struct story_line){task.at_ms, task.text, task.len, task.fact};
            return true;
        }
        take_step(story, &task);
    }
    return false;
}
