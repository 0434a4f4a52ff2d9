/* A line of the feed, built in story->line and put into the heap as text. */
#include "tui/cmd/demo_private.h"

#include "core/base/json_text.h"

#include <stdio.h>
#include <string.h>

void line_agent_id(const struct story *story, uint32_t actor, char out[32])
{
    const struct actor *a = &story->actors[actor];
    if (a->parent == actor) {
        snprintf(out, 32, "demo-%llx-%u", (unsigned long long)(story->options.seed & 0xFFFFFFFF),
                 a->session + 1);
    } else {
        snprintf(out, 32, "agent-%u", a->number);
    }
}

static uint32_t root_of(const struct story *story, uint32_t actor)
{
    while (story->actors[actor].parent != actor) {
        actor = story->actors[actor].parent;
    }
    return actor;
}

void line_begin(struct story *story, double at_ms, const char *op, uint32_t actor)
{
    const struct actor *a = &story->actors[actor], *parent = &story->actors[a->parent];
    char id[32];
    story->fact = (struct story_fact){
        .op = op,
        .session = a->session,
        .agent = a->number,
        .role = a->depth > 0 ? a->role->name : NULL,
        .parent = parent->depth > 0 ? parent->role->name : NULL,
    };
    strbuf_clear(&story->line);
    strbuf_addf(&story->line, "{\"op\":\"%s\"", op);
    line_number(story, "t", story->options.start_ms + at_ms);
    line_agent_id(story, root_of(story, actor), id);
    line_text(story, "session_id", id);
    if (story->actors[actor].parent != actor) {
        line_agent_id(story, actor, id);
        line_text(story, "agent_id", id);
    }
}

static void put_key(struct story *story, const char *key)
{
    strbuf_addf(&story->line, ",\"%s\":", key);
}

void line_span(struct story *story, uint32_t span)
{
    story->fact.span = span;
    put_key(story, "span_id");
    strbuf_addf(&story->line, "\"s%u\"", span);
}

void line_text(struct story *story, const char *key, const char *text)
{
    put_key(story, key);
    json_put_cstr(&story->line, text);
}

void line_number(struct story *story, const char *key, double value)
{
    put_key(story, key);
    json_put_number(&story->line, value);
}

void line_bool(struct story *story, const char *key, bool value)
{
    put_key(story, key);
    json_put_bool(&story->line, value);
}

void line_raw(struct story *story, const char *key, const char *json)
{
    put_key(story, key);
    strbuf_adds(&story->line, json);
}

void line_args(struct story *story, const char *key, const char *text, const char *more_key,
               const char *more_text)
{
    strbuf_adds(&story->line, ",\"args\":{");
    json_put_cstr(&story->line, key);
    strbuf_addc(&story->line, ':');
    json_put_cstr(&story->line, text);
    if (more_key != NULL) {
        strbuf_addc(&story->line, ',');
        json_put_cstr(&story->line, more_key);
        strbuf_addc(&story->line, ':');
        json_put_cstr(&story->line, more_text);
    }
    strbuf_addc(&story->line, '}');
}

void line_end(struct story *story, double at_ms)
{
    struct task task = {.at_ms = at_ms, .step = STEP_LINE, .fact = story->fact};
    strbuf_adds(&story->line, "}\n");
    task.text = story->line.failed ? NULL : mem_alloc(story->mem, story->line.len);
    if (task.text == NULL) {
        story->failed = true;
        return;
    }
    task.len = story->line.len;
    memcpy(task.text, story->line.data, task.len);
    story_push(story, task);
}
