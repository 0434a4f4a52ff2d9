/* All agents of a session are one process. The one that started a shell has an open call with the
   shell's command. Shell and call differ in quotes, and the client adds to the command, so both are
   compared as runs of letters and digits with one space between two. The call's command may lack
   its end, and parts that are masked: the parts that are left must follow each other.

   A short command may be found in a longer one by chance, and a source may report the call later
   than the child. So only a long fit is final at once. A short one may still be replaced, and where
   no command fits, the only agent with an open call counts, both until a while has passed. */
#include "ingest/client_callers.h"

#include "core/base/json_read.h"
#include "core/base/mask.h"
#include "core/tracer/print.h"
#include "ingest/ingest_ctx.h"

#include <ctype.h>
#include <string.h>

enum {
    COMMAND_BYTES = 16 << 10,
    SURE_BYTES = 12, /* a fit of so many is no chance */
    GAP = '\1'       /* in a command: a part is masked here */
};

static const int64_t late_ns = INT64_C(3000000000); /* so late a call may be reported */

struct candidates {
    agent_no best, only; /* NO_AGENT: none */
    size_t best_len;     /* of the command that fits */
    bool tied;           /* those of several agents fit as well */
    bool several;        /* agents with open calls */
};

/* Reduces the text to its letters, digits and gaps, with a space for each run of others. */
static size_t reduce(char *text, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        if (len - i >= sizeof MASKED - 1 && memcmp(text + i, MASKED, sizeof MASKED - 1) == 0) {
            text[kept++] = GAP;
            i += sizeof MASKED - 2;
        } else if (isalnum((unsigned char)text[i])) {
            text[kept++] = text[i];
        } else if (kept > 0 && text[kept - 1] != ' ') {
            text[kept++] = ' ';
        }
    }
    return kept;
}

static bool is_letter(char c)
{
    return c != ' ' && c != GAP;
}

/* Returns the place after the part in the text; NULL: it has no such part. No end of the part is
   within a run of letters of the text, but for one that is open. */
static const char *find_part(struct slice text, const char *part, size_t len, bool open_begin,
                             bool open_end)
{
    const char *end = text.bytes + text.len;
    for (const char *at = text.bytes; (at = memmem(at, (size_t)(end - at), part, len)) != NULL;
         at++) {
        bool begins = open_begin || at == text.bytes || !is_letter(at[-1]) || !is_letter(part[0]);
        bool ends = open_end || at + len == end || !is_letter(at[len]) || !is_letter(part[len - 1]);
        if (begins && ends) {
            return at + len;
        }
    }
    return NULL;
}

/* Returns the number of letters of the command that the shell's text has, in their order; 0: not
   all of them. A long command may lack its end. */
static size_t match(struct slice shell, const char *command, size_t len)
{
    size_t letters = 0;
    bool cut = len >= SURE_BYTES;
    for (size_t from = 0; from < len;) {
        const char *gap = memchr(command + from, GAP, len - from);
        size_t to = gap == NULL ? len : (size_t)(gap - command);
        if (to > from) {
            const char *after =
                find_part(shell, command + from, to - from, from > 0, gap != NULL || cut);
            if (after == NULL) {
                return 0;
            }
            shell.len -= (size_t)(after - shell.bytes);
            shell.bytes = after;
            letters += to - from;
        }
        from = to + 1;
    }
    return letters;
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
        size_t kept = reduce(command.data, command.len);
        kept -= kept > 0 && command.data[kept - 1] == ' ';
        len = match(shell, command.data, kept);
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
        found->tied = false;
    } else if (len > 0 && len == found->best_len) {
        found->tied |= span->agent != found->best;
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

/* Returns the agent that runs the shell; NO_AGENT: unknown. Sets *sure if that cannot change. */
static agent_no caller_of(const struct ingest_ctx *ingest, session_no session, int64_t pid,
                          bool late, bool *sure)
{
    struct candidates found;
    char *shell = mem_alloc(ingest->mem, COMMAND_BYTES);
    *sure = late;
    if (shell == NULL) {
        return NO_AGENT;
    }
    size_t len = process_arguments(ingest->processes.proc, pid, shell, COMMAND_BYTES);
    find_callers(ingest, session, (struct slice){shell, reduce(shell, len)}, &found);
    mem_free(ingest->mem, shell, COMMAND_BYTES);
    if (found.best != NO_AGENT && !found.tied) {
        *sure |= found.best_len >= SURE_BYTES;
        return found.best;
    }
    return late && !found.several ? found.only : NO_AGENT;
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
    bool sure;
    agent_no agent = caller_of(ingest, session, pid, late, &sure);
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
    *done |= sure;
    return ingest_ctx_update(ingest, &update);
}
