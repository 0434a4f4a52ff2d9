/* From a session's entry in the registry to facts: its name, a wait for a person, that nothing
   runs any more, that it has ended. The registry is half a second ahead of transcripts, so its
   facts are held back until transcripts have had time to give better ones. */
#include "ingest/claude/claude_agents.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    LATE_MS = 1500,   /* a transcript may be late by so much */
    DEAD_MS = 300,    /* … but what a process that was killed had not written, nobody writes */
    QUIET_MS = 10000, /* a session that is in no registry, and does nothing, has ended then */
    QUIET_BUSY_MS = 10 * 60000 /* … and does something */
};

static struct update update_of(const struct claude_session *session, enum update_op op)
{
    struct update update = {
        .op = op,
        .precedence = PRECEDENCE_FILES,
        .session_id = {session->id, strlen(session->id)},
    };
    ingest_ctx_stamp(session->options->counters->ingest, &update);
    return update;
}

static void send_update(struct claude_session *session, const struct update *update)
{
    session->failed |= !ingest_ctx_client_update(session->options->counters->ingest, update);
}

static double now_of(const struct claude_session *session)
{
    return (double)(ingest_ctx_wall(session->options->counters->ingest) / 1000000);
}

/* ---- its name ---- */

/* An idle session has no transcript yet; only the registry knows it. */
static void update_session(struct claude_session *session)
{
    struct update update = update_of(session, UPDATE_SESSION);
    update.by = (struct slice){session->options->source, strlen(session->options->source)};
    update_text(&update, FIELD_NAME, (struct slice){session->name, strlen(session->name)});
    update_number(&update, FIELD_START_MS, session->started_ms);
    send_update(session, &update);
}

/* Reports the process, so that the user can go to its terminal, and that it lives: the sweep leaves
   its calls alone. */
static void update_process(struct claude_session *session)
{
    struct update update = update_of(session, UPDATE_SESSION);
    update_number(&update, FIELD_PID, (double)session->process.pid);
    update_bool(&update, FIELD_ALIVE, TRI_TRUE);
    session->alive_reported = true;
    send_update(session, &update);
    session->failed |= !client_processes_set(session->options->counters->ingest, update.session_id,
                                             &session->process);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

void claude_session_name(struct claude_session *session, const char *name, bool own_name,
                         bool given)
{
    struct claude_transcript *own = session->count > 0 ? session->files[0]->transcript : NULL;
    if (strncmp(name, session->name, sizeof session->name - 1) == 0) {
        return;
    }
    snprintf(session->name, sizeof session->name, "%s", name);
    session->has_own_name = own_name;
    session->is_name_given = given;
    session->given_reported = false;
    if (own != NULL && !claude_transcript_is_announced(own)) {
        claude_transcript_set_name(own, (struct slice){session->name, strlen(session->name)},
                                   !session->has_own_name);
    } else if (session->has_own_name) {
        update_session(session);
    }
}

static bool is_known(const struct claude_session *session)
{
    struct slice id = {session->id, strlen(session->id)};
    return correlator_session(session->options->counters->ingest->correlator, id) != NO_SESSION;
}

/* A title that the client makes up later does not replace it. */
static void report_given_name(struct claude_session *session)
{
    if (!session->is_name_given || session->given_reported || !is_known(session)) {
        return;
    }
    struct update update = update_of(session, UPDATE_SESSION);
    update_text(&update, FIELD_CUSTOM_TITLE, (struct slice){session->name, strlen(session->name)});
    session->given_reported = true;
    send_update(session, &update);
}

/* ---- a person is asked ---- */

/* Finds the call that the wait is about: one of the session's own, else one of a sub-agent. */
static void find_call(struct claude_session *session)
{
    struct claude_wait *wait = &session->wait;
    const char *what = session->waiting_for[0] != '\0' ? session->waiting_for : "input";
    for (size_t i = 0; i < session->count && wait->reported == NULL; i++) {
        if (claude_transcript_wait(session->files[i]->transcript, wait->start_ms,
                                   (struct slice){what, strlen(what)})) {
            wait->reported = session->files[i];
        }
    }
}

/* Reports the wait without a call: it may be about none. */
static void update_wait(struct claude_session *session)
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
    send_update(session, &update);
}

static void continue_wait(struct claude_session *session, uint64_t now_ms, bool at_once)
{
    struct claude_wait *wait = &session->wait;
    if (!wait->on) {
        return;
    }
    if (wait->reported == NULL && !wait->is_own) {
        find_call(session);
    }
    if (wait->reported == NULL && !wait->is_own &&
        (at_once || now_ms - wait->since_ms >= LATE_MS)) {
        update_wait(session);
    }
    if (isnan(wait->end_ms) || (wait->reported == NULL && !wait->is_own)) {
        return;
    }
    if (wait->reported != NULL) {
        claude_transcript_waited(wait->reported->transcript, wait->end_ms);
    } else {
        update_wait(session);
    }
    wait->on = false;
}

static void take_status(struct claude_session *session, const struct claude_process *process,
                        uint64_t now_ms)
{
    double at_ms = isnan(process->status_ms) ? now_of(session) : process->status_ms;
    bool same = process->status == session->status &&
                (isnan(process->status_ms) || process->status_ms <= session->status_ms);
    if (same) {
        return;
    }
    if (session->status == CLAUDE_STATUS_WAITING && session->wait.on) {
        session->wait.end_ms = at_ms;
    }
    if (process->status == CLAUDE_STATUS_WAITING) {
        continue_wait(session, now_ms, true);
        memcpy(session->waiting_for, process->waiting_for, sizeof session->waiting_for);
        session->wait = (struct claude_wait){
            .on = true, .start_ms = at_ms, .end_ms = (double)NAN, .since_ms = now_ms};
    }
    session->status = process->status;
    session->status_ms = at_ms;
    session->status_since = now_ms;
    session->idle_reported = false;
}

/* ---- it lives ---- */

/* Whether something came of a session with an unseen process lately. */
static bool is_fresh(const struct claude_session *session, const struct claude_registered *entry)
{
    double last_ms = fmax(claude_session_last_ms(session), entry->process.status_ms);
    return now_of(session) - last_ms < session->unseen_ms;
}

static void take_process(struct claude_session *session, const struct claude_process *process)
{
    if (!process_is_same(&session->process, &process->id)) {
        session->alive_reported = false;
    }
    session->process = process->id;
}

void claude_session_registered(struct claude_session *session,
                               const struct claude_registered *entry, uint64_t now_ms)
{
    bool lived = session->lives, seen = entry != NULL && entry->life == CLAUDE_LIVES;
    session->is_unseen = entry != NULL && entry->life == CLAUDE_UNSEEN;
    session->lives = seen || (session->is_unseen && is_fresh(session, entry));
    session->is_dead = entry != NULL && entry->life == CLAUDE_DEAD;
    session->was_registered |= seen;
    if (session->lives && !lived) {
        session->seen_since = now_ms;
        session->ended = false;
    }
    if (lived && !session->lives) {
        session->lost_since = now_ms;
    }
    if (entry == NULL) {
        return;
    }
    session->started_ms = entry->process.started_ms;
    bool is_named = entry->process.name[0] != '\0';
    claude_session_name(session, is_named ? entry->process.name : last_part(entry->process.cwd),
                        entry->process.has_own_name, entry->process.is_name_given);
    if (session->lives) {
        take_status(session, &entry->process, now_ms);
    }
    if (session->lives && now_ms - session->seen_since >= LATE_MS && !is_known(session)) {
        update_session(session);
    }
    if (seen) {
        take_process(session, &entry->process);
    }
    if (seen && !session->alive_reported && is_known(session)) {
        update_process(session);
    }
}

static bool all_read(const struct claude_session *session)
{
    return claude_session_next(session) == NULL;
}

static bool is_busy(const struct claude_session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        if (claude_transcript_is_busy(session->files[i]->transcript)) {
            return true;
        }
    }
    return false;
}

static bool has_ended(const struct claude_session *session)
{
    return session->count > 0 && claude_transcript_has_ended(session->files[0]->transcript);
}

/* Returns whether no more is expected. A session without an entry belongs to an older client, or
   its files were copied from elsewhere: it lives while they grow. */
static bool is_over(const struct claude_session *session, uint64_t now_ms, bool loaded)
{
    uint64_t since =
        session->lost_since > session->grown_since ? session->lost_since : session->grown_since;
    uint64_t patience = session->is_dead || session->is_unseen          ? DEAD_MS
                        : session->was_registered || has_ended(session) ? LATE_MS
                        : is_busy(session)                              ? QUIET_BUSY_MS
                                                                        : QUIET_MS;
    if (session->is_blocked &&
        now_of(session) - claude_session_last_ms(session) < session->unseen_ms) {
        return false;
    }
    return !session->lives && all_read(session) && (loaded || now_ms - since >= patience);
}

static enum outcome outcome_of(const struct claude_session *session)
{
    if (session->is_unseen) {
        return OUTCOME_DISCONNECTED;
    }
    return session->is_dead || (!has_ended(session) && is_busy(session)) ? OUTCOME_GONE
                                                                         : OUTCOME_ENDED;
}

/* Another source may know of later calls than the files do: those of a process that lived at the
   last look end now. A process that was dead before ended with its last line. */
static void report_end(struct claude_session *session, bool now)
{
    for (size_t i = 0; i < session->count; i++) {
        session->failed |= !claude_transcript_settle(session->files[i]->transcript) ||
                           !claude_transcript_stop(session->files[i]->transcript);
    }
    struct update update = update_of(session, UPDATE_SESSION);
    double at_ms = claude_session_last_ms(session);
    if (isnan(at_ms)) {
        at_ms = isnan(session->status_ms) ? session->started_ms : session->status_ms;
    }
    if (now || session->alive_reported) {
        at_ms = fmax(at_ms, now_of(session));
    }
    /* A client that ends by itself stops what it still runs. */
    for (size_t i = 0; i < session->count && outcome_of(session) == OUTCOME_ENDED; i++) {
        session->failed |= !claude_transcript_idle(session->files[i]->transcript, at_ms);
    }
    session->ended = true;
    session->open_since = 0;
    if (session->was_registered) {
        client_processes_remove(session->options->counters->ingest, update.session_id);
    }
    if (is_known(session) && !isnan(at_ms)) {
        update_number(&update, FIELD_END_MS, at_ms);
        update_number(&update, FIELD_OUTCOME, outcome_of(session));
        if (session->alive_reported) {
            update_bool(&update, FIELD_ALIVE, TRI_FALSE);
        }
        send_update(session, &update);
    }
    session->alive_reported = false;
}

/* Ends the session again where a late hook of its dead process has opened it. */
static void end_again(struct claude_session *session, uint64_t now_ms)
{
    const struct ingest_ctx *ingest = session->options->counters->ingest;
    struct slice id = {session->id, strlen(session->id)};
    session_no number = correlator_session(ingest->correlator, id);
    const struct session *shown =
        number == NO_SESSION ? NULL : swarm_session(ingest->swarm, number);
    bool open = session->ended && !session->lives &&
                (session->is_dead || session->was_registered) && shown != NULL &&
                (shown->flags & SESSION_ENDED) == 0;
    if (!open) {
        session->open_since = 0;
    } else if (session->open_since == 0) {
        session->open_since = now_ms;
    } else if (now_ms - session->open_since >= (session->is_dead ? DEAD_MS : LATE_MS)) {
        report_end(session, true);
    }
}

void claude_session_conclude(struct claude_session *session, uint64_t now_ms, bool loaded)
{
    bool idle = session->lives && session->status == CLAUDE_STATUS_IDLE &&
                !session->idle_reported && now_ms - session->status_since >= LATE_MS;
    continue_wait(session, now_ms, false);
    report_given_name(session);
    if (idle && session->count > 0 && all_read(session)) {
        session->idle_reported = true;
        session->failed |=
            !claude_transcript_idle(session->files[0]->transcript, session->status_ms);
    }
    claude_agents_stop(session);
    if (!session->ended && is_over(session, now_ms, loaded)) {
        report_end(session, false);
    } else {
        end_again(session, now_ms);
    }
}
