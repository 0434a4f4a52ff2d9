/* Paths and IP addresses only: looking up a name could wait for a name server, and a feed's
   address is local as a rule. */
#include "ingest/address.h"

#include "ingest/source_error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"
#define TCP_PREFIX  "tcp:"
#define OTLP_PREFIX "otlp:"

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool parse_unix(const char *spec, struct address *out, struct strbuf *error)
{
    const char *path = spec + strlen(UNIX_PREFIX);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (*path == '\0' || strlen(path) >= sizeof un.sun_path) {
        source_error(error, spec, *path == '\0' ? "a path is missing" : "the path is too long",
                     NULL);
        return false;
    }
    memcpy(un.sun_path, path, strlen(path) + 1);
    memcpy(&out->bytes, &un, sizeof un);
    out->len = sizeof un;
    out->loopback = true;
    return true;
}

/* A port in decimal digits, nothing else. */
static bool parse_port(const char *text, in_port_t *out)
{
    unsigned port = 0;
    if (*text == '\0' || strlen(text) > 5) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        port = port * 10 + (unsigned)(*text - '0');
    }
    *out = htons((uint16_t)port);
    return port <= 65535;
}

static bool parse_v4(const char *host, in_port_t port, struct address *out)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};
    if (inet_pton(AF_INET, host, &in.sin_addr) != 1) {
        return false;
    }
    memcpy(&out->bytes, &in, sizeof in);
    out->len = sizeof in;
    out->loopback = ntohl(in.sin_addr.s_addr) >> 24 == 127;
    return true;
}

static bool parse_v6(const char *host, in_port_t port, struct address *out)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = port};
    if (inet_pton(AF_INET6, host, &in.sin6_addr) != 1) {
        return false;
    }
    memcpy(&out->bytes, &in, sizeof in);
    out->len = sizeof in;
    out->loopback = IN6_IS_ADDR_LOOPBACK(&in.sin6_addr) ||
                    (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr) && in.sin6_addr.s6_addr[12] == 127);
    return true;
}

/* KIND:HOST:PORT */
static bool parse_ip(const char *kind, const char *spec, struct address *out, struct strbuf *error)
{
    const char *host = spec + strlen(kind) + 1;
    const char *colon = strrchr(host, ':');
    char text[INET6_ADDRSTRLEN + 2];
    size_t len = colon == NULL ? 0 : (size_t)(colon - host);
    in_port_t port = 0;
    if (colon == NULL || !parse_port(colon + 1, &port)) {
        strbuf_addf(error, "%s: not of the form %s:HOST:PORT", spec, kind);
        return false;
    }
    bool brackets = len > 2 && host[0] == '[' && host[len - 1] == ']';
    if (brackets) {
        host++;
        len -= 2;
    }
    bool good = len < sizeof text;
    if (good) {
        memcpy(text, host, len);
        text[len] = '\0';
        out->localhost = strcmp(text, "localhost") == 0;
        if (out->localhost) {
            good = parse_v4("127.0.0.1", port, out);
        } else {
            good = brackets ? parse_v6(text, port, out) : parse_v4(text, port, out);
        }
    }
    if (!good) {
        source_error(error, spec, "HOST is neither an IP address nor localhost", NULL);
    }
    return good;
}

bool address_parse_otlp(const char *spec, struct address *out, struct strbuf *error)
{
    *out = (struct address){.len = 0};
    return parse_ip("otlp", spec, out, error);
}

bool address_parse(const char *spec, struct address *out, struct strbuf *error)
{
    *out = (struct address){.len = 0};
    if (begins_with(spec, UNIX_PREFIX)) {
        return parse_unix(spec, out, error);
    }
    if (begins_with(spec, TCP_PREFIX)) {
        return parse_ip("tcp", spec, out, error);
    }
    source_error(error, spec, "not an address: unix:PATH or tcp:HOST:PORT", NULL);
    return false;
}

void address_print(const char *kind, const struct sockaddr_storage *bytes, struct strbuf *out)
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (bytes->ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, bytes, sizeof in);
        inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
        strbuf_addf(out, "%s:[%s]:%u", kind, text, (unsigned)ntohs(in.sin6_port));
    } else {
        struct sockaddr_in in;
        memcpy(&in, bytes, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
        strbuf_addf(out, "%s:%s:%u", kind, text, (unsigned)ntohs(in.sin_port));
    }
}

/* ---- the default address ---- */

/* A directory in /tmp is one that others can make too, so it must be ours alone. */
static bool check_private_dir(const char *dir, bool make, struct strbuf *error)
{
    struct stat st;
    if (make && mkdir(dir, 0700) != 0 && errno != EEXIST) {
        source_error(error, dir, "cannot make the directory", strerror(errno));
        return false;
    }
    if (lstat(dir, &st) != 0) {
        if (!make && errno == ENOENT) {
            return true; /* nobody listens there yet */
        }
        source_error(error, dir, "cannot be looked at", strerror(errno));
        return false;
    }
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
        source_error(error, dir, "is not a directory of yours alone (mode 0700)", NULL);
        return false;
    }
    return true;
}

static bool put_named(struct strbuf *out)
{
    const char *named = getenv("SWARMTOP_SOCKET");
    if (named == NULL || *named == '\0') {
        return false;
    }
    bool has_kind = begins_with(named, UNIX_PREFIX) || begins_with(named, TCP_PREFIX);
    strbuf_addf(out, "%s%s", has_kind ? "" : UNIX_PREFIX, named);
    return true;
}

static bool put_runtime(struct strbuf *out)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime == NULL || *runtime != '/') {
        return false;
    }
    strbuf_addf(out, UNIX_PREFIX "%s/swarmtop.sock", runtime);
    return true;
}

/* False: *error has the reason. */
static bool put_temporary(struct strbuf *out, bool make, struct strbuf *error)
{
    size_t from = out->len + strlen(UNIX_PREFIX);
    strbuf_addf(out, UNIX_PREFIX "/tmp/swarmtop-%lu", (unsigned long)geteuid());
    if (out->failed || !check_private_dir(out->data + from, make, error)) {
        return false;
    }
    strbuf_adds(out, "/feed.sock");
    return !out->failed;
}

bool address_default(struct strbuf *out, bool make, struct strbuf *error)
{
    return put_named(out) || put_runtime(out) ? !out->failed : put_temporary(out, make, error);
}

bool address_default_otlp(size_t number, struct strbuf *out)
{
    const char *at = getenv("SWARMTOP_OTLP");
    at = at == NULL || *at == '\0' ? "localhost:4318,localhost:4317" : at;
    if (strcmp(at, "off") == 0) {
        return false;
    }
    for (; number > 0; number--) {
        at += strcspn(at, ",");
        at += *at == ',';
    }
    size_t len = strcspn(at, ",");
    strbuf_adds(out, OTLP_PREFIX);
    strbuf_add(out, at, len);
    return len > 0 && !out->failed;
}

bool address_place(size_t number, struct strbuf *out)
{
    struct strbuf unsafe;
    bool good = true;
    strbuf_clear(out);
    strbuf_init(&unsafe, out->mem, 0);
    switch (number) {
    case 0: good = put_named(out); break;
    case 1: good = put_runtime(out); break;
    case 2:
        strbuf_addf(out, UNIX_PREFIX "/run/user/%lu/swarmtop.sock", (unsigned long)geteuid());
        break;
    case 3: good = put_temporary(out, false, &unsafe); break;
    default: good = false;
    }
    strbuf_release(&unsafe);
    return good && !out->failed;
}
