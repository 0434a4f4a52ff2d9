/* The tables of sockets have a line for each end of a connection, with its inode; the process is
   the one that has a descriptor of that inode. The tables print an address as 32-bit integers in
   the machine's order, so a key is made of the same integers and compared as text. A socket for
   IPv6 may be connected to an address of IPv4, and is in the other table then.

   A child may have inherited the socket: the client is the highest of its ancestors that has it. */
#include "ingest/process_peer.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIDS_MAX = 8192, LINE_BYTES = 512, LINK_BYTES = 64, ENDPOINT_BYTES = 48 };

enum { PID_ROUND = 1 << 22 }; /* the most numbers that Linux gives */

/* ---- keys ---- */

struct endpoint {
    uint32_t parts[4]; /* of IPv6; an address of IPv4 is the last one */
    unsigned port;
    bool is_v4;
};

static bool endpoint_of(const struct sockaddr_storage *address, struct endpoint *out)
{
    static const uint32_t mapped[2] = {0, 0};
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        *out = (struct endpoint){.port = ntohs(in->sin_port), .is_v4 = true};
        out->parts[3] = in->sin_addr.s_addr;
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)address;
        *out = (struct endpoint){.port = ntohs(in->sin6_port)};
        memcpy(out->parts, in->sin6_addr.s6_addr, sizeof out->parts);
        out->is_v4 =
            memcmp(out->parts, mapped, sizeof mapped) == 0 && out->parts[2] == htonl(0xFFFF);
    } else {
        return false;
    }
    out->parts[2] = out->is_v4 ? htonl(0xFFFF) : out->parts[2];
    return true;
}

static void print_v4(const struct endpoint *end, char out[ENDPOINT_BYTES])
{
    snprintf(out, ENDPOINT_BYTES, "%08X:%04X", end->parts[3], end->port);
}

static void print_v6(const struct endpoint *end, char out[ENDPOINT_BYTES])
{
    const uint32_t *parts = end->parts;
    snprintf(out, ENDPOINT_BYTES, "%08X%08X%08X%08X:%04X", parts[0], parts[1], parts[2], parts[3],
             end->port);
}

bool process_peer_of(int fd, struct process_peer *out)
{
    struct sockaddr_storage theirs = {.ss_family = AF_UNSPEC}, ours = {.ss_family = AF_UNSPEC};
    socklen_t theirs_len = sizeof theirs, ours_len = sizeof ours;
    struct endpoint from, to;
    char a[ENDPOINT_BYTES], b[ENDPOINT_BYTES];
    *out = (struct process_peer){.v4 = ""};
    if (getpeername(fd, (struct sockaddr *)&theirs, &theirs_len) != 0 ||
        getsockname(fd, (struct sockaddr *)&ours, &ours_len) != 0 || !endpoint_of(&theirs, &from) ||
        !endpoint_of(&ours, &to)) {
        return false;
    }
    if (from.is_v4 && to.is_v4) {
        print_v4(&from, a);
        print_v4(&to, b);
        snprintf(out->v4, sizeof out->v4, ": %s %s ", a, b);
    }
    print_v6(&from, a);
    print_v6(&to, b);
    snprintf(out->v6, sizeof out->v6, ": %s %s ", a, b);
    return true;
}

size_t process_peer_listening(const struct sockaddr_storage *address,
                              struct process_peer out[PROCESS_PEER_LISTENING])
{
    static const struct endpoint nobody = {.port = 0};
    struct endpoint at;
    char a[ENDPOINT_BYTES], b[ENDPOINT_BYTES];
    if (!endpoint_of(address, &at)) {
        return 0;
    }
    struct endpoint any = {.port = at.port, .is_v4 = at.is_v4};
    const struct endpoint places[PROCESS_PEER_LISTENING] = {at, any};
    for (size_t i = 0; i < PROCESS_PEER_LISTENING; i++) {
        out[i] = (struct process_peer){.v4 = ""};
        if (at.is_v4) {
            print_v4(&places[i], a);
            print_v4(&nobody, b);
            snprintf(out[i].v4, sizeof out[i].v4, ": %s %s ", a, b);
        }
        print_v6(&places[i], a);
        print_v6(&nobody, b);
        snprintf(out[i].v6, sizeof out[i].v6, ": %s %s ", a, b);
    }
    return PROCESS_PEER_LISTENING;
}

/* ---- the socket ---- */

struct socket_row {
    unsigned uid;
    unsigned long long inode;
};

/* Finds the line with the key in a table of sockets. */
static bool find_row(const char *proc, const char *table, const char *key, struct socket_row *out)
{
    char path[PATH_MAX], line[LINE_BYTES];
    bool found = false;
    if (key[0] == '\0' ||
        snprintf(path, sizeof path, "%s/net/%s", proc, table) >= (int)sizeof path) {
        return false;
    }
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        const char *at = strstr(line, key);
        found = at != NULL &&
                sscanf(at + strlen(key), "%*x %*x:%*x %*x:%*x %*x %u %*d %llu", &out->uid,
                       &out->inode) == 2 &&
                out->inode != 0 && out->uid == geteuid();
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

/* Returns whether a descriptor of the process is the socket; adds to *seen those looked at. */
static bool has_socket(const char *proc, int64_t pid, unsigned long long inode, size_t *seen)
{
    char path[PATH_MAX], want[LINK_BYTES], link[LINK_BYTES];
    int want_len = snprintf(want, sizeof want, "socket:[%llu]", inode);
    bool found = false;
    if (snprintf(path, sizeof path, "%s/%lld/fd", proc, (long long)pid) >= (int)sizeof path) {
        return false;
    }
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir != NULL && !found && (entry = readdir(dir)) != NULL;) {
        ssize_t len =
            entry->d_name[0] == '.' ? -1 : readlinkat(dirfd(dir), entry->d_name, link, sizeof link);
        *seen += len >= 0;
        found = len == want_len && memcmp(link, want, (size_t)len) == 0;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return found;
}

/* ---- the process ---- */

static int compare(const void *a, const void *b)
{
    const int *x = a, *y = b;
    return *x < *y ? 1 : *x > *y ? -1 : 0;
}

/* Returns the number that the system gave to a process last; INT_MAX: unknown. */
static int last_pid(const char *proc)
{
    char path[PATH_MAX], line[128];
    int pid = INT_MAX;
    if (snprintf(path, sizeof path, "%s/loadavg", proc) >= (int)sizeof path) {
        return INT_MAX;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return INT_MAX;
    }
    if (fgets(line, sizeof line, file) == NULL ||
        sscanf(line, "%*f %*f %*f %*d/%*d %d", &pid) != 1) {
        pid = INT_MAX;
    }
    fclose(file);
    return pid;
}

/* Sets pids to the processes of the user, the youngest first; returns their count. Numbers start
   again at the greatest one: those above the last one given are the oldest. */
static size_t list_processes(const char *proc, uid_t uid, int pids[PIDS_MAX])
{
    size_t count = 0;
    int last = last_pid(proc);
    struct stat st;
    DIR *dir = opendir(proc);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (isdigit((unsigned char)entry->d_name[0]) &&
            fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && st.st_uid == uid) {
            /* If there are too many, the oldest are left out: the system lists them first. */
            int pid = atoi(entry->d_name);
            pids[count++ % PIDS_MAX] = pid > last ? pid - PID_ROUND : pid;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    count = count < PIDS_MAX ? count : PIDS_MAX;
    qsort(pids, count, sizeof *pids, compare);
    for (size_t i = 0; i < count; i++) {
        pids[i] += pids[i] <= 0 ? PID_ROUND : 0;
    }
    return count;
}

/* Sets *out to the process and its ancestors, from the highest one on that has the socket. */
static void climb(const char *proc, int pid, unsigned long long inode, struct process_chain *out)
{
    process_chain_find(proc, pid, out);
    size_t first = 0, seen = 0;
    while (first + 1 < out->count && has_socket(proc, out->process[first + 1].pid, inode, &seen)) {
        first++;
    }
    out->count -= out->count == 0 ? 0 : first;
    memmove(out->process, out->process + first, out->count * sizeof *out->process);
}

enum process_peer_result process_peer_find(const char *proc, const struct process_peer *peer,
                                           size_t max, struct process_chain *out)
{
    struct socket_row row;
    out->count = 0;
    if (!find_row(proc, "tcp", peer->v4, &row) && !find_row(proc, "tcp6", peer->v6, &row)) {
        return PEER_UNKNOWN;
    }
    int *pids = malloc(PIDS_MAX * sizeof *pids);
    size_t count = pids == NULL ? 0 : list_processes(proc, (uid_t)row.uid, pids);
    size_t seen = 0;
    enum process_peer_result result = PEER_UNKNOWN;
    for (size_t i = 0; i < count && result == PEER_UNKNOWN; i++) {
        if (max != 0 && seen >= max) {
            result = PEER_UNFINISHED;
        } else if (has_socket(proc, pids[i], row.inode, &seen)) {
            climb(proc, pids[i], row.inode, out);
            result = out->count > 0 ? PEER_FOUND : PEER_UNKNOWN;
        }
    }
    free(pids);
    return result;
}
