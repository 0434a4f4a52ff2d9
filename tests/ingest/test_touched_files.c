/* Files of clients whose own time is new, and whose lines are old: a copy, a checkout or a backup has
   touched them. They bring no session back. (The files of a test are made now, which is long after
   the rig's clock.) */
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OLD(s)    "2025-10-09T05:00:" s "Z"
#define RECENT(s) "2025-10-09T08:53:" s "Z" /* MODEL_START_MS is 08:53:20 */

#define QWEN_LINE(at, more)                                           \
    "{\"uuid\":\"u\",\"sessionId\":\"s\"," more "\"timestamp\":\"" at \
    "\",\"type\":\"user\",\"message\":{\"parts\":[{\"text\":\"Do\"}]}}\n"
#define QWEN_META(made, changed)                                                         \
    "{\"agentId\":\"a\",\"agentType\":\"Explore\",\"parentSessionId\":\"s\",\"status\":" \
    "\"completed\",\"createdAt\":\"" made "\"" changed "}"
#define QWEN_CHANGED(at) ",\"lastUpdatedAt\":\"" at "\""
#define GEMINI_HEAD(at) \
    "{\"sessionId\":\"s\",\"startTime\":\"" at "\",\"lastUpdated\":\"" at "\",\"kind\":\"main\""
#define GEMINI_LINE(at) \
    "{\"id\":\"u\",\"timestamp\":\"" at "\",\"type\":\"user\",\"content\":[{\"text\":\"Do\"}]}"

struct file {
    const char *path, *text;
};

static const struct row {
    const char *about, *prefix;
    struct file files[3];
    size_t sessions;
    const char *type; /* of agent "a"; NULL: there is none */
} rows[] = {
    {"an old chat", "qwen:", {{"projects/p/chats/s.jsonl", QWEN_LINE(OLD("01"), "")}}, 0, NULL},
    {"a recent chat",
     "qwen:",
     {{"projects/p/chats/s.jsonl", QWEN_LINE(RECENT("01"), "")}},
     1,
     NULL},
    {"an old description",
     "qwen:",
     {{"projects/p/subagents/s/agent-a.meta.json", QWEN_META(OLD("01"), QWEN_CHANGED(OLD("02")))}},
     0,
     NULL},
    {"an old description without a change",
     "qwen:",
     {{"projects/p/subagents/s/agent-a.meta.json", QWEN_META(OLD("01"), "")}},
     0,
     NULL},
    {"a description without any time",
     "qwen:",
     {{"projects/p/subagents/s/agent-a.meta.json",
       "{\"agentId\":\"a\",\"parentSessionId\":\"s\"}"}},
     0,
     NULL},
    {"a recent description",
     "qwen:",
     {{"projects/p/chats/s.jsonl", QWEN_LINE(RECENT("01"), "")},
      {"projects/p/subagents/s/agent-a.meta.json",
       QWEN_META(OLD("01"), QWEN_CHANGED(RECENT("02")))}},
     1,
     "Explore"},
    {"the old description of an agent that works",
     "qwen:",
     {{"projects/p/subagents/s/agent-a.jsonl", QWEN_LINE(RECENT("01"), "\"agentId\":\"a\",")},
      {"projects/p/subagents/s/agent-a.meta.json", QWEN_META(OLD("01"), QWEN_CHANGED(OLD("01")))}},
     1,
     "Explore"},
    {"an old sub-agent of an old session",
     "qwen:",
     {{"projects/p/subagents/s/agent-a.jsonl", QWEN_LINE(OLD("01"), "\"agentId\":\"a\",")},
      {"projects/p/subagents/s/agent-a.meta.json", QWEN_META(OLD("01"), QWEN_CHANGED(OLD("01")))}},
     0,
     NULL},
    {"an old chat of Gemini",
     "gemini:",
     {{"tmp/p/chats/session-1.jsonl", GEMINI_HEAD(OLD("01")) "}\n" GEMINI_LINE(OLD("02")) "\n"}},
     0,
     NULL},
    {"a chat of Gemini that has just begun",
     "gemini:",
     {{"tmp/p/chats/session-1.jsonl", GEMINI_HEAD(RECENT("01")) "}\n"}},
     1,
     NULL},
    {"an old document of Gemini",
     "gemini:",
     {{"tmp/p/chats/session-1.json",
       GEMINI_HEAD(OLD("01")) ",\"messages\":[" GEMINI_LINE(OLD("02")) "]}"}},
     0,
     NULL},
    {"a recent document of Gemini",
     "gemini:",
     {{"tmp/p/chats/session-1.json",
       GEMINI_HEAD(OLD("01")) ",\"messages\":[" GEMINI_LINE(RECENT("02")) "]}"}},
     1,
     NULL},
    {"an old sub-agent of Gemini",
     "gemini:",
     {{"tmp/p/chats/s/a.jsonl", GEMINI_HEAD(OLD("01")) "}\n" GEMINI_LINE(OLD("02")) "\n"}},
     0,
     NULL},
};

static void make(const char *dir, const struct file *file)
{
    char path[300];
    snprintf(path, sizeof path, "%s", file->path);
    for (char *at = path; (at = strchr(at, '/')) != NULL; *at++ = '/') {
        *at = '\0';
        mkdir(support_path(dir, path), 0700);
    }
    support_write_file(support_path(dir, path), file->text, strlen(file->text));
}

TEST(a_new_time_of_a_file_brings_no_old_session_back)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct rig rig;
        const char *dir = support_tmpdir();
        const struct source_setting settings[] = {{row->prefix, "dir", dir}, {0}};
        rig_init(&rig);
        for (size_t k = 0; k < 3 && row->files[k].path != NULL; k++) {
            make(dir, &row->files[k]);
        }
        rig_start_hub(&rig, (struct hub_options){.settings = settings});
        rig_add(&rig, row->prefix);
        rig_until_finished(&rig);
        json_t *all = records_of(&rig.model);
        print_message("  %s\n", row->about);
        assert_int_equal(json_object_size(json_object_get(all, "sessions")), row->sessions);
        const struct agent *agent = records_agent(&rig.model, "a");
        const char *name = agent == NULL ? "" : swarm_text(rig.model.swarm, agent->name);
        assert_non_null(strstr(name, row->type == NULL ? "" : row->type));
        assert_int_equal(agent != NULL, row->type != NULL);
        json_decref(all);
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
}
