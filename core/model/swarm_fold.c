/* Folds lanes of swarmtop documents (`--tracks lane`). Such a document has overlapping spans of
   an agent on threads `NAME · 2`, `NAME · 3` … of its process. Their events return to the
   agent's own thread, and the metadata of the extra threads is dropped. The model is then the
   one that the document was written from. A lane's thread_name has the tid of that thread in
   `lane_of`; documents of version 1 have the name alone. */
#include "core/model/swarm_private.h"

#include <string.h>

static const char separator[] = " \xc2\xb7 ";

static uint64_t key(uint32_t process, intern_id name)
{
    return (uint64_t)process << 32 | name;
}

/* Returns the name without ` · n` (n from 2); INTERN_NONE: it has no such end, or no text equals
   the rest. */
static intern_id base_of(const struct swarm *swarm, const char *text, size_t len)
{
    size_t digits = 0;
    while (digits < len && text[len - digits - 1] >= '0' && text[len - digits - 1] <= '9') {
        digits++;
    }
    size_t end = digits + sizeof separator - 1;
    bool one = digits == 1 && text[len - 1] < '2';
    if (digits == 0 || one || end > len ||
        memcmp(text + len - end, separator, sizeof separator - 1) != 0) {
        return INTERN_NONE;
    }
    return intern_find(swarm->names, text, len - end);
}

static intern_id base_name(const struct swarm *swarm, intern_id name)
{
    size_t len;
    const char *text = intern_text(swarm->names, name, &len);
    return base_of(swarm, text, len);
}

static bool is_of(const struct swarm *swarm, track_no track, uint32_t document)
{
    const struct session_slot *slot =
        &swarm->rows.sessions[swarm->rows.tracks[track].track.session];
    return !slot->dropped && slot->session.pool == POOL_FILES &&
           slot->session.document == document && (slot->session.flags & SESSION_AGENTS) != 0;
}

/* Returns the thread that the lane's metadata names; NO_TRACK: no thread, or out of memory. */
static track_no lane_of(struct swarm *swarm, const struct event *event)
{
    const struct track *lane = &swarm->rows.tracks[event->track].track;
    struct json_value args = slice_object(event->args);
    struct json_value tid = args.type == JSON_TYPE_NONE ? args : json_get(args, "lane_of");
    struct slice pid = swarm_text_slice(swarm, lane->pid);
    bool named =
        tid.type == JSON_TYPE_NUMBER || tid.type == JSON_TYPE_STRING || tid.type == JSON_TYPE_NULL;
    if (event->name != swarm->known.thread_name || !named) {
        return NO_TRACK;
    }
    tid.type = tid.type == JSON_TYPE_NULL ? JSON_TYPE_NONE : tid.type;
    enum json_type type = lane->pid == INTERN_NONE             ? JSON_TYPE_NONE
                          : pid.len > 0 && pid.bytes[0] == '"' ? JSON_TYPE_STRING
                                                               : JSON_TYPE_NUMBER;
    return swarm_track(swarm, lane->session, (struct json_value){type, pid.bytes, pid.len}, tid);
}

/* Sets bases[track] to the track that its events go to, or NO_TRACK. Sets *folded if any track
   has a base. */
static void find_marked(struct swarm *swarm, uint32_t document, track_no *bases, size_t count,
                        bool *folded)
{
    for (track_no i = 0; i < count; i++) {
        bases[i] = NO_TRACK;
    }
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        const struct session_slot *slot = &swarm->rows.sessions[i];
        struct event event;
        if (slot->dropped || slot->session.pool != POOL_FILES ||
            slot->session.document != document) {
            continue;
        }
        for (uint64_t no = 1; no < event_store_end(slot->metadata); no++) {
            track_no base =
                event_store_get(slot->metadata, no, &event) ? lane_of(swarm, &event) : NO_TRACK;
            if (base != NO_TRACK && base != event.track && event.track < count) {
                bases[event.track] = base;
                *folded = true;
            }
        }
    }
}

/* The same for a document of version 1. False: out of memory. */
static bool find_named(const struct swarm *swarm, uint32_t document, track_no *bases, bool *folded)
{
    struct u64map by_name;
    bool good = true;
    u64map_init(&by_name, swarm->mem);
    for (track_no i = 0; good && i < swarm->rows.track_count; i++) {
        const struct track_slot *slot = &swarm->rows.tracks[i];
        bases[i] = NO_TRACK;
        good = slot->name == INTERN_NONE || !is_of(swarm, i, document) ||
               u64map_put(&by_name, key(slot->process, slot->name), i);
    }
    for (track_no i = 0; good && i < swarm->rows.track_count; i++) {
        const struct track_slot *slot = &swarm->rows.tracks[i];
        intern_id name = is_of(swarm, i, document) && slot->name != INTERN_NONE
                             ? base_name(swarm, slot->name)
                             : INTERN_NONE;
        bases[i] = name == INTERN_NONE ? NO_TRACK : u64map_get(&by_name, key(slot->process, name));
        *folded |= bases[i] != NO_TRACK;
    }
    u64map_release(&by_name);
    return good;
}

/* Returns true if the event sorts lanes. In a trace of another producer it sorts threads. */
static bool sorts_lanes(const struct swarm *swarm, const struct event *event)
{
    session_no session = swarm->rows.tracks[event->track].track.session;
    return event->name == swarm->known.thread_sort_index &&
           (swarm->rows.sessions[session].session.flags & SESSION_AGENTS) != 0;
}

/* Metadata of a further lane, or that sorts lanes. */
static bool is_made(const struct swarm *swarm, const struct event *event, const track_no *bases)
{
    return bases[event->track] != NO_TRACK || sorts_lanes(swarm, event);
}

static bool fold_metadata(struct swarm *swarm, session_no session, const track_no *bases)
{
    struct session_slot *slot = &swarm->rows.sessions[session];
    struct event_store *kept = event_store_new(swarm->mem);
    bool good = kept != NULL;
    for (uint64_t no = 1; good && no < event_store_end(slot->metadata); no++) {
        struct event event;
        good = event_store_get(slot->metadata, no, &event) &&
               (is_made(swarm, &event, bases) || event_store_append(kept, &event) != 0);
    }
    if (!good) {
        event_store_free(kept);
        return false;
    }
    event_store_free(slot->metadata);
    slot->metadata = kept;
    slot->session.metadata_count = event_store_count(kept);
    return true;
}

/* Removes the row of a thread whose events are another's from here on. */
static void drop_row(struct swarm *swarm, track_no track)
{
    agent_no row = swarm->rows.tracks[track].track.agent;
    if (row != NO_AGENT && (swarm->rows.agents[row].flags & AGENT_THREAD) != 0) {
        swarm->rows.agents[row].flags |= AGENT_DEAD;
        swarm->rows.tracks[track].track.agent = NO_AGENT;
    }
}

static bool fold(struct swarm *swarm, uint32_t document, const track_no *bases, size_t count)
{
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        const struct session_slot *slot = &swarm->rows.sessions[i];
        if (slot->dropped || slot->session.pool != POOL_FILES ||
            slot->session.document != document) {
            continue;
        }
        if (!fold_metadata(swarm, i, bases)) {
            return false;
        }
    }
    for (track_no i = 0; i < count; i++) {
        if (bases[i] != NO_TRACK) {
            /* Its events are read as the other's from here on (swarm_event). */
            swarm->rows.tracks[i].folds_to = bases[i];
            drop_row(swarm, i);
            swarm->rows.tracks[i].track.tid = INTERN_NONE; /* the id is free for a lane again */
        }
    }
    return true;
}

bool swarm_fold_lanes(struct swarm *swarm, uint32_t document, bool by_name, bool *folded)
{
    if (swarm->rows.track_count == 0) {
        return true;
    }
    size_t count = swarm->rows.track_count;
    track_no *bases = mem_zalloc(swarm->mem, count, sizeof *bases);
    bool any = false;
    bool good = bases != NULL && (!by_name || find_named(swarm, document, bases, &any));
    if (good && !by_name) {
        find_marked(swarm, document, bases, count, &any);
    }
    good = good && (!any || fold(swarm, document, bases, count));
    mem_free(swarm->mem, bases, bases == NULL ? 0 : count * sizeof *bases);
    *folded |= any;
    return good;
}

/* ---- as they come ---- */

/* Returns the track of that name in the process; NO_TRACK: no such track, or several. */
static track_no named_track(const struct swarm *swarm, uint32_t process, intern_id name)
{
    track_no found = NO_TRACK;
    for (track_no i = swarm->rows.processes[process].first_track; i != NO_TRACK;
         i = swarm->rows.tracks[i].next_in_process) {
        if (swarm->rows.tracks[i].name == name) {
            found = i;
        }
    }
    return found;
}

/* Returns the thread that a thread_name of version 1 is a lane of; NO_TRACK: it names no lane. */
static track_no named_base(const struct swarm *swarm, const struct event *event)
{
    struct strbuf text;
    strbuf_init(&text, swarm->mem, 0);
    json_get_string(json_get(slice_object(event->args), "name"), &text);
    intern_id base = text.len == 0 ? INTERN_NONE : base_of(swarm, text.data, text.len);
    strbuf_release(&text);
    return base == INTERN_NONE ? NO_TRACK
                               : named_track(swarm, swarm->rows.tracks[event->track].process, base);
}

bool swarm_fold_metadata(struct swarm *swarm, const struct event *event)
{
    session_no session = swarm->rows.tracks[event->track].track.session;
    if (sorts_lanes(swarm, event)) {
        return true;
    }
    if (event->name == swarm->known.thread_name && slice_object(event->args).len > 0) {
        bool by_name = (swarm->rows.sessions[session].session.flags & SESSION_FOLDS_BY_NAME) != 0;
        track_no base = by_name ? named_base(swarm, event) : lane_of(swarm, event);
        struct track_slot *slot = &swarm->rows.tracks[event->track];
        slot->folds_to = base == event->track ? NO_TRACK : base;
        if (slot->folds_to != NO_TRACK) {
            slot->track.tid = INTERN_NONE; /* the id is free for a lane again */
        }
    }
    return swarm->rows.tracks[event->track].folds_to != NO_TRACK;
}
