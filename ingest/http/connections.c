/* A ring with a head: the connection idle longest comes first. To shut one down is to end its
   socket's data both ways: whoever owns it (the acceptor, HTTP or gRPC) notices that and closes
   it, so no owner needs a call to be asked by. */
#include "ingest/http/connections.h"

#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS = 1000,
    CONNECTIONS_MIN = 8,
    SPARE_CONNECTIONS = 4 /* so many below the limit the idle ones are shut down */
};

/* A quarter of the descriptors, as there may be several receivers. */
static size_t limit_of_process(void)
{
    long part = sysconf(_SC_OPEN_MAX) / 4;
    return part <= 0 || part > CONNECTIONS ? CONNECTIONS
           : part < CONNECTIONS_MIN        ? CONNECTIONS_MIN
                                           : (size_t)part;
}

void connections_init(struct connections *connections, const struct mem *mem,
                      void (*removed)(void *ctx), void *ctx)
{
    *connections = (struct connections){
        .mem = mem, .limit = limit_of_process(), .removed = removed, .ctx = ctx};
    connections->list.prev = connections->list.next = &connections->list;
}

bool connections_full(const struct connections *connections)
{
    return connections->count >= connections->limit;
}

static void unlink_connection(struct connection *connection)
{
    connection->prev->next = connection->next;
    connection->next->prev = connection->prev;
}

static void link_last(struct connections *connections, struct connection *connection)
{
    connection->prev = connections->list.prev;
    connection->next = &connections->list;
    connections->list.prev->next = connection;
    connections->list.prev = connection;
}

struct connection *connections_add(struct connections *connections, int fd)
{
    struct connection *connection = mem_zalloc(connections->mem, 1, sizeof *connection);
    if (connection == NULL) {
        return NULL;
    }
    connection->fd = fd;
    link_last(connections, connection);
    connections->count++;
    if (connections->count + SPARE_CONNECTIONS > connections->limit) {
        connections_shut_idle(connections);
    }
    return connection;
}

void connections_touch(struct connections *connections, struct connection *connection)
{
    unlink_connection(connection);
    link_last(connections, connection);
}

void connections_set_busy(struct connections *connections, struct connection *connection, bool busy,
                          uint64_t now_ms)
{
    if (busy == (connection->busy_ms != 0)) {
        return;
    }
    connection->busy_ms = busy ? now_ms : 0;
    connections->busy += busy ? 1 : SIZE_MAX; /* one less */
    if (busy && connections->busy == 1 && connections->became_busy != NULL) {
        connections->became_busy(connections->ctx);
    }
}

static void shut(struct connection *connection)
{
    connection->shut = true;
    (void)shutdown(connection->fd, SHUT_RDWR);
}

size_t connections_shut_slow(struct connections *connections, uint64_t now_ms, uint64_t most_ms)
{
    size_t count = 0;
    for (struct connection *at = connections->list.next; at != &connections->list; at = at->next) {
        if (at->busy_ms != 0 && !at->shut && now_ms - at->busy_ms >= most_ms) {
            shut(at);
            count++;
        }
    }
    return count;
}

void connections_shut_idle(struct connections *connections)
{
    struct connection *oldest = connections->list.next;
    while (oldest != &connections->list && oldest->shut) {
        oldest = oldest->next;
    }
    if (oldest != &connections->list) {
        shut(oldest);
    }
}

void connections_remove(struct connections *connections, struct connection *connection)
{
    connections_set_busy(connections, connection, false, 0);
    unlink_connection(connection);
    mem_free(connections->mem, connection, sizeof *connection);
    connections->count--;
    connections->removed(connections->ctx);
}
