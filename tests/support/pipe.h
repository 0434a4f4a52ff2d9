/* Bytes to the model without a file and a loop: unpacked, decoded, loaded, as a pipe's are. */
#ifndef TESTS_PIPE_H
#define TESTS_PIPE_H

#include "ingest/trace/loading.h"
#include "ingest/trace/unpack.h"
#include "tests/support/rig.h"

struct pipe {
    struct rig *rig;
    struct unpack unpack;
    struct decoder *decoder;
    struct loading loading;
    struct batch batch;
    const char *wrong; /* what unpacking said; NULL: nothing */
    bool failed;       /* out of memory */
};

void pipe_init(struct pipe *pipe, struct rig *rig);
void pipe_release(struct pipe *pipe);
/* False: nothing more can be made of it. */
bool pipe_push(struct pipe *pipe, const char *bytes, size_t len);
/* The end has come. False: out of memory, here or before. */
bool pipe_finish(struct pipe *pipe);

#endif
