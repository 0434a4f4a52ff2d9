/* The command hook. The agent waits for each of its hooks and treats exit status 2 as a veto. So
   the hook does the least possible, ends within milliseconds even if no swarmtop runs, prints
   nothing, and always succeeds, even with a wrong command line. */
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"

#include "ingest/client_processes.h"
#include "ingest/feed/hook_line.h"
#include "ingest/feed/sender.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define PAYLOAD_MAX    ((size_t)32 << 20)
#define LINE_MAX_BYTES ((size_t)1 << 20) /* of the feed */

/* Timeouts: for the agent to send its payload, for a place in the socket's queue, for a reader to
   read. */
#define READ_MS    1000
#define CONNECT_MS 20
#define SEND_MS    100

/* Returns false if the payload does not end or is too large. */
static bool read_payload(struct strbuf *out)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char bytes[65536];
    ssize_t len = 1;
    while (len > 0 && out->len <= PAYLOAD_MAX && poll(&in, 1, READ_MS) > 0) {
        len = read(STDIN_FILENO, bytes, sizeof bytes);
        if (len > 0) {
            strbuf_add(out, bytes, (size_t)len);
        }
    }
    return len == 0 && !out->failed && out->len <= PAYLOAD_MAX;
}

/* Returns a connection; -1: nobody listens. */
static int connect_to(const char *to)
{
    struct strbuf address, error;
    strbuf_init(&address, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    int fd = to != NULL ? sender_connect(to, CONNECT_MS, &error)
                        : sender_connect_default(CONNECT_MS, &address, &error);
    strbuf_release(&address);
    strbuf_release(&error);
    return fd;
}

/* `given`: the payload, of a client that passes it as an argument; NULL: it comes on stdin. */
static void forward(const char *to, const char *client, const char *given, double t_ms)
{
    struct strbuf payload, process, line, error;
    int fd = -1;
    strbuf_init(&payload, &mem_libc, 0);
    strbuf_init(&process, &mem_libc, 0);
    strbuf_init(&line, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    if (given != NULL) {
        strbuf_adds(&payload, given);
    }
    if (given != NULL || read_payload(&payload)) {
        fd = connect_to(to);
    }
    if (fd >= 0) {
        /* So that the receiver sees when the client dies. */
        client_processes_print("/proc", getppid(), &process);
        if (hook_line_build((struct slice){payload.data != NULL ? payload.data : "", payload.len},
                            t_ms, (struct slice){process.data, process.failed ? 0 : process.len},
                            (struct slice){client, client != NULL ? strlen(client) : 0},
                            LINE_MAX_BYTES, &line)) {
            sender_send_within(fd, line.data, line.len, SEND_MS, &error);
        }
        close(fd);
    }
    strbuf_release(&payload);
    strbuf_release(&process);
    strbuf_release(&line);
    strbuf_release(&error);
}

int cmd_hook(const struct options *options)
{
    forward(options->address, options->client, options->payload,
            (double)(engine_now_ns() / 1000) / 1000);
    return 0;
}

bool cmd_hook_at_once(int argc, char **argv)
{
    struct options options = {.command = COMMAND_HOOK};
    if (argc < 2 || strcmp(argv[1], command_rows[COMMAND_HOOK].name) != 0) {
        return false;
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 ||
            strcmp(argv[i], "--version") == 0) {
            return false;
        }
        if (strncmp(argv[i], "--to=", 5) == 0) {
            options.address = argv[i] + 5;
        } else if (strcmp(argv[i], "--to") == 0 && i + 1 < argc) {
            options.address = argv[++i];
        } else if (strncmp(argv[i], "--client=", 9) == 0) {
            options.client = argv[i] + 9;
        } else if (strcmp(argv[i], "--client") == 0 && i + 1 < argc) {
            options.client = argv[++i];
        } else if (argv[i][0] == '{') {
            options.payload = argv[i];
        }
    }
    cmd_hook(&options);
    return true;
}
