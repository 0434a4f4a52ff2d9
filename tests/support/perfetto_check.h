/* Reads a document as Perfetto's trace_processor does and finds what that would refuse, drop, move
   or leave open. Checked against trace_processor of 2026-08. It sorts events by time, pairs B and E
   of a thread by a stack of which X are part, and b and e by id, category and name. */
#ifndef TESTS_PERFETTO_CHECK_H
#define TESTS_PERFETTO_CHECK_H

#include "core/base/strbuf.h"

/* What a document may have, because its model has it. */
struct perfetto_allow {
    size_t open_slices; /* begins without an end: of open spans */
    size_t orphan_ends; /* ends without a begin, on threads that have nothing else */
};

/* Returns true if Perfetto shows all of the document; else appends a line for each fault (the first
   few). */
bool perfetto_check(const char *text, size_t len, struct perfetto_allow allow,
                    struct strbuf *faults);

#endif
