/* The command setup: prints settings to stdout, so that they can be piped, and where to paste them
   to stderr. It never edits other programs' files. */
#include "tui/cmd/commands.h"

#include <stdio.h>
#include <string.h>

#define ENDPOINT "http://127.0.0.1:4318"

/* The hooks whose events are shown. Each starts a process that the agent waits for. PostToolBatch
   and MessageDisplay would double their number and add little. */
static const char *const events[] = {
    "SessionStart",      "SessionEnd",       "UserPromptSubmit",  "Stop",
    "StopFailure",       "PreToolUse",       "PostToolUse",       "PostToolUseFailure",
    "PermissionRequest", "PermissionDenied", "Notification",      "SubagentStart",
    "SubagentStop",      "Elicitation",      "ElicitationResult",
};

struct variable {
    const char *name, *value;
};

static const struct variable claude[] = {
    {"CLAUDE_CODE_ENABLE_TELEMETRY", "1"},
    {"CLAUDE_CODE_ENHANCED_TELEMETRY_BETA", "1"},
    {"OTEL_TRACES_EXPORTER", "otlp"},
    {"OTEL_LOGS_EXPORTER", "otlp"},
    {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT", ENDPOINT},
    {"OTEL_TRACES_EXPORT_INTERVAL", "1000"},
    {"OTEL_LOGS_EXPORT_INTERVAL", "1000"},
};

static const struct variable otel[] = {
    {"OTEL_TRACES_EXPORTER", "otlp"},
    {"OTEL_LOGS_EXPORTER", "otlp"},
    {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT", ENDPOINT},
    {"OTEL_BSP_SCHEDULE_DELAY", "1000"},
    {"OTEL_BLRP_SCHEDULE_DELAY", "1000"},
};

static void print_claude(void)
{
    const size_t hooks = sizeof events / sizeof *events, env = sizeof claude / sizeof *claude;

    printf("{\n  \"hooks\": {\n");
    for (size_t i = 0; i < hooks; i++)
        printf("    \"%s\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"swarmtop hook\", "
               "\"timeout\": 5}]}]%s\n",
               events[i], i + 1 < hooks ? "," : "");
    printf("  },\n  \"env\": {\n");
    for (size_t i = 0; i < env; i++)
        printf("    \"%s\": \"%s\"%s\n", claude[i].name, claude[i].value, i + 1 < env ? "," : "");
    printf("  }\n}\n");
}

static void print_otel(void)
{
    for (size_t i = 0; i < sizeof otel / sizeof *otel; i++)
        printf("export %s=%s\n", otel[i].name, otel[i].value);
}

int cmd_setup(const struct options *options)
{
    if (strcmp(options->arguments[0], "claude") == 0) {
        fprintf(
            stderr,
            "Paste into ~/.claude/settings.json or a project's .claude/settings.json. If it has "
            "\"hooks\" or \"env\" already, add to them.\n"
            "`swarmtop` must be in the PATH of the agent. Running sessions use it after a "
            "restart.\n");
        print_claude();
    } else {
        fprintf(stderr, "Paste into the shell or the service file that starts the program.\n");
        print_otel();
    }
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
