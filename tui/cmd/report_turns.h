/* The interactions of a report: "turns" of `report --json`, and two reports' side by side.

   Interactions are matched by the agent and by their order: an agent with the same session and name
   in both reports, else one with the same name alone, in order of appearance, as the titles of
   two runs may differ. Then the first interaction of one is compared with the first of the other,
   and so on. Prompts are not kept, so their texts play no part. */
#ifndef TUI_REPORT_TURNS_H
#define TUI_REPORT_TURNS_H

#include "tui/cmd/json_writer.h"
#include "tui/views/report.h"

/* Writes "turns": [{"session_id", "agent_id", "session", "agent", "turn", "start_ms", "dur_ms",
   "open"}], those of agents that no known agent started, by agent and number. "session" is its
   name, "agent" that of an agent which is not its main one; "open": true is of a turn that runs,
   "cut": true of one that lies partly outside --from and --to. */
void report_turns_json(struct json_writer *w, const struct report *report);

/* Sets *out to new: [{"session", "agent", "turn", "a", "b", "delta", "change"}]. `a` is the length
   of a turn of `report` in ms, `b` that of `other`. Turns match by the names of their session and
   agent and by their order; "change" is `added` or `removed` where one of both has it. NULL: a
   report has no "turns", as those that earlier versions saved. Returns false if out of memory. */
bool report_turns_against(const json_t *report, const json_t *other, json_t **out);
/* Appends the table for people; `turns` NULL: a line that they are missing. */
void report_turns_text(const json_t *turns, bool ascii, const struct mem *mem, struct strbuf *out);

#endif
