/* Metadata events and the others are compared apart, as the producer writes the first kind in front: one more agent shifts everything
   behind. Of the others, a version either continues the former one, or its producer has dropped its oldest half: then
   it begins with a trace_truncated marker and goes on somewhere within the former. What the producer dropped stays in the
   model. */
#include "ingest/staged.h"

#include <string.h>

void staged_init(struct staged *staged, const struct mem *mem)
{
    *staged = (struct staged){.mem = mem};
    strbuf_init(&staged->text, mem, 0);
}

void staged_release(struct staged *staged)
{
    strbuf_release(&staged->text);
    mem_free(staged->mem, staged->events, staged->cap * sizeof *staged->events);
    staged_init(staged, staged->mem);
}

void staged_clear(struct staged *staged)
{
    strbuf_clear(&staged->text);
    staged->count = 0;
}

static uint64_t hash_of(const char *bytes, size_t len)
{
    uint64_t hash = 0x9e3779b97f4a7c15ULL ^ len;
    for (; len >= 8; bytes += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
        hash ^= hash >> 32;
    }
    for (; len > 0; bytes++, len--) {
        hash = (hash ^ (unsigned char)*bytes) * 0xff51afd7ed558ccdULL;
    }
    return hash ^ hash >> 29;
}

bool staged_add(struct staged *staged, struct json_value object, uint64_t line)
{
    if (!mem_reserve(staged->mem, &staged->events, &staged->cap, staged->count + 1,
                     sizeof *staged->events)) {
        return false;
    }
    struct json_value ph = json_get(object, "ph"), name = json_get(object, "name");
    staged->events[staged->count++] = (struct staged_event){
        .offset = staged->text.len,
        .len = object.len,
        .line = line,
        .hash = hash_of(object.raw, object.len),
        .metadata = ph.type == JSON_TYPE_STRING && json_string_is(ph, "M"),
        .truncated = name.type == JSON_TYPE_STRING && json_string_is(name, "trace_truncated"),
    };
    strbuf_add(&staged->text, object.raw, object.len);
    return !staged->text.failed;
}

void taken_init(struct taken *taken, const struct mem *mem)
{
    *taken = (struct taken){.mem = mem};
}

void taken_release(struct taken *taken)
{
    mem_free(taken->mem, taken->events, taken->event_cap * sizeof *taken->events);
    mem_free(taken->mem, taken->metadata, taken->metadata_cap * sizeof *taken->metadata);
    taken_init(taken, taken->mem);
}

static bool push(const struct mem *mem, uint64_t **hashes, size_t *count, size_t *cap,
                 uint64_t hash)
{
    if (!mem_reserve(mem, hashes, cap, *count + 1, sizeof **hashes)) {
        return false;
    }
    (*hashes)[(*count)++] = hash;
    return true;
}

/* The hashes of a version, metadata apart. */
static bool list(const struct staged *staged, struct taken *out)
{
    for (size_t i = 0; i < staged->count; i++) {
        const struct staged_event *event = &staged->events[i];
        bool good = event->metadata ? push(out->mem, &out->metadata, &out->metadata_count,
                                           &out->metadata_cap, event->hash)
                                    : push(out->mem, &out->events, &out->event_count,
                                           &out->event_cap, event->hash);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool starts_with(const uint64_t *hashes, size_t count, const uint64_t *start, size_t len)
{
    return len <= count && (len == 0 || memcmp(hashes, start, len * sizeof *start) == 0);
}

static const struct staged_event *first_event(const struct staged *staged)
{
    for (size_t i = 0; i < staged->count; i++) {
        if (!staged->events[i].metadata) {
            return &staged->events[i];
        }
    }
    return NULL;
}

enum relation { CONTINUES, EVICTED, UNRELATED };

/* How the new version (`now`) stands to the former, and how many of its events the model holds. */
static enum relation relate(const struct staged *staged, const struct taken *now,
                            const struct taken *former, size_t *held)
{
    /* There was no former version, or nothing was in it. */
    if (former->event_count == 0 && former->metadata_count == 0) {
        return UNRELATED;
    }
    if (!starts_with(now->metadata, now->metadata_count, former->metadata,
                     former->metadata_count)) {
        return UNRELATED;
    }
    *held = former->event_count;
    if (starts_with(now->events, now->event_count, former->events, former->event_count)) {
        return CONTINUES;
    }
    const struct staged_event *first = first_event(staged);
    if (first == NULL || !first->truncated || now->event_count < 2) {
        return UNRELATED;
    }
    for (size_t i = 0; i < former->event_count; i++) {
        size_t rest = former->event_count - i;
        if (former->events[i] == now->events[1] &&
            starts_with(now->events + 1, now->event_count - 1, former->events + i, rest)) {
            *held = rest + 1; /* the marker speaks of what the model still has */
            return EVICTED;
        }
    }
    return UNRELATED;
}

/* Gives the model the events from the `metadata`th metadata event and the `events`th other one on. */
static bool give(const struct staged *staged, struct trace_load *load, size_t metadata,
                 size_t events)
{
    size_t metadata_seen = 0, events_seen = 0;
    for (size_t i = 0; i < staged->count; i++) {
        const struct staged_event *event = &staged->events[i];
        bool held = event->metadata ? metadata_seen++ < metadata : events_seen++ < events;
        struct json_value object = {JSON_TYPE_OBJECT, staged->text.data + event->offset,
                                    event->len};
        if (!held && !trace_load_event(load, object, event->line)) {
            return false;
        }
    }
    return true;
}

bool staged_commit(const struct staged *staged, struct taken *taken, struct trace_load *load)
{
    struct taken now;
    size_t held = 0;
    taken_init(&now, taken->mem);
    if (!list(staged, &now)) {
        taken_release(&now);
        return false;
    }
    /* Of several sessions, whose processes are told apart only at the end, each version is taken whole. */
    bool anew = load->document == 0 || trace_load_is_of_many(load) ||
                relate(staged, &now, taken, &held) == UNRELATED;
    bool good = !anew || trace_load_begin(load);
    good = good && give(staged, load, anew ? 0 : taken->metadata_count, anew ? 0 : held) &&
           trace_load_end(load);
    taken_release(taken);
    *taken = now;
    return good;
}
