/* The command setup: prints settings to stdout, so that they can be piped, and what to know about
   them to stderr. It never edits other programs' files. */
#include "ingest/address.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/setup_text.h"
#include "tui/screen/console.h"

#include <stdlib.h>
#include <string.h>

bool cmd_setup_knows(const char *client)
{
    return setup_client_of(client) != NULL;
}

void cmd_setup_put_clients(struct strbuf *out)
{
    for (const struct setup_client *client = setup_clients; client->name != NULL; client++) {
        strbuf_addf(out, "%s%s", client > setup_clients ? ", " : "", client->name);
    }
}

void cmd_setup_help(struct strbuf *out)
{
    strbuf_adds(out, "\nClients:\n");
    for (const struct setup_client *client = setup_clients; client->name != NULL; client++) {
        strbuf_addf(out, "  %-10s%s: %s\n", client->name, client->title, client->gives);
    }
}

/* Appends the first default of otlp: as a URL. */
static void put_endpoint(struct strbuf *out)
{
    static const char prefix[] = "otlp:", name[] = "localhost:";
    struct strbuf spec;
    strbuf_init(&spec, &mem_libc, 0);
    if (!address_default_otlp(0, &spec)) {
        strbuf_clear(&spec);
        strbuf_adds(&spec, "otlp:localhost:4318");
    }
    if (!spec.failed) {
        const char *at = spec.data + sizeof prefix - 1;
        bool local = strncmp(at, name, sizeof name - 1) == 0;
        strbuf_addf(out, "http://%s%s", local ? "127.0.0.1:" : "",
                    local ? at + sizeof name - 1 : at);
    }
    strbuf_release(&spec);
}

static const char *variable(const char *name)
{
    return getenv(name);
}

int cmd_setup(const struct options *options)
{
    struct strbuf lines, notes, error, endpoint;
    struct setup_host host = {.home = options->env.home, .variable = variable};
    strbuf_init(&lines, &mem_libc, 0);
    strbuf_init(&notes, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    strbuf_init(&endpoint, &mem_libc, 0);
    put_endpoint(&endpoint);
    host.endpoint = endpoint.data;
    bool ok = !endpoint.failed && endpoint.data != NULL;
    if (ok) {
        setup_put(setup_client_of(options->arguments[0]), &host, &lines, &notes);
        ok = !lines.failed && !notes.failed;
    }
    if (ok) {
        console_notef("%s\n", notes.data);
        ok = console_print(&lines, CONSOLE_TEXT, &error);
    }
    if (!ok) {
        console_error(&error);
    }
    strbuf_release(&lines);
    strbuf_release(&notes);
    strbuf_release(&error);
    strbuf_release(&endpoint);
    return ok ? 0 : 1;
}
