/* The metadata events that name processes and threads (the seed's emitProcessMetadata). */
#include "core/base/json_text.h"
#include "core/tracer/tracer_private.h"

#include <math.h>
#include <string.h>

intern_id tracer_put_text(struct tracer *tracer, const char *text, size_t len)
{
    return intern_put(swarm_names(tracer->swarm), text, len);
}

struct slice tracer_text(struct tracer *tracer, intern_id id)
{
    size_t len;
    const char *text = intern_text(swarm_names(tracer->swarm), id, &len);
    return (struct slice){text, len};
}

static track_no make_track(struct tracer *tracer, const struct registry_session *session,
                           int64_t pid_number, int64_t tid_number)
{
    struct strbuf pid, tid;
    strbuf_init(&pid, tracer->mem, 0);
    strbuf_init(&tid, tracer->mem, 0);
    json_put_int(&pid, pid_number);
    json_put_int(&tid, tid_number);
    track_no track = NO_TRACK;
    if (!pid.failed && !tid.failed) {
        track = swarm_track(tracer->swarm, session->number,
                            (struct json_value){JSON_TYPE_NUMBER, pid.data, pid.len},
                            (struct json_value){JSON_TYPE_NUMBER, tid.data, tid.len});
    }
    strbuf_release(&pid);
    strbuf_release(&tid);
    return track;
}

track_no tracer_track(struct tracer *tracer, const struct registry_session *session,
                      struct registered *agent)
{
    if (agent->track == NO_TRACK) {
        agent->track = make_track(tracer, session, agent->pid, agent->tid);
    }
    return agent->track;
}

static bool push_metadata(struct tracer *tracer, track_no track, const char *name, const char *key,
                          intern_id value)
{
    struct slice text = tracer_text(tracer, value);
    struct strbuf args;
    strbuf_init(&args, tracer->mem, 0);
    strbuf_addc(&args, '{');
    json_put_cstr(&args, key);
    strbuf_addc(&args, ':');
    json_put_string(&args, text.bytes, text.len);
    strbuf_addc(&args, '}');
    struct trace_event event = {
        .ph = 'M',
        .name = tracer_put_text(tracer, name, strlen(name)),
        .cat = tracer_put_text(tracer, "__metadata", strlen("__metadata")),
        .track = track,
        .args = {args.data, args.len},
    };
    bool good = !args.failed && event.name != INTERN_FAILED && event.cat != INTERN_FAILED &&
                track != NO_TRACK && tracer_push(tracer, &event, NULL);
    strbuf_release(&args);
    return good;
}

/* Sets the identity of the process's agent. */
static bool identify(struct tracer *tracer, const struct registry_session *session,
                     const struct registered *agent, bool is_main)
{
    struct slice id = tracer_text(tracer, agent->id);
    struct slice parent_id = tracer_text(tracer, agent->parent_id);
    struct agent_identity who = {
        .pid = agent->pid,
        .agent_id = id.bytes,
        .agent_id_len = id.len,
        .parent_id = agent->parent_id != INTERN_NONE ? parent_id.bytes : NULL,
        .parent_id_len = parent_id.len,
        .main = is_main,
    };
    return swarm_identify(tracer->swarm, session->number, &who);
}

/* Names it without events: the document writes what is known then. */
static bool name_quietly(struct tracer *tracer, const struct registry_session *session,
                         struct registered *agent)
{
    track_no track = tracer_track(tracer, session, agent);
    track_no process_track = make_track(tracer, session, agent->pid, 0);
    return track != NO_TRACK && process_track != NO_TRACK &&
           swarm_print_agent(tracer->swarm, track, process_track, agent->name);
}

bool tracer_emit_metadata(struct tracer *tracer, struct registry_session *session,
                          struct registered *agent, bool is_main)
{
    bool parent = agent->parent_id != INTERN_NONE;
    if (tracer->quiet) {
        return name_quietly(tracer, session, agent) && identify(tracer, session, agent, is_main);
    }
    track_no process_track = make_track(tracer, session, agent->pid, 0);
    return push_metadata(tracer, process_track, "process_name", "name", agent->name) &&
           push_metadata(tracer, tracer_track(tracer, session, agent), "thread_name", "name",
                         agent->name) &&
           (!parent || push_metadata(tracer, process_track, "parent_agent", "parent_agent_id",
                                     agent->parent_id)) &&
           identify(tracer, session, agent, is_main);
}
