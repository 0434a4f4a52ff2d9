/* A listening Unix socket and its file: mode 0600, present only while the socket answers. The file
   replaces nothing but the socket of a dead process. */
#ifndef INGEST_UNIX_SOCKET_H
#define INGEST_UNIX_SOCKET_H

#include "core/base/strbuf.h"

#include <sys/types.h>

struct unix_socket {
    const char *path; /* borrowed from the spec; NULL: no file is ours */
    dev_t device;
    ino_t inode;
};

/* Listens at unix:PATH. Returns the descriptor, which the caller closes; -1 with *error `spec:
   what: detail`. */
int unix_socket_listen(const char *spec, struct unix_socket *out, struct strbuf *error);
/* Removes the file if it is still ours: another program may have replaced it. */
void unix_socket_remove(struct unix_socket *socket);

#endif
