/* Events are looked up by their hashes among those that the trail knows: the first one of each piece. So what is to be found is found
   within a piece, or not at all. */
#include "ingest/trace/match.h"

#include <string.h>

enum { SEARCH_BYTES = 2 * TRAIL_PIECE };

void match_init(struct match *match, const struct trail *former)
{
    *match = (struct match){.former = former, .first = {.offset = UINT64_MAX}};
    /* Of metadata alone nothing can be found again. */
    match->state = former->first == UINT64_MAX ? MATCH_FAILED : MATCH_SEARCHES;
}

bool match_metadata(struct match *match, struct slice text)
{
    match->metadata_hash = trail_chain(match->metadata_hash, text);
    match->metadata_count++;
    if (match->metadata_count == match->former->metadata_count &&
        match->metadata_hash != match->former->metadata_hash) {
        match->state = MATCH_FAILED;
    }
    return match->metadata_count > match->former->metadata_count;
}

static bool is_marker(const struct raw_event *event)
{
    return event->name.type == JSON_TYPE_STRING && json_string_is(event->name, "trace_truncated");
}

void match_event(struct match *match, const struct scan_event *event)
{
    if (match->first.offset == UINT64_MAX) {
        match->first = trail_event_of(event->text, event->offset, event->line);
        match->truncated = is_marker(&event->raw);
        if (match->metadata_count < match->former->metadata_count) {
            match->state = MATCH_FAILED;
            return;
        }
    }
    const struct trail_event *was = trail_find(match->former, event->text);
    if (was == NULL) {
        bool given_up = !match->truncated || event->offset - match->first.offset > SEARCH_BYTES;
        match->state = given_up ? MATCH_FAILED : MATCH_SEARCHES;
        return;
    }
    bool is_first = event->offset == match->first.offset,
         was_first = was->offset == match->former->first;
    bool goes_on = is_first ? was_first : match->truncated && !was_first;
    match->state = goes_on ? MATCH_FOUND : MATCH_FAILED;
    match->found = event->offset;
    match->by = (int64_t)(event->offset - was->offset);
    match->by_lines = (int64_t)(event->line - was->line);
}

void match_apply(const struct match *match, struct trail *trail)
{
    trail_move(trail, match->by, match->by_lines);
    if (match->found != match->first.offset) {
        trail_begin_at(trail, match->found, &match->first);
    }
    trail->metadata_count = match->metadata_count;
    trail->metadata_hash = match->metadata_hash;
}
