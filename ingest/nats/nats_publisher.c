#include "ingest/nats/nats_publisher.h"

#include "ingest/nats/nats_connect.h"
#include "ingest/nats/nats_url.h"
#include "ingest/source_error.h"

#include <stddef.h>

#ifdef HAVE_NATS
/* Returns why it was not sent (static); NULL: it was. */
static const char *send_once(const struct nats_url *url, const char *bytes, size_t len,
                             int timeout_ms)
{
    const char *why = NULL;
    natsConnection *connection = nats_connect(url->server.data, timeout_ms, &why);
    if (connection == NULL) {
        return why;
    }
    natsStatus status = natsConnection_Publish(connection, url->subject.data, bytes, (int)len);
    if (status == NATS_OK) {
        status = natsConnection_FlushTimeout(connection, timeout_ms);
    }
    const char *text;
    if (status == NATS_OK) {
        /* It reports a subject that it does not permit before it answers the flush. */
        status = natsConnection_GetLastError(connection, &text);
    }
    natsConnection_Destroy(connection);
    return status == NATS_OK ? NULL : nats_why(status);
}
#else
static const char *send_once(const struct nats_url *url, const char *bytes, size_t len,
                             int timeout_ms)
{
    (void)url, (void)bytes, (void)len, (void)timeout_ms;
    return NATS_NOT_BUILT;
}
#endif

bool nats_publish(const char *spec, const char *bytes, size_t len, int timeout_ms,
                  struct strbuf *error)
{
    struct nats_url url;
    bool sent = nats_url_parse(spec, true, error->mem, &url, error);
    if (sent) {
        const char *why = send_once(&url, bytes, len, timeout_ms);
        if (why != NULL) {
            source_error(error, url.shown.data, "cannot send", why);
        }
        sent = why == NULL;
    }
    nats_url_release(&url);
    return sent;
}
