/* Conditions on figures of `report --json`: `ttft_ms.p95>2000`, for --fail-if.

       PATH OP NUMBER     OP: > >= < <= = == !=

   PATH is the members down to a number, joined by points, in "totals" or else from the top:
   `spans.open>0`. A list is entered by what an item is called: `tools.Bash.errors`,
   `models.opus.otps.p50`, `agents.*.context_tokens`; `*` stands for any. */
#ifndef TUI_REPORT_CONDITION_H
#define TUI_REPORT_CONDITION_H

#include "core/base/strbuf.h"

#include <jansson.h>

/* Returns whether the text is a condition; else the reason is in *error. */
bool report_condition_check(const char *text, struct strbuf *error);

enum condition_result { CONDITION_HOLDS, CONDITION_FAILS, CONDITION_NO_DATA };
/* Evaluates a condition that was checked. It holds if it does for one of the numbers that its path
   leads to. Sets *value to that one, or to the last one it was compared with. */
enum condition_result report_condition_holds(const char *text, json_t *report, double *value);

#endif
