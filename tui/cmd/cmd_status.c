/* The command status: one line for a status bar. It asks a running swarmtop over its feed's socket,
   or reads the given sources. It must end within milliseconds, because status bars run it every few
   seconds. */
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/status_line.h"
#include "tui/screen/console.h"

#include "core/base/json_read.h"
#include "core/base/mask.h"

#include "ingest/feed/sender.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 300

/* Reads one line. Returns false if none arrives within WAIT_MS. */
static bool read_line(int fd, struct strbuf *out)
{
    char bytes[512];
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    while (out->len < 4096 && poll(&poll_fd, 1, WAIT_MS) > 0) {
        ssize_t len = read(fd, bytes, sizeof bytes);
        if (len <= 0) {
            return false;
        }
        strbuf_add(out, bytes, (size_t)len);
        if (out->data != NULL && strchr(out->data, '\n') != NULL) {
            return true;
        }
    }
    return false;
}

static bool print_answer(const struct strbuf *line, struct strbuf *error)
{
    struct json_value object, text;
    struct strbuf status;
    bool ok = json_check(line->data, line->len, 8, &object, NULL);

    text = json_get(object, "status");
    ok = ok && text.type == JSON_TYPE_STRING;
    strbuf_init(&status, line->mem, 0);
    if (ok) {
        json_get_string(text, &status);
    }
    if (ok && status.len > 0) {
        strbuf_addc(&status, '\n');
        ok = console_print(&status, CONSOLE_TEXT, error);
    }
    strbuf_release(&status);
    return ok;
}

static int ask(struct strbuf *address, struct strbuf *error)
{
    static const char question[] = "{\"op\":\"status\"}\n";
    struct strbuf line;
    bool ok;
    int fd = sender_connect_default(WAIT_MS, address, error);
    if (fd < 0) {
        return 1;
    }
    strbuf_init(&line, address->mem, 0);
    ok = sender_send(fd, question, sizeof question - 1, error) && read_line(fd, &line) &&
         print_answer(&line, error);
    if (!ok && error->len == 0) {
        strbuf_addf(error, "%s: no answer", address->data);
    }
    strbuf_release(&line);
    close(fd);
    return ok ? 0 : 1;
}

static int read_sources(const struct options *options)
{
    int status;
    struct engine *engine = engine_read_until(options, &status);
    struct swarm_metrics metrics;
    struct strbuf line, error;
    if (engine == NULL) {
        return status;
    }
    const struct swarm *swarm = engine_model(engine);
    int64_t now_ns = engine_moment(engine);
    strbuf_init(&line, engine->mem, 0);
    if (metrics_compute_totals(swarm, now_ns, &metrics)) {
        status_bar(swarm, &metrics, now_ns, options->no_mask, &line);
        engine_clocks(engine, "  ", &line);
        if (!options->no_mask) {
            mask_in_place(&line);
        }
        metrics_release(&metrics);
    }
    strbuf_init(&error, engine->mem, 0);
    if (!line.failed && line.len > 0) {
        strbuf_addc(&line, '\n');
        if (!console_print(&line, CONSOLE_TEXT, &error)) {
            console_error(&error);
            status = 1;
        }
    }
    strbuf_release(&error);
    strbuf_release(&line);
    engine_delete(engine);
    return status;
}

int cmd_status(const struct options *options)
{
    struct strbuf address, error;
    if (options->argument_count > 0) {
        return read_sources(options);
    }
    strbuf_init(&address, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    int status = ask(&address, &error);
    if (status != 0) {
        console_error(&error);
    }
    strbuf_release(&address);
    strbuf_release(&error);
    return status;
}
