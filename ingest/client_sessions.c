/* A short table beside the model: a source asks it at every look, for each of its files. A session
   with nothing open has ended when it was quiet for some seconds; one that is waiting, for a model
   or a tool, may be quiet for as long as a tool may run. While its process lives it is open however
   quiet it is, and when that dies nothing else will end what is open. A session that was
   unfinished when the source began is not taken for alive without a process: nothing was seen to
   write it. */
#include "ingest/client_sessions.h"

#include "core/base/hash.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define QUIET_MS 10000.0 /* a session that does nothing has ended then */

enum { DEAD_LOOKS = 2 };

bool client_sessions_init(struct client_sessions *all, struct ingest_ctx *ingest, int64_t since_ns)
{
    *all = (struct client_sessions){.ingest = ingest,
                                    .since_ns = since_ns,
                                    .began_ms = (double)(ingest_ctx_wall(ingest) / 1000000)};
    all->texts = intern_new(ingest->mem);
    u64map_init(&all->by_id, ingest->mem);
    u64map_init(&all->asks, ingest->mem);
    return all->texts != NULL;
}

void client_sessions_release(struct client_sessions *all)
{
    if (all->ingest == NULL) {
        return;
    }
    intern_free(all->texts);
    u64map_release(&all->by_id);
    u64map_release(&all->asks);
    mem_free(all->ingest->mem, all->items, all->cap * sizeof *all->items);
}

uint32_t client_sessions_number(struct client_sessions *all, struct slice id)
{
    intern_id name = id.len == 0 ? INTERN_NONE : intern_put(all->texts, id.bytes, id.len);
    if (name == INTERN_NONE || name == INTERN_FAILED) {
        all->failed |= name == INTERN_FAILED;
        return CLIENT_SESSION_NONE;
    }
    uint32_t number = u64map_get(&all->by_id, name);
    if (number != U64MAP_NONE) {
        return number;
    }
    if (!mem_reserve(all->ingest->mem, &all->items, &all->cap, all->count + 1,
                     sizeof *all->items) ||
        !u64map_put(&all->by_id, name, (uint32_t)all->count)) {
        all->failed = true;
        return CLIENT_SESSION_NONE;
    }
    all->items[all->count] = (struct client_session){.id = name,
                                                     .directory = INTERN_NONE,
                                                     .first_ms = (double)NAN,
                                                     .last_ms = (double)NAN,
                                                     .alive_ms = (double)NAN};
    return (uint32_t)all->count++;
}

void client_sessions_search(struct client_sessions *all, const char *proc,
                            const char *const *programs)
{
    all->proc = proc != NULL ? proc : "/proc";
    all->programs = programs;
}

void client_sessions_search_on(struct client_sessions *all, uv_loop_t *loop, unsigned *handles,
                               const bool *closing)
{
    all->loop = loop;
    all->handles = handles;
    all->closing = closing;
}

void client_sessions_set_directory(struct client_sessions *all, uint32_t number, struct slice cwd)
{
    intern_id text = cwd.len == 0 ? INTERN_NONE : intern_put(all->texts, cwd.bytes, cwd.len);
    all->failed |= text == INTERN_FAILED;
    if (number != CLIENT_SESSION_NONE && text != INTERN_FAILED) {
        all->items[number].directory = text;
    }
}

static uint64_t agent_key(uint32_t number, struct slice agent)
{
    return hash_bytes(hash_number(HASH_SEED, number), agent.bytes, agent.len);
}

void client_sessions_set_asks(struct client_sessions *all, uint32_t number, struct slice agent,
                              bool asks)
{
    if (client_sessions_asks(all, number, agent) != asks) {
        all->failed |= !u64map_put(&all->asks, agent_key(number, agent), asks);
    }
}

bool client_sessions_asks(const struct client_sessions *all, uint32_t number, struct slice agent)
{
    return u64map_get(&all->asks, agent_key(number, agent)) != false;
}

void client_sessions_note(struct client_sessions *all, uint32_t number, double at_ms)
{
    if (number != CLIENT_SESSION_NONE) {
        all->items[number].first_ms = fmin(all->items[number].first_ms, at_ms);
        all->items[number].last_ms = fmax(all->items[number].last_ms, at_ms);
        all->items[number].seen |= at_ms >= all->began_ms;
    }
}

/* ---- what is not known ---- */

void client_sessions_note_unknown(struct client_sessions *all, uint32_t number, struct slice type)
{
    struct client_unknown *unknown =
        number == CLIENT_SESSION_NONE ? &all->unknown : &all->items[number].unknown;
    if (unknown->count++ == 0) {
        snprintf(unknown->type, sizeof unknown->type, "%.*s", (int)type.len,
                 type.bytes == NULL ? "" : type.bytes);
    }
}

static void log_unknown(struct client_sessions *all, struct client_unknown *unknown,
                        const char *session, const char *source, const char *things)
{
    struct strbuf text;
    if (unknown->count == 0 || unknown->logged) {
        return;
    }
    unknown->logged = true;
    strbuf_init(&text, all->ingest->mem, 0);
    if (session != NULL) {
        strbuf_adds(&text, "session ");
        ingest_ctx_quote(&text, session, strlen(session));
        strbuf_adds(&text, ": ");
    }
    strbuf_addf(&text, "%llu %s of unknown types were ignored, such as '",
                (unsigned long long)unknown->count, things);
    ingest_ctx_quote(&text, unknown->type, strlen(unknown->type));
    strbuf_addc(&text, '\'');
    if (!text.failed) {
        ingest_ctx_log_from(all->ingest, LOG_LEVEL_INFO, source, text.data);
    }
    strbuf_release(&text);
}

void client_sessions_log_unknown(struct client_sessions *all, const char *source,
                                 const char *things)
{
    for (size_t i = 0; i < all->count; i++) {
        struct client_session *session = &all->items[i];
        size_t len;
        if (session->unknown.count > 0 && !session->unknown.logged) {
            log_unknown(all, &session->unknown, intern_text(all->texts, session->id, &len), source,
                        things);
        }
    }
    log_unknown(all, &all->unknown, NULL, source, things);
}

/* ---- the end ---- */

void client_sessions_begin_look(struct client_sessions *all)
{
    for (size_t i = 0; i < all->count; i++) {
        all->items[i].busy = false;
    }
}

void client_sessions_set_busy(struct client_sessions *all, uint32_t number)
{
    if (number != CLIENT_SESSION_NONE) {
        all->items[number].busy = true;
    }
}

bool client_sessions_has_ended(const struct client_sessions *all, uint32_t number)
{
    return number != CLIENT_SESSION_NONE && all->items[number].ended;
}

static void report_end(struct client_sessions *all, struct client_session *session, double at_ms,
                       enum outcome outcome)
{
    struct update update = {.op = UPDATE_SESSION, .precedence = PRECEDENCE_FILES};
    ingest_ctx_stamp(all->ingest, &update);
    update.session_id.bytes = intern_text(all->texts, session->id, &update.session_id.len);
    update_number(&update, FIELD_END_MS, fmax(at_ms, session->alive_ms));
    update_number(&update, FIELD_OUTCOME, outcome);
    if (!isnan(session->alive_ms)) {
        update_bool(&update, FIELD_ALIVE, TRI_FALSE);
        client_processes_remove(all->ingest, update.session_id);
    }
    session->ended = true;
    session->ended_ms = session->last_ms;
    session->process_count = 0;
    session->written = false;
    session->search = SEARCH_NONE;
    session->alive_ms = (double)NAN;
    all->failed |= !ingest_ctx_client_update(all->ingest, &update);
}

/* Its process was known: it has ended, once what it wrote last is read. */
static void conclude_process(struct client_sessions *all, struct client_session *session,
                             double now_ms)
{
    if (isnan(session->last_ms)) { /* its files are not read yet */
        return;
    }
    if (isnan(session->alive_ms) && client_session_processes_live(all, session)) {
        client_session_processes_report(all, session);
    }
    if (client_session_processes_live(all, session)) {
        session->ended = false;
        session->dead_looks = 0;
    } else if (session->dead_looks++ >= DEAD_LOOKS) {
        report_end(all, session, fmax(now_ms, session->last_ms),
                   session->busy ? OUTCOME_GONE : OUTCOME_ENDED);
    }
}

/* Returns whether nothing shows that the session lives: it was left unfinished before the source
   began (or is, when no more is read), and its process was not found. One without a directory is
   never looked for, so it has as much patience as any. */
static bool is_abandoned(const struct client_sessions *all, const struct client_session *session,
                         bool last)
{
    return all->programs != NULL && session->busy && session->search != SEARCH_NONE &&
           (last || !session->seen);
}

static void conclude(struct client_sessions *all, struct client_session *session, double now_ms,
                     bool last)
{
    double patience_ms = session->busy ? (double)(all->since_ns / 1000000) : QUIET_MS;
    bool abandoned = is_abandoned(all, session, last);
    bool over = last || abandoned || now_ms - session->last_ms >= patience_ms;
    if (session->process_count > 0) { /* the last look finds it as it is */
        conclude_process(all, session, now_ms);
        return;
    }
    session->ended &= session->ended_ms >= session->last_ms;
    if (!last && client_session_processes_may_come(all, session)) {
        return;
    }
    if (over && !session->ended && !isnan(session->last_ms)) {
        report_end(all, session, session->last_ms,
                   !session->busy                                  ? OUTCOME_ENDED
                   : abandoned && session->search == SEARCH_ABSENT ? OUTCOME_GONE
                                                                   : OUTCOME_DISCONNECTED);
    }
}

void client_sessions_conclude(struct client_sessions *all, bool last)
{
    double now_ms = (double)(ingest_ctx_wall(all->ingest) / 1000000);
    client_session_processes_search(all, last);
    for (size_t i = 0; i < all->count && !all->failed; i++) {
        if (!all->items[i].has_sign) {
            conclude(all, &all->items[i], now_ms, last);
        }
    }
}
