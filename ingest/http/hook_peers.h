/* Which process sends the hooks of a session by HTTP: a hook that comes by HTTP brings no processes
   with it, so they are looked up from its connection. */
#ifndef INGEST_HOOK_PEERS_H
#define INGEST_HOOK_PEERS_H

#include "ingest/source.h"

enum { HOOK_PEERS_ASKED = 64 };

struct hook_peers {
    struct source *source; /* borrowed; it lives until its handles are closed */
    unsigned running;      /* look-ups on workers */
    struct {
        uint64_t session; /* a hash */
        int64_t at_ns;    /* of the local clock */
    } asked[HOOK_PEERS_ASKED];
    size_t next;
};

void hook_peers_init(struct hook_peers *peers, struct source *source);
/* A hook that came by a connected socket. */
struct hook_peer {
    struct hook_peers *peers;
    int fd;
};
/* Is a hook_arrival's find_sender, with a struct hook_peer: looks its sender up if the session's
   process is not known, and not more than once in some seconds. If the system shows nothing,
   nothing happens. */
bool hook_peers_find(void *peer, struct slice session_id, double t_ms);

#endif
