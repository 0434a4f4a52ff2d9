#include "ingest/nats/nats_url.h"

#include "core/base/mask.h"
#include "ingest/source_error.h"

#include <string.h>

bool nats_url_is(const char *text)
{
    return strncmp(text, NATS_PREFIX, strlen(NATS_PREFIX)) == 0;
}

/* Returns where the host begins. A password may hold a slash and an @; a host holds neither. */
static const char *host_of(const char *rest)
{
    const char *at = strrchr(rest, '@');
    return at != NULL ? at + 1 : rest;
}

static const char *rest_of(const char *text)
{
    return text + (nats_url_is(text) ? strlen(NATS_PREFIX) : 0);
}

void nats_url_put_shown(const char *text, struct strbuf *out)
{
    const char *user = rest_of(text), *host = host_of(user);
    strbuf_adds(out, NATS_PREFIX);
    if (host > user + 1) {
        const char *colon = memchr(user, ':', (size_t)(host - user) - 1);
        strbuf_add(out, user, colon != NULL ? (size_t)(colon - user) + 1 : 0);
        strbuf_adds(out, MASKED "@");
    }
    strbuf_adds(out, host);
}

/* Returns what is wrong with the subject; NULL: nothing. */
static const char *wrong_subject(const char *subject, bool to_publish)
{
    size_t token = 0;
    for (const char *at = subject;; at++) {
        if (*at == '.' || *at == '\0') {
            if (token == 0) {
                return *subject == '\0' ? "no subject" : "the subject has an empty part";
            }
            token = 0;
        } else if ((unsigned char)*at <= ' ' || *at == 127) {
            return "the subject has a blank";
        } else if (to_publish && (*at == '*' || *at == '>')) {
            return "a subject to send to has no wildcards";
        } else {
            token++;
        }
        if (*at == '\0') {
            return NULL;
        }
    }
}

bool nats_url_parse(const char *text, bool to_publish, const struct mem *mem, struct nats_url *out,
                    struct strbuf *error)
{
    strbuf_init(&out->server, mem, 0);
    strbuf_init(&out->subject, mem, 0);
    strbuf_init(&out->shown, mem, 0);
    const char *rest = rest_of(text), *host = host_of(rest);
    const char *slash = strchr(host, '/');
    const char *subject = slash != NULL ? slash + 1 : "";
    size_t host_len = slash != NULL ? (size_t)(slash - host) : strlen(host);
    nats_url_put_shown(text, &out->shown);
    strbuf_adds(&out->server, NATS_PREFIX);
    strbuf_add(&out->server, rest, (size_t)(host - rest) + host_len);
    strbuf_adds(&out->subject, subject);
    const char *wrong =
        host_len == 0 || *host == ':' ? "no host" : wrong_subject(subject, to_publish);
    if (wrong != NULL && !out->shown.failed) {
        source_error(error, out->shown.data, wrong, "nats://HOST:PORT/SUBJECT is needed");
    }
    if (out->server.failed || out->subject.failed || out->shown.failed) {
        source_error(error, "nats:", "out of memory", NULL);
        return false;
    }
    return wrong == NULL;
}

void nats_url_release(struct nats_url *url)
{
    strbuf_release(&url->server);
    strbuf_release(&url->subject);
    strbuf_release(&url->shown);
}
