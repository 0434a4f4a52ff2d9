/* The command watch: the live screen with the sources of the command line. */
#include "tui/app/app.h"
#include "tui/screen/console.h"

int cmd_watch(const struct options *options)
{
    struct strbuf error;
    int status = 1;
    strbuf_init(&error, &mem_libc, 0);
    struct app *app = app_new(options, false, &error);
    if (app != NULL) {
        engine_add_all(app_engine(app));
        status = app_run(app);
        app_free(app);
    } else {
        console_error(&error);
    }
    strbuf_release(&error);
    return status;
}
