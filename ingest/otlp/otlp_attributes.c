/* The table is grouped by meaning; within a meaning the order of rows is their precedence. Sources:
   open-telemetry/semantic-conventions-genai and the conventions before it; the code and the
   documents of the producers named. */
#include "ingest/otlp/otlp_attributes.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define MS UNIT_MS
#define S  UNIT_S

const struct otlp_attribute_row otlp_attribute_rows[] = {
    {"langfuse.observation.type", "Langfuse", MEANS_KIND_LANGFUSE, 0},
    {"openinference.span.kind", "OpenInference", MEANS_KIND_OPENINFERENCE, 0},
    {"traceloop.span.kind", "OpenLLMetry", MEANS_KIND_TRACELOOP, 0},
    {"langsmith.span.kind", "LangSmith", MEANS_KIND_LANGSMITH, 0},
    {"gen_ai.operation.name", "conventions", MEANS_KIND_OPERATION, 0},
    {"ai.operationId", "AI SDK 4-6", MEANS_KIND_AI_OPERATION, 0},
    {"operation.name", "AI SDK 4-6", MEANS_KIND_AI_OPERATION, 0},
    {"span.type", "Claude Code", MEANS_KIND_SPAN_TYPE, 0},
    {"mcp.method.name", "conventions, MCP", MEANS_KIND_MCP, 0},
    {"llm.request.type", "OpenLLMetry", MEANS_KIND_LLM_REQUEST, 0},
    {"logfire.span_type", "Logfire", MEANS_LOGFIRE_TYPE, 0},
    {"event.name", "Claude Code, Codex, Gemini, Qwen", MEANS_EVENT_NAME, 0},
    {"eventName", "newer SDKs", MEANS_EVENT_NAME, 0},

    {"gen_ai.response.model", "conventions", MEANS_MODEL, 0},
    {"llm.response.model_name", "OpenInference", MEANS_MODEL, 0},
    {"ai.response.model", "AI SDK", MEANS_MODEL, 0},
    {"gen_ai.request.model", "conventions", MEANS_MODEL, 0},
    {"llm.request.model_name", "OpenInference", MEANS_MODEL, 0},
    {"llm.model_name", "OpenInference", MEANS_MODEL, 0},
    {"ai.model.id", "AI SDK", MEANS_MODEL, 0},
    {"langfuse.observation.model.name", "Langfuse", MEANS_MODEL, 0},
    {"langsmith.metadata.ls_model_name", "LangSmith", MEANS_MODEL, 0},
    {"model", "Claude Code, Qwen, Codex, Gemini", MEANS_MODEL, 0},
    {"model_name", "Pydantic AI", MEANS_AGENT_MODEL, 0},
    {"gen_ai.provider.name", "conventions since 1.37", MEANS_PROVIDER, 0},
    {"gen_ai.system", "conventions to 1.36", MEANS_PROVIDER, 0},
    {"llm.provider", "OpenInference", MEANS_PROVIDER, 0},
    {"llm.system", "OpenInference", MEANS_PROVIDER, 0},
    {"ai.model.provider", "AI SDK", MEANS_PROVIDER, 0},
    {"gen_ai.request.stream", "conventions", MEANS_STREAMED, 0},
    {"llm.is_streaming", "OpenLLMetry", MEANS_STREAMED, 0},
    {"gen_ai.is_streaming", "OpenLLMetry", MEANS_STREAMED, 0},

    {"gen_ai.usage.input_tokens", "conventions since 1.27", MEANS_PROMPT, 0},
    {"gen_ai.usage.prompt_tokens", "conventions to 1.26, OpenLLMetry", MEANS_PROMPT, 0},
    {"input_tokens", "Claude Code, Qwen", MEANS_PROMPT, 0},
    {"llm.token_count.prompt", "OpenInference", MEANS_PROMPT, 0},
    {"ai.usage.inputTokens", "AI SDK 5-6", MEANS_PROMPT, 0},
    {"ai.usage.promptTokens", "AI SDK to 4", MEANS_PROMPT, 0},
    {"input_token_count", "Codex, Gemini", MEANS_PROMPT, 0},
    {"ai.usage.inputTokenDetails.noCacheTokens", "AI SDK 6", MEANS_PROMPT_UNCACHED, 0},
    {"gen_ai.usage.output_tokens", "conventions since 1.27", MEANS_OUTPUT, 0},
    {"gen_ai.usage.completion_tokens", "conventions to 1.26, OpenLLMetry", MEANS_OUTPUT, 0},
    {"output_tokens", "Claude Code, Qwen", MEANS_OUTPUT, 0},
    {"llm.token_count.completion", "OpenInference", MEANS_OUTPUT, 0},
    {"ai.usage.outputTokens", "AI SDK 5-6", MEANS_OUTPUT, 0},
    {"ai.usage.completionTokens", "AI SDK to 4", MEANS_OUTPUT, 0},
    {"output_token_count", "Codex, Gemini", MEANS_OUTPUT, 0},
    {"gen_ai.usage.reasoning.output_tokens", "conventions", MEANS_REASONING, 0},
    {"gen_ai.usage.reasoning_tokens", "Copilot, OpenCode", MEANS_REASONING, 0},
    {"ai.usage.reasoningTokens", "AI SDK", MEANS_REASONING, 0},
    {"llm.token_count.completion_details.reasoning", "OpenInference", MEANS_REASONING, 0},
    {"reasoning_token_count", "Codex", MEANS_REASONING, 0},
    {"thoughts_token_count", "Gemini", MEANS_THOUGHTS, 0},
    {"gen_ai.usage.total_tokens", "conventions", MEANS_TOTAL, 0},
    {"llm.usage.total_tokens", "OpenLLMetry", MEANS_TOTAL, 0},
    {"llm.token_count.total", "OpenInference", MEANS_TOTAL, 0},
    {"ai.usage.totalTokens", "AI SDK", MEANS_TOTAL, 0},
    {"total_token_count", "Gemini", MEANS_TOTAL, 0},
    {"tool_token_count", "Codex, where it is the total", MEANS_TOTAL, 0},
    {"gen_ai.usage.cache_read.input_tokens", "conventions", MEANS_CACHE_READ, 0},
    {"gen_ai.usage.cache_read_input_tokens", "OpenLLMetry, Strands", MEANS_CACHE_READ, 0},
    {"gen_ai.usage.cache_read_tokens", "OpenCode", MEANS_CACHE_READ, 0},
    {"cache_read_tokens", "Claude Code", MEANS_CACHE_READ, 0},
    {"gen_ai.usage.cached_tokens", "Qwen", MEANS_CACHE_READ, 0},
    {"cached_input_tokens", "Qwen", MEANS_CACHE_READ, 0},
    {"llm.token_count.prompt_details.cache_read", "OpenInference", MEANS_CACHE_READ, 0},
    {"llm.token_count.prompt_details.cache_input", "OpenInference", MEANS_CACHE_READ, 0},
    {"ai.usage.inputTokenDetails.cacheReadTokens", "AI SDK 6", MEANS_CACHE_READ, 0},
    {"ai.usage.cachedInputTokens", "AI SDK 5", MEANS_CACHE_READ, 0},
    {"cached_token_count", "Codex", MEANS_CACHE_READ, 0},
    {"cached_content_token_count", "Gemini", MEANS_CACHE_READ, 0},
    {"gen_ai.usage.cache_write.input_tokens", "conventions", MEANS_CACHE_CREATION, 0},
    {"gen_ai.usage.cache_creation.input_tokens", "conventions to 1.41", MEANS_CACHE_CREATION, 0},
    {"gen_ai.usage.cache_creation_input_tokens", "OpenLLMetry", MEANS_CACHE_CREATION, 0},
    {"gen_ai.usage.cache_write_input_tokens", "Strands", MEANS_CACHE_CREATION, 0},
    {"gen_ai.usage.cache_creation_tokens", "OpenCode", MEANS_CACHE_CREATION, 0},
    {"cache_creation_tokens", "Claude Code", MEANS_CACHE_CREATION, 0},
    {"llm.token_count.prompt_details.cache_write", "OpenInference", MEANS_CACHE_CREATION, 0},
    {"ai.usage.inputTokenDetails.cacheWriteTokens", "AI SDK 6", MEANS_CACHE_CREATION, 0},
    {"langfuse.observation.usage_details", "Langfuse", MEANS_USAGE_JSON, 0},
    {"gen_ai.usage.input_token_details", "LangSmith", MEANS_USAGE_JSON, 0},
    {"gen_ai.aggregated_usage.*", "Pydantic AI", MEANS_USAGE_SUM, 0},
    {"session.total_tokens", "OpenCode", MEANS_USAGE_SUM, 0},

    {"gen_ai.response.time_to_first_chunk", "conventions, Copilot", MEANS_TTFT, S},
    {"gen_ai.client.inference.time_to_first_chunk", "conventions", MEANS_TTFT, S},
    {"gen_ai.client.operation.time_to_first_chunk", "AI SDK 7, Pydantic AI", MEANS_TTFT, S},
    {"ttft_ms", "Claude Code, Qwen, Codex", MEANS_TTFT, MS},
    {"copilot_chat.time_to_first_token", "VS Code Copilot", MEANS_TTFT, MS},
    {"github.copilot.time_to_first_chunk", "Copilot CLI", MEANS_TTFT, S},
    {"ai.response.msToFirstChunk", "AI SDK 4-6", MEANS_TTFT, MS},
    {"ai.stream.msToFirstChunk", "AI SDK 4-6", MEANS_TTFT, MS},
    {"time_to_first_token_ms", "OpenInference", MEANS_TTFT, MS},
    {"gen_ai.server.time_to_first_token", "Strands in ms, Qwen in s", MEANS_SERVER_TTFT, 0},
    {"langfuse.observation.completion_start_time", "Langfuse", MEANS_FIRST_TOKEN_AT, 0},
    {"ai.response.msToFinish", "AI SDK 4-6", MEANS_TTLT, MS},
    {"duration_ms", "Claude Code, Qwen, Codex, Gemini", MEANS_DURATION, MS},
    {"gen_ai.client.operation.duration", "AI SDK 7", MEANS_DURATION, S},
    {"gen_ai.execute_tool.duration", "AI SDK 7", MEANS_DURATION, S},
    {"interaction.duration_ms", "Claude Code", MEANS_DURATION, MS},
    {"request_setup_ms", "Qwen", MEANS_SETUP, MS},

    {"attempt", "Claude Code, Qwen, Codex", MEANS_ATTEMPT, 0},
    {"attempt_number", "Qwen, Gemini", MEANS_ATTEMPT, 0},
    {"retry_total_delay_ms", "Qwen", MEANS_RETRY_DELAY, MS},
    {"retry_delay_ms", "Qwen, Gemini", MEANS_RETRY_DELAY, MS},
    {"status_code", "Claude Code, Gemini", MEANS_STATUS_CODE, 0},
    {"http.response.status_code", "Codex, HTTP", MEANS_STATUS_CODE, 0},

    {"gen_ai.agent.name", "conventions", MEANS_AGENT_NAME, 0},
    {"agent.name", "OpenInference, Claude Code's logs", MEANS_AGENT_NAME, 0},
    {"agent_name", "Pydantic AI, Gemini", MEANS_AGENT_NAME, 0},
    {"qwen-code.subagent.name", "Qwen", MEANS_AGENT_NAME, 0},
    {"traceloop.entity.name", "OpenLLMetry", MEANS_AGENT_NAME, 0},
    {"ai.telemetry.functionId", "AI SDK 4-6", MEANS_AGENT_NAME, 0},
    {"gen_ai.workflow.name", "conventions", MEANS_AGENT_NAME, 0},
    {"traceloop.workflow.name", "OpenLLMetry", MEANS_AGENT_NAME, 0},
    {"executor.id", "Agent Framework", MEANS_AGENT_NAME, 0},
    {"graph.node.name", "OpenInference", MEANS_AGENT_NAME, 0},
    {"agent_id", "Claude Code", MEANS_AGENT_ID, 0},
    {"parent_agent_id", "Claude Code", MEANS_PARENT_AGENT_ID, 0},
    {"qwen-code.subagent.parent_agent_id", "Qwen", MEANS_PARENT_AGENT_ID, 0},
    {"gen_ai.transfer.target.name", "conventions", MEANS_TRANSFER, 0},
    {"gen_ai.handoff.to_agent", "OpenLLMetry", MEANS_TRANSFER, 0},
    {"session.is_subagent", "OpenCode", MEANS_IS_SUBAGENT, 0},

    {"gen_ai.tool.name", "conventions", MEANS_TOOL_NAME, 0},
    {"tool.name", "OpenInference, Qwen, OpenCode", MEANS_TOOL_NAME, 0},
    {"tool_name", "Claude Code, Codex", MEANS_TOOL_NAME, 0},
    {"ai.toolCall.name", "AI SDK 4-6", MEANS_TOOL_NAME, 0},
    {"function_name", "Gemini, Qwen", MEANS_TOOL_NAME, 0},
    {"gen_ai.tool.call.id", "conventions", MEANS_TOOL_CALL_ID, 0},
    {"gen_ai.tool.call_id", "Gemini", MEANS_TOOL_CALL_ID, 0},
    {"tool_use_id", "Claude Code", MEANS_TOOL_CALL_ID, 0},
    {"tool.call_id", "Qwen", MEANS_TOOL_CALL_ID, 0},
    {"tool.use_id", "Qwen", MEANS_TOOL_CALL_ID, 0},
    {"tool_call.id", "OpenInference", MEANS_TOOL_CALL_ID, 0},
    {"ai.toolCall.id", "AI SDK 4-6", MEANS_TOOL_CALL_ID, 0},
    {"call_id", "Codex, Qwen", MEANS_TOOL_CALL_ID, 0},
    {"gen_ai.tool.call.arguments", "conventions", MEANS_TOOL_INPUT, 0},
    {"tool.parameters", "OpenInference", MEANS_TOOL_INPUT, 0},
    {"function_args", "Gemini, Qwen", MEANS_TOOL_INPUT, 0},
    {"ai.toolCall.args", "AI SDK 4-6", MEANS_TOOL_INPUT, 0},
    {"tool_arguments", "Pydantic AI", MEANS_TOOL_INPUT, 0},
    {"gcp.vertex.agent.tool_call_args", "ADK", MEANS_TOOL_INPUT, 0},
    {"tool_input", "Claude Code's logs", MEANS_TOOL_INPUT, 0},
    {"tool_parameters", "Claude Code's logs", MEANS_TOOL_INPUT, 0},
    {"arguments", "Codex", MEANS_TOOL_INPUT, 0},
    {"gen_ai.tool.status", "Strands", MEANS_TOOL_STATUS, 0},
    {"pydantic_ai.tool.failure_stage", "Pydantic AI", MEANS_TOOL_STATUS, 0},
    {"qwen-code.subagent.status", "Qwen", MEANS_TOOL_STATUS, 0},
    {"subagent_type", "Claude Code", MEANS_CHILD_AGENT_TYPE, 0},
    {"full_command", "Claude Code", MEANS_COMMAND, 0},
    {"file_path", "Claude Code", MEANS_COMMAND, 0},

    {"error.type", "conventions", MEANS_ERROR_TYPE, 0},
    {"error_class", "Claude Code", MEANS_ERROR_CLASS, 0},
    {"error_type", "Claude Code, Gemini", MEANS_ERROR_CLASS, 0},
    {"tool.error", "OpenCode", MEANS_ERROR, 0},
    {"langfuse.observation.status_message", "Langfuse", MEANS_ERROR, 0},
    {"error", "Claude Code, Qwen, Gemini", MEANS_ERROR, 0},
    {"error.message", "Gemini, Codex", MEANS_ERROR, 0},
    {"error_message", "Qwen", MEANS_ERROR, 0},
    {"success", "Claude Code, Qwen, Codex, Gemini", MEANS_SUCCESS, 0},
    {"langfuse.observation.level", "Langfuse", MEANS_LEVEL, 0},
    {"logfire.level_num", "Logfire", MEANS_LEVEL_NUMBER, 0},
    {"gen_ai.response.finish_reasons", "conventions", MEANS_FINISH, 0},
    {"gen_ai.response.finish_reason", "OpenLLMetry, OpenCode", MEANS_FINISH, 0},
    {"stop_reason", "Claude Code", MEANS_FINISH, 0},

    {"decision", "Claude Code, Codex, Qwen, Gemini", MEANS_DECISION, 0},
    {"source", "Claude Code, Codex, Qwen", MEANS_DECISION_SOURCE, 0},
    {"decision_source", "Claude Code's logs", MEANS_DECISION_SOURCE, 0},

    {"session.id", "Claude Code, Gemini, Qwen, OpenCode, OpenInference", MEANS_SESSION, 0},
    {"gen_ai.conversation.id", "conventions", MEANS_SESSION, 0},
    {"langfuse.session.id", "Langfuse", MEANS_SESSION, 0},
    {"copilot_chat.chat_session_id", "VS Code Copilot", MEANS_SESSION, 0},
    {"copilot_chat.session_id", "VS Code Copilot", MEANS_SESSION, 0},
    {"conversation.id", "Codex", MEANS_SESSION, 0},
    {"gcp.vertex.agent.session_id", "ADK", MEANS_SESSION, 0},
    {"langsmith.metadata.thread_id", "LangSmith", MEANS_SESSION, 0},
    {"langsmith.metadata.session_id", "LangSmith", MEANS_SESSION, 0},
    {"langsmith.metadata.conversation_id", "LangSmith", MEANS_SESSION, 0},
    {"langsmith.trace.session_id", "LangSmith", MEANS_SESSION, 0},
    {"traceloop.association.properties.session_id", "OpenLLMetry", MEANS_SESSION, 0},
    {"traceloop.association.properties.chat_id", "OpenLLMetry", MEANS_SESSION, 0},
    {"traceloop.association.properties.thread_id", "OpenLLMetry", MEANS_SESSION, 0},
    {"ai.request.headers.x-parent-session-id", "OpenCode", MEANS_PARENT_SESSION, 0},
    {"service.instance.id", "SDKs", MEANS_SESSION_OF_PROCESS, 0},
    {"service.name", "SDKs", MEANS_SERVICE, 0},
    {"host.name", "SDKs", MEANS_HOST, 0},
    {"vscode.agent_host.session.title", "VS Code", MEANS_TITLE, 0},

    {"gen_ai.conversation.compacted", "conventions", MEANS_COMPACTED, 0},
    {"request_id", "Claude Code", MEANS_REQUEST_ID, 0},
    {"prompt.id", "Claude Code", MEANS_PROMPT_ID, 0},
    {"prompt_length", "Claude Code, Codex, Gemini, Qwen", MEANS_PROMPT_LENGTH, 0},
    {"user_prompt_length", "Claude Code", MEANS_PROMPT_LENGTH, 0},
    {"query_source", "Claude Code's logs", MEANS_QUERY_SOURCE, 0},
    {"query_source_safe", "Claude Code", MEANS_QUERY_SOURCE, 0},
    {"cost_usd", "Claude Code, OpenCode", MEANS_COST, 0},
    {"llm.cost.total", "OpenInference", MEANS_COST, 0},
    {"gen_ai.cost.total_cost", "several", MEANS_COST, 0},
    {"gen_ai.usage.cost", "several", MEANS_COST, 0},

    {"effort", "Claude Code", MEANS_ARGS, 0},
    {"first_content_ms", "Claude Code", MEANS_ARGS, MS},
    {"sampling_ms", "Qwen", MEANS_ARGS, MS},
    {"output_tokens_per_second", "Qwen", MEANS_ARGS, 0},
    {"ai.response.avgOutputTokensPerSecond", "AI SDK 4-6", MEANS_ARGS, 0},
    {"gen_ai.server.request.duration", "Strands", MEANS_ARGS, MS},
    {"github.copilot.server_duration", "Copilot", MEANS_ARGS, MS},
    {"gen_ai.client.operation.time_per_output_chunk", "AI SDK 7", MEANS_ARGS, S},
    {"gen_ai.request.reasoning.level", "conventions", MEANS_ARGS, 0},
    {"gen_ai.usage.text.*", "conventions", MEANS_ARGS, 0},
    {"gen_ai.usage.image.*", "conventions", MEANS_ARGS, 0},
    {"gen_ai.usage.audio.*", "conventions", MEANS_ARGS, 0},
    {"gen_ai.usage.video.*", "conventions", MEANS_ARGS, 0},
    {"traceloop.association.properties.*", "OpenLLMetry", MEANS_ARGS, 0},
    {"gen_ai.usage.details.*", "Pydantic AI", MEANS_ARGS, 0},
    {"gen_ai.cost.*", "several", MEANS_ARGS, 0},
    {"llm.cost.*", "OpenInference", MEANS_ARGS, 0},
    {"github.copilot.cost", "Copilot", MEANS_ARGS, 0},
    {"langfuse.observation.cost_details", "Langfuse", MEANS_ARGS, 0},
    {"gen_ai.agent.id", "a definition's id, but of Qwen", MEANS_ARGS, 0},
    {"gen_ai.agent.call.id", "Pydantic AI", MEANS_ARGS, 0},
    {"qwen-code.subagent.*", "Qwen", MEANS_ARGS, 0},
    {"gen_ai.caller.*", "conventions", MEANS_ARGS, 0},
    {"gen_ai.transfer.mode", "conventions", MEANS_ARGS, 0},
    {"gen_ai.handoff.from_agent", "OpenLLMetry", MEANS_ARGS, 0},
    {"gen_ai.agent.handoff_parent", "OpenLLMetry", MEANS_ARGS, 0},
    {"graph.node.*", "OpenInference", MEANS_ARGS, 0},
    {"tool.id", "OpenInference", MEANS_ARGS, 0},
    {"mcp_server", "Codex", MEANS_ARGS, 0},
    {"gen_ai.tool.type", "conventions", MEANS_ARGS, 0},
    {"gen_ai.request.previous_response.id", "conventions", MEANS_ARGS, 0},
    {"langsmith.trace.session_name", "LangSmith: a project", MEANS_ARGS, 0},
    {"service.namespace", "SDKs", MEANS_ARGS, 0},
    {"mcp.session.id", "conventions, MCP", MEANS_ARGS, 0},
    {"mcp.protocol.version", "conventions, MCP", MEANS_ARGS, 0},
    {"jsonrpc.request.id", "conventions, MCP", MEANS_ARGS, 0},
    {"network.transport", "conventions", MEANS_ARGS, 0},

    {"gen_ai.tool.description", "conventions", MEANS_CONTENT, 0},
    {"gen_ai.tool.call.result", "conventions", MEANS_CONTENT, 0},
    {"gen_ai.tool.definitions", "conventions", MEANS_CONTENT, 0},
    {"gen_ai.input.messages", "conventions", MEANS_CONTENT, 0},
    {"gen_ai.output.messages", "conventions", MEANS_CONTENT, 0},
    {"gen_ai.system_instructions", "conventions", MEANS_CONTENT, 0},
    {"gen_ai.prompt*", "conventions to 1.36", MEANS_CONTENT, 0},
    {"gen_ai.completion*", "conventions to 1.36", MEANS_CONTENT, 0},
    {"gen_ai.content*", "conventions to 1.36", MEANS_CONTENT, 0},
    {"input.*", "OpenInference", MEANS_CONTENT, 0},
    {"output.*", "OpenInference", MEANS_CONTENT, 0},
    {"llm.input_messages*", "OpenInference", MEANS_CONTENT, 0},
    {"llm.output_messages*", "OpenInference", MEANS_CONTENT, 0},
    {"llm.prompts*", "OpenInference", MEANS_CONTENT, 0},
    {"llm.completions*", "OpenInference", MEANS_CONTENT, 0},
    {"llm.tools*", "OpenInference", MEANS_CONTENT, 0},
    {"traceloop.entity.input", "OpenLLMetry", MEANS_CONTENT, 0},
    {"traceloop.entity.output", "OpenLLMetry", MEANS_CONTENT, 0},
    {"ai.prompt*", "AI SDK 4-6", MEANS_CONTENT, 0},
    {"ai.response.text", "AI SDK 4-6", MEANS_CONTENT, 0},
    {"ai.response.object", "AI SDK 4-6", MEANS_CONTENT, 0},
    {"ai.response.toolCalls", "AI SDK 4-6", MEANS_CONTENT, 0},
    {"ai.response.reasoning", "AI SDK 4-6", MEANS_CONTENT, 0},
    {"ai.toolCall.result", "AI SDK 4-6", MEANS_CONTENT, 0},
    {"tool_response", "Pydantic AI", MEANS_CONTENT, 0},
    {"gcp.vertex.agent.tool_response", "ADK", MEANS_CONTENT, 0},
    {"gcp.vertex.agent.llm_*", "ADK", MEANS_CONTENT, 0},
    {"gcp.vertex.agent.data", "ADK", MEANS_CONTENT, 0},
    {"langfuse.observation.input", "Langfuse", MEANS_CONTENT, 0},
    {"langfuse.observation.output", "Langfuse", MEANS_CONTENT, 0},
    {"langfuse.trace.input", "Langfuse", MEANS_CONTENT, 0},
    {"langfuse.trace.output", "Langfuse", MEANS_CONTENT, 0},
    {"all_messages*", "Pydantic AI", MEANS_CONTENT, 0},
    {"pydantic_ai.all_messages", "Pydantic AI", MEANS_CONTENT, 0},
    {"final_result", "Pydantic AI", MEANS_CONTENT, 0},
    {"events", "Pydantic AI", MEANS_CONTENT, 0},
    {"user_prompt", "Claude Code", MEANS_CONTENT, 0},
    {"prompt", "Claude Code, Codex, Gemini", MEANS_CONTENT, 0},
    {"response", "Claude Code", MEANS_CONTENT, 0},
    {"response_text", "Gemini, Qwen", MEANS_CONTENT, 0},
    {"request_text", "Gemini, Qwen", MEANS_CONTENT, 0},
    {"output", "Codex", MEANS_CONTENT, 0},
    {"content", "several", MEANS_CONTENT, 0},
    {"body", "several", MEANS_CONTENT, 0},

    {"user.*", "identifies a person", MEANS_NOTHING, 0},
    {"user_id", "identifies a person", MEANS_NOTHING, 0},
    {"enduser.*", "identifies a person", MEANS_NOTHING, 0},
    {"organization.id", "identifies a person", MEANS_NOTHING, 0},
    {"anthropic.*", "Claude Code", MEANS_NOTHING, 0},
    {"terminal.type", "Claude Code", MEANS_NOTHING, 0},
    {"event.sequence", "Claude Code", MEANS_NOTHING, 0},
    {"event.timestamp", "Claude Code", MEANS_NOTHING, 0},
    {"telemetry.*", "SDKs", MEANS_NOTHING, 0},
    {"os.*", "SDKs", MEANS_NOTHING, 0},
    {"host.arch", "SDKs", MEANS_NOTHING, 0},
    {"process.*", "SDKs", MEANS_NOTHING, 0},
    {"service.version", "SDKs", MEANS_NOTHING, 0},
    {"code.*", "SDKs", MEANS_NOTHING, 0},
    {"thread.*", "SDKs", MEANS_NOTHING, 0},
    {"logfire.*", "Logfire", MEANS_NOTHING, 0},
};
const size_t otlp_attribute_row_count = sizeof otlp_attribute_rows / sizeof *otlp_attribute_rows;

#undef MS
#undef S

static_assert(sizeof otlp_attribute_rows / sizeof *otlp_attribute_rows <= OTLP_ROWS_MAX,
              "struct otlp_found has a place for each row");

/* ---- names ---- */

static uint64_t key_hash(const char *key, size_t len)
{
    return XXH3_64bits(key, len);
}

bool otlp_names_init(struct otlp_names *names, const struct mem *mem)
{
    u64map_init(&names->by_key, mem);
    memset(names->first, 0xff, sizeof names->first);
    memset(names->end, 0, sizeof names->end);
    for (size_t i = 0; i < otlp_attribute_row_count; i++) {
        const struct otlp_attribute_row *row = &otlp_attribute_rows[i];
        size_t len = strlen(row->key);
        len -= row->key[len - 1] == '*';
        if (names->first[row->meaning] == UINT16_MAX) {
            names->first[row->meaning] = (uint16_t)i;
        }
        names->end[row->meaning] = (uint16_t)(i + 1);
        if (!u64map_put(&names->by_key, key_hash(row->key, len), (uint32_t)i)) {
            return false;
        }
    }
    return true;
}

void otlp_names_release(struct otlp_names *names)
{
    u64map_release(&names->by_key);
}

/* Returns the row whose key, or what precedes its '*', are these bytes. */
static const struct otlp_attribute_row *row_of(const struct otlp_names *names, const char *key,
                                               size_t len, bool whole)
{
    uint32_t at = u64map_get(&names->by_key, key_hash(key, len));
    if (at == U64MAP_NONE) {
        return NULL;
    }
    const struct otlp_attribute_row *row = &otlp_attribute_rows[at];
    size_t row_len = strlen(row->key);
    bool prefix = row->key[row_len - 1] == '*';
    row_len -= prefix;
    return row_len == len && memcmp(row->key, key, len) == 0 && (prefix || whole) ? row : NULL;
}

const struct otlp_attribute_row *otlp_names_find(const struct otlp_names *names, struct slice key)
{
    const struct otlp_attribute_row *row =
        key.len == 0 ? NULL : row_of(names, key.bytes, key.len, true);
    /* A prefix ends with a dot or is followed by one. */
    for (size_t len = key.len; row == NULL && len > 1; len--) {
        if (key.bytes[len - 1] == '.') {
            row = row_of(names, key.bytes, len, false);
            row = row != NULL ? row : row_of(names, key.bytes, len - 1, false);
        } else if (key.bytes[len - 1] == '_') {
            row = row_of(names, key.bytes, len, false);
        }
    }
    return row;
}

/* ---- values ---- */

bool slice_is(struct slice text, const char *want)
{
    return text.bytes != NULL && text.len == strlen(want) &&
           memcmp(text.bytes, want, text.len) == 0;
}

bool slice_begins(struct slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.bytes != NULL && text.len >= len && memcmp(text.bytes, prefix, len) == 0;
}

double otlp_value_number(const struct otlp_value *value)
{
    char text[40], *end;
    switch (value->type) {
    case OTLP_INT: return (double)value->integer;
    case OTLP_DOUBLE: return isfinite(value->number) ? value->number : (double)NAN;
    case OTLP_TEXT:
        if (value->text.len == 0 || value->text.len >= sizeof text) {
            return (double)NAN;
        }
        memcpy(text, value->text.bytes, value->text.len);
        text[value->text.len] = '\0';
        double number = strtod(text, &end);
        return end == text + value->text.len && isfinite(number) ? number : (double)NAN;
    case OTLP_ARRAY:
        return value->array.count > 0 ? otlp_value_number(value->array.items) : (double)NAN;
    case OTLP_EMPTY:
    case OTLP_BOOL:
    case OTLP_MAP:
    case OTLP_BYTES:
    default: return (double)NAN;
    }
}

struct slice otlp_value_text(const struct otlp_value *value)
{
    if (value->type == OTLP_ARRAY && value->array.count > 0) {
        value = value->array.items;
    }
    return value->type == OTLP_TEXT && value->text.len > 0 ? value->text : (struct slice){NULL, 0};
}

void otlp_found_fill(struct otlp_found *found, const struct otlp_names *names,
                     const struct otlp_attributes *attributes)
{
    memset(found->values, 0, otlp_attribute_row_count * sizeof *found->values);
    found->names = names;
    for (size_t i = 0; i < attributes->count; i++) {
        const struct otlp_attribute_row *row = otlp_names_find(names, attributes->items[i].key);
        if (row != NULL) {
            found->values[row - otlp_attribute_rows] = &attributes->items[i].value;
        }
    }
}

const struct otlp_value *otlp_found_value(const struct otlp_found *found, enum otlp_meaning meaning,
                                          const struct otlp_attribute_row **row)
{
    for (size_t i = found->names->first[meaning]; i < found->names->end[meaning]; i++) {
        if (found->values[i] != NULL && found->values[i]->type != OTLP_EMPTY) {
            if (row != NULL) {
                *row = &otlp_attribute_rows[i];
            }
            return found->values[i];
        }
    }
    return NULL;
}

double otlp_found_number(const struct otlp_found *found, enum otlp_meaning meaning)
{
    for (size_t i = found->names->first[meaning]; i < found->names->end[meaning]; i++) {
        double number =
            found->values[i] == NULL ? (double)NAN : otlp_value_number(found->values[i]);
        if (!isnan(number)) {
            return otlp_attribute_rows[i].unit == UNIT_S ? number * 1000 : number;
        }
    }
    return (double)NAN;
}

struct slice otlp_found_text(const struct otlp_found *found, enum otlp_meaning meaning)
{
    for (size_t i = found->names->first[meaning]; i < found->names->end[meaning]; i++) {
        struct slice text =
            found->values[i] == NULL ? (struct slice){NULL, 0} : otlp_value_text(found->values[i]);
        if (text.bytes != NULL) {
            return text;
        }
    }
    return (struct slice){NULL, 0};
}

int otlp_found_truth(const struct otlp_found *found, enum otlp_meaning meaning)
{
    const struct otlp_value *value = otlp_found_value(found, meaning, NULL);
    if (value == NULL) {
        return -1;
    }
    if (value->type == OTLP_BOOL) {
        return value->truth;
    }
    struct slice text = otlp_value_text(value);
    return slice_is(text, "true") ? 1 : slice_is(text, "false") ? 0 : -1;
}

bool otlp_found_is(const struct otlp_found *found, enum otlp_meaning meaning, const char *text)
{
    return slice_is(otlp_found_text(found, meaning), text);
}
