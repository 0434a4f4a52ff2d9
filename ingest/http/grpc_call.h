/* One call of gRPC: its head decides what it is, its one message is collected from frames that may
   be cut anywhere, then it is answered. Without HTTP/2. */
#ifndef INGEST_GRPC_CALL_H
#define INGEST_GRPC_CALL_H

#include "ingest/http/body.h"
#include "ingest/http/request.h"

enum grpc_status {
    GRPC_OK = 0,
    GRPC_INVALID_ARGUMENT = 3,   /* not to be sent again */
    GRPC_PERMISSION_DENIED = 7,  /* a web page, or another host's name */
    GRPC_RESOURCE_EXHAUSTED = 8, /* too large: not to be sent again */
    GRPC_UNIMPLEMENTED = 12,     /* no such method, no such compression */
    GRPC_INTERNAL = 13,          /* not gRPC's framing */
    GRPC_UNAVAILABLE = 14,       /* to be sent again */
    GRPC_UNAUTHENTICATED = 16
};

enum { GRPC_PREFIX_BYTES = 5, GRPC_TEXT_BYTES = 48 };

struct grpc_call {
    struct receiver *receiver;
    struct body body;
    size_t header_bytes;
    bool method, typed, other_host, web, authorized, known; /* by its head */
    enum otlp_signal signal;
    char path[2 * GRPC_TEXT_BYTES], type[GRPC_TEXT_BYTES], encoding[GRPC_TEXT_BYTES];
    char agent[REQUEST_AGENT_BYTES];
    unsigned char prefix[GRPC_PREFIX_BYTES];
    size_t prefix_len;
    size_t left; /* bytes of the message that are to come */
    enum grpc_status status;
    char why[REQUEST_WHY_BYTES]; /* of a status that is not OK */
    struct strbuf answer;        /* the message, with its prefix; empty unless the status is OK */
};

void grpc_call_init(struct grpc_call *call, struct receiver *receiver);
void grpc_call_release(struct grpc_call *call);
/* Takes a header. Both texts end with NUL. */
void grpc_call_header(struct grpc_call *call, const char *name, const char *value);
/* The head is complete. Returns false if the call is refused: it can be answered at once. */
bool grpc_call_begin(struct grpc_call *call);
/* Takes bytes of its data. Returns false as grpc_call_begin does. */
bool grpc_call_add(struct grpc_call *call, const char *bytes, size_t len);
/* The data are complete: gives the message to the receiver, and sets the status and the answer. */
void grpc_call_end(struct grpc_call *call);
/* Appends the status's message, as it is spelled in a header: percent-encoded. */
void grpc_call_put_why(const struct grpc_call *call, struct strbuf *out);

#endif
