/* Property: whatever chunks the bytes come in, they make the same model, the same counts and the same log. For feeds, for trace
   documents of every shape, and for gzip of them. */
#include "ingest/trace/decoder.h"
#include "tests/support/pipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SEEDS = 12 };

static const char feed_text[] =
    "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"s\",\"name\":\"caf\xc3\xa9\"}\r\n"
    "{\"op\":\"start_tool\",\"t\":1760000000010,\"span_id\":\"x\",\"tool_name\":\"B\\u0061sh\",\"args\":{\"a\":\"\\ud83d\"}}\n"
    "bad\n\n{\"op\":\"frob\"}\n{\"ph\":\"X\",\"ts\":1.5,\"dur\":2,\"pid\":\"p\",\"tid\":1,\"name\":\"raw\",\"q\":[1]}\n"
    "{\"op\":\"end_tool\",\"t\":1760000000020,\"span_id\":\"x\",\"success\":\"yes\"}\n"
    "{\"op\":\"log\",\"message\":\"\xf0\x9f\x90\x9d\"}\n"
    "{\"op\":\"instant\",\"name\":\"cut";

static const char document_text[] =
    "\n{ \"displayTimeUnit\" : \"ms\",\n \"traceEvents\" : [\n"
    " {\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"tid\":0,\"args\":{\"name\":\"main\"}},\n"
    " {\"name\":\"a\",\"ph\":\"B\",\"ts\":1,\"pid\":1,\"tid\":1,\"args\":{\"s\":\"br{ace\\\"]}\",\"n\":[[{}]]}} ,\n"
    " {\"name\":\"bad\" \"ph\":\"B\",\"ts\":2},\n {\"name\":\"b\",\"ph\":\"i\",\"ts\":2.5,\"pid\":1,\"tid\":1},\n"
    " {\"name\":\"no ts\",\"ph\":\"B\"},{\"ph\":\"E\",\"ts\":3,\"pid\":1,\"tid\":1}\n],\n"
    " \"metadata\":{\"session_id\":\"m\",\"trace_start_time\":\"2025-10-09T08:53:20.000Z\",\"agent_count\":1,\"own\":[1]},\n"
    " \"otherData\":{\"k\":\"v\"}}\n";

static const char open_array[] = "[{\"ph\":\"B\",\"ts\":1,\"pid\":1,\"tid\":1,\"name\":\"a\"},\n"
                                 "{\"ph\":\"E\",\"ts\":2,\"pid\":1,\"tid\":1},\n";

/* What became of it, as text. `chunk` 0: all at once; else the seed of random chunks. */
static char *outcome(const char *bytes, size_t len, uint64_t seed)
{
    struct rig rig;
    struct pipe pipe;
    rig_init(&rig);
    pipe_init(&pipe, &rig);
    size_t longest = seed % 3 == 0 ? 3 : seed % 3 == 1 ? 40 : 5000;
    for (size_t at = 0; at < len;) {
        size_t n = seed == 0 ? len : seed == 1 ? 1 : 1 + support_random_below(&seed, longest);
        n = n < len - at ? n : len - at;
        /* Out of a block of just this size, so that ASan sees who reads beyond it. */
        char *copy = malloc(n);
        memcpy(copy, bytes + at, n);
        pipe_push(&pipe, copy, n);
        free(copy);
        at += n;
    }
    assert_true(pipe_finish(&pipe));

    char *dump = rig_dump(&rig), *text = NULL;
    const char *error = pipe.wrong != NULL ? pipe.wrong : importer_error(&pipe.importer);
    assert_true(asprintf(&text, "%s\nevents %llu bad %llu complete %d error %s\nlog %zu: %s\n",
                         dump, (unsigned long long)rig.counters.events,
                         (unsigned long long)rig.counters.bad,
                         scan_complete(decoder_scan(pipe.decoder)), error != NULL ? error : "none",
                         event_log_count(rig.log),
                         event_log_count(rig.log) > 0 ? event_log_get(rig.log, 0)->text : "") > 0);
    free(dump);
    pipe_release(&pipe);
    rig_release(&rig);
    return text;
}

static void check(const char *bytes, size_t len)
{
    char *whole = outcome(bytes, len, 0);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        if (seed == 1 && len > 300000) {
            continue; /* byte by byte */
        }
        char *pieces = outcome(bytes, len, seed);
        assert_string_equal(pieces, whole);
        free(pieces);
    }
    free(whole);
}

/* gzip in `members` members. */
static char *zip(const char *bytes, size_t len, unsigned members, size_t *out_len)
{
    char *out = malloc(len + 1000 * members);
    *out_len = 0;
    for (unsigned i = 0; i < members; i++) {
        size_t from = len * i / members, to = len * (i + 1) / members;
        z_stream z = {.zalloc = NULL};
        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        const char *in = bytes + from;
        memcpy(&z.next_in, &in, sizeof in);
        z.avail_in = (unsigned)(to - from);
        z.next_out = (unsigned char *)out + *out_len;
        z.avail_out = (unsigned)(len + 1000 * members - *out_len);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        *out_len += z.total_out;
        deflateEnd(&z);
    }
    return out;
}

TEST(a_feed)
{
    check(feed_text, sizeof feed_text - 1);
}

TEST(a_document)
{
    check(document_text, sizeof document_text - 1);
}

TEST(an_array_never_closed)
{
    check(open_array, sizeof open_array - 1);
}

TEST(every_prefix_of_a_document)
{
    for (size_t len = 0; len < sizeof document_text; len += 7) {
        char *whole = outcome(document_text, len, 0);
        char *pieces = outcome(document_text, len, 3);
        char *bytes = outcome(document_text, len, 1);
        assert_string_equal(pieces, whole);
        assert_string_equal(bytes, whole);
        free(whole);
        free(pieces);
        free(bytes);
    }
}

TEST(gzip_of_them_is_what_they_are)
{
    static const struct {
        const char *text;
        size_t len;
    } texts[] = {{feed_text, sizeof feed_text - 1},
                 {document_text, sizeof document_text - 1},
                 {open_array, sizeof open_array - 1}};
    for (size_t i = 0; i < 3; i++) {
        for (unsigned members = 1; members <= 3; members++) {
            size_t len;
            char *zipped = zip(texts[i].text, texts[i].len, members, &len);
            char *plain = outcome(texts[i].text, texts[i].len, 0);
            char *unzipped = outcome(zipped, len, 0);
            assert_string_equal(unzipped, plain);
            check(zipped, len);
            free(zipped);
            free(plain);
            free(unzipped);
        }
    }
}

TEST(damaged_gzip_keeps_what_came)
{
    size_t len;
    char *zipped = zip(open_array, sizeof open_array - 1, 2, &len);
    for (size_t cut = 1; cut < len; cut++) {
        char *text = outcome(zipped, cut, 0);
        char *pieces = outcome(zipped, cut, 2);
        assert_string_equal(pieces, text);
        free(text);
        free(pieces);
    }
    char *half = outcome(zipped, len - 4, 0);
    assert_non_null(strstr(half, "events 2"));
    assert_non_null(strstr(half, "error unexpected end of the gzip data"));
    free(half);
    free(zipped);
}

static void golden(const char *name)
{
    char rel[100];
    snprintf(rel, sizeof rel, "golden/%s", name);
    size_t len;
    char *text = support_read_file(support_data(rel), &len);
    check(text, len);
    free(text);
}

TEST(the_golden_feeds)
{
    golden("quirks.feed.ndjson");
    golden("small.feed.ndjson");
    golden("swarm.feed.ndjson");
}

TEST(the_golden_traces)
{
    golden("quirks.trace.json");
    golden("small.trace.json");
    golden("swarm.trace.json");
}
