/* SO_SNDTIMEO limits connect() as well as send(), on Unix sockets and TCP alike (socket(7)), so the
   descriptor stays a blocking one and needs no polling. */
#include "ingest/feed/sender.h"

#include "ingest/address.h"
#include "ingest/source_error.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LEAST_MS = 5 };

static const char *error_text(int error)
{
    /* A timeout is EAGAIN for a Unix socket and a send, EINPROGRESS for TCP. */
    return error == EAGAIN || error == EINPROGRESS ? "no answer in time" : strerror(error);
}

int sender_connect(const char *spec, int timeout_ms, struct strbuf *error)
{
    struct address address;
    if (!address_parse(spec, &address, error)) {
        return -1;
    }
    struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    int fd = socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0 &&
        connect(fd, (const struct sockaddr *)&address.bytes, address.len) == 0) {
        return fd;
    }
    source_error(error, spec, "cannot connect", error_text(errno));
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int sender_connect_default(int timeout_ms, struct strbuf *address, struct strbuf *error)
{
    struct strbuf first;
    int64_t end = now_ms() + timeout_ms;
    int fd = -1;
    strbuf_init(&first, error->mem, 0);
    for (size_t i = 0; i < ADDRESS_PLACES && fd < 0; i++) {
        int left = (int)(end - now_ms());
        if (!address_place(i, address)) {
            continue;
        }
        /* A stuck one must not keep the others from being asked, nor a busy machine. */
        fd = sender_connect(address->data, left / 2 > LEAST_MS ? left / 2 : LEAST_MS,
                            first.len == 0 ? &first : error);
        strbuf_clear(error);
    }
    if (fd < 0) {
        strbuf_clear(address);
        (void)address_default(address, false, error);
        if (error->len == 0) {
            strbuf_add(error, first.data, first.len);
        }
    }
    strbuf_release(&first);
    return fd;
}

bool sender_send(int fd, const char *bytes, size_t len, struct strbuf *error)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            strbuf_adds(error, error_text(errno));
            return false;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

bool sender_send_within(int fd, const char *bytes, size_t len, int timeout_ms, struct strbuf *error)
{
    int64_t end = now_ms() + timeout_ms;
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        int64_t left = end - now_ms();
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (sent >= 0) {
            bytes += sent;
            len -= (size_t)sent;
        } else if ((errno != EAGAIN && errno != EINTR) || left <= 0) {
            strbuf_adds(error, error_text(errno));
            return false;
        } else {
            poll(&wait, 1, (int)left);
        }
    }
    return true;
}
