/* Slowdowns (core/query/slowdown.h) for people: a line in the statistics and in
   `report`, a piece of the header, and a mark on the time axis. */
#ifndef TUI_SLOWDOWN_TEXT_H
#define TUI_SLOWDOWN_TEXT_H

#include "core/query/metrics.h"
#include "tui/views/header_pieces.h"
#include "tui/views/report.h"

/* Appends `prefill (TTFT) 2.1s (24) against 1.2s (131) the hour before`, or of shares `retries 31%
   (36) against 4% (761) the hour before`. */
void slowdown_text(const struct slowdown *slowdown, bool ascii, struct strbuf *out);
/* Appends `its prompts: median 84.1k tokens (24) against 31.2k (131)`; nothing if unknown. */
void slowdown_prompts_text(const struct slowdown *slowdown, struct strbuf *out);
/* Appends `none (24 requests against 131 the hour before)`, or that there are too few to
   compare. Returns false, and appends nothing, if one is slower or there are no requests. */
bool slowdown_none_text(const struct swarm_metrics *metrics, struct strbuf *out);
/* Appends one or two lines for each of the report, after the label `slower`; one if none is. */
void report_slower(const struct report *report, bool ascii, struct strbuf *out);

/* Returns whether the frame's figures are outdated: ten minutes without a change have passed. */
bool slowdown_is_old(const struct frame *frame);
/* Returns those that the frame shows; none if its figures are outdated. */
const struct slowdown *slowdown_shown(const struct frame *frame, size_t *count);
/* Adds `▼ opus slower`; no runs if nothing is. */
struct header_piece slowdown_piece(const struct frame *frame);
/* Returns true if the mark of the moment from which something is slower lies in, or
   beside, `cols` columns of the axis from col. */
bool slowdown_within(const struct frame *frame, const struct axis *axis, int col, int cols);
/* Draws the mark beside an axis that begins at column x: `▼ slower`. */
void slowdown_mark(const struct frame *frame, const struct axis *axis, struct area line, int x);

#endif
