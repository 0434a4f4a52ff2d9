/* The engine's journal and its recovery of dead runs: part of cmd_engine.c. */
#ifndef TUI_CMD_ENGINE_JOURNAL_H
#define TUI_CMD_ENGINE_JOURNAL_H

#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/journal.h"
#include "tui/cmd/recovery.h"

/* Opens the journal if a live run `keeps` one; the model exists. A journal that cannot be
   written is reported, and the run does without. */
void engine_journal_open(struct engine *engine, bool keeps);
/* Returns the tap that feeds the journal and the config's own tap. */
struct ingest_tap engine_journal_tap(struct engine *engine);
/* Starts to recover dead runs, if the config wants it. */
void engine_journal_recover(struct engine *engine);
/* Ends the journal. `written`: the document is complete. */
void engine_journal_end(struct engine *engine, bool written);

#endif
