/* The user's file: what options are by default, and keys.

       # a comment
       fps = 5
       no-color
       bind zoom-in = w i

   An option is called as on the command line, which wins over the file; one that a command does not take is passed over there. */
#ifndef TUI_CONFIG_H
#define TUI_CONFIG_H

#include "tui/cmd/options.h"

#define CONFIG_MAX_BYTES (256 * 1024)

/* Appends the path: --config on the command line, else $XDG_CONFIG_HOME/swarmtop/config, else
   ~/.config/swarmtop/config. *given: --config names it. */
void config_path(int argc, char *const *argv, const struct environment *env, struct strbuf *out,
                 bool *said);
/* Reads the file into *out. A missing file is an error only if it was `given`. Returns false with
   the reason in *error. */
bool config_read(const char *path, bool said, struct strbuf *out, struct strbuf *error);
/* Applies the text, which is cut up and must live as long as the options. Returns false with `LINE:
   reason` in *error. */
bool config_apply(struct options *options, char *text, struct strbuf *error);

#endif
