/* The clients' hooks, one table each. Codex and Qwen Code have taken over the names of Claude
   Code's events and most of their members, Gemini CLI has names of its own. */
#include "ingest/hooks/hook_dialect.h"

#include "ingest/hooks/hook_private.h"

static const char *const event_keys[] = {"hook_event_name", NULL};
static const char *const session_keys[] = {"session_id", NULL};
static const char *const no_keys[] = {NULL};

/* ---- Claude Code ---- */

static const char *const claude_turns[] = {"prompt_id", NULL};
static const char *const claude_calls[] = {"tool_use_id", NULL};

static const struct hook_event_row claude_rows[] = {
    {"PreToolUse", hook_pre_tool_use, false},
    {"PostToolUse", hook_post_tool_use, false},
    {"PostToolUseFailure", hook_post_tool_use_failure, false},
    {"PostToolBatch", hook_post_tool_batch, false},
    {"PermissionRequest", hook_permission_request, false},
    {"PermissionDenied", hook_permission_denied, false},
    {"Notification", hook_notification, false},
    {"Elicitation", hook_elicitation, false},
    {"ElicitationResult", hook_elicitation_result, false},
    {"UserPromptSubmit", hook_user_prompt_submit, false},
    {"Stop", hook_stop, false},
    {"StopFailure", hook_stop_failure, false},
    {"SubagentStart", hook_subagent_start, false},
    {"SubagentStop", hook_subagent_stop, false},
    {"SessionStart", hook_session_start, false},
    {"SessionEnd", hook_session_end, true},
    {.name = NULL},
};

static const char *const claude_unused[] = {
    "ConfigChange",         "CwdChanged",     "DirectoryAdded",  "FileChanged", "MessageDisplay",
    "InstructionsLoaded",   "PostCompact",    "PostModelSwitch", "PreCompact",  "PreModelSwitch",
    "PreSkillShellCommand", "Setup",          "TaskCompleted",   "TaskCreated", "TeammateIdle",
    "UserPromptExpansion",  "WorktreeCreate", "WorktreeRemove",  NULL,
};

static const struct hook_dialect claude = {
    .by = "Claude Code hooks",
    .reports = HOOK_REPORTS_TOOLS | HOOK_REPORTS_TURNS | HOOK_REPORTS_AGENTS,
    .precedence = PRECEDENCE_HOOKS,
    .event = event_keys,
    .session = session_keys,
    .turn = claude_turns,
    .call = claude_calls,
    .args = true,
    .permission_ms = 6000,
    .idle_ms = 60000,
    .rows = claude_rows,
    .unused = claude_unused,
};

/* ---- Codex CLI ---- */

/* Its hooks since 0.124, and the program of its setting `notify`: {"type":"agent-turn-complete",
   "thread-id":…,"turn-id":…}. */
static const char *const codex_events[] = {"hook_event_name", "type", NULL};
static const char *const codex_sessions[] = {"session_id", "thread-id", NULL};
static const char *const codex_turns[] = {"turn_id", "turn-id", NULL};
static const char *const codex_calls[] = {"tool_use_id", "call-id", NULL};

static const struct hook_event_row codex_rows[] = {
    {"PreToolUse", hook_pre_tool_use, false},
    {"PostToolUse", hook_post_tool_use, false},
    {"PermissionRequest", hook_permission_request, false},
    {"UserPromptSubmit", hook_user_prompt_submit, false},
    {"Stop", hook_stop, false},
    {"Interrupt", hook_interrupt, false},
    {"SubagentStart", hook_subagent_start, false},
    {"SubagentStop", hook_subagent_stop, false},
    {"SessionStart", hook_session_start, false},
    {"SessionEnd", hook_session_end, true},
    {"agent-turn-complete", hook_turn_complete, true},
    {"approval-requested", hook_permission_request, false},
    {.name = NULL},
};

static const char *const codex_unused[] = {"PreCompact", "PostCompact", NULL};

static const struct hook_dialect codex = {
    .by = "Codex hooks",
    .reports = HOOK_REPORTS_TOOLS | HOOK_REPORTS_TURNS,
    .precedence = PRECEDENCE_INFERRED,
    .event = codex_events,
    .session = codex_sessions,
    .turn = codex_turns,
    .call = codex_calls,
    .unanswered = true,
    .shares_ids = true,
    .rows = codex_rows,
    .unused = codex_unused,
};

/* ---- Qwen Code ---- */

/* `tool_use_id` is made for the hook, but in PostToolBatch. */
static const char *const qwen_calls[] = {"tool_call_id", "tool_use_id", NULL};

static const struct hook_event_row qwen_rows[] = {
    {"PreToolUse", hook_pre_tool_use_allowed, false},
    {"PostToolUse", hook_post_tool_use, false},
    {"PostToolUseFailure", hook_post_tool_use_failure, false},
    {"PostToolBatch", hook_post_tool_batch, false},
    {"PermissionRequest", hook_permission_request, false},
    {"PermissionDenied", hook_permission_denied, false},
    {"Notification", hook_notification, false},
    {"UserPromptSubmit", hook_user_prompt_submit, false},
    {"Stop", hook_stop, false},
    {"StopFailure", hook_stop_failure, false},
    {"SubagentStart", hook_subagent_start, false},
    {"SubagentStop", hook_subagent_stop, false},
    {"SessionStart", hook_session_start, false},
    {"SessionEnd", hook_session_end, true},
    {.name = NULL},
};

static const char *const qwen_unused[] = {
    "InstructionsLoaded", "MessageDisplay", "PostCompact",         "PreCompact", "SessionDelete",
    "TodoCompleted",      "TodoCreated",    "UserPromptExpansion", NULL,
};

static const struct hook_dialect qwen = {
    .by = "Qwen Code hooks",
    .reports = HOOK_REPORTS_TOOLS,
    .precedence = PRECEDENCE_INFERRED,
    .event = event_keys,
    .session = session_keys,
    .turn = claude_turns,
    .call = qwen_calls,
    .shares_ids = true,
    .args = true,
    .rows = qwen_rows,
    .unused = qwen_unused,
};

/* ---- Gemini CLI ---- */

/* Its calls have no ids in hooks. PreCompress comes before each request. */
static const struct hook_event_row gemini_rows[] = {
    {"BeforeTool", hook_before_tool, false},
    {"AfterTool", hook_after_tool, false},
    {"Notification", hook_tool_permission, false},
    {"BeforeAgent", hook_user_prompt_submit, false},
    {"AfterAgent", hook_stop, false},
    {"PreCompress", hook_turn_continues, false},
    {"SessionStart", hook_session_start, false},
    {"SessionEnd", hook_session_end, true},
    {.name = NULL},
};

static const char *const gemini_unused[] = {"AfterModel", "BeforeModel", "BeforeToolSelection",
                                            NULL};

static const struct hook_dialect gemini = {
    .by = "Gemini CLI hooks",
    .precedence = PRECEDENCE_INFERRED,
    .event = event_keys,
    .session = session_keys,
    .turn = no_keys,
    .call = no_keys,
    .unanswered = true,
    .rows = gemini_rows,
    .unused = gemini_unused,
};

/* ---- the table ---- */

#define HOOK_CLIENT(own)                                                                       \
    const struct hook_client own##_hook_client = {.name = #own,                                \
                                                  .take = hook_payload_take,                   \
                                                  .note_tool_end = hook_payload_note_tool_end, \
                                                  .note_answer = hook_payload_note_answer,     \
                                                  .asked_ms = hook_payload_asked_ms,           \
                                                  .look = hook_payload_look,                   \
                                                  .free_state = hook_payload_free,             \
                                                  .dialect = &(own)}

HOOK_CLIENT(claude);
HOOK_CLIENT(codex);
HOOK_CLIENT(qwen);
HOOK_CLIENT(gemini);
