/* Two reports side by side: `report --against`. Both are objects of `report --json`, so a saved one
   can be compared as well as a source. */
#ifndef TUI_REPORT_AGAINST_H
#define TUI_REPORT_AGAINST_H

#include "core/base/strbuf.h"

#include <jansson.h>

/* Returns new: the other's totals, its "filter" if it has one, "turns" (report_turns.h) if both
   have them, and "diff", an object of {a, b, delta, low, high} by figure. `a` is of `report`, `b`
   of `other`, `delta` is a - b. A figure that one of both lacks has no delta. A median also has
   `a_count` and `b_count`, its samples, and `low` and `high`, the 95 % interval of the delta: from
   those of both medians, by MOVER (Zou and Donner, "Construction of confidence limits about effect
   measures", 2008). NULL: out of memory. */
json_t *report_against(json_t *report, json_t *other);
/* Appends the table for people. `name`: what the other is called; `own_filter`: that of the report,
   NULL: none. The heading marks another filter. */
void report_against_text(json_t *against, const char *name, const char *own_filter, bool ascii,
                         const struct mem *mem, struct strbuf *out);

#endif
