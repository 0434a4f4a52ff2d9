/* A timer looks at the model: when it has changed, and now and then because time alone makes a
   call stall. Notices wait in two rows of slots, one slot for each kind, until the terminal
   or the command takes it. */
#include "tui/cmd/notify.h"

#include "tui/cmd/local_clock.h"
#include "tui/cmd/notify_facts.h"
#include "tui/cmd/notify_run.h"

#include "core/base/utf8.h"

#define SECOND_NS  INT64_C(1000000000)
#define RING_NS    (2 * SECOND_NS)
#define RUN_NS     SECOND_NS
#define LOOK_NS    (2 * SECOND_NS) /* without a change of the model */
#define STALLED_NS (5 * SECOND_NS)
#define SETTLE_NS  SECOND_NS /* the sources' first reading */

enum { TICK_MS = 500, RING_BYTES = 240 };

struct notify {
    struct notify_config config;
    const struct mem *mem;
    struct notices *notices;
    uv_timer_t tick;
    int64_t started_ns, looked_ns, stalled_ns, rung_ns, run_ns; /* of the last time; 0: never */
    uint64_t revision;                                          /* of the model looked at last */
    struct notify_facts ring[NOTICES], run[NOTICES];
    struct notify_run *child; /* NULL: none runs */
    bool failed;              /* so did the last run, which was reported */
};

/* ---- looking ---- */

static void take(struct notify *n)
{
    const struct options *options = n->config.engine->options;
    const struct notify_look look = {n->config.engine->swarm, options->ascii, options->no_mask};
    struct notice notice;
    while (notices_next(n->notices, &notice)) {
        if (options->bell && n->config.ring != NULL) {
            notify_facts_add(&n->ring[notice.kind], &notice, &look);
        }
        if (options->notify != NULL) {
            notify_facts_add(&n->run[notice.kind], &notice, &look);
        }
    }
}

/* Sets *out to what has stalled. Returns false if it is not known. */
static bool find_stalled(const struct notify *n, int64_t now_ns, struct stalled *out)
{
    const struct swarm *swarm = n->config.engine->swarm;
    struct swarm_metrics metrics;
    bool known = metrics_compute_totals(swarm, now_ns, &metrics);
    bool made = stalled_make(swarm, known ? &metrics : NULL, now_ns, n->mem, out);
    if (known) {
        metrics_release(&metrics);
    }
    return made;
}

static void look(struct notify *n, int64_t now_ns)
{
    struct engine *engine = n->config.engine;
    struct source_progress progress;
    struct stalled stalled = {.mem = n->mem};
    bool reads = now_ns - n->started_ns < SETTLE_NS || engine_progress(engine, &progress);
    bool again = reads || n->stalled_ns == 0 || now_ns - n->stalled_ns >= STALLED_NS;
    bool known = again && find_stalled(n, now_ns, &stalled);
    /* A lack of memory leaves agents out of this look. */
    (void)notices_look(n->notices, &(struct notices_look){.swarm = engine->swarm,
                                                          .stalled = known ? &stalled : NULL,
                                                          .local_ns = now_ns,
                                                          .reads = reads});
    stalled_release(&stalled);
    n->stalled_ns = known ? now_ns : n->stalled_ns;
    n->looked_ns = now_ns;
    n->revision = swarm_revision(engine->swarm);
    take(n);
}

/* ---- the terminal ---- */

static void ring(struct notify *n, int64_t now_ns)
{
    struct strbuf text;
    size_t kinds = 0;
    strbuf_init(&text, n->mem, 0);
    /* The prefix keeps a name from being read as a number of the sequence, too. */
    strbuf_adds(&text, "swarmtop: ");
    for (int kind = 0; kind < NOTICES; kind++) {
        if (n->ring[kind].count > 0) {
            strbuf_adds(&text, kinds++ > 0 ? "; " : "");
            notify_facts_sentence(&n->ring[kind], (enum notice_kind)kind, &text);
        }
    }
    size_t len = text.failed ? 0 : utf8_cut(text.data, text.len, RING_BYTES);
    if (kinds > 0 && len > 0 && n->config.ring(n->config.ctx, text.data, len)) {
        n->rung_ns = now_ns;
        for (int kind = 0; kind < NOTICES; kind++) {
            notify_facts_clear(&n->ring[kind]);
        }
    }
    strbuf_release(&text);
}

/* ---- the command ---- */

/* A command that fails again and again is reported once. */
static void report(struct notify *n, const char *what, int number)
{
    struct strbuf text;
    strbuf_init(&text, n->mem, 0);
    strbuf_addf(&text, "--notify: the command %s %d", what, number);
    if (!n->failed && !text.failed) {
        engine_report(n->config.engine, LOG_LEVEL_WARNING, text.data);
    }
    n->failed = true;
    strbuf_release(&text);
}

static void on_ended(void *ctx, int64_t status, int number, bool late)
{
    struct notify *n = ctx;
    n->child = NULL;
    if (late) {
        report(n, "was ended: it ran for longer than the seconds that it has,", NOTIFY_RUN_SECONDS);
    } else if (number != 0) {
        report(n, "was ended by signal", number);
    } else if (status != 0) {
        report(n, "has failed with status", (int)status);
    } else {
        n->failed = false;
    }
}

static void run(struct notify *n, enum notice_kind kind, int64_t now_ns)
{
    struct notify_facts *facts = &n->run[kind];
    struct strbuf input;
    strbuf_init(&input, n->mem, 0);
    notify_facts_close(facts, kind, local_clock_wall());
    char **env = notify_facts_env(facts);
    if (env != NULL && notify_facts_json(facts, &input)) {
        int error = 0;
        struct notify_run_options options = {
            .loop = &n->config.engine->loop,
            .mem = n->mem,
            .command = n->config.engine->options->notify,
            .env = env,
            .input = &input,
            .ended = on_ended,
            .ctx = n,
        };
        n->child = notify_run_new(&options, &error);
        if (n->child == NULL) {
            report(n, "cannot be started: error", error);
        }
    }
    n->run_ns = now_ns;
    notify_facts_clear(facts);
    notify_facts_free_env(env);
    strbuf_release(&input);
}

/* Starts the command for the first kind of which there are notices. */
static void run_next(struct notify *n, int64_t now_ns)
{
    for (int kind = 0; kind < NOTICES; kind++) {
        if (n->run[kind].count > 0) {
            run(n, (enum notice_kind)kind, now_ns);
            return;
        }
    }
}

/* ---- its life ---- */

static void on_tick(uv_timer_t *timer)
{
    struct notify *n = timer->data;
    int64_t now_ns = engine_now_ns();
    if (swarm_revision(n->config.engine->swarm) != n->revision || notices_pending(n->notices) ||
        now_ns - n->looked_ns >= LOOK_NS) {
        look(n, now_ns);
    }
    if (n->config.ring != NULL && now_ns - n->rung_ns >= RING_NS) {
        ring(n, now_ns);
    }
    if (n->child == NULL && now_ns - n->run_ns >= RUN_NS) {
        run_next(n, now_ns);
    }
}

static void free_notify(struct notify *n)
{
    for (int kind = 0; kind < NOTICES; kind++) {
        notify_facts_release(&n->ring[kind]);
        notify_facts_release(&n->run[kind]);
    }
    notices_free(n->notices);
    mem_free(n->mem, n, sizeof *n);
}

static void on_closed(uv_handle_t *handle)
{
    free_notify(handle->data);
}

struct notify *notify_new(const struct notify_config *config)
{
    struct engine *engine = config->engine;
    const struct options *options = engine->options;
    if (options->notify == NULL && (!options->bell || config->ring == NULL)) {
        return NULL;
    }
    struct notify *n = mem_zalloc(engine->mem, 1, sizeof *n);
    struct notices *notices = notices_new(engine->mem, engine_now_ns());
    if (n == NULL || notices == NULL) {
        notices_free(notices);
        mem_free(engine->mem, n, n == NULL ? 0 : sizeof *n);
        engine_report(engine, LOG_LEVEL_ERROR, "no notices: out of memory");
        return NULL;
    }
    n->config = *config;
    n->mem = engine->mem;
    n->notices = notices;
    n->started_ns = engine_now_ns();
    for (int kind = 0; kind < NOTICES; kind++) {
        notify_facts_init(&n->ring[kind], n->mem);
        notify_facts_init(&n->run[kind], n->mem);
    }
    uv_timer_init(&engine->loop, &n->tick);
    n->tick.data = n;
    uv_timer_start(&n->tick, on_tick, TICK_MS, TICK_MS);
    uv_unref((uv_handle_t *)&n->tick); /* it keeps no program running */
    return n;
}

void notify_close(struct notify *n)
{
    if (n == NULL) {
        return;
    }
    if (n->child != NULL) {
        notify_run_hurry(n->child);
    }
    uv_close((uv_handle_t *)&n->tick, on_closed);
}
