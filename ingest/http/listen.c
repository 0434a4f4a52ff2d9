/* A machine without IPv6 lacks ::1, and that is no error. Port 0 asks the system for a port: the
   second address then takes the number that the first was given, or goes without. */
#include "ingest/http/listen.h"

#include "ingest/source_error.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 128 };

/* Returns a socket that listens there; -1: errno is set. */
static int listen_on(const struct address *address)
{
    const int yes = 1;
    int fd = socket(address->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    bool is_v6 = address->bytes.ss_family == AF_INET6;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        (!is_v6 || !address->localhost ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0) &&
        bind(fd, (const struct sockaddr *)&address->bytes, address->len) == 0 &&
        listen(fd, BACKLOG) == 0) {
        return fd;
    }
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* Returns ::1 at the port of `first`, a socket, or of the address without one. */
static struct address other_localhost(const struct address *address, int first)
{
    struct sockaddr_in in;
    socklen_t len = sizeof in;
    memcpy(&in, &address->bytes, sizeof in);
    if (first >= 0) {
        (void)getsockname(first, (struct sockaddr *)&in, &len);
    }
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = in.sin_port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct address other = {.len = sizeof in6, .loopback = true, .localhost = true};
    memcpy(&other.bytes, &in6, sizeof in6);
    return other;
}

static void note_address(struct listening *listening)
{
    struct sockaddr_storage bytes;
    socklen_t len = sizeof bytes;
    memset(&bytes, 0, sizeof bytes);
    if (getsockname(listening->fds[0], (struct sockaddr *)&bytes, &len) == 0) {
        address_print("otlp", &bytes, &listening->address);
    }
}

static void put_reason(const char *spec, const struct address *address, int why, struct strbuf *out)
{
    struct strbuf where;
    strbuf_init(&where, out->mem, 0);
    address_print("otlp", &address->bytes, &where);
    strbuf_addf(out, "%s: cannot listen at %s: %s", spec, where.data != NULL ? where.data : "",
                strerror(why));
    strbuf_release(&where);
}

bool listen_at(const char *spec, const struct address *address, struct listening *out,
               struct strbuf *partly, struct strbuf *error)
{
    int first = listen_on(address);
    int first_errno = errno;
    out->count = 0;
    if (first >= 0) {
        out->fds[out->count++] = first;
    }
    if (address->localhost) {
        struct address other = other_localhost(address, first);
        int second = listen_on(&other);
        bool no_v6 = errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT;
        if (second >= 0) {
            out->fds[out->count++] = second;
        } else if (first >= 0 && !no_v6) {
            put_reason(spec, &other, errno, partly);
        }
    }
    if (out->count == 0) {
        source_error(error, spec, "cannot listen", strerror(first_errno));
        return false;
    }
    if (first < 0) {
        put_reason(spec, address, first_errno, partly);
    }
    note_address(out);
    return true;
}

void listen_close(struct listening *listening)
{
    while (listening->count > 0) {
        close(listening->fds[--listening->count]);
    }
}
