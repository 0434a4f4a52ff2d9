/* The exit code of a command, as Codex writes it into the text that the model is given: its files
   and its telemetry have the same one. */
#ifndef INGEST_EXIT_CODE_H
#define INGEST_EXIT_CODE_H

#include "core/trace/event.h"

/* Returns the exit code in an output's text; NAN: it has none. */
double exit_code_of(struct slice text);

#endif
