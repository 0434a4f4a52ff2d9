/* A client's files, written as the real client wrote them: the lines of a capture appear one after
   the other, each at the time at which it was seen (tail.jsonl), beside a source that follows them. */
#ifndef TESTS_TAIL_H
#define TESTS_TAIL_H

#include "tests/support/rig.h"

#include <jansson.h>

/* Called after a line was taken. `line` is the line (borrowed), `number` how many came before it. */
typedef void tail_check(struct rig *rig, const char *file, const json_t *line, unsigned number,
                        void *ctx);

/* Starts a hub on an empty directory with the source `prefix`, writes the lines of the sample's
   files below `top` (a directory of the sample) there, and checks after each. The hub is left
   running. Returns the directory. */
const char *tail_replay(struct rig *rig, const char *sample, const char *top, const char *prefix,
                        tail_check *check, void *ctx);

/* Returns new: the ids of the calls of that kind ("tools", "requests" …) without
   an end, in order, as a JSON array. */
json_t *tail_open(const struct rig *rig, const char *kind);

#endif
