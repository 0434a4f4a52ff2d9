/* A heap of what each agent does next, by time; what it pops appends the events of one moment. An operation knows what the
   producer would (the args of its begin), so that ends repeat them. */
#include "tests/bench/generate.h"

#include "core/base/json_text.h"
#include "core/base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { MAX_TOOLS = 8, START_MS = 1 };
#define TRACE_START "2026-10-09T08:53:20.000Z"

enum step { STEP_REQUEST, STEP_ANSWER, STEP_TOOL, STEP_TOOL_END, STEP_USER_END };

struct todo {
    int64_t at_ms;
    uint64_t order; /* of equal times the one that was planned first */
    uint32_t agent;
    uint8_t step, slot;
};

struct tool_run {
    const char *name;
    int64_t start_ms;
    uint64_t number; /* makes the args of its begin */
};

struct actor {
    char name[24];
    int64_t tid;
    int64_t request_ms; /* the start of its request */
    unsigned model;
    uint64_t prompt_tokens, request;
    unsigned tools_open;
    struct tool_run tools[MAX_TOOLS];
    int64_t user_ms;
};

struct generate {
    const struct mem *mem;
    struct generate_options options;
    uint64_t random, order, planned, events, numbers;
    struct actor *actors;
    struct todo *heap;
    size_t heap_len, heap_cap;
    uint32_t named;        /* actors whose metadata were written */
    uint64_t skip;         /* events that the producer has dropped, still to come */
    struct strbuf waiting; /* events of one moment, each with a newline */
    size_t given;
    bool begun, ended, marked, failed;
};

static const char *const models[] = {"claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"};
static const char *const names[] = {"main",     "Explore", "general-purpose", "coder",
                                    "reviewer", "tester",  "Überprüfer",      "planner"};
static const char *const tools[] = {"Bash", "Read", "Edit",     "Grep",
                                    "Glob", "Task", "WebFetch", "mcp__db__query"};

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(struct generate *gen)
{
    uint64_t z = gen->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t below(struct generate *gen, uint64_t n)
{
    return next_random(gen) % n;
}

static bool chance(struct generate *gen, unsigned in_thousand)
{
    return below(gen, 1000) < in_thousand;
}

/* ---- the heap ---- */

static bool is_before(const struct todo *a, const struct todo *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct todo *a, struct todo *b)
{
    struct todo was = *a;
    *a = *b;
    *b = was;
}

static void plan(struct generate *gen, uint32_t agent, int64_t at_ms, enum step step, unsigned slot)
{
    if (!mem_reserve(gen->mem, &gen->heap, &gen->heap_cap, gen->heap_len + 1, sizeof *gen->heap)) {
        gen->failed = true;
        return;
    }
    size_t at = gen->heap_len++;
    gen->heap[at] = (struct todo){at_ms, gen->order++, agent, (uint8_t)step, (uint8_t)slot};
    for (; at > 0 && is_before(&gen->heap[at], &gen->heap[(at - 1) / 2]); at = (at - 1) / 2) {
        swap(&gen->heap[at], &gen->heap[(at - 1) / 2]);
    }
}

static struct todo pop(struct generate *gen)
{
    struct todo first = gen->heap[0];
    gen->heap[0] = gen->heap[--gen->heap_len];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < gen->heap_len; child++) {
            least = is_before(&gen->heap[child], &gen->heap[least]) ? child : least;
        }
        if (least == at) {
            return first;
        }
        swap(&gen->heap[at], &gen->heap[least]);
        at = least;
    }
}

/* ---- events ---- */

/* Begins an event, up to its args, which follow if `args` is set. */
static void begin_event(struct generate *gen, uint32_t agent, const char *name, const char *cat,
                        char ph, double ts_ms)
{
    struct strbuf *out = &gen->waiting;
    strbuf_adds(out, "{\"name\":");
    json_put_cstr(out, name);
    strbuf_addf(out, ",\"cat\":\"%s\",\"ph\":\"%c\",\"ts\":", cat, ph);
    json_put_number(out, ts_ms * 1000);
    strbuf_addf(out, ",\"pid\":%u,\"tid\":%lld", agent + 1, (long long)gen->actors[agent].tid);
}

static void end_event(struct generate *gen)
{
    strbuf_adds(&gen->waiting, "}\n");
    gen->events++;
}

/* Forgets the event that began at `from`, if the producer has dropped it. */
static void drop_if_evicted(struct generate *gen, size_t from)
{
    if (gen->skip > 0) {
        gen->skip--;
        gen->events--;
        gen->waiting.len = from;
    }
}

static void plain_event(struct generate *gen, uint32_t agent, const char *name, const char *cat,
                        char ph, double ts_ms, const char *args)
{
    size_t from = gen->waiting.len;
    begin_event(gen, agent, name, cat, ph, ts_ms);
    if (args != NULL) {
        strbuf_adds(&gen->waiting, ",\"args\":");
        strbuf_adds(&gen->waiting, args);
    }
    end_event(gen);
    drop_if_evicted(gen, from);
}

static void put_tool_args(struct strbuf *out, const struct tool_run *tool)
{
    strbuf_addf(out, ",\"args\":{\"tool_name\":\"%s\",\"tool_use_id\":\"toolu_%016llx\"",
                tool->name, (unsigned long long)(tool->number * 0x9e3779b97f4a7c15u));
    strbuf_addf(
        out,
        ",\"description\":\"Look for what part %llu of the %s module leaves open, then go on\"",
        (unsigned long long)(tool->number % 997), names[tool->number % 8]);
    switch (tool->number % 3) {
    case 0:
        strbuf_addf(
            out,
            ",\"command\":\"cd /srv/app && make -j%llu test 2>&1 | tail -n %llu # \\\"%llu\\\"\\n\"",
            (unsigned long long)(tool->number % 7 + 2),
            (unsigned long long)(tool->number % 90 + 10), (unsigned long long)tool->number);
        break;
    case 1:
        strbuf_addf(
            out,
            ",\"file_path\":\"/srv/app/src/modules/part_%llu/handler_%llu.ts\",\"offset\":%llu,"
            "\"limit\":2000",
            (unsigned long long)(tool->number % 400), (unsigned long long)(tool->number % 31),
            (unsigned long long)(tool->number % 5000));
        break;
    default:
        strbuf_addf(
            out,
            ",\"pattern\":\"function\\\\s+part_%llu\\\\(\",\"path\":\"/srv/app\",\"options\":{"
            "\"glob\":[\"*.ts\",null,true],\"größe\":%llu.5}",
            (unsigned long long)(tool->number % 400), (unsigned long long)(tool->number % 100));
    }
}

static void tool_event(struct generate *gen, uint32_t agent, const struct tool_run *tool,
                       int64_t end_ms)
{
    char name[64];
    size_t from = gen->waiting.len;
    bool end = end_ms >= 0, failed = end && tool->number % 23 == 0;
    strcpy(name, "Tool: ");
    strncat(name, tool->name, sizeof name - 8);
    begin_event(gen, agent, name, "tool", end ? 'E' : 'B', (double)(end ? end_ms : tool->start_ms));
    put_tool_args(&gen->waiting, tool);
    if (end) {
        strbuf_addf(&gen->waiting, ",\"success\":%s", failed ? "false" : "true");
        strbuf_adds(&gen->waiting, failed ? ",\"error\":\"exit status 1\\n\\tat line 7\"" : "");
        strbuf_addf(&gen->waiting, ",\"result_tokens\":%llu,\"duration_ms\":%lld",
                    (unsigned long long)(tool->number % 4000),
                    (long long)(end_ms - tool->start_ms));
    }
    strbuf_addc(&gen->waiting, '}');
    end_event(gen);
    drop_if_evicted(gen, from);
}

static double round_2(double value)
{
    return (double)(int64_t)(value * 100 + 0.5) / 100;
}

static void put_member(struct strbuf *out, const char *key, double value)
{
    strbuf_addf(out, ",\"%s\":", key);
    json_put_number(out, value);
}

static void request_args(struct generate *gen, const struct actor *actor)
{
    strbuf_addf(&gen->waiting,
                ",\"args\":{\"model\":\"%s\",\"prompt_tokens\":%llu,\"message_id\":\"msg_%016llx\","
                "\"is_speculative\":false,\"query_source\":\"agent:builtin\"",
                models[actor->model], (unsigned long long)actor->prompt_tokens,
                (unsigned long long)(actor->request * 0xbf58476d1ce4e5b9u));
}

static void begin_request(struct generate *gen, uint32_t agent, int64_t at_ms)
{
    struct actor *actor = &gen->actors[agent];
    size_t from = gen->waiting.len;
    actor->request_ms = at_ms;
    actor->request = ++gen->numbers;
    actor->model = (unsigned)below(gen, sizeof models / sizeof *models);
    actor->prompt_tokens = 2000 + below(gen, 150000);
    begin_event(gen, agent, "API Call", "api", 'B', (double)at_ms);
    request_args(gen, actor);
    strbuf_addc(&gen->waiting, '}');
    end_event(gen);
    drop_if_evicted(gen, from);
    plan(gen, agent, at_ms + 400 + (int64_t)below(gen, 9000), STEP_ANSWER, 0);
}

/* The phases of a request and its end, as the seed appends them. */
static void end_request(struct generate *gen, uint32_t agent, int64_t at_ms)
{
    struct actor *actor = &gen->actors[agent];
    double start = (double)actor->request_ms, ttlt = (double)at_ms - start;
    double setup = chance(gen, 300) ? (double)(5 + below(gen, 200)) : 0;
    unsigned attempts = setup > 0 && chance(gen, 200) ? 2 + (unsigned)below(gen, 2) : 1;
    double ttft = round_2((ttlt - setup) * (double)(20 + below(gen, 300)) / 1000);
    double sampling = ttlt - ttft - setup;
    double out_tokens = (double)(20 + below(gen, 900)),
           otps = round_2(out_tokens / sampling * 1000);
    double itps = round_2((double)actor->prompt_tokens / ttft * 1000);
    double cached = (double)(actor->prompt_tokens * below(gen, 95) / 100);
    double rate = round_2(cached * 100 / (double)actor->prompt_tokens);
    char args[256];
    struct strbuf text;
    strbuf_init(&text, gen->mem, 0);
    if (setup > 0) {
        snprintf(args, sizeof args, "{\"request_setup_ms\":%d,\"attempt_count\":%u}", (int)setup,
                 attempts);
        plain_event(gen, agent, "Request Setup", "api,setup", 'B', start, args);
        for (unsigned i = 1; i < attempts; i++) {
            char name[32];
            snprintf(name, sizeof name, "Attempt %u (retry)", i);
            snprintf(args, sizeof args, "{\"attempt\":%u}", i);
            plain_event(gen, agent, name, "api,retry", 'B', start + setup * (i - 1) / attempts,
                        args);
            plain_event(gen, agent, name, "api,retry", 'E', start + setup * i / attempts, NULL);
        }
        plain_event(gen, agent, "Request Setup", "api,setup", 'E', start + setup, NULL);
    }
    strbuf_adds(&text, "{\"ttft_ms\":");
    json_put_number(&text, ttft);
    put_member(&text, "prompt_tokens", (double)actor->prompt_tokens);
    put_member(&text, "itps", itps);
    put_member(&text, "cache_hit_rate_pct", rate);
    strbuf_addc(&text, '}');
    plain_event(gen, agent, "First Token", "api,ttft", 'B', start + setup, text.data);
    plain_event(gen, agent, "First Token", "api,ttft", 'E', start + setup + ttft, NULL);
    strbuf_clear(&text);
    strbuf_adds(&text, "{\"sampling_ms\":");
    json_put_number(&text, sampling);
    put_member(&text, "output_tokens", out_tokens);
    put_member(&text, "otps", otps);
    strbuf_addc(&text, '}');
    plain_event(gen, agent, "Sampling", "api,sampling", 'B', start + setup + ttft, text.data);
    plain_event(gen, agent, "Sampling", "api,sampling", 'E', start + setup + ttft + sampling, NULL);
    strbuf_release(&text);

    size_t from = gen->waiting.len;
    begin_event(gen, agent, "API Call", "api", 'E', (double)at_ms);
    request_args(gen, actor);
    put_member(&gen->waiting, "ttft_ms", ttft);
    put_member(&gen->waiting, "ttlt_ms", ttlt);
    put_member(&gen->waiting, "output_tokens", out_tokens);
    put_member(&gen->waiting, "cache_read_tokens", cached);
    put_member(&gen->waiting, "cache_creation_tokens", (double)below(gen, 3000));
    strbuf_addf(&gen->waiting, ",\"success\":%s", chance(gen, 15) ? "false" : "true");
    put_member(&gen->waiting, "duration_ms", ttlt);
    if (setup > 0) {
        put_member(&gen->waiting, "request_setup_ms", setup);
    }
    put_member(&gen->waiting, "itps", itps);
    put_member(&gen->waiting, "otps", otps);
    put_member(&gen->waiting, "cache_hit_rate_pct", rate);
    strbuf_addc(&gen->waiting, '}');
    end_event(gen);
    drop_if_evicted(gen, from);
}

static void answer(struct generate *gen, uint32_t agent, int64_t at_ms)
{
    struct actor *actor = &gen->actors[agent];
    end_request(gen, agent, at_ms);
    unsigned most = gen->options.tools > 0 ? gen->options.tools : 4;
    unsigned count = 1 + (unsigned)below(gen, most > MAX_TOOLS ? MAX_TOOLS : most);
    actor->tools_open = count;
    for (unsigned i = 0; i < count; i++) {
        plan(gen, agent, at_ms + 1 + (int64_t)below(gen, 300), STEP_TOOL, i);
    }
}

static void begin_tool(struct generate *gen, uint32_t agent, int64_t at_ms, unsigned slot)
{
    struct tool_run *tool = &gen->actors[agent].tools[slot];
    uint64_t number = ++gen->numbers;
    *tool = (struct tool_run){tools[below(gen, sizeof tools / sizeof *tools)], at_ms, number};
    tool_event(gen, agent, tool, -1);
    plan(gen, agent, at_ms + 3 + (int64_t)(below(gen, 60) * below(gen, 200)), STEP_TOOL_END, slot);
}

static void end_tool(struct generate *gen, uint32_t agent, int64_t at_ms, unsigned slot)
{
    struct actor *actor = &gen->actors[agent];
    if (below(gen, 1000000) >= (uint64_t)(gen->options.open_share * 1000000)) {
        tool_event(gen, agent, &actor->tools[slot], at_ms);
    }
    if (--actor->tools_open > 0) {
        return;
    }
    if (chance(gen, 60)) {
        actor->user_ms = at_ms;
        plain_event(gen, agent, "Waiting for User Input", "user_input", 'B', (double)at_ms,
                    "{\"context\":\"Permission: Edit\"}");
        plan(gen, agent, at_ms + 500 + (int64_t)below(gen, 20000), STEP_USER_END, 0);
        return;
    }
    plan(gen, agent, at_ms + 20 + (int64_t)below(gen, 200) + gen->options.pause_ms, STEP_REQUEST,
         0);
}

static void end_user(struct generate *gen, uint32_t agent, int64_t at_ms)
{
    char args[128];
    snprintf(
        args, sizeof args,
        "{\"context\":\"Permission: Edit\",\"decision\":\"accept\",\"source\":\"user_temporary\","
        "\"duration_ms\":%lld}",
        (long long)(at_ms - gen->actors[agent].user_ms));
    plain_event(gen, agent, "Waiting for User Input", "user_input", 'E', (double)at_ms, args);
    plan(gen, agent, at_ms + 20, STEP_REQUEST, 0);
}

/* ---- what stands around them ---- */

/* The n-th actor's metadata. */
static void name_actor(struct generate *gen, uint32_t n)
{
    struct strbuf *out = &gen->waiting;
    const struct actor *actor = &gen->actors[n];
    strbuf_addf(
        out,
        "{\"name\":\"process_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":%u,\"tid\":0,"
        "\"args\":{\"name\":\"%s\"}}\n",
        n + 1, actor->name);
    strbuf_addf(
        out,
        "{\"name\":\"thread_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":%u,\"tid\":%lld,"
        "\"args\":{\"name\":\"%s\"}}\n",
        n + 1, (long long)actor->tid, actor->name);
    if (n > 0) {
        strbuf_addf(
            out,
            "{\"name\":\"parent_agent\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":%u,\"tid\":0,"
            "\"args\":{\"parent_agent_id\":\"%s%u\"}}\n",
            n + 1, n < 8 ? "bench-session" : "agent-", n < 8 ? 0 : n / 8 + 1);
    }
}

static void mark_truncation(struct generate *gen, int64_t at_ms)
{
    strbuf_addf(
        &gen->waiting,
        "{\"name\":\"trace_truncated\",\"cat\":\"__metadata\",\"ph\":\"i\",\"ts\":%lld,\"pid\":1,\"tid\":0,"
        "\"args\":{\"dropped_events\":%llu}}\n",
        (long long)at_ms * 1000, (unsigned long long)gen->options.evicted);
    gen->marked = true;
}

struct generate *generate_new(const struct mem *mem, const struct generate_options *options)
{
    struct generate *gen = mem_zalloc(mem, 1, sizeof *gen);
    if (gen == NULL) {
        return NULL;
    }
    gen->mem = mem;
    gen->options = *options;
    gen->options.agents = options->agents > 0 ? options->agents : 32;
    gen->random = options->seed;
    gen->skip = options->evicted;
    gen->marked = options->evicted == 0;
    strbuf_init(&gen->waiting, mem, 0);
    gen->actors = mem_zalloc(mem, gen->options.agents, sizeof *gen->actors);
    for (uint32_t i = 0; gen->actors != NULL && i < gen->options.agents; i++) {
        struct actor *actor = &gen->actors[i];
        strncpy(actor->name, names[i == 0 ? 0 : 1 + (i - 1) % 7], sizeof actor->name - 1);
        actor->tid = utf8_thread_id(actor->name, strlen(actor->name));
        plan(gen, i, START_MS + (int64_t)below(gen, 20 * gen->options.agents), STEP_REQUEST, 0);
    }
    if (gen->actors == NULL || gen->failed) {
        generate_free(gen);
        return NULL;
    }
    return gen;
}

void generate_free(struct generate *gen)
{
    if (gen != NULL) {
        mem_free(gen->mem, gen->actors,
                 gen->actors == NULL ? 0 : gen->options.agents * sizeof *gen->actors);
        mem_free(gen->mem, gen->heap, gen->heap_cap * sizeof *gen->heap);
        strbuf_release(&gen->waiting);
        mem_free(gen->mem, gen, sizeof *gen);
    }
}

/* Makes the events of the next moment; false: there are enough. */
static bool act(struct generate *gen)
{
    if (gen->named < gen->options.agents) {
        name_actor(gen, gen->named++);
        return true;
    }
    if (gen->events >= gen->options.events || gen->failed) {
        return false;
    }
    struct todo todo = pop(gen);
    size_t from = gen->waiting.len;
    int64_t at = todo.at_ms;
    switch ((enum step)todo.step) {
    case STEP_REQUEST: begin_request(gen, todo.agent, at); break;
    case STEP_ANSWER: answer(gen, todo.agent, at); break;
    case STEP_TOOL: begin_tool(gen, todo.agent, at, todo.slot); break;
    case STEP_TOOL_END: end_tool(gen, todo.agent, at, todo.slot); break;
    case STEP_USER_END: end_user(gen, todo.agent, at); break;
    }
    if (!gen->marked && gen->skip == 0 && gen->waiting.len == from) {
        mark_truncation(gen, at);
    }
    return true;
}

bool generate_event(struct generate *gen, struct strbuf *out)
{
    while (gen->given == gen->waiting.len) {
        strbuf_clear(&gen->waiting);
        gen->given = 0;
        if (!act(gen)) {
            return false;
        }
    }
    const char *at = gen->waiting.data + gen->given;
    size_t len = (size_t)((const char *)memchr(at, '\n', gen->waiting.len - gen->given) - at);
    strbuf_add(out, at, len);
    gen->given += len + 1;
    return !out->failed && !gen->waiting.failed;
}

bool generate_next(struct generate *gen, struct strbuf *out)
{
    if (gen->ended) {
        return false;
    }
    size_t from = out->len;
    strbuf_adds(out, gen->begun ? "," : "{\"traceEvents\":[");
    gen->begun = true;
    if (generate_event(gen, out)) {
        return true;
    }
    out->len = from; /* the comma */
    strbuf_addf(
        out,
        "],\"metadata\":{\"session_id\":\"bench-session0\",\"trace_start_time\":\"" TRACE_START
        "\",\"agent_count\":%u,\"total_event_count\":%llu}}",
        gen->options.agents,
        (unsigned long long)(gen->events + 3 * (uint64_t)gen->options.agents - 1));
    gen->ended = true;
    return true;
}

bool generate_document(const struct mem *mem, const struct generate_options *options,
                       struct strbuf *out)
{
    struct generate *gen = generate_new(mem, options);
    while (gen != NULL && generate_next(gen, out)) {
    }
    bool good = gen != NULL && !gen->failed && !out->failed;
    generate_free(gen);
    return good;
}
