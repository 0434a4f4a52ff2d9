/* Processes, threads and counters. Perfetto knows processes and threads by numbers of 31 bits
   other than 0; a trace may have texts in their place, or numbers beyond, and gets made ones. */
#include "core/export/perfetto_trace.h"

#include "core/base/protobuf_put.h"
#include "core/export/perfetto_fields.h"

#include <math.h>

static bool take_number(struct perfetto_trace *trace, struct perfetto_track *track, uint32_t number)
{
    uint64_t key = (uint64_t)track->parent << 32 | number;
    if (u64map_get(&trace->numbers, key) != U64MAP_NONE) {
        return false;
    }
    track->number = number;
    trace->failed |= !u64map_put(&trace->numbers, key, 0);
    return true;
}

void perfetto_tracks_number(struct perfetto_trace *trace)
{
    for (size_t i = 0; i < trace->track_count && !trace->failed; i++) {
        struct perfetto_track *track = &trace->tracks[i];
        uint32_t number = (uint32_t)i + 1;
        while (track->kind != PERFETTO_COUNTER && track->number == 0 &&
               !take_number(trace, track, number)) {
            number = number % INT32_MAX + 1;
        }
    }
}

static perfetto_track_no add_track(struct perfetto_trace *trace, const struct perfetto_track *track)
{
    if (trace->track_count >= INT32_MAX ||
        !mem_reserve(trace->mem, &trace->tracks, &trace->track_cap, trace->track_count + 1,
                     sizeof *trace->tracks)) {
        trace->failed = true;
        return 0;
    }
    trace->tracks[trace->track_count] = *track;
    return (perfetto_track_no)++trace->track_count;
}

perfetto_track_no perfetto_track_of(struct perfetto_trace *trace, enum perfetto_track_kind kind,
                                    perfetto_track_no parent, struct slice key, int64_t number)
{
    intern_id id = intern_put(trace->track_texts, key.len > 0 ? key.bytes : "", key.len);
    if (id == INTERN_FAILED) {
        trace->failed = true;
        return 0;
    }
    uint64_t place = (uint64_t)id << 32 | parent << 2 | kind;
    uint32_t known = u64map_get(&trace->track_by_key, place);
    if (known != U64MAP_NONE) {
        return known;
    }
    struct perfetto_track track = {
        .kind = (uint8_t)kind, .parent = parent, .value = (double)NAN, .top = SIZE_MAX};
    if (kind != PERFETTO_COUNTER && number > 0 && number <= INT32_MAX) {
        (void)take_number(trace, &track, (uint32_t)number);
    }
    perfetto_track_no added = add_track(trace, &track);
    trace->failed |= added == 0 || !u64map_put(&trace->track_by_key, place, added);
    return added;
}

struct perfetto_track *perfetto_track(struct perfetto_trace *trace, perfetto_track_no number)
{
    return &trace->tracks[number - 1];
}

void perfetto_track_set_name(struct perfetto_trace *trace, perfetto_track_no number,
                             struct slice name)
{
    intern_id id = intern_put(trace->track_texts, name.len > 0 ? name.bytes : "", name.len);
    trace->failed |= id == INTERN_FAILED;
    if (number != 0 && id != INTERN_FAILED) {
        perfetto_track(trace, number)->name = id;
        perfetto_track(trace, number)->named = true;
    }
}

static void put_name(const struct perfetto_trace *trace, const struct perfetto_track *track,
                     uint32_t field, struct strbuf *out)
{
    if (track->named) {
        size_t len;
        const char *name = intern_text(trace->track_texts, track->name, &len);
        protobuf_put_text(out, field, name, len);
    }
}

static void put_process(const struct perfetto_trace *trace, const struct perfetto_track *track,
                        struct strbuf *out)
{
    size_t message = protobuf_begin_message(out, DESCRIPTOR_PROCESS);
    protobuf_put_uint(out, PROCESS_PID, track->number);
    put_name(trace, track, PROCESS_NAME, out);
    if (track->sorted) {
        protobuf_put_int(out, PROCESS_SORT_INDEX, track->sort_index);
    }
    protobuf_end_message(out, message);
}

static void put_thread(const struct perfetto_trace *trace, const struct perfetto_track *track,
                       struct strbuf *out)
{
    size_t message = protobuf_begin_message(out, DESCRIPTOR_THREAD);
    protobuf_put_uint(out, THREAD_PID, trace->tracks[track->parent - 1].number);
    protobuf_put_uint(out, THREAD_TID, track->number);
    put_name(trace, track, THREAD_NAME, out);
    if (track->sorted) {
        protobuf_put_int(out, THREAD_SORT_INDEX, track->sort_index);
    }
    protobuf_end_message(out, message);
}

static void put_counter(const struct perfetto_trace *trace, const struct perfetto_track *track,
                        struct strbuf *out)
{
    put_name(trace, track, DESCRIPTOR_NAME, out);
    protobuf_put_bytes(out, DESCRIPTOR_COUNTER, "", 0);
}

void perfetto_track_describe(const struct perfetto_trace *trace, perfetto_track_no number,
                             struct strbuf *out)
{
    static void (*const put[])(const struct perfetto_trace *, const struct perfetto_track *,
                               struct strbuf *) = {
        [PERFETTO_PROCESS] = put_process,
        [PERFETTO_THREAD] = put_thread,
        [PERFETTO_COUNTER] = put_counter,
    };
    const struct perfetto_track *track = &trace->tracks[number - 1];
    protobuf_put_uint(out, DESCRIPTOR_UUID, number);
    if (track->parent != 0) {
        protobuf_put_uint(out, DESCRIPTOR_PARENT, track->parent);
    }
    put[track->kind](trace, track, out);
}
