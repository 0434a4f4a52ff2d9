/* The command setup: prints settings to stdout, so that they can be piped, and where to paste them
   to stderr. It never edits other programs' files. */
#include "tui/cmd/commands.h"
#include "tui/screen/console.h"

#include <string.h>

/* The hooks whose events are shown. Each starts a process that the agent waits for. PostToolBatch
   and MessageDisplay would double their number and add little. */
static const char *const events[] = {
    "SessionStart",      "SessionEnd",       "UserPromptSubmit",  "Stop",
    "StopFailure",       "PreToolUse",       "PostToolUse",       "PostToolUseFailure",
    "PermissionRequest", "PermissionDenied", "Notification",      "SubagentStart",
    "SubagentStop",      "Elicitation",      "ElicitationResult",
};

static void print_claude(struct strbuf *out)
{
    const size_t hooks = sizeof events / sizeof *events;

    strbuf_adds(out, "{\n  \"hooks\": {\n");
    for (size_t i = 0; i < hooks; i++)
        strbuf_addf(
            out,
            "    \"%s\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"swarmtop hook\", "
            "\"timeout\": 5}]}]%s\n",
            events[i], i + 1 < hooks ? "," : "");
    strbuf_adds(out, "  }\n}\n");
}

/* A row has what works in this version. */
static const struct {
    const char *name, *what, *where;
    void (*print)(struct strbuf *out);
} clients[] = {
    {"claude", "Claude Code: the hooks of its settings.json",
     "Paste into ~/.claude/settings.json or a project's .claude/settings.json. If it has \"hooks\" "
     "already, add to them.\n"
     "`swarmtop` must be in the PATH of the agent. Running sessions use it after a restart.\n",
     print_claude},
};

bool cmd_setup_knows(const char *client)
{
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        if (strcmp(client, clients[i].name) == 0)
            return true;
    return false;
}

void cmd_setup_put_clients(struct strbuf *out)
{
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        strbuf_addf(out, "%s%s", i > 0 ? ", " : "", clients[i].name);
}

void cmd_setup_help(struct strbuf *out)
{
    strbuf_adds(out, "\nClients:\n");
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        strbuf_addf(out, "  %-22s%s\n", clients[i].name, clients[i].what);
}

int cmd_setup(const struct options *options)
{
    struct strbuf text, error;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        if (strcmp(options->arguments[0], clients[i].name) == 0) {
            console_notef("%s", clients[i].where);
            clients[i].print(&text);
        }
    bool ok = console_print(&text, CONSOLE_TEXT, &error);
    if (!ok)
        console_error(&error);
    strbuf_release(&text);
    strbuf_release(&error);
    return ok ? 0 : 1;
}
