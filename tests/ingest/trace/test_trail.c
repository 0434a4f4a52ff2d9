/* What is remembered of a document, and how a later version of it is recognized: in any chunks the same is remembered; each version that
   goes on from the former one (more events, more agents in front, the oldest events gone) is found to, with every piece of it where
   it is said to be; one changed byte is seen; and anything else is another document. */
#include "ingest/trace/match.h"

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

/* A version: metadata, perhaps a marker, and some of the events, each of which is the same text, and has the same before it, in
   every version. */
struct version {
    unsigned metadata, first, last; /* events `first` to `last` - 1 */
    bool closed;                    /* with what is behind the events; else cut behind the last */
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
    for (; *text != '\0'; text++)
        doc->line += *text == '\n';
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
    pad = number % 97 == 50 ? mix(number) % (3 * TRAIL_PIECE) : pad;
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
    for (unsigned i = version->first; i < version->last; i++)
        add_event(doc, i);
    if (version->closed)
        add_text(doc, "\n],\"metadata\":{\"session_id\":\"s\"}}\n");
    assert_false(doc->text.failed);
}

static struct slice text_of(const struct document *doc, const struct part *part)
{
    return (struct slice){doc->text.data + part->offset, part->len};
}

static const struct part *first_event(const struct document *doc)
{
    size_t i = 0;
    while (doc->parts[i].metadata)
        i++;
    return &doc->parts[i];
}

/* ---- remembering ---- */

/* Gives a trail the document from `at` on, as a decoder does: in chunks of at most `chunk` bytes, which vary. */
static void feed(struct trail *trail, const struct document *doc, size_t at, size_t chunk)
{
    size_t next = 0, events_end = at;
    while (next < doc->count && doc->parts[next].offset < at)
        next++;
    for (uint64_t round = 0; at < doc->text.len; round++) {
        size_t len = 1 + mix(round) % chunk;
        len = len < doc->text.len - at ? len : doc->text.len - at;
        for (; next < doc->count; next++) {
            const struct part *part = &doc->parts[next];
            if (part->offset + part->len > at + len)
                break;
            if (part->metadata)
                trail_add_metadata(trail, text_of(doc, part));
            else
                trail_add_event(trail, text_of(doc, part), part->offset, part->line, at);
            events_end = part->offset + part->len;
        }
        trail_add_bytes(trail, doc->text.data + at, len, at, events_end);
        at += len;
    }
}

static void remember(struct trail *trail, const struct document *doc, size_t chunk)
{
    trail_init(trail, &mem_libc);
    feed(trail, doc, 0, chunk);
    trail_close(trail);
    assert_false(trail->failed);
}

/* The bytes of a piece, alone in a block. */
static char *piece_of(const struct trail *trail, size_t n, const struct document *doc, size_t *len)
{
    uint64_t offset;
    trail_piece(trail, n, &offset, len);
    assert_true(offset + *len <= doc->text.len);
    char *bytes = malloc(*len);
    assert_non_null(bytes);
    memcpy(bytes, doc->text.data + offset, *len);
    return bytes;
}

/* Each piece is there, and no longer when one byte of it is another. */
static void check_pieces(const struct trail *trail, const struct document *doc)
{
    uint64_t at = trail->base;
    for (size_t n = 0; n < trail_pieces(trail); n++) {
        uint64_t offset;
        size_t len;
        char *bytes = piece_of(trail, n, doc, &len);
        trail_piece(trail, n, &offset, &len);
        assert_true(offset == at && len > 0 && len <= TRAIL_PIECE);
        assert_true(len == TRAIL_PIECE || n + 1 == trail_pieces(trail));
        assert_true(trail_is(trail, n, bytes));
        const size_t places[] = {0, len - 1, mix(n) % len, mix(n + 1) % len};
        for (size_t i = 0; i < 4; i++) {
            bytes[places[i]] ^= (char)(1 << i);
            assert_false(trail_is(trail, n, bytes));
            bytes[places[i]] ^= (char)(1 << i);
        }
        free(bytes);
        at = offset + len;
    }
    assert_int_equal(at, trail->end);
}

static const struct part *part_at(const struct document *doc, uint64_t offset)
{
    for (size_t i = 0; i < doc->count; i++)
        if (doc->parts[i].offset == offset)
            return &doc->parts[i];
    fail_msg("no event at %llu", (unsigned long long)offset);
    return NULL;
}

/* Each event that is known is where it is said to be, and is found by its text. The first one is the first of them. */
static void check_events(const struct trail *trail, const struct document *doc)
{
    assert_int_equal(trail->first, first_event(doc)->offset);
    assert_int_equal(trail->events[0].offset, trail->first);
    for (size_t i = 0; i < trail->event_count; i++) {
        const struct trail_event *event = &trail->events[i];
        const struct part *part = part_at(doc, event->offset);
        assert_int_equal(event->line, part->line);
        assert_ptr_equal(trail_find(trail, text_of(doc, part)), event);
        assert_true(i == 0 || event[-1].offset < event->offset);
    }
    assert_true(trail->recent <= trail->event_count);
    const struct part *last = &doc->parts[doc->count - 1];
    assert_int_equal(trail->end, last->offset + last->len);
    if (!last->metadata)
        assert_int_equal(trail->line, last->line);
}

/* Of a document that was read in one go: of each piece the first event that begins in it, and of the open one all. */
static void check_known(const struct trail *trail, const struct document *doc)
{
    size_t known = 0;
    uint64_t of = UINT64_MAX;
    for (size_t i = 0; i < doc->count; i++) {
        if (doc->parts[i].metadata)
            continue;
        uint64_t piece = (doc->parts[i].offset - trail->base) / TRAIL_PIECE;
        bool want = piece != of || piece >= trail->piece_count;
        assert_int_equal(trail_find(trail, text_of(doc, &doc->parts[i])) != NULL, want);
        known += want;
        of = piece;
    }
    assert_int_equal(trail->event_count, known);
}

static void check_same(const struct trail *a, const struct trail *b)
{
    assert_int_equal(a->metadata_count, b->metadata_count);
    assert_true(a->metadata_hash == b->metadata_hash);
    assert_true(a->first == b->first && a->base == b->base && a->end == b->end);
    assert_true(a->line == b->line && a->recent == b->recent);
    assert_int_equal(a->piece_count, b->piece_count);
    assert_int_equal(a->event_count, b->event_count);
    if (a->piece_count > 0)
        assert_memory_equal(a->pieces, b->pieces, a->piece_count * sizeof *a->pieces);
    assert_memory_equal(a->events, b->events, a->event_count * sizeof *a->events);
}

static const size_t chunks[] = {1, 100, 5000, TRAIL_PIECE, 1 << 20, SIZE_MAX / 2};
#define CHUNKS (sizeof chunks / sizeof *chunks)

TEST(in_any_chunks_the_same_is_remembered)
{
    static const struct version versions[] = {
        VERSION(0, 0, 1),     {.metadata = 3, .first = 0, .last = 1},
        VERSION(0, 0, 30),    VERSION(5, 0, 400),
        VERSION(300, 0, 200), VERSION(2, 3, 250)};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct document doc;
        struct trail whole, trail;
        write_document(&doc, &versions[i]);
        remember(&whole, &doc, SIZE_MAX / 2);
        assert_int_equal(whole.metadata_count, versions[i].metadata);
        check_events(&whole, &doc);
        check_known(&whole, &doc);
        for (size_t n = 0; n < CHUNKS; n++) {
            remember(&trail, &doc, chunks[n]);
            check_same(&trail, &whole);
            check_pieces(&trail, &doc);
            trail_release(&trail);
        }
        trail_release(&whole);
        document_release(&doc);
    }
}

/* Pieces of one event, of two and of three; events that begin with a piece, a byte before, and a byte behind. */
TEST(of_each_piece_the_first_event_that_begins_in_it_is_known)
{
    for (size_t shift = 0; shift < 3; shift++)
        for (size_t per_piece = 1; per_piece <= 3; per_piece++) {
            struct document doc;
            struct trail trail;
            document_init(&doc);
            add_text(&doc, "[");
            for (unsigned i = 0; i < 4 * per_piece; i++) {
                size_t end = (i + 1) * TRAIL_PIECE / per_piece + shift; /* with the comma */
                add_padded(&doc, 1000 + i, end - doc.text.len - 46, false);
                add_text(&doc, ",");
                assert_int_equal(doc.text.len, end);
            }
            remember(&trail, &doc, 5000);
            assert_int_equal(trail.base, 1);
            check_events(&trail, &doc);
            check_known(&trail, &doc);
            check_pieces(&trail, &doc);
            trail_release(&trail);
            document_release(&doc);
        }
}

TEST(of_metadata_alone_there_is_nothing_to_find)
{
    struct document doc;
    struct trail trail;
    write_document(&doc, &(struct version){.metadata = 5, .closed = true});
    remember(&trail, &doc, 10);
    assert_int_equal(trail.metadata_count, 5);
    assert_int_equal(trail_pieces(&trail), 0);
    assert_true(trail.first == UINT64_MAX);
    struct match match;
    match_init(&match, &trail);
    assert_int_equal(match.state, MATCH_FAILED);
    trail_release(&trail);
    document_release(&doc);
}

TEST(the_chain_of_texts_tells_what_they_are_and_in_which_order)
{
    struct slice a = {"a", 1}, b = {"b", 1}, ab = {"ab", 2}, none = {"", 0};
    uint64_t chains[] = {
        trail_chain(0, a),
        trail_chain(0, b),
        trail_chain(0, ab),
        trail_chain(0, none),
        trail_chain(trail_chain(0, a), b),
        trail_chain(trail_chain(0, b), a),
        trail_chain(trail_chain(0, a), a),
        trail_chain(trail_chain(0, a), none),
        trail_chain(trail_chain(trail_chain(0, a), b), a),
    };
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
        for (size_t n = 0; n < i; n++)
            assert_true(chains[i] != chains[n]);
    assert_true(trail_chain(trail_chain(0, a), b) == chains[4]);
}

/* ---- versions ---- */

static void give_event(struct match *match, const struct document *doc, const struct part *part)
{
    struct scan_event event = {
        .text = text_of(doc, part), .offset = part->offset, .line = part->line};
    struct json_value object;
    assert_true(json_check(event.text.bytes, event.text.len, 10, &object, NULL));
    event.raw.name = json_get(object, "name");
    match_event(match, &event);
}

/* As a decoder does, until it is known. Returns how many metadata events are new. */
static unsigned look(struct match *match, const struct trail *former, const struct document *doc)
{
    unsigned fresh = 0;
    match_init(match, former);
    for (size_t i = 0; i < doc->count && match->state == MATCH_SEARCHES; i++) {
        if (!doc->parts[i].metadata)
            give_event(match, doc, &doc->parts[i]);
        else if (match->first.offset == UINT64_MAX)
            fresh += match_metadata(match, text_of(doc, &doc->parts[i]));
    }
    return fresh;
}

/* The trail becomes that of the version, which must have been found; it is read on from where it ended. */
static void go_on(struct trail *trail, const struct match *match, const struct document *doc,
                  size_t chunk)
{
    assert_int_equal(match->state, MATCH_FOUND);
    uint64_t was = trail->end;
    match_apply(match, trail);
    assert_false(trail->failed);
    assert_int_equal(trail->end, was + (uint64_t)match->by);
    check_pieces(trail, doc);
    feed(trail, doc, (size_t)trail->end, chunk);
    trail_close(trail);
    assert_false(trail->failed);
    check_pieces(trail, doc);
    check_events(trail, doc);
    assert_int_equal(trail->metadata_count, match->metadata_count);
}

TEST(a_version_that_has_only_grown_is_remembered_as_if_it_had_come_at_once)
{
    for (size_t n = 0; n < CHUNKS; n++) {
        struct version version = {.metadata = 3, .closed = true};
        struct trail trail, whole;
        struct document doc;
        for (unsigned step = 0; step < 25; step++) {
            version.last += 1 + (unsigned)mix(step) % 40;
            write_document(&doc, &version);
            remember(&whole, &doc, SIZE_MAX / 2);
            if (step == 0) {
                remember(&trail, &doc, chunks[n]);
            } else {
                struct match match;
                assert_int_equal(look(&match, &trail, &doc), 0);
                assert_true(match.by == 0 && match.by_lines == 0);
                go_on(&trail, &match, &doc, chunks[n]);
            }
            check_same(&trail, &whole);
            check_known(&trail, &doc);
            trail_release(&whole);
            document_release(&doc);
        }
        trail_release(&trail);
    }
}

/* The same version twice, and one without its end: nothing to read on, all of it there. */
TEST(a_version_without_news_goes_on_too)
{
    for (unsigned first = 0; first < 5; first += 4) {
        struct version version = VERSION(3, first, 150);
        struct document doc, cut;
        struct trail trail, was;
        struct match match;
        write_document(&doc, &version);
        version.closed = false;
        write_document(&cut, &version);
        remember(&trail, &doc, 5000);
        remember(&was, &doc, 5000);
        look(&match, &trail, &doc);
        go_on(&trail, &match, &doc, 100);
        check_same(&trail, &was);
        look(&match, &trail, &cut);
        go_on(&trail, &match, &cut, 100);
        check_same(&trail, &was);
        trail_release(&trail);
        trail_release(&was);
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
        struct trail trail, whole;
        struct match match;
        write_document(&doc, &version);
        remember(&trail, &doc, 5000);
        size_t was = first_event(&doc)->offset;
        document_release(&doc);
        version.metadata += more;
        version.last += 100;
        write_document(&doc, &version);
        assert_int_equal(look(&match, &trail, &doc), more);
        assert_int_equal(match.by, first_event(&doc)->offset - was);
        go_on(&trail, &match, &doc, 5000);
        remember(&whole, &doc, 5000);
        check_same(&trail, &whole);
        trail_release(&trail);
        trail_release(&whole);
        document_release(&doc);
    }
}

/* The oldest events are gone, and a marker stands for them; what is left is found from the first of its events that is known. */
TEST(evictions_at_any_place_are_found)
{
    for (unsigned first = 1; first < 200; first += first < 90 ? 1 : 9) {
        struct version version = VERSION(2, 0, 200);
        struct document doc;
        struct trail trail;
        struct match match;
        write_document(&doc, &version);
        remember(&trail, &doc, 5000);
        document_release(&doc);
        version = (struct version)VERSION(2 + first % 3, first, 200 + first % 50);
        write_document(&doc, &version);
        look(&match, &trail, &doc);
        assert_true(match.truncated && match.found > match.first.offset);
        go_on(&trail, &match, &doc, 5000);
        trail_release(&trail);
        document_release(&doc);
    }
}

/* Whether an event that is known lies near enough to the beginning to be found from there. */
static bool can_be_found(const struct trail *trail, const struct document *doc)
{
    size_t first = first_event(doc)->offset;
    for (size_t i = 0; i < doc->count && doc->parts[i].offset <= first + 2 * TRAIL_PIECE; i++)
        if (!doc->parts[i].metadata && trail_find(trail, text_of(doc, &doc->parts[i])) != NULL)
            return true;
    return false;
}

/* The next version: more of everything, and now and then less in front, mostly not all that there was. */
static void advance(struct version *version, uint64_t random)
{
    unsigned was = version->last;
    version->metadata += random % 5 == 0;
    version->last += (unsigned)(random / 5 % 120);
    if (random / 600 % 4 == 0) {
        unsigned gone = (unsigned)(random / 2400 % (was - version->first));
        version->first += random / 2400 % 10 == 0 ? version->last - version->first : gone;
    }
    if (version->last == version->first)
        version->last++;
}

enum outcome { WENT_ON, READ_ANEW, ALL_GONE };

/* Follows the document to that version. */
static enum outcome follow(struct trail *trail, const struct version *version, unsigned last_was,
                           size_t chunk)
{
    enum outcome outcome = WENT_ON;
    struct document doc;
    struct match match;
    write_document(&doc, version);
    look(&match, trail, &doc);
    if (match.state == MATCH_FOUND || can_be_found(trail, &doc)) {
        go_on(trail, &match, &doc, chunk);
    } else {
        outcome = version->first < last_was ? READ_ANEW : ALL_GONE;
        trail_release(trail);
        remember(trail, &doc, chunk);
    }
    document_release(&doc);
    return outcome;
}

/* All that may happen, one thing after another. Where none of the events that are known is left, it is read anew; where some are left
   but none of those that are known, too: that does not happen often. */
TEST(histories_of_versions_are_followed)
{
    unsigned count[3] = {0};
    for (unsigned history = 0; history < 30; history++) {
        struct version version = {.last = 20, .closed = true};
        struct trail trail;
        struct document doc;
        write_document(&doc, &version);
        remember(&trail, &doc, 5000);
        document_release(&doc);
        for (unsigned step = 0; step < 25; step++) {
            unsigned was = version.last;
            advance(&version, mix(history * 100 + step));
            count[follow(&trail, &version, was, chunks[1 + step % (CHUNKS - 1)])]++;
        }
        trail_release(&trail);
    }
    assert_true(count[WENT_ON] > 600 && count[READ_ANEW] < 20 && count[ALL_GONE] > 10);
}

/* ---- other documents ---- */

static enum match_state match_of(const struct version *was, const struct version *is,
                                 void (*change)(struct document *doc))
{
    struct document doc;
    struct trail trail;
    struct match match;
    write_document(&doc, was);
    remember(&trail, &doc, 5000);
    document_release(&doc);
    write_document(&doc, is);
    if (change != NULL)
        change(&doc);
    look(&match, &trail, &doc);
    trail_release(&trail);
    document_release(&doc);
    return match.state;
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
        enum match_state state;
    } cases[] = {
        {VERSION(2, 0, 50), VERSION(2, 0, 60), NULL, MATCH_FOUND},
        {VERSION(2, 0, 50), VERSION(2, 0, 60), change_first_event, MATCH_FAILED},
        {VERSION(2, 0, 50), VERSION(2, 0, 60), change_first_metadata, MATCH_FAILED},
        {VERSION(2, 0, 50), VERSION(2, 0, 60), change_last_metadata, MATCH_FAILED},
        /* a new agent is nobody's business */
        {VERSION(2, 0, 50), VERSION(3, 0, 60), change_last_metadata, MATCH_FOUND},
        {VERSION(2, 0, 50), VERSION(3, 0, 60), change_first_metadata, MATCH_FAILED},
        {VERSION(0, 0, 50), VERSION(1, 0, 60), change_first_metadata, MATCH_FOUND},
        /* agents that have gone */
        {VERSION(2, 0, 50), VERSION(1, 0, 60), NULL, MATCH_FAILED},
        {VERSION(2, 0, 50), VERSION(0, 0, 60), NULL, MATCH_FAILED},
        {VERSION(2, 0, 50), VERSION(1, 9, 60), NULL, MATCH_FAILED},
        /* the first event gone without a marker, or back again behind one */
        {VERSION(2, 9, 50), VERSION(2, 0, 60), NULL, MATCH_FAILED},
        {VERSION(2, 9, 50), VERSION(2, 9, 60), NULL, MATCH_FOUND},
        {VERSION(2, 9, 50), VERSION(2, 9, 60), change_last_metadata, MATCH_FAILED},
        {VERSION(2, 9, 50), VERSION(2, 12, 60), NULL, MATCH_FOUND},
        {VERSION(2, 9, 50), VERSION(2, 12, 60), change_first_event, MATCH_FAILED},
        {VERSION(2, 0, 50), {2, 9, 60, true, UNMARKED}, NULL, MATCH_FAILED},
        {VERSION(2, 0, 50), {2, 0, 60, true, MARKED}, NULL, MATCH_FAILED},
        {VERSION(2, 0, 1), VERSION(2, 0, 1), change_first_event, MATCH_FAILED},
        /* nothing known is left, and more comes than is searched */
        {VERSION(2, 0, 20), VERSION(2, 20, 400), NULL, MATCH_FAILED},
        /* nothing known is left, but something may still come */
        {VERSION(2, 0, 20), VERSION(2, 20, 25), NULL, MATCH_SEARCHES},
        {VERSION(2, 0, 50), VERSION(2, 0, 0), NULL, MATCH_SEARCHES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum match_state got = match_of(&cases[i].was, &cases[i].is, cases[i].change);
        if (got != cases[i].state)
            fail_msg("case %zu: %d", i, got);
    }
}

/* Its beginning is the same, but something further on is not: the pieces tell. */
TEST(a_changed_byte_anywhere_is_seen_in_its_piece_alone)
{
    struct version version = VERSION(2, 0, 300);
    struct document doc;
    struct trail trail;
    write_document(&doc, &version);
    remember(&trail, &doc, 5000);
    for (unsigned i = 0; i < 60; i++) {
        size_t at = (size_t)(trail.base + mix(i) % (trail.end - trail.base));
        doc.text.data[at] ^= 4;
        for (size_t n = 0; n < trail_pieces(&trail); n++) {
            size_t len;
            char *bytes = piece_of(&trail, n, &doc, &len);
            assert_int_equal(trail_is(&trail, n, bytes), n != (at - trail.base) / TRAIL_PIECE);
            free(bytes);
        }
        doc.text.data[at] ^= 4;
    }
    trail_release(&trail);
    document_release(&doc);
}

/* ---- moving and cutting by hand ---- */

TEST(what_lies_before_the_place_is_forgotten)
{
    struct document doc;
    write_document(&doc, &(struct version)VERSION(0, 0, 300));
    struct trail whole;
    remember(&whole, &doc, 5000);
    for (size_t i = 1; i < whole.event_count; i++) {
        uint64_t from = whole.events[i].offset;
        struct trail trail;
        struct trail_event first = {from - 7, 12345, 9};
        assert_true(trail_copy(&trail, &whole));
        trail_begin_at(&trail, from, &first);
        assert_true(trail.first == first.offset && trail.events[0].hash == first.hash);
        assert_int_equal(trail.event_count, whole.event_count - i + 1);
        assert_memory_equal(&trail.events[1], &whole.events[i],
                            (trail.event_count - 1) * sizeof *trail.events);
        /* Only whole pieces, and of those only what is not cut, can be compared. */
        assert_true((int64_t)(trail.base - from) >= 0 && trail.base <= trail.end);
        assert_true(trail.base - from < TRAIL_PIECE || trail.base == trail.end);
        check_pieces(&trail, &doc);
        trail_release(&trail);
    }
    trail_release(&whole);
    document_release(&doc);
}

TEST(all_of_it_moves_together)
{
    struct document doc;
    struct trail trail, was;
    write_document(&doc, &(struct version)VERSION(0, 0, 200));
    remember(&trail, &doc, 5000);
    assert_true(trail_copy(&was, &trail));
    trail_move(&trail, -100000, -3);
    assert_true(trail.first == was.first - 100000 && trail.base == was.base - 100000);
    assert_true(trail.end == was.end - 100000 && trail.line == was.line - 3);
    for (size_t i = 0; i < was.event_count; i++) {
        assert_true(trail.events[i].offset == was.events[i].offset - 100000);
        assert_true(trail.events[i].line == was.events[i].line - 3);
    }
    trail_move(&trail, 100000, 3);
    check_same(&trail, &was);
    check_pieces(&trail, &doc);
    trail_release(&trail);
    trail_release(&was);
    document_release(&doc);
}

/* ---- copies, and lack of memory ---- */

TEST(a_copy_goes_its_own_way)
{
    struct document doc, longer;
    struct trail trail, copy, whole;
    write_document(&doc, &(struct version){.metadata = 2, .first = 0, .last = 150});
    write_document(&longer, &(struct version)VERSION(2, 0, 400));
    remember(&trail, &doc, 5000);
    remember(&whole, &longer, 5000);
    assert_true(trail_copy(&copy, &trail));
    check_same(&copy, &trail);
    feed(&copy, &longer, (size_t)copy.end, 5000);
    check_same(&copy, &whole);
    check_pieces(&copy, &longer);
    check_pieces(&trail, &doc); /* the open piece of the one is not the other's */
    feed(&trail, &longer, (size_t)trail.end, 100);
    check_same(&trail, &whole);
    trail_release(&trail);
    trail_release(&copy);
    trail_release(&whole);
    struct trail empty;
    trail_init(&empty, &mem_libc);
    assert_true(trail_copy(&copy, &empty));
    assert_int_equal(trail_pieces(&copy), 0);
    trail_release(&copy);
    document_release(&doc);
    document_release(&longer);
}

/* Whether there was enough. */
static bool remember_with(struct mem *mem, const struct document *doc)
{
    struct trail trail, copy;
    trail_init(&trail, mem);
    feed(&trail, doc, 0, 3000);
    bool good = !trail.failed, copied = trail_copy(&copy, &trail);
    if (good) {
        check_pieces(&trail, doc);
        check_events(&trail, doc);
    }
    if (good && copied)
        check_same(&copy, &trail);
    trail_release(&copy);
    trail_release(&trail);
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
