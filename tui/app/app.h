/* The live screen: the engine's loop and a terminal. If stdout is not a terminal, it prints metrics
   to stderr and the last frame to stdout at the end. */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "tui/cmd/cmd_engine.h"

struct app;
struct baseline;

/* Returns new; NULL with the reason in *error. `live`: the caller will add live sources. */
struct app *app_new(const struct options *options, bool live, struct strbuf *error);
/* Returns the engine, borrowed, for sources and handles on its loop. */
struct engine *app_engine(struct app *app);
/* Sets the run that the statistics compare with, borrowed; NULL: none. */
void app_compare(struct app *app, const struct baseline *baseline);
/* Shows the text in a line of its own, from the first call on; "": an empty line. Borrowed until
   the next call. */
void app_set_caption(struct app *app, const char *text);
/* Returns whether stdout is a terminal. */
bool app_has_screen(const struct app *app);
/* Shows the swarm until the user quits, then writes the trace. Returns the exit status. */
int app_run(struct app *app);
void app_free(struct app *app);

/* The commands that need it; they return the exit status as those of tui/cmd/commands.h do. */
int cmd_watch(const struct options *options);
int cmd_demo(const struct options *options);

#endif
