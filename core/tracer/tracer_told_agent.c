/* Who agents are and when a session began, told again when more is known: metadata events are amended as others are. */
#include "core/tracer/tracer_private.h"
#include "core/tracer/tracer_told.h"

#include <math.h>

static bool put_text(struct tracer *tracer, struct slice text, intern_id *id)
{
    *id = INTERN_NONE;
    if (text.bytes != NULL) {
        *id = intern_put(swarm_names(tracer->swarm), text.bytes, text.len);
    }
    return *id != INTERN_FAILED;
}

static bool amend(struct tracer *tracer, const struct trace_session *session, uint64_t number,
                  const char *key, intern_id value)
{
    struct strbuf args;
    strbuf_init(&args, tracer->mem, 0);
    tracer_put_metadata_args(tracer, &args, key, value);
    bool good = !args.failed && swarm_amend_metadata(tracer->swarm, session->number, number,
                                                     (struct slice){args.data, args.len});
    strbuf_release(&args);
    return good;
}

static bool rename_agent(struct tracer *tracer, const struct trace_session *session,
                         struct registered *agent, intern_id name)
{
    if (name == INTERN_NONE || name == agent->name) {
        return true;
    }
    /* Its thread keeps its number, which was made of its former name. */
    if (!amend(tracer, session, agent->named_no, "name", name) ||
        !amend(tracer, session, agent->named_no + 1, "name", name)) {
        return false;
    }
    agent->name = name;
    return true;
}

static bool move_agent(struct tracer *tracer, const struct trace_session *session,
                       struct registered *agent, intern_id parent)
{
    if (parent == INTERN_NONE || parent == agent->parent_id) {
        return true;
    }
    agent->parent_id = parent;
    return agent->parent_no == 0
               ? tracer_push_parent(tracer, session, agent)
               : amend(tracer, session, agent->parent_no, "parent_agent_id", parent);
}

enum tracer_result tracer_tell_agent(struct tracer *tracer, session_no number,
                                     struct told_agent *told)
{
    struct trace_session *session = tracer_session(tracer, number);
    intern_id name, parent;
    if (session == NULL) {
        return TRACER_NO_MEMORY;
    }
    if (!put_text(tracer, told->name, &name) || !put_text(tracer, told->parent_id, &parent)) {
        return TRACER_NO_MEMORY;
    }
    struct registered *agent = tracer_agent(tracer, session, told->agent_id);
    if (agent == NULL || !rename_agent(tracer, session, agent, name) ||
        !move_agent(tracer, session, agent, parent)) {
        return TRACER_NO_MEMORY;
    }
    told->pid = agent->pid;
    struct agent_identity who = {
        .pid = agent->pid,
        .parent_id = told->parent_id.bytes,
        .parent_id_len = told->parent_id.len,
        .name = told->name.bytes,
        .name_len = told->name.len,
        .description = told->description.bytes,
        .description_len = told->description.len,
    };
    return swarm_identify(tracer->swarm, number, &who) ? TRACER_OK : TRACER_NO_MEMORY;
}

enum tracer_result tracer_tell_time(struct tracer *tracer, session_no number, double t_ms,
                                    int64_t local_ns)
{
    struct trace_session *session = tracer_session(tracer, number);
    if (session == NULL) {
        return TRACER_NO_MEMORY;
    }
    if (!tracer_run_ticks(tracer, session, t_ms)) {
        return TRACER_NO_MEMORY;
    }
    session->clock_ms = t_ms > session->clock_ms ? t_ms : session->clock_ms;
    swarm_set_clock(tracer->swarm, number, tracer_ns(t_ms), local_ns);
    return TRACER_OK;
}

double tracer_start_of(struct tracer *tracer, session_no number)
{
    const struct trace_session *session = tracer_find_session(tracer, number);
    return session == NULL ? (double)NAN : session->start_ms;
}

void tracer_tell_start(struct tracer *tracer, session_no number, double start_ms)
{
    struct trace_session *session = tracer_find_session(tracer, number);
    if (session == NULL || !(fabs(session->start_ms - start_ms) > 0)) {
        return;
    }
    double by_us = (session->start_ms - start_ms) * 1000;
    for (struct pending *pending = session->first; pending != NULL; pending = pending->next) {
        pending->start_us += by_us;
    }
    session->start_ms = start_ms;
    /* The sweep comes every minute from the start: its next tick is the first behind the clock. */
    session->next_tick = floor((session->clock_ms - start_ms) / (60 * 1000)) + 1;
    swarm_move_start(tracer->swarm, number, tracer_ns(start_ms), by_us);
}
