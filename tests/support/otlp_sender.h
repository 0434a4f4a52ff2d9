/* The four ways by which an exporter sends a request, through a socket to the receiver of a rig. */
#ifndef TESTS_OTLP_SENDER_H
#define TESTS_OTLP_SENDER_H

#include "tests/support/otlp_client.h"

#include "ingest/otlp/otlp.h"

enum otlp_way { OTLP_HTTP_JSON, OTLP_HTTP_PROTOBUF, OTLP_GRPC, OTLP_GRPC_GZIP, OTLP_WAYS };

const char *otlp_way_name(enum otlp_way way);
/* Whether this build has the way: protobuf and gRPC may be left out. */
bool otlp_way_is_built(enum otlp_way way);

struct otlp_sender;

/* Starts the rig's hub with a receiver on a port that is free, and connects to it. For
   otlp_sender_free, which stops the hub. */
struct otlp_sender *otlp_sender_new(struct rig *rig, enum otlp_way way);
void otlp_sender_free(struct otlp_sender *sender);
/* Sends a request and waits for its answer, which must be that all of it is taken. `json` is the
   body for OTLP_HTTP_JSON; bytes NULL: it is encoded from the batch. */
void otlp_sender_send(struct otlp_sender *sender, enum otlp_signal signal,
                      const struct otlp_batch *batch, struct slice json);

#endif
