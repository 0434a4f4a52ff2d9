/* The texts of `setup`, for each client and for settings that exist: tests/data/setup/NAME.txt has
   the notes, a line `--`, and the lines. GENERATE=1 rewrites these files. */
#include "tests/support/support.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/setup_text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN "http://127.0.0.1:4318"

struct situation {
    const char *name, *client;
    const char *variable, *value; /* of the environment; NULL: none is set */
    const char *file, *text;      /* below the home; NULL: no file exists */
};

static const struct situation *now;

static const char *variable(const char *name)
{
    return now->variable != NULL && strcmp(name, now->variable) == 0 ? now->value : NULL;
}

static const struct situation situations[] = {
    {"claude", "claude", NULL, NULL, NULL, NULL},
    {"codex", "codex", NULL, NULL, NULL, NULL},
    {"gemini", "gemini", NULL, NULL, NULL, NULL},
    {"qwen", "qwen", NULL, NULL, NULL, NULL},
    {"copilot", "copilot", NULL, NULL, NULL, NULL},
    {"vscode", "vscode", NULL, NULL, NULL, NULL},
    {"opencode", "opencode", NULL, NULL, NULL, NULL},
    {"python", "python", NULL, NULL, NULL, NULL},
    {"otel", "otel", NULL, NULL, NULL, NULL},

    {"claude-partly", "claude", NULL, NULL, ".claude/settings.json",
     "{\"env\":{\"CLAUDE_CODE_ENABLE_TELEMETRY\":\"1\",\"OTEL_LOGS_EXPORTER\":\"console\","
     "\"OTEL_EXPORTER_OTLP_ENDPOINT\":\"http://localhost:4318\"},"
     "\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"/opt/bin/swarmtop hook\"}]}],"
     "\"SessionEnd\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"lint\"}]}]}}"},
    {"claude-hooks-off", "claude", NULL, NULL, ".claude/settings.json",
     "{\"disableAllHooks\":true}"},
    {"claude-broken", "claude", NULL, NULL, ".claude/settings.json", "{\"env\": "},
    {"claude-collector", "claude", NULL, NULL, ".claude/settings.json",
     "{\"env\":{\"OTEL_EXPORTER_OTLP_ENDPOINT\":\"http://10.0.0.5:4318\"}}"},
    {"claude-one-signal", "claude", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
     "https://me:secret@otel.example.com/v1/logs", NULL, NULL},
    {"claude-elsewhere", "claude", "CLAUDE_CONFIG_DIR", "none,home/other", "other/settings.json",
     "{}"},
    {"codex-collector", "codex", NULL, NULL, ".codex/config.toml",
     "model = \"x\"\nendpoint = \"http://not.this\"\n[otel]\n# endpoint = \"http://old\"\n"
     "exporter = { otlp-grpc = { endpoint = \"http://collector:4317\" } }\n"},
    {"codex-table", "codex", NULL, NULL, ".codex/config.toml",
     "[otel.exporter.\"otlp-http\"]\nendpoint = 'http://collector:4318/v1/logs'\n"},
    {"codex-own", "codex", NULL, NULL, ".codex/config.toml",
     "[otel]\nexporter = { otlp-http = { endpoint = \"http://localhost:4318/v1/logs\" } }\n"
     "[model_providers.x]\nendpoint = \"http://collector\"\n"},
    {"gemini-collector", "gemini", NULL, NULL, ".gemini/settings.json",
     "{\"telemetry\":{\"enabled\":true,\"otlpEndpoint\":\"http://collector:4317\"}}"},
    {"gemini-outfile", "gemini", NULL, NULL, ".gemini/settings.json",
     "{\"telemetry\":{\"enabled\":true,\"target\":\"gcp\",\"outfile\":\"/tmp/t.log\"}}"},
    {"claude-list", "claude", NULL, NULL, ".claude/settings.json", "[1]"},
    {"qwen-complete", "qwen", NULL, NULL, ".qwen/settings.json",
     "{\"telemetry\":{\"enabled\":true,\"target\":\"local\",\"otlpEndpoint\":\"http://[::1]:4318/\","
     "\"otlpProtocol\":\"http\",\"logPrompts\":false}}"},
    {"vscode-comments", "vscode", NULL, NULL, ".config/Code/User/settings.json",
     "// mine\n{\n  /* a \"list\" */ \"files.exclude\": {\"**/*.o\": true,},\n"
     "  \"github.copilot.chat.otel.otlpEndpoint\": \"http://collector:4318\", // theirs\n}\n"},
    {"opencode-environment", "opencode", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318",
     NULL, NULL},
    {"python-environment", "python", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317", NULL,
     NULL},
    {"otel-own", "otel", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317", NULL, NULL},
};

/* Prints both texts in an empty home, whose path is short and always the same. */
static void print(const struct situation *situation, struct strbuf *lines, struct strbuf *notes)
{
    struct setup_host host = {.home = "home", .variable = variable, .endpoint = OWN};
    assert_return_code(chdir(support_tmpdir()), 0);
    assert_return_code(mkdir("home", 0700), 0);
    if (situation->file != NULL) {
        char path[200];
        snprintf(path, sizeof path, "home/%s", situation->file);
        for (char *slash = path + 5; (slash = strchr(slash, '/')) != NULL; slash++) {
            *slash = '\0';
            assert_return_code(mkdir(path, 0700), 0);
            *slash = '/';
        }
        support_write_file(path, situation->text, strlen(situation->text));
    }
    now = situation;
    strbuf_init(lines, &mem_libc, 0);
    strbuf_init(notes, &mem_libc, 0);
    setup_put(setup_client_of(situation->client), &host, lines, notes);
    assert_false(lines->failed || notes->failed);
}

static const char *text_of(const struct strbuf *text)
{
    return text->data == NULL ? "" : text->data;
}

TEST(each_output_is_as_in_its_file)
{
    for (size_t i = 0; i < sizeof situations / sizeof situations[0]; i++) {
        struct strbuf lines, notes;
        char name[100];
        snprintf(name, sizeof name, "data/setup/%s.txt", situations[i].name);
        const char *path = support_tests(name);
        print(&situations[i], &lines, &notes);
        strbuf_addf(&notes, "--\n%s", text_of(&lines));
        if (getenv("GENERATE") != NULL) {
            support_write_file(path, notes.data, notes.len);
        }
        char *expected = support_read_file(path, NULL);
        if (strcmp(expected, notes.data) != 0) {
            print_message("%s: GENERATE=1 rewrites it\n", name);
        }
        assert_string_equal(notes.data, expected);
        free(expected);
        strbuf_release(&lines);
        strbuf_release(&notes);
    }
}

/* A reader of their form takes the lines: JSON, then lines of the shell; of TOML one table. */
TEST(the_lines_of_each_client_are_valid)
{
    for (size_t i = 0; i < sizeof situations / sizeof situations[0]; i++) {
        const struct setup_client *client = setup_client_of(situations[i].client);
        struct strbuf lines, notes;
        size_t at = 0;
        print(&situations[i], &lines, &notes);
        if (lines.len > 0 && lines.data[0] == '{') {
            json_error_t error;
            json_t *json = json_loads(lines.data, JSON_DISABLE_EOF_CHECK, &error);
            assert_true(json_is_object(json) && json_object_size(json) > 0);
            at = (size_t)error.position;
            json_decref(json);
        } else if (lines.len > 0 && lines.data[0] == '[') {
            assert_int_equal(client->form, SETUP_TOML);
            /* Hooks alone where another receiver keeps the telemetry. */
            assert_true(strstr(lines.data, "endpoint = \"" OWN "/v1/logs\"") != NULL ||
                        strncmp(lines.data, "[[hooks.", 8) == 0);
            at = lines.len;
        }
        for (const char *line = text_of(&lines) + at; *line != '\0'; line += strcspn(line, "\n")) {
            line += strspn(line, "\n");
            assert_true(*line == '\0' || strncmp(line, "export ", 7) == 0);
        }
        assert_null(strchr(text_of(&lines), '@'));
        strbuf_release(&lines);
        strbuf_release(&notes);
    }
}

/* If another collector is named, no line that is printed names an endpoint. */
TEST(a_collector_that_exists_is_kept)
{
    unsigned kept = 0;
    for (size_t i = 0; i < sizeof situations / sizeof situations[0]; i++) {
        struct strbuf lines, notes;
        print(&situations[i], &lines, &notes);
        if (strstr(notes.data, "\n  2. a Collector") != NULL) {
            kept++;
            assert_null(strstr(text_of(&lines), "127.0.0.1"));
            assert_null(strstr(text_of(&lines), "OTEL_"));
            assert_non_null(strstr(notes.data, "doc/collector.yaml"));
            assert_non_null(strstr(notes.data, "--forward"));
            assert_null(strstr(notes.data, "secret"));
        }
        strbuf_release(&lines);
        strbuf_release(&notes);
    }
    assert_int_equal(kept, 8);
}

TEST(notes_fit_in_80_columns)
{
    for (size_t i = 0; i < 9; i++) {
        struct strbuf lines, notes;
        print(&situations[i], &lines, &notes);
        for (const char *line = notes.data; *line != '\0';) {
            size_t len = strcspn(line, "\n");
            assert_in_range(len, 0, 80);
            line += len + (line[len] == '\n');
        }
        strbuf_release(&lines);
        strbuf_release(&notes);
    }
}

TEST(help_has_a_line_for_each_client)
{
    struct strbuf help;
    strbuf_init(&help, &mem_libc, 0);
    cmd_setup_help(&help);
    for (const struct setup_client *client = setup_clients; client->name != NULL; client++) {
        char begin[40];
        snprintf(begin, sizeof begin, "\n  %s ", client->name);
        assert_non_null(strstr(help.data, begin));
    }
    for (const char *line = help.data; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        assert_in_range(len, 0, 80);
        line += len + (line[len] == '\n');
    }
    strbuf_release(&help);
}
