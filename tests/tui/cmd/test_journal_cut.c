/* A journal under a cap: its beginning is cut off when it is full, and what is left gives the
   document that the whole would have given. */
#include "tui/cmd/journal_cut.h"

#include "core/correlate/correlator.h"
#include "core/export/run_lock.h"
#include "ingest/feed/feed.h"
#include "tests/support/support.h"
#include "tui/cmd/journal.h"
#include "tui/cmd/recover.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CAP = 400, LINES = 6000, SPANS_OPEN = 5, PATIENCE = 100000 };

int fsync(int fd)
{
    (void)fd;
    return 0;
}

/* A live run in small: a feed into a model with a cap, whose accepted lines go to journals. */
struct run {
    uv_loop_t loop;
    struct swarm *swarm;
    struct tracer *tracer;
    struct correlator *correlator;
    struct event_log *log;
    struct ingest_ctx ingest;
    struct source_counters counters;
    struct feed *feed;
    struct journal *journals[2];
    const char *paths[2];
    unsigned troubles;
};

static int64_t at_rest(void *ctx)
{
    (void)ctx;
    return 1760625065000000000LL;
}

static void put(void *ctx, const char *line, size_t len)
{
    struct run *run = ctx;
    journal_put(run->journals[0], line, len);
    journal_put(run->journals[1], line, len);
}

static void count(void *ctx, uint64_t *events, uint64_t *dropped)
{
    const struct run *run = ctx;
    *events = swarm_counted(run->swarm, POOL_LIVE);
    *dropped = swarm_dropped(run->swarm, POOL_LIVE);
}

static void note(void *ctx, const char *text)
{
    struct run *run = ctx;
    run->troubles++;
    print_message("%s\n", text);
}

static void begin(struct run *run, uint64_t max_bytes)
{
    const char *dir = support_tmpdir();
    const struct swarm_config config = {.max_events = {CAP, 0}};
    memset(run, 0, sizeof *run);
    assert_int_equal(uv_loop_init(&run->loop), 0);
    run->swarm = swarm_new(&mem_libc, &config);
    run->tracer = tracer_new(run->swarm);
    run->correlator = correlator_new(run->swarm, run->tracer);
    run->log = event_log_new(&mem_libc, 10);
    ingest_ctx_init(&run->ingest, run->swarm, run->tracer, run->correlator, run->log, at_rest,
                    NULL);
    run->ingest.tap = (struct ingest_tap){put, run};
    run->counters.ingest = &run->ingest;
    struct feed_options feed = {
        .counters = &run->counters, .where = "test", .source = "test", .max_line_bytes = 1 << 20};
    run->feed = feed_new(&feed);
    for (int i = 0; i < 2; i++) {
        run->paths[i] = support_path(dir, i == 0 ? "cut.journal" : "whole.journal");
        int fd = open(run->paths[i], O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0600);
        assert_true(run_lock_hold(fd));
        struct journal_config journal = {.mem = &mem_libc,
                                         .loop = &run->loop,
                                         .path = run->paths[i],
                                         .fd = fd,
                                         .max_bytes = i == 0 ? max_bytes : 1 << 30,
                                         .max_events = CAP,
                                         .now_ms = 1760625065000,
                                         .count = count,
                                         .trouble = note,
                                         .ctx = run};
        run->journals[i] = journal_new(&journal);
    }
}

static void end(struct run *run)
{
    for (int i = 0; i < 2; i++) {
        journal_close(run->journals[i]);
    }
    uv_run(&run->loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 2; i++) {
        journal_free(run->journals[i]);
    }
    uv_loop_close(&run->loop);
    feed_free(run->feed);
    ingest_ctx_release(&run->ingest);
    correlator_free(run->correlator);
    tracer_free(run->tracer);
    swarm_free(run->swarm);
    event_log_free(run->log);
}

static void push(struct run *run, const char *text)
{
    feed_push(run->feed, text, strlen(text));
    for (int i = 0; i < PATIENCE && journal_is_writing(run->journals[0]); i++) {
        uv_run(&run->loop, UV_RUN_NOWAIT);
        usleep(50);
    }
}

/* Returns new: the document that recovery makes of it. */
static char *document_of(const char *path)
{
    static const struct options options = {.output = NULL};
    struct recover_config config = {
        .mem = &mem_libc, .options = &options, .path = path, .fd = run_lock_claim(path)};
    struct strbuf text;
    uint64_t dropped, bad;
    strbuf_init(&text, &mem_libc, 0);
    assert_true(config.fd >= 0);
    assert_true(journal_file_read_head(config.fd, &config.head));
    if (recover_journal(&config, &text, &dropped, &bad) != RECOVERED) {
        fail_msg("%s: %s", path, text.data);
    }
    assert_int_equal(bad, 0);
    char *document = support_read_file(text.data, NULL);
    unlink(text.data);
    close(config.fd);
    strbuf_release(&text);
    return document;
}

static void assert_same_documents(const struct run *run)
{
    char *cut = document_of(run->paths[0]), *whole = document_of(run->paths[1]);
    assert_string_equal(cut, whole);
    free(cut);
    free(whole);
}

static size_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (size_t)st.st_size;
}

/* Sends tools, of which a few are open at a time, and one that is open all the time. */
static void send_tools(struct run *run, unsigned lines)
{
    char text[512];
    push(run, "{\"op\":\"hello\",\"t\":1760625065000,\"session_id\":\"s\",\"name\":\"n\"}\n"
              "{\"op\":\"register_agent\",\"t\":1760625065000,\"session_id\":\"s\","
              "\"agent_id\":\"a\",\"agent_name\":\"A\",\"parent_agent_id\":\"s\"}\n"
              "{\"op\":\"start_tool\",\"t\":1760625065001,\"session_id\":\"s\","
              "\"span_id\":\"long\",\"tool_name\":\"Task\",\"args\":{\"x\":1}}\n");
    for (unsigned i = 0; i < lines; i++) {
        snprintf(text, sizeof text,
                 "{\"op\":\"start_tool\",\"t\":%llu,\"session_id\":\"s\",\"agent_id\":\"a\","
                 "\"span_id\":\"%u\",\"tool_name\":\"Bash\",\"args\":{\"command\":\"echo %u\"}}\n",
                 1760625066000ULL + i * 2ULL, i, i);
        push(run, text);
        if (i >= SPANS_OPEN) {
            snprintf(text, sizeof text,
                     "{\"op\":\"end_tool\",\"t\":%llu,\"session_id\":\"s\",\"span_id\":\"%u\"}\n",
                     1760625066001ULL + i * 2ULL, i - SPANS_OPEN);
            push(run, text);
        }
    }
}

TEST(a_journal_that_was_cut_gives_the_same_document)
{
    for (uint64_t max_bytes = 200000; max_bytes < 500000; max_bytes += 70000) {
        struct run run;
        begin(&run, max_bytes);
        send_tools(&run, LINES);
        journal_drain(run.journals[0]);
        journal_drain(run.journals[1]);
        assert_int_equal(run.troubles, 0);
        assert_true(size_of(run.paths[1]) > 2 * max_bytes);
        assert_true(size_of(run.paths[0]) < 2 * max_bytes);
        char *bytes = support_read_file(run.paths[0], NULL);
        assert_non_null(strstr(bytes, "\"again\":true}\n"));
        assert_non_null(strstr(bytes, "\"cut\":true"));
        free(bytes);
        end(&run);
        assert_same_documents(&run);
    }
}

/* Sessions of updates, raw events and operations at once. */
static void send_mixed(struct run *run, unsigned lines)
{
    char text[700];
    push(run, "{\"op\":\"raw\",\"session_id\":\"r\",\"event\":{\"ph\":\"M\",\"pid\":1,"
              "\"name\":\"process_name\",\"args\":{\"name\":\"P\"}}}\n"
              "{\"op\":\"update_session\",\"session_id\":\"u\",\"start_ms\":1760625065000,"
              "\"name\":\"N\"}\n"
              "{\"op\":\"update_call\",\"session_id\":\"u\",\"kind\":\"tool\",\"id\":\"long\","
              "\"name\":\"Task\",\"start_ms\":1760625065001}\n");
    for (unsigned i = 0; i < lines; i++) {
        unsigned long long t_ms = 1760625066000ULL + i * 2ULL;
        snprintf(text, sizeof text,
                 "{\"op\":\"update_call\",\"t\":%llu,\"session_id\":\"u\",\"kind\":\"tool\","
                 "\"id\":\"%u\",\"name\":\"Read\",\"start_ms\":%llu,\"args\":{\"p\":\"%u\"}}\n"
                 "{\"op\":\"update_call\",\"t\":%llu,\"session_id\":\"u\",\"kind\":\"tool\","
                 "\"id\":\"%u\",\"end_ms\":%llu,\"success\":true}\n"
                 "{\"op\":\"raw\",\"session_id\":\"r\",\"event\":{\"ph\":\"X\",\"ts\":%u,"
                 "\"dur\":1,\"pid\":1,\"tid\":1,\"name\":\"x%u\"}}\n"
                 "{\"op\":\"counter\",\"t\":%llu,\"session_id\":\"s\",\"name\":\"c\","
                 "\"values\":{\"v\":%u}}\n",
                 t_ms, i, t_ms, i, t_ms + 1, i, t_ms + 1, i * 10, i, t_ms, i);
        push(run, text);
        correlator_flush(run->correlator);
    }
}

/* How often the text is in the document. */
static size_t occurrences(const char *document, const char *text)
{
    size_t count = 0;
    for (const char *at = document; (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

TEST(a_cut_journal_keeps_open_calls_of_updates_and_what_no_cap_drops)
{
    struct run run;
    begin(&run, 200000);
    send_mixed(&run, LINES / 3);
    assert_int_equal(run.troubles, 0);
    journal_drain(run.journals[0]);
    journal_drain(run.journals[1]);
    assert_true(size_of(run.paths[0]) < 400000 && size_of(run.paths[1]) > 800000);
    unsigned long long counted = swarm_counted(run.swarm, POOL_LIVE);
    end(&run);
    char *cut = document_of(run.paths[0]), *whole = document_of(run.paths[1]);
    assert_int_equal(occurrences(cut, "\"name\":\"Tool: Task\""), 2);
    assert_int_equal(occurrences(whole, "\"name\":\"Tool: Task\""), 2);
    assert_int_equal(occurrences(cut, "\"process_name\""), occurrences(whole, "\"process_name\""));
    char last[64];
    snprintf(last, sizeof last, "\"x%d\"", LINES / 3 - 1);
    assert_int_equal(occurrences(cut, last), 1);
    /* No fewer of the newest calls than the run itself would have had. */
    size_t in_cut = occurrences(cut, "\"Tool: Read\""),
           in_whole = occurrences(whole, "\"Tool: Read\"");
    print_message("calls: %zu after the cut, %zu in the whole, %llu counted\n", in_cut, in_whole,
                  counted);
    assert_true(2 * in_cut >= in_whole);
    free(cut);
    free(whole);
}
