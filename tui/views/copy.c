/* Each kind of selection (a row, a span, a range) is written as one JSON object into
   state->copied. The program then passes the text to the terminal (OSC 52). */
#include "tui/views/copy.h"

#include "core/base/json_text.h"
#include "core/base/mask.h"
#include "core/tracer/print.h"
#include "tui/screen/text.h"

#include <string.h>

/* A copied text is often pasted into a shell: it contains no line feed, and nothing else that a
   terminal obeys or hides. `put` keeps it so: text_put_json or text_put_line. */
static enum view_result done(struct frame *frame,
                             void put(const char *, size_t, bool, struct strbuf *))
{
    struct strbuf *copied = &frame->state->copied, safe;
    if (!frame->input->no_mask) {
        mask_in_place(copied);
    }
    strbuf_init(&safe, copied->mem, 0);
    put(copied->data, copied->len, false, &safe);
    safe.failed |= copied->failed;
    strbuf_release(copied);
    *copied = safe;
    if (!copied->failed) {
        return VIEW_COPY;
    }
    view_message(frame->state, true, "out of memory");
    return VIEW_REDRAW;
}

static void put_key(struct strbuf *out, const char *key)
{
    strbuf_addf(out, "%s\"%s\":", out->len > 1 ? "," : "", key);
}

static void put_text(struct strbuf *out, const char *key, struct slice text)
{
    if (text.len > 0) {
        put_key(out, key);
        json_put_string(out, text.bytes, text.len);
    }
}

enum view_result copy_agent(struct frame *frame, agent_no number)
{
    const struct agent *agent = number == NO_AGENT ? NULL : swarm_agent(frame->swarm, number);
    struct strbuf *out = &frame->state->copied;
    strbuf_clear(out);
    if (agent == NULL) {
        view_message(frame->state, false, "nothing to copy");
        return VIEW_REDRAW;
    }
    const struct session *session = swarm_session(frame->swarm, agent->session);
    strbuf_addc(out, '{');
    put_text(out, "agent", swarm_text_slice(frame->swarm, agent->name));
    put_text(out, "agent_id", swarm_text_slice(frame->swarm, agent->agent_id));
    put_text(out, "description", swarm_text_slice(frame->swarm, agent->description));
    if (session != NULL) {
        put_text(out, "session_id", swarm_text_slice(frame->swarm, session->id));
    }
    strbuf_addc(out, '}');
    return done(frame, text_put_json);
}

enum view_result copy_span(struct frame *frame, span_no number)
{
    const struct span *span = swarm_span(frame->swarm, number);
    struct strbuf *out = &frame->state->copied, *title = &frame->scratch;
    if (span == NULL) {
        return copy_agent(frame, frame->state->cursor);
    }
    struct slice args = print_span_args(frame->swarm, span);
    char start[AXIS_LABEL_BYTES];
    strbuf_clear(out);
    strbuf_clear(title);
    frame_label_text(frame, span->agent, GRID_MAX_COLS, title);
    axis_moment(&frame->clock, span->start_ns, true, start);
    strbuf_addc(out, '{');
    put_text(out, "name", swarm_text_slice(frame->swarm, span->name));
    put_text(out, "agent", (struct slice){title->data, title->failed ? 0 : title->len});
    put_text(out, "start", (struct slice){start, strlen(start)});
    put_key(out, "duration_ms");
    json_put_number(
        out,
        (double)(swarm_span_end_ns(frame->swarm, span, frame->local_ns) - span->start_ns) / 1e6);
    put_key(out, "running");
    json_put_bool(out, span->flags & (SPAN_OPEN | SPAN_STALE));
    if (args.len > 0) {
        put_key(out, "args");
        strbuf_add(out, args.bytes, args.len);
    }
    strbuf_addc(out, '}');
    return done(frame, text_put_json);
}

enum view_result copy_text(struct frame *frame, const char *text, size_t len)
{
    strbuf_clear(&frame->state->copied);
    strbuf_add(&frame->state->copied, text, len);
    return done(frame, text_put_line);
}
