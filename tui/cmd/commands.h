/* The commands: each does all of it and returns the exit status (CLI.md: 0 done, 1 something was
   not read or not written). The two that need the live screen, watch and demo, are in tui/app/app.h. */
#ifndef TUI_COMMANDS_H
#define TUI_COMMANDS_H

#include "tui/cmd/options.h"

int cmd_record(const struct options *options);
int cmd_report(const struct options *options);
int cmd_dump(const struct options *options);
int cmd_emit(const struct options *options);
int cmd_hook(const struct options *options);
/* Is it `hook`, and no question about it? Then it has been done, with all that is needed of the command line, and the exit status is 0. */
bool cmd_hook_at_once(int argc, char **argv);
int cmd_setup(const struct options *options);
int cmd_status(const struct options *options);
/* `emit --help` goes on with what operations there are (emit.h). Appends it. */
void cmd_emit_help(struct strbuf *out);

#endif
