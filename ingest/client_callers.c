/* All agents of a session are one process. The one that started a shell has an open call with the
   shell's command. Shell and call differ in quotes, and the client adds to the command, so letters
   and digits alone are compared. A source may report the call later than the child: where no
   command fits, the only agent with an open call counts after a while. */
#include "ingest/client_callers.h"

#include "core/base/json_read.h"
#include "core/tracer/print.h"
#include "ingest/ingest_ctx.h"

#include <ctype.h>
#include <string.h>

enum { COMMAND_BYTES = 16 << 10 };

static const int64_t late_ns = INT64_C(3000000000); /* so late a call may be reported */

struct candidates {
    agent_no best, only; /* NO_AGENT: none */
    size_t best_len;     /* of the command that fits */
    bool several;        /* agents with open calls */
};

/* Keeps letters and digits; returns their number. */
static size_t squeeze(char *text, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        if (isalnum((unsigned char)text[i])) {
            text[kept++] = text[i];
        }
    }
    return kept;
}

/* Returns the length of the call's command, if the shell runs it; else 0. */
static size_t fit(const struct ingest_ctx *ingest, const struct span *span, struct slice shell)
{
    struct slice args = print_span_args(ingest->swarm, span);
    struct json_value all;
    struct strbuf command;
    size_t len = 0;
    if (args.bytes == NULL || !json_check(args.bytes, args.len, JSON_DEPTH_LIMIT, &all, NULL)) {
        return 0;
    }
    struct json_value text = json_get(all, "command");
    strbuf_init(&command, ingest->mem, 0);
    if (text.type == JSON_TYPE_STRING && text.len > 2) {
        json_get_string(text, &command);
    }
    if (!command.failed && command.len > 0) {
        size_t letters = squeeze(command.data, command.len);
        bool fits = letters > 0 && memmem(shell.bytes, shell.len, command.data, letters) != NULL;
        len = fits ? letters : 0;
    }
    strbuf_release(&command);
    return len;
}

static void consider(const struct ingest_ctx *ingest, const struct span *span, struct slice shell,
                     struct candidates *found)
{
    size_t len = fit(ingest, span, shell);
    if (len > found->best_len) {
        found->best = span->agent;
        found->best_len = len;
    }
    found->several |= found->only != NO_AGENT && found->only != span->agent;
    found->only = span->agent;
}

static void find_callers(const struct ingest_ctx *ingest, session_no session, struct slice shell,
                         struct candidates *found)
{
    const struct swarm *swarm = ingest->swarm;
    *found = (struct candidates){.best = NO_AGENT, .only = NO_AGENT};
    for (span_no no = swarm_first_in_flight(swarm); no != NO_SPAN;
         no = swarm_next_in_flight(swarm, no)) {
        const struct span *span = swarm_span(swarm, no);
        if (span->kind == SPAN_TOOL && swarm_agent(swarm, span->agent)->session == session) {
            consider(ingest, span, shell, found);
        }
    }
}

/* Returns the agent that runs the shell; NO_AGENT: unknown. */
static agent_no caller_of(const struct ingest_ctx *ingest, session_no session, int64_t pid,
                          bool late)
{
    struct candidates found;
    char *shell = mem_alloc(ingest->mem, COMMAND_BYTES);
    if (shell == NULL) {
        return NO_AGENT;
    }
    size_t len = process_arguments(ingest->processes.proc, pid, shell, COMMAND_BYTES);
    find_callers(ingest, session, (struct slice){shell, squeeze(shell, len)}, &found);
    mem_free(ingest->mem, shell, COMMAND_BYTES);
    return found.best != NO_AGENT || !late || found.several ? found.best : found.only;
}

bool client_callers_report(struct ingest_ctx *ingest, const struct client_call *call, int64_t pid,
                           bool *done)
{
    session_no session = correlator_session(ingest->correlator, call->caller);
    if (session == NO_SESSION ||
        correlator_session(ingest->correlator, call->child) == NO_SESSION) {
        return true;
    }
    bool late = call->age_ns > late_ns;
    agent_no agent = caller_of(ingest, session, pid, late);
    struct update update = {
        .op = UPDATE_SESSION, .precedence = PRECEDENCE_FILES, .session_id = call->child};
    ingest_ctx_stamp(ingest, &update);
    update_text(&update, FIELD_PARENT_SESSION_ID, call->caller);
    if (agent != NO_AGENT) {
        const struct agent *row = swarm_agent(ingest->swarm, agent);
        update_text(&update, FIELD_PARENT_AGENT_ID,
                    row->agent_id != INTERN_NONE ? swarm_text_slice(ingest->swarm, row->agent_id)
                                                 : call->caller);
    }
    ingest->changed = true;
    *done |= agent != NO_AGENT || late;
    return ingest_ctx_update(ingest, &update);
}
