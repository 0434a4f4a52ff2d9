/* The command setup: prints settings to stdout, so that they can be piped, and what to know about
   them to stderr. It never edits other programs' files. */
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
    setup_put_endpoint(&endpoint);
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
