/* The statistics of sessions that are counted again, or that go. Their places stay, empty. */
#include "core/model/stats.h"

#include "core/model/swarm_private.h"

#include <string.h>

static void forget_agent(struct stats_agent *agent)
{
    metrics_acc_release(&agent->acc);
    intervals_release(&agent->busy);
    agent->work = 0;
}

void stats_forget_agent(struct stats *stats, agent_no agent)
{
    if (agent < stats->agent_count) {
        forget_agent(&stats->agents[agent]);
    }
}

static void forget_session(struct stats_session *session)
{
    metrics_acc_release(&session->acc);
    intervals_release(&session->busy);
    session->spans = (struct span_counts){0};
    session->stale = false;
}

static void forget_agents(struct stats *stats, const struct swarm *swarm, session_no session)
{
    for (size_t i = 0; i < stats->agent_count; i++) {
        if (swarm->rows.agents[i].session == session) {
            forget_agent(&stats->agents[i]);
        }
    }
}

void stats_forget(struct stats *stats, const struct swarm *swarm, session_no session)
{
    forget_agents(stats, swarm, session);
    if (session < stats->session_count) {
        forget_session(&stats->sessions[session]);
    }
    for (size_t i = 0; i < stats->model_count; i++) {
        if (stats->models[i].session == session) {
            metrics_acc_release(&stats->models[i].acc);
        }
    }
}

static void free_models(struct stats *stats, const struct swarm *swarm,
                        bool (*where)(const struct swarm *swarm, session_no session))
{
    size_t kept = 0;
    for (size_t i = 0; i < stats->model_count; i++) {
        struct stats_model *model = &stats->models[i];
        uint64_t key = (uint64_t)model->session << 32 | model->name;
        if (where(swarm, model->session)) {
            metrics_acc_release(&model->acc);
            u64map_remove(&stats->model_of, key);
        } else {
            /* The key exists, so this needs no memory. */
            (void)u64map_put(&stats->model_of, key, (uint32_t)kept);
            stats->models[kept++] = *model;
        }
    }
    stats->model_count = kept;
}

void stats_forget_where(struct stats *stats, const struct swarm *swarm,
                        bool (*where)(const struct swarm *swarm, session_no session))
{
    for (size_t i = 0; i < stats->agent_count; i++) {
        if (where(swarm, swarm->rows.agents[i].session)) {
            forget_agent(&stats->agents[i]);
        }
    }
    for (size_t i = 0; i < stats->session_count; i++) {
        if (where(swarm, (session_no)i)) {
            forget_session(&stats->sessions[i]);
        }
    }
    free_models(stats, swarm, where);
}

static void mark_tools(struct name_marks *marks, const struct metrics_acc *acc)
{
    for (size_t i = 0; i < acc->tool_count; i++) {
        name_marks_add(marks, acc->tools[i].name);
    }
}

void stats_mark_names(const struct stats *stats, struct name_marks *marks)
{
    for (size_t i = 0; i < stats->agent_count; i++) {
        mark_tools(marks, &stats->agents[i].acc);
    }
    for (size_t i = 0; i < stats->session_count; i++) {
        mark_tools(marks, &stats->sessions[i].acc);
    }
    for (size_t i = 0; i < stats->model_count; i++) {
        mark_tools(marks, &stats->models[i].acc);
        name_marks_add(marks, stats->models[i].name);
    }
}

void stats_forget_tool_names(struct stats *stats)
{
    if (stats->tool_cap > 0) {
        memset(stats->tool_names, 0, stats->tool_cap * sizeof *stats->tool_names);
    }
}
