/* The lines are as the client's own documentation spells them, by HTTP wherever the client can. A
   client whose default is gRPC would work too (both are taken on both ports), but HTTP needs no
   library that may be missing. Nothing here makes a client send prompts. */
#include "tui/cmd/setup_clients.h"

#include <stddef.h>
#include <string.h>

const char *const setup_variables[] = {
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "COPILOT_OTEL_ENDPOINT",
    "GEMINI_TELEMETRY_OTLP_ENDPOINT",
    NULL,
};

static const char *const claude_collectors[] = {
    "env/OTEL_EXPORTER_OTLP_ENDPOINT",
    "env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "env/OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "env/OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    NULL,
};
static const char *const gemini_collectors[] = {"telemetry/otlpEndpoint", NULL};
static const char *const qwen_collectors[] = {
    "telemetry/otlpEndpoint",
    "telemetry/otlpTracesEndpoint",
    "telemetry/otlpLogsEndpoint",
    "telemetry/otlpMetricsEndpoint",
    NULL,
};
static const char *const vscode_collectors[] = {"github.copilot.chat.otel.otlpEndpoint", NULL};
/* In TOML it is the table, then the key anywhere in it. */
static const char *const codex_collectors[] = {"otel/endpoint", NULL};

/* Each hook starts a process that the agent waits for. PostToolBatch and MessageDisplay would
   double their number and add little. */
#define HOOK(event)                                                                             \
    "    \"" event "\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"swarmtop hook\", " \
    "\"timeout\": 5}]}]"

/* The events that show who waits for a person, and when that ends. */
static const char *const codex_hooks[] = {
    "SessionStart", "SessionEnd",  "UserPromptSubmit",  "Stop", "Interrupt",
    "PreToolUse",   "PostToolUse", "PermissionRequest", NULL,
};
static const char *const gemini_hooks[] = {
    "SessionStart", "SessionEnd", "BeforeAgent",  "AfterAgent",
    "BeforeTool",   "AfterTool",  "Notification", NULL,
};
static const char *const qwen_hooks[] = {
    "SessionStart",
    "SessionEnd",
    "UserPromptSubmit",
    "Stop",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PostToolBatch",
    "PermissionRequest",
    "Notification",
    NULL,
};

#define SDK_VARIABLES                                    \
    "export OTEL_TRACES_EXPORTER=otlp\n"                 \
    "export OTEL_LOGS_EXPORTER=otlp\n"                   \
    "export OTEL_METRICS_EXPORTER=otlp\n"                \
    "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n" \
    "export OTEL_EXPORTER_OTLP_ENDPOINT=@\n"             \
    "export OTEL_BSP_SCHEDULE_DELAY=1000\n"              \
    "export OTEL_BLRP_SCHEDULE_DELAY=1000\n"

const struct setup_client setup_clients[] = {
    {
        .name = "claude",
        .title = "Claude Code",
        .gives = "hooks, and each time to first token by OpenTelemetry",
        .file = {"CLAUDE_CONFIG_DIR", ".claude", ".config/claude", "settings.json"},
        .settings = "  \"env\": {\n"
                    "    \"CLAUDE_CODE_ENABLE_TELEMETRY\": \"1\",\n"
                    "    \"CLAUDE_CODE_ENHANCED_TELEMETRY_BETA\": \"1\",\n"
                    "    \"OTEL_TRACES_EXPORTER\": \"otlp\",\n"
                    "    \"OTEL_LOGS_EXPORTER\": \"otlp\",\n"
                    "    \"OTEL_METRICS_EXPORTER\": \"otlp\",\n"
                    "    \"OTEL_EXPORTER_OTLP_PROTOCOL\": \"http/json\",\n"
                    "    \"OTEL_EXPORTER_OTLP_ENDPOINT\": \"@\",\n"
                    "    \"OTEL_TRACES_EXPORT_INTERVAL\": \"1000\",\n"
                    "    \"OTEL_LOGS_EXPORT_INTERVAL\": \"1000\",\n"
                    "    \"OTEL_LOG_TOOL_DETAILS\": \"1\"\n"
                    "  }",
        .always =
            "  \"hooks\": {\n" HOOK("SessionStart") ",\n" HOOK("SessionEnd") ",\n" HOOK("UserPromptSubmit") ",\n" HOOK("Stop") ",\n" HOOK("StopFailure") ",\n" HOOK("PreToolUse") ",\n" HOOK("PostToolUse") ",\n" HOOK("PostToolUseFailure") ",\n" HOOK(
                "PermissionRequest") ",\n" HOOK("PermissionDenied") ",\n" HOOK("Notification") ",\n" HOOK("SubagentStart") ",\n" HOOK("SubagentStop") ",\n" HOOK("Elicitation") ",\n" HOOK("ElicitationResult") "\n  }",
        .collectors = claude_collectors,
        .changes =
            "The hooks run `swarmtop hook`, which must be in the PATH of the agent. Telemetry "
            "(traces, logs, metrics) goes out once a second; without prompts, with the "
            "commands and paths of tools (OTEL_LOG_TOOL_DETAILS).\n"
            "A project's .claude/settings.json works too. Running sessions use the lines after a "
            "restart. Clients that an agent starts export only by a settings file, as OTEL_ "
            "variables of the shell do not reach them. Some plans and builds switch exports off.",
    },
    {
        .name = "codex",
        .title = "Codex CLI",
        .gives = "hooks; by its logs requests, tokens, first tokens, tools",
        .file = {"CODEX_HOME", ".codex", NULL, "config.toml"},
        .form = SETUP_TOML,
        .settings = "[otel]\n"
                    "exporter = { otlp-http = { endpoint = \"@/v1/logs\", protocol = \"json\" } }\n"
                    "trace_exporter = \"none\"\n",
        .hooks = codex_hooks,
        .collectors = codex_collectors,
        .changes =
            "Its logs go out by HTTP, without prompts (log_user_prompt is off). Traces are "
            "off: thousands of internal spans in a turn, and none with tokens. If "
            "the file has [otel] already, add to it: TOML has each table once.\n"
            "The hooks run `swarmtop hook`, which must be in the PATH, and show who waits for "
            "a permission. Codex (0.124 or later) runs them once they are trusted: /hooks in "
            "its terminal. An older one has notify = [\"swarmtop\", \"hook\", \"--client\", "
            "\"codex\"], for the ends of turns alone.",
    },
    {
        .name = "gemini",
        .title = "Gemini CLI",
        .gives = "hooks; requests, tokens, tools, sub-agents",
        .file = {NULL, ".gemini", NULL, "settings.json"},
        .settings = "  \"telemetry\": {\n"
                    "    \"enabled\": true,\n"
                    "    \"traces\": true,\n"
                    "    \"target\": \"local\",\n"
                    "    \"otlpEndpoint\": \"@\",\n"
                    "    \"otlpProtocol\": \"http\",\n"
                    "    \"logPrompts\": false\n"
                    "  }",
        .hooks = gemini_hooks,
        .hook_timeout = "5000",
        .collectors = gemini_collectors,
        .changes =
            "Traces, logs and metrics go out by HTTP instead of its default gRPC, logs "
            "every five seconds. Prompts are not logged.\n"
            "The hooks run `swarmtop hook`, which must be in the PATH, and show who waits for "
            "a permission.",
    },
    {
        .name = "qwen",
        .title = "Qwen Code",
        .gives = "hooks; requests with exact phases, tools, sub-agents",
        .file = {NULL, ".qwen", NULL, "settings.json"},
        .settings = "  \"telemetry\": {\n"
                    "    \"enabled\": true,\n"
                    "    \"target\": \"local\",\n"
                    "    \"otlpEndpoint\": \"@\",\n"
                    "    \"otlpProtocol\": \"http\",\n"
                    "    \"logPrompts\": false\n"
                    "  }",
        .hooks = qwen_hooks,
        /* Former versions take milliseconds; later ones take values below 1000 as seconds. */
        .hook_timeout = "5000",
        .collectors = qwen_collectors,
        .changes =
            "Traces, logs and metrics go out by HTTP instead of its default gRPC. Prompts "
            "are not logged.\n"
            "The hooks run `swarmtop hook`, which must be in the PATH, and show who waits for "
            "a permission.",
    },
    {
        .name = "copilot",
        .title = "Copilot CLI",
        .gives = "requests, tokens, tools, sub-agents",
        .shell = "export COPILOT_OTEL_ENABLED=true\n"
                 "export OTEL_EXPORTER_OTLP_ENDPOINT=@\n",
        .changes = "Traces and metrics go out by HTTP, which is all that it has, without prompts. "
                   "Other programs that use OpenTelemetry, started by the same shell, send there "
                   "too.",
    },
    {
        .name = "vscode",
        .title = "Copilot in VS Code",
        .gives = "requests, tokens, tools, sub-agents",
#ifdef __APPLE__
        .file = {NULL, "Library/Application Support", NULL, "Code/User/settings.json"},
#else
        .file = {"XDG_CONFIG_HOME", ".config", NULL, "Code/User/settings.json"},
#endif
        .settings = "  \"github.copilot.chat.otel.enabled\": true,\n"
                    "  \"github.copilot.chat.otel.exporterType\": \"otlp-http\",\n"
                    "  \"github.copilot.chat.otel.otlpEndpoint\": \"@\",\n"
                    "  \"github.copilot.chat.otel.captureContent\": false",
        .collectors = vscode_collectors,
        .changes = "Traces, logs and metrics go out by HTTP, without prompts. OTEL_ and "
                   "COPILOT_OTEL_ variables have precedence over these settings. Reload the "
                   "window.",
    },
    {
        .name = "opencode",
        .title = "OpenCode",
        .gives = "requests, time to first token, tools, sub-agents",
        .file = {"XDG_CONFIG_HOME", ".config", NULL, "opencode/opencode.json"},
        .settings = "  \"experimental\": {\n"
                    "    \"openTelemetry\": true\n"
                    "  }",
        .shell = "export OTEL_EXPORTER_OTLP_ENDPOINT=@\n",
        .changes = "Traces and logs go out by HTTP. Without the variable it sends nothing; other "
                   "programs that use OpenTelemetry, started by the same shell, send there too. "
                   "A plugin that sends gRPC can send to http://127.0.0.1:4317.",
    },
    {
        .name = "python",
        .title = "Python programs",
        .gives = "any instrumented library",
        .shell = SDK_VARIABLES,
        .changes =
            "Needs the packages opentelemetry-distro, opentelemetry-exporter-otlp-proto-http and "
            "the instrumentation of its library (opentelemetry-instrumentation-NAME, "
            "openinference-instrumentation-NAME); `opentelemetry-instrument python app.py` starts "
            "it. The distribution's default is gRPC: the protocol's line changes that, and gRPC "
            "to port 4317 works too. Batches go out once a second instead of every five.",
    },
    {
        .name = "otel",
        .title = "Programs with an OpenTelemetry SDK",
        .gives = "any language",
        .shell = SDK_VARIABLES,
        .changes =
            "An SDK without http/protobuf takes OTEL_EXPORTER_OTLP_PROTOCOL=grpc and "
            "http://127.0.0.1:4317. An endpoint in code has precedence; the path of one signal "
            "is /v1/traces, /v1/logs or /v1/metrics. Batches go out once a second instead of "
            "every five.",
    },
    {.name = NULL},
};

const struct setup_client *setup_client_of(const char *name)
{
    for (const struct setup_client *client = setup_clients; client->name != NULL; client++) {
        if (strcmp(client->name, name) == 0) {
            return client;
        }
    }
    return NULL;
}
