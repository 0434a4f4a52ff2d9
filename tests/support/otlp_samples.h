/* The requests of a capture in tests/data/samples, as a sender sent them. */
#ifndef TESTS_OTLP_SAMPLES_H
#define TESTS_OTLP_SAMPLES_H

#include "ingest/otlp/otlp.h"

struct otlp_sample {
    enum otlp_signal signal;
    enum otlp_encoding encoding;
    int64_t received_ms; /* Unix epoch */
    struct slice body;   /* borrowed for the call */
};

/* Calls `take` for each request of a file, in its order. A line is a whole request ({"received",
   "path", "json" or "protobuf" in base64}), or an item of the resource of the last line with one
   ({"received", "scope", "trace", "log" or "metric"}): then a request is made of it. */
void otlp_samples(const char *rel, void (*take)(void *ctx, const struct otlp_sample *sample),
                  void *ctx);

#endif
