/* The kinds of the sources on the command line: part of cmd_engine.c. */
#ifndef TUI_CMD_ENGINE_SOURCES_H
#define TUI_CMD_ENGINE_SOURCES_H

#include "tui/cmd/cmd_engine.h"

/* Returns whether a source of the command line, or of the default ones, is live. */
bool engine_sources_live(const struct options *options, bool follow);
/* Returns whether a source of the command line listens. A recording then continues until a
   signal, and clients work meanwhile. */
bool engine_sources_listen(const struct options *options);

#endif
