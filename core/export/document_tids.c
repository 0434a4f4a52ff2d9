/* The threads that lanes take beyond a track's own get a tid and a name. A tid must be free
   among all threads of its process, those that hold no span included, so the tracks of the
   processes in question are brought together by sorting. */
#include "core/export/document_lanes.h"

#include "core/base/u64map.h"
#include "core/base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* A track by its process. */
struct member {
    session_no session;
    intern_id pid;
    track_no track;
};

static int by_process(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->session != y->session) {
        return x->session < y->session ? -1 : 1;
    }
    if (x->pid != y->pid) {
        return x->pid < y->pid ? -1 : 1;
    }
    return (x->track > y->track) - (x->track < y->track);
}

static bool same_process(const struct member *a, const struct member *b)
{
    return a->session == b->session && a->pid == b->pid;
}

/* Lane 1 of the track, NULL: the track has no further lanes. */
static struct lane_thread *find_thread(struct lane_thread *threads, size_t count,
                                       const struct member *member)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct lane_thread *at = &threads[middle];
        if (at->session < member->session ||
            (at->session == member->session && at->track < member->track)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && threads[low].track == member->track ? &threads[low] : NULL;
}

/* Returns the track's tid as a number. A tid that is no number gets the number of a thread with
   that name. */
static int64_t tid_number(const struct swarm *swarm, track_no track)
{
    struct slice raw = swarm_text_slice(swarm, swarm_get_track(swarm, track)->tid);
    bool negative = raw.len > 0 && raw.bytes[0] == '-';
    int64_t number = 0;
    size_t i = negative;
    for (; i < raw.len && i < 18 && raw.bytes[i] >= '0' && raw.bytes[i] <= '9'; i++) {
        number = number * 10 + (raw.bytes[i] - '0');
    }
    if (raw.len > 0 && i == raw.len) {
        return negative ? -number : number;
    }
    bool text = raw.len >= 2 && raw.bytes[0] == '"';
    return text ? utf8_thread_id(raw.bytes + 1, raw.len - 2) : utf8_thread_id(raw.bytes, raw.len);
}

/* Numbers the further lanes of one track. */
static bool number_track(const struct swarm *swarm, struct lane_thread *first, size_t left,
                         struct u64map *used, uint32_t *sort_index)
{
    int64_t base = tid_number(swarm, first->track);
    for (size_t i = 0; i < left && first[i].track == first->track; i++) {
        first[i].sort_index = (*sort_index)++;
        if (i == 0) {
            continue;
        }
        int64_t tid = base + (int64_t)i;
        while (u64map_get(used, (uint64_t)tid) != U64MAP_NONE) {
            tid++;
        }
        first[i].tid = tid;
        if (!u64map_put(used, (uint64_t)tid, 1)) {
            return false;
        }
    }
    return true;
}

/* Numbers the threads of one process, which has these tracks. */
static bool number_process(const struct swarm *swarm, const struct member *members, size_t count,
                           struct lane_thread *threads, size_t thread_count, struct u64map *used)
{
    uint32_t sort_index = 1;
    u64map_clear(used);
    for (size_t i = 0; i < count; i++) {
        if (!u64map_put(used, (uint64_t)tid_number(swarm, members[i].track), 1)) {
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct lane_thread *first = find_thread(threads, thread_count, &members[i]);
        if (first != NULL && !number_track(swarm, first, (size_t)(threads + thread_count - first),
                                           used, &sort_index)) {
            return false;
        }
    }
    return true;
}

static bool number_all(const struct swarm *swarm, const struct member *members, size_t count,
                       struct lane_thread *threads, size_t thread_count)
{
    struct u64map used;
    bool good = true;
    u64map_init(&used, swarm_mem(swarm));
    for (size_t from = 0, to; good && from < count; from = to) {
        bool split = false;
        for (to = from; to < count && same_process(&members[from], &members[to]); to++) {
            split |= find_thread(threads, thread_count, &members[to]) != NULL;
        }
        good = !split ||
               number_process(swarm, members + from, to - from, threads, thread_count, &used);
    }
    u64map_release(&used);
    return good;
}

/* The last name that the tracks' thread_name events give them. */
static void name_threads(const struct swarm *swarm, session_no session, struct lane_thread *threads,
                         size_t count)
{
    uint64_t events = swarm_session(swarm, session)->metadata_count;
    struct event event;
    for (uint64_t i = 0; i < events; i++) {
        if (!swarm_metadata(swarm, session, i, &event) || event.args.len == 0 ||
            event.args.bytes[0] != '{' ||
            strcmp(swarm_text(swarm, event.name), "thread_name") != 0) {
            continue;
        }
        struct member member = {.session = session, .track = event.track};
        struct lane_thread *first = find_thread(threads, count, &member);
        struct json_value args = {JSON_TYPE_OBJECT, event.args.bytes, event.args.len};
        struct json_value name = json_get(args, "name");
        for (struct lane_thread *at = first;
             at != NULL && at < threads + count && at->track == event.track; at++) {
            at->name = name.type == JSON_TYPE_STRING ? name : at->name;
        }
    }
}

bool document_number_threads(const struct swarm *swarm, struct lane_thread *threads, size_t count)
{
    const struct mem *mem = swarm_mem(swarm);
    size_t track_count = swarm_track_count(swarm);
    struct member *members = mem_zalloc(mem, track_count, sizeof *members);
    if (members == NULL) {
        return false;
    }
    for (size_t i = 0; i < track_count; i++) {
        const struct track *track = swarm_get_track(swarm, (track_no)i);
        members[i] = (struct member){track->session, track->pid, (track_no)i};
    }
    qsort(members, track_count, sizeof *members, by_process);
    bool good = number_all(swarm, members, track_count, threads, count);
    mem_free(mem, members, track_count * sizeof *members);
    for (size_t i = 0; good && i < count; i++) {
        if (i == 0 || threads[i].session != threads[i - 1].session) {
            name_threads(swarm, threads[i].session, threads, count);
        }
    }
    return good;
}
