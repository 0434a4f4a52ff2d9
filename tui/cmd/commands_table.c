/* The table of commands. The order is that of --help and of the manual. */
#include "tui/cmd/options.h"

const struct command_row command_rows[COMMANDS] = {
    [COMMAND_WATCH] =
        {"watch", "[OPTIONS] [SOURCE...]", "the live screen (the default command)",
         "Follows files that grow, are replaced or do not exist yet. Without a SOURCE it listens at "
         "the default address. If stdout is not a terminal, it prints a line of figures to stderr "
         "every few seconds, and the last frame as text at the end."},
    [COMMAND_RECORD] =
        {"record", "[OPTIONS] [SOURCE...]",
         "records without a screen until the sources end or a signal arrives",
         "Reads files once and stops, unless --follow is given or a source listens. Prints the path "
         "of the trace to stdout."},
    [COMMAND_REPORT] = {"report", "[--json] SOURCE...",
                        "reads the sources to their end and prints statistics",
                        "Durations are in milliseconds. A figure without data is omitted."},
    [COMMAND_DUMP] = {"dump", "[OPTIONS] SOURCE...",
                      "reads the sources to their end and prints one frame of the screen",
                      "Needs no terminal. Shows all of the trace unless --keys changes the view."},
    [COMMAND_EMIT] = {"emit", "[--to ADDR] [--session ID] OP [KEY=VALUE...]",
                      "sends one feed operation to a running swarmtop",
                      "The session is --session, else $SWARMTOP_SESSION, else `shell`. The time "
                      "is now unless t= is given. args.K=V adds a member to an object."},
    [COMMAND_HOOK] =
        {"hook", "[--to ADDR] [--client NAME] [JSON]",
         "a hook for a client: forwards the JSON on stdin",
         "Sends the JSON, or that of its argument (Codex's notify), to a running swarmtop. Prints "
         "nothing and always succeeds within milliseconds, even if no swarmtop runs: the agent waits for it. `swarmtop setup CLIENT` "
         "prints the lines to paste into the client's settings."},
    [COMMAND_SETUP] =
        {"setup", "CLIENT", "prints settings that make a client report to swarmtop",
         "Prints the settings to stdout, and to stderr where to paste them, their effects, and "
         "the settings that the client's own file lacks. Changes no file, and prints no setting "
         "that would take telemetry from another collector: it shows how to have both."},
    [COMMAND_DOCTOR] =
        {"doctor", "", "checks sources, addresses, settings and terminal, and what to change",
         "Looks at the clients' files, the addresses it listens at, the clients' settings, the "
         "files it writes, and the terminal. Changes nothing. The exit status is 1 if something has "
         "to be changed."},
    [COMMAND_STATUS] = {"status", "[SOURCE...]", "one line for a status bar",
                        "Asks the swarmtop at the default address, or reads the sources. In tmux: "
                        "set -g status-right '#(swarmtop status)'."},
    [COMMAND_OPEN] =
        {"open", "[--port N] FILE", "serves a trace to ui.perfetto.dev, and prints the link",
         "Serves FILE once on 127.0.0.1:9001, which ui.perfetto.dev may read, and ends when it was "
         "fetched. The link has a secret in it, which keeps other users out. A feed, a journal or a "
         "client's files (`claude:DIR`) are converted first. Over ssh it prints the line that "
         "forwards the port. The exit status is 1 if it was ended before, or if a part could not "
         "be read."},
    [COMMAND_DEMO] =
        {"demo", "[OPTIONS]", "shows a simulated swarm that sends a real feed",
         "Runs until q is pressed. Without a terminal it ends after less than a minute. Writes no "
         "trace unless --output names one."},
};
