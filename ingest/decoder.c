/* gunzip where the first two bytes say so, then scan; what scan finds goes to the model at once, or, in a document that is followed, to the
   staging list; a text of lines goes on to a feed, which it is by then. */
#include "ingest/decoder.h"

#include "ingest/feed.h"
#include "ingest/gunzip.h"

#include <string.h>

struct decoder {
    struct decoder_options options;
    const struct mem *mem;
    struct gunzip *gunzip;
    struct scan *scan;
    struct feed *feed;
    char first[2]; /* the first bytes, until it is known whether they are gzip */
    size_t first_len;
    bool probed, failed, finished;
    bool took_line; /* some line was good */
    bool took_raw;  /* some line was an event of a document */
    uint64_t passed_over;
    struct strbuf error;
};

static void set_error(struct decoder *decoder, uint64_t line, const char *reason, const char *bytes,
                      size_t len)
{
    if (decoder->error.len > 0) {
        return;
    }
    strbuf_addf(&decoder->error, "%s: ", decoder->options.where);
    if (line > 0) {
        strbuf_addf(&decoder->error, "line %llu: ", (unsigned long long)line);
    }
    strbuf_adds(&decoder->error, reason);
    if (len > 0) {
        strbuf_adds(&decoder->error, " near '");
        intake_quote(&decoder->error, bytes, len);
        strbuf_adds(&decoder->error, "'");
    }
}

static bool begin_load(struct decoder *decoder)
{
    return decoder->options.load->document != 0 || trace_load_begin(decoder->options.load);
}

static bool take_event(void *ctx, struct json_value object, uint64_t line)
{
    struct decoder *decoder = ctx;
    if (decoder->options.staged != NULL) {
        return staged_add(decoder->options.staged, object, line);
    }
    return begin_load(decoder) && trace_load_event(decoder->options.load, object, line);
}

static bool take_member(void *ctx, struct json_value key, struct json_value value)
{
    struct decoder *decoder = ctx;
    return trace_load_member(decoder->options.load, key, value);
}

static void take_bad(void *ctx, uint64_t line, const char *reason, const char *bytes, size_t len)
{
    struct decoder *decoder = ctx;
    set_error(decoder, line, reason, bytes, len);
    /* A version that is followed and not whole is simply not taken: who takes one asks what was wrong with it. */
    decoder->passed_over++;
    if (decoder->options.staged == NULL) {
        struct complaint complaint = {.where = decoder->options.where,
                                      .line = line,
                                      .reason = reason,
                                      .bytes = {bytes, len},
                                      .level = NOTICE_WARNING};
        tally_bad(decoder->options.tally, &complaint);
    }
}

/* An event on a line of its own, and no session that it could belong to. The first one of these data takes the place of what the model
   has of former ones. */
static bool take_raw(void *ctx, struct json_value object, uint64_t line)
{
    struct decoder *decoder = ctx;
    if (!decoder->took_raw && !trace_load_begin(decoder->options.load)) {
        return false;
    }
    decoder->took_raw = true;
    return trace_load_event(decoder->options.load, object, line);
}

static bool take_lines(void *ctx, const char *bytes, size_t len)
{
    struct decoder *decoder = ctx;
    if (decoder->feed == NULL) {
        struct feed_options options = {
            .tally = decoder->options.tally,
            .where = decoder->options.where,
            .source = decoder->options.where,
            .session_id = decoder->options.session_id,
            .max_line_bytes = decoder->options.max_line_bytes,
            .take_raw = decoder->options.recorded ? take_raw : NULL,
            .ctx = decoder,
        };
        decoder->feed = feed_new(&options);
    }
    uint64_t events = decoder->options.tally->events;
    bool good = decoder->feed != NULL && feed_push(decoder->feed, bytes, len);
    decoder->took_line |= decoder->options.tally->events > events;
    return good;
}

struct decoder *decoder_new(const struct decoder_options *options)
{
    const struct mem *mem = options->tally->intake->mem;
    struct decoder *decoder = mem_zalloc(mem, 1, sizeof *decoder);
    if (decoder == NULL) {
        return NULL;
    }
    decoder->mem = mem;
    decoder->options = *options;
    strbuf_init(&decoder->error, mem, 1024);
    struct scan_sink sink = {take_event, take_member, take_bad, take_lines, decoder};
    decoder->scan = scan_new(mem, &sink, options->max_event_bytes);
    if (decoder->scan == NULL) {
        decoder_free(decoder);
        return NULL;
    }
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (decoder != NULL) {
        gunzip_free(decoder->gunzip);
        scan_free(decoder->scan);
        feed_free(decoder->feed);
        strbuf_release(&decoder->error);
        mem_free(decoder->mem, decoder, sizeof *decoder);
    }
}

static bool take_plain(void *ctx, const char *bytes, size_t len)
{
    struct decoder *decoder = ctx;
    return scan_push(decoder->scan, bytes, len);
}

static bool push_known(struct decoder *decoder, const char *bytes, size_t len)
{
    if (decoder->gunzip == NULL) {
        return take_plain(decoder, bytes, len);
    }
    const char *wrong = gunzip_push(decoder->gunzip, bytes, len);
    if (wrong != NULL) {
        set_error(decoder, 0, wrong, NULL, 0);
    }
    return wrong == NULL;
}

/* The two first bytes tell gzip from everything else. */
static bool probe(struct decoder *decoder)
{
    decoder->probed = true;
    if (gunzip_is(decoder->first, decoder->first_len)) {
        decoder->gunzip = gunzip_new(decoder->mem, take_plain, decoder);
        if (decoder->gunzip == NULL) {
            return false;
        }
    }
    return push_known(decoder, decoder->first, decoder->first_len);
}

bool decoder_push(struct decoder *decoder, const char *bytes, size_t len)
{
    while (!decoder->probed && len > 0 && !decoder->failed) {
        decoder->first[decoder->first_len++] = *bytes++;
        len--;
        if (decoder->first_len == sizeof decoder->first) {
            decoder->failed = !probe(decoder);
        }
    }
    if (!decoder->failed && len > 0) {
        decoder->failed = !push_known(decoder, bytes, len);
    }
    if (decoder->failed) {
        set_error(decoder, 0, "cannot be read on: out of memory, or refused", NULL, 0);
    }
    return !decoder->failed;
}

void decoder_finish(struct decoder *decoder, uint8_t flag)
{
    if (decoder->finished) {
        return;
    }
    decoder->finished = true;
    if (!decoder->probed && decoder->first_len > 0) {
        decoder->failed = !probe(decoder);
    }
    const char *wrong = decoder->gunzip != NULL ? gunzip_finish(decoder->gunzip) : NULL;
    if (wrong != NULL) {
        set_error(decoder, 0, wrong, NULL, 0);
    }
    scan_finish(decoder->scan);
    if (decoder->feed != NULL) {
        uint64_t events = decoder->options.tally->events;
        feed_finish(decoder->feed, flag);
        decoder->took_line |= decoder->options.tally->events > events;
        if (!decoder->took_line && decoder->options.tally->bad > 0) {
            set_error(decoder, 0, "no trace, and no line of a feed in it", NULL, 0);
        }
    }
}

void decoder_rest(struct decoder *decoder, uint8_t flag)
{
    if (decoder->feed != NULL) {
        feed_rest(decoder->feed, flag);
    }
}

enum scan_shape decoder_shape(const struct decoder *decoder)
{
    return scan_shape(decoder->scan);
}

bool decoder_complete(const struct decoder *decoder)
{
    return !decoder->failed && scan_complete(decoder->scan);
}

const char *decoder_error(const struct decoder *decoder)
{
    return decoder->error.len > 0 ? decoder->error.data : NULL;
}

uint64_t decoder_passed_over(const struct decoder *decoder)
{
    return decoder->passed_over;
}

static size_t cut(const char *name, size_t len, const char *end)
{
    size_t n = strlen(end);
    return len > n && memcmp(name + len - n, end, n) == 0 ? len - n : len;
}

void decoder_session_id(const char *path, struct strbuf *out)
{
    static const char *const extensions[] = {".json", ".ndjson", ".jsonl", ".trace"};
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
    size_t len = cut(name, strlen(name), ".gz");
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        size_t shorter = cut(name, len, extensions[i]);
        if (shorter != len) {
            len = shorter;
            break;
        }
    }
    strbuf_add(out, name, len);
}
