/* Why an ssh ended, and what a person can do. */
#ifndef INGEST_SSH_REASON_H
#define INGEST_SSH_REASON_H

#include "core/base/strbuf.h"

#include <stdint.h>

struct ssh_end {
    const char *host;
    int64_t status;         /* of its exit */
    int signal;             /* 0: none */
    const char *error_line; /* the last one of its stderr, of any bytes; "": none */
};

/* Appends the reason in readable characters, with what to do. Returns true if trying again soon is
   of no use, as a person has to do something first. */
bool ssh_reason_put(const struct ssh_end *end, struct strbuf *out);

#endif
