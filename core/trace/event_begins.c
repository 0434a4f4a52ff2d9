/* The last byte of a begin's args is the brace, where the end's have a comma: all before it is
   compared at once. The meaning of the args has no part in it, nor the model's pairs. */
#include "core/trace/event_begins.h"

/* Fewer bytes cost more than they spare. */
enum { SHARED_MIN = 24 };

static size_t set_of(const struct event *event)
{
    return (event->track * 0x9e3779b1u ^ event->name * 0x85ebca6bu) >> 16 & (BEGIN_SETS - 1);
}

static bool may_share(const struct event *event, char ph)
{
    return event->ph == ph && event->args.len >= SHARED_MIN && event->args.len <= EVENT_SHARED_MAX;
}

void event_begins_note(struct event_begins *begins, const struct event *event, size_t offset)
{
    if (may_share(event, 'B')) {
        size_t set = set_of(event);
        begins->after[set][begins->next[set]++ % BEGIN_WAYS] = (uint32_t)offset + 1;
    }
}

struct record_shared event_begins_find(struct event_begins *begins, const char *bytes,
                                       const struct event *event)
{
    uint32_t *after = begins->after[set_of(event)];
    for (size_t i = 0; may_share(event, 'E') && i < BEGIN_WAYS; i++) {
        struct event begin;
        if (after[i] == 0) {
            continue;
        }
        (void)record_read(bytes + after[i] - 1, &begin);
        size_t len = begin.args.len - 1;
        if (begin.name == event->name && begin.track == event->track && len < event->args.len &&
            memcmp(begin.args.bytes, event->args.bytes, len) == 0) {
            after[i] = 0;
            return (struct record_shared){(uint32_t)(begin.args.bytes - bytes), (uint32_t)len};
        }
    }
    return (struct record_shared){0, 0};
}
