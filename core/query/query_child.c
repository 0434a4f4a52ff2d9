/* The agent that a call started, by the id that its source reports. */
#include "core/query/query.h"

#include "core/model/record.h"

#include "core/base/json_read.h"

#include <string.h>

/* Longer args are skipped: this is asked for every bar of every frame. */
#define ARGS_MAX_BYTES 65536

struct slice query_child_id(const struct swarm *swarm, const struct span *span, struct strbuf *out)
{
    const struct record *record = swarm_span_record(swarm, span);
    if (record != NULL) {
        return facts_text(&record->facts, FIELD_CHILD_AGENT_ID);
    }
    struct slice args = swarm_span_args(swarm, span), none = {NULL, 0};
    if (args.bytes == NULL || args.len > ARGS_MAX_BYTES) {
        return none;
    }
    struct json_value id = json_get(json_value_of(args.bytes, args.len), "child_agent_id");
    if (id.type != JSON_TYPE_STRING) {
        return none;
    }
    strbuf_clear(out);
    json_get_string(id, out);
    return out->failed || out->len == 0 ? none : (struct slice){out->data, out->len};
}

agent_no query_child(const struct swarm *swarm, const struct span *span, struct strbuf *out)
{
    session_no session = swarm_agent(swarm, span->agent)->session;
    struct slice child = query_child_id(swarm, span, out);
    for (size_t i = 0; child.len > 0 && i < swarm_agent_count(swarm); i++) {
        const struct agent *agent = swarm_agent(swarm, (agent_no)i);
        struct slice id = agent->session == session ? swarm_text_slice(swarm, agent->agent_id)
                                                    : (struct slice){NULL, 0};
        if (id.len == child.len && memcmp(id.bytes, child.bytes, id.len) == 0 &&
            (agent->flags & AGENT_DEAD) == 0) {
            return (agent_no)i;
        }
    }
    return NO_AGENT;
}
