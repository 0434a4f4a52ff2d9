/* An event that a log reports gives updates of its session and agent. */
#include "ingest/otlp/otlp_log.h"

#include <stdio.h>
#include <string.h>

/* Returns the agent that the log names. Qwen Code has it in the prompt's id: SESSION#AGENT#NUMBER
   in a sub-agent, SESSION########NUMBER else. */
static struct slice agent_of(const struct otlp_log_event *e)
{
    struct slice prompt = otlp_found_text(e->item.found, MEANS_PROMPT_ID);
    if (e->item.producer == OTLP_GEMINI && prompt.bytes != NULL) {
        return otlp_gemini_agent(e->item.found);
    }
    const char *hash = e->item.producer == OTLP_QWEN && prompt.len > 0
                           ? memchr(prompt.bytes, '#', prompt.len)
                           : NULL;
    if (hash == NULL) {
        return otlp_found_text(e->item.found, MEANS_AGENT_ID);
    }
    size_t from = (size_t)(hash - prompt.bytes) + 1;
    struct slice agent = {prompt.bytes + from, prompt.len - from};
    const char *last = agent.len > 0 ? memrchr(agent.bytes, '#', agent.len) : NULL;
    agent.len = last == NULL ? agent.len : (size_t)(last - agent.bytes);
    return agent.len > 0 && agent.bytes[0] != '#' ? agent : (struct slice){NULL, 0};
}

struct update otlp_log_update(const struct otlp_log_event *e, enum update_op op,
                              enum precedence precedence)
{
    struct update update = otlp_update(e->reader, op, e->session);
    update.precedence = precedence;
    update.agent_id = op == UPDATE_SESSION ? (struct slice){NULL, 0} : agent_of(e);
    return update;
}

struct slice otlp_hash_id(uint64_t hash, char room[OTLP_ID_TEXT])
{
    int len = snprintf(room, OTLP_ID_TEXT, CALL_PAIRS_LOG "%016llx", (unsigned long long)hash);
    return (struct slice){room, (size_t)len};
}
