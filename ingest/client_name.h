/* The name of a session: the directory in which it works, and its branch. */
#ifndef INGEST_CLIENT_NAME_H
#define INGEST_CLIENT_NAME_H

#include "core/base/json_read.h"
#include "core/trace/event.h"

/* Appends a path's last part. */
void client_put_directory(struct slice path, struct strbuf *out);
/* Returns whether the value names a branch: HEAD names no branch: the client found no
   repository or a detached head. */
bool client_is_branch(struct json_value value);
/* Appends the branch to a name: "api-server ⎇ fix-auth". */
void client_put_branch(struct json_value branch, struct strbuf *out);

#endif
