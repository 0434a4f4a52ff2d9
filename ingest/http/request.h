/* A request of HTTP, without a socket: its head decides what it is, its body is collected, then it
   is answered. Requests of web pages are refused: they have an Origin, or name the host whose
   address they made this machine's (DNS rebinding). */
#ifndef INGEST_REQUEST_H
#define INGEST_REQUEST_H

#include "ingest/http/body.h"

/* The headers that matter; NULL: absent. Borrowed. */
struct request_head {
    int fd; /* the socket that it came by; -1: none */
    const char *method, *path;
    const char *host, *origin, *authorization, *agent;
    const char *content_type, *content_encoding, *content_length;
};

enum { REQUEST_AGENT_BYTES = 64, REQUEST_WHY_BYTES = 240, REQUEST_BELOW_BYTES = 32 };

struct request {
    struct receiver *receiver;
    struct body body;
    int fd;
    unsigned status; /* of its refusal; 0: not refused */
    bool hook;
    char below[REQUEST_BELOW_BYTES]; /* of a hook: its path below /hooks; longer ones are cut */
    bool looks; /* its refusal is of no interest: somebody looks what is here */
    enum otlp_signal signal;
    const struct media_type *type; /* NULL: unknown until the body has come */
    size_t skipped;                /* bytes of the body of a refused request */
    char agent[REQUEST_AGENT_BYTES];
    char why[REQUEST_WHY_BYTES]; /* of a refusal */
};

struct answer {
    unsigned status;
    const char *type; /* Content-Type; static; NULL: none */
    struct strbuf body;
    bool again; /* the sender should try again in a second */
};

/* Initializes it by its head. Returns false if its body should not be read: request_end answers
   at once. */
bool request_begin(struct request *request, struct receiver *receiver,
                   const struct request_head *head);
/* Takes the next bytes of the body. Returns false if the sender sends far too many: the connection
   should be closed. */
bool request_add(struct request *request, const char *bytes, size_t len);
/* The request is complete, or refused by its head: gives it to the receiver and sets *answer, whose
   body the caller releases. */
void request_end(struct request *request, struct answer *answer);
void request_release(struct request *request);

/* ---- for gRPC, too ---- */

/* Returns whether `authorization` has the token that is wanted, if one is wanted. */
bool request_has_token(const struct receiver *receiver, const char *authorization);
/* Returns whether the host's name is this machine's, as the socket is bound to loopback without a
   token. A token is proof enough. */
bool request_has_own_host(const struct receiver *receiver, const char *host);
/* Sets agent to the first product of a User-Agent; NULL: unknown. */
void request_set_agent(char agent[REQUEST_AGENT_BYTES], const char *header);

#endif
