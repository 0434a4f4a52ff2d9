/* The process at the other end of a TCP connection, if it runs on this machine as the same user. */
#ifndef INGEST_PROCESS_PEER_H
#define INGEST_PROCESS_PEER_H

#include "ingest/process.h"

#include <sys/socket.h>

enum { PEER_KEY_BYTES = 112 };

/* A connection as the tables of sockets print its other end. */
struct process_peer {
    char v4[PEER_KEY_BYTES], v6[PEER_KEY_BYTES]; /* "": it cannot be in that table */
};

enum process_peer_result { PEER_FOUND, PEER_UNKNOWN, PEER_UNFINISHED };

/* Sets *out from the connected socket. Returns false if it is not one of TCP. */
bool process_peer_of(int fd, struct process_peer *out);
enum { PROCESS_PEER_LISTENING = 2 };
/* Sets `out` to the sockets that may listen at the address: its own, and that of all addresses.
   Returns their number. */
size_t process_peer_listening(const struct sockaddr_storage *address,
                              struct process_peer out[PROCESS_PEER_LISTENING]);
/* Sets *out to the process that has the other end, and its ancestors: the connection must still be
   open there. Looks at the youngest processes first, and at no more than `max` descriptors
   (0: all). May run on any thread. `proc` is /proc, or a directory like it. */
enum process_peer_result process_peer_find(const char *proc, const struct process_peer *peer,
                                           size_t max, struct process_chain *out);

#endif
