/* Agents, processes, threads and their metadata under the cap. A track is idle when no event in
   memory, no record and no open span is of it. Some idle tracks are kept; beyond that those go
   which were used longest ago, tracks of agents that have ended before others. A process of which
   all tracks go is freed with its rows, else only the rows of its threads that go. Metadata events
   go with their tracks, and so do those that others replaced.

   A pass over all of this runs when there are so many more tracks or metadata events than the last
   one left, so its time is linear in what comes. A keeper of numbers of tracks or agents looks at
   swarm_forget_passes, and forgets them as well. */
#include "core/model/swarm_private.h"

#include <stdlib.h>

/* So many of one track are kept, beyond those of a name that the model knows. */
enum { METADATA_PER_TRACK = 64 };

struct idle_track {
    uint64_t last_use; /* that of its process, if that is idle as a whole */
    uint32_t process;
    track_no track;
    bool whole; /* all tracks of the process are idle */
    bool ended;
};

struct forget_pass {
    struct swarm *swarm;
    bool *used, *leaves; /* by track */
    struct idle_track *idle;
    size_t idle_count;
};

static size_t most_idle_tracks(const struct swarm *swarm)
{
    return 2 * swarm_most_idle(swarm); /* an agent has two */
}

/* Metadata events are small, and a pass reads those of a session. */
static size_t most_metadata(const struct swarm *swarm)
{
    return 4 * most_idle_tracks(swarm);
}

/* ---- what is idle ---- */

static void use(struct forget_pass *pass, track_no track, uint64_t number)
{
    if (track == NO_TRACK) {
        return;
    }
    struct swarm *swarm = pass->swarm;
    swarm_use_track(swarm, track, number);
    pass->used[track] = true;
    track_no twin = swarm_track_twin(swarm, track); /* they share a row */
    if (twin != NO_TRACK) {
        pass->used[twin] = true;
    }
}

static void mark_used(struct forget_pass *pass)
{
    struct swarm *swarm = pass->swarm;
    const struct event_store *store = swarm->pools[POOL_LIVE].store;
    uint64_t end = event_store_end(store);
    const struct orphan_open *orphan;
    struct event event;
    for (uint64_t no = event_store_first(store); no < end; no++) {
        if (swarm_event(swarm, POOL_LIVE, no, &event)) {
            use(pass, event.track, no);
        }
    }
    for (span_no no = swarm->open.first; no != NO_SPAN; no = swarm_next_in_flight(swarm, no)) {
        use(pass, swarm_edit_span(swarm, no)->track, end);
    }
    for (size_t at = 0; (orphan = orphan_open_next(swarm, &at)) != NULL;) {
        use(pass, orphan->span.track, end);
    }
    for (track_no track = 0; track < swarm->rows.track_count; track++) {
        if (swarm->rows.tracks[track].owned > 0) {
            use(pass, track, end);
        }
    }
    for (record_no no = swarm->records.oldest; no != NO_RECORD;
         no = swarm_record(swarm, no)->newer) {
        use(pass, swarm_record(swarm, no)->track, swarm_record(swarm, no)->arrival);
    }
}

static const struct agent *agent_of(const struct swarm *swarm, const struct process *process)
{
    return process->agent == NO_AGENT ? NULL : &swarm->rows.agents[process->agent];
}

/* An agent's tracks stay as long as it does: those of which the document prints its names, or else
   the first thread that events name. */
static bool is_own_track(const struct swarm *swarm, const struct process *process, track_no track)
{
    const struct agent *agent = agent_of(swarm, process);
    if (agent == NULL) {
        return false;
    }
    return (agent->flags & AGENT_PRINTED) != 0
               ? agent->own_track == track || agent->process_track == track
               : agent->tid != INTERN_NONE && agent->tid == swarm->rows.tracks[track].track.tid;
}

static void take_process(struct forget_pass *pass, uint32_t number)
{
    struct swarm *swarm = pass->swarm;
    const struct process *process = &swarm->rows.processes[number];
    const struct agent *agent = agent_of(swarm, process);
    bool whole = agent == NULL || (agent->flags & AGENT_MAIN) == 0;
    bool ended = agent != NULL && (agent->flags & (AGENT_UNREGISTERED | AGENT_GONE)) != 0;
    uint64_t last_use = 0;
    for (track_no at = process->first_track; at != NO_TRACK;
         at = swarm->rows.tracks[at].next_in_process) {
        whole = whole && !pass->used[at];
        last_use =
            swarm->rows.tracks[at].last_use > last_use ? swarm->rows.tracks[at].last_use : last_use;
    }
    for (track_no at = process->first_track; at != NO_TRACK;
         at = swarm->rows.tracks[at].next_in_process) {
        const struct track_slot *slot = &swarm->rows.tracks[at];
        bool stays =
            !whole && (pass->used[at] || slot->names_process || is_own_track(swarm, process, at));
        if (!stays) {
            pass->idle[pass->idle_count++] =
                (struct idle_track){.last_use = whole ? last_use : slot->last_use,
                                    .process = number,
                                    .track = at,
                                    .whole = whole,
                                    .ended = ended};
        }
    }
}

static int by_use(const void *a, const void *b)
{
    const struct idle_track *x = a, *y = b;
    if (x->ended != y->ended) {
        return x->ended ? -1 : 1;
    }
    if (x->last_use != y->last_use) {
        return x->last_use < y->last_use ? -1 : 1;
    }
    if (x->process != y->process) {
        return x->process < y->process ? -1 : 1;
    }
    return (x->track > y->track) - (x->track < y->track);
}

/* The tracks of one process go together. */
static void choose(struct forget_pass *pass)
{
    struct swarm *swarm = pass->swarm;
    size_t most = most_idle_tracks(swarm);
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        const struct session_slot *slot = &swarm->rows.sessions[i];
        if (slot->dropped || slot->session.pool != POOL_LIVE) {
            continue;
        }
        for (uint32_t at = slot->first_process; at != NO_PROCESS;
             at = swarm->rows.processes[at].next_in_session) {
            take_process(pass, at);
        }
    }
    if (pass->idle_count > most) {
        qsort(pass->idle, pass->idle_count, sizeof *pass->idle, by_use);
    }
    for (size_t i = 0; i < pass->idle_count; i++) {
        const struct idle_track *idle = &pass->idle[i];
        bool follows = i > 0 && idle->whole && pass->leaves[pass->idle[i - 1].track] &&
                       pass->idle[i - 1].whole && idle->process == pass->idle[i - 1].process;
        pass->leaves[idle->track] = follows || pass->idle_count - i > most;
    }
}

/* ---- metadata ---- */

struct metadata_pass {
    struct u64map latest; /* track << 32 | name: the event that holds */
    struct u64map others; /* track: how many of unknown names are kept */
    bool *kept;           /* by number */
    uint64_t count;
    uint64_t replaced; /* of tracks that stay, those that are not kept */
};

static bool is_known(const struct well_known *known, intern_id name)
{
    return name == known->process_name || name == known->thread_name ||
           name == known->parent_agent || name == known->process_sort_index ||
           name == known->thread_sort_index || name == known->process_labels;
}

/* Called from the last event back. The last one of a name holds, but the first parent. False: out
   of memory. */
static bool sift_event(const struct forget_pass *pass, struct metadata_pass *events,
                       const struct event *event, uint32_t number)
{
    if (pass->leaves[event->track]) {
        return true;
    }
    const struct well_known *known = &pass->swarm->known;
    uint64_t key = (uint64_t)event->track << 32 | event->name;
    uint32_t later = u64map_get(&events->latest, key);
    if (later != U64MAP_NONE && event->name != known->parent_agent) {
        events->replaced++;
        return true;
    }
    if (later != U64MAP_NONE) {
        events->kept[later] = false;
        events->replaced++;
    } else if (!is_known(known, event->name)) {
        uint32_t others = u64map_get(&events->others, event->track);
        others = others == U64MAP_NONE ? 0 : others;
        if (others == METADATA_PER_TRACK) {
            events->replaced++;
            return true;
        }
        if (!u64map_put(&events->others, event->track, others + 1)) {
            return false;
        }
    }
    events->kept[number] = true;
    return u64map_put(&events->latest, key, number);
}

static bool sift(const struct forget_pass *pass, const struct event_store *store,
                 struct metadata_pass *events)
{
    struct event event;
    for (uint64_t no = events->count; no-- > 1;) {
        if (event_store_get(store, no, &event) && !sift_event(pass, events, &event, (uint32_t)no)) {
            return false;
        }
    }
    return true;
}

/* Returns a new store with those that are kept; NULL: out of memory. */
static struct event_store *copy_kept(const struct swarm *swarm, const struct event_store *store,
                                     const struct metadata_pass *events)
{
    struct event_store *copy = event_store_new(swarm->mem);
    bool good = copy != NULL;
    struct event event;
    for (uint64_t no = 1; no < events->count && good; no++) {
        good = !events->kept[no] || !event_store_get(store, no, &event) ||
               event_store_append(copy, &event) != 0;
    }
    if (!good) {
        event_store_free(copy);
    }
    return good ? copy : NULL;
}

static void replace_metadata(struct swarm *swarm, struct session_slot *slot,
                             struct event_store *store)
{
    size_t count = event_store_count(store);
    size_t less = (size_t)slot->session.metadata_count - count;
    swarm->rows.live_metadata -= less;
    slot->session.metadata_count = count;
    event_store_free(slot->metadata);
    slot->metadata = store;
}

/* False: out of memory, and nothing has changed. */
static bool forget_metadata(const struct forget_pass *pass, struct session_slot *slot)
{
    struct swarm *swarm = pass->swarm;
    struct metadata_pass events = {.count = event_store_end(slot->metadata)};
    u64map_init(&events.latest, swarm->mem);
    u64map_init(&events.others, swarm->mem);
    events.kept = mem_zalloc(swarm->mem, (size_t)events.count, sizeof *events.kept);
    bool good = events.kept != NULL && sift(pass, slot->metadata, &events);
    struct event_store *store = good ? copy_kept(swarm, slot->metadata, &events) : NULL;
    if (store != NULL) {
        replace_metadata(swarm, slot, store);
        swarm->rows.forgotten[FORGOTTEN_METADATA] += events.replaced;
    }
    mem_free(swarm->mem, events.kept, events.kept == NULL ? 0 : (size_t)events.count);
    u64map_release(&events.latest);
    u64map_release(&events.others);
    return store != NULL;
}

static bool forget_all_metadata(const struct forget_pass *pass)
{
    struct swarm *swarm = pass->swarm;
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        struct session_slot *slot = &swarm->rows.sessions[i];
        if (!slot->dropped && slot->session.pool == POOL_LIVE && slot->metadata != NULL &&
            event_store_count(slot->metadata) > 0 && !forget_metadata(pass, slot)) {
            return false;
        }
    }
    return true;
}

/* ---- taking them out ---- */

static void forget_tracks(const struct forget_pass *pass)
{
    struct swarm *swarm = pass->swarm;
    for (size_t i = 0; i < pass->idle_count; i++) {
        const struct idle_track *idle = &pass->idle[i];
        if (!pass->leaves[idle->track]) {
            continue;
        }
        bool agents = agent_of(swarm, &swarm->rows.processes[idle->process]) != NULL;
        bool last = idle->whole && (i + 1 == pass->idle_count || !pass->idle[i + 1].whole ||
                                    pass->idle[i + 1].process != idle->process);
        if (!idle->whole) {
            swarm_forget_track(swarm, idle->track);
        }
        if (last) {
            swarm_forget_process(swarm, idle->process);
        }
        swarm->rows.forgotten[FORGOTTEN_AGENTS] += last && agents;
        swarm->rows.forgotten[FORGOTTEN_THREADS] += !idle->whole || !agents;
    }
}

/* Rows for parents that no agent has any more. */
static void forget_groups(struct swarm *swarm)
{
    size_t count = swarm->rows.agent_count + 1;
    bool *used = mem_zalloc(swarm->mem, count, sizeof *used);
    for (size_t i = 0; i < swarm->rows.agent_count && used != NULL; i++) {
        const struct agent *agent = &swarm->rows.agents[i];
        uint32_t group = (agent->flags & AGENT_DEAD) != 0 || agent->parent_id == INTERN_NONE
                             ? U64MAP_NONE
                             : u64map_get(&swarm->rows.group_by_id, agent->parent_id);
        if (group != U64MAP_NONE) {
            used[group] = true;
        }
    }
    for (agent_no i = 0; i < swarm->rows.agent_count && used != NULL; i++) {
        const struct agent *agent = &swarm->rows.agents[i];
        bool group = (agent->flags & (AGENT_GROUP | AGENT_PROCESS | AGENT_ASYNC)) == AGENT_GROUP;
        bool gone = (agent->flags & AGENT_DEAD) != 0 || !used[i]; /* dead: the parent has come */
        if (group && gone && swarm->rows.sessions[agent->session].session.pool == POOL_LIVE) {
            swarm_forget_agent(swarm, i);
        }
    }
    mem_free(swarm->mem, used, used == NULL ? 0 : count);
}

static bool has_leaving(const struct forget_pass *pass)
{
    return pass->idle_count > most_idle_tracks(pass->swarm);
}

/* False: out of memory; the next pass does it then. */
static bool run_pass(struct forget_pass *pass)
{
    struct swarm *swarm = pass->swarm;
    mark_used(pass);
    choose(pass);
    bool many = swarm->rows.live_metadata >= swarm->rows.many_metadata;
    bool good =
        (!has_leaving(pass) && !many) || (swarm_make_grave(swarm) && forget_all_metadata(pass));
    if (good && has_leaving(pass)) {
        forget_tracks(pass);
        forget_groups(swarm);
        swarm->rows.forget_passes++;
        swarm->revision++;
    }
    return good;
}

static void set_marks(struct swarm *swarm)
{
    size_t tracks = swarm->rows.live_tracks, metadata = swarm->rows.live_metadata;
    swarm->rows.many_tracks = tracks + most_idle_tracks(swarm) / 2 + tracks / 8;
    swarm->rows.many_metadata = metadata + most_metadata(swarm) / 2 + metadata / 8;
}

bool swarm_has_many_rows(const struct swarm *swarm)
{
    return (swarm->rows.live_tracks >= 2 * most_idle_tracks(swarm) &&
            swarm->rows.live_tracks >= swarm->rows.many_tracks) ||
           (swarm->rows.live_metadata >= most_metadata(swarm) &&
            swarm->rows.live_metadata >= swarm->rows.many_metadata);
}

void swarm_forget_rows(struct swarm *swarm)
{
    const struct mem *mem = swarm->mem;
    size_t count = swarm->rows.track_count + 1;
    struct forget_pass pass = {
        .swarm = swarm,
        .used = mem_zalloc(mem, count, sizeof *pass.used),
        .leaves = mem_zalloc(mem, count, sizeof *pass.leaves),
        .idle = mem_zalloc(mem, count, sizeof *pass.idle),
    };
    if (pass.used != NULL && pass.leaves != NULL && pass.idle != NULL && run_pass(&pass)) {
        set_marks(swarm);
    }
    mem_free(mem, pass.used, pass.used == NULL ? 0 : count * sizeof *pass.used);
    mem_free(mem, pass.leaves, pass.leaves == NULL ? 0 : count * sizeof *pass.leaves);
    mem_free(mem, pass.idle, pass.idle == NULL ? 0 : count * sizeof *pass.idle);
}

uint64_t swarm_forget_passes(const struct swarm *swarm)
{
    return swarm->rows.forget_passes;
}
