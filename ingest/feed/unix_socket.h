/* A Unix socket that listens, and its file: 0600, there only while somebody answers, never in the place of anything but the
   socket of a dead process. */
#ifndef INGEST_UNIX_SOCKET_H
#define INGEST_UNIX_SOCKET_H

#include "core/base/strbuf.h"

#include <sys/types.h>

struct unix_socket {
    const char *path; /* borrowed from the spec; NULL: there is none of ours */
    dev_t device;
    ino_t inode;
};

/* Listens at unix:PATH. Returns the descriptor, which the caller closes; -1: *error says `spec: what: detail`. */
int unix_socket_listen(const char *spec, struct unix_socket *out, struct strbuf *error);
/* Removes the file, where it is still ours: another program may have put its own in its place. */
void unix_socket_remove(struct unix_socket *socket);

#endif
