/* The text of a receiver's traffic. */
#ifndef TUI_TRAFFIC_TEXT_H
#define TUI_TRAFFIC_TEXT_H

#include "core/base/strbuf.h"
#include "core/model/source_status.h"

/* Appends who sent last, how much has come and when the last came: "claude-code/2.1: 3 requests, 12
   spans, 2 logs, last 14:31:05"; "0 requests". Then a sender's clock that is off. */
void traffic_text(const struct source_traffic *traffic, struct strbuf *out);
/* Appends whose clock is off, and how far: "clock of claude-code on web-1 3.2s ahead"; nothing
   where none is. */
void traffic_clock_text(const struct source_traffic *traffic, struct strbuf *out);

#endif
