/* Files of transcript_tree.h without a source: each lack of memory in turn, over the beginnings of
   the captures of all its clients, is an error and leaves nothing behind. */
#include "ingest/codex/codex_thread.h"
#include "ingest/gemini/gemini_chat.h"
#include "ingest/qwen/qwen_chat.h"
#include "tests/support/failing_mem.h"
#include "tests/support/processes.h"
#include "tests/support/rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 14 };

static const char *const names[] = {"client", NULL};

static bool codex_is_busy(const struct tree_file *file)
{
    return codex_thread_is_busy(file->reader);
}

static const struct tree_client clients[] = {
    {.reader_size = sizeof(struct codex_thread),
     .begin = codex_thread_begin,
     .end = codex_thread_end,
     .take = codex_thread_take,
     .is_busy = codex_is_busy},
    {.reader_size = sizeof(struct qwen_chat),
     .begin = qwen_chat_begin,
     .take = qwen_chat_take,
     .is_busy = qwen_chat_is_busy},
    {.reader_size = sizeof(struct gemini_chat),
     .begin = gemini_chat_begin,
     .end = gemini_chat_end,
     .take = gemini_chat_take,
     .is_busy = gemini_chat_is_busy},
};

static const char *const captures[] = {
    "samples/codex/killed/sessions/2026/11/28/"
    "rollout-2026-11-28T21-45-12-01a2241e-8ef1-7980-af58-055f7105c69d.jsonl",
    "samples/qwen/swarm/projects/-home-dev-run-work/chats/"
    "d941821c-4936-428e-a74a-6fd43a3b2732.jsonl",
    "samples/gemini/sub/tmp/work/chats/session-2026-11-28T22-04-c67dcebc.jsonl",
};

/* Returns whether all of it was taken. */
static bool read_file(struct rig *rig, const struct tree_client *client, const char *proc,
                      const char *bytes, size_t len)
{
    char spec[] = "test:", path[] = "/d/chats/s.jsonl";
    const struct mem *mem = rig->ingest.mem;
    struct transcript_tree tree = {.client = client, .max_line_bytes = 1 << 16};
    tree.dir.source.counters = rig->counters;
    tree.dir.source.spec = spec;
    struct tree_file file = {.tree = &tree, .file = {.path = path}};
    bool good = client_sessions_init(&tree.sessions, &rig->ingest, 1000000000);
    client_sessions_search(&tree.sessions, proc, names);
    file.reader = good ? mem_zalloc(mem, 1, client->reader_size) : NULL;
    if (file.reader != NULL) {
        good = tree_file_begin(&file);
        if (good) {
            tree_file_push(&file, bytes, len, true);
            rig->now_ns = isnan(file.last_ms) ? 0 : (int64_t)(file.last_ms * 1e6);
            client_sessions_conclude(&tree.sessions, false);
        }
        good = good && !tree.dir.failed && !tree.sessions.failed &&
               correlator_flush(rig->ingest.correlator) && tree.sessions.count == 1 &&
               (tree.sessions.items[0].directory == INTERN_NONE ||
                tree.sessions.items[0].process_count == 1);
        tree_file_end(&file);
    }
    good = good && file.reader != NULL;
    mem_free(mem, file.reader, file.reader == NULL ? 0 : client->reader_size);
    client_sessions_release(&tree.sessions);
    return good;
}

TEST(a_lack_of_memory_is_an_error_and_no_leak)
{
    const char *proc = processes_new();
    processes_start(proc, 10, 1, 1, "client", "client");
    processes_work_in(proc, 10, "/home/dev/run/work");
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        size_t len = 0;
        char *bytes = support_read_file(support_data(captures[i]), NULL);
        for (unsigned line = 0; line < LINES && bytes[len] != '\0'; line++) {
            len += strcspn(bytes + len, "\n") + 1;
        }
        print_message("  %s\n", captures[i]);
        for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
            struct rig rig;
            if (rig_init_with(&rig, &lack.mem)) {
                bool whole = read_file(&rig, &clients[i], proc, bytes, len);
                lack.done = whole && lack.failing.calls < (size_t)lack.rounds;
            }
            rig_release(&rig);
        }
        free(bytes);
    }
}
