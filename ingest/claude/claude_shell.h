/* Commands of the Bash tool: the client runs those that only read beside other tools, any other one
   alone. */
#ifndef INGEST_CLAUDE_SHELL_H
#define INGEST_CLAUDE_SHELL_H

#include "core/trace/event.h"

#include <stdbool.h>

/* Returns whether the commands of the text only read, as far as its names show. */
bool claude_shell_only_reads(struct slice text);

#endif
