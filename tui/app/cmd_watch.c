/* The command watch: the live screen with the sources of the command line. */
#include "tui/app/app.h"
#include "tui/cmd/baseline_read.h"
#include "tui/screen/console.h"

int cmd_watch(const struct options *options)
{
    struct strbuf error;
    int status = 1, other_status = 0;
    struct baseline *baseline = baseline_read(options, &other_status);
    if (baseline == NULL && options->against != NULL) {
        return other_status;
    }
    strbuf_init(&error, &mem_libc, 0);
    struct app *app = app_new(options, false, &error);
    if (app != NULL) {
        app_compare(app, baseline);
        engine_add_all(app_engine(app));
        status = app_run(app);
        app_free(app);
    } else {
        console_error(&error);
    }
    strbuf_release(&error);
    baseline_free(baseline);
    return status != 0 ? status : other_status;
}
