/* The loop is run in turns of at most some milliseconds, each followed by a look at what is waited for:
   nothing sleeps for a time that was guessed. */
#include "tests/support/rig.h"

#include "ingest/sources.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, TURN_MS = 5 };

static int64_t rig_now(void *ctx)
{
    const struct rig *rig = ctx;
    return rig->now_ns;
}

static int64_t rig_wall(void *ctx)
{
    const struct rig *rig = ctx;
    return rig->now_ns + rig->ahead_ns;
}

bool rig_init_with(struct rig *rig, const struct mem *mem)
{
    const struct swarm_config config = {.max_events = {0, 0}};
    return rig_init_capped(rig, mem, &config);
}

bool rig_init_capped(struct rig *rig, const struct mem *mem, const struct swarm_config *config)
{
    *rig = (struct rig){.now_ns = MODEL_START_NS};
    bool good = model_init_with(&rig->model, mem, config);
    rig->log = event_log_new(&mem_libc, 4000);
    assert_non_null(rig->log);
    if (good) {
        ingest_ctx_init(&rig->ingest, rig->model.swarm, rig->model.tracer, rig->model.correlator,
                        rig->log, rig_now, rig);
    }
    rig->ingest.hook_clients = source_hook_clients;
    rig->counters = (struct source_counters){.ingest = &rig->ingest};
    return good;
}

void rig_init(struct rig *rig)
{
    assert_true(rig_init_with(rig, &mem_libc));
}

void rig_release(struct rig *rig)
{
    if (rig->hub != NULL) {
        rig_stop_hub(rig);
    }
    if (rig->ingest.mem != NULL) {
        ingest_ctx_release(&rig->ingest);
    }
    event_log_free(rig->log);
    model_release(&rig->model);
}

int rig_set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig_init(rig);
    *state = rig;
    return 0;
}

int rig_tear_down(void **state)
{
    rig_release(*state);
    free(*state);
    return 0;
}

struct feed *rig_feed(struct rig *rig)
{
    struct feed_options options = {
        .counters = &rig->counters, .where = "test", .source = "test", .max_line_bytes = 1 << 20};
    struct feed *feed = feed_new(&options);
    assert_non_null(feed);
    return feed;
}

void rig_push(struct feed *feed, const char *text)
{
    assert_true(feed_push(feed, text, strlen(text)));
}

void rig_take(struct rig *rig, const char *text)
{
    struct feed *feed = rig_feed(rig);
    rig_push(feed, text);
    feed_finish(feed, SESSION_DISCONNECTED);
    feed_free(feed);
}

/* ---- with a hub ---- */

static void note_change(void *ctx)
{
    struct rig *rig = ctx;
    rig->changed++;
}

void rig_start_hub(struct rig *rig, struct hub_options options)
{
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    options.swarm = rig->model.swarm;
    options.tracer = rig->model.tracer;
    options.correlator = rig->model.correlator;
    options.log = rig->log;
    options.hook_clients = source_hook_clients;
    options.sources = options.sources != NULL ? options.sources : source_rows;
    options.now_ns = rig_now;
    options.wall_ns = rig_wall;
    options.changed = note_change;
    options.ctx = rig;
    rig->hub = hub_new(&rig->loop, &options);
    assert_non_null(rig->hub);
}

size_t rig_add(struct rig *rig, const char *spec)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    size_t index = hub_source_count(rig->hub);
    if (!hub_add(rig->hub, spec, &error)) {
        fail_msg("%s", error.data);
    }
    strbuf_release(&error);
    return index;
}

static void wake(uv_timer_t *timer)
{
    (void)timer;
}

/* Turns of the loop, none of them longer than TURN_MS, until the condition holds or time is up. */
static bool run(struct rig *rig, rig_condition *condition, void *ctx, uint64_t ms)
{
    uv_timer_t timer;
    uv_timer_init(&rig->loop, &timer);
    uv_timer_start(&timer, wake, TURN_MS, TURN_MS);
    uint64_t end = uv_hrtime() + ms * 1000000;
    bool holds = condition != NULL && condition(rig, ctx);
    while (!holds && uv_hrtime() < end) {
        uv_run(&rig->loop, UV_RUN_ONCE);
        holds = condition != NULL && condition(rig, ctx);
    }
    uv_close((uv_handle_t *)&timer, NULL);
    /* Only the timer is waited for, not what is under way. */
    uv_run(&rig->loop, UV_RUN_NOWAIT);
    return holds;
}

void rig_until(struct rig *rig, rig_condition *condition, void *ctx)
{
    if (run(rig, condition, ctx, PATIENCE_MS)) {
        return;
    }
    for (size_t i = 0; i < event_log_count(rig->log); i++) {
        print_message("log: %s\n", event_log_get(rig->log, i)->text);
    }
    fail_msg("what is waited for does not come");
}

void rig_run_ms(struct rig *rig, unsigned ms)
{
    run(rig, NULL, NULL, ms);
}

static bool finished(struct rig *rig, void *ctx)
{
    (void)ctx;
    return hub_finished(rig->hub);
}

void rig_until_finished(struct rig *rig)
{
    rig_until(rig, finished, NULL);
}

static bool has_events(struct rig *rig, void *ctx)
{
    uint64_t want, sum = 0;
    memcpy(&want, ctx, sizeof want);
    for (size_t i = 0; i < hub_source_count(rig->hub); i++) {
        sum += hub_source(rig->hub, i).events;
    }
    return sum >= want;
}

void rig_until_events(struct rig *rig, uint64_t events)
{
    rig_until(rig, has_events, &events);
}

static bool has_bad(struct rig *rig, void *ctx)
{
    uint64_t want, sum = 0;
    memcpy(&want, ctx, sizeof want);
    for (size_t i = 0; i < hub_source_count(rig->hub); i++) {
        sum += hub_source(rig->hub, i).bad;
    }
    return sum >= want;
}

void rig_until_bad(struct rig *rig, uint64_t bad)
{
    rig_until(rig, has_bad, &bad);
}

void rig_stop_hub(struct rig *rig)
{
    hub_stop(rig->hub);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    hub_free(rig->hub);
    rig->hub = NULL;
    assert_int_equal(uv_loop_close(&rig->loop), 0);
}

/* ---- looking ---- */

const char *rig_logged(const struct rig *rig, const char *text)
{
    for (size_t i = event_log_count(rig->log); i-- > 0;) {
        const struct log_entry *entry = event_log_get(rig->log, i);
        char line[4096];
        int len =
            snprintf(line, sizeof line, "%s%s%.*s", entry->origin != NULL ? entry->origin : "",
                     entry->origin != NULL ? ": " : "", (int)entry->len, entry->text);
        if (memmem(line, (size_t)len, text, strlen(text)) != NULL) {
            return entry->text;
        }
    }
    return NULL;
}

session_no rig_session_no(const struct rig *rig, const char *id)
{
    const struct swarm *swarm = rig->model.swarm;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session != NULL && strcmp(swarm_text(swarm, session->id), id) == 0) {
            return (session_no)i;
        }
    }
    return NO_SESSION;
}

const struct session *rig_session(const struct rig *rig, const char *id)
{
    session_no session = rig_session_no(rig, id);
    return session == NO_SESSION ? NULL : swarm_session(rig->model.swarm, session);
}

size_t rig_live_sessions(const struct rig *rig)
{
    size_t count = 0;
    for (size_t i = 0; i < swarm_session_count(rig->model.swarm); i++) {
        count += swarm_session(rig->model.swarm, (session_no)i) != NULL;
    }
    return count;
}

char *rig_dump(const struct rig *rig)
{
    return model_dump(rig->model.swarm);
}

size_t rig_events(const struct rig *rig)
{
    return event_store_count(swarm_store(rig->model.swarm, POOL_LIVE)) +
           event_store_count(swarm_store(rig->model.swarm, POOL_FILES));
}
