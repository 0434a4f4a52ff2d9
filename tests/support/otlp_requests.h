/* Requests of producers as a test sends them: as they came, or their spans, logs and points in
   another order and other requests. */
#ifndef TESTS_OTLP_REQUESTS_H
#define TESTS_OTLP_REQUESTS_H

#include "tests/support/otlp_sender.h"

enum otlp_order {
    OTLP_AT_ONCE,    /* each request as it came */
    OTLP_DOUBLED,    /* all of them, then all again */
    OTLP_ONE_BY_ONE, /* a request for each span, log or point */
    OTLP_IN_REVERSE, /* … the last first */
    OTLP_SHUFFLED,   /* … in any order, some twice, some together */
    OTLP_ORDERS
};

const char *otlp_order_name(enum otlp_order order);

struct otlp_request;

/* {0} is empty. */
struct otlp_requests {
    struct otlp_request *items;
    size_t count;
};

void otlp_requests_release(struct otlp_requests *requests);
/* Adds a request, which must be one that can be decoded; its bytes are copied. */
void otlp_requests_add(struct otlp_requests *requests, enum otlp_signal signal,
                       enum otlp_encoding encoding, const char *body, size_t len);
/* Adds those of a file below tests/data (otlp_samples.h), or a body of traces or logs alone. */
void otlp_requests_add_sample(struct otlp_requests *requests, const char *rel);
void otlp_requests_add_body(struct otlp_requests *requests, const char *rel);
void otlp_requests_send(const struct otlp_requests *requests, enum otlp_order order, uint64_t *seed,
                        struct otlp_sender *sender);

#endif
