/* The live screen: the engine's loop with a terminal on it. Where stdout is no terminal it goes on
   without a screen: figures on stderr, the last frame on stdout at the end. */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "tui/cmd/cmd_engine.h"

struct app;

/* Returns new; NULL: *error says why. `live`: sources will be added that are (demo's). */
struct app *app_new(const struct options *options, bool live, struct strbuf *error);
/* Borrowed; add sources to it, and what else runs on its loop. */
struct engine *app_engine(struct app *app);
/* Whether there is a terminal to draw on. */
bool app_has_screen(const struct app *app);
/* Shows the swarm until it is quit; then writes what is left behind. Returns the exit status. */
int app_run(struct app *app);
void app_free(struct app *app);

/* The commands that need it; they return the exit status as those of tui/cmd/commands.h do. */
int cmd_watch(const struct options *options);
int cmd_demo(const struct options *options);

#endif
