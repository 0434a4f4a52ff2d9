/* One pass over the spans in order of appearance, which is that of their memory: what a span adds goes
   to three tallies at once, its agent's, its model's (requests alone) and that of all. Names of tools and
   models are kept in a table of the figures' own, as they are parts of names in the model.

   Times are those of the trace: a swept span ends where the sweep closed it. An open one ends now. */
#include "core/figures_private.h"

#include "core/intervals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct agent_tally {
    struct figures_tally tally;
    struct intervals busy;
    int64_t busy_from_ns; /* the start of the stretch that was added last */
    int64_t last_ns;      /* the end of its last span */
};

struct model_tally {
    intern_id name;
    struct figures_tally tally;
};

struct gathering {
    const struct swarm *swarm;
    const struct mem *mem;
    int64_t local_ns;
    struct swarm_figures *out;
    struct figures_tally all;
    struct agent_tally *agents; /* by agent_no */
    size_t agent_count;
    struct model_tally *models;
    size_t model_count, model_cap;
    struct u64map model_by_name;
    intern_id *short_names; /* by a span's name: that of its tool; INTERN_NONE: not known yet */
    size_t short_cap;
    struct strbuf text;
    struct intervals all_busy;
};

static double to_ms(int64_t ns)
{
    return (double)ns / 1e6;
}

static int64_t end_ns(const struct gathering *g, const struct span *span)
{
    if ((span->flags & SPAN_OPEN) == 0) {
        return span->end_ns;
    }
    session_no session = swarm_agent(g->swarm, span->agent)->session;
    int64_t now = swarm_session_now(g->swarm, session, g->local_ns);
    return now > span->start_ns ? now : span->start_ns;
}

/* ---- requests ---- */

/* INTERN_NONE: it has none. INTERN_FAILED: out of memory. */
static intern_id model_name(struct gathering *g, struct json_value model)
{
    if (model.type != JSON_TYPE_STRING) {
        return INTERN_NONE;
    }
    if (memchr(model.raw, '\\', model.len) == NULL) {
        return intern_put(g->out->names, model.raw + 1, model.len - 2);
    }
    strbuf_clear(&g->text);
    json_get_string(model, &g->text);
    return g->text.failed ? INTERN_FAILED : intern_put(g->out->names, g->text.data, g->text.len);
}

/* NULL: out of memory. */
static struct figures_tally *model_tally(struct gathering *g, intern_id name)
{
    uint32_t at = u64map_get(&g->model_by_name, name);
    if (at != U64MAP_NONE) {
        return &g->models[at].tally;
    }
    if (!mem_reserve(g->mem, &g->models, &g->model_cap, g->model_count + 1, sizeof *g->models) ||
        !u64map_put(&g->model_by_name, name, (uint32_t)g->model_count)) {
        return NULL;
    }
    struct model_tally *model = &g->models[g->model_count++];
    model->name = name;
    figures_tally_init(&model->tally, g->mem);
    return &model->tally;
}

static bool gather_request(struct gathering *g, struct figures_tally *agent,
                           const struct span *span)
{
    struct request_sample sample;
    struct json_value said = request_sample_read(g->swarm, span, end_ns(g, span), &sample);
    if (!figures_tally_add_request(agent, &sample) ||
        !figures_tally_add_request(&g->all, &sample)) {
        return false;
    }
    intern_id name = model_name(g, said);
    if (name == INTERN_NONE || name == INTERN_FAILED) {
        return name == INTERN_NONE;
    }
    struct figures_tally *model = model_tally(g, name);
    return model != NULL && figures_tally_add_request(model, &sample);
}

/* ---- tools ---- */

static bool reserve_short_name(struct gathering *g, intern_id name)
{
    size_t had = g->short_cap;
    if (!mem_reserve(g->mem, &g->short_names, &g->short_cap, (size_t)name + 1,
                     sizeof *g->short_names)) {
        return false;
    }
    memset(g->short_names + had, 0, (g->short_cap - had) * sizeof *g->short_names);
    return true;
}

/* INTERN_FAILED: out of memory. */
static intern_id tool_name(struct gathering *g, const struct span *span)
{
    if (span->name >= g->short_cap && !reserve_short_name(g, span->name)) {
        return INTERN_FAILED;
    }
    intern_id *name = &g->short_names[span->name];
    if (*name == INTERN_NONE) {
        const char *text = span_short_name(swarm_text(g->swarm, span->name));
        intern_id put = intern_put(g->out->names, text, strlen(text));
        if (put == INTERN_FAILED) {
            return INTERN_FAILED;
        }
        *name = put;
    }
    return *name;
}

static bool gather_tool(struct gathering *g, struct figures_tally *agent, const struct span *span)
{
    intern_id name = tool_name(g, span);
    double ms = to_ms(end_ns(g, span) - span->start_ns);
    enum span_kind kind = (enum span_kind)span->kind;
    return name != INTERN_FAILED && figures_tally_add_tool(agent, name, kind, span->flags, ms) &&
           figures_tally_add_tool(&g->all, name, kind, span->flags, ms);
}

/* ---- agents ---- */

static bool gather_user(struct gathering *g, struct figures_tally *agent, const struct span *span)
{
    double ms = to_ms(end_ns(g, span) - span->start_ns);
    figures_tally_add_time(agent, SPAN_USER, ms);
    figures_tally_add_time(&g->all, SPAN_USER, ms);
    return true;
}

typedef bool gather_function(struct gathering *g, struct figures_tally *agent,
                             const struct span *span);
static gather_function *const gather_functions[SPAN_KINDS] = {
    [SPAN_REQUEST] = gather_request,
    [SPAN_TOOL] = gather_tool,
    [SPAN_AGENT_CALL] = gather_tool,
    [SPAN_USER] = gather_user,
};

/* Nearly all come in order of their start: one that does not begins another run. */
static bool add_busy(struct agent_tally *agent, int64_t from_ns, int64_t to_ns)
{
    if ((agent->busy.run_count == 0 || from_ns < agent->busy_from_ns) &&
        !intervals_begin_run(&agent->busy)) {
        return false;
    }
    agent->busy_from_ns = from_ns;
    return intervals_add(&agent->busy, from_ns, to_ns);
}

static void count_span(struct span_counts *counts, uint8_t flags)
{
    counts->closed += (flags & SPAN_OPEN) == 0;
    counts->open += (flags & SPAN_OPEN) != 0;
    counts->evicted += (flags & SPAN_EVICTED) != 0;
    counts->incomplete += (flags & SPAN_INCOMPLETE) != 0;
}

static bool gather_spans(struct gathering *g)
{
    for (span_no no = swarm_span_begin(g->swarm); no < swarm_span_end(g->swarm); no++) {
        const struct span *span = swarm_span(g->swarm, no);
        if (span == NULL) {
            continue;
        }
        count_span(&g->out->spans, span->flags);
        if (span_is_phase(span->kind)) {
            continue;
        }
        struct agent_tally *agent = &g->agents[span->agent];
        gather_function *gather = gather_functions[span->kind];
        int64_t end = end_ns(g, span);
        agent->last_ns = end > agent->last_ns ? end : agent->last_ns;
        if (gather != NULL &&
            (!gather(g, &agent->tally, span) || !add_busy(agent, span->start_ns, end))) {
            return false;
        }
    }
    return true;
}

static bool keep_busy(struct gathering *g, const struct intervals *busy)
{
    if (busy->count == 0) {
        return true;
    }
    if (!intervals_begin_run(&g->all_busy)) {
        return false;
    }
    for (size_t i = 0; i < busy->count; i++) {
        if (!intervals_add(&g->all_busy, busy->items[i].from, busy->items[i].to)) {
            return false;
        }
    }
    return true;
}

static bool finish_agent(struct gathering *g, agent_no number)
{
    struct agent_tally *of = &g->agents[number];
    struct figures *totals = &g->out->totals, *out = &g->out->agents[number];
    int64_t first_ns = swarm_agent(g->swarm, number)->first_ns;
    if (!intervals_unite(&of->busy) || !keep_busy(g, &of->busy) ||
        !figures_tally_finish(&of->tally, g->out->names, out)) {
        return false;
    }
    if (of->busy.count > 0) {
        out->busy_ms = to_ms(intervals_length(&of->busy));
        totals->busy_ms = figures_add(totals->busy_ms, out->busy_ms);
    }
    if (first_ns <= of->last_ns) {
        out->idle_ms = to_ms(of->last_ns - first_ns) - figures_add(0, out->busy_ms);
        out->idle_ms = out->idle_ms > 0 ? out->idle_ms : 0;
        totals->idle_ms = figures_add(totals->idle_ms, out->idle_ms);
    }
    return true;
}

static bool begin_agents(struct gathering *g)
{
    size_t count = swarm_agent_count(g->swarm);
    if (count == 0) {
        return true;
    }
    g->out->agents = mem_zalloc(g->mem, count, sizeof *g->out->agents);
    if (g->out->agents == NULL) {
        return false;
    }
    g->out->agent_count = count;
    g->agents = mem_zalloc(g->mem, count, sizeof *g->agents);
    if (g->agents == NULL) {
        return false;
    }
    g->agent_count = count;
    for (size_t i = 0; i < count; i++) {
        figures_tally_init(&g->agents[i].tally, g->mem);
        intervals_init(&g->agents[i].busy, g->mem);
        g->agents[i].last_ns = swarm_agent(g->swarm, (agent_no)i)->last_ns;
    }
    return true;
}

/* Rows that are no more have no spans: their figures say so. */
static bool gather_agents(struct gathering *g)
{
    if (!begin_agents(g) || !gather_spans(g)) {
        return false;
    }
    for (size_t i = 0; i < g->agent_count; i++) {
        bool dead = (swarm_agent(g->swarm, (agent_no)i)->flags & AGENT_DEAD) != 0;
        if (dead ? !figures_tally_finish(&g->agents[i].tally, g->out->names, &g->out->agents[i])
                 : !finish_agent(g, (agent_no)i)) {
            return false;
        }
    }
    return true;
}

/* ---- all ---- */

static int by_model(const void *a, const void *b)
{
    const struct model_figures *x = a, *y = b;
    return strcmp(x->model, y->model);
}

static bool finish_models(struct gathering *g)
{
    if (g->model_count == 0) {
        return true;
    }
    struct swarm_figures *out = g->out;
    out->models = mem_zalloc(g->mem, g->model_count, sizeof *out->models);
    if (out->models == NULL) {
        return false;
    }
    out->model_count = g->model_count;
    for (size_t i = 0; i < g->model_count; i++) {
        out->models[i].model = intern_text(out->names, g->models[i].name, NULL);
        if (!figures_tally_finish(&g->models[i].tally, out->names, &out->models[i].figures)) {
            return false;
        }
    }
    qsort(out->models, out->model_count, sizeof *out->models, by_model);
    return true;
}

static bool finish_totals(struct gathering *g)
{
    struct figures *totals = &g->out->totals;
    double busy_ms = totals->busy_ms, idle_ms = totals->idle_ms;
    if (!intervals_unite(&g->all_busy) || !figures_tally_finish(&g->all, g->out->names, totals)) {
        return false;
    }
    totals->busy_ms = busy_ms;
    totals->idle_ms = idle_ms;
    double any_ms = to_ms(intervals_length(&g->all_busy));
    totals->parallel = any_ms > 0 ? busy_ms / any_ms : (double)NAN;
    return true;
}

static void count_events(const struct swarm *swarm, struct swarm_figures *out)
{
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session != NULL) {
            out->events += session->event_count;
            out->metadata += session->metadata_count;
            out->dropped += session->dropped;
            out->spans.orphan_ends += session->orphan_ends;
        }
    }
}

static void release_gathering(struct gathering *g)
{
    figures_tally_release(&g->all);
    for (size_t i = 0; i < g->agent_count; i++) {
        figures_tally_release(&g->agents[i].tally);
        intervals_release(&g->agents[i].busy);
    }
    mem_free(g->mem, g->agents, g->agent_count * sizeof *g->agents);
    for (size_t i = 0; i < g->model_count; i++) {
        figures_tally_release(&g->models[i].tally);
    }
    mem_free(g->mem, g->models, g->model_cap * sizeof *g->models);
    u64map_release(&g->model_by_name);
    mem_free(g->mem, g->short_names, g->short_cap * sizeof *g->short_names);
    strbuf_release(&g->text);
    intervals_release(&g->all_busy);
}

bool figures_compute(const struct swarm *swarm, int64_t local_ns, struct swarm_figures *out)
{
    const struct mem *mem = swarm_mem(swarm);
    struct gathering g = {.swarm = swarm, .mem = mem, .local_ns = local_ns, .out = out};
    *out = (struct swarm_figures){.mem = mem, .names = intern_new(mem)};
    if (out->names == NULL) {
        return false;
    }
    out->totals.busy_ms = out->totals.idle_ms = (double)NAN;
    figures_tally_init(&g.all, mem);
    u64map_init(&g.model_by_name, mem);
    strbuf_init(&g.text, mem, 0);
    intervals_init(&g.all_busy, mem);
    bool good = gather_agents(&g) && finish_models(&g) && finish_totals(&g);
    count_events(swarm, out);
    release_gathering(&g);
    if (!good) {
        figures_release(out);
    }
    return good;
}

static void release_figures(const struct mem *mem, struct figures *figures)
{
    mem_free(mem, figures->tools, figures->tool_count * sizeof *figures->tools);
    figures->tools = NULL;
    figures->tool_count = 0;
}

void figures_release(struct swarm_figures *figures)
{
    const struct mem *mem = figures->mem;
    release_figures(mem, &figures->totals);
    for (size_t i = 0; i < figures->agent_count; i++) {
        release_figures(mem, &figures->agents[i]);
    }
    for (size_t i = 0; i < figures->model_count; i++) {
        release_figures(mem, &figures->models[i].figures);
    }
    mem_free(mem, figures->agents, figures->agent_count * sizeof *figures->agents);
    mem_free(mem, figures->models, figures->model_count * sizeof *figures->models);
    if (figures->names != NULL) {
        intern_free(figures->names);
    }
    *figures = (struct swarm_figures){.mem = mem};
}
