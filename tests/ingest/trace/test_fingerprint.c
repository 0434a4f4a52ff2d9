/* Tests fingerprints and resync. Any chunks give the same fingerprint. Each version that continues
   the former one (more events, more agents in front, the oldest events gone) is found to, and every
   block is where it should be. One changed byte is noticed. Any other document is recognized as
   another one. */
#include "ingest/trace/resync.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

/* ---- documents ---- */

struct part {
    size_t offset, len;
    uint64_t line;
    bool metadata;
};

enum marker { MARKED_IF_CUT, MARKED, UNMARKED };

/* A version: metadata, perhaps a marker, and some of the events, each of which is the same text,
   and has the same before it, in every version. */
struct version {
    unsigned metadata, first, last; /* events `first` to `last` - 1 */
    bool closed;                    /* with what follows the events; else cut after the last */
    enum marker marker;
};
#define VERSION(metadata_, first_, last_)                                     \
    {                                                                         \
        .metadata = metadata_, .first = first_, .last = last_, .closed = true \
    }

struct document {
    struct strbuf text;
    struct part *parts;
    size_t count, cap;
    uint64_t line;
};

static void document_init(struct document *doc)
{
    *doc = (struct document){.line = 1};
    strbuf_init(&doc->text, &mem_libc, 0);
}

static void document_release(struct document *doc)
{
    strbuf_release(&doc->text);
    mem_free(&mem_libc, doc->parts, doc->cap * sizeof *doc->parts);
}

static void add_text(struct document *doc, const char *text)
{
    strbuf_adds(&doc->text, text);
    for (; *text != '\0'; text++) {
        doc->line += *text == '\n';
    }
}

static void begin_part(struct document *doc, bool metadata)
{
    assert_true(mem_reserve(&mem_libc, &doc->parts, &doc->cap, doc->count + 1, sizeof *doc->parts));
    doc->parts[doc->count++] =
        (struct part){.offset = doc->text.len, .line = doc->line, .metadata = metadata};
}

static void end_part(struct document *doc)
{
    doc->parts[doc->count - 1].len = doc->text.len - doc->parts[doc->count - 1].offset;
}

static uint64_t mix(uint64_t n)
{
    n = (n + 1) * 0x9e3779b97f4a7c15u;
    return (n ^ n >> 29) * 0xbf58476d1ce4e5b9u >> 32;
}

static void add_padded(struct document *doc, unsigned number, size_t pad, bool metadata)
{
    begin_part(doc, metadata);
    strbuf_addf(&doc->text, "{\"name\":\"e%u\",\"ph\":\"%c\",\"ts\":%u,\"args\":\"", number,
                metadata ? 'M' : 'i', number);
    char *room = strbuf_room(&doc->text, pad);
    assert_non_null(room);
    memset(room, 'a' + (int)(number % 26), pad);
    doc->text.len += pad;
    add_text(doc, "\"}");
    end_part(doc);
}

/* Most are small; some fill pieces; some are metadata among the others. */
static void add_event(struct document *doc, unsigned number)
{
    size_t pad = mix(number) % 1500;
    pad = number % 97 == 50 ? mix(number) % (3 * FP_BLOCK) : pad;
    add_text(doc, number % 3 == 0 ? ",\n" : ",");
    add_padded(doc, number, pad, number % 41 == 7);
}

static void write_document(struct document *doc, const struct version *version)
{
    document_init(doc);
    add_text(doc, "{\"traceEvents\":[");
    for (unsigned i = 0; i < version->metadata; i++) {
        add_text(doc, i == 0 ? "" : i % 2 == 0 ? "," : ",\n");
        begin_part(doc, true);
        strbuf_addf(&doc->text, "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%u}", i);
        end_part(doc);
    }
    if (version->marker == MARKED || (version->marker == MARKED_IF_CUT && version->first > 0)) {
        add_text(doc, ",");
        begin_part(doc, false);
        strbuf_addf(&doc->text, "{\"name\":\"trace_truncated\",\"ph\":\"i\",\"args\":{\"n\":%u}}",
                    version->first);
        end_part(doc);
    }
    for (unsigned i = version->first; i < version->last; i++) {
        add_event(doc, i);
    }
    if (version->closed) {
        add_text(doc, "\n],\"metadata\":{\"session_id\":\"s\"}}\n");
    }
    assert_false(doc->text.failed);
}

static struct slice text_of(const struct document *doc, const struct part *part)
{
    return (struct slice){doc->text.data + part->offset, part->len};
}

static struct scan_event event_of(const struct document *doc, const struct part *part)
{
    struct scan_event event = {.text = text_of(doc, part),
                               .offset = part->offset,
                               .line = part->line,
                               .end_line = part->line};
    struct json_value object;
    assert_true(json_check(event.text.bytes, event.text.len, 10, &object, NULL));
    event.raw.name = json_get(object, "name");
    event.raw.ph = part->metadata ? 'M' : 'i';
    return event;
}

static const struct part *first_event(const struct document *doc)
{
    size_t i = 0;
    while (doc->parts[i].metadata) {
        i++;
    }
    return &doc->parts[i];
}

/* ---- remembering ---- */

/* Gives a fp the document from `at` on, as a decoder does: in chunks of at most `chunk` bytes,
   which vary. */
static void feed(struct fingerprint *fp, const struct document *doc, size_t at, size_t chunk)
{
    size_t next = 0, events_end = at;
    while (next < doc->count && doc->parts[next].offset < at) {
        next++;
    }
    for (uint64_t round = 0; at < doc->text.len; round++) {
        size_t len = 1 + mix(round) % chunk;
        len = len < doc->text.len - at ? len : doc->text.len - at;
        for (; next < doc->count; next++) {
            const struct part *part = &doc->parts[next];
            if (part->offset + part->len > at + len) {
                break;
            }
            struct scan_event event = event_of(doc, part);
            fingerprint_add_event(fp, &event, at);
            events_end = part->offset + part->len;
        }
        fingerprint_add_bytes(fp, doc->text.data + at, len, at, events_end);
        at += len;
    }
}

static void remember(struct fingerprint *fp, const struct document *doc, size_t chunk)
{
    fingerprint_init(fp, &mem_libc);
    feed(fp, doc, 0, chunk);
    fingerprint_close(fp);
    assert_false(fp->failed);
}

/* The bytes of a piece, alone in a block. */
static char *block_of(const struct fingerprint *fp, size_t n, const struct document *doc,
                      size_t *len)
{
    uint64_t offset;
    fingerprint_block(fp, n, &offset, len);
    assert_true(offset + *len <= doc->text.len);
    char *bytes = malloc(*len);
    assert_non_null(bytes);
    memcpy(bytes, doc->text.data + offset, *len);
    return bytes;
}

/* Each block matches, until one byte of it changes. */
static void check_blocks(const struct fingerprint *fp, const struct document *doc)
{
    uint64_t at = fp->base;
    for (size_t n = 0; n < fingerprint_blocks(fp); n++) {
        uint64_t offset;
        size_t len;
        char *bytes = block_of(fp, n, doc, &len);
        fingerprint_block(fp, n, &offset, &len);
        assert_true(offset == at && len > 0 && len <= FP_BLOCK);
        assert_true(len == FP_BLOCK || n + 1 == fingerprint_blocks(fp));
        assert_true(fingerprint_matches(fp, n, bytes));
        const size_t places[] = {0, len - 1, mix(n) % len, mix(n + 1) % len};
        for (size_t i = 0; i < 4; i++) {
            bytes[places[i]] ^= (char)(1 << i);
            assert_false(fingerprint_matches(fp, n, bytes));
            bytes[places[i]] ^= (char)(1 << i);
        }
        free(bytes);
        at = offset + len;
    }
    assert_int_equal(at, fp->end);
}

static const struct part *part_at(const struct document *doc, uint64_t offset)
{
    for (size_t i = 0; i < doc->count; i++) {
        if (doc->parts[i].offset == offset) {
            return &doc->parts[i];
        }
    }
    fail_msg("no event at %llu", (unsigned long long)offset);
    return NULL;
}

/* Each known event is at its offset, and is found by its text. The first event is the first of
   them. */
static void check_events(const struct fingerprint *fp, const struct document *doc)
{
    assert_int_equal(fp->first, first_event(doc)->offset);
    assert_int_equal(fp->events[0].offset, fp->first);
    for (size_t i = 0; i < fp->event_count; i++) {
        const struct fp_event *event = &fp->events[i];
        const struct part *part = part_at(doc, event->offset);
        assert_int_equal(event->line, part->line);
        assert_ptr_equal(fingerprint_find(fp, text_of(doc, part)), event);
        assert_true(i == 0 || event[-1].offset < event->offset);
    }
    assert_true(fp->recent <= fp->event_count);
    const struct part *last = &doc->parts[doc->count - 1];
    assert_int_equal(fp->end, last->offset + last->len);
    if (!last->metadata) {
        assert_int_equal(fp->line, last->line);
    }
}

/* Of a document that was read in one go: of each piece the first event that begins in it, and of
   the open one all. */
static void check_known(const struct fingerprint *fp, const struct document *doc)
{
    size_t known = 0;
    uint64_t of = UINT64_MAX;
    for (size_t i = 0; i < doc->count; i++) {
        if (doc->parts[i].metadata) {
            continue;
        }
        uint64_t piece = (doc->parts[i].offset - fp->base) / FP_BLOCK;
        bool want = piece != of || piece >= fp->block_count;
        assert_int_equal(fingerprint_find(fp, text_of(doc, &doc->parts[i])) != NULL, want);
        known += want;
        of = piece;
    }
    assert_int_equal(fp->event_count, known);
}

static void check_same(const struct fingerprint *a, const struct fingerprint *b)
{
    assert_int_equal(a->metadata_count, b->metadata_count);
    assert_true(a->metadata_hash == b->metadata_hash);
    assert_true(a->first == b->first && a->base == b->base && a->end == b->end);
    assert_true(a->line == b->line && a->recent == b->recent);
    assert_int_equal(a->block_count, b->block_count);
    assert_int_equal(a->event_count, b->event_count);
    if (a->block_count > 0) {
        assert_memory_equal(a->blocks, b->blocks, a->block_count * sizeof *a->blocks);
    }
    assert_memory_equal(a->events, b->events, a->event_count * sizeof *a->events);
}

static const size_t chunks[] = {1, 100, 5000, FP_BLOCK, 1 << 20, SIZE_MAX / 2};
#define CHUNKS (sizeof chunks / sizeof *chunks)

TEST(in_any_chunks_the_same_is_remembered)
{
    static const struct version versions[] = {
        VERSION(0, 0, 1),     {.metadata = 3, .first = 0, .last = 1},
        VERSION(0, 0, 30),    VERSION(5, 0, 400),
        VERSION(300, 0, 200), VERSION(2, 3, 250)};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct document doc;
        struct fingerprint whole, fp;
        write_document(&doc, &versions[i]);
        remember(&whole, &doc, SIZE_MAX / 2);
        assert_int_equal(whole.metadata_count, versions[i].metadata);
        check_events(&whole, &doc);
        check_known(&whole, &doc);
        for (size_t n = 0; n < CHUNKS; n++) {
            remember(&fp, &doc, chunks[n]);
            check_same(&fp, &whole);
            check_blocks(&fp, &doc);
            fingerprint_release(&fp);
        }
        fingerprint_release(&whole);
        document_release(&doc);
    }
}

/* Blocks of one event, of two and of three; events that begin with a block, a byte before, and a
   byte after. */
TEST(of_each_piece_the_first_event_that_begins_in_it_is_known)
{
    for (size_t shift = 0; shift < 3; shift++) {
        for (size_t per_piece = 1; per_piece <= 3; per_piece++) {
            struct document doc;
            struct fingerprint fp;
            document_init(&doc);
            add_text(&doc, "[");
            for (unsigned i = 0; i < 4 * per_piece; i++) {
                size_t end = (i + 1) * FP_BLOCK / per_piece + shift; /* with the comma */
                add_padded(&doc, 1000 + i, end - doc.text.len - 46, false);
                add_text(&doc, ",");
                assert_int_equal(doc.text.len, end);
            }
            remember(&fp, &doc, 5000);
            assert_int_equal(fp.base, 1);
            check_events(&fp, &doc);
            check_known(&fp, &doc);
            check_blocks(&fp, &doc);
            fingerprint_release(&fp);
            document_release(&doc);
        }
    }
}

TEST(of_metadata_alone_there_is_nothing_to_find)
{
    struct document doc;
    struct fingerprint fp;
    write_document(&doc, &(struct version){.metadata = 5, .closed = true});
    remember(&fp, &doc, 10);
    assert_int_equal(fp.metadata_count, 5);
    assert_int_equal(fingerprint_blocks(&fp), 0);
    assert_true(fp.first == UINT64_MAX);
    struct resync resync;
    resync_init(&resync, &mem_libc, &fp);
    assert_int_equal(resync.state, RESYNC_FAILED);
    fingerprint_release(&fp);
    document_release(&doc);
}

/* ---- versions ---- */

/* Looks at the version as a decoder does, until its state is known. Returns how many metadata
   events are new. */
static unsigned look(struct resync *resync, const struct fingerprint *former,
                     const struct document *doc)
{
    unsigned fresh = 0;
    resync_init(resync, &mem_libc, former);
    for (size_t i = 0; i < doc->count && resync->state == RESYNC_SEARCHES; i++) {
        struct scan_event event = event_of(doc, &doc->parts[i]);
        fresh += resync_event(resync, &event, 0);
    }
    return fresh;
}

/* The fingerprint becomes that of the version, which must have been found; it is continued from its
   end. */
static void go_on(struct fingerprint *fp, struct resync *resync, const struct document *doc,
                  size_t chunk)
{
    assert_int_equal(resync->state, RESYNC_FOUND);
    uint64_t was = fp->end, metadata_count = resync->now.metadata_count;
    assert_true(resync_prepare(resync));
    fingerprint_release(fp);
    *fp = resync->now;
    assert_int_equal(fp->end, was + (uint64_t)resync->by);
    check_blocks(fp, doc);
    feed(fp, doc, (size_t)fp->end, chunk);
    fingerprint_close(fp);
    assert_false(fp->failed);
    check_blocks(fp, doc);
    check_events(fp, doc);
    assert_int_equal(fp->metadata_count, metadata_count);
}

TEST(a_version_that_has_only_grown_is_remembered_as_if_it_had_come_at_once)
{
    for (size_t n = 0; n < CHUNKS; n++) {
        struct version version = {.metadata = 3, .closed = true};
        struct fingerprint fp, whole;
        struct document doc;
        for (unsigned step = 0; step < 25; step++) {
            version.last += 1 + (unsigned)mix(step) % 40;
            write_document(&doc, &version);
            remember(&whole, &doc, SIZE_MAX / 2);
            if (step == 0) {
                remember(&fp, &doc, chunks[n]);
            } else {
                struct resync resync;
                assert_int_equal(look(&resync, &fp, &doc), 0);
                assert_true(resync.by == 0 && resync.by_lines == 0);
                go_on(&fp, &resync, &doc, chunks[n]);
            }
            check_same(&fp, &whole);
            check_known(&fp, &doc);
            fingerprint_release(&whole);
            document_release(&doc);
        }
        fingerprint_release(&fp);
    }
}

/* The same version twice, and one without its end: nothing to read on, all of it there. */
TEST(a_version_without_news_goes_on_too)
{
    for (unsigned first = 0; first < 5; first += 4) {
        struct version version = VERSION(3, first, 150);
        struct document doc, cut;
        struct fingerprint fp, was;
        struct resync resync;
        write_document(&doc, &version);
        version.closed = false;
        write_document(&cut, &version);
        remember(&fp, &doc, 5000);
        remember(&was, &doc, 5000);
        look(&resync, &fp, &doc);
        go_on(&fp, &resync, &doc, 100);
        check_same(&fp, &was);
        look(&resync, &fp, &cut);
        go_on(&fp, &resync, &cut, 100);
        check_same(&fp, &was);
        fingerprint_release(&fp);
        fingerprint_release(&was);
        document_release(&doc);
        document_release(&cut);
    }
}

/* The agents that registered since stand in front, and everything else lies further on. */
TEST(new_agents_in_front_move_everything)
{
    for (unsigned more = 1; more < 2000; more *= 5) {
        struct version version = VERSION(2, 0, 300);
        struct document doc;
        struct fingerprint fp, whole;
        struct resync resync;
        write_document(&doc, &version);
        remember(&fp, &doc, 5000);
        size_t was = first_event(&doc)->offset;
        document_release(&doc);
        version.metadata += more;
        version.last += 100;
        write_document(&doc, &version);
        assert_int_equal(look(&resync, &fp, &doc), more);
        assert_int_equal(resync.by, first_event(&doc)->offset - was);
        go_on(&fp, &resync, &doc, 5000);
        remember(&whole, &doc, 5000);
        check_same(&fp, &whole);
        fingerprint_release(&fp);
        fingerprint_release(&whole);
        document_release(&doc);
    }
}

/* A marker replaces the oldest events; the rest is found from its first known event. */
TEST(evictions_at_any_place_are_found)
{
    for (unsigned first = 1; first < 200; first += first < 90 ? 1 : 9) {
        struct version version = VERSION(2, 0, 200);
        struct document doc;
        struct fingerprint fp;
        struct resync resync;
        write_document(&doc, &version);
        remember(&fp, &doc, 5000);
        document_release(&doc);
        version = (struct version)VERSION(2 + first % 3, first, 200 + first % 50);
        write_document(&doc, &version);
        look(&resync, &fp, &doc);
        assert_true(resync.truncated && resync.found > resync.first.offset);
        go_on(&fp, &resync, &doc, 5000);
        fingerprint_release(&fp);
        document_release(&doc);
    }
}

/* Whether an event that is known lies near enough to the beginning to be found from there. */
static bool can_be_found(const struct fingerprint *fp, const struct document *doc)
{
    size_t first = first_event(doc)->offset;
    for (size_t i = 0; i < doc->count && doc->parts[i].offset <= first + 2 * FP_BLOCK; i++) {
        if (!doc->parts[i].metadata && fingerprint_find(fp, text_of(doc, &doc->parts[i])) != NULL) {
            return true;
        }
    }
    return false;
}

/* The next version: more of everything, and now and then less in front, mostly not all that there
   was. */
static void advance(struct version *version, uint64_t random)
{
    unsigned was = version->last;
    version->metadata += random % 5 == 0;
    version->last += (unsigned)(random / 5 % 120);
    if (random / 600 % 4 == 0) {
        unsigned gone = (unsigned)(random / 2400 % (was - version->first));
        version->first += random / 2400 % 10 == 0 ? version->last - version->first : gone;
    }
    if (version->last == version->first) {
        version->last++;
    }
}

enum outcome { WENT_ON, READ_AGAIN, ALL_GONE };

/* Follows the document to that version. */
static enum outcome follow(struct fingerprint *fp, const struct version *version, unsigned last_was,
                           size_t chunk)
{
    enum outcome outcome = WENT_ON;
    struct document doc;
    struct resync resync;
    write_document(&doc, version);
    look(&resync, fp, &doc);
    if (resync.state == RESYNC_FOUND || can_be_found(fp, &doc)) {
        go_on(fp, &resync, &doc, chunk);
    } else {
        outcome = version->first < last_was ? READ_AGAIN : ALL_GONE;
        fingerprint_release(fp);
        remember(fp, &doc, chunk);
    }
    document_release(&doc);
    return outcome;
}

/* Random histories. If no known event is left, the document is read from the beginning; so it is,
   rarely, if some events are left but no known one. */
TEST(histories_of_versions_are_followed)
{
    unsigned count[3] = {0};
    for (unsigned history = 0; history < 30; history++) {
        struct version version = {.last = 20, .closed = true};
        struct fingerprint fp;
        struct document doc;
        write_document(&doc, &version);
        remember(&fp, &doc, 5000);
        document_release(&doc);
        for (unsigned step = 0; step < 25; step++) {
            unsigned was = version.last;
            advance(&version, mix(history * 100 + step));
            count[follow(&fp, &version, was, chunks[1 + step % (CHUNKS - 1)])]++;
        }
        fingerprint_release(&fp);
    }
    assert_true(count[WENT_ON] > 600 && count[READ_AGAIN] < 20 && count[ALL_GONE] > 10);
}

/* ---- other documents ---- */

static enum resync_state match_of(const struct version *was, const struct version *is,
                                  void (*change)(struct document *doc))
{
    struct document doc;
    struct fingerprint fp;
    struct resync resync;
    write_document(&doc, was);
    remember(&fp, &doc, 5000);
    document_release(&doc);
    write_document(&doc, is);
    if (change != NULL) {
        change(&doc);
    }
    look(&resync, &fp, &doc);
    fingerprint_release(&fp);
    document_release(&doc);
    return resync.state;
}

static void change_first_event(struct document *doc)
{
    doc->text.data[first_event(doc)->offset + sizeof "{\"name\":\"" - 1] = 'x';
}

static void change_first_metadata(struct document *doc)
{
    doc->text.data[doc->parts[0].offset + sizeof "{\"name\":\"" - 1] = 'x';
}

static void change_last_metadata(struct document *doc)
{
    doc->text.data[first_event(doc)[-1].offset + sizeof "{\"name\":\"" - 1] = 'x';
}

TEST(what_is_another_document_is_taken_for_one)
{
    static const struct {
        struct version was, is;
        void (*change)(struct document *doc);
        enum resync_state state;
    } cases[] = {
        {VERSION(2, 0, 50), VERSION(2, 0, 60), NULL, RESYNC_FOUND},
        {VERSION(2, 0, 50), VERSION(2, 0, 60), change_first_event, RESYNC_FAILED},
        {VERSION(2, 0, 50), VERSION(2, 0, 60), change_first_metadata, RESYNC_FAILED},
        {VERSION(2, 0, 50), VERSION(2, 0, 60), change_last_metadata, RESYNC_FAILED},
        /* a new agent is nobody's business */
        {VERSION(2, 0, 50), VERSION(3, 0, 60), change_last_metadata, RESYNC_FOUND},
        {VERSION(2, 0, 50), VERSION(3, 0, 60), change_first_metadata, RESYNC_FAILED},
        {VERSION(0, 0, 50), VERSION(1, 0, 60), change_first_metadata, RESYNC_FOUND},
        /* agents that have gone */
        {VERSION(2, 0, 50), VERSION(1, 0, 60), NULL, RESYNC_FAILED},
        {VERSION(2, 0, 50), VERSION(0, 0, 60), NULL, RESYNC_FAILED},
        {VERSION(2, 0, 50), VERSION(1, 9, 60), NULL, RESYNC_FAILED},
        /* the first event gone without a marker, or back again after one */
        {VERSION(2, 9, 50), VERSION(2, 0, 60), NULL, RESYNC_FAILED},
        {VERSION(2, 9, 50), VERSION(2, 9, 60), NULL, RESYNC_FOUND},
        {VERSION(2, 9, 50), VERSION(2, 9, 60), change_last_metadata, RESYNC_FAILED},
        {VERSION(2, 9, 50), VERSION(2, 12, 60), NULL, RESYNC_FOUND},
        {VERSION(2, 9, 50), VERSION(2, 12, 60), change_first_event, RESYNC_FAILED},
        {VERSION(2, 0, 50), {2, 9, 60, true, UNMARKED}, NULL, RESYNC_FAILED},
        {VERSION(2, 0, 50), {2, 0, 60, true, MARKED}, NULL, RESYNC_FAILED},
        {VERSION(2, 0, 1), VERSION(2, 0, 1), change_first_event, RESYNC_FAILED},
        /* nothing known is left, and more comes than is searched */
        {VERSION(2, 0, 20), VERSION(2, 20, 400), NULL, RESYNC_FAILED},
        /* nothing known is left, but something may still come */
        {VERSION(2, 0, 20), VERSION(2, 20, 25), NULL, RESYNC_SEARCHES},
        {VERSION(2, 0, 50), VERSION(2, 0, 0), NULL, RESYNC_SEARCHES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum resync_state got = match_of(&cases[i].was, &cases[i].is, cases[i].change);
        if (got != cases[i].state) {
            fail_msg("case %zu: %d", i, got);
        }
    }
}

/* The beginning is the same, but a later byte is not: its block shows it. */
TEST(a_changed_byte_anywhere_is_seen_in_its_piece_alone)
{
    struct version version = VERSION(2, 0, 300);
    struct document doc;
    struct fingerprint fp;
    write_document(&doc, &version);
    remember(&fp, &doc, 5000);
    for (unsigned i = 0; i < 60; i++) {
        size_t at = (size_t)(fp.base + mix(i) % (fp.end - fp.base));
        doc.text.data[at] ^= 4;
        for (size_t n = 0; n < fingerprint_blocks(&fp); n++) {
            size_t len;
            char *bytes = block_of(&fp, n, &doc, &len);
            assert_int_equal(fingerprint_matches(&fp, n, bytes), n != (at - fp.base) / FP_BLOCK);
            free(bytes);
        }
        doc.text.data[at] ^= 4;
    }
    fingerprint_release(&fp);
    document_release(&doc);
}

/* ---- moving and cutting by hand ---- */

TEST(what_lies_before_the_place_is_forgotten)
{
    struct document doc;
    write_document(&doc, &(struct version)VERSION(0, 0, 300));
    struct fingerprint whole;
    remember(&whole, &doc, 5000);
    for (size_t i = 1; i < whole.event_count; i++) {
        uint64_t from = whole.events[i].offset;
        struct fingerprint fp;
        struct fp_event first = {from - 7, 12345, 9};
        assert_true(fingerprint_copy(&fp, &whole));
        fingerprint_begin_at(&fp, from, &first);
        assert_true(fp.first == first.offset && fp.events[0].hash == first.hash);
        assert_int_equal(fp.event_count, whole.event_count - i + 1);
        assert_memory_equal(&fp.events[1], &whole.events[i],
                            (fp.event_count - 1) * sizeof *fp.events);
        /* Only whole pieces, and of those only what is not cut, can be compared. */
        assert_true((int64_t)(fp.base - from) >= 0 && fp.base <= fp.end);
        assert_true(fp.base - from < FP_BLOCK || fp.base == fp.end);
        check_blocks(&fp, &doc);
        fingerprint_release(&fp);
    }
    fingerprint_release(&whole);
    document_release(&doc);
}

TEST(all_of_it_moves_together)
{
    struct document doc;
    struct fingerprint fp, was;
    write_document(&doc, &(struct version)VERSION(0, 0, 200));
    remember(&fp, &doc, 5000);
    assert_true(fingerprint_copy(&was, &fp));
    fingerprint_move(&fp, -100000, -3);
    assert_true(fp.first == was.first - 100000 && fp.base == was.base - 100000);
    assert_true(fp.end == was.end - 100000 && fp.line == was.line - 3);
    for (size_t i = 0; i < was.event_count; i++) {
        assert_true(fp.events[i].offset == was.events[i].offset - 100000);
        assert_true(fp.events[i].line == was.events[i].line - 3);
    }
    fingerprint_move(&fp, 100000, 3);
    check_same(&fp, &was);
    check_blocks(&fp, &doc);
    fingerprint_release(&fp);
    fingerprint_release(&was);
    document_release(&doc);
}

/* ---- copies, and lack of memory ---- */

TEST(a_copy_goes_its_own_way)
{
    struct document doc, longer;
    struct fingerprint fp, copy, whole;
    write_document(&doc, &(struct version){.metadata = 2, .first = 0, .last = 150});
    write_document(&longer, &(struct version)VERSION(2, 0, 400));
    remember(&fp, &doc, 5000);
    remember(&whole, &longer, 5000);
    assert_true(fingerprint_copy(&copy, &fp));
    check_same(&copy, &fp);
    feed(&copy, &longer, (size_t)copy.end, 5000);
    check_same(&copy, &whole);
    check_blocks(&copy, &longer);
    check_blocks(&fp, &doc); /* the open piece of the one is not the other's */
    feed(&fp, &longer, (size_t)fp.end, 100);
    check_same(&fp, &whole);
    fingerprint_release(&fp);
    fingerprint_release(&copy);
    fingerprint_release(&whole);
    struct fingerprint empty;
    fingerprint_init(&empty, &mem_libc);
    assert_true(fingerprint_copy(&copy, &empty));
    assert_int_equal(fingerprint_blocks(&copy), 0);
    fingerprint_release(&copy);
    document_release(&doc);
    document_release(&longer);
}

/* Whether there was enough. */
static bool remember_with(struct mem *mem, const struct document *doc)
{
    struct fingerprint fp, copy;
    fingerprint_init(&fp, mem);
    feed(&fp, doc, 0, 3000);
    bool good = !fp.failed, copied = fingerprint_copy(&copy, &fp);
    if (good) {
        check_blocks(&fp, doc);
        check_events(&fp, doc);
    }
    if (good && copied) {
        check_same(&copy, &fp);
    }
    fingerprint_release(&copy);
    fingerprint_release(&fp);
    return good && copied;
}

TEST(every_lack_of_memory_is_told_and_leaks_nothing)
{
    for (unsigned last = 3; last <= 300; last *= 100) {
        struct version version = VERSION(2, 0, last);
        struct document doc;
        bool done = false;
        write_document(&doc, &version);
        for (long allow = 0; !done; allow++) {
            struct failing_mem failing = {.allow = allow};
            struct mem mem = failing_mem(&failing);
            done = remember_with(&mem, &doc);
            assert_int_equal(failing.live_blocks, 0);
            assert_true(allow < 200);
        }
        document_release(&doc);
    }
}
