/* An event is written by copying. Most events share name, category and phase, and nearly all
   their thread, so the bytes for these are kept in two small tables. A new entry replaces the
   one in its slot; a long one is not kept. */
#include "core/export/document_private.h"

#include "core/base/json_text.h"
#include "core/base/time_ns.h"
#include "core/export/perfetto_text.h"

#include <math.h>
#include <string.h>

/* A long copy costs less than one whose length must be looked at. */
enum {
    HEAD_MAX = 112,
    THREAD_MAX = 64,
    FRONT_MAX = HEAD_MAX + THREAD_MAX,
    HEADS = 1024,
    THREADS = 1024,
    AROUND_MAX = 32 + 3 * JSON_NUMBER_MAX, /* three numbers and their keys */
};

/* {"name":…,"cat":…,"ph":… */
struct head {
    intern_id name, cat;
    char ph;
    uint8_t len; /* 0: nothing is ready */
    char text[HEAD_MAX];
};

/* ,"pid":…,"tid":… of a track, and what else is known of one. */
struct thread {
    track_no track;
    uint8_t len;     /* 0: its text is not ready */
    uint8_t pid_len; /* of it, through the pid */
    bool known;      /* of `track`: the rest is set */
    bool included;   /* its session is part of the document */
    bool moved;      /* its times count from elsewhere, by that: */
    int64_t by_ns;
    char text[THREAD_MAX];
};

struct event_texts {
    struct head heads[HEADS];
    struct thread threads[THREADS];
};

struct event_texts *document_event_texts_new(const struct mem *mem)
{
    return mem_zalloc(mem, 1, sizeof(struct event_texts));
}

void document_event_texts_free(const struct mem *mem, struct event_texts *texts)
{
    mem_free(mem, texts, texts == NULL ? 0 : sizeof *texts);
}

/* ---- what is kept ready ---- */

static void put_head(struct document *doc, struct strbuf *out, const struct event *event)
{
    const struct {
        const char *key;
        intern_id text;
    } members[] = {{"\"name\":", event->name}, {"\"cat\":", event->cat}};
    strbuf_addc(out, '{');
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (members[i].text != INTERN_NONE) {
            struct slice text = swarm_text_slice(doc->swarm, members[i].text);
            strbuf_adds(out, members[i].key);
            perfetto_text_string(out, text.bytes, text.len);
            strbuf_addc(out, ',');
        }
    }
    strbuf_adds(out, "\"ph\":");
    perfetto_text_string(out, &event->ph, 1);
}

static void put_pid(struct document *doc, struct strbuf *out, const struct track *track)
{
    uint32_t process = document_process(doc, track->session, track->pid);
    if (doc->many) {
        strbuf_addf(out, ",\"pid\":%u", process + 1);
    } else if (track->pid != INTERN_NONE) {
        strbuf_adds(out, ",\"pid\":");
        document_add_raw(doc, out, track->pid);
    }
}

static void put_tid(const struct document *doc, struct strbuf *out, const struct track *track)
{
    if (track->tid != INTERN_NONE) {
        strbuf_adds(out, ",\"tid\":");
        document_add_raw(doc, out, track->tid);
    }
}

/* Returns its length; 0: it is too long, or nothing. */
static uint8_t keep_text(const struct strbuf *from, char *text, size_t max)
{
    if (from->failed || from->len == 0 || from->len > max) {
        return 0;
    }
    memcpy(text, from->data, from->len);
    return (uint8_t)from->len;
}

static struct head *head_of(struct document *doc, const struct event *event)
{
    uint64_t key = (uint64_t)event->name << 32 ^ event->cat << 8 ^ (uint8_t)event->ph;
    struct head *head = &doc->event_texts->heads[(key * 0x9e3779b97f4a7c15u >> 40) % HEADS];
    if (head->len > 0 && head->name == event->name && head->cat == event->cat &&
        head->ph == event->ph) {
        return head;
    }
    struct strbuf text;
    strbuf_init(&text, doc->out.mem, 0);
    put_head(doc, &text, event);
    doc->no_memory |= text.failed;
    *head = (struct head){.name = event->name, .cat = event->cat, .ph = event->ph};
    head->len = keep_text(&text, head->text, HEAD_MAX);
    strbuf_release(&text);
    return head;
}

static void know_session(const struct document *doc, struct thread *thread, session_no no)
{
    const struct session *session = swarm_session(doc->swarm, no);
    thread->included = document_includes(doc, no);
    if (thread->included) {
        thread->by_ns = session->origin_ns - doc->base_ns;
        thread->moved = thread->by_ns != 0 && (session->flags & SESSION_HAS_START) != 0;
    }
}

static struct thread *thread_of(struct document *doc, track_no no)
{
    struct thread *thread = &doc->event_texts->threads[no % THREADS];
    if (thread->known && thread->track == no) {
        return thread;
    }
    *thread = (struct thread){.track = no, .known = true};
    const struct track *track = swarm_get_track(doc->swarm, no);
    know_session(doc, thread, track->session);
    if (thread->included) {
        struct strbuf text;
        strbuf_init(&text, doc->out.mem, 0);
        put_pid(doc, &text, track);
        size_t pid_len = text.len;
        put_tid(doc, &text, track);
        doc->no_memory |= text.failed;
        thread->len = keep_text(&text, thread->text, THREAD_MAX);
        thread->pid_len = (uint8_t)pid_len;
        strbuf_release(&text);
    }
    return thread;
}

/* ---- one event ---- */

/* The event's ts in this document: as it came where `whole_ns` is INT64_MIN. */
struct printed_ts {
    double us;
    int64_t whole_ns; /* of a time that no double holds to the nanosecond */
};

/* A session without a start time counts from the same 0. Moved times are rounded to the model's
   nanoseconds, or sums would gain digits (0.1 + 0.2). */
static struct printed_ts shifted_ts(const struct thread *thread, const struct event *event)
{
    struct printed_ts ts = {event->ts_us, INT64_MIN};
    int64_t by_ns = thread->moved && event->ph != 'M' ? thread->by_ns : 0;
    if (event->ts_rest_ns != 0 || (by_ns != 0 && fabs(event->ts_us) >= 0x1p40)) {
        ts.whole_ns = time_ns_add(event_ns(event), by_ns);
    } else if (by_ns != 0) {
        ts.us = nearbyint(event->ts_us * 1000 + (double)by_ns) / 1000;
    }
    return ts;
}

static char *copy(char *at, const char *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

#define COPY(at, text) copy(at, text, sizeof(text) - 1)

static char *put_number(char *at, double value)
{
    return at + json_spell_number(at, value);
}

/* Microseconds, with the digits of the nanoseconds. */
static char *put_whole_ns(char *at, int64_t ns)
{
    uint64_t size = ns < 0 ? (uint64_t)-ns : (uint64_t)ns;
    if (ns < 0) {
        *at++ = '-';
    }
    at += json_spell_int(at, (int64_t)(size / 1000));
    unsigned digits = (unsigned)(size % 1000);
    if (digits != 0) {
        *at++ = '.';
    }
    for (unsigned place = 100; digits != 0; digits %= place, place /= 10) {
        *at++ = (char)('0' + digits / place);
    }
    return at;
}

void document_put_us(struct document *doc, int64_t ns)
{
    char text[JSON_NUMBER_MAX];
    strbuf_add(&doc->out, text, (size_t)(put_whole_ns(text, ns) - text));
}

static char *put_ts(char *at, const struct printed_ts *ts)
{
    return ts->whole_ns != INT64_MIN ? put_whole_ns(at, ts->whole_ns) : put_number(at, ts->us);
}

/* The head, the time and the thread, or the lane that stands for it. */
static char *put_front(char *at, const struct head *head, const struct thread *thread,
                       const struct printed_ts *ts, const int64_t *lane_tid)
{
    memcpy(at, head->text, HEAD_MAX);
    at += head->len;
    if (isfinite(ts->us)) {
        at = put_ts(COPY(at, ",\"ts\":"), ts);
    }
    memcpy(at, thread->text, THREAD_MAX);
    if (lane_tid == NULL) {
        return at + thread->len;
    }
    at = COPY(at + thread->pid_len, ",\"tid\":");
    return at + json_spell_int(at, *lane_tid);
}

/* The same where a text was too long to be kept. */
static void put_front_slowly(struct document *doc, const struct event *event,
                             const struct printed_ts *ts, const int64_t *lane_tid)
{
    const struct track *track = swarm_get_track(doc->swarm, event->track);
    put_head(doc, &doc->out, event);
    if (isfinite(ts->us)) {
        char text[JSON_NUMBER_MAX];
        strbuf_adds(&doc->out, ",\"ts\":");
        strbuf_add(&doc->out, text, (size_t)(put_ts(text, ts) - text));
    }
    put_pid(doc, &doc->out, track);
    if (lane_tid == NULL) {
        put_tid(doc, &doc->out, track);
    } else {
        strbuf_adds(&doc->out, ",\"tid\":");
        json_put_int(&doc->out, *lane_tid);
    }
}

/* Writes the members through the duration, and then `more` where that is not empty, into one
   reservation. */
static void put_begin(struct document *doc, const struct event *event, const struct thread *thread,
                      const int64_t *lane_tid, struct slice more)
{
    const struct head *head = head_of(doc, event);
    struct printed_ts ts = shifted_ts(thread, event);
    bool ready = head->len > 0 && thread->len > 0;
    if (!ready) {
        put_front_slowly(doc, event, &ts, lane_tid);
    }
    char *room = strbuf_room(&doc->out, FRONT_MAX + AROUND_MAX + more.len);
    if (room == NULL) {
        return;
    }
    char *at = ready ? put_front(room, head, thread, &ts, lane_tid) : room;
    if (isfinite(event->dur_us)) {
        at = put_number(COPY(at, ",\"dur\":"), event->dur_us);
    }
    if (more.len > 0) {
        at = copy(COPY(at, ",\"args\":"), more.bytes, more.len);
    }
    doc->out.len += (size_t)(at - room);
}

void document_put_event(struct document *doc, const struct event *event, span_no span,
                        struct slice args)
{
    const struct thread *thread = thread_of(doc, event->track);
    if (!thread->included) {
        return;
    }
    int64_t tid;
    bool on_lane =
        doc->lanes != NULL && (span == NO_SPAN && event->ph == 'E'
                                   ? document_lanes_orphan_tid(doc->lanes, event->track, &tid)
                                   : document_lanes_tid(doc->lanes, span, &tid));
    const int64_t *lane_tid = on_lane ? &tid : NULL;
    if (doc->perfetto != NULL) {
        int64_t by_ns = thread->moved && event->ph != 'M' ? thread->by_ns : 0;
        int64_t at_ns = isnan(event->ts_us) ? INT64_MIN : time_ns_add(event_ns(event), by_ns);
        document_add_perfetto(doc, event, span, args, at_ns, lane_tid);
        return;
    }
    bool copies = event->id.len == 0 && args.len > 0 && document_copies_raw(args.bytes, args.len);
    document_begin_event(doc);
    put_begin(doc, event, thread, lane_tid, copies ? args : (struct slice){NULL, 0});
    document_put_id(doc, event);
    if (args.len > 0 && !copies) {
        strbuf_adds(&doc->out, ",\"args\":");
        document_put_raw(doc, args.bytes, args.len);
    }
    document_put_extra(doc, event);
    strbuf_addc(&doc->out, '}');
    document_flush(doc, false);
}
