/* The commands. Each returns the exit status: 0 success, 1 something was not read or not written.
   The two that need the live screen, watch and demo, are in tui/app/app.h. */
#ifndef TUI_COMMANDS_H
#define TUI_COMMANDS_H

#include "tui/cmd/options.h"

int cmd_record(const struct options *options);
int cmd_report(const struct options *options);
int cmd_dump(const struct options *options);
int cmd_emit(const struct options *options);
int cmd_hook(const struct options *options);
/* Runs `hook` if argv asks for it, without parsing other options. Returns true if it ran; the exit
   status is then 0. */
bool cmd_hook_at_once(int argc, char **argv);
int cmd_setup(const struct options *options);
/* Returns whether `setup` has settings for the client. */
bool cmd_setup_knows(const char *client);
/* Appends the names of such clients, "claude, …". */
void cmd_setup_put_clients(struct strbuf *out);
/* Appends them to `setup --help`, a line each. */
void cmd_setup_help(struct strbuf *out);
int cmd_open(const struct options *options);
int cmd_status(const struct options *options);
/* Appends the operations to `emit --help` (emit.h). */
void cmd_emit_help(struct strbuf *out);

#endif
