/* Traces of other producers' shapes, from a number: the same options give the same bytes on every
   machine. Each has its producer's order of keys, white space, phases and order of events; the
   names are made up. */
#ifndef TESTS_BENCH_GENERATE_FOREIGN_H
#define TESTS_BENCH_GENERATE_FOREIGN_H

#include "core/base/strbuf.h"

#include <stdint.h>

enum foreign_shape {
    FOREIGN_CHROMIUM, /* keys by alphabet, nested args, id2, tdur and tts; threads interleaved */
    FOREIGN_PYTORCH,  /* Kineto: a line for a few members, epoch microseconds with fractions */
    FOREIGN_CLANG,    /* -ftime-trace: pid first, a span is written when its scope ends */
    FOREIGN_SHAPES
};

/* "chromium", "pytorch", "clang". */
extern const char *const foreign_shape_names[FOREIGN_SHAPES];

/* Appends a whole document of at least `events` events. Returns false if out of memory. */
bool generate_foreign(enum foreign_shape shape, uint64_t seed, uint64_t events, struct strbuf *out);

#endif
