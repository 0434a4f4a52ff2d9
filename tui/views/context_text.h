/* The context and the cost of an agent as text, alike in the report, the table of agents and the
   detail. */
#ifndef TUI_CONTEXT_TEXT_H
#define TUI_CONTEXT_TEXT_H

#include "core/query/metrics.h"
#include "tui/screen/number.h"

/* Sets out to `$0.32`, or to `~$0.32` where it is an estimate; empty: no cost is known. */
void context_cost_text(const struct metrics *metrics, char out[NUMBER_BYTES]);
/* The same of an amount; NAN: unknown. */
void context_usd_text(double usd, bool estimate, char out[NUMBER_BYTES]);
/* Appends a bar of so many columns that shows how full the window is; nothing where the window is
   unknown. */
void context_bar(const struct metrics *metrics, int cols, bool ascii, struct strbuf *out);
/* Appends `84.0k of ~200k ▓▓▓▓░░░░ 42%  +3.1k a turn  compacted 2x`; nothing where no prompt is
   known. */
void context_line(const struct metrics *metrics, bool ascii, struct strbuf *out);

#endif
