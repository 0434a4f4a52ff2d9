/* The places of Codex's files, and the index of names. Codex packs old rollouts, and unpacks one
   before it continues it. */
#include "ingest/codex/codex_source.h"

#include "ingest/client_value.h"
#include "ingest/codex/codex_process.h"

#include <math.h>

enum codex_kind { CODEX_ROLLOUT, CODEX_INDEX };

enum { TOP, YEARS, MONTHS, DAYS, ROLLOUTS };

static const struct tree_place places[] = {
    {.level = TOP, .prefix = "sessions", .suffix = "", .next = YEARS},
    {.level = YEARS, .prefix = "", .suffix = "", .next = MONTHS},
    {.level = MONTHS, .prefix = "", .suffix = "", .next = DAYS},
    {.level = DAYS, .prefix = "", .suffix = "", .next = ROLLOUTS},
    {.level = TOP, .prefix = "archived_sessions", .suffix = "", .next = ROLLOUTS},
    {.level = ROLLOUTS, .prefix = "rollout-", .suffix = ".jsonl", .kind = CODEX_ROLLOUT},
    {.level = ROLLOUTS, .prefix = "rollout-", .suffix = ".jsonl.zst", .packed = true},
    {.level = TOP,
     .prefix = "session_index",
     .suffix = ".jsonl",
     .kind = CODEX_INDEX,
     .always = true},
    {.prefix = NULL},
};

/* {id, thread_name, updated_at}: a name that a session was given, the latest last. */
static void take_name(struct tree_file *file, struct json_value line)
{
    char name[CLIENT_ID_BYTES];
    struct update update = tree_file_update(file, UPDATE_SESSION);
    double at_ms = client_time(json_get(line, "updated_at"));
    client_text_copy(tree_file_mem(file), json_get(line, "thread_name"), name, sizeof name);
    update.session_id = client_plain_text(json_get(line, "id"));
    update.t_ms = isnan(at_ms) ? 0 : at_ms;
    update_text(&update, FIELD_TITLE, (struct slice){name, strlen(name)});
    if (update.session_id.len > 0 && name[0] != '\0') {
        tree_file_send(file, &update);
    }
}

static void take(struct tree_file *file, struct json_value line)
{
    if (file->kind == CODEX_INDEX) {
        take_name(file, line);
    } else {
        codex_thread_take(file, line);
    }
}

static bool is_busy(const struct tree_file *file)
{
    return file->kind == CODEX_ROLLOUT && codex_thread_is_busy(file->reader);
}

static void conclude(struct tree_file *file)
{
    codex_process_conclude(file->reader);
}

/* The policy of approvals is about these. */
static const char *const asking_tools[] = {
    "exec_command", "shell",          "shell_command", "local_shell",         "exec",
    "apply_patch",  "container.exec", "mcp__*",        "request_permissions", NULL};

static const struct tree_client codex_client = {
    .places = places,
    .asking_tools = asking_tools,
    .reader_size = sizeof(struct codex_thread),
    .begin = codex_thread_begin,
    .end = codex_thread_end,
    .take = take,
    .is_busy = is_busy,
    .conclude = conclude,
};

static bool open_codex(struct source *source, struct strbuf *error)
{
    return transcript_tree_open(source, &codex_client, error);
}

const struct source_ops codex_source_ops = TRANSCRIPT_TREE_OPS(open_codex);
