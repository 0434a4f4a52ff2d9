/* Names under a cap. Each text that some input brought is interned: names of spans, ids, models.
   When there are so many more than the last time, those that nothing refers to any more are
   removed. The model marks the names that it holds, and asks other holders (the tracer, decoders)
   to mark theirs. The owner calls swarm_forget_names where no name is held in between. */
#include "core/model/swarm_private.h"

#include <string.h>

enum { NAMES_LEAST = 4096, NAMES_PART = 8 };

struct name_marks {
    bool *used;
    size_t count;
};

void name_marks_add(struct name_marks *marks, intern_id name)
{
    if (name < marks->count) { /* else it is INTERN_FAILED */
        marks->used[name] = true;
    }
}

/* ---- other holders ---- */

bool swarm_add_name_holder(struct swarm *swarm, name_holder *mark, void *ctx)
{
    for (size_t i = 0; i < swarm->holders.count; i++) {
        if (swarm->holders.items[i].ctx == ctx) {
            return true;
        }
    }
    if (!mem_reserve(swarm->mem, &swarm->holders.items, &swarm->holders.cap,
                     swarm->holders.count + 1, sizeof *swarm->holders.items)) {
        return false;
    }
    swarm->holders.items[swarm->holders.count++] = (struct name_holding){mark, ctx};
    return true;
}

void swarm_remove_name_holder(struct swarm *swarm, const void *ctx)
{
    size_t kept = 0;
    for (size_t i = 0; i < swarm->holders.count; i++) {
        if (swarm->holders.items[i].ctx != ctx) {
            swarm->holders.items[kept++] = swarm->holders.items[i];
        }
    }
    swarm->holders.count = kept;
}

/* ---- the model's own ---- */

static void mark_all(struct name_marks *marks, const intern_id *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        name_marks_add(marks, names[i]);
    }
}

static void mark_store(struct name_marks *marks, const struct event_store *store)
{
    struct event event;
    uint64_t end = store == NULL ? 0 : event_store_end(store);
    for (uint64_t no = store == NULL ? 0 : event_store_first(store); no < end; no++) {
        if (event_store_get(store, no, &event)) {
            name_marks_add(marks, event.name);
            name_marks_add(marks, event.cat);
        }
    }
}

static void mark_sessions(struct name_marks *marks, const struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->rows.session_count; i++) {
        const struct session *session = &swarm->rows.sessions[i].session;
        const intern_id names[] = {session->id, session->name, session->source};
        mark_all(marks, names, sizeof names / sizeof *names);
        mark_all(marks, session->texts, SESSION_TEXTS);
        mark_store(marks, swarm->rows.sessions[i].metadata);
    }
}

static void mark_rows(struct name_marks *marks, const struct swarm *swarm)
{
    for (size_t i = 0; i < swarm->rows.process_count; i++) {
        const struct process *process = &swarm->rows.processes[i];
        const intern_id names[] = {process->pid, process->name, process->labels};
        mark_all(marks, names, sizeof names / sizeof *names);
    }
    for (size_t i = 0; i < swarm->rows.track_count; i++) {
        const struct track_slot *slot = &swarm->rows.tracks[i];
        const intern_id names[] = {slot->track.pid, slot->track.tid, slot->name};
        mark_all(marks, names, sizeof names / sizeof *names);
    }
    for (size_t i = 0; i < swarm->rows.agent_count; i++) {
        const struct agent *agent = &swarm->rows.agents[i];
        const intern_id names[] = {agent->agent_id,    agent->name, agent->parent_id,
                                   agent->description, agent->pid,  agent->tid};
        mark_all(marks, names, sizeof names / sizeof *names);
    }
}

static void mark_span(struct name_marks *marks, const struct span *span)
{
    name_marks_add(marks, span->name);
    name_marks_add(marks, span->cat);
}

static void mark_spans(struct name_marks *marks, const struct swarm *swarm)
{
    const struct orphan_open *orphan;
    for (span_no no = swarm->spans.begin; no < swarm->spans.end; no++) {
        const struct span *span = swarm_edit_span(swarm, no);
        if (span != NULL) {
            mark_span(marks, span);
        }
    }
    for (size_t at = 0; (orphan = orphan_open_next(swarm, &at)) != NULL;) {
        mark_span(marks, &orphan->span);
    }
    for (size_t i = 0; i < swarm->lists.marker_count; i++) {
        name_marks_add(marks, swarm->lists.markers[i].name);
        name_marks_add(marks, swarm->lists.markers[i].cat);
    }
    for (size_t i = 0; i < swarm->open.progress_count; i++) {
        name_marks_add(marks, swarm->open.progress[i].error);
    }
}

/* The low half of a key is a name. */
void name_marks_add_keys(struct name_marks *marks, const struct u64map *map)
{
    for (size_t i = 0; i < map->cap; i++) {
        if (map->values[i] != U64MAP_NONE) {
            name_marks_add(marks, (intern_id)map->keys[i]);
        }
    }
}

static void mark_model(struct name_marks *marks, const struct swarm *swarm)
{
    const struct well_known *known = &swarm->known;
    const intern_id names[] = {known->process_name,      known->thread_name,
                               known->parent_agent,      known->process_sort_index,
                               known->thread_sort_index, known->process_labels,
                               known->trace_truncated,   known->metadata_cat};
    mark_all(marks, names, sizeof names / sizeof *names);
    mark_sessions(marks, swarm);
    mark_rows(marks, swarm);
    mark_spans(marks, swarm);
    mark_store(marks, swarm->pools[POOL_LIVE].store);
    mark_store(marks, swarm->pools[POOL_FILES].store);
    name_marks_add_keys(marks, &swarm->rows.session_by_id);
    name_marks_add_keys(marks, &swarm->rows.agent_by_id);
    name_marks_add_keys(marks, &swarm->rows.group_by_id);
    name_marks_add_keys(marks, &swarm->rows.process_by_pid);
    name_marks_add_keys(marks, &swarm->rows.track_by_tid);
}

/* ---- all ---- */

static bool is_due(const struct intern *names, size_t many)
{
    size_t live = intern_live(names);
    return live >= NAMES_LEAST && live >= many;
}

static size_t next_many(const struct intern *names)
{
    size_t live = intern_live(names);
    return live + NAMES_LEAST / 2 + live / NAMES_PART;
}

/* False: out of memory. */
static bool forget_model_names(struct swarm *swarm)
{
    struct name_marks marks = {.count = intern_count(swarm->names) + 1};
    marks.used = mem_zalloc(swarm->mem, marks.count, sizeof *marks.used);
    if (marks.used == NULL) {
        return false;
    }
    mark_model(&marks, swarm);
    for (size_t i = 0; i < swarm->holders.count; i++) {
        swarm->holders.items[i].mark(swarm->holders.items[i].ctx, &marks);
    }
    bool good = intern_keep(swarm->names, marks.used);
    mem_free(swarm->mem, marks.used, marks.count * sizeof *marks.used);
    if (good) { /* it follows from the texts of ids */
        memset(swarm->kinds, 0, sizeof swarm->kinds);
        stats_forget_tool_names(&swarm->stats);
    }
    return good;
}

static bool forget_stats_names(struct swarm *swarm)
{
    struct intern *names = swarm->stats.names;
    struct name_marks marks = {.count = intern_count(names) + 1};
    marks.used = mem_zalloc(swarm->mem, marks.count, sizeof *marks.used);
    if (marks.used == NULL) {
        return false;
    }
    stats_mark_names(&swarm->stats, &marks);
    bool good = intern_keep(names, marks.used);
    mem_free(swarm->mem, marks.used, marks.count * sizeof *marks.used);
    stats_forget_tool_names(&swarm->stats);
    return good;
}

void swarm_forget_names(struct swarm *swarm)
{
    if (swarm->pools[POOL_LIVE].max_events == 0) {
        return;
    }
    if (is_due(swarm->names, swarm->holders.many_names) && forget_model_names(swarm)) {
        swarm->holders.many_names = next_many(swarm->names);
        swarm->revision++;
    }
    if (is_due(swarm->stats.names, swarm->holders.many_stats_names) && forget_stats_names(swarm)) {
        swarm->holders.many_stats_names = next_many(swarm->stats.names);
        swarm->revision++;
    }
}
