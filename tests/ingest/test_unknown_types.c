/* What a newer version of a client writes is counted, once a session; what the known ones write is
   not, though nothing reads it. */
#include "tests/support/opencode_database.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ROLLOUT \
    "sessions/2025/10/09/rollout-2025-10-09T08-53-01-01a00000-0000-7000-8000-000000000001.jsonl"
#define QWEN_CHAT   "projects/p/chats/s.jsonl"
#define GEMINI_CHAT "tmp/p/chats/session-1.jsonl"

#define AT "\"timestamp\":\"2025-10-09T08:53:02.000Z\","
#define META \
    "{" AT   \
    "\"type\":\"session_meta\",\"payload\":{\"id\":\"01a00000-0000-7000-8000-000000000001\"}}\n"
#define QWEN(uuid) "{\"uuid\":\"" uuid "\",\"sessionId\":\"s\"," AT
#define USER       QWEN("k") "\"type\":\"user\",\"message\":{\"parts\":[{\"text\":\"Do\"}]}}\n"
#define GEMINI_HEAD \
    "{\"sessionId\":\"s\",\"startTime\":\"2025-10-09T08:53:01Z\",\"kind\":\"main\"}\n"

/* `logged`: in the log, after the session; NULL: nothing is counted. */
static const struct row {
    const char *prefix, *file, *text, *logged;
} rows[] = {
    {"codex:", ROLLOUT, META "{" AT "\"type\":\"event_msg\",\"payload\":{\"type\":\"hologram\"}}\n",
     "1 lines of unknown types were ignored, such as 'hologram'"},
    {"codex:", ROLLOUT,
     META "{" AT "\"type\":\"response_item\",\"payload\":{\"type\":\"prophecy\"}}\n"
          "{" AT "\"type\":\"event_msg\",\"payload\":{\"type\":\"hologram\"}}\n",
     "2 lines of unknown types were ignored, such as 'prophecy'"},
    {"codex:", ROLLOUT,
     META "{" AT "\"type\":\"event_msg\",\"payload\":{\"type\":\"item_completed\",\"item\":"
          "{\"type\":\"Hologram\",\"id\":\"h\"}}}\n",
     "1 lines of unknown types were ignored, such as 'Hologram'"},
    {"codex:", ROLLOUT, META "{" AT "\"type\":\"hologram\",\"payload\":{}}\n",
     "1 lines of unknown types were ignored, such as 'hologram'"},
    {"codex:", ROLLOUT,
     META "{" AT "\"type\":\"world_state\",\"payload\":{}}\n"
          "{" AT "\"type\":\"response_item\",\"payload\":{\"type\":\"reasoning\"}}\n"
          "{" AT "\"type\":\"event_msg\",\"payload\":{\"type\":\"agent_message\"}}\n"
          "{" AT "\"type\":\"event_msg\",\"payload\":{\"type\":\"web_search_end\"}}\n"
          "{" AT "\"type\":\"event_msg\",\"payload\":{\"type\":\"item_completed\",\"item\":"
          "{\"type\":\"Plan\",\"id\":\"h\"}}}\n",
     NULL},
    {"qwen:", QWEN_CHAT, USER QWEN("a") "\"type\":\"system\",\"subtype\":\"hologram\"}\n",
     "session s: 1 lines of unknown types were ignored, such as 'hologram'"},
    {"qwen:", QWEN_CHAT, USER QWEN("a") "\"type\":\"user\",\"subtype\":\"hologram\"}\n",
     "session s: 1 lines of unknown types were ignored, such as 'hologram'"},
    {"qwen:", QWEN_CHAT,
     USER QWEN(
         "a") "\"type\":\"system\",\"subtype\":\"ui_telemetry\",\"systemPayload\":{\"uiEvent\":"
              "{\"event.name\":\"qwen-code.hologram\"}}}\n",
     "session s: 1 lines of unknown types were ignored, such as 'qwen-code.hologram'"},
    {"qwen:", QWEN_CHAT,
     USER QWEN("a") "\"type\":\"assistant\",\"message\":{\"parts\":[{\"text\":\"Yes\"},"
                    "{\"hologram\":{}},{\"hologram\":{}}]}}\n",
     "session s: 1 lines of unknown types were ignored, such as 'hologram'"},
    {"qwen:", QWEN_CHAT,
     USER QWEN("a") "\"type\":\"system\",\"subtype\":\"attribution_snapshot\"}\n" QWEN(
         "b") "\"type\":\"user\",\"subtype\":\"cron\",\"message\":{\"parts\":[{\"text\":\"Do\"}]}}\n",
     NULL},
    {"gemini:", GEMINI_CHAT, GEMINI_HEAD "{\"id\":\"a\"," AT "\"type\":\"hologram\"}\n",
     "session s: 1 lines of unknown types were ignored, such as 'hologram'"},
    {"gemini:", GEMINI_CHAT, GEMINI_HEAD "{\"$hologram\":\"a\"}\n",
     "session s: 1 lines of unknown types were ignored, such as '$hologram'"},
    {"gemini:", GEMINI_CHAT, GEMINI_HEAD "{\"$set\":{\"kind\":\"main\",\"hologram\":1}}\n",
     "session s: 1 lines of unknown types were ignored, such as 'hologram'"},
    {"gemini:", GEMINI_CHAT,
     GEMINI_HEAD "{\"id\":\"a\"," AT "\"type\":\"user\",\"content\":[{\"hologram\":{}}]}\n",
     "session s: 1 lines of unknown types were ignored, such as 'hologram'"},
    {"gemini:", GEMINI_CHAT,
     GEMINI_HEAD "{\"id\":\"a\"," AT "\"type\":\"user\",\"content\":[{\"inlineData\":{}},\"Do\"]}\n"
                 "{\"id\":\"b\"," AT "\"type\":\"warning\",\"content\":\"Slow\"}\n"
                 "{\"$set\":{\"summary\":\"Done\"}}\n{\"$rewindTo\":\"a\"}\n",
     NULL},
};

static void make(const char *dir, const struct row *row)
{
    char path[300];
    snprintf(path, sizeof path, "%s", row->file);
    for (char *at = path; (at = strchr(at, '/')) != NULL; *at++ = '/') {
        *at = '\0';
        mkdir(support_path(dir, path), 0700);
    }
    support_write_file(support_path(dir, path), row->text, strlen(row->text));
}

/* Reads the directory to its end. Returns what is logged of unknown types; NULL: nothing. */
static const char *read_all(struct rig *rig, const char *prefix, const char *dir)
{
    char spec[PATH_MAX];
    snprintf(spec, sizeof spec, "%s%s", prefix, dir);
    rig_init(rig);
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, spec);
    rig_until_finished(rig);
    const char *differs = rig_logged(rig, "differs from known versions");
    return differs != NULL ? differs : rig_logged(rig, "of unknown types");
}

TEST(types_of_a_newer_version_are_counted)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig rig;
        const char *dir = support_tmpdir();
        make(dir, &rows[i]);
        const char *logged = read_all(&rig, rows[i].prefix, dir);
        print_message("  %s\n", rows[i].text);
        assert_int_equal(logged != NULL, rows[i].logged != NULL);
        if (logged != NULL && strstr(logged, rows[i].logged) == NULL) {
            fail_msg("%s", logged);
        }
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
}

/* What the clients of the captures wrote is known, all of it. */
TEST(no_capture_has_an_unknown_type)
{
    static const struct {
        const char *prefix, *sample;
    } captures[] = {{"codex:", "codex/swarm"},
                    {"codex:", "codex/tui"},
                    {"codex:", "codex/killed"},
                    {"qwen:", "qwen/swarm"},
                    {"gemini:", "gemini/sub"},
                    {"claude:", "claude/swarm-json/transcripts"},
                    {"claude:", "claude/tui-perm/transcripts"}};
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
        struct rig rig;
        char rel[100];
        snprintf(rel, sizeof rel, "samples/%s", captures[i].sample);
        const char *logged = read_all(&rig, captures[i].prefix, support_data(rel));
        if (logged != NULL) {
            fail_msg("%s: %s", captures[i].sample, logged);
        }
        assert_true(rig_live_sessions(&rig) > 0);
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
}

#ifdef HAVE_SQLITE

TEST(the_capture_of_the_database_has_no_unknown_type)
{
    static const char *const tables[] = {"session", "message", "part"};
    const char *dir = support_tmpdir();
    sqlite3 *db = opencode_database_new(dir);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        json_t *row, *all = opencode_sample_rows(tables[i]);
        size_t k;
        json_array_foreach(all, k, row) opencode_put_row(db, tables[i], row);
        json_decref(all);
    }
    sqlite3_close(db);
    struct rig rig;
    const char *logged = read_all(&rig, "opencode:", dir);
    if (logged != NULL) {
        fail_msg("%s", logged);
    }
    rig_stop_hub(&rig);
    rig_release(&rig);
}

/* A client that starts for the first time makes its tables while it is looked at. */
TEST(a_database_that_is_being_made_is_no_other_version)
{
    static const char *const made[] = {"CREATE TABLE migration (id TEXT)",
                                       "CREATE TABLE __drizzle_migrations (id TEXT)"};
    const char *dir = support_tmpdir();
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(support_path(dir, "opencode.db"), &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        struct rig rig;
        assert_int_equal(sqlite3_exec(db, made[i], NULL, NULL, NULL), SQLITE_OK);
        assert_null(read_all(&rig, "opencode:", dir));
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
    sqlite3_close(db);
}

#endif
