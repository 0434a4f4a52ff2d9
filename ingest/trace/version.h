/* One version of a file on its way into the model: its batches are taken as they come, or collected until it is known to be whole, so that
   half a document leaves the picture as it was. */
#ifndef INGEST_VERSION_H
#define INGEST_VERSION_H

#include "ingest/trace/loading.h"
#include "ingest/trace/reading.h"

struct version {
    struct loading *loading; /* borrowed */
    bool anew; /* it has nothing to do with what is there; else it goes on from that */
    bool collects, begun;
    enum scan_shape shape;
    const struct strbuf *early; /* borrowed from the reading */
    struct batch *batches;      /* collected */
    size_t count, cap;
};

void version_init(struct version *version, struct loading *loading);
void version_release(struct version *version);
void version_begin(struct version *version, bool anew, bool collects);
/* Between two steps of the reading: what is known of it by now. */
void version_look(struct version *version, const struct reading *reading);
/* Takes the batch, and leaves it empty; the next step may be under way. False: out of memory. */
bool version_take(struct version *version, struct batch *batch);
/* It is whole: the model becomes it. False: out of memory. */
bool version_commit(struct version *version);
/* It is not, or not wanted: what was collected is forgotten. */
void version_drop(struct version *version);
/* Whether what was collected says that it is of another session, or of another start, than the document that is there. */
bool version_is_of_another(const struct version *version);

#endif
