/* The metadata events: the names of processes and threads, as they were appended, and those of
   the further threads that lanes take. A process that is renamed has the new name in its args
   and nothing else changed. */
#include "core/export/document_private.h"

#include "core/base/json_args.h"
#include "core/export/perfetto_text.h"

#include <math.h>
#include <string.h>

#define NAME_SEPARATOR " · "

static bool is_object(struct slice args)
{
    return args.len > 0 && args.bytes[0] == '{';
}

static bool starts_with(const struct strbuf *text, size_t at, struct slice prefix)
{
    return text->len - at >= prefix.len && memcmp(text->data + at, prefix.bytes, prefix.len) == 0;
}

static bool is_text(const struct strbuf *text, size_t at, struct slice other)
{
    return text->len - at == other.len && starts_with(text, at, other);
}

static void insert_front(struct strbuf *text, struct slice a, struct slice b)
{
    size_t len = text->len;
    char *room = strbuf_room(text, a.len + b.len);
    if (room != NULL) {
        memmove(text->data + a.len + b.len, text->data, len);
        memcpy(text->data, a.bytes, a.len);
        memcpy(text->data + a.len, b.bytes, b.len);
        text->len += a.len + b.len;
    }
}

/* Fills doc->agent_by_process; if a process has several agents the first counts. */
static void find_agents(struct document *doc)
{
    for (agent_no i = 0; i < swarm_agent_count(doc->swarm); i++) {
        const struct agent *agent = swarm_agent(doc->swarm, i);
        uint64_t key = (uint64_t)agent->session << 32 | agent->pid;
        if ((agent->flags & AGENT_DEAD) == 0 &&
            u64map_get(&doc->agent_by_process, key) == U64MAP_NONE &&
            !u64map_put(&doc->agent_by_process, key, i)) {
            doc->no_memory = true;
        }
    }
    doc->knows_agents = true;
}

/* Returns the name of the agent whose process it is. The track of a process's name has no agent. */
static intern_id own_name(struct document *doc, const struct track *track)
{
    if (!doc->knows_agents) {
        find_agents(doc);
    }
    uint64_t key = (uint64_t)track->session << 32 | track->pid;
    uint32_t agent = u64map_get(&doc->agent_by_process, key);
    return agent == U64MAP_NONE ? INTERN_NONE : swarm_agent(doc->swarm, agent)->name;
}

/* Sets `name`, which has the name of the process's event (not empty), to its name in this
   document. Among several sessions it gains its session's name; a single one from such a
   document loses it. False: the name is unchanged. */
static bool rename_process(struct document *doc, const struct event *event, struct strbuf *name)
{
    const struct track *track = swarm_get_track(doc->swarm, event->track);
    const struct session *session = swarm_session(doc->swarm, track->session);
    struct slice separator = {NAME_SEPARATOR, strlen(NAME_SEPARATOR)};
    struct slice label =
        swarm_text_slice(doc->swarm, session->name != INTERN_NONE ? session->name : session->id);
    size_t len = label.len + separator.len;
    bool prefixed = starts_with(name, 0, label) && starts_with(name, label.len, separator);
    if (doc->many) {
        if (prefixed || is_text(name, 0, label)) {
            return false;
        }
        insert_front(name, label, separator);
        return true;
    }
    if (prefixed && is_text(name, len, swarm_text_slice(doc->swarm, own_name(doc, track)))) {
        strbuf_eat(name, len);
        return true;
    }
    return false;
}

static void put_process_name(struct document *doc, const struct event *event)
{
    struct json_value object = {JSON_TYPE_OBJECT, event->args.bytes, event->args.len};
    struct strbuf name, raw;
    strbuf_init(&name, doc->out.mem, 0);
    strbuf_init(&raw, doc->out.mem, 0);
    if (is_object(event->args)) {
        json_get_string(json_get(object, "name"), &name);
    }
    struct slice args = event->args;
    if (name.len > 0 && rename_process(doc, event, &name)) {
        perfetto_text_string(&raw, name.data, name.len);
        struct json_arg renamed = {"name", raw.data, raw.len};
        strbuf_clear(&doc->scratch);
        json_merge_args(&doc->scratch, args.bytes, args.len, &renamed, 1);
        args = (struct slice){doc->scratch.data, doc->scratch.len};
    }
    doc->no_memory |= name.failed || raw.failed;
    if (document_good(doc)) {
        document_put_event(doc, event, NO_SPAN, args);
    }
    strbuf_release(&name);
    strbuf_release(&raw);
}

/* `kind` is thread_name or thread_sort_index. */
static void begin_thread_event(struct document *doc, const struct lane_thread *thread,
                               const char *kind)
{
    const struct track *track = swarm_get_track(doc->swarm, thread->track);
    document_begin_event(doc);
    strbuf_addf(&doc->out,
                "{\"name\":\"%s\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":", kind);
    document_put_pid(doc, track->session, track->pid);
    strbuf_adds(&doc->out, ",\"tid\":");
    if (thread->lane > 1) {
        json_put_int(&doc->out, thread->tid);
    } else {
        document_add_raw(doc, &doc->out, track->tid);
    }
    strbuf_adds(&doc->out, ",\"args\":{");
}

/* Sets doc->scratch to the name of a lane after the first. */
static void spell_lane_name(struct document *doc, const struct lane_thread *thread)
{
    const struct track *track = swarm_get_track(doc->swarm, thread->track);
    strbuf_clear(&doc->scratch);
    json_get_string(thread->name, &doc->scratch);
    if (thread->name.type == JSON_TYPE_NONE) {
        intern_id name = swarm_agent(doc->swarm, track->agent)->name;
        struct slice text = swarm_text_slice(doc->swarm, name == INTERN_NONE ? track->pid : name);
        strbuf_add(&doc->scratch, text.bytes, text.len);
    }
    strbuf_addf(&doc->scratch, NAME_SEPARATOR "%u", thread->lane);
}

static void put_lane_name(struct document *doc, const struct lane_thread *thread)
{
    const struct track *track = swarm_get_track(doc->swarm, thread->track);
    begin_thread_event(doc, thread, "thread_name");
    strbuf_adds(&doc->out, "\"name\":");
    perfetto_text_string(&doc->out, doc->scratch.data, doc->scratch.len);
    /* Marks it as a lane of that thread, so that re-opening needs no guess from names. */
    strbuf_adds(&doc->out, ",\"lane_of\":");
    if (track->tid == INTERN_NONE) {
        strbuf_adds(&doc->out, "null");
    } else {
        document_add_raw(doc, &doc->out, track->tid);
    }
    strbuf_adds(&doc->out, "}}");
}

static void put_lane_thread(struct document *doc, const struct lane_thread *thread)
{
    const struct track *track = swarm_get_track(doc->swarm, thread->track);
    bool further = thread->lane > 1;
    strbuf_clear(&doc->scratch);
    if (further) {
        spell_lane_name(doc, thread);
    }
    if (doc->perfetto != NULL) {
        document_add_perfetto_thread(doc, thread->track, further ? &thread->tid : NULL,
                                     (struct slice){doc->scratch.data, doc->scratch.len},
                                     thread->sort_index);
        return;
    }
    if (further) {
        put_lane_name(doc, thread);
    }
    if (further || track->tid != INTERN_NONE) {
        begin_thread_event(doc, thread, "thread_sort_index");
        strbuf_addf(&doc->out, "\"sort_index\":%u}}", thread->sort_index);
    }
    document_flush(doc, false);
}

static void put_agent_event(struct document *doc, const char *kind, track_no track, const char *key,
                            intern_id value)
{
    struct strbuf args;
    strbuf_init(&args, doc->out.mem, 0);
    strbuf_addf(&args, "{\"%s\":", key);
    struct slice text = swarm_text_slice(doc->swarm, value);
    perfetto_text_string(&args, text.bytes, text.len);
    strbuf_addc(&args, '}');
    struct event event = {
        .ph = 'M',
        .ts_us = 0,
        .dur_us = (double)NAN,
        .name = intern_find(swarm_names((struct swarm *)(uintptr_t)doc->swarm), kind, strlen(kind)),
        .cat = intern_find(swarm_names((struct swarm *)(uintptr_t)doc->swarm), "__metadata",
                           strlen("__metadata")),
        .track = track,
        .args = {args.data, args.len},
    };
    doc->no_memory |= args.failed;
    if (!args.failed && strcmp(kind, "process_name") == 0) {
        put_process_name(doc, &event);
    } else if (!args.failed) {
        document_put_event(doc, &event, NO_SPAN, event.args);
    }
    strbuf_release(&args);
}

/* The events that name an agent which updates made: the seed's emitProcessMetadata. */
static void put_agent_metadata(struct document *doc, const struct agent *agent)
{
    put_agent_event(doc, "process_name", agent->process_track, "name", agent->name);
    put_agent_event(doc, "thread_name", agent->own_track, "name", agent->name);
    if (agent->parent_id != INTERN_NONE) {
        put_agent_event(doc, "parent_agent", agent->process_track, "parent_agent_id",
                        agent->parent_id);
    }
}

static session_no session_of_printed(const struct document *doc, uint32_t number)
{
    const struct agent *agent = swarm_agent(doc->swarm, number);
    bool printed = (agent->flags & (AGENT_PRINTED | AGENT_DEAD)) == AGENT_PRINTED;
    return printed ? agent->session : NO_SESSION;
}

static void put_printed_agents(struct document *doc, session_no session)
{
    if (doc->printed.numbers == NULL) {
        doc->printed =
            by_session_new(doc, (uint32_t)swarm_agent_count(doc->swarm), session_of_printed);
    }
    if (!doc->printed.good) {
        return;
    }
    for (size_t i = by_session_begin(&doc->printed, session);
         i < doc->printed.ends[session] && document_good(doc); i++) {
        put_agent_metadata(doc, swarm_agent(doc->swarm, doc->printed.numbers[i]));
    }
}

void document_put_session_metadata(struct document *doc, session_no session)
{
    const struct session *of = swarm_session(doc->swarm, session);
    struct event event;
    for (uint64_t i = 0; i < of->metadata_count && document_good(doc); i++) {
        if (!swarm_metadata(doc->swarm, session, i, &event)) {
            continue;
        }
        if (strcmp(swarm_text(doc->swarm, event.name), "process_name") == 0) {
            put_process_name(doc, &event);
        } else {
            document_put_event(doc, &event, NO_SPAN, event.args);
        }
    }
    put_printed_agents(doc, session);
    size_t count = 0;
    const struct lane_thread *threads =
        doc->lanes == NULL ? NULL : document_lanes_threads(doc->lanes, &count);
    /* Sessions come in the order of the threads. */
    while (doc->next_thread < count && threads[doc->next_thread].session < session) {
        doc->next_thread++;
    }
    for (; doc->next_thread < count && threads[doc->next_thread].session == session &&
           document_good(doc);
         doc->next_thread++) {
        put_lane_thread(doc, &threads[doc->next_thread]);
    }
}
