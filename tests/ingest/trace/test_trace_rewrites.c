/* Tests documents that are rewritten whole, over and over, as the seed's tracer does it (seed:
   perfettoTracing.ts). A random producer appends events, registers agents, evicts, is killed in the
   middle of a write, becomes another session, and so on. Whatever it does, the followed model
   equals a cold open of the union: of all that the producer ever wrote in this session. If nothing
   can be continued (an old byte has changed, or the session has) the model equals the file as it
   is, and half a document changes nothing.

   Nothing here waits for time to pass. After the document, a line is appended to a second file of
   the same hub: files are read one after the other, so when that line has arrived, the document has
   been read.

   The producer does not alter what versions are not compared by: the bytes before the first whole
   block after an eviction (fingerprint_begin_at); the blocks of a large document between the
   samples, unless the test waits for all to be compared; and the end of a document that becomes
   shorter, which looks like half of one. */
#include "tests/support/rig.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* How many of a kind's sequences are run. All of them find no more than these on a day when the code is right; run them
   (100) after a change to what follows a document. */
#ifdef __linux__
enum { PERCENT = 40 };
#else
enum { PERCENT = 3 }; /* without a watcher, each look takes its time */
#endif

enum {
    PIECE = 64 * 1024,
    /* So much is not compared after an eviction: an unknown stretch, a partial block, and events
       across its edges. */
    UNCOMPARED = 5 * PIECE,
    SAMPLED = 12 * PIECE, /* a document of so much is not compared as a whole each time */
    STEPS = 15,
    SPANS = 40
};

/* ---- kinds of documents ---- */

struct dress {
    const char *eol; /* NULL: on one line */
    bool array, closed, metadata_first;
};

static const struct dress compact = {.closed = true}, pretty = {.eol = "\n", .closed = true},
                          dos = {.eol = "\r\n", .closed = true},
                          head_first = {.closed = true, .metadata_first = true},
                          open_array = {.array = true},
                          closed_array = {.array = true, .closed = true};

struct kind {
    const struct dress *dress;
    uint64_t seed;
    unsigned sequences, steps;
    size_t first_bytes, step_bytes; /* at most: of the first version, of what a step appends */
    size_t big_bytes;               /* of an event, now and then */
    size_t cap;                     /* the viewer's own; 0: none */
    bool packed;
};

/* ---- texts, one after another ---- */

struct texts {
    struct strbuf bytes;
    size_t *ends, count, cap;
};

static void texts_init(struct texts *texts)
{
    *texts = (struct texts){.count = 0};
    strbuf_init(&texts->bytes, &mem_libc, 0);
}

static void texts_release(struct texts *texts)
{
    strbuf_release(&texts->bytes);
    free(texts->ends);
}

static size_t text_begin(const struct texts *texts, size_t i)
{
    return i == 0 ? 0 : texts->ends[i - 1];
}

static struct slice text_at(const struct texts *texts, size_t i)
{
    size_t from = text_begin(texts, i);
    return (struct slice){texts->bytes.data + from, texts->ends[i] - from};
}

static void texts_add(struct texts *texts, struct slice text)
{
    assert_true(
        mem_reserve(&mem_libc, &texts->ends, &texts->cap, texts->count + 1, sizeof *texts->ends));
    strbuf_add(&texts->bytes, text.bytes, text.len);
    texts->ends[texts->count++] = texts->bytes.len;
}

/* Replaces a text by another; bytes NULL: removes it. */
static void texts_replace(struct texts *texts, size_t at, struct slice text)
{
    struct texts old = *texts;
    texts_init(texts);
    for (size_t i = 0; i < old.count; i++) {
        if (i != at || text.bytes != NULL) {
            texts_add(texts, i == at ? text : text_at(&old, i));
        }
    }
    texts_release(&old);
}

/* Those in front. */
static void texts_forget(struct texts *texts, size_t count)
{
    size_t bytes = text_begin(texts, count);
    strbuf_eat(&texts->bytes, bytes);
    texts->count -= count;
    for (size_t i = 0; i < texts->count; i++) {
        texts->ends[i] = texts->ends[i + count] - bytes;
    }
}

/* ---- the producer ---- */

struct open_span {
    unsigned agent, what;
    uint64_t n, from_ms;
};

struct producer {
    const struct kind *kind;
    uint64_t random;
    struct texts agents; /* metadata events */
    struct texts events; /* of this session, since the viewer has read it from the beginning */
    struct strbuf line;  /* the event at hand */
    unsigned agent_count;
    size_t first;             /* those before were evicted */
    size_t seen, seen_agents; /* so many the viewer knows, of both */
    struct open_span spans[SPANS];
    size_t span_count;
    uint64_t now_ms, n;
    unsigned session, start, tail;
    char marker[200]; /* trace_truncated; "": nothing was evicted */
    char kept[200];   /* the one that the viewer has, who never saw what it speaks of */
    bool evicted;     /* since then, too */
    bool restarted;   /* the next version has to be read from the beginning */
};

static uint64_t draw(struct producer *p, uint64_t n)
{
    return support_random_below(&p->random, n);
}

static void put_head(struct producer *p, const char *name, const char *cat, char ph, uint64_t at_ms,
                     unsigned agent)
{
    strbuf_clear(&p->line);
    strbuf_addf(&p->line,
                "{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"%c\",\"ts\":%llu,\"pid\":%u,\"tid\":%u",
                name, cat, ph, (unsigned long long)at_ms * 1000, agent,
                ph == 'M' && *name != 't' ? 0 : agent * 7919);
}

static void end_event(struct producer *p, struct texts *to)
{
    strbuf_addc(&p->line, '}');
    texts_add(to, (struct slice){p->line.data, p->line.len});
}

/* What is between the quotes may look like anything. The same for the same n: an end repeats its
   begin's args. */
static void put_pad(struct producer *p, uint64_t n)
{
    static const char *const parts[] = {"abc",     "make test", "\\\"",        "\\\\",
                                        "\\n",     "\xc3\xa9",  "\\ud83d",     "}],",
                                        "{\\\"ph", "],[{",      "\\u00e9\\/e", " "};
    uint64_t seed = n;
    size_t len = support_random_below(&seed, 12) * support_random_below(&seed, 40);
    if (support_random_below(&seed, 60) == 0) {
        len = support_random_below(&seed, p->kind->big_bytes / 8);
    }
    if (support_random_below(&seed, 600) == 0) {
        len = support_random_below(&seed, p->kind->big_bytes);
    }
    strbuf_addf(&p->line, "\"n\":%llu,\"pad\":\"", (unsigned long long)n);
    for (size_t end = p->line.len + len; p->line.len < end;) {
        strbuf_adds(&p->line, parts[support_random_below(&seed, sizeof parts / sizeof *parts)]);
    }
    strbuf_addc(&p->line, '"');
}

static const struct {
    const char *name, *cat;
} whats[] = {{"API Call", "api"},
             {"Tool: Bash", "tool"},
             {"Tool: Read", "tool"},
             {"Interaction", "interaction"},
             {"Waiting for User Input", "user_input"}};

static void begin_span(struct producer *p)
{
    struct open_span span = {.agent = 1 + (unsigned)draw(p, p->agent_count),
                             .what = (unsigned)draw(p, sizeof whats / sizeof *whats),
                             .n = ++p->n,
                             .from_ms = p->now_ms};
    put_head(p, whats[span.what].name, whats[span.what].cat, 'B', p->now_ms, span.agent);
    strbuf_adds(&p->line, ",\"args\":{");
    put_pad(p, span.n);
    strbuf_addc(&p->line, '}');
    end_event(p, &p->events);
    /* Of too many the oldest never ends. */
    if (p->span_count == SPANS) {
        memmove(p->spans, p->spans + 1, --p->span_count * sizeof *p->spans);
    }
    p->spans[p->span_count++] = span;
}

/* The seed appends the parts of a request at its end, with times that lie before. */
static void put_part(struct producer *p, const struct open_span *span, const char *name,
                     const char *cat, uint64_t from_ms, uint64_t to_ms)
{
    put_head(p, name, cat, 'B', from_ms, span->agent);
    strbuf_addf(&p->line, ",\"args\":{\"n\":%llu}", (unsigned long long)span->n);
    end_event(p, &p->events);
    put_head(p, name, cat, 'E', to_ms, span->agent);
    end_event(p, &p->events);
}

static void end_span(struct producer *p)
{
    size_t at = (size_t)draw(p, p->span_count);
    struct open_span span = p->spans[at];
    p->spans[at] = p->spans[--p->span_count];
    uint64_t took_ms = p->now_ms - span.from_ms, first_ms = span.from_ms + took_ms / 3;
    if (span.what == 0) {
        put_part(p, &span, "First Token", "api,ttft", span.from_ms, first_ms);
        put_part(p, &span, "Sampling", "api,sampling", first_ms, p->now_ms);
    }
    put_head(p, whats[span.what].name, whats[span.what].cat, 'E', p->now_ms, span.agent);
    strbuf_adds(&p->line, ",\"args\":{");
    put_pad(p, span.n);
    strbuf_addf(&p->line, ",\"success\":true,\"ttft_ms\":%llu,\"duration_ms\":%llu}",
                (unsigned long long)(first_ms - span.from_ms), (unsigned long long)took_ms);
    end_event(p, &p->events);
}

static void put_other(struct producer *p)
{
    static const char phases[] = "iCXbne";
    char ph = phases[draw(p, sizeof phases - 1)];
    put_head(p, ph == 'C' ? "tokens" : "other", "misc", ph, p->now_ms,
             1 + (unsigned)draw(p, p->agent_count));
    if (ph == 'C') {
        strbuf_addf(&p->line, ",\"args\":{\"in\":%llu,\"out\":0.5}", (unsigned long long)++p->n);
    } else {
        strbuf_addf(&p->line, ",\"dur\":%llu,\"id\":\"%llu\",\"args\":{\"n\":%llu}",
                    (unsigned long long)draw(p, 90000), (unsigned long long)draw(p, 5),
                    (unsigned long long)++p->n);
    }
    end_event(p, &p->events);
}

static void append_bytes(struct producer *p, size_t bytes)
{
    for (size_t end = p->events.bytes.len + bytes; p->events.bytes.len < end;) {
        uint64_t what = draw(p, 10);
        p->now_ms += 1 + draw(p, 40); /* no two evictions at the same time */
        if (what < 4) {
            begin_span(p);
        } else if (what < 8 && p->span_count > 0) {
            end_span(p);
        } else {
            put_other(p);
        }
    }
}

static void put_agent(struct producer *p)
{
    unsigned agent = ++p->agent_count;
    static const char *const names[] = {"process_name", "thread_name"};
    for (size_t i = 0; i < 2; i++) {
        put_head(p, names[i], "__metadata", 'M', 0, agent);
        strbuf_addf(&p->line, ",\"args\":{\"name\":\"agent%u\"}", agent);
        end_event(p, &p->agents);
    }
    if (agent > 1) {
        put_head(p, "parent_agent", "__metadata", 'M', 0, agent);
        strbuf_addf(&p->line, ",\"args\":{\"parent_agent_id\":\"s%u\"}", p->session);
        end_event(p, &p->agents);
    }
}

static void producer_init(struct producer *p, const struct kind *kind, uint64_t seed)
{
    *p = (struct producer){.kind = kind, .random = seed};
    texts_init(&p->agents);
    texts_init(&p->events);
    strbuf_init(&p->line, &mem_libc, 0);
    put_agent(p);
    append_bytes(p, (size_t)draw(p, kind->first_bytes));
}

static void producer_release(struct producer *p)
{
    texts_release(&p->agents);
    texts_release(&p->events);
    strbuf_release(&p->line);
}

/* ---- the document ---- */

/* As JSON.stringify(document, null, 2) has it, roughly. */
static void put_pretty(struct slice text, const char *eol, struct strbuf *out)
{
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.bytes[i];
        if (in_string && c == '\\') {
            strbuf_add(out, text.bytes + i++, 2);
            continue;
        }
        in_string ^= c == '"';
        if (!in_string && c == '}') {
            strbuf_addf(out, "%s    ", eol);
        }
        strbuf_addc(out, c);
        if (!in_string && (c == '{' || c == ',')) {
            strbuf_addf(out, "%s      ", eol);
        }
        if (!in_string && c == ':') {
            strbuf_addc(out, ' ');
        }
    }
}

static void put_text(const struct producer *p, struct slice text, bool *any, struct strbuf *out)
{
    const char *eol = p->kind->dress->eol;
    strbuf_adds(out, *any ? "," : "");
    strbuf_adds(out, eol != NULL ? eol : "");
    if (eol != NULL) {
        put_pretty(text, eol, out);
    } else {
        strbuf_add(out, text.bytes, text.len);
    }
    *any = true;
}

static void put_metadata(const struct producer *p, struct strbuf *out)
{
    char text[300];
    int len =
        snprintf(text, sizeof text,
                 "\"metadata\":{\"session_id\":\"s%u\",\"trace_start_time\":\"2025-10-09T08:"
                 "53:%02u.000Z\",\"agent_count\":%u,\"note\":\"%.*s\"},\"otherData\":{\"trace_"
                 "end_time\":%u}",
                 p->session, p->start % 60, p->agent_count, (int)(p->tail % 20),
                 "as long as it is long", p->tail);
    if (p->kind->dress->eol != NULL) {
        put_pretty((struct slice){text, (size_t)len}, p->kind->dress->eol, out);
    } else {
        strbuf_adds(out, text);
    }
}

/* What the file holds; with `all` the union. Returns where the first event that is no metadata
   begins. */
static size_t put_document(const struct producer *p, bool all, struct strbuf *out)
{
    const struct dress *dress = p->kind->dress;
    const char *marker = all ? p->kept : p->marker;
    bool any = false;
    strbuf_adds(out, dress->array ? "[" : "{");
    if (dress->metadata_first) {
        put_metadata(p, out);
        strbuf_addc(out, ',');
    }
    strbuf_adds(out, dress->array ? "" : "\"traceEvents\":[");
    for (size_t i = 0; i < p->agents.count; i++) {
        put_text(p, text_at(&p->agents, i), &any, out);
    }
    size_t first = out->len;
    if (*marker != '\0') {
        put_text(p, (struct slice){marker, strlen(marker)}, &any, out);
    }
    for (size_t i = all ? 0 : p->first; i < p->events.count; i++) {
        put_text(p, text_at(&p->events, i), &any, out);
    }
    strbuf_adds(out, dress->closed ? "]" : "");
    if (!dress->array) {
        strbuf_adds(out, dress->metadata_first ? "" : ",");
        if (!dress->metadata_first) {
            put_metadata(p, out);
        }
        strbuf_adds(out, "}");
    }
    assert_false(out->failed);
    return first;
}

/* ---- a story: a producer, and a viewer that follows ---- */

struct story {
    struct rig rig;
    struct producer producer;
    uint64_t seed;
    const char *path, *other, *barrier;
    uint64_t barriers;
    struct strbuf steps_taken; /* what the producer did */
    bool begun;
};

static void make_rig(struct rig *rig, size_t cap, bool follow)
{
    struct swarm_config config = {.max_events = {cap, cap}};
    rig_init(rig);
    if (cap > 0) {
        ingest_ctx_release(&rig->ingest);
        model_release(&rig->model);
        assert_true(model_init_with(&rig->model, &mem_libc, &config));
        ingest_ctx_init(&rig->ingest, rig->model.swarm, rig->model.tracer, rig->model.correlator,
                        rig->log, rig->ingest.now_ns, rig);
    }
    rig_start_hub(rig, (struct hub_options){.follow = follow});
}

static void append_line(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    assert_true(fd >= 0 && write(fd, "{\"op\":\"?\"}\n", 11) == 11);
    close(fd);
}

static bool line_has_come(struct rig *rig, void *ctx)
{
    const struct story *story = ctx;
    return hub_source(rig->hub, 1).bad >= story->barriers;
}

/* Until what was written is read, or refused. Twice: the document may have been at its turn when it
   was written, and has another one then. */
static void until_read(struct story *story)
{
    for (unsigned i = 0; i < 2; i++) {
        append_line(story->barrier);
        story->barriers++;
        rig_until(&story->rig, line_has_come, story);
    }
}

/* Prints where two texts part; they are long. */
static bool same_text(const char *what, const char *is, const char *should)
{
    size_t at = 0;
    while (is[at] != '\0' && is[at] == should[at]) {
        at++;
    }
    if (is[at] == should[at]) {
        return true;
    }
    size_t from = at > 200 ? at - 200 : 0;
    print_message("%s, at byte %zu:\n is: …%.400s…\n should be: …%.400s…\n", what, at, is + from,
                  should + from);
    return false;
}

/* Sessions that live and sessions that are over have the same spans and metrics. */
static char *describe(struct rig *rig)
{
    struct swarm *swarm = rig->model.swarm;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        if (swarm_session(swarm, (session_no)i) != NULL) {
            swarm_session_edit(swarm, (session_no)i)->flags |= SESSION_FINISHED;
        }
    }
    return model_describe(swarm);
}

static bool is_model_of(struct rig *rig, struct rig *cold, bool exports)
{
    char *is = rig_dump(rig), *should = rig_dump(cold);
    bool same = same_text("the events", is, should);
    free(is);
    free(should);
    is = describe(rig);
    should = describe(cold);
    same = same_text("the picture", is, should) && same;
    free(is);
    free(should);
    if (!exports) {
        return same;
    }
    is = model_export(rig->model.swarm, TRACKS_AGENT);
    should = model_export(cold->model.swarm, TRACKS_AGENT);
    same = same_text("the export", is, should) && same;
    free(is);
    free(should);
    return same;
}

static bool is_union(struct story *story, bool exports)
{
    struct strbuf text;
    struct rig cold;
    strbuf_init(&text, &mem_libc, 0);
    put_document(&story->producer, true, &text);
    support_write_file(story->other, text.data, text.len);
    strbuf_release(&text);
    make_rig(&cold, story->producer.kind->cap, false);
    rig_add(&cold, story->other);
    rig_until_finished(&cold);
    bool same = is_model_of(&story->rig, &cold, exports);
    rig_release(&cold);
    return same;
}

static bool has_all(struct story *story)
{
    const struct producer *p = &story->producer;
    size_t is = rig_events(&story->rig), should = p->events.count + (p->kept[0] != '\0');
    if (is != should && p->kind->cap == 0) {
        print_message("%zu events, not %zu\n", is, should);
    }
    return is == should || p->kind->cap > 0;
}

static void story_begin(struct story *story, const struct kind *kind, uint64_t seed)
{
    const char *dir = support_tmpdir();
    story->seed = seed;
    story->begun = true;
    story->barriers = 0;
    story->path = support_path(dir, kind->packed ? "t.json.gz" : "t.json");
    story->other = support_path(support_tmpdir(), "t.json");
    story->barrier = support_path(dir, "barrier");
    strbuf_init(&story->steps_taken, &mem_libc, 0);
    producer_init(&story->producer, kind, seed);
    make_rig(&story->rig, kind->cap, true);
    rig_add(&story->rig, story->path);
    rig_add(&story->rig, story->barrier);
    until_read(story);
}

static void story_end(struct story *story)
{
    producer_release(&story->producer);
    strbuf_release(&story->steps_taken);
    rig_release(&story->rig);
    unlink(story->path);
    unlink(story->other);
    unlink(story->barrier);
    story->begun = false;
}

static void note_step(struct story *story, const char *what)
{
    strbuf_addf(&story->steps_taken, " %s", what);
}

static void check(struct story *story, bool good)
{
    if (!good) {
        fail_msg("seed %llu", (unsigned long long)story->seed);
    }
}

/* ---- writing ---- */

static void pack(const char *path, struct strbuf *text)
{
    gzFile file = gzopen(path, "wb1");
    size_t len;
    assert_int_equal(gzwrite(file, text->data, (unsigned)text->len), (int)text->len);
    assert_int_equal(gzclose(file), Z_OK);
    char *packed = support_read_file(path, &len);
    strbuf_clear(text);
    strbuf_add(text, packed, len);
    free(packed);
}

static void write_bytes(struct story *story, const char *bytes, size_t len)
{
    char temporary[500];
    bool renamed = draw(&story->producer, 3) == 0;
    snprintf(temporary, sizeof temporary, "%s.tmp", story->path);
    strbuf_addf(&story->steps_taken, " %zu bytes %s", len, renamed ? "renamed" : "in place");
    support_write_file(renamed ? temporary : story->path, bytes, len);
    if (renamed) {
        assert_int_equal(rename(temporary, story->path), 0);
    }
}

/* Where a writer may be killed: the worst places, where the system cuts, anywhere. */
static size_t cut_of(struct producer *p, size_t first, size_t len)
{
    switch (draw(p, 7)) {
    case 0: return 0;
    case 1: return len - 1;
    case 2: return (size_t)draw(p, first);
    case 3: return first;
    case 4: return len / 4096 * 4096 == len ? len - 4096 : len / 4096 * 4096;
    case 5: return len - 1 - (size_t)draw(p, len < 300 ? len : 300);
    }
    return (size_t)draw(p, len);
}

/* A part of an array that ends after an event is an array, too. */
static size_t cut_of_array(struct producer *p, size_t first)
{
    size_t bytes = p->events.bytes.len - text_begin(&p->events, p->first);
    return first + 300 + (size_t)draw(p, bytes / 2 + 1);
}

static void write_half(struct story *story, const struct strbuf *text, size_t first)
{
    struct producer *p = &story->producer;
    bool array = p->kind->dress->array;
    size_t cut =
        array ? cut_of_array(p, first) : cut_of(p, p->kind->packed ? 10 : first, text->len);
    size_t seen = p->seen > p->first
                      ? first + p->events.ends[p->seen - 1] - text_begin(&p->events, p->first)
                      : 0;
    if (array && (cut >= seen || p->marker[0] != '\0' || p->restarted)) {
        return;
    }
    /* One byte of a packed file does not show that it is packed. The cap counts what it dropped of
       a version that then is refused. */
    if ((p->kind->packed && cut == 1) || (p->kind->cap > 0 && p->seen == 0)) {
        return;
    }
    char *was = rig_dump(&story->rig);
    note_step(story, "half:");
    write_bytes(story, text->data, cut);
    until_read(story);
    char *is = rig_dump(&story->rig);
    /* The first version may be shown before it is whole. */
    check(story, p->seen == 0 || same_text("half a document", is, was));
    free(is);
    free(was);
}

/* The viewer has read the version. If it began again, it has nothing else. */
static void note_seen(struct producer *p)
{
    if (p->restarted) {
        texts_forget(&p->events, p->first);
        p->first = 0;
        memcpy(p->kept, p->marker, sizeof p->kept);
        p->restarted = p->evicted = false;
    }
    p->seen = p->events.count;
    p->seen_agents = p->agents.count;
}

static void write_whole(struct story *story)
{
    struct producer *p = &story->producer;
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    size_t first = put_document(p, false, &text);
    if (p->kind->packed) {
        pack(story->other, &text);
    }
    for (uint64_t halves = draw(p, 6) / 3 * draw(p, 3); halves > 0; halves--) {
        write_half(story, &text, first);
    }
    write_bytes(story, text.data, text.len);
    strbuf_release(&text);
    until_read(story);
    /* Opening the union costs more than all the rest. */
    bool dear = p->restarted || draw(p, 3) == 0;
    note_seen(p);
    check(story, has_all(story) && (!dear || is_union(story, false)));
}

/* ---- steps ---- */

static void go_on(struct producer *p)
{
    append_bytes(p, (size_t)draw(p, p->kind->step_bytes));
}

static void go_on_a_little(struct producer *p)
{
    append_bytes(p, 1);
}

static void register_agents(struct producer *p)
{
    for (uint64_t count = 1 + draw(p, 3); count > 0; count--) {
        put_agent(p);
    }
    append_bytes(p, (size_t)draw(p, 2000));
}

static double time_of(struct slice event)
{
    const char *at = memmem(event.bytes, event.len, "\"ts\":", 5);
    return strtod(at + 5, NULL);
}

/* Whether an eviction up to there leaves an event by which the rest is found: the first one of a
   piece or, where there is no whole piece, any. (The seed's leaves 50,000 events.) */
static bool is_found_again(const struct producer *p, size_t first)
{
    size_t end = p->events.ends[p->seen - 1];
    size_t left = end - text_begin(&p->events, first);
    return left > 2 * PIECE + p->kind->big_bytes || end < PIECE / 2;
}

/* The seed's evictOldestEvents: a former marker counts as one of those that are dropped. */
static void drop_oldest(struct producer *p, size_t count)
{
    bool marked = p->marker[0] != '\0';
    p->first += count;
    snprintf(
        p->marker, sizeof p->marker,
        "{\"name\":\"trace_truncated\",\"cat\":\"__metadata\",\"ph\":\"i\",\"ts\":%.0f,\"pid\":1,"
        "\"tid\":0,\"args\":{\"dropped_events\":%zu}}",
        time_of(text_at(&p->events, p->first - 1)), count + marked);
    p->evicted = true;
}

static void evict(struct producer *p)
{
    size_t left = p->seen - (p->seen < p->first ? p->seen : p->first);
    size_t drop = draw(p, 3) > 0 ? left / 2 : (size_t)draw(p, left > 0 ? left : 1);
    if (!p->restarted && drop > 1 && is_found_again(p, p->first + drop)) {
        drop_oldest(p, drop);
    }
}

static void change_metadata(struct producer *p)
{
    p->tail += 1 + (unsigned)draw(p, 30);
}

static void change_nothing(struct producer *p)
{
    (void)p;
}

/* The events that every comparison covers, those of [*from, *to). */
static void find_compared(const struct producer *p, size_t *from, size_t *to)
{
    size_t begin = text_begin(&p->events, p->first);
    *from = p->first;
    *to = p->seen > p->first ? p->seen : p->first;
    while (p->evicted && *from < *to && text_begin(&p->events, *from) - begin < UNCOMPARED) {
        ++*from;
    }
    if (*to > *from && p->events.ends[*to - 1] - begin > SAMPLED) {
        while (*to > *from && p->events.ends[*to - 1] - begin > PIECE) {
            --*to;
        }
    }
}

/* Another byte, in its time. */
static void spoil(struct producer *p, size_t at)
{
    char *text = p->events.bytes.data + text_begin(&p->events, at);
    char *pid = memmem(text, text_at(&p->events, at).len, ",\"pid\"", 6);
    pid[-1] = pid[-1] == '0' ? '1' : '0';
}

/* An event that the viewer has read is another one, in a byte or in its length, or is not there any
   more. */
static void alter(struct producer *p)
{
    size_t first, end;
    find_compared(p, &first, &end);
    if (first == end || p->kind->cap > 0) {
        return;
    }
    size_t at = first + (size_t)draw(p, end - first);
    struct slice was = text_at(&p->events, at), none = {NULL, 0};
    size_t bytes = was.len;
    strbuf_clear(&p->line);
    strbuf_add(&p->line, was.bytes, was.len - 1);
    strbuf_adds(&p->line, ",\"more\":1}");
    switch (draw(p, 3)) {
    case 0: spoil(p, at); break;
    case 1: texts_replace(&p->events, at, (struct slice){p->line.data, p->line.len}); break;
    case 2:
        texts_replace(&p->events, at, none);
        append_bytes(p, 2 * bytes);
        break;
    }
    p->restarted = true;
}

static void rename_an_agent(struct producer *p)
{
    if (p->kind->cap > 0 || p->seen_agents == 0) {
        return;
    }
    size_t at = (size_t)draw(p, p->seen_agents);
    struct slice was = text_at(&p->agents, at);
    strbuf_clear(&p->line);
    strbuf_add(&p->line, was.bytes, was.len - 3);
    strbuf_adds(&p->line, "x\"}}");
    texts_replace(&p->agents, at, (struct slice){p->line.data, p->line.len});
    p->restarted = true;
}

/* Told by its id or by its start alone, even where it begins with the same events. */
static void become_another_session(struct producer *p)
{
    if (p->kind->cap > 0 || p->kind->dress->array) {
        return;
    }
    uint64_t how = 1 + draw(p, 3);
    p->session += (how & 1) != 0;
    p->start += (how & 2) != 0;
    p->restarted = true;
    if (draw(p, 2) == 0) {
        return;
    }
    texts_forget(&p->events, p->events.count);
    p->first = p->seen = p->span_count = 0;
    p->marker[0] = '\0';
    p->now_ms = 0;
    append_bytes(p, (size_t)draw(p, p->kind->first_bytes / 2));
}

static const struct {
    const char *name;
    void (*run)(struct producer *p);
    unsigned weight;
} steps[] = {{"go on,", go_on, 30},
             {"a little,", go_on_a_little, 8},
             {"agents,", register_agents, 12},
             {"evict,", evict, 14},
             {"metadata,", change_metadata, 8},
             {"nothing,", change_nothing, 4},
             {"alter,", alter, 5},
             {"rename an agent,", rename_an_agent, 2},
             {"another session,", become_another_session, 5}};

static void take_step(struct story *story)
{
    unsigned all = 0, at = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        all += steps[i].weight;
    }
    for (uint64_t n = draw(&story->producer, all); n >= steps[at].weight; at++) {
        n -= steps[at].weight;
    }
    note_step(story, steps[at].name);
    steps[at].run(&story->producer);
}

static void run_sequence(struct story *story, const struct kind *kind, uint64_t seed)
{
    story_begin(story, kind, seed);
    write_whole(story);
    for (unsigned i = 0; i < kind->steps; i++) {
        take_step(story);
        /* Now and then two of them in one version. */
        if (draw(&story->producer, 5) == 0) {
            take_step(story);
        }
        write_whole(story);
    }
    check(story, is_union(story, true));
    story_end(story);
}

static void run_kind(void **state, const struct kind *kind)
{
    struct story *story = *state;
    unsigned sequences = kind->sequences * PERCENT / 100;
    for (unsigned i = 0; i < (sequences > 0 ? sequences : 1); i++) {
        run_sequence(story, kind, kind->seed + i);
    }
}

/* ---- any sequence of rewrites ---- */

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct story));
    return *state == NULL;
}

static int teardown(void **state)
{
    struct story *story = *state;
    if (story->begun) {
        /* cmocka's own messages are cut. */
        printf("# seed %llu:%s\n", (unsigned long long)story->seed, story->steps_taken.data);
        story_end(story);
    }
    free(story);
    return 0;
}

TEST_WITH(small_documents, setup, teardown)
{
    run_kind(state, &(struct kind){&compact, 10000, 140, STEPS, 20000, 20000, 4000, 0, false});
}

TEST_WITH(documents_of_many_pieces, setup, teardown)
{
    run_kind(state, &(struct kind){&compact, 20000, 40, STEPS, 400000, 80000, 100000, 0, false});
}

TEST_WITH(documents_of_which_some_is_compared, setup, teardown)
{
    run_kind(state, &(struct kind){&compact, 30000, 3, STEPS, 3000000, 300000, 100000, 0, false});
}

TEST_WITH(documents_on_many_lines, setup, teardown)
{
    run_kind(state, &(struct kind){&pretty, 40000, 12, STEPS, 200000, 40000, 30000, 0, false});
    run_kind(state, &(struct kind){&dos, 50000, 12, STEPS, 100000, 40000, 30000, 0, false});
}

TEST_WITH(documents_with_their_metadata_in_front, setup, teardown)
{
    run_kind(state, &(struct kind){&head_first, 60000, 20, STEPS, 100000, 40000, 30000, 0, false});
}

TEST_WITH(arrays, setup, teardown)
{
    run_kind(state, &(struct kind){&open_array, 70000, 15, STEPS, 100000, 40000, 30000, 0, false});
    run_kind(state,
             &(struct kind){&closed_array, 80000, 15, STEPS, 100000, 40000, 30000, 0, false});
}

TEST_WITH(packed_documents, setup, teardown)
{
    run_kind(state, &(struct kind){&compact, 90000, 15, STEPS, 100000, 40000, 30000, 0, true});
}

TEST_WITH(a_viewer_with_a_cap_of_its_own, setup, teardown)
{
    run_kind(state, &(struct kind){&compact, 100000, 15, STEPS, 100000, 40000, 30000, 300, false});
    run_kind(state, &(struct kind){&compact, 110000, 20, STEPS, 20000, 10000, 1300, 41, false});
}

/* ---- what has to be looked at by itself ---- */

static const struct kind some = {&compact, 1, 0, 0, 1000, 0, 1000, 0, false};

static bool exports(struct story *story, const char *text)
{
    char *document = model_export(story->rig.model.swarm, TRACKS_AGENT);
    bool has = strstr(document, text) != NULL;
    free(document);
    return has;
}

static size_t truncations(const struct story *story)
{
    const struct swarm *swarm = story->rig.model.swarm;
    size_t count = 0;
    for (size_t i = 0; i < swarm_marker_count(swarm); i++) {
        count += swarm_marker(swarm, i)->truncated;
    }
    return count;
}

TEST_WITH(a_producers_marker_is_for_who_never_saw_what_it_speaks_of, setup, teardown)
{
    struct story *story = *state;
    struct producer *p = &story->producer;
    story_begin(story, &some, 1);
    append_bytes(p, 4 * PIECE);
    write_whole(story);
    drop_oldest(p, 100);
    write_whole(story);
    assert_int_equal(truncations(story), 0);
    assert_false(exports(story, "trace_truncated"));
    rename_an_agent(p);
    write_whole(story);
    assert_int_equal(truncations(story), 1);
    assert_true(exports(story, "{\"dropped_events\":100}"));
    /* The next one speaks of what is here, the first one among it. */
    drop_oldest(p, 100);
    write_whole(story);
    assert_int_equal(truncations(story), 1);
    assert_true(exports(story, "{\"dropped_events\":100}"));
    assert_false(exports(story, "{\"dropped_events\":101}"));
    story_end(story);
}

static double time_in_model(const struct story *story, size_t at)
{
    const struct event_store *store = swarm_store(story->rig.model.swarm, POOL_FILES);
    struct event event = {.ts_us = 0};
    (void)event_store_get(store, event_store_first(store) + at, &event);
    return event.ts_us;
}

TEST_WITH(what_differs_between_the_samples_is_found_before_long, setup, teardown)
{
    struct story *story = *state;
    struct producer *p = &story->producer;
    struct strbuf text;
    size_t at = 0;
    unsigned looks = 0;
    story_begin(story, &some, 1);
    append_bytes(p, 50 * PIECE);
    write_whole(story);
    write_whole(story); /* is compared as a whole: the next one is not */
    while (text_begin(&p->events, at) < PIECE + PIECE / 2) {
        at++;
    }
    spoil(p, at);
    strbuf_init(&text, &mem_libc, 0);
    put_document(p, false, &text);
    for (; time_in_model(story, at) != time_of(text_at(&p->events, at)); looks++) {
        assert_true(looks < 2000);
        write_bytes(story, text.data, text.len);
        until_read(story);
    }
    check(story, is_union(story, true));
    strbuf_release(&text);
    story_end(story);
}
