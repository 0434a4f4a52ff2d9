/* Events are looked up by hash among the known ones: the first of each block. So a shared part is
   found within a block, or not at all. */
#include "ingest/trace/resync.h"

enum { SEARCH_BYTES = 2 * FP_BLOCK };

void resync_init(struct resync *resync, const struct mem *mem, const struct fingerprint *former)
{
    *resync =
        (struct resync){.former = former, .first = {.offset = UINT64_MAX}, .found = UINT64_MAX};
    fingerprint_init(&resync->now, mem);
    if (former == NULL) {
        resync->state = RESYNC_DONE;
    } else if (former->lines) {
        resync->state = RESYNC_FOUND;
    } else if (former->first == UINT64_MAX) {
        resync->state = RESYNC_FAILED; /* metadata alone are not found again */
    }
}

/* Agents are only ever added: the metadata begin with the former ones. */
static bool is_new_metadata(struct resync *resync, const struct scan_event *event)
{
    const struct fingerprint *now = &resync->now, *former = resync->former;
    fingerprint_add_event(&resync->now, event, 0);
    if (now->metadata_count == former->metadata_count &&
        now->metadata_hash != former->metadata_hash) {
        resync->state = RESYNC_FAILED;
    }
    return now->metadata_count > former->metadata_count;
}

static void look_up(struct resync *resync, const struct scan_event *event)
{
    if (resync->first.offset == UINT64_MAX) {
        resync->first = fp_event_of(event);
        resync->truncated = event->raw.name.type == JSON_TYPE_STRING &&
                            json_string_is(event->raw.name, "trace_truncated");
        if (resync->now.metadata_count < resync->former->metadata_count) {
            resync->state = RESYNC_FAILED;
            return;
        }
    }
    const struct fp_event *was = fingerprint_find(resync->former, event->text);
    if (was == NULL) {
        bool gives_up = !resync->truncated || event->offset - resync->first.offset > SEARCH_BYTES;
        resync->state = gives_up ? RESYNC_FAILED : RESYNC_SEARCHES;
        return;
    }
    bool is_first = event->offset == resync->first.offset,
         was_first = was->offset == resync->former->first;
    bool continues = is_first ? was_first : resync->truncated && !was_first;
    resync->state = continues ? RESYNC_FOUND : RESYNC_FAILED;
    resync->found = event->offset;
    resync->by = (int64_t)(event->offset - was->offset);
    resync->by_lines = (int64_t)(event->line - was->line);
}

bool resync_event(struct resync *resync, const struct scan_event *event, uint64_t from)
{
    if (resync->state == RESYNC_DONE) {
        fingerprint_add_event(&resync->now, event, from);
        return true;
    }
    if (resync->state != RESYNC_SEARCHES) {
        return false;
    }
    if (event->raw.ph == 'M') {
        return resync->first.offset == UINT64_MAX && is_new_metadata(resync, event);
    }
    look_up(resync, event);
    return false;
}

void resync_bytes(struct resync *resync, const struct scan *scan, const char *bytes, size_t len,
                  uint64_t offset)
{
    struct fingerprint *now = &resync->now;
    bool in_events = scan_in_events(scan);
    uint64_t end = scan_events_end(scan);
    /* A file of several documents is read from the beginning each time. */
    if (scan_is_joined(scan)) {
        fingerprint_release(now);
        return;
    }
    if (resync->state != RESYNC_DONE) {
        return;
    }
    now->lines = scan_shape(scan) == SCAN_UNKNOWN || scan_shape(scan) == SCAN_LINES;
    if (now->lines || in_events || end > now->end) {
        fingerprint_add_bytes(now, bytes, len, offset, now->lines ? offset + len : end);
    }
    if (!now->lines && !in_events) {
        fingerprint_close(now);
    }
}

bool resync_prepare(struct resync *resync)
{
    struct fingerprint moved;
    if (!fingerprint_copy(&moved, resync->former)) {
        return false;
    }
    fingerprint_move(&moved, resync->by, resync->by_lines);
    if (resync->found != resync->first.offset) {
        fingerprint_begin_at(&moved, resync->found, &resync->first);
    }
    if (!moved.lines) {
        moved.metadata_count = resync->now.metadata_count;
        moved.metadata_hash = resync->now.metadata_hash;
    }
    fingerprint_release(&resync->now);
    resync->now = moved;
    return true;
}
