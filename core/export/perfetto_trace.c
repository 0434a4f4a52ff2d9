/* The parts of a trace, and the packet of an event. */
#include "core/export/perfetto_trace.h"

#include "core/base/protobuf_put.h"
#include "core/export/perfetto_fields.h"

struct perfetto_trace *perfetto_trace_new(const struct mem *mem)
{
    struct perfetto_trace *trace = mem_zalloc(mem, 1, sizeof *trace);
    if (trace == NULL) {
        return NULL;
    }
    trace->mem = mem;
    strbuf_init(&trace->fields, mem, 0);
    strbuf_init(&trace->key, mem, 0);
    u64map_init(&trace->begin_by_span, mem);
    u64map_init(&trace->flow_by_place, mem);
    u64map_init(&trace->track_by_key, mem);
    u64map_init(&trace->numbers, mem);
    trace->track_texts = intern_new(mem);
    bool good = trace->track_texts != NULL;
    for (size_t i = 0; i < PERFETTO_TEXTS; i++) {
        trace->texts[i] = intern_new(mem);
        good = good && trace->texts[i] != NULL;
    }
    if (!good) {
        perfetto_trace_free(trace);
        return NULL;
    }
    return trace;
}

void perfetto_trace_free(struct perfetto_trace *trace)
{
    if (trace == NULL) {
        return;
    }
    const struct mem *mem = trace->mem;
    strbuf_release(&trace->fields);
    strbuf_release(&trace->key);
    u64map_release(&trace->begin_by_span);
    u64map_release(&trace->flow_by_place);
    u64map_release(&trace->track_by_key);
    u64map_release(&trace->numbers);
    intern_free(trace->track_texts);
    for (size_t i = 0; i < PERFETTO_TEXTS; i++) {
        intern_free(trace->texts[i]);
    }
    mem_free(mem, trace->events, trace->event_cap * sizeof *trace->events);
    mem_free(mem, trace->flows, trace->flow_cap * sizeof *trace->flows);
    mem_free(mem, trace->tracks, trace->track_cap * sizeof *trace->tracks);
    mem_free(mem, trace, sizeof *trace);
}

bool perfetto_trace_good(const struct perfetto_trace *trace)
{
    return !trace->failed && !trace->fields.failed && !trace->key.failed;
}

uint64_t perfetto_text_iid(struct perfetto_trace *trace, enum perfetto_texts kind,
                           struct slice text)
{
    intern_id id = intern_put(trace->texts[kind], text.len > 0 ? text.bytes : "", text.len);
    trace->failed |= id == INTERN_FAILED;
    return id;
}

void perfetto_add_event(struct perfetto_trace *trace, const struct perfetto_event *event)
{
    size_t len = trace->fields.len - event->field_at;
    if (len > UINT32_MAX || !mem_reserve(trace->mem, &trace->events, &trace->event_cap,
                                         trace->event_count + 1, sizeof *trace->events)) {
        trace->failed = true;
        return;
    }
    struct perfetto_event *added = &trace->events[trace->event_count];
    *added = *event;
    added->field_len = (uint32_t)len;
    added->order = trace->event_count++;
    if (event->kind == PERFETTO_BEGIN && event->span != NO_SPAN) {
        uint32_t at = (uint32_t)added->order;
        trace->failed |=
            added->order >= U64MAP_NONE || !u64map_put(&trace->begin_by_span, event->span, at);
    }
}

static uint64_t flow_place(span_no span, bool at_end)
{
    return (uint64_t)span << 1 | at_end;
}

void perfetto_add_flow(struct perfetto_trace *trace, span_no span, bool at_end, uint64_t id,
                       bool last)
{
    uint64_t place = flow_place(span, at_end);
    if (trace->flow_count >= U64MAP_NONE ||
        !mem_reserve(trace->mem, &trace->flows, &trace->flow_cap, trace->flow_count + 1,
                     sizeof *trace->flows)) {
        trace->failed = true;
        return;
    }
    trace->flows[trace->flow_count] =
        (struct perfetto_flow){id, last, u64map_get(&trace->flow_by_place, place)};
    if (!u64map_put(&trace->flow_by_place, place, (uint32_t)trace->flow_count)) {
        trace->failed = true;
        return;
    }
    trace->flow_count++;
}

static void put_flows(const struct perfetto_trace *trace, const struct perfetto_event *event,
                      struct strbuf *out)
{
    bool slice = event->kind == PERFETTO_BEGIN || event->kind == PERFETTO_COMPLETE ||
                 event->kind == PERFETTO_END;
    if (!slice || event->span == NO_SPAN) {
        return;
    }
    uint32_t at =
        u64map_get(&trace->flow_by_place, flow_place(event->span, event->kind == PERFETTO_END));
    while (at != U64MAP_NONE) {
        const struct perfetto_flow *flow = &trace->flows[at];
        protobuf_put_fixed64(out, flow->last ? EVENT_LAST_FLOW : EVENT_FLOW, flow->id);
        at = flow->next;
    }
}

void perfetto_put_event(const struct perfetto_trace *trace, const struct perfetto_event *event,
                        int64_t zero_ns, struct strbuf *out)
{
    static const uint8_t types[] = {
        [PERFETTO_BEGIN] = TYPE_BEGIN,   [PERFETTO_COMPLETE] = TYPE_BEGIN,
        [PERFETTO_END] = TYPE_END,       [PERFETTO_INSTANT] = TYPE_INSTANT,
        [PERFETTO_COUNT] = TYPE_COUNTER, [PERFETTO_LEGACY] = 0,
    };
    size_t packet = protobuf_begin_message(out, TRACE_PACKET);
    protobuf_put_uint(out, PACKET_TIMESTAMP, (uint64_t)event->at_ns - (uint64_t)zero_ns);
    protobuf_put_uint(out, PACKET_SEQUENCE, PERFETTO_SEQUENCE);
    protobuf_put_uint(out, PACKET_SEQUENCE_FLAGS, SEQUENCE_NEEDED);
    size_t body = protobuf_begin_message(out, PACKET_TRACK_EVENT);
    if (types[event->kind] != 0) {
        protobuf_put_uint(out, EVENT_TYPE, types[event->kind]);
    }
    if (event->track != 0) {
        protobuf_put_uint(out, EVENT_TRACK, event->track);
    }
    if (event->field_len > 0) {
        strbuf_add(out, trace->fields.data + event->field_at, event->field_len);
    }
    put_flows(trace, event, out);
    protobuf_end_message(out, body);
    protobuf_end_message(out, packet);
}
