/* The file is small, and the client rewrites it, so it is checked and read as a whole each time. */
#include "ingest/claude/claude_meta.h"

bool claude_meta_read(const struct mem *mem, const char *text, size_t len, struct claude_meta *out)
{
    struct json_value all;
    struct json_error error;
    *out = (struct claude_meta){.finished = false};
    if (!json_check(text, len, 50, &all, &error) || all.type != JSON_TYPE_OBJECT) {
        return false;
    }
    client_text_copy(mem, json_get(all, "agentType"), out->type, sizeof out->type);
    client_text_copy(mem, json_get(all, "name"), out->name, sizeof out->name);
    client_text_copy(mem, json_get(all, "description"), out->description, sizeof out->description);
    client_text_copy(mem, json_get(all, "parentAgentId"), out->parent_id, sizeof out->parent_id);
    client_text_copy(mem, json_get(all, "toolUseId"), out->tool_id, sizeof out->tool_id);
    out->background = json_string_is(json_get(all, "requestShape"), "background");
    out->finished = json_get(all, "finished").type == JSON_TYPE_TRUE;
    return true;
}
