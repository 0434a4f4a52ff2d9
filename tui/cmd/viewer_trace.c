#include "tui/cmd/viewer_trace.h"

#include "ingest/http/serve_once.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct file {
    int fd, why; /* why: errno of a write that failed; 0: none */
};

static bool put(void *ctx, const char *bytes, size_t len)
{
    struct file *file = ctx;
    while (len > 0) {
        ssize_t written = write(file->fd, bytes, len);
        if (written < 0 && errno != EINTR) {
            file->why = errno;
            return false;
        }
        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
        }
    }
    return true;
}

static int temporary_file(const struct environment *env, struct strbuf *error)
{
    struct strbuf path;
    int fd = -1;
    strbuf_init(&path, &mem_libc, 0);
    strbuf_addf(&path, "%s/.swarmtop-XXXXXX", env->tmpdir != NULL ? env->tmpdir : "/tmp");
    if (path.failed) {
        strbuf_adds(error, "out of memory");
    } else if ((fd = mkostemp(path.data, O_CLOEXEC)) < 0) {
        strbuf_addf(error, "%s: cannot be made: %s", path.data, strerror(errno));
    } else {
        (void)unlink(path.data);
    }
    strbuf_release(&path);
    return fd;
}

int viewer_trace_write(const struct swarm *swarm, const struct document_options *options,
                       const struct environment *env, struct strbuf *error)
{
    struct document_options perfetto = *options;
    struct file file = {.fd = temporary_file(env, error)};
    bool no_memory;
    perfetto.format = FORMAT_PERFETTO;
    if (file.fd >= 0 && !document_write(swarm, &perfetto, put, &file, &no_memory)) {
        strbuf_addf(error, "the trace cannot be written: %s",
                    file.why != 0 ? strerror(file.why) : "out of memory");
        close(file.fd);
        return -1;
    }
    return file.fd;
}

unsigned viewer_trace_port(const struct options *options)
{
    return options->port_given ? options->port : SERVE_ONCE_PORT;
}

/* $SSH_CONNECTION: the client's address and port, then this machine's. */
static void add_forward(const struct environment *env, unsigned port, struct strbuf *out)
{
    char host[128];
    if (env->ssh_connection != NULL && sscanf(env->ssh_connection, "%*s %*s %127s", host) == 1) {
        strbuf_addf(out, "ssh -L %d:127.0.0.1:%u %s", SERVE_ONCE_PORT, port, host);
    }
}

void viewer_trace_link(const struct serve_once *serve, const struct environment *env,
                       struct strbuf *link, struct strbuf *forward)
{
    unsigned port = serve_once_port(serve);
    add_forward(env, port, forward);
    serve_once_link(serve, forward->len > 0 ? SERVE_ONCE_PORT : port, link);
}
