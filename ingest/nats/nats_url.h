/* The address of a subject on a NATS server: nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT]/SUBJECT. */
#ifndef INGEST_NATS_URL_H
#define INGEST_NATS_URL_H

#include "core/base/strbuf.h"

#define NATS_PREFIX "nats://"

struct nats_url {
    struct strbuf server;  /* as libnats takes it, with the password */
    struct strbuf subject; /* `swarm.build`; to read also with `*` and `>` */
    struct strbuf shown;   /* all of it, for people: the password or token is *** */
};

/* Parses the address; `to_publish`: the subject may have no wildcards. False: *error is
   `nats://HOST/SUBJECT: what: detail`, without a password. Release it either way. */
bool nats_url_parse(const char *text, bool to_publish, const struct mem *mem, struct nats_url *out,
                    struct strbuf *error);
void nats_url_release(struct nats_url *url);
/* Appends the address with its password or token masked. */
void nats_url_put_shown(const char *text, struct strbuf *out);
/* Returns whether the text is such an address. */
bool nats_url_is(const char *text);

#endif
