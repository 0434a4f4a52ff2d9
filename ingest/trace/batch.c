/* Plain lists. Only the first rejects of a flood are listed, since the log shows no more. */
#include "ingest/trace/batch.h"

#include "ingest/trace_event.h"

#include <string.h>

enum { SEGMENT_BYTES = 1024 * 1024, REJECTS = 200, SHOWN_BYTES = 256, KEPT_BYTES = 1024 * 1024 };

static void change_texts(struct batch *batch, void (*change)(struct strbuf *sb))
{
    change(&batch->names);
    change(&batch->tracks);
    change(&batch->members);
    change(&batch->lines);
    change(&batch->texts);
}

void batch_init(struct batch *batch, const struct mem *mem)
{
    *batch = (struct batch){.mem = mem};
    strbuf_init(&batch->names, mem, 0);
    strbuf_init(&batch->tracks, mem, 0);
    strbuf_init(&batch->members, mem, 0);
    strbuf_init(&batch->lines, mem, 0);
    strbuf_init(&batch->texts, mem, 0);
}

static void free_segments(struct batch *batch)
{
    for (size_t i = 0; i < batch->segment_count; i++) {
        event_segment_free(batch->segments[i]);
    }
    batch->segment_count = 0;
}

void batch_release(struct batch *batch)
{
    free_segments(batch);
    mem_free(batch->mem, batch->segments, batch->segment_cap * sizeof *batch->segments);
    change_texts(batch, strbuf_release);
    mem_free(batch->mem, batch->cuts, batch->cut_cap * sizeof *batch->cuts);
    mem_free(batch->mem, batch->rejects, batch->reject_cap * sizeof *batch->rejects);
    batch_init(batch, batch->mem);
}

static void empty(struct strbuf *sb)
{
    if (sb->cap > KEPT_BYTES) {
        strbuf_release(sb);
    }
    strbuf_clear(sb);
}

void batch_clear(struct batch *batch)
{
    free_segments(batch);
    change_texts(batch, empty);
    batch->events = batch->more_rejects = 0;
    batch->expected_bytes = batch->reject_count = batch->cut_count = 0;
    batch->failed = false;
}

/* Returns a new last segment; NULL if out of memory. */
static struct event_segment *new_segment(struct batch *batch)
{
    if (!mem_reserve(batch->mem, &batch->segments, &batch->segment_cap, batch->segment_count + 1,
                     sizeof(struct event_segment *))) {
        return NULL;
    }
    size_t bytes = batch->expected_bytes < SEGMENT_BYTES ? batch->expected_bytes : SEGMENT_BYTES;
    struct event_segment *segment = event_segment_new(batch->mem, bytes);
    if (segment != NULL) {
        batch->segments[batch->segment_count++] = segment;
    }
    return segment;
}

void batch_add_event(struct batch *batch, const struct event *event)
{
    bool cut =
        batch->cut_count > 0 && batch->cuts[batch->cut_count - 1].segments == batch->segment_count;
    struct event_segment *last =
        batch->segment_count > 0 && !cut ? batch->segments[batch->segment_count - 1] : NULL;
    if (last == NULL || !event_segment_add(last, event)) {
        last = new_segment(batch);
        if (last == NULL || !event_segment_add(last, event)) {
            batch->failed = true;
            return;
        }
    }
    batch->events++;
}

void batch_cut(struct batch *batch)
{
    if (!mem_reserve(batch->mem, &batch->cuts, &batch->cut_cap, batch->cut_count + 1,
                     sizeof *batch->cuts)) {
        batch->failed = true;
        return;
    }
    batch->cuts[batch->cut_count++] =
        (struct batch_cut){batch->segment_count, batch->tracks.len, batch->members.len};
}

void batch_add_name(struct batch *batch, const char *text, size_t len)
{
    strbuf_add(&batch->names, (const char *)&len, sizeof len);
    strbuf_add(&batch->names, text, len);
    batch->failed |= batch->names.failed;
}

void batch_add_track(struct batch *batch, struct slice pid, struct slice tid)
{
    strbuf_add(&batch->tracks, pid.bytes, pid.len);
    strbuf_addc(&batch->tracks, '\0');
    strbuf_add(&batch->tracks, tid.bytes, tid.len);
    strbuf_addc(&batch->tracks, '\0');
    batch->failed |= batch->tracks.failed;
}

void batch_add_member(struct batch *batch, struct json_value key, struct json_value value)
{
    trace_event_put_member(&batch->members, key, value);
    strbuf_addc(&batch->members, ',');
    batch->failed |= batch->members.failed;
}

void batch_reject(struct batch *batch, uint64_t line, const char *reason, struct slice bytes,
                  bool broken)
{
    size_t len = bytes.len < SHOWN_BYTES ? bytes.len : SHOWN_BYTES, at = batch->texts.len;
    if (batch->reject_count >= REJECTS ||
        !mem_reserve(batch->mem, &batch->rejects, &batch->reject_cap, batch->reject_count + 1,
                     sizeof *batch->rejects)) {
        batch->more_rejects++;
        return;
    }
    strbuf_add(&batch->texts, reason, strlen(reason) + 1);
    batch->rejects[batch->reject_count++] = (struct batch_reject){
        .line = line, .reason = at, .bytes = batch->texts.len, .len = len, .broken = broken};
    strbuf_add(&batch->texts, bytes.bytes, len);
    batch->failed |= batch->texts.failed;
}
