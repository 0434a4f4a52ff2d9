/* No hook of some clients reports that a person has allowed a command. The command's process does:
   it is below the client's, was not there before the question, and has the command among its
   arguments, mostly within those of a shell. A short command may be found in others by chance, but
   no letter or digit may stand beside it. */
#include "ingest/hooks/hook_private.h"
#include "ingest/process.h"
#include "ingest/process_programs.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_BYTES = 16 << 10, PROCESSES_MAX = 128 };

/* Times of processes are known within so long. */
#define START_MS 2000

struct sought {
    const struct mem *mem;
    const char *proc;
    struct slice command;
    double asked_ms, booted_ms; /* booted_ms NAN: unknown */
};

static bool has_command(const struct sought *sought, const char *text, size_t len)
{
    const struct slice command = sought->command;
    const char *end = text + len;
    bool cut = command.len > HOOK_LABEL_BYTES - 4; /* by a character, at most */
    for (const char *at = text;
         (at = memmem(at, (size_t)(end - at), command.bytes, command.len)) != NULL; at++) {
        const char *after = at + command.len;
        bool begins = at == text || !isalnum((unsigned char)at[-1]);
        bool ends = cut || after == end || !isalnum((unsigned char)*after);
        if (begins && ends) {
            return true;
        }
    }
    return false;
}

static bool runs(const struct sought *sought, int64_t pid, char *room)
{
    struct process found;
    size_t len = process_arguments(sought->proc, pid, room, ARGUMENTS_BYTES);
    if (!has_command(sought, room, len) || !process_find(sought->proc, pid, &found, NULL)) {
        return false;
    }
    double start_ms =
        sought->booted_ms + strtod(found.start, NULL) * 1000 / (double)sysconf(_SC_CLK_TCK);
    return !(start_ms < sought->asked_ms - START_MS);
}

/* Returns whether a process below that one runs the command. */
static bool runs_below(const struct sought *sought, int64_t pid)
{
    int64_t pids[PROCESSES_MAX];
    char *room = mem_alloc(sought->mem, ARGUMENTS_BYTES);
    size_t count = process_children(sought->proc, pid, pids, PROCESSES_MAX);
    bool found = false;
    for (size_t i = 0; room != NULL && !found && i < count; i++) {
        found = runs(sought, pids[i], room);
        count += process_children(sought->proc, pids[i], pids + count, PROCESSES_MAX - count);
    }
    mem_free(sought->mem, room, room == NULL ? 0 : ARGUMENTS_BYTES);
    return found;
}

/* A person has allowed the call: it waits no longer. */
static bool end_wait(struct hook_event *e, struct hook_open_call *call)
{
    struct update update =
        hook_call_update(e, CALL_TOOL, hook_label_slice(&call->id), PRECEDENCE_HOOKS);
    update_bool(&update, FIELD_MAY_ASK, TRI_FALSE);
    bool known = call->kind == HOOK_TOOL && e->dialect->shares_ids;
    return (!known || hook_send_sure(e, &update)) &&
           hook_end_wait(e, PRECEDENCE_INFERRED, call, e->t_ms, hook_literal("accept"));
}

static bool look_at(const struct hook_client *client, struct ingest_ctx *ingest,
                    const struct client_process *process)
{
    struct hooks *hooks = *hook_state(ingest, client);
    struct slice session = {process->session_id, strlen(process->session_id)};
    double now_ms = (double)ingest_ctx_wall(ingest) / 1e6;
    struct hook_event e = hook_event_of(client, hooks, ingest, session, now_ms);
    struct sought sought = {.mem = ingest->mem,
                            .proc = ingest->processes.proc,
                            .booted_ms = process_boot_ms(ingest->mem, ingest->processes.proc)};
    bool good = true;
    for (size_t i = 0; i < hooks->open_calls.count && good; i++) {
        struct hook_open_call *call = &hooks->open_calls.items[i];
        if (call->ended || call->session != e.session_hash || isnan(call->wait_ms) ||
            call->command.len == 0) {
            continue;
        }
        sought.command = hook_label_slice(&call->command);
        sought.asked_ms = call->wait_ms;
        if (runs_below(&sought, process->process.pid)) {
            e.agent = call->agent;
            e.agent_id = hook_label_slice(&call->owner);
            good = end_wait(&e, call);
            ingest->changed = true;
        }
    }
    return good;
}

static bool waits(const struct hooks *hooks)
{
    for (size_t i = 0; i < hooks->open_calls.count; i++) {
        const struct hook_open_call *call = &hooks->open_calls.items[i];
        if (!call->ended && !isnan(call->wait_ms) && call->command.len > 0) {
            return true;
        }
    }
    return false;
}

bool hook_payload_look(const struct hook_client *client, struct ingest_ctx *ingest)
{
    const struct hooks *hooks = *hook_state(ingest, client);
    const struct client_processes *all = &ingest->processes;
    if (hooks == NULL || !client->dialect->unanswered || !waits(hooks)) {
        return true;
    }
    bool good = true;
    for (size_t i = 0; i < all->count && good; i++) {
        if (all->items[i].process.pid != 0 && !all->items[i].gone) {
            good = look_at(client, ingest, &all->items[i]);
        }
    }
    return good;
}
