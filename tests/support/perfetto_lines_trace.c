/* The lines of a trace in Perfetto's format, read as trace_processor does: packets of one sequence, whose interned texts are known
   before they are used; tracks by uuid; a stack a track. Numbers of fields are written out here, from Perfetto's schemas. */
#include "tests/support/perfetto_lines.h"

#include "core/base/utf8.h"

#include "tests/support/support.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 256, TRACKS = 8192, TEXTS = 65536, KINDS = 32 };

/* A field: the number of a varint or fixed64, or bytes. */
struct field {
    uint32_t number;
    unsigned wire;
    uint64_t value;
    const char *bytes;
    size_t len;
};

struct message {
    const char *at, *end;
};

struct arrow_end {
    uint64_t id;
    bool last;
};

struct track {
    bool known, counter;
    uint64_t parent;
    uint32_t pid, tid;
    char *name; /* of a counter */
    struct perfetto_open *stack;
    struct arrow_end arrows[DEPTH][8]; /* of each open slice */
    size_t arrow_counts[DEPTH];
    size_t depth;
    double value;
};

struct reader {
    struct perfetto_lines *lines;
    struct track *tracks[TRACKS];
    char **texts[KINDS]; /* by the field of InternedData, by iid */
    uint64_t last_ns;
    bool cleared;
};

/* A track event. */
struct event {
    uint64_t type, track, phase;
    bool has_value;
    double value;
    const char *name, *cat;
    struct strbuf args;
    struct arrow_end arrows[8];
    size_t arrow_count;
};

static void fault(struct reader *reader, const char *what)
{
    perfetto_lines_fault(reader->lines, what, "-");
}

/* ---- the wire ---- */

static uint64_t varint(struct message *message)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        assert_true(message->at < message->end);
        unsigned byte = (unsigned char)*message->at++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            return value;
        }
    }
    fail_msg("a number of more than ten bytes");
    return 0;
}

static bool next(struct message *message, struct field *field)
{
    if (message->at == message->end) {
        return false;
    }
    uint64_t tag = varint(message);
    *field = (struct field){.number = (uint32_t)(tag >> 3), .wire = tag & 7};
    size_t left = (size_t)(message->end - message->at);
    if (field->wire == 0) {
        field->value = varint(message);
    } else if (field->wire == 1) {
        assert_true(left >= 8);
        memcpy(&field->value, message->at, 8); /* this machine is little-endian, as the wire */
        message->at += 8;
    } else {
        assert_int_equal(field->wire, 2);
        field->len = (size_t)varint(message);
        assert_true(field->len <= (size_t)(message->end - message->at));
        field->bytes = message->at;
        message->at += field->len;
    }
    return true;
}

static struct message inside(const struct field *field)
{
    assert_int_equal(field->wire, 2);
    return (struct message){field->bytes, field->bytes + field->len};
}

static char *text_of(struct reader *reader, const struct field *field)
{
    assert_int_equal(field->wire, 2);
    if (!utf8_valid(field->bytes, field->len)) {
        fault(reader, "a text that is not UTF-8");
    }
    return strndup(field->bytes, field->len);
}

static double as_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- interned texts ---- */

static const char *interned(struct reader *reader, uint32_t kind, uint64_t iid)
{
    if (iid >= TEXTS || reader->texts[kind] == NULL || reader->texts[kind][iid] == NULL) {
        fault(reader, "an interned text that is not known");
        return "?";
    }
    return reader->texts[kind][iid];
}

static void take_interned(struct reader *reader, struct message data)
{
    struct field entry, field;
    while (next(&data, &entry)) {
        struct message message = inside(&entry);
        uint64_t iid = 0;
        char *text = NULL;
        while (next(&message, &field)) {
            iid = field.number == 1 ? field.value : iid;
            text = field.number == 2 ? text_of(reader, &field) : text;
        }
        assert_true(entry.number < KINDS && iid > 0 && iid < TEXTS && text != NULL);
        if (reader->texts[entry.number] == NULL) {
            reader->texts[entry.number] = calloc(TEXTS, sizeof **reader->texts);
        }
        if (reader->texts[entry.number][iid] != NULL) {
            fault(reader, "an iid twice");
        }
        free(reader->texts[entry.number][iid]);
        reader->texts[entry.number][iid] = text;
    }
}

/* ---- tracks ---- */

static void take_row(struct reader *reader, struct track *track, struct message row, bool thread)
{
    struct field field;
    while (next(&row, &field)) {
        track->pid = field.number == 1 ? (uint32_t)field.value : track->pid;
        track->tid = thread && field.number == 2 ? (uint32_t)field.value : track->tid;
        if (field.number == (thread ? 5u : 6u)) {
            char *name = text_of(reader, &field);
            perfetto_lines_add(reader->lines, "%s %u/%u: %s", thread ? "thread" : "process",
                               track->pid, track->tid, name);
            free(name);
        }
    }
    if (track->pid == 0 || track->pid > INT32_MAX ||
        (thread && (track->tid == 0 || track->tid > INT32_MAX))) {
        fault(reader, "a pid or tid that Perfetto does not take");
    }
}

static void take_track(struct reader *reader, struct message descriptor)
{
    struct track *track = calloc(1, sizeof *track);
    struct field field;
    uint64_t uuid = 0;
    track->value = (double)NAN;
    track->stack = calloc(DEPTH, sizeof *track->stack);
    while (next(&descriptor, &field)) {
        uuid = field.number == 1 ? field.value : uuid;
        track->parent = field.number == 5 ? field.value : track->parent;
        track->counter = track->counter || field.number == 8;
        if (field.number == 2) {
            track->name = text_of(reader, &field);
        } else if (field.number == 3 || field.number == 4) {
            take_row(reader, track, inside(&field), field.number == 4);
        }
    }
    assert_true(uuid > 0 && uuid < TRACKS && reader->tracks[uuid] == NULL);
    if (track->parent != 0 && (track->parent >= TRACKS || reader->tracks[track->parent] == NULL)) {
        fault(reader, "a track before its parent");
    }
    reader->tracks[uuid] = track;
}

static void thread_name(const struct reader *reader, uint64_t uuid, char out[96])
{
    const struct track *track = reader->tracks[uuid];
    snprintf(out, 96, track->tid == 0 ? "%u" : "%u/%u", track->pid, track->tid);
}

/* ---- args ---- */

static void spell(struct reader *reader, struct message value, struct strbuf *out);

static void spell_items(struct reader *reader, struct message value, uint32_t kind,
                        struct strbuf *out)
{
    struct field field, of;
    strbuf_addc(out, kind == 11 ? '{' : '[');
    while (next(&value, &field)) {
        if (field.number != kind) {
            continue;
        }
        struct message item = inside(&field), names = item;
        while (kind == 11 && next(&names, &of)) {
            if (of.number == 1) {
                strbuf_addf(out, "%s:", interned(reader, 3, of.value));
            }
        }
        spell(reader, item, out);
        strbuf_addc(out, ',');
    }
    strbuf_addc(out, kind == 11 ? '}' : ']');
}

static bool spell_field(struct reader *reader, const struct field *field, struct message whole,
                        struct strbuf *out)
{
    char *text = NULL;
    switch (field->number) {
    case 2: strbuf_adds(out, field->value != 0 ? "true" : "false"); break;
    case 3: strbuf_addf(out, "%" PRIu64, field->value); break;
    case 4: strbuf_addf(out, "%" PRId64, (int64_t)field->value); break;
    case 5: strbuf_addf(out, "%.17g", as_double(field->value)); break;
    case 6:
        text = text_of(reader, field);
        strbuf_adds(out, text);
        break;
    case 17: strbuf_adds(out, interned(reader, 29, field->value)); break;
    case 11:
    case 12: spell_items(reader, whole, field->number, out); break;
    default: return false;
    }
    free(text);
    return true;
}

static void spell(struct reader *reader, struct message value, struct strbuf *out)
{
    struct message whole = value;
    struct field field;
    while (next(&value, &field)) {
        if (spell_field(reader, &field, whole, out)) {
            return;
        }
    }
}

static void take_arg(struct reader *reader, struct event *event, struct message arg)
{
    struct message whole = arg;
    struct field field;
    struct strbuf value;
    const char *key = NULL;
    while (next(&arg, &field)) {
        key = field.number == 1 ? interned(reader, 3, field.value) : key;
    }
    strbuf_init(&value, &mem_libc, 0);
    spell(reader, whole, &value);
    if (key == NULL) {
        fault(reader, "an arg without a name");
    } else {
        perfetto_lines_arg(&event->args, key, value.data == NULL ? "" : value.data);
    }
    strbuf_release(&value);
}

/* ---- events ---- */

static void take_field(struct reader *reader, struct event *event, const struct field *field)
{
    struct message legacy;
    struct field of;
    switch (field->number) {
    case 3: event->cat = interned(reader, 1, field->value); break;
    case 4: take_arg(reader, event, inside(field)); break;
    case 9: event->type = field->value; break;
    case 10: event->name = interned(reader, 2, field->value); break;
    case 11: event->track = field->value; break;
    case 30:
    case 44:
        event->has_value = true;
        event->value =
            field->number == 30 ? (double)(int64_t)field->value : as_double(field->value);
        break;
    case 47:
    case 48:
        assert_true(event->arrow_count < 8 && field->wire == 1);
        event->arrows[event->arrow_count++] = (struct arrow_end){field->value, field->number == 48};
        break;
    case 6:
        legacy = inside(field);
        while (next(&legacy, &of)) {
            event->phase = of.number == 2 ? of.value : event->phase;
        }
        break;
    default: fault(reader, "a field of an event that is not known");
    }
}

static void keep_arrows(const struct event *event, struct track *track, size_t depth)
{
    for (size_t i = 0; i < event->arrow_count; i++) {
        assert_true(track->arrow_counts[depth] < 8);
        track->arrows[depth][track->arrow_counts[depth]++] = event->arrows[i];
    }
}

static struct perfetto_open open_of(struct event *event, const char *cat, int64_t at_ns)
{
    struct perfetto_open open = {strdup(event->name), strdup(cat), at_ns, INT64_MAX, event->args};
    strbuf_init(&event->args, &mem_libc, 0);
    return open;
}

static void put_begin(struct event *event, struct track *track, int64_t at_ns)
{
    assert_true(track->depth < DEPTH);
    track->stack[track->depth] = open_of(event, event->cat, at_ns);
    track->arrow_counts[track->depth] = 0;
    keep_arrows(event, track, track->depth++);
}

static void close_top(struct reader *reader, struct track *track, const char *name, int64_t at_ns)
{
    size_t depth = --track->depth;
    for (size_t i = 0; i < track->arrow_counts[depth]; i++) {
        struct perfetto_arrow arrow = {.id = track->arrows[depth][i].id,
                                       .last = track->arrows[depth][i].last};
        arrow.from_ns = track->stack[depth].at_ns;
        arrow.to_ns = at_ns;
        snprintf(arrow.thread, sizeof arrow.thread, "%s", name);
        perfetto_lines_add_arrow(reader->lines, &arrow);
    }
    perfetto_lines_close(reader->lines, name, &track->stack[depth], at_ns);
}

static void put_end(struct reader *reader, struct event *event, struct track *track,
                    const char *name, int64_t at_ns)
{
    if (track->depth == 0) {
        fault(reader, "an end of nothing");
        return;
    }
    char *save = NULL;
    keep_arrows(event, track, track->depth - 1);
    for (char *arg = event->args.len == 0 ? NULL : strtok_r(event->args.data, "\n", &save);
         arg != NULL; arg = strtok_r(NULL, "\n", &save)) {
        char *value = strchr(arg, '=');
        *value = '\0';
        perfetto_lines_arg(&track->stack[track->depth - 1].args, arg, value + 1);
    }
    close_top(reader, track, name, at_ns);
}

static void put_count(struct reader *reader, const struct event *event, struct track *track,
                      int64_t at_ns)
{
    if (!event->has_value || !track->counter) {
        fault(reader, "a sample of no counter");
    } else if (track->value != event->value) {
        perfetto_lines_add(reader->lines, "count %u: %s %" PRId64 " %.17g",
                           reader->tracks[track->parent]->pid, track->name, at_ns, event->value);
    }
    track->value = event->value;
}

static void put_other(struct reader *reader, struct event *event, const char *name, int64_t at_ns)
{
    char kind[8] = {'a', 's', 'y', 'n', 'c', ' ', (char)event->phase, '\0'};
    struct perfetto_open open = open_of(event, event->type == 3 ? "instant" : kind, at_ns);
    if (event->type != 3 && event->phase == 0) {
        fault(reader, "an event without type and phase");
    }
    perfetto_lines_close(reader->lines, name, &open, at_ns);
}

static void take_event(struct reader *reader, struct message message, int64_t at_ns)
{
    struct event event = {.name = "", .cat = ""};
    struct field field;
    char name[96] = "-";
    strbuf_init(&event.args, &mem_libc, 0);
    while (next(&message, &field)) {
        take_field(reader, &event, &field);
    }
    struct track *track = event.track < TRACKS ? reader->tracks[event.track] : NULL;
    if (track != NULL) {
        thread_name(reader, event.track, name);
    } else if (event.track != 0 || event.type != 3) {
        fault(reader, "an event of an unknown track");
    }
    if (track == NULL || event.type == 3 || event.type == 0) {
        put_other(reader, &event, name, at_ns);
    } else if (event.type == 1) {
        put_begin(&event, track, at_ns);
    } else if (event.type == 2) {
        put_end(reader, &event, track, name, at_ns);
    } else {
        put_count(reader, &event, track, at_ns);
    }
    strbuf_release(&event.args);
}

/* ---- packets ---- */

static void take_packet(struct reader *reader, struct message packet)
{
    struct field field, event = {0};
    uint64_t at_ns = 0, sequence = 0, flags = 0;
    while (next(&packet, &field)) {
        at_ns = field.number == 8 ? field.value : at_ns;
        sequence = field.number == 10 ? field.value : sequence;
        flags = field.number == 13 ? field.value : flags;
        event = field.number == 11 ? field : event;
        if (field.number == 12) {
            take_interned(reader, inside(&field));
        } else if (field.number == 60) {
            take_track(reader, inside(&field));
        }
    }
    reader->cleared |= (flags & 1) != 0;
    if (sequence == 0 || (flags & 3) == 0 || !reader->cleared) {
        fault(reader, "a packet without its sequence");
    }
    if (event.number == 0) {
        return;
    }
    if (at_ns < reader->last_ns) {
        fault(reader, "packets that are not in order of time");
    }
    reader->last_ns = at_ns;
    take_event(reader, inside(&event), (int64_t)at_ns);
}

static void finish(struct reader *reader)
{
    for (size_t i = 0; i < TRACKS; i++) {
        struct track *track = reader->tracks[i];
        char name[96];
        while (track != NULL && track->depth > 0) {
            thread_name(reader, i, name);
            close_top(reader, track, name, INT64_MAX);
        }
        if (track != NULL) {
            free(track->stack);
            free(track->name);
            free(track);
        }
    }
    for (size_t kind = 0; kind < KINDS; kind++) {
        for (size_t i = 0; reader->texts[kind] != NULL && i < TEXTS; i++) {
            free(reader->texts[kind][i]);
        }
        free(reader->texts[kind]);
    }
    perfetto_lines_sort(reader->lines);
}

void perfetto_lines_of_trace(struct perfetto_lines *lines, const char *bytes, size_t len)
{
    struct message trace = {bytes, bytes + len};
    struct reader *reader = calloc(1, sizeof *reader);
    struct field packet;
    reader->lines = lines;
    while (next(&trace, &packet)) {
        assert_int_equal(packet.number, 1);
        take_packet(reader, inside(&packet));
    }
    finish(reader);
    free(reader);
}
