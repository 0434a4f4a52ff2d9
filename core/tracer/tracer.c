/* Sessions, agents and time of the tracer. A session has a clock (the greatest t so far) that
   drives the stale sweep: ticks at start + k * 60 s, each run before the first operation at or
   after it. Nothing runs between operations, so a recorded feed gives the same trace at any
   speed. */
#include "core/base/utf8.h"
#include "core/tracer/tracer_private.h"

#include <math.h>
#include <string.h>

static void mark_names(void *ctx, struct name_marks *marks)
{
    const struct tracer *tracer = ctx;
    for (size_t i = 0; i < tracer->session_count; i++) {
        registry_mark_names(&tracer->sessions[i], marks);
    }
    for (const struct pending *at = tracer->oldest; at != NULL; at = at->newer) {
        name_marks_add(marks, at->begun.name);
        name_marks_add(marks, at->begun.cat);
    }
}

struct tracer *tracer_new(struct swarm *swarm)
{
    const struct mem *mem = swarm_mem(swarm);
    struct tracer *tracer = mem_zalloc(mem, 1, sizeof *tracer);
    if (tracer != NULL) {
        tracer->swarm = swarm;
        tracer->mem = mem;
        if (!swarm_add_name_holder(swarm, mark_names, tracer)) {
            mem_free(mem, tracer, sizeof *tracer);
            return NULL;
        }
    }
    return tracer;
}

void tracer_free(struct tracer *tracer)
{
    if (tracer == NULL) {
        return;
    }
    swarm_remove_name_holder(tracer->swarm, tracer);
    for (size_t i = 0; i < tracer->session_count; i++) {
        registry_release(tracer, &tracer->sessions[i]);
    }
    mem_free(tracer->mem, tracer->sessions, tracer->session_cap * sizeof *tracer->sessions);
    mem_free(tracer->mem, tracer, sizeof *tracer);
}

double tracer_ts(const struct registry_session *session, double t_ms)
{
    return (t_ms - session->start_ms) * 1000;
}

bool tracer_push(struct tracer *tracer, const struct trace_event *event, uint64_t *number)
{
    struct event appended = {
        .ph = event->ph,
        .ts_us = event->ts_us,
        .dur_us = (double)NAN,
        .name = event->name,
        .cat = event->cat,
        .track = event->track,
        .args = event->args,
    };
    return swarm_append(tracer->swarm, &appended, number);
}

/* ---- agents ---- */

/* getProcessIdForAgent */
static int64_t process_id(struct registry_session *session, struct registered *agent)
{
    if (agent->mapped_pid == 0) {
        agent->mapped_pid = ++session->last_pid;
    }
    return agent->mapped_pid;
}

static void fill_in(struct tracer *tracer, struct registry_session *session,
                    struct registered *agent, intern_id name, intern_id parent_id, int64_t pid)
{
    struct slice text = tracer_text(tracer, name);
    agent->name = name;
    agent->parent_id = parent_id;
    agent->pid = pid;
    agent->tid = utf8_thread_id(text.bytes, text.len);
    agent->track = NO_TRACK;
    agent->known = true;
    swarm_session_edit(tracer->swarm, session->number)->registrations++;
    swarm_flag_agent(tracer->swarm, session->number, pid, 0, AGENT_UNREGISTERED);
}

/* The main agent as getCurrentAgentInfo makes it: without metadata, which
   initializePerfettoTracing adds. */
static void fill_in_main(struct tracer *tracer, struct registry_session *session)
{
    struct registered *agent = &session->agents[0];
    bool own = agent->id == swarm_session(tracer->swarm, session->number)->id;
    fill_in(tracer, session, agent, session->main_name, session->main_parent,
            own ? 1 : process_id(session, agent));
}

static bool register_agent(struct tracer *tracer, struct registry_session *session,
                           struct registered *agent)
{
    if (agent->known) {
        return true;
    }
    if (agent == session->agents) {
        fill_in_main(tracer, session);
        return true;
    }
    /* The agent was never registered, or it was unregistered (doc/FEED.md). */
    fill_in(tracer, session, agent, agent->id, session->agents[0].id, process_id(session, agent));
    bool good = tracer_emit_metadata(tracer, session, agent, false);
    if (!good && tracer->quiet) {
        /* Nothing was appended, so it is registered again with its next update. */
        agent->known = false;
        swarm_session_edit(tracer->swarm, session->number)->registrations--;
    }
    return good;
}

struct registered *tracer_agent(struct tracer *tracer, struct registry_session *session,
                                struct slice agent_id)
{
    registry_follow(tracer,
                    session); /* the sweep may have appended events, and these dropped rows */
    struct registered *agent = registry_agent(tracer, session, agent_id);
    return agent != NULL && register_agent(tracer, session, agent) ? agent : NULL;
}

/* ---- sessions ---- */

/* Puts what a hello has of the main agent into its row, which is also that of a teammate's own id.
   False: out of memory. */
static bool name_main(struct tracer *tracer, struct registry_session *session,
                      const struct hello_op *op)
{
    struct slice parent = op->parent_session_id;
    intern_id id = op->agent_id.len > 0
                       ? tracer_put_text(tracer, op->agent_id.bytes, op->agent_id.len)
                       : session->agents[0].id;
    session->main_name = op->name.len > 0 ? tracer_put_text(tracer, op->name.bytes, op->name.len)
                                          : tracer_put_text(tracer, "main", strlen("main"));
    session->main_parent =
        parent.len > 0 ? tracer_put_text(tracer, parent.bytes, parent.len) : INTERN_NONE;
    return id != INTERN_FAILED && session->main_name != INTERN_FAILED &&
           session->main_parent != INTERN_FAILED && registry_name_main(tracer, session, id);
}

static bool begin_session(struct tracer *tracer, struct registry_session *session, double start_ms,
                          const struct hello_op *op)
{
    if (!name_main(tracer, session, op)) {
        return false;
    }
    if (!session->agents[0].known) {
        fill_in_main(tracer, session);
    }
    session->start_ms = session->clock_ms = start_ms;
    if (!tracer_emit_metadata(tracer, session, &session->agents[0], true)) {
        session->start_ms = (double)NAN; /* It begins again with the next operation. */
        return false;
    }
    return true;
}

static bool has_begun(const struct registry_session *session)
{
    return session != NULL && !isnan(session->start_ms);
}

static bool name_session(struct tracer *tracer, session_no number, struct slice name)
{
    struct session *session = swarm_session_edit(tracer->swarm, number);
    if (name.len == 0 || session->name != INTERN_NONE) {
        return true;
    }
    intern_id id = tracer_put_text(tracer, name.bytes, name.len);
    if (id == INTERN_FAILED) {
        return false;
    }
    session->name = id;
    swarm_touch(tracer->swarm);
    return true;
}

static enum tracer_result open_session(struct tracer *tracer, double t_ms,
                                       const struct hello_op *op, session_no *session)
{
    struct session_info info = {
        .id = op->session_id.bytes,
        .id_len = op->session_id.len,
        .source = op->source != NULL ? op->source : "",
        .pool = POOL_LIVE,
        .agents = true,
        .has_start = true,
        .forgettable = true,
        .start_ns = record_ns(t_ms),
    };
    if (!swarm_open_session(tracer->swarm, &info, session)) {
        return TRACER_NO_MEMORY;
    }
    struct registry_session *row = registry_session(tracer, *session);
    return row != NULL && begin_session(tracer, row, t_ms, op) ? TRACER_OK : TRACER_NO_MEMORY;
}

enum tracer_result tracer_hello(struct tracer *tracer, double t_ms, int64_t local_ns,
                                const struct hello_op *op, session_no *session)
{
    *session = swarm_find_session(tracer->swarm, op->session_id.bytes, op->session_id.len);
    if (*session == NO_SESSION) {
        enum tracer_result result = open_session(tracer, t_ms, op, session);
        if (result != TRACER_OK || !swarm_check_cap(tracer->swarm)) {
            return TRACER_NO_MEMORY;
        }
    }
    struct op_context context = {.session = *session, .t_ms = t_ms, .local_ns = local_ns};
    if (!name_session(tracer, *session, op->name)) {
        return TRACER_NO_MEMORY;
    }
    return tracer_advance(tracer, &context);
}

/* Raw events opened it: its first operation or update makes it a session of agents. */
static bool begin_bare(struct tracer *tracer, struct registry_session *session)
{
    const struct hello_op none = {0};
    const struct session *known = swarm_session(tracer->swarm, session->number);
    return has_begun(session) ||
           begin_session(tracer, session, (double)known->origin_ns / 1e6, &none);
}

enum tracer_result tracer_move_clock(struct tracer *tracer, struct registry_session *session,
                                     double t_ms, int64_t local_ns)
{
    if (!tracer_sweep(tracer, session, t_ms)) {
        return TRACER_NO_MEMORY;
    }
    session->clock_ms = t_ms > session->clock_ms ? t_ms : session->clock_ms;
    swarm_set_clock(tracer->swarm, session->number, record_ns(t_ms), local_ns);
    return TRACER_OK;
}

struct registry_session *tracer_enter(struct tracer *tracer, const struct op_context *context)
{
    struct registry_session *session = registry_session(tracer, context->session);
    if (session == NULL || !begin_bare(tracer, session) ||
        tracer_move_clock(tracer, session, context->t_ms, context->local_ns) != TRACER_OK) {
        return NULL;
    }
    swarm_session_edit(tracer->swarm, context->session)->flags &=
        (uint16_t) ~(SESSION_ENDED | SESSION_DISCONNECTED);
    return session;
}

enum tracer_result tracer_advance(struct tracer *tracer, const struct op_context *context)
{
    if (!has_begun(registry_find(tracer, context->session))) {
        swarm_set_clock(tracer->swarm, context->session, record_ns(context->t_ms),
                        context->local_ns);
        return TRACER_OK;
    }
    return tracer_enter(tracer, context) != NULL ? TRACER_OK : TRACER_NO_MEMORY;
}

/* ---- operations on agents and sessions ---- */

enum tracer_result tracer_register_agent(struct tracer *tracer, const struct op_context *context,
                                         struct slice agent_id, struct slice name,
                                         struct slice parent_id)
{
    struct registry_session *session = tracer_enter(tracer, context);
    intern_id id = tracer_put_text(tracer, agent_id.bytes, agent_id.len);
    intern_id name_id = tracer_put_text(tracer, name.bytes, name.len);
    intern_id parent =
        parent_id.len > 0 ? tracer_put_text(tracer, parent_id.bytes, parent_id.len) : INTERN_NONE;
    if (session == NULL || id == INTERN_FAILED || name_id == INTERN_FAILED ||
        parent == INTERN_FAILED) {
        return TRACER_NO_MEMORY;
    }
    struct registered *agent = registry_agent_of(tracer, session, id);
    if (agent == NULL) {
        return TRACER_NO_MEMORY;
    }
    fill_in(tracer, session, agent, name_id, parent, process_id(session, agent));
    return tracer_emit_metadata(tracer, session, agent, agent == session->agents)
               ? TRACER_OK
               : TRACER_NO_MEMORY;
}

enum tracer_result tracer_unregister_agent(struct tracer *tracer, const struct op_context *context,
                                           struct slice agent_id)
{
    struct registry_session *session = tracer_enter(tracer, context);
    if (session == NULL) {
        return TRACER_NO_MEMORY;
    }
    intern_id id = intern_find(swarm_names(tracer->swarm), agent_id.bytes, agent_id.len);
    uint32_t at = id == INTERN_NONE ? U64MAP_NONE : u64map_get(&session->agent_by_id, id);
    if (at == U64MAP_NONE || !session->agents[at].known) {
        return TRACER_OK;
    }
    struct registered *agent = &session->agents[at];
    swarm_flag_agent(tracer->swarm, session->number, agent->pid, AGENT_UNREGISTERED, 0);
    agent->known = false;
    agent->mapped_pid = 0;
    return TRACER_OK;
}

/* closeOpenSpans */
static bool close_spans(struct tracer *tracer, struct registry_session *session)
{
    pending_forget_swept(tracer, session);
    double now_us = tracer_ts(session, session->clock_ms);
    while (session->first != NULL) {
        struct pending *pending = session->first;
        if (!pending_close(tracer, pending, now_us, ENDING_INCOMPLETE)) {
            return false;
        }
        pending_remove(tracer, session, pending);
    }
    return true;
}

enum tracer_result tracer_end_session(struct tracer *tracer, const struct op_context *context)
{
    struct registry_session *session = tracer_enter(tracer, context);
    if (session == NULL || !close_spans(tracer, session)) {
        return TRACER_NO_MEMORY;
    }
    swarm_session_edit(tracer->swarm, session->number)->flags |= SESSION_ENDED;
    swarm_touch(tracer->swarm);
    return TRACER_OK;
}

/* ---- for updates ---- */

bool tracer_open(struct tracer *tracer, struct registry_session *session, double start_ms)
{
    session_no number = session->number;
    struct hello_op op = {.session_id = swarm_text_slice(
                              tracer->swarm, swarm_session_edit(tracer->swarm, number)->id)};
    if (swarm_session(tracer->swarm, number) != NULL) {
        return true;
    }
    tracer->quiet = true;
    bool good = open_session(tracer, start_ms, &op, &number) == TRACER_OK;
    tracer->quiet = false;
    return good;
}

bool tracer_register(struct tracer *tracer, struct registry_session *session,
                     struct registered *agent)
{
    tracer->quiet = true;
    bool good = begin_bare(tracer, session) && register_agent(tracer, session, agent);
    tracer->quiet = false;
    return good && tracer_track(tracer, session, agent) != NO_TRACK;
}

bool tracer_take_due(struct tracer *tracer)
{
    bool due = tracer->due;
    tracer->due = false;
    return due;
}
