/* Events that a document of ours has for other viewers alone: arrows and counters. They follow from
   the rest of it, so whoever reads the document leaves them out. A category marks each of them,
   since the document's metadata come after them and a document that was cut has none. */
#ifndef CORE_EVENT_ADDED_H
#define CORE_EVENT_ADDED_H

#include "core/trace/event.h"

#define EVENT_CAT_ADDED "swarmtop"

static inline bool raw_event_is_added(const struct raw_event *event)
{
    static const char cat[] = "\"" EVENT_CAT_ADDED "\"";
    return event->cat.len == sizeof cat - 1 && memcmp(event->cat.raw, cat, sizeof cat - 1) == 0 &&
           (event->ph == 's' || event->ph == 'f' || event->ph == 'C');
}

#endif
