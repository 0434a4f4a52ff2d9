#include "tui/cmd/report_why_json.h"

#include "tui/views/span_text.h"
#include "tui/views/why_text.h"

static double to_ms(int64_t ns)
{
    return (double)ns / 1e6;
}

/* Sets the ids of an agent as "agents" has them. */
static void put_agent(struct json_writer *w, json_t *object, const struct swarm *swarm, agent_no no)
{
    const struct agent *agent = swarm_agent(swarm, no);
    const struct session *session = swarm_session(swarm, agent->session);
    intern_id id = session != NULL ? session->id : INTERN_NONE;
    json_writer_put_name(w, object, "session_id", swarm, id);
    json_writer_put_name(w, object, "agent_id", swarm,
                         agent->agent_id == INTERN_NONE ? id : agent->agent_id);
}

/* A tool's name, or a request's model. */
static void put_call(struct json_writer *w, json_t *object, const struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_span(swarm, no);
    struct strbuf text;
    strbuf_init(&text, w->out->mem, 0);
    if (span->kind == SPAN_REQUEST) {
        span_text_about(swarm, span, &text);
    } else {
        strbuf_adds(&text, span_short_name(swarm_text(swarm, span->name)));
    }
    if (text.len > 0) {
        json_writer_put_text(w, object, "name", text.data);
    }
    w->out->failed |= text.failed;
    strbuf_release(&text);
}

static json_t *make_piece(struct json_writer *w, const struct swarm *swarm,
                          const struct path_piece *piece)
{
    json_t *object = json_object();
    json_writer_put_text(w, object, "kind", path_parts[piece->part].key);
    put_agent(w, object, swarm, piece->agent);
    if (piece->span != NO_SPAN) {
        put_call(w, object, swarm, piece->span);
    }
    json_writer_put_number(w, object, "start_ms", to_ms(piece->start_ns));
    json_writer_put_number(w, object, "dur_ms", to_ms(piece->end_ns - piece->start_ns));
    return object;
}

/* Returns new: the ids of agents. */
static json_t *make_agents(struct json_writer *w, const struct swarm *swarm,
                           const struct critical_path *path, size_t first, size_t count)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *agent = json_object();
        put_agent(w, agent, swarm, path->agents[first + i]);
        w->out->failed |= json_array_append(ids, json_object_get(agent, "agent_id"));
        json_decref(agent);
    }
    return ids;
}

static void put_lists(struct json_writer *w, json_t *object, const struct swarm *swarm,
                      const struct why *why)
{
    json_t *path = json_array(), *what_if = json_array();
    for (size_t i = 0; i < why->path.piece_count; i++) {
        w->out->failed |= json_array_append_new(path, make_piece(w, swarm, &why->path.pieces[i]));
    }
    for (size_t i = 0; i < why->what_if_count; i++) {
        json_t *kind = json_object();
        struct strbuf text;
        strbuf_init(&text, w->out->mem, 0);
        what_if_key(swarm, why->what_if[i].kind, &text);
        json_writer_put_text(w, kind, "what", text.data != NULL ? text.data : "");
        json_writer_put_number(w, kind, "saves_ms", to_ms(why->what_if[i].saves_ns));
        w->out->failed |= text.failed | json_array_append_new(what_if, kind);
        strbuf_release(&text);
    }
    json_writer_put(w, object, "path", path);
    size_t off_path = why->path.off_path_count, running = why->path.running_count;
    json_writer_put(w, object, "off_path_agents", make_agents(w, swarm, &why->path, 0, off_path));
    json_writer_put(w, object, "running_agents",
                    make_agents(w, swarm, &why->path, off_path, running));
    json_writer_put(w, object, "what_if", what_if);
}

static json_t *make_turn(struct json_writer *w, const struct swarm *swarm, const struct why *why)
{
    json_t *object = json_object(), *parts = json_object();
    put_agent(w, object, swarm, why->turn.agent);
    json_writer_put_count(w, object, "turn", why->turn.number);
    json_writer_put_number(w, object, "start_ms", to_ms(why->turn.start_ns));
    json_writer_put_number(w, object, "dur_ms", to_ms(why->turn.end_ns - why->turn.start_ns));
    if (why->turn.cut) {
        json_writer_put(w, object, "cut", json_true());
    }
    for (int part = 0; part < PATH_PARTS; part++) {
        if (why->path.part_ns[part] > 0) {
            json_writer_put_number(w, parts, path_parts[part].key, to_ms(why->path.part_ns[part]));
        }
    }
    json_writer_put(w, object, "parts", parts);
    put_lists(w, object, swarm, why);
    return object;
}

static void write_turn(struct json_writer *w, const struct report *report,
                       const struct call_children *children, const struct turn *turn)
{
    struct why why;
    if (why_make(&why, report->swarm, children, turn, report->local_ns)) {
        json_writer_write_item(w, make_turn(w, report->swarm, &why));
    } else {
        w->out->failed = true;
    }
    why_release(&why);
}

void report_why_json(struct json_writer *w, const struct report *report)
{
    struct call_children children;
    size_t count = 0;
    struct turn *turns = NULL;
    json_writer_begin_array(w, "why");
    if (call_children_init(&children, report->swarm)) {
        turns = why_text_turns(report, &children, &count);
        w->out->failed |= turns == NULL && count > 0;
    } else {
        w->out->failed = true;
    }
    for (size_t i = 0; turns != NULL && i < count; i++) {
        write_turn(w, report, &children, &turns[i]);
    }
    mem_free(swarm_mem(report->swarm), turns, turns == NULL ? 0 : count * sizeof *turns);
    call_children_release(&children);
    json_writer_end_array(w);
}

static json_t *make_reason(struct json_writer *w, const struct swarm *swarm,
                           const struct reason *reason)
{
    json_t *object = json_object(), *longest = json_object();
    struct strbuf text;
    strbuf_init(&text, w->out->mem, 0);
    what_if_key(swarm, reason->kind, &text);
    json_writer_put_text(w, object, "what", text.data != NULL ? text.data : "");
    json_writer_put_number(w, object, "ms", to_ms(reason->ns));
    json_writer_put_count(w, object, "turns", reason->turns);
    put_agent(w, longest, swarm, reason->longest.agent);
    json_writer_put_count(w, longest, "turn", reason->longest.number);
    if (reason->longest.cut) {
        json_writer_put(w, longest, "cut", json_true());
    }
    json_writer_put_number(w, longest, "ms", to_ms(reason->longest_ns));
    json_writer_put(w, object, "longest", longest);
    w->out->failed |= text.failed;
    strbuf_release(&text);
    return object;
}

void report_reasons_json(struct json_writer *w, const struct report *report)
{
    struct reasons reasons;
    w->out->failed |= !report_reasons_make(report, &reasons);
    json_writer_begin_array(w, "reasons");
    for (size_t i = 0; i < reasons.count; i++) {
        json_writer_write_item(w, make_reason(w, report->swarm, &reasons.list[i]));
    }
    json_writer_end_array(w);
    reasons_release(&reasons);
}
