/* A mark goes into the feed and into the journal. So the reader knows up to where it has all of the
   journal, by a clock that no sender of lines sets, and a connection that is dead is noticed. */
#include "tui/cmd/record_feed.h"

#include "tui/cmd/journal.h"
#include "tui/cmd/journal_file.h"
#include "tui/cmd/journal_replay.h"
#include "tui/screen/console.h"

#include "core/base/version.h"
#include "core/export/feed_line.h"

#include "ingest/nats/nats_feed.h"
#include "ingest/nats/nats_url.h"
#include "ingest/sources.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MARK_MS = 5000, NATS_END_MS = 5000 };

static void print_trouble(const char *path)
{
    int why = errno;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    if (strcmp(path, "-") == 0) {
        strbuf_adds(&error, "stdout");
    } else {
        sources_put_shown(path, &error);
    }
    strbuf_addf(&error, ": cannot write the feed: %s", strerror(why));
    console_error(&error);
    strbuf_release(&error);
}

static void report(struct record_feed *feed)
{
    if (!feed->failed) {
        int why = errno;
        feed->failing(feed->ctx);
        errno = why;
        print_trouble(feed->options->feed);
    }
    feed->failed = true;
}

static void put_line(void *ctx, const char *line, size_t len)
{
    struct record_feed *feed = ctx;
    if (feed->nats != NULL) {
        nats_feed_put(feed->nats, line, len);
    }
    if (feed->reading) {
        feed_reader_put(&feed->reader, line, len);
    } else if (feed->out != NULL && !console_write(feed->out, line, len, CONSOLE_JSON)) {
        report(feed);
    }
}

/* The first trouble is printed; what it costs, at the end. */
static void flush_nats(struct record_feed *feed)
{
    nats_feed_flush(feed->nats);
    const char *why = nats_feed_trouble(feed->nats);
    if (why != NULL && !feed->failed) {
        feed->failed = true;
        feed->failing(feed->ctx);
        console_errorf("%s: cannot send the feed: %s; it tries again", nats_feed_name(feed->nats),
                       why);
    }
}

/* Returns whether all lines were sent. */
static bool close_nats(struct record_feed *feed)
{
    struct strbuf name;
    strbuf_init(&name, &mem_libc, 0);
    strbuf_adds(&name, nats_feed_name(feed->nats));
    uint64_t lost = nats_feed_close(feed->nats, NATS_END_MS);
    feed->nats = NULL;
    if (lost > 0) {
        console_errorf("%s: %llu lines of the feed were not sent", name.failed ? "nats" : name.data,
                       (unsigned long long)lost);
    }
    strbuf_release(&name);
    return lost == 0;
}

static bool open_nats(struct record_feed *feed)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    feed->nats = nats_feed_start(feed->options->feed, &error);
    if (feed->nats == NULL) {
        console_error(&error);
    }
    strbuf_release(&error);
    return feed->nats != NULL;
}

void record_feed_flush(struct record_feed *feed)
{
    if (feed->nats != NULL) {
        flush_nats(feed);
    }
    if (feed->reading) {
        feed_reader_flush(&feed->reader);
    } else if (feed->out != NULL && fflush(feed->out) != 0) {
        report(feed);
    }
}

bool record_feed_open(struct record_feed *feed, const struct options *options,
                      struct engine_config *config)
{
    feed->options = options;
    if (options->feed == NULL) {
        return true;
    }
    feed->serves = journal_file_serves(options);
    if (nats_url_is(options->feed)) {
        config->tap = (struct ingest_tap){put_line, feed};
        return open_nats(feed);
    }
    feed->out = strcmp(options->feed, "-") == 0 ? stdout : fopen(options->feed, "we");
    if (feed->out == NULL) {
        print_trouble(options->feed);
        return false;
    }
    config->tap = (struct ingest_tap){put_line, feed};
    return true;
}

/* ---- a reader ---- */

static double now_ms(void)
{
    return (double)(engine_now_ns() / 1000000);
}

static void put_mark(struct record_feed *feed)
{
    struct strbuf line;
    strbuf_init(&line, feed->engine->mem, 0);
    feed_line_feed_mark(now_ms(), &line);
    if (!line.failed) {
        put_line(feed, line.data, line.len);
        if (feed->engine->journal != NULL) {
            journal_put(feed->engine->journal, line.data, line.len);
        }
    }
    strbuf_release(&line);
    record_feed_flush(feed);
}

static void on_mark(uv_timer_t *timer)
{
    put_mark(timer->data);
}

static void put_head(struct record_feed *feed)
{
    struct strbuf line;
    strbuf_init(&line, feed->engine->mem, 0);
    feed_line_feed_begin(now_ms(), SWARMTOP_VERSION, &line);
    if (!line.failed) {
        put_line(feed, line.data, line.len);
    }
    strbuf_release(&line);
}

/* Sends what journals have since --from: the reader was connected until then. */
static void put_missed(struct record_feed *feed)
{
    const struct journal *journal = feed->engine->journal;
    int64_t now_ns = engine_now_ns();
    int64_t from_ns = time_spec_resolve(feed->options->from, now_ns, now_ns, now_ns);
    struct journal_replay replay = {
        .options = feed->options,
        .own = journal == NULL ? NULL : journal_path_of(journal),
        .from_ms = (double)(from_ns / 1000) / 1e3,
        .put = put_line,
        .ctx = feed,
    };
    if (feed->options->from.form != TIME_UNSET) {
        journal_replay(&replay);
    }
    journal_replay_tidy(feed->options, engine_now_ns());
}

static void on_lost(void *ctx)
{
    struct record_feed *feed = ctx;
    engine_stop(feed->engine);
}

/* Returns where the reader's line feeds come: none do for a report, which ends by itself, nor where
   stdin is a source. */
static int beats_of(const struct record_feed *feed)
{
    const struct options *options = feed->options;
    for (size_t i = 0; i < options->argument_count; i++) {
        if (strcmp(options->arguments[i], "-") == 0) {
            return -1;
        }
    }
    return feed->engine->live ? STDIN_FILENO : -1;
}

static void open_reader(struct record_feed *feed)
{
    const struct feed_reader_config config = {
        .loop = &feed->engine->loop,
        .mem = feed->engine->mem,
        .out = STDOUT_FILENO,
        .in = beats_of(feed),
        .silence_ms = FEED_READER_SILENCE_MS,
        .lost = on_lost,
        .ctx = feed,
    };
    feed_reader_open(&feed->reader, &config);
    feed->reading = true;
}

void record_feed_start(struct record_feed *feed, struct engine *engine)
{
    feed->engine = engine;
    if (!feed->serves) {
        return;
    }
    open_reader(feed);
    put_head(feed);
    if (engine->live) {
        put_missed(feed);
        put_mark(feed);
        uv_timer_init(&engine->loop, &feed->marks);
        feed->marks.data = feed;
        feed->marking = true;
        uv_timer_start(&feed->marks, on_mark, MARK_MS, MARK_MS);
        uv_unref((uv_handle_t *)&feed->marks);
    }
}

void record_feed_stop(struct record_feed *feed)
{
    if (feed->marking) {
        uv_close((uv_handle_t *)&feed->marks, NULL);
    }
    if (feed->reading) {
        feed_reader_stop(&feed->reader);
    }
}

bool record_feed_close(struct record_feed *feed)
{
    if (feed->nats != NULL) {
        return close_nats(feed);
    }
    if (feed->reading) {
        feed_reader_finish(&feed->reader);
        feed->reading = false;
        return true;
    }
    record_feed_flush(feed);
    if (feed->out != NULL && feed->out != stdout && fclose(feed->out) != 0) {
        report(feed);
    }
    feed->out = NULL;
    return !feed->failed;
}
