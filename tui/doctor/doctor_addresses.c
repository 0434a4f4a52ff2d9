/* The addresses at which swarmtop listens by default: whether they are free, or who has them. A
   swarmtop that runs already is no fault: clients report to that one. */
#include "tui/doctor/doctor.h"

#include "core/base/mask.h"
#include "ingest/address.h"
#include "ingest/feed/sender.h"
#include "ingest/http/listen.h"
#include "ingest/process_peer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ANSWER_MS = 300, ANSWER_BYTES = 1024, ARGUMENT_BYTES = 256 };

static bool wait_for(int fd, short events)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    return poll(&poll_fd, 1, ANSWER_MS) > 0;
}

/* Asks for a page. Returns whether swarmtop's own receiver answers. */
static bool is_swarmtop(const struct address *address)
{
    static const char question[] = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
    char answer[ANSWER_BYTES];
    size_t len = 0;
    int fd = socket(address->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    (void)connect(fd, (const struct sockaddr *)&address->bytes, address->len);
    if (wait_for(fd, POLLOUT) && send(fd, question, sizeof question - 1, MSG_NOSIGNAL) > 0) {
        for (ssize_t more = 1; more > 0 && len < sizeof answer - 1 && wait_for(fd, POLLIN);) {
            more = recv(fd, answer + len, sizeof answer - 1 - len, 0);
            len += more > 0 ? (size_t)more : 0;
        }
    }
    close(fd);
    answer[len] = '\0';
    return strstr(answer, "set the endpoint to http") != NULL;
}

/* Appends the program that listens there, if it is one of this user's. */
static void put_listener(struct strbuf *out, const struct address *address)
{
    struct process_peer peers[PROCESS_PEER_LISTENING];
    struct process_chain chain = {.count = 0};
    char arguments[ARGUMENT_BYTES];
    size_t count = process_peer_listening(&address->bytes, peers);
    for (size_t i = 0; i < count && chain.count == 0; i++) {
        if (process_peer_find("/proc", &peers[i], 0, &chain) != PEER_FOUND) {
            chain.count = 0;
        }
    }
    if (chain.count > 0) {
        int64_t pid = chain.process[0].pid;
        size_t len = process_arguments("/proc", pid, arguments, sizeof arguments - 1);
        for (size_t i = 0; i + 1 < len; i++) {
            arguments[i] = arguments[i] == '\0' ? ' ' : arguments[i];
        }
        arguments[len] = '\0';
        strbuf_addf(out, " (process %lld%s%s)", (long long)pid, len > 0 ? ", " : "", arguments);
        mask_in_place(out); /* arguments may have keys */
    }
}

/* Adds that the address is not to be had, `why`, and who has it. */
static void put_taken(struct findings *out, const struct address *address, struct strbuf *why)
{
    put_listener(why, address);
    findings_add(out, FINDING_FIX, "telemetry", "%s",
                 why->failed || why->data == NULL ? "an address cannot be listened at" : why->data);
    findings_advise(out, "end the program that has it, or let it send to swarmtop too "
                         "(doc/collector.yaml), or choose other ports:");
    findings_paste(out, "export SWARMTOP_OTLP=localhost:14318,localhost:14317");
}

static void check_otlp(struct findings *out, const char *spec)
{
    struct address address;
    struct listening listening = {.count = 0};
    struct strbuf partly, error;
    strbuf_init(&listening.address, &mem_libc, 0);
    strbuf_init(&partly, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    if (!address_parse_otlp(spec, &address, &error)) {
        findings_add(out, FINDING_FIX, "SWARMTOP_OTLP", "%s", error.data);
    } else if (listen_at(spec, &address, &listening, &partly, &error)) {
        listen_close(&listening);
        if (partly.len == 0) {
            findings_add(out, FINDING_OK, "telemetry", "%s is free", spec);
        } else {
            put_taken(out, &address, &partly);
        }
    } else if (is_swarmtop(&address)) {
        findings_add(out, FINDING_OK, "telemetry", "a swarmtop listens at %s already", spec);
    } else {
        put_taken(out, &address, &error);
    }
    strbuf_release(&listening.address);
    strbuf_release(&partly);
    strbuf_release(&error);
}

static void check_feed(struct findings *out)
{
    struct strbuf address, error;
    strbuf_init(&address, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    int fd = sender_connect_default(ANSWER_MS, &address, &error);
    if (fd >= 0) {
        close(fd);
        findings_add(out, FINDING_OK, "feed", "a swarmtop listens at %s: hooks reach it",
                     address.failed ? "its socket" : address.data);
    } else {
        strbuf_clear(&address);
        strbuf_clear(&error);
        if (address_default(&address, true, &error) && !address.failed) {
            findings_add(out, FINDING_OK, "feed", "%s: no swarmtop runs now", address.data);
        } else {
            findings_add(out, FINDING_FIX, "feed", "%s",
                         error.failed || error.data == NULL ? "no address" : error.data);
            findings_advise(out, "choose another socket, in a directory of yours:");
            findings_paste(out, "export SWARMTOP_SOCKET=~/.swarmtop.sock");
        }
    }
    strbuf_release(&address);
    strbuf_release(&error);
}

void doctor_addresses(struct findings *out, const struct options *options)
{
    struct strbuf spec;
    size_t number = 0;
    (void)options;
    findings_heading(out, "Addresses");
    check_feed(out);
    strbuf_init(&spec, &mem_libc, 0);
    while (address_default_otlp(number, &spec) && !spec.failed) {
        check_otlp(out, spec.data);
        strbuf_clear(&spec);
        number++;
    }
    if (number == 0) {
        findings_add(out, FINDING_ABSENT, "telemetry", "off, by $SWARMTOP_OTLP");
    }
    strbuf_release(&spec);
}
