/* The places of Qwen Code's files, and the small ones that describe sub-agents and processes. */
#include "ingest/qwen/qwen_source.h"

#include "ingest/qwen/qwen_chat.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { TOP, PROJECTS, PROJECT, CHATS, AGENTS, AGENT_FILES };

static const char *const runtime_times[] = {"started_at", NULL};
static const char *const meta_times[] = {"lastUpdatedAt", "createdAt", NULL};

static const struct tree_place places[] = {
    {.level = TOP, .prefix = "projects", .suffix = "", .next = PROJECTS},
    {.level = PROJECTS, .prefix = "", .suffix = "", .next = PROJECT},
    {.level = PROJECT, .prefix = "chats", .suffix = "", .next = CHATS},
    {.level = PROJECT, .prefix = "subagents", .suffix = "", .next = AGENTS},
    {.level = CHATS, .prefix = "", .suffix = ".jsonl", .kind = QWEN_CHAT},
    {.level = CHATS,
     .prefix = "",
     .suffix = ".runtime.json",
     .kind = QWEN_RUNTIME,
     .document = true,
     .times = runtime_times,
     .beside = ".jsonl",
     .part = true},
    {.level = AGENTS, .prefix = "", .suffix = "", .next = AGENT_FILES},
    {.level = AGENT_FILES,
     .prefix = "agent-",
     .suffix = ".jsonl",
     .kind = QWEN_AGENT,
     .part = true},
    {.level = AGENT_FILES,
     .prefix = "agent-",
     .suffix = ".meta.json",
     .kind = QWEN_META,
     .document = true,
     .times = meta_times,
     .beside = ".jsonl",
     .part = true},
    {.prefix = NULL},
};

/* Sends the agent's parent, its task, and its end. One in the background is not asked about: what
   needs a person is refused. */
static void take_meta(struct tree_file *file, struct json_value meta)
{
    struct json_value status = json_get(meta, "status");
    struct update update = tree_file_update(file, UPDATE_AGENT);
    update.session_id = client_plain_text(json_get(meta, "parentSessionId"));
    update.agent_id = client_plain_text(json_get(meta, "agentId"));
    if (update.session_id.len == 0 || update.agent_id.len == 0) {
        return;
    }
    tree_file_set_ids(file, update.session_id, update.agent_id);
    bool asks = !json_string_is(json_get(meta, "resolvedApprovalMode"), "yolo") &&
                json_get(meta, "isBackgrounded").type != JSON_TYPE_TRUE;
    struct slice agent = {file->agent_id, strlen(file->agent_id)};
    client_sessions_set_asks(&file->tree->sessions, file->session, agent, asks);
    char text[CLIENT_ID_BYTES];
    client_text_copy(tree_file_mem(file), json_get(meta, "description"), text, sizeof text);
    update_text(&update, FIELD_TYPE, client_plain_text(json_get(meta, "agentType")));
    update_text(&update, FIELD_DESCRIPTION, (struct slice){text, strlen(text)});
    update_text(&update, FIELD_PARENT_AGENT_ID, client_plain_text(json_get(meta, "parentAgentId")));
    update_number(&update, FIELD_START_MS, client_time(json_get(meta, "createdAt")));
    if (status.type == JSON_TYPE_STRING && !json_string_is(status, "running")) {
        update_number(&update, FIELD_END_MS, client_time(json_get(meta, "lastUpdatedAt")));
    }
    tree_file_send(file, &update);

    char room[CLIENT_ID_BYTES];
    struct update call = tree_file_update(file, UPDATE_CALL);
    call.session_id = update.session_id;
    call.agent_id = (struct slice){NULL, 0}; /* the transcript has it */
    call.kind = CALL_TOOL;
    call.id = client_plain_text(json_get(meta, "toolUseId"));
    if (call.id.len > 0) { /* it is the parent's call */
        call.id = call_owners_id(&tree_file_ctx(file)->owners, update.session_id,
                                 client_plain_text(json_get(meta, "parentAgentId")), call.id, room);
    }
    update_text(&call, FIELD_CHILD_AGENT_ID, update.agent_id);
    if (call.id.len > 0) {
        tree_file_send(file, &call);
    }
}

/* An interactive client writes down which process has the session, and since when, in seconds. The
   file stays when it ends. In a container, or on another host that shares the directory, it has
   another host's name. */
static void take_runtime(struct tree_file *file, struct json_value runtime)
{
    char host[HOST_NAME_MAX + 1] = "";
    struct slice session = client_plain_text(json_get(runtime, "session_id"));
    struct slice where = client_plain_text(json_get(runtime, "hostname"));
    double pid = client_number(json_get(runtime, "pid"));
    bool here = gethostname(host, sizeof host) == 0 && where.len == strlen(host) &&
                memcmp(where.bytes, host, where.len) == 0;
    tree_file_set_ids(file, session, (struct slice){"", 0});
    if (tree_file_is_known(file) && where.len > 0 && !here) {
        struct update update = tree_file_update(file, UPDATE_SESSION);
        update_text(&update, FIELD_HOST, where);
        tree_file_send(file, &update);
    }
    if (tree_file_is_known(file) && here && pid > 0 && pid < INT32_MAX) {
        client_sessions_set_process(&file->tree->sessions, file->session, (int64_t)pid,
                                    client_plain_text(json_get(runtime, "work_dir")),
                                    client_number(json_get(runtime, "started_at")) * 1000);
    }
}

static void take(struct tree_file *file, struct json_value line)
{
    if (file->kind == QWEN_RUNTIME) {
        take_runtime(file, line);
    } else if (file->kind == QWEN_META) {
        take_meta(file, line);
    } else {
        qwen_chat_take(file, line);
    }
}

static const char *const asking_tools[] = {"run_shell_command", "edit",   "replace", "write_file",
                                           "web_fetch",         "mcp__*", NULL};

static const struct tree_client qwen_client = {
    .asking_tools = asking_tools,
    .places = places,
    .reader_size = sizeof(struct qwen_chat),
    .begin = qwen_chat_begin,
    .take = take,
    .is_busy = qwen_chat_is_busy,
};

static bool open_qwen(struct source *source, struct strbuf *error)
{
    return transcript_tree_open(source, &qwen_client, error);
}

const struct source_ops qwen_source_ops = TRANSCRIPT_TREE_OPS(open_qwen);
