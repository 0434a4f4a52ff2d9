/* The token of --token-file: senders from other machines must present it. */
#ifndef TUI_TOKEN_FILE_H
#define TUI_TOKEN_FILE_H

#include "core/base/strbuf.h"

/* Reads the first line of the file without its end. *token is new, for free(). Without a path it
   reads nothing. Returns false with the reason in *error. */
bool token_file_read(const char *path, char **token, struct strbuf *error);

#endif
