/* A moment as it is typed on the command line (CLI.md, TIME): `12.5s` from the start, `-30s` from
   the end, `14:31:05` (the local clock's), ISO 8601 (`2025-10-16T14:31:05.5Z`; without a zone:
   local time). */
#ifndef TUI_TIME_SPEC_H
#define TUI_TIME_SPEC_H

#include <stdbool.h>
#include <stdint.h>

enum time_form {
    TIME_UNSET,
    TIME_FROM_START,
    TIME_FROM_END, /* ns is how long before it */
    TIME_OF_DAY,   /* ns since local midnight */
    TIME_ABSOLUTE  /* ns since the Unix epoch */
};

struct time_spec {
    enum time_form form;
    int64_t ns;
};

/* False: no TIME. */
bool time_spec_parse(const char *text, struct time_spec *out);
/* The moment, ns since the Unix epoch, in what reaches from `from_ns` to `to_ns`. A time of day is
   its first there at or after the start. `unset` is given back for TIME_UNSET. */
int64_t time_spec_resolve(struct time_spec spec, int64_t from_ns, int64_t to_ns, int64_t unset);

#endif
