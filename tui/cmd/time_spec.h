/* A TIME of the command line: `12.5s` from the start, `-30s` from the end, `14:31:05` in local
   time, or ISO 8601 (`2025-10-16T14:31:05.5Z`; local time without a zone). */
#ifndef TUI_TIME_SPEC_H
#define TUI_TIME_SPEC_H

#include "core/base/strbuf.h"

#include <stdint.h>

enum time_form {
    TIME_UNSET,
    TIME_FROM_START,
    TIME_FROM_END, /* `ns` before the end */
    TIME_OF_DAY,   /* ns since local midnight */
    TIME_ABSOLUTE  /* ns since the Unix epoch */
};

struct time_spec {
    enum time_form form;
    int64_t ns;
    const char *text; /* as it was typed, borrowed; of TIME_UNSET NULL */
};

/* Returns false if the text is not a TIME. */
bool time_spec_parse(const char *text, struct time_spec *out);
/* Returns the time in ns since the Unix epoch, for a trace from `from_ns` to `to_ns`. A time of day
   is the first one at or after the start. TIME_UNSET gives `unset`. */
int64_t time_spec_resolve(struct time_spec spec, int64_t from_ns, int64_t to_ns, int64_t unset);
/* Returns false if the time is outside a trace from `from_ns` to `to_ns`; *error then names the
   option and how long the trace is. */
bool time_spec_check(const char *option, int64_t at_ns, int64_t from_ns, int64_t to_ns,
                     struct strbuf *error);

/* Returns false if `from` is after `to` in every trace; *error then names both. */
bool time_spec_check_order(struct time_spec from, struct time_spec to, struct strbuf *error);
/* Adds that `from` is after `to`. */
void time_spec_put_order(struct time_spec from, struct time_spec to, struct strbuf *error);

#endif
