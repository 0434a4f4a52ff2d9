/* The command emit: one line over one connection, without a loop or a model. It ends within a few
   milliseconds, or reports at once that no swarmtop listens. */
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"
#include "tui/screen/console.h"

#include "core/base/json_text.h"

#include "ingest/feed/emit.h"
#include "ingest/feed/sender.h"
#include "ingest/nats/nats_publisher.h"
#include "ingest/nats/nats_url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 500
#define NATS_MS    3000 /* a server elsewhere */

/* Appends the `auth` line that a TCP receiver may require first. */
static bool add_auth(const char *path, struct strbuf *text, struct strbuf *error)
{
    char token[4096];
    FILE *file = fopen(path, "re");
    bool ok = file != NULL && fgets(token, sizeof token, file) != NULL;

    if (ok) {
        strbuf_adds(text, "{\"op\":\"auth\",\"token\":");
        json_put_string(text, token, strcspn(token, "\r\n"));
        strbuf_adds(text, "}\n");
    } else {
        strbuf_addf(error, "%s: cannot read a token: %s", path,
                    file != NULL ? "it is empty" : strerror(errno));
    }
    if (file != NULL) {
        fclose(file);
    }
    return ok;
}

/* Returns a connection to --to, else to the user's own swarmtop; -1: *error has the reason. */
static int connect_to(const struct options *options, struct strbuf *address, struct strbuf *error)
{
    return options->address != NULL ? sender_connect(options->address, CONNECT_MS, error)
                                    : sender_connect_default(CONNECT_MS, address, error);
}

static bool send_text(const struct options *options, const struct strbuf *text,
                      struct strbuf *address, struct strbuf *error)
{
    if (options->address != NULL && nats_url_is(options->address)) {
        return nats_publish(options->address, text->data, text->len, NATS_MS, error);
    }
    int fd = connect_to(options, address, error);
    if (fd < 0) {
        return false;
    }
    bool sent = sender_send(fd, text->data, text->len, error);
    close(fd);
    return sent;
}

static int emit(const struct options *options, double t_ms, struct strbuf *text,
                struct strbuf *address, struct strbuf *error)
{
    const char *session = options->session != NULL ? options->session : options->env.session;
    struct strbuf line;
    bool built, ok;
    strbuf_init(&line, text->mem, 0);
    built = emit_build(options->arguments[0], options->arguments + 1, options->argument_count - 1,
                       session != NULL ? session : "shell", t_ms, &line, error);
    ok = built && (options->token_file == NULL || add_auth(options->token_file, text, error));
    if (built) {
        strbuf_add(text, line.data, line.len);
    }
    strbuf_release(&line);
    if (!ok || text->failed) {
        return built ? 1 : 2;
    }
    return send_text(options, text, address, error) ? 0 : 1;
}

int cmd_emit(const struct options *options)
{
    double t_ms = (double)(engine_now_ns() / 1000) / 1000;
    struct strbuf text, address, error;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&address, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    int status = emit(options, t_ms, &text, &address, &error);
    if (status != 0) {
        console_error(&error);
    }
    strbuf_release(&text);
    strbuf_release(&address);
    strbuf_release(&error);
    return status;
}

void cmd_emit_help(struct strbuf *out)
{
    emit_help(out);
}
