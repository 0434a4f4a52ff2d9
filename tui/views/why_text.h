/* The critical path of a turn as text, for `report --why` and the timeline's panel. */
#ifndef TUI_WHY_TEXT_H
#define TUI_WHY_TEXT_H

#include "core/analysis/why.h"
#include "tui/views/report.h"

/* Appends `29.9s = requests 24.4s  tools 4.0s  overhead 1.5s; 3 of 5 sub-agents off the path`,
   of a turn that runs also `, 1 still running`. */
void why_text_sum(const struct why *why, bool ascii, struct strbuf *out);
/* Appends `requests: first tokens 1.8s  sampling 10.0s`. */
void why_text_phases(const struct why *why, bool ascii, struct strbuf *out);
/* Appends `sooner without: sampling 9.7s  Bash 3.9s`, most first. */
void why_text_without(const struct swarm *swarm, const struct why *why, bool ascii,
                      struct strbuf *out);
/* Appends the call of a piece: `Bash make test`, a request's model; nothing for overhead. */
void why_text_call(const struct swarm *swarm, const struct path_piece *piece, struct strbuf *out);
/* Appends a kind of call for people: `first tokens`, `Bash`. */
void why_text_kind(const struct swarm *swarm, struct what_if_kind kind, struct strbuf *out);

/* Returns new: the turns that the report has, longest first; NULL with *count > 0 if out of memory
   (turns_list). `report->turn` > 0: those of that number alone. */
struct turn *why_text_turns(const struct report *report, const struct call_children *children,
                            size_t *count);
/* Appends the paths of the report's turns. */
void report_why(const struct report *report, bool ascii, struct strbuf *out);

#endif
