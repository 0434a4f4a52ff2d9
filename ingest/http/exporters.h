/* The exporters that send OTLP to a source: the first request of each and of each signal is logged,
   so a user sees that it works. */
#ifndef INGEST_EXPORTERS_H
#define INGEST_EXPORTERS_H

#include "ingest/http/receiver.h"
#include "ingest/ingest_ctx.h"

enum { EXPORTERS = 16 /* that are distinguished */, EXPORTER_BYTES = 64 };

/* An exporter, and which signals it has sent. */
struct exporter {
    char name[EXPORTER_BYTES];
    unsigned signals; /* a bit for each */
    uint64_t last;    /* the number of its last request */
};

struct exporters {
    struct exporter items[EXPORTERS];
    size_t count;
    uint64_t requests;
};

/* Notes a request that was taken by the source of that name. Returns the exporter's name, borrowed
   from `exporters` until it is replaced. */
const char *exporters_note(struct exporters *exporters, struct ingest_ctx *ingest, const char *spec,
                           const struct export_request *request);

#endif
