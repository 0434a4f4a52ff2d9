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

/* Where the file is: --config on the command line, else $XDG_CONFIG_HOME/swarmtop/config, else ~/.config/swarmtop/config. *said: it was named. */
void config_path(int argc, char *const *argv, const struct environment *env, struct strbuf *out,
                 bool *said);
/* Reads it whole into *out. False: *error says why it cannot be read; a file that nobody named may be not there. */
bool config_read(const char *path, bool said, struct strbuf *out, struct strbuf *error);
/* Takes the text, which is cut up and has to stay as long as the options. False: *error says `LINE: what is wrong`. */
bool config_apply(struct options *options, char *text, struct strbuf *error);

#endif
