/* The parts of `ssh:HOST[:SOURCE,...]`, and the command that it runs there. */
#ifndef INGEST_SSH_SPEC_H
#define INGEST_SSH_SPEC_H

#include "core/base/strbuf.h"

#include <stdint.h>

enum { SSH_HOST_BYTES = 256, SSH_SOURCES_BYTES = 4096 };

/* A plain value. */
struct ssh_spec {
    char host[SSH_HOST_BYTES];       /* as ssh takes it: a name, an alias, USER@NAME */
    char sources[SSH_SOURCES_BYTES]; /* "claude:,codex:/srv/codex"; "": the default ones there */
};

/* Parses what follows `ssh:`. An IPv6 address is in brackets. A SOURCE is a client's files or an
   address to listen at. Returns false with `spec: what: detail` in *error. */
bool ssh_spec_parse(const char *spec, const char *argument, struct ssh_spec *out,
                    struct strbuf *error);

/* The name of a host without its user: what other sources call it, too. Points into `host`. */
const char *ssh_host_name(const char *host);

/* How swarmtop runs there. */
struct ssh_command {
    const char *sources; /* as above */
    bool follow;         /* runs until the connection ends */
    double from_ms;      /* sends the lines of journals there since that time; NAN: none */
    int64_t since_ns;    /* as --since; 0: its default */
    bool content, no_mask;
};

/* Appends the command, for any shell: whatever comes from the user is quoted. */
void ssh_command_put(const struct ssh_command *command, struct strbuf *out);

#endif
