/* Where each client's files are looked for: its variable, else the user's home. */
#include "ingest/sources.h"

#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *place_of(const struct source_places *places, const char *prefix)
{
    for (const struct source_setting *place = places->settings; place->name != NULL; place++) {
        if (strcmp(place->prefix, prefix) == 0) {
            return place->value;
        }
    }
    return "nowhere";
}

static void assert_place(const char *prefix, const char *expected)
{
    struct source_places places;
    assert_true(source_places_init(&places, &mem_libc, "/home/u"));
    assert_string_equal(place_of(&places, prefix), expected);
    source_places_release(&places);
}

TEST(each_client_has_a_directory_by_its_variable_or_below_home)
{
    static const struct {
        const char *prefix, *variable, *below_home, *below_variable;
    } rows[] = {
        {"claude:", "CLAUDE_CONFIG_DIR", ".claude", ""},
        {"traces:", "CLAUDE_CONFIG_DIR", ".claude/traces", "/traces"},
        {"codex:", "CODEX_HOME", ".codex", ""},
        {"qwen:", "QWEN_HOME", ".qwen", ""},
        {"gemini:", "GEMINI_CLI_HOME", ".gemini", "/.gemini"},
        {"opencode:", "XDG_DATA_HOME", ".local/share/opencode", "/opencode"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[200];
        const struct source_row *row = sources_find(rows[i].prefix);
        if (row->in_home == NULL) {
            continue; /* it was not built */
        }
        unsetenv(rows[i].variable);
        snprintf(expected, sizeof expected, "/home/u/%s", rows[i].below_home);
        assert_place(rows[i].prefix, expected);
        setenv(rows[i].variable, "", 1);
        assert_place(rows[i].prefix, expected);
        setenv(rows[i].variable, "/elsewhere/x", 1);
        snprintf(expected, sizeof expected, "/elsewhere/x%s", rows[i].below_variable);
        assert_place(rows[i].prefix, expected);
        unsetenv(rows[i].variable);
    }
}
