/* Types that rollouts have and nothing here reads, so that those of a newer version stand out. Seen
   in rollouts of 0.40 to 0.171, and named in the program of 0.171. */
#include "ingest/codex/codex_thread.h"

#include <string.h>

/* Types of lines. */
static const char *const other_lines[] = {"world_state",
                                          "inter_agent_communication",
                                          "inter_agent_communication_metadata",
                                          "dynamic_tools_updated",
                                          "security_risk_score",
                                          "realtime_item",
                                          NULL};

/* Types of a response_item's payload. */
static const char *const other_responses[] = {"message",
                                              "agent_message",
                                              "reasoning",
                                              "additional_tools",
                                              "ghost_snapshot",
                                              "compaction",
                                              "compaction_summary",
                                              "compaction_trigger",
                                              "context_compaction",
                                              "configuration_update",
                                              NULL};

/* Types of an event_msg's payload. A compaction comes with a line `compacted`. */
static const char *const other_events[] = {"agent_message",
                                           "agent_reasoning",
                                           "agent_reasoning_raw_content",
                                           "agent_reasoning_section_break",
                                           "context_compacted",
                                           "entered_review_mode",
                                           "exited_review_mode",
                                           "thread_rolled_back",
                                           "thread_goal_updated",
                                           "thread_name_updated",
                                           "thread_queue_changed",
                                           "sub_agent_activity",
                                           "undo_started",
                                           "undo_completed",
                                           "background_event",
                                           "warning",
                                           "guardian_warning",
                                           "guardian_assessment",
                                           "stream_error",
                                           "model_reroute",
                                           "model_verification",
                                           "turn_moderation_metadata",
                                           "item_started",
                                           "plan_update",
                                           "turn_diff",
                                           "view_image_tool_call",
                                           "dynamic_tool_call_request",
                                           "dynamic_tool_call_response",
                                           "session_configured",
                                           "shutdown_complete",
                                           NULL};

/* Types of an item_completed's item: tools whose call has a line of its own, and no tools. */
static const char *const other_items[] = {"CommandExecution",
                                          "CollabAgentToolCall",
                                          "DynamicToolCall",
                                          "McpToolCall",
                                          "FileChange",
                                          "WebSearch",
                                          "ImageView",
                                          "ImageGeneration",
                                          "FunctionCallOutput",
                                          "SubAgentActivity",
                                          "HookPrompt",
                                          "Plan",
                                          "Sleep",
                                          "EnteredReviewMode",
                                          "ExitedReviewMode",
                                          "ContextCompaction",
                                          NULL};

static const char *const *const others[] = {[CODEX_LINE] = other_lines,
                                            [CODEX_RESPONSE] = other_responses,
                                            [CODEX_EVENT] = other_events,
                                            [CODEX_ITEM] = other_items};

void codex_note_type(struct codex_thread *thread, enum codex_typed what, struct json_value type)
{
    if (!client_is_one_of(type, others[what])) {
        tree_file_unknown(thread->file, client_plain_text(type));
    }
}
