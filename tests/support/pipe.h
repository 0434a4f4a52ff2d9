/* Brings bytes into the model without a file and a loop: unpacked, decoded, imported, as a pipe's
   are. */
#ifndef TESTS_PIPE_H
#define TESTS_PIPE_H

#include "ingest/trace/decoder.h"
#include "ingest/trace/importer.h"
#include "ingest/trace/unpack.h"
#include "tests/support/rig.h"

struct pipe {
    struct rig *rig;
    struct unpack *unpack;
    struct decoder *decoder;
    struct importer importer;
    struct batch batch;
    const char *wrong; /* the error of unpacking; NULL: no error */
    bool failed;       /* out of memory */
};

void pipe_init(struct pipe *pipe, struct rig *rig);
void pipe_release(struct pipe *pipe);
/* Returns false if no more can be decoded. */
bool pipe_push(struct pipe *pipe, const char *bytes, size_t len);
/* Marks the end. Returns false if out of memory, here or before. */
bool pipe_finish(struct pipe *pipe);

#endif
