/* The config file: default values of options, and keys.

       # a comment
       fps = 5
       no-color
       bind zoom-in = w i

   Options have their names of the command line, which overrides the file. A command ignores options
   that it does not take, but a value that no command takes is refused. So is a key that two actions
   of one view would have. */
#ifndef TUI_CONFIG_H
#define TUI_CONFIG_H

#include "tui/cmd/options.h"

#define CONFIG_MAX_BYTES (256 * 1024)

/* Appends the path: --config on the command line, else $XDG_CONFIG_HOME/swarmtop/config, else
   ~/.config/swarmtop/config. *given: --config names it. */
void config_path(int argc, char *const *argv, const struct environment *env, struct strbuf *out,
                 bool *given);
/* Reads the file into *out. A missing file is an error only if it was `given`. Returns false with
   the reason in *error. */
bool config_read(const char *path, bool given, struct strbuf *out, struct strbuf *error);
/* Applies the text, which is cut up and must live as long as the options. Returns false with `LINE:
   reason` in *error. */
bool config_apply(struct options *options, char *text, struct strbuf *error);

/* Returns whether the option may be in a file: not one that only makes the program print. */
bool config_has(const struct option_row *row);
/* Appends a file with all options and keys, commented. Without the first sign of each setting it is
   a valid file that changes nothing: `#NAME = DEFAULT` is set then, `##NAME` remains a comment. */
void config_print(struct strbuf *out);

#endif
