/* The process at the other end of a connection: real ones of this machine, and tables of sockets as
   the system prints them. */
#include "ingest/process_peer.h"

#include "tests/support/processes.h"
#include "tests/support/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- real ones ---- */

struct ends {
    int listener, taken;
    pid_t child; /* has the other end */
    int alive;   /* closing it ends the child */
};

static void set_address(int family, const char *host, struct sockaddr_storage *out, socklen_t *len)
{
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    *out = (struct sockaddr_storage){.ss_family = (sa_family_t)family};
    void *to = family == AF_INET ? (void *)&in->sin_addr : (void *)&in6->sin6_addr;
    assert_int_equal(inet_pton(family, host, to), 1);
    *len = family == AF_INET ? sizeof *in : sizeof *in6;
}

static unsigned short port_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                         : ((const struct sockaddr_in6 *)address)->sin6_port;
}

/* The child connects, and waits; with `inherits` it has a child of its own that has the socket too. */
static void be_client(int family, const char *host, unsigned short port, bool inherits, int alive)
{
    struct sockaddr_storage to;
    socklen_t len;
    char byte;
    int fd = socket(family, SOCK_STREAM, 0);
    set_address(family, host, &to, &len);
    if (family == AF_INET) {
        ((struct sockaddr_in *)&to)->sin_port = port;
    } else {
        ((struct sockaddr_in6 *)&to)->sin6_port = port;
    }
    if (connect(fd, (struct sockaddr *)&to, len) != 0) {
        _exit(1);
    }
    if (inherits) {
        (void)!fork();
    }
    (void)!read(alive, &byte, 1);
    _exit(0);
}

static bool connect_ends(struct ends *ends, int listens, const char *at, int family,
                         const char *host, bool inherits)
{
    struct sockaddr_storage address;
    socklen_t len;
    int alive[2];
    set_address(listens, at, &address, &len);
    ends->listener = socket(listens, SOCK_STREAM, 0);
    if (ends->listener < 0 || bind(ends->listener, (struct sockaddr *)&address, len) != 0) {
        close(ends->listener);
        return false; /* without IPv6 */
    }
    assert_int_equal(listen(ends->listener, 1), 0);
    assert_int_equal(getsockname(ends->listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(pipe(alive), 0);
    ends->child = fork();
    if (ends->child == 0) {
        close(alive[1]);
        close(ends->listener);
        be_client(family, host, port_of(&address), inherits, alive[0]);
    }
    close(alive[0]);
    ends->alive = alive[1];
    ends->taken = accept(ends->listener, NULL, NULL);
    assert_true(ends->taken >= 0);
    return true;
}

static void release(struct ends *ends)
{
    close(ends->alive);
    close(ends->taken);
    close(ends->listener);
    waitpid(ends->child, NULL, 0);
}

TEST(the_process_that_has_the_other_end_is_found)
{
    static const struct {
        int listens;
        const char *at;
        int family;
        const char *host;
        bool inherits;
    } rows[] = {
        {AF_INET, "127.0.0.1", AF_INET, "127.0.0.1", false},
        {AF_INET, "127.0.0.1", AF_INET6, "::ffff:127.0.0.1", false},
        {AF_INET6, "::1", AF_INET6, "::1", false},
        {AF_INET6, "::", AF_INET, "127.0.0.1", false},
        {AF_INET, "127.0.0.1", AF_INET, "127.0.0.1", true},
    };
    if (access("/proc/self/net/tcp", R_OK) != 0) {
        skip();
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ends ends;
        struct process_peer peer;
        struct process_chain chain;
        if (!connect_ends(&ends, rows[i].listens, rows[i].at, rows[i].family, rows[i].host,
                          rows[i].inherits)) {
            continue;
        }
        assert_true(process_peer_of(ends.taken, &peer));
        assert_int_equal(process_peer_find("/proc", &peer, 0, &chain), PEER_FOUND);
        assert_int_equal(chain.process[0].pid, ends.child);
        assert_int_equal(chain.process[1].pid, getpid());
        release(&ends);
    }
}

TEST(a_client_that_has_gone_and_other_sockets_are_unknown)
{
    struct ends ends;
    struct process_peer peer;
    struct process_chain chain;
    int pair[2];
    assert_true(connect_ends(&ends, AF_INET, "127.0.0.1", AF_INET, "127.0.0.1", false));
    assert_true(process_peer_of(ends.taken, &peer));
    kill(ends.child, SIGKILL);
    waitpid(ends.child, NULL, 0);
    assert_int_equal(process_peer_find("/proc", &peer, 0, &chain), PEER_UNKNOWN);
    release(&ends);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_false(process_peer_of(pair[0], &peer));
    close(pair[0]);
    close(pair[1]);
    assert_false(process_peer_of(-1, &peer));
}

/* ---- tables ---- */

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"

static void set_table(const char *proc, const char *name, const char *text)
{
    char table[1000];
    mkdir(support_path(proc, "net"), 0700);
    int len = snprintf(table, sizeof table, HEAD "%s", text);
    char path[20];
    snprintf(path, sizeof path, "net/%s", name);
    support_write_file(support_path(proc, path), table, (size_t)len);
}

static void set_socket(const char *proc, int pid, const char *link)
{
    char path[40];
    snprintf(path, sizeof path, "%d/fd", pid);
    mkdir(support_path(proc, path), 0700);
    snprintf(path, sizeof path, "%d/fd/3", pid);
    assert_int_equal(symlink(link, support_path(proc, path)), 0);
}

TEST(lines_of_others_and_of_closed_connections_are_left_alone)
{
    static const struct {
        const char *row; /* %u: the user */
        const char *link;
        enum process_peer_result result;
    } rows[] = {
        {"   1: 0100007F:1F90 0100007F:10E6 01 0:0 00:0 0 %u 0 77 1\n", "socket:[77]", PEER_FOUND},
        {"   1: 0100007F:1F90 0100007F:10E6 01 0:0 00:0 0 %u 0 77 1\n", "socket:[7]", PEER_UNKNOWN},
        {"   1: 0100007F:1F90 0100007F:10E6 01 0:0 00:0 0 %u 0 77 1\n", "pipe:[77]", PEER_UNKNOWN},
        {"   1: 0100007F:1F90 0100007F:10E6 06 0:0 00:0 0 %u 0 0 1\n", "socket:[0]", PEER_UNKNOWN},
        {"   1: 0100007F:10E6 0100007F:1F90 01 0:0 00:0 0 %u 0 77 1\n", "socket:[77]",
         PEER_UNKNOWN}, /* our own end */
        {"   1: 0100007F:1F90 0200007F:10E6 01 0:0 00:0 0 %u 0 77 1\n", "socket:[77]",
         PEER_UNKNOWN},
        {"   1: 0100007F:1F90 0100007F:10E6 01\n", "socket:[77]", PEER_UNKNOWN},
        {"   1: 0100007F:1F90 0100007F:10E6 01 0:0 00:0 0 4%u 0 77 1\n", "socket:[77]",
         PEER_UNKNOWN}, /* another user */
        {"", "socket:[77]", PEER_UNKNOWN},
    };
    const struct process_peer peer = {.v4 = ": 0100007F:1F90 0100007F:10E6 ",
                                      .v6 = ": 00:1F90 00:10E6 "};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *proc = processes_new();
        struct process_chain chain;
        char text[200];
        assert_int_equal(process_peer_find(proc, &peer, 0, &chain), PEER_UNKNOWN); /* no table */
        processes_start(proc, 50, 1, 5, "bash", NULL);
        processes_start(proc, 100, 50, 7, "claude", NULL);
        set_socket(proc, 100, rows[i].link);
        const char *at = strstr(rows[i].row, "%u");
        snprintf(text, sizeof text, "%.*s%u%s", at == NULL ? 0 : (int)(at - rows[i].row),
                 rows[i].row, geteuid(), at == NULL ? "" : at + 2);
        set_table(proc, "tcp", at == NULL ? "" : text);
        assert_int_equal(process_peer_find(proc, &peer, 0, &chain), rows[i].result);
        assert_int_equal(chain.count, rows[i].result == PEER_FOUND ? 2 : 0);
    }
}

/* The rest is done on a worker then. */
TEST(a_look_at_many_descriptors_ends_at_its_maximum)
{
    const struct process_peer peer = {.v4 = ": 0100007F:1F90 0100007F:10E6 ", .v6 = ""};
    const char *proc = processes_new();
    struct process_chain chain;
    char text[200];
    snprintf(text, sizeof text, "   1: 0100007F:1F90 0100007F:10E6 01 0:0 00:0 0 %u 0 77 1\n",
             geteuid());
    set_table(proc, "tcp", text);
    processes_start(proc, 100, 50, 7, "claude", NULL);
    set_socket(proc, 100, "socket:[77]");
    for (int pid = 101; pid < 110; pid++) {
        processes_start(proc, pid, 1, 8, "other", NULL);
        set_socket(proc, pid, "socket:[78]");
    }
    assert_int_equal(process_peer_find(proc, &peer, 5, &chain), PEER_UNFINISHED);
    assert_int_equal(process_peer_find(proc, &peer, 10, &chain), PEER_FOUND);
    assert_int_equal(process_peer_find(proc, &peer, 0, &chain), PEER_FOUND);
    /* The numbers have begun again: those above 100 are older. */
    static const char load[] = "0.10 0.20 0.30 1/80 100\n";
    support_write_file(support_path(proc, "loadavg"), load, sizeof load - 1);
    assert_int_equal(process_peer_find(proc, &peer, 1, &chain), PEER_FOUND);
    assert_int_equal(chain.process[0].pid, 100);
}
