/* A short table beside the model: a source asks it at every look, for each of its files. A session
   with nothing open has ended when it was quiet for some seconds; one that is waiting, for a model
   or a tool, may be quiet for as long as a tool may run. */
#include "ingest/client_sessions.h"

#include <math.h>

#define QUIET_MS 10000.0 /* a session that does nothing has ended then */

bool client_sessions_init(struct client_sessions *all, struct ingest_ctx *ingest, int64_t since_ns)
{
    *all = (struct client_sessions){.ingest = ingest, .since_ns = since_ns};
    all->texts = intern_new(ingest->mem);
    u64map_init(&all->by_id, ingest->mem);
    return all->texts != NULL;
}

void client_sessions_release(struct client_sessions *all)
{
    if (all->ingest == NULL) {
        return;
    }
    intern_free(all->texts);
    u64map_release(&all->by_id);
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
    all->items[all->count] = (struct client_session){.id = name, .last_ms = (double)NAN};
    return (uint32_t)all->count++;
}

void client_sessions_note(struct client_sessions *all, uint32_t number, double at_ms)
{
    if (number != CLIENT_SESSION_NONE) {
        all->items[number].last_ms = fmax(all->items[number].last_ms, at_ms);
    }
}

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

static void report_end(struct client_sessions *all, struct client_session *session)
{
    struct update update = {.op = UPDATE_SESSION, .precedence = PRECEDENCE_FILES};
    ingest_ctx_stamp(all->ingest, &update);
    update.session_id.bytes = intern_text(all->texts, session->id, &update.session_id.len);
    update_number(&update, FIELD_END_MS, session->last_ms);
    update_number(&update, FIELD_OUTCOME, session->busy ? OUTCOME_DISCONNECTED : OUTCOME_ENDED);
    session->ended = true;
    session->ended_ms = session->last_ms;
    all->failed |= !ingest_ctx_client_update(all->ingest, &update);
}

static void conclude(struct client_sessions *all, struct client_session *session, double now_ms,
                     bool last)
{
    double patience_ms = session->busy ? (double)(all->since_ns / 1000000) : QUIET_MS;
    bool over = last || now_ms - session->last_ms >= patience_ms;
    if (!over || isnan(session->last_ms)) {
        session->ended = false;
    } else if (!session->ended || session->ended_ms < session->last_ms) {
        report_end(all, session);
    }
}

void client_sessions_conclude(struct client_sessions *all, bool last)
{
    double now_ms = (double)(ingest_ctx_wall(all->ingest) / 1000000);
    for (size_t i = 0; i < all->count && !all->failed; i++) {
        if (!all->items[i].has_sign) {
            conclude(all, &all->items[i], now_ms, last);
        }
    }
}
