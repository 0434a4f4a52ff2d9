/* A closed span is added to its agent's and its session's accumulator, a request also to its
   model's. Totals over sessions are computed by each query, so one session can be counted again
   without the others. A session whose closed spans were corrected may be marked stale: the next
   query counts it again. */
#include "core/model/stats.h"
#include "core/model/compaction.h"

#include "core/model/swarm_private.h"

#include <string.h>

bool stats_init(struct stats *stats, const struct mem *mem)
{
    *stats = (struct stats){.mem = mem, .names = intern_new(mem)};
    u64map_init(&stats->model_of, mem);
    return stats->names != NULL;
}

void stats_init_beside(struct stats *stats, struct stats *other)
{
    *stats = (struct stats){.mem = other->mem, .names = other->names, .borrows_names = true};
    u64map_init(&stats->model_of, other->mem);
}

static void release_model(struct stats_model *model)
{
    metrics_acc_release(&model->acc);
}

void stats_release(struct stats *stats)
{
    const struct mem *mem = stats->mem;
    for (size_t i = 0; i < stats->agent_count; i++) {
        metrics_acc_release(&stats->agents[i].acc);
        intervals_release(&stats->agents[i].busy);
    }
    for (size_t i = 0; i < stats->session_count; i++) {
        metrics_acc_release(&stats->sessions[i].acc);
        intervals_release(&stats->sessions[i].busy);
    }
    for (size_t i = 0; i < stats->model_count; i++) {
        release_model(&stats->models[i]);
    }
    mem_free(mem, stats->agents, stats->agent_cap * sizeof *stats->agents);
    mem_free(mem, stats->sessions, stats->session_cap * sizeof *stats->sessions);
    mem_free(mem, stats->models, stats->model_cap * sizeof *stats->models);
    mem_free(mem, stats->tool_names, stats->tool_cap * sizeof *stats->tool_names);
    u64map_release(&stats->model_of);
    intern_free(stats->borrows_names ? NULL : stats->names);
}

/* agents, sessions and models */

/* NULL: out of memory. */
static struct stats_agent *agent_in(struct stats *stats, agent_no agent)
{
    while (stats->agent_count <= agent) {
        if (!mem_reserve(stats->mem, &stats->agents, &stats->agent_cap, (size_t)agent + 1,
                         sizeof *stats->agents)) {
            return NULL;
        }
        struct stats_agent *made = &stats->agents[stats->agent_count++];
        metrics_acc_init(&made->acc, stats->mem);
        intervals_init(&made->busy, stats->mem);
        made->work = 0;
    }
    return &stats->agents[agent];
}

static struct stats_session *session_in(struct stats *stats, session_no session)
{
    while (stats->session_count <= session) {
        if (!mem_reserve(stats->mem, &stats->sessions, &stats->session_cap, (size_t)session + 1,
                         sizeof *stats->sessions)) {
            return NULL;
        }
        struct stats_session *made = &stats->sessions[stats->session_count++];
        *made = (struct stats_session){.spans = {0}};
        metrics_acc_init(&made->acc, stats->mem);
        intervals_init(&made->busy, stats->mem);
    }
    return &stats->sessions[session];
}

static struct stats_model *model_in(struct stats *stats, session_no session, intern_id name)
{
    uint64_t key = (uint64_t)session << 32 | name;
    uint32_t at = u64map_get(&stats->model_of, key);
    if (at != U64MAP_NONE) {
        return &stats->models[at];
    }
    if (!mem_reserve(stats->mem, &stats->models, &stats->model_cap, stats->model_count + 1,
                     sizeof *stats->models) ||
        !u64map_put(&stats->model_of, key, (uint32_t)stats->model_count)) {
        return NULL;
    }
    struct stats_model *made = &stats->models[stats->model_count++];
    *made = (struct stats_model){.session = session, .name = name};
    metrics_acc_init(&made->acc, stats->mem);
    return made;
}

/* ---- names ---- */

intern_id stats_model_name(struct stats *stats, const struct end_facts *facts)
{
    struct json_value model = facts->model;
    if (facts->model_text.bytes != NULL) {
        return intern_put(stats->names, facts->model_text.bytes, facts->model_text.len);
    }
    if (model.type != JSON_TYPE_STRING) {
        return INTERN_NONE;
    }
    if (memchr(model.raw, '\\', model.len) == NULL) {
        return intern_put(stats->names, model.raw + 1, model.len - 2);
    }
    struct strbuf text;
    strbuf_init(&text, stats->mem, 0);
    json_get_string(model, &text);
    intern_id name = text.failed
                         ? INTERN_FAILED
                         : intern_put(stats->names, text.len > 0 ? text.data : "", text.len);
    strbuf_release(&text);
    return name;
}

static bool reserve_tool_name(struct stats *stats, intern_id name)
{
    size_t had = stats->tool_cap;
    if (!mem_reserve(stats->mem, &stats->tool_names, &stats->tool_cap, (size_t)name + 1,
                     sizeof *stats->tool_names)) {
        return false;
    }
    memset(stats->tool_names + had, 0, (stats->tool_cap - had) * sizeof *stats->tool_names);
    return true;
}

intern_id stats_tool_name(struct stats *stats, const struct swarm *swarm, const struct span *span)
{
    if (span->name >= stats->tool_cap && !reserve_tool_name(stats, span->name)) {
        return INTERN_FAILED;
    }
    intern_id *name = &stats->tool_names[span->name];
    if (*name == INTERN_NONE) {
        const char *text = span_short_name(swarm_text(swarm, span->name));
        intern_id put = intern_put(stats->names, text, strlen(text));
        if (put == INTERN_FAILED) {
            return INTERN_FAILED;
        }
        *name = put;
    }
    return *name;
}

struct slice stats_model_text(const struct stats *stats, intern_id name)
{
    struct slice text = {NULL, 0};
    if (name != INTERN_NONE && name != INTERN_FAILED) {
        text.bytes = intern_text(stats->names, name, &text.len);
    }
    return text;
}

/* ---- counting ---- */

static bool is_tool(const struct span *span)
{
    return span->kind == SPAN_TOOL || span->kind == SPAN_AGENT_CALL;
}

static bool count_open(struct stats *stats, const struct swarm *swarm, const struct span *span,
                       int by)
{
    struct stats_agent *agent = agent_in(stats, span->agent);
    struct stats_session *session = session_in(stats, swarm->rows.agents[span->agent].session);
    if (agent == NULL || session == NULL) {
        return false;
    }
    if (session->stale) {
        return true;
    }
    session->spans.open += (uint64_t)(int64_t)by;
    if (span->kind == SPAN_REQUEST) {
        agent->acc.open_requests += (uint64_t)(int64_t)by;
        session->acc.open_requests += (uint64_t)(int64_t)by;
    }
    if (!is_tool(span)) {
        return true;
    }
    intern_id name = stats_tool_name(stats, swarm, span);
    return name != INTERN_FAILED && metrics_acc_open_tool(&agent->acc, name, by) &&
           metrics_acc_open_tool(&session->acc, name, by);
}

/* Keeps that the session has requests, also when they are dropped. */
static void note_request(struct swarm *swarm, const struct span *span)
{
    if (span->kind == SPAN_REQUEST) {
        session_no session = swarm->rows.agents[span->agent].session;
        swarm->rows.sessions[session].session.flags |= SESSION_REQUESTS;
    }
}

bool stats_count_open(struct swarm *swarm, const struct span *span, int by)
{
    note_request(swarm, span);
    return count_open(&swarm->stats, swarm, span, by);
}

static void count_closed(struct span_counts *counts, uint8_t flags, int by)
{
    uint64_t one = (uint64_t)(int64_t)by;
    counts->closed += one;
    counts->evicted += (flags & SPAN_EVICTED) != 0 ? one : 0;
    counts->incomplete += (flags & SPAN_INCOMPLETE) != 0 ? one : 0;
}

static bool count_request(struct stats *stats, const struct swarm *swarm, const struct span *span,
                          const struct end_facts *facts, struct stats_agent *agent,
                          struct stats_session *session, int by)
{
    struct request_sample sample;
    request_sample_make(swarm, span, facts, &sample);
    if (!metrics_acc_count_request(&agent->acc, &sample, by) ||
        !metrics_acc_count_request(&session->acc, &sample, by)) {
        return false;
    }
    intern_id name = stats_model_name(stats, facts);
    if (name == INTERN_NONE || name == INTERN_FAILED) {
        return name == INTERN_NONE;
    }
    struct stats_model *model = model_in(stats, swarm->rows.agents[span->agent].session, name);
    if (model == NULL) {
        return false;
    }
    metrics_acc_count_outcome(&model->acc, (enum outcome)facts->outcome, by);
    return metrics_acc_count_request(&model->acc, &sample, by);
}

static bool count_tool(struct stats *stats, const struct swarm *swarm, const struct span *span,
                       const struct end_facts *facts, struct stats_agent *agent,
                       struct stats_session *session, int by)
{
    struct tool_sample sample = {
        .name = stats_tool_name(stats, swarm, span),
        .kind = (enum span_kind)span->kind,
        .outcome = (enum outcome)facts->outcome,
        .error = (span->flags & SPAN_ERROR) != 0,
        .ms = (double)(span->end_ns - span->start_ns) / 1e6,
    };
    return sample.name != INTERN_FAILED && metrics_acc_count_tool(&agent->acc, &sample, by) &&
           metrics_acc_count_tool(&session->acc, &sample, by);
}

static bool count_work(struct stats *stats, const struct swarm *swarm, const struct span *span,
                       const struct end_facts *facts, struct stats_agent *agent,
                       struct stats_session *session, int by)
{
    if (is_tool(span)) {
        return count_tool(stats, swarm, span, facts, agent, session, by);
    }
    metrics_acc_count_outcome(&agent->acc, (enum outcome)facts->outcome, by);
    metrics_acc_count_outcome(&session->acc, (enum outcome)facts->outcome, by);
    if (span->kind == SPAN_REQUEST) {
        return count_request(stats, swarm, span, facts, agent, session, by);
    }
    double ms = (double)(span->end_ns - span->start_ns) / 1e6;
    metrics_acc_count_time(&agent->acc, SPAN_USER, ms, by);
    metrics_acc_count_time(&session->acc, SPAN_USER, ms, by);
    return true;
}

/* Counts the tokens that an agent's run claims, or a compaction. */
static void count_claim(const struct swarm *swarm, const struct span *span,
                        const struct end_facts *facts, struct stats_agent *agent,
                        struct stats_session *session, int by)
{
    double tokens[TOKENS];
    bool compaction = span_is_compaction(swarm, span);
    for (size_t i = 0; i < TOKENS; i++) {
        tokens[i] = (double)NAN;
    }
    if (span->kind == SPAN_INTERACTION) {
        request_sample_tokens(swarm, facts, tokens);
    } else if (compaction) {
        tokens[TOKENS_COMPACTIONS] = 1;
    }
    if (span->kind == SPAN_INTERACTION || compaction) {
        metrics_acc_count_tokens(&agent->acc, tokens, by);
        metrics_acc_count_tokens(&session->acc, tokens, by);
    }
}

static bool is_work(const struct span *span)
{
    return span->kind == SPAN_REQUEST || is_tool(span) || span->kind == SPAN_USER;
}

static bool add_span(struct stats *stats, const struct swarm *swarm, const struct span *span,
                     const struct end_facts *facts)
{
    struct stats_agent *agent = agent_in(stats, span->agent);
    struct stats_session *session = session_in(stats, swarm->rows.agents[span->agent].session);
    if (agent == NULL || session == NULL) {
        return false;
    }
    if (session->stale) {
        return true;
    }
    count_closed(&session->spans, span->flags, 1);
    if (!is_work(span)) {
        count_claim(swarm, span, facts, agent, session, 1);
        return true;
    }
    agent->work++;
    return count_work(stats, swarm, span, facts, agent, session, 1) &&
           intervals_add(&agent->busy, span->start_ns, span->end_ns) &&
           intervals_add(&session->busy, span->start_ns, span->end_ns);
}

bool stats_add_span(struct swarm *swarm, const struct span *span, const struct end_facts *facts)
{
    note_request(swarm, span);
    return add_span(&swarm->stats, swarm, span, facts);
}

bool stats_count_span(struct stats *stats, const struct swarm *swarm, const struct span *span)
{
    struct end_facts facts = {.success = -1};
    if ((span->flags & SPAN_OPEN) != 0) {
        return count_open(stats, swarm, span, 1);
    }
    if (!span_is_phase(span->kind)) {
        span_end_facts(swarm, span, &facts);
    }
    return add_span(stats, swarm, span, &facts);
}

/* ---- subtracting ---- */

enum {
    NEIGHBOURS_MAX = 64, /* of a span that goes; of more its session is counted again */
    AGENTS_MAX = 1024    /* above this many, the session is counted again */
};

/* Adds the closed work of a lane that meets the span which goes, but for that span, which may still
   be in its lane. *left: how many spans may still be looked at. */
static bool add_lane_busy(struct swarm *swarm, const struct lane *lane, const struct span *gone,
                          struct intervals *busy, size_t *left)
{
    size_t at = lane_first_after(swarm, lane, gone->start_ns);
    at -= at > 0;
    for (; at < lane->spans.count; at++) {
        const struct span *span = swarm_edit_span(swarm, spans_at(&lane->spans, at));
        if (span->start_ns >= gone->end_ns) {
            return true;
        }
        if ((*left)-- == 0) {
            return false;
        }
        if (span != gone && is_work(span) && (span->flags & SPAN_OPEN) == 0 &&
            span->end_ns > gone->start_ns && !intervals_add(busy, span->start_ns, span->end_ns)) {
            return false;
        }
    }
    return true;
}

/* Restores the agent's busy time in the removed span's interval from its other spans. */
static bool subtract_agent_busy(struct swarm *swarm, const struct span *span)
{
    const struct agent *agent = &swarm->rows.agents[span->agent];
    struct intervals *busy = &swarm->stats.agents[span->agent].busy;
    size_t left = NEIGHBOURS_MAX;
    if (!intervals_remove(busy, span->start_ns, span->end_ns)) {
        return false;
    }
    for (size_t i = 0; i < agent->lane_count; i++) {
        if (agent->lanes[i].overlaps ||
            !add_lane_busy(swarm, &agent->lanes[i], span, busy, &left)) {
            return false;
        }
    }
    return true;
}

/* A session is busy where one of its agents is. */
static bool subtract_session_busy(struct swarm *swarm, const struct span *span)
{
    struct stats *stats = &swarm->stats;
    session_no number = swarm->rows.agents[span->agent].session;
    struct intervals *busy = &stats->sessions[number].busy;
    size_t left = NEIGHBOURS_MAX;
    if (stats->agent_count > AGENTS_MAX || !intervals_remove(busy, span->start_ns, span->end_ns)) {
        return false;
    }
    for (size_t i = 0; i < stats->agent_count; i++) {
        if (swarm->rows.agents[i].session == number &&
            !intervals_add_from(busy, &stats->agents[i].busy, span->start_ns, span->end_ns,
                                &left)) {
            return false;
        }
    }
    return true;
}

static bool subtract(struct swarm *swarm, const struct span *span, const struct end_facts *facts)
{
    struct stats *stats = &swarm->stats;
    struct stats_agent *agent = agent_in(stats, span->agent);
    struct stats_session *session = session_in(stats, swarm->rows.agents[span->agent].session);
    const struct span *phase;
    if (agent == NULL || session == NULL) {
        return false;
    }
    count_closed(&session->spans, span->flags, -1);
    for (span_no no = span->next_phase; no != NO_SPAN; no = phase->next_phase) {
        phase = swarm_edit_span(swarm, no);
        count_closed(&session->spans, phase->flags, -1);
    }
    if (!is_work(span)) {
        count_claim(swarm, span, facts, agent, session, -1);
        return true;
    }
    agent->work--;
    return span->end_ns > span->start_ns &&
           count_work(stats, swarm, span, facts, agent, session, -1) &&
           subtract_agent_busy(swarm, span) && subtract_session_busy(swarm, span);
}

void stats_remove_span(struct swarm *swarm, const struct span *span, const struct end_facts *facts)
{
    struct stats *stats = &swarm->stats;
    session_no session = swarm->rows.agents[span->agent].session;
    if (session < stats->session_count && !stats->sessions[session].stale &&
        !subtract(swarm, span, facts)) {
        stats->sessions[session].stale = stats->stale = true;
    }
}

/* ---- counting again ---- */

bool stats_mark(struct swarm *swarm, session_no session)
{
    struct stats_session *of = session_in(&swarm->stats, session);
    if (of == NULL) {
        return false;
    }
    of->stale = swarm->stats.stale = true;
    return true;
}

void span_end_facts(const struct swarm *swarm, const struct span *span, struct end_facts *out)
{
    const struct record *record = swarm_span_record(swarm, span);
    if (record != NULL) {
        record_end_facts(record, out);
    } else {
        end_facts_read(swarm_span_args(swarm, span), out);
    }
}

static bool count_again(struct swarm *swarm, const bool *again)
{
    for (span_no no = swarm->spans.begin; no < swarm->spans.end; no++) {
        const struct span *span = swarm_edit_span(swarm, no);
        if (span == NULL || !again[swarm->rows.agents[span->agent].session]) {
            continue;
        }
        if (!stats_count_span(&swarm->stats, swarm, span)) {
            return false;
        }
    }
    return true;
}

static bool refresh(struct swarm *swarm)
{
    struct stats *stats = &swarm->stats;
    bool *again = mem_zalloc(swarm->mem, swarm->rows.session_count, sizeof *again);
    if (again == NULL) {
        return false;
    }
    for (size_t i = 0; i < stats->session_count; i++) {
        again[i] = stats->sessions[i].stale;
        if (again[i]) {
            stats_forget(stats, swarm, (session_no)i);
        }
    }
    stats->stale = false;
    bool good = count_again(swarm, again);
    for (size_t i = 0; i < stats->session_count && !good; i++) {
        stats->sessions[i].stale |= again[i];
        stats->stale = true;
    }
    mem_free(swarm->mem, again, swarm->rows.session_count * sizeof *again);
    return good;
}

struct stats *swarm_stats(const struct swarm *swarm)
{
    /* Counting again changes no answer but that of this question. */
    struct swarm *edited = (struct swarm *)(uintptr_t)swarm;
    return swarm->stats.stale && !refresh(edited) ? NULL : &edited->stats;
}
