/* Sessions, agents and time of the tracer. A session has a clock (the greatest t so far) that
   drives the stale sweep: ticks at start + k * 60 s, each run before the first operation at or
   after it. Nothing runs between operations, so a recorded feed gives the same trace at any
   speed. */
#include "core/base/utf8.h"
#include "core/tracer/tracer_private.h"

#include <math.h>
#include <string.h>

struct tracer *tracer_new(struct swarm *swarm)
{
    const struct mem *mem = swarm_mem(swarm);
    struct tracer *tracer = mem_zalloc(mem, 1, sizeof *tracer);
    if (tracer != NULL) {
        tracer->swarm = swarm;
        tracer->mem = mem;
    }
    return tracer;
}

static void free_session(struct tracer *tracer, struct trace_session *session)
{
    for (size_t i = 0; i < session->table_cap; i++) {
        while (session->table[i] != NULL) {
            pending_remove(tracer, session, session->table[i]);
        }
    }
    mem_free(tracer->mem, session->table, session->table_cap * sizeof *session->table);
    mem_free(tracer->mem, session->agents, session->agent_cap * sizeof *session->agents);
    u64map_release(&session->agent_by_id);
}

void tracer_free(struct tracer *tracer)
{
    if (tracer == NULL) {
        return;
    }
    for (size_t i = 0; i < tracer->session_count; i++) {
        if (!isnan(tracer->sessions[i].start_ms)) {
            free_session(tracer, &tracer->sessions[i]);
        }
    }
    mem_free(tracer->mem, tracer->sessions, tracer->session_cap * sizeof *tracer->sessions);
    mem_free(tracer->mem, tracer, sizeof *tracer);
}

double tracer_ts(const struct trace_session *session, double t_ms)
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

/* Returns the record of the id, new if necessary; NULL: out of memory. */
static struct registered *record(struct tracer *tracer, struct trace_session *session, intern_id id)
{
    uint32_t at = u64map_get(&session->agent_by_id, id);
    if (at != U64MAP_NONE) {
        return &session->agents[at];
    }
    at = (uint32_t)session->agent_count;
    if (!mem_reserve(tracer->mem, &session->agents, &session->agent_cap, session->agent_count + 1,
                     sizeof *session->agents) ||
        !u64map_put(&session->agent_by_id, id, at)) {
        return NULL;
    }
    session->agent_count++;
    session->agents[at] = (struct registered){.agent_id = id};
    return &session->agents[at];
}

/* getProcessIdForAgent */
static int64_t process_id(struct trace_session *session, struct registered *agent)
{
    if (agent->mapped_pid == 0) {
        agent->mapped_pid = ++session->last_pid;
    }
    return agent->mapped_pid;
}

static bool fill_in(struct tracer *tracer, struct trace_session *session, struct registered *agent,
                    intern_id name, intern_id parent_id, int64_t pid)
{
    struct slice text = tracer_text(tracer, name);
    agent->name = name;
    agent->parent_id = parent_id;
    agent->pid = pid;
    agent->tid = utf8_thread_id(text.bytes, text.len);
    agent->known = true;
    swarm_session_edit(tracer->swarm, session->number)->registrations++;
    swarm_flag_agent(tracer->swarm, session->number, pid, 0, AGENT_UNREGISTERED);
    return true;
}

/* The main agent as getCurrentAgentInfo makes it: without metadata, which
   initializePerfettoTracing adds. */
static struct registered *main_agent(struct tracer *tracer, struct trace_session *session)
{
    struct registered *agent = record(tracer, session, session->main_id);
    if (agent != NULL && !agent->known) {
        bool own = session->main_id == swarm_session(tracer->swarm, session->number)->id;
        fill_in(tracer, session, agent, session->main_name, session->main_parent,
                own ? 1 : process_id(session, agent));
    }
    return agent;
}

struct registered *tracer_agent(struct tracer *tracer, struct trace_session *session,
                                struct slice agent_id)
{
    intern_id session_id = swarm_session(tracer->swarm, session->number)->id;
    intern_id id = agent_id.len == 0 ? session->main_id
                                     : tracer_put_text(tracer, agent_id.bytes, agent_id.len);
    if (id == INTERN_FAILED) {
        return NULL;
    }
    if (id == session->main_id || id == session_id) {
        return main_agent(tracer, session);
    }
    struct registered *agent = record(tracer, session, id);
    if (agent == NULL || agent->known) {
        return agent;
    }
    /* The agent was never registered, or it was unregistered (doc/FEED.md). */
    fill_in(tracer, session, agent, id, session->main_id, process_id(session, agent));
    if (tracer_emit_metadata(tracer, session, agent, false)) {
        return agent;
    }
    if (tracer->quiet) {
        /* Nothing was appended, so it is registered again with its next update. */
        agent->known = false;
        swarm_session_edit(tracer->swarm, session->number)->registrations--;
    }
    return NULL;
}

/* ---- sessions ---- */

static bool reserve_session(struct tracer *tracer, session_no number)
{
    if (!mem_reserve(tracer->mem, &tracer->sessions, &tracer->session_cap, (size_t)number + 1,
                     sizeof *tracer->sessions)) {
        return false;
    }
    while (tracer->session_count <= number) {
        tracer->sessions[tracer->session_count++] =
            (struct trace_session){.start_ms = (double)NAN, .clock_ms = (double)NAN};
    }
    return true;
}

/* Nobody will end them any more. */
static void forget_swept(struct tracer *tracer, struct trace_session *session)
{
    for (size_t i = 0; i < session->table_cap; i++) {
        for (struct pending *pending = session->table[i], *next; pending != NULL; pending = next) {
            next = pending->chain;
            if (pending->swept) {
                swept_open_end(tracer->swarm, pending->begin_no, INT64_MIN);
                pending_remove(tracer, session, pending);
            }
        }
    }
}

static struct trace_session *begin_session(struct tracer *tracer, session_no number,
                                           double start_ms, const struct hello_op *op)
{
    if (!reserve_session(tracer, number)) {
        return NULL;
    }
    struct trace_session *session = &tracer->sessions[number];
    intern_id session_id = swarm_session(tracer->swarm, number)->id;
    bool teammate = op->agent_id.len > 0;
    if (!isnan(session->start_ms)) {
        forget_swept(tracer, session); /* of a forgotten one */
        free_session(tracer, session);
    }
    *session = (struct trace_session){
        .number = number,
        .serial = swarm_session_serial(tracer->swarm, number),
        .start_ms = start_ms,
        .clock_ms = start_ms,
        .next_tick = 1,
        .main_id =
            teammate ? tracer_put_text(tracer, op->agent_id.bytes, op->agent_id.len) : session_id,
        .main_name = op->name.len > 0 ? tracer_put_text(tracer, op->name.bytes, op->name.len)
                                      : tracer_put_text(tracer, "main", strlen("main")),
        .main_parent =
            op->parent_session_id.len > 0
                ? tracer_put_text(tracer, op->parent_session_id.bytes, op->parent_session_id.len)
                : INTERN_NONE,
        .last_pid = 1,
    };
    u64map_init(&session->agent_by_id, tracer->mem);
    struct registered *agent = NULL;
    if (session->main_id != INTERN_FAILED && session->main_name != INTERN_FAILED &&
        session->main_parent != INTERN_FAILED) {
        agent = main_agent(tracer, session);
    }
    if (agent == NULL || !tracer_emit_metadata(tracer, session, agent, true)) {
        /* It begins again with the next operation. */
        free_session(tracer, session);
        session->start_ms = (double)NAN;
        return NULL;
    }
    return session;
}

/* A forgotten session is kept here until its number is used again. */
static bool has_session(const struct tracer *tracer, session_no number)
{
    return number < tracer->session_count && !isnan(tracer->sessions[number].start_ms) &&
           tracer->sessions[number].serial == swarm_session_serial(tracer->swarm, number);
}

/* NULL: the tracer does not have it. */
static struct trace_session *find_session(struct tracer *tracer, session_no number)
{
    return has_session(tracer, number) ? &tracer->sessions[number] : NULL;
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
    return swarm_open_session(tracer->swarm, &info, session) &&
                   begin_session(tracer, *session, t_ms, op) != NULL
               ? TRACER_OK
               : TRACER_NO_MEMORY;
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

/* Returns the session, new if necessary. NULL: out of memory. */
static struct trace_session *session_in(struct tracer *tracer, session_no number)
{
    struct trace_session *session = find_session(tracer, number);
    if (session == NULL) {
        /* Raw events opened it; its first operation makes it a session of agents. */
        const struct hello_op none = {0};
        const struct session *known = swarm_session(tracer->swarm, number);
        session = begin_session(tracer, number, (double)known->origin_ns / 1e6, &none);
    }
    return session;
}

struct trace_session *tracer_enter(struct tracer *tracer, const struct op_context *context)
{
    struct trace_session *session = session_in(tracer, context->session);
    if (session == NULL || !tracer_run_ticks(tracer, session, context->t_ms)) {
        return NULL;
    }
    session->clock_ms = context->t_ms > session->clock_ms ? context->t_ms : session->clock_ms;
    swarm_set_clock(tracer->swarm, context->session, record_ns(context->t_ms), context->local_ns);
    swarm_session_edit(tracer->swarm, context->session)->flags &=
        (uint16_t) ~(SESSION_ENDED | SESSION_DISCONNECTED);
    return session;
}

enum tracer_result tracer_advance(struct tracer *tracer, const struct op_context *context)
{
    if (find_session(tracer, context->session) == NULL) {
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
    struct trace_session *session = tracer_enter(tracer, context);
    intern_id id = tracer_put_text(tracer, agent_id.bytes, agent_id.len);
    intern_id name_id = tracer_put_text(tracer, name.bytes, name.len);
    intern_id parent =
        parent_id.len > 0 ? tracer_put_text(tracer, parent_id.bytes, parent_id.len) : INTERN_NONE;
    if (session == NULL || id == INTERN_FAILED || name_id == INTERN_FAILED ||
        parent == INTERN_FAILED) {
        return TRACER_NO_MEMORY;
    }
    struct registered *agent = record(tracer, session, id);
    if (agent == NULL) {
        return TRACER_NO_MEMORY;
    }
    fill_in(tracer, session, agent, name_id, parent, process_id(session, agent));
    return tracer_emit_metadata(tracer, session, agent, id == session->main_id) ? TRACER_OK
                                                                                : TRACER_NO_MEMORY;
}

enum tracer_result tracer_unregister_agent(struct tracer *tracer, const struct op_context *context,
                                           struct slice agent_id)
{
    struct trace_session *session = tracer_enter(tracer, context);
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
static bool close_spans(struct tracer *tracer, struct trace_session *session)
{
    forget_swept(tracer, session);
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
    struct trace_session *session = tracer_enter(tracer, context);
    if (session == NULL || !close_spans(tracer, session)) {
        return TRACER_NO_MEMORY;
    }
    swarm_session_edit(tracer->swarm, session->number)->flags |= SESSION_ENDED;
    swarm_touch(tracer->swarm);
    return TRACER_OK;
}

bool tracer_has_open(const struct tracer *tracer, session_no number)
{
    return has_session(tracer, number) && tracer->sessions[number].table_count > 0;
}

double tracer_clock_ms(const struct tracer *tracer, session_no number)
{
    return has_session(tracer, number) ? tracer->sessions[number].clock_ms : (double)NAN;
}

/* ---- for updates ---- */

session_no tracer_update_session(struct tracer *tracer, struct slice session_id, double start_ms)
{
    struct hello_op op = {.session_id = session_id};
    session_no session = swarm_find_session(tracer->swarm, session_id.bytes, session_id.len);
    if (session != NO_SESSION) {
        return session;
    }
    tracer->quiet = true;
    bool good = open_session(tracer, start_ms, &op, &session) == TRACER_OK;
    tracer->quiet = false;
    return good ? session : NO_SESSION;
}

bool tracer_update_agent(struct tracer *tracer, session_no number, struct slice agent_id,
                         struct agent_row *out)
{
    tracer->quiet = true;
    struct trace_session *session = session_in(tracer, number);
    const struct registered *agent =
        session == NULL ? NULL : tracer_agent(tracer, session, agent_id);
    tracer->quiet = false;
    if (agent == NULL) {
        return false;
    }
    out->pid = agent->pid;
    out->track = tracer_track(tracer, session, agent);
    out->agent = out->track == NO_TRACK ? NO_AGENT : swarm_track_agent(tracer->swarm, out->track);
    return out->agent != NO_AGENT;
}

enum tracer_result tracer_update_time(struct tracer *tracer, session_no number, double t_ms,
                                      int64_t local_ns)
{
    struct trace_session *session = session_in(tracer, number);
    if (session == NULL || !tracer_run_ticks(tracer, session, t_ms)) {
        return TRACER_NO_MEMORY;
    }
    session->clock_ms = t_ms > session->clock_ms ? t_ms : session->clock_ms;
    swarm_set_clock(tracer->swarm, number, record_ns(t_ms), local_ns);
    return TRACER_OK;
}
