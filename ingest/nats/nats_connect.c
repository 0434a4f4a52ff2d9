#include "ingest/nats/nats_connect.h"

#ifdef HAVE_NATS
#include <stddef.h>

/* A server that has silently gone is noticed after so long. */
enum { PING_MS = 10000, PINGS_OUT = 2 };

const char *nats_why(natsStatus status)
{
    static const struct {
        natsStatus status;
        const char *why;
    } reasons[] = {
        {NATS_NO_SERVER, "no server answers there, or there is no such host"},
        {NATS_TIMEOUT, "the server does not answer in time"},
        {NATS_CONNECTION_AUTH_FAILED, "the server refuses the user, password or token"},
        {NATS_NOT_PERMITTED, "the server does not permit the subject"},
        {NATS_CONNECTION_CLOSED, "the connection is lost"},
        {NATS_CONNECTION_DISCONNECTED, "the connection is lost"},
        {NATS_STALE_CONNECTION, "the connection is lost"},
        {NATS_IO_ERROR, "the connection is lost"},
        {NATS_ADDRESS_MISSING, "no host"},
        {NATS_SECURE_CONNECTION_REQUIRED, "the server wants TLS, which swarmtop does not have"},
        {NATS_MAX_PAYLOAD, "the server takes no message of this size"},
        {NATS_PROTOCOL_ERROR, "no NATS server answers there"},
        {NATS_NO_MEMORY, "out of memory"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].why;
        }
    }
    return natsStatus_GetText(status);
}

/* Without a handler libnats writes errors to stderr, into the picture. */
static void ignore_error(natsConnection *connection, natsSubscription *subscription,
                         natsStatus status, void *closure)
{
    (void)connection;
    (void)subscription;
    (void)status;
    (void)closure;
}

static natsStatus set_options(natsOptions *options, const char *server, int timeout_ms)
{
    natsStatus status = natsOptions_SetURL(options, server);
    if (status == NATS_OK) {
        status = natsOptions_SetName(options, "swarmtop");
    }
    if (status == NATS_OK) {
        status = natsOptions_SetTimeout(options, timeout_ms);
    }
    if (status == NATS_OK) {
        status = natsOptions_SetAllowReconnect(options, false);
    }
    if (status == NATS_OK) {
        status = natsOptions_SetPingInterval(options, PING_MS);
    }
    if (status == NATS_OK) {
        status = natsOptions_SetMaxPingsOut(options, PINGS_OUT);
    }
    if (status == NATS_OK) {
        status = natsOptions_SetErrorHandler(options, ignore_error, NULL);
    }
    return status;
}

natsConnection *nats_connect(const char *server, int timeout_ms, const char **why)
{
    natsOptions *options = NULL;
    natsConnection *connection = NULL;
    *why = library_load(&nats_library);
    if (*why != NULL) {
        return NULL;
    }
    natsStatus status = natsOptions_Create(&options);
    if (status == NATS_OK) {
        status = set_options(options, server, timeout_ms);
    }
    if (status == NATS_OK) {
        status = natsConnection_Connect(&connection, options);
    }
    natsOptions_Destroy(options);
    if (status != NATS_OK) {
        *why = nats_why(status);
        return NULL;
    }
    return connection;
}

void nats_end_thread(void)
{
    if (library_load(&nats_library) == NULL) {
        nats_ReleaseThreadMemory();
    }
}
#else
typedef int nats_not_built;
#endif
