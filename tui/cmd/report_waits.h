/* Writes the chains that hold agents up, and the calls that have stalled, as members of
   `report --json`. */
#ifndef TUI_REPORT_WAITS_H
#define TUI_REPORT_WAITS_H

#include "core/analysis/held_up.h"
#include "core/analysis/stalled.h"
#include "tui/cmd/json_writer.h"
#include "tui/views/report.h"

struct report_waits {
    struct held_up held;
    struct stalled stalled;
};

/* False: out of memory. Release it in any case. */
bool report_waits_make(const struct report *report, struct report_waits *out);
void report_waits_release(struct report_waits *waits);

/* Sets held_up_by, if something of the agent is open. */
void report_waits_put_held(struct json_writer *w, const struct report *report,
                           const struct report_waits *waits, agent_no agent, json_t *object);
/* Sets the figures stalled and loops of an agent (NO_AGENT: of all that the report's filter
   matches). They are absent where nothing is an agent's. */
void report_waits_put_stalled(struct json_writer *w, const struct report *report,
                              const struct report_waits *waits, agent_no agent, json_t *object);

#endif
