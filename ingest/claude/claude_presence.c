/* What the registry says of a session, in facts: how it is called, that a person is asked, that nothing runs any more, that it is gone. The
   registry is quicker than transcripts by half a second, so what it says is held back until they had their time to say it better. */
#include "ingest/claude/claude_session.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    BEHIND_MS = 1500, /* so far a transcript may be behind */
    QUIET_MS = 10000, /* a session that is in no registry, and does nothing, has ended then */
    QUIET_BUSY_MS = 10 * 60000 /* … and does something */
};

static struct update update_of(const struct claude_session *session, enum update_op op)
{
    int64_t local_ns = intake_now(session->options->tally->intake);
    return (struct update){
        .op = op,
        .precedence = PRECEDENCE_FILES,
        .t_ms = (double)local_ns / 1e6,
        .local_ns = local_ns,
        .session_id = {session->id, strlen(session->id)},
    };
}

static void send(struct claude_session *session, const struct update *update)
{
    session->failed |= !correlator_update(session->options->tally->intake->correlator, update);
}

static double now_of(const struct claude_session *session)
{
    return (double)(intake_now(session->options->tally->intake) / 1000000);
}

/* ---- its name ---- */

/* Of a session that does nothing yet nothing else would tell. */
static void say_session(struct claude_session *session)
{
    struct update update = update_of(session, UPDATE_SESSION);
    update.by = (struct slice){session->options->source, strlen(session->options->source)};
    update_text(&update, FIELD_NAME, (struct slice){session->name, strlen(session->name)});
    update_number(&update, FIELD_START_MS, session->started_ms);
    send(session, &update);
}

/* Which process it is, for those who want to go to its terminal. */
static void say_process(struct claude_session *session)
{
    struct update update = update_of(session, UPDATE_SESSION);
    update_number(&update, FIELD_PID, (double)session->pid);
    session->said_pid = session->pid;
    send(session, &update);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static void take_name(struct claude_session *session, const struct claude_process *process)
{
    const char *name = process->name[0] != '\0' ? process->name : last_part(process->cwd);
    struct claude_transcript *own = session->count > 0 ? session->files[0]->transcript : NULL;
    if (strncmp(name, session->name, sizeof session->name - 1) == 0)
        return;
    snprintf(session->name, sizeof session->name, "%s", name);
    session->has_own_name = process->has_own_name;
    if (own != NULL && !claude_transcript_is_told(own))
        claude_transcript_set_name(own, (struct slice){session->name, strlen(session->name)},
                                   !session->has_own_name);
    else if (session->has_own_name)
        say_session(session);
}

static bool is_told(const struct claude_session *session)
{
    struct slice id = {session->id, strlen(session->id)};
    return correlator_session(session->options->tally->intake->correlator, id) != NO_SESSION;
}

/* ---- a person is asked ---- */

/* About the call of its own that waits, else about one of a sub-agent. */
static void find_call(struct claude_session *session)
{
    struct claude_wait *wait = &session->wait;
    const char *what = session->waiting_for[0] != '\0' ? session->waiting_for : "input";
    for (size_t i = 0; i < session->count && wait->told == NULL; i++)
        if (claude_transcript_wait(session->files[i]->transcript, wait->start_ms,
                                   (struct slice){what, strlen(what)}))
            wait->told = session->files[i];
}

/* Without a call: what is asked may be about none. */
static void say_wait(struct claude_session *session)
{
    struct claude_wait *wait = &session->wait;
    struct update update = update_of(session, UPDATE_CALL);
    const char *what = session->waiting_for[0] != '\0' ? session->waiting_for : "input";
    char id[64];
    int len = snprintf(id, sizeof id, "wait-%.0f", wait->start_ms);
    update.kind = CALL_WAIT;
    update.id = (struct slice){id, (size_t)len};
    update_text(&update, FIELD_CONTEXT, (struct slice){what, strlen(what)});
    update_number(&update, FIELD_START_MS, wait->start_ms);
    update_number(&update, FIELD_END_MS, wait->end_ms);
    wait->is_own = true;
    send(session, &update);
}

static void go_on_waiting(struct claude_session *session, uint64_t now_ms, bool at_once)
{
    struct claude_wait *wait = &session->wait;
    if (!wait->on)
        return;
    if (wait->told == NULL && !wait->is_own)
        find_call(session);
    if (wait->told == NULL && !wait->is_own && (at_once || now_ms - wait->since_ms >= BEHIND_MS))
        say_wait(session);
    if (isnan(wait->end_ms) || (wait->told == NULL && !wait->is_own))
        return;
    if (wait->told != NULL)
        claude_transcript_waited(wait->told->transcript, wait->end_ms);
    else
        say_wait(session);
    wait->on = false;
}

static void take_status(struct claude_session *session, const struct claude_process *process,
                        uint64_t now_ms)
{
    double at_ms = isnan(process->status_ms) ? now_of(session) : process->status_ms;
    bool same = process->status == session->status &&
                (isnan(process->status_ms) || process->status_ms <= session->status_ms);
    if (same)
        return;
    if (session->status == CLAUDE_STATUS_WAITING && session->wait.on)
        session->wait.end_ms = at_ms;
    if (process->status == CLAUDE_STATUS_WAITING) {
        go_on_waiting(session, now_ms, true);
        memcpy(session->waiting_for, process->waiting_for, sizeof session->waiting_for);
        session->wait = (struct claude_wait){
            .on = true, .start_ms = at_ms, .end_ms = (double)NAN, .since_ms = now_ms};
    }
    session->status = process->status;
    session->status_ms = at_ms;
    session->status_since = now_ms;
    session->idle_said = false;
}

/* ---- it lives ---- */

void claude_session_registered(struct claude_session *session,
                               const struct claude_registered *entry, uint64_t now_ms)
{
    bool lived = session->lives;
    session->lives = entry != NULL && entry->lives;
    session->is_dead = entry != NULL && !entry->lives;
    session->was_registered |= session->lives;
    if (session->lives && !lived) {
        session->seen_since = now_ms;
        session->ended = false;
    }
    if (lived && !session->lives)
        session->lost_since = now_ms;
    if (entry == NULL)
        return;
    session->started_ms = entry->process.started_ms;
    take_name(session, &entry->process);
    if (session->lives)
        take_status(session, &entry->process, now_ms);
    if (session->lives && now_ms - session->seen_since >= BEHIND_MS && !is_told(session))
        say_session(session);
    session->pid = session->lives ? entry->process.pid : session->pid;
    if (session->pid != session->said_pid && is_told(session))
        say_process(session);
}

static bool all_read(const struct claude_session *session)
{
    return claude_session_next(session) == NULL;
}

static bool is_busy(const struct claude_session *session)
{
    for (size_t i = 0; i < session->count; i++)
        if (claude_transcript_is_busy(session->files[i]->transcript))
            return true;
    return false;
}

static bool has_ended(const struct claude_session *session)
{
    return session->count > 0 && claude_transcript_has_ended(session->files[0]->transcript);
}

/* Whether nothing more is to be waited for. A session that is in no registry is one of an older client, or of files that are brought here from
   elsewhere: while they grow it lives. */
static bool is_over(const struct claude_session *session, uint64_t now_ms, bool loaded)
{
    uint64_t since =
        session->lost_since > session->grown_since ? session->lost_since : session->grown_since;
    uint64_t patience = session->was_registered || has_ended(session) ? BEHIND_MS
                        : is_busy(session)                            ? QUIET_BUSY_MS
                                                                      : QUIET_MS;
    return !session->lives && all_read(session) && (loaded || now_ms - since >= patience);
}

static void say_end(struct claude_session *session)
{
    struct update update = update_of(session, UPDATE_SESSION);
    double at_ms = claude_session_last_ms(session);
    bool gone = session->is_dead || (!has_ended(session) && is_busy(session));
    if (isnan(at_ms))
        at_ms = isnan(session->status_ms) ? session->started_ms : session->status_ms;
    session->ended = true;
    if (is_told(session) && !isnan(at_ms)) {
        update_number(&update, FIELD_END_MS, at_ms);
        update_number(&update, FIELD_OUTCOME, gone ? OUTCOME_GONE : OUTCOME_ENDED);
        send(session, &update);
    }
}

void claude_session_settle(struct claude_session *session, uint64_t now_ms, bool loaded)
{
    bool idle = session->lives && session->status == CLAUDE_STATUS_IDLE && !session->idle_said &&
                now_ms - session->status_since >= BEHIND_MS;
    go_on_waiting(session, now_ms, false);
    if (idle && session->count > 0 && all_read(session)) {
        session->idle_said = true;
        session->failed |=
            !claude_transcript_idle(session->files[0]->transcript, session->status_ms);
    }
    if (!session->ended && is_over(session, now_ms, loaded))
        say_end(session);
}
