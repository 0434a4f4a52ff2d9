/* The option --replay: shows finished sources in real time. They are first read to their end into
   the engine's model. replay.c then copies their events to a second model, which is shown and empty
   until then. Its clock starts at the first event and runs at the given speed. */
#include "tui/app/app_private.h"

#include "core/query/query.h"
#include "core/query/replay.h"

struct app_replay {
    struct swarm *swarm;
    struct replay *replay; /* NULL: the sources are still read, or all is copied */
    int64_t from_ns, to_ns, began_ns, shown_ns;
    uint64_t events;
};

bool app_replay_open(struct app *app)
{
    const struct mem *mem = app->engine.mem;
    struct swarm_config config = {.max_events = {0, 0}};
    if (app->engine.options->replay == 0) {
        return true;
    }
    app->replay = mem_zalloc(mem, 1, sizeof *app->replay);
    config.prices = swarm_prices(app->engine.swarm);
    if (app->replay != NULL) {
        app->replay->swarm = swarm_new(mem, &config);
    }
    return app->replay != NULL && app->replay->swarm != NULL;
}

void app_replay_free(struct app *app)
{
    if (app->replay == NULL) {
        return;
    }
    replay_free(app->replay->replay);
    swarm_free(app->replay->swarm);
    mem_free(app->engine.mem, app->replay, sizeof *app->replay);
    app->replay = NULL;
}

const struct swarm *app_swarm(const struct app *app)
{
    return app->replay != NULL ? app->replay->swarm : app->engine.swarm;
}

int64_t app_now_ns(const struct app *app)
{
    return app->replay != NULL && app->replay->began_ns != 0 ? app->replay->shown_ns
                                                             : engine_now_ns();
}

uint64_t app_events(const struct app *app)
{
    if (app->replay == NULL) {
        return engine_events(&app->engine);
    }
    return app->replay->replay != NULL ? replay_events(app->replay->replay) : app->replay->events;
}

bool app_is_live(const struct app *app)
{
    return !engine_finished(&app->engine) || (app->replay != NULL && app->replay->replay != NULL);
}

/* Ends the replay: all is shown, or memory ran out. */
static void end(struct app *app, bool ok)
{
    struct app_replay *r = app->replay;
    uv_timer_stop(&app->replay_step);
    r->events = replay_events(r->replay);
    replay_free(r->replay);
    r->replay = NULL;
    if (!ok) {
        view_message(&app->state, true, "out of memory: the replay is incomplete");
    }
    if (app->screen == NULL) {
        engine_stop(&app->engine);
    }
}

static void on_step(uv_timer_t *timer)
{
    struct app *app = timer->data;
    struct app_replay *r = app->replay;
    double passed_ns = (double)(engine_now_ns() - r->began_ns) * app->engine.options->replay;
    double all_ns = (double)(r->to_ns - r->from_ns);
    bool ok;

    r->shown_ns = passed_ns < all_ns ? r->from_ns + (int64_t)passed_ns : r->to_ns;
    ok = replay_advance(r->replay, r->shown_ns);
    if (!ok || r->shown_ns == r->to_ns) {
        end(app, ok);
    }
    app_model_changed(app);
}

bool app_replay_begin(struct app *app)
{
    struct app_replay *r = app->replay;
    int64_t now_ns = engine_now_ns(), from_ns, to_ns;
    uint64_t step_ms = 1000 / app->engine.options->fps;
    if (r == NULL || r->began_ns != 0) {
        return true;
    }
    if (!query_extent(app->engine.swarm, now_ns, &from_ns, &to_ns)) {
        from_ns = to_ns = now_ns;
    }
    r->from_ns = r->shown_ns = from_ns;
    r->to_ns = to_ns;
    r->replay = replay_new(app->engine.swarm, r->swarm);
    r->began_ns = engine_now_ns();
    if (r->replay == NULL) {
        return false;
    }
    uv_timer_start(&app->replay_step, on_step, 0, step_ms > 0 ? step_ms : 1);
    return true;
}
