/* The packets of a document in Perfetto's format: its clock, the texts that events have in common,
   the tracks, then the events in order of time. */
#include "core/export/document_private.h"

#include "core/base/protobuf_put.h"
#include "core/export/perfetto_fields.h"

enum { ENTRIES_A_PACKET = 256 };

static size_t begin_packet(struct document *doc, unsigned flags)
{
    size_t packet = protobuf_begin_message(&doc->out, TRACE_PACKET);
    protobuf_put_uint(&doc->out, PACKET_SEQUENCE, PERFETTO_SEQUENCE);
    protobuf_put_uint(&doc->out, PACKET_SEQUENCE_FLAGS, flags);
    return packet;
}

static void end_packet(struct document *doc, size_t packet)
{
    protobuf_end_message(&doc->out, packet);
    document_flush(doc, false);
}

static void put_clock(struct document *doc, unsigned id, int64_t at_ns)
{
    size_t clock = protobuf_begin_message(&doc->out, SNAPSHOT_CLOCK);
    protobuf_put_uint(&doc->out, CLOCK_ID, id);
    protobuf_put_uint(&doc->out, CLOCK_TIMESTAMP, (uint64_t)at_ns);
    protobuf_end_message(&doc->out, clock);
}

/* The first packet: which time of the day the trace's 0 is. */
static void put_first(struct document *doc, int64_t zero_ns)
{
    bool dated = doc->counts.has_start && time_ns_add(doc->base_ns, zero_ns) > 0;
    size_t packet = begin_packet(doc, SEQUENCE_CLEARED);
    protobuf_put_uint(&doc->out, PACKET_FIRST_OF_SEQUENCE, 1);
    if (dated) {
        size_t snapshot = protobuf_begin_message(&doc->out, PACKET_CLOCK_SNAPSHOT);
        put_clock(doc, CLOCK_BOOTTIME_ID, 0);
        put_clock(doc, CLOCK_REALTIME_ID, time_ns_add(doc->base_ns, zero_ns));
        protobuf_put_uint(&doc->out, SNAPSHOT_PRIMARY, CLOCK_BOOTTIME_ID);
        protobuf_end_message(&doc->out, snapshot);
    }
    end_packet(doc, packet);
}

static void put_entry(struct document *doc, const struct intern *texts, uint32_t field,
                      intern_id iid)
{
    size_t len, entry = protobuf_begin_message(&doc->out, field);
    const char *text = intern_text(texts, iid, &len);
    protobuf_put_uint(&doc->out, ENTRY_IID, iid);
    protobuf_put_text(&doc->out, ENTRY_TEXT, text, len);
    protobuf_end_message(&doc->out, entry);
}

static void put_texts(struct document *doc, enum perfetto_texts kind, uint32_t field)
{
    const struct intern *texts = doc->perfetto->texts[kind];
    size_t count = intern_count(texts);
    for (size_t at = 1; at <= count && document_good(doc);) {
        size_t packet = begin_packet(doc, SEQUENCE_NEEDED);
        size_t data = protobuf_begin_message(&doc->out, PACKET_INTERNED_DATA);
        for (size_t end = at + ENTRIES_A_PACKET; at < end && at <= count; at++) {
            put_entry(doc, texts, field, (intern_id)at);
        }
        protobuf_end_message(&doc->out, data);
        end_packet(doc, packet);
    }
}

static void put_tracks(struct document *doc)
{
    for (size_t i = 1; i <= doc->perfetto->track_count && document_good(doc); i++) {
        size_t packet = begin_packet(doc, SEQUENCE_NEEDED);
        size_t track = protobuf_begin_message(&doc->out, PACKET_TRACK_DESCRIPTOR);
        perfetto_track_describe(doc->perfetto, (perfetto_track_no)i, &doc->out);
        protobuf_end_message(&doc->out, track);
        end_packet(doc, packet);
    }
}

void document_put_perfetto(struct document *doc)
{
    struct perfetto_trace *trace = doc->perfetto;
    perfetto_tracks_number(trace);
    if (!document_good(doc) || !perfetto_order(trace)) {
        doc->no_memory |= !doc->stopped;
        return;
    }
    int64_t first_ns = trace->event_count > 0 ? trace->events[0].at_ns : 0;
    int64_t zero_ns = first_ns < 0 ? first_ns : 0; /* times are unsigned there */
    put_first(doc, zero_ns);
    put_texts(doc, PERFETTO_CATEGORIES, INTERNED_CATEGORY);
    put_texts(doc, PERFETTO_NAMES, INTERNED_NAME);
    put_texts(doc, PERFETTO_ARG_NAMES, INTERNED_ARG_NAME);
    put_texts(doc, PERFETTO_ARG_TEXTS, INTERNED_ARG_TEXT);
    put_tracks(doc);
    for (size_t i = 0; i < trace->event_count && document_good(doc); i++) {
        if (trace->events[i].kind != PERFETTO_NONE) {
            perfetto_put_event(trace, &trace->events[i], zero_ns, &doc->out);
            document_flush(doc, false);
        }
    }
}
