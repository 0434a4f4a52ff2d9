/* --bell and --notify on the live screen, which has the terminal. */
#include "tui/app/app_private.h"
#include "tui/cmd/notify.h"

static bool ring(void *ctx, const char *text, size_t len)
{
    struct app *app = ctx;
    return screen_notice(app->screen, text, len, app->engine.options->env.tmux != NULL);
}

void app_open_notices(struct app *app)
{
    struct notify_config config = {
        .engine = &app->engine, .ring = app->screen != NULL ? ring : NULL, .ctx = app};
    app->notify = app->replay == NULL ? notify_new(&config) : NULL;
}

void app_close_notices(struct app *app)
{
    notify_close(app->notify);
    app->notify = NULL;
}
