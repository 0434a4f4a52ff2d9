/* A client may send each hook by a process or a connection that ends with it: the look-up begins
   before the request is answered, with the youngest processes, and ends after a part of a frame.
   A worker does the rest, and still finds a client that keeps its connection. */
#include "ingest/http/hook_peers.h"

#include "ingest/ingest_ctx.h"
#include "ingest/process_peer.h"

#include <string.h>
#include <uv.h>

enum {
    AT_ONCE = 3000, /* descriptors, which takes some ms */
    RUNNING_MAX = 8,
    HASH_START = 5381,
    HASH_FACTOR = 33
};

static const int64_t again_ns = INT64_C(5000000000); /* after a look-up that found nothing */

struct look_up {
    uv_work_t work; /* its data is the look-up */
    struct hook_peers *peers;
    const struct mem *mem;
    const char *proc;
    struct process_peer peer;
    struct process_chain chain;
    char session_id[CLIENT_SESSION_BYTES];
    size_t session_len;
    double t_ms;
};

void hook_peers_init(struct hook_peers *peers, struct source *source)
{
    *peers = (struct hook_peers){.source = source};
}

static struct ingest_ctx *ctx_of(const struct hook_peers *peers)
{
    return peers->source->counters.ingest;
}

/* Returns whether the session was not looked up a moment ago, and notes that it is. */
static bool may_ask(struct hook_peers *peers, struct slice session_id)
{
    uint64_t hash = HASH_START;
    int64_t now_ns = ingest_ctx_now(ctx_of(peers));
    for (size_t i = 0; i < session_id.len; i++) {
        hash = hash * HASH_FACTOR + (unsigned char)session_id.bytes[i];
    }
    for (size_t i = 0; i < HOOK_PEERS_ASKED; i++) {
        if (peers->asked[i].session == hash && now_ns - peers->asked[i].at_ns < again_ns) {
            return false;
        }
    }
    peers->asked[peers->next].session = hash;
    peers->asked[peers->next].at_ns = now_ns;
    peers->next = (peers->next + 1) % HOOK_PEERS_ASKED;
    return true;
}

static void do_look_up(uv_work_t *work)
{
    struct look_up *look_up = work->data;
    (void)process_peer_find(look_up->proc, &look_up->peer, 0, &look_up->chain);
}

/* Returns whether the session is still open: it may have ended meanwhile. */
static bool is_open(const struct ingest_ctx *ingest, struct slice session_id)
{
    session_no number = correlator_session(ingest->correlator, session_id);
    const struct session *session =
        number == NO_SESSION ? NULL : swarm_session(ingest->swarm, number);
    return session != NULL && (session->flags & SESSION_ENDED) == 0;
}

static void after_look_up(uv_work_t *work, int status)
{
    struct look_up *look_up = work->data;
    struct hook_peers *peers = look_up->peers;
    struct slice session_id = {look_up->session_id, look_up->session_len};
    if (status == 0 && peers->source->listens && is_open(ctx_of(peers), session_id) &&
        !client_processes_take_chain(ctx_of(peers), session_id, &look_up->chain, look_up->t_ms)) {
        ingest_ctx_log(ctx_of(peers), LOG_LEVEL_ERROR,
                       "out of memory: a hook's process is unknown");
    }
    peers->running--;
    peers->source->handles--;
    mem_free(look_up->mem, look_up, sizeof *look_up);
}

static bool begin(struct hook_peers *peers, const struct process_peer *peer,
                  struct slice session_id, double t_ms)
{
    const struct ingest_ctx *ingest = ctx_of(peers);
    if (peers->running == RUNNING_MAX) {
        return true;
    }
    struct look_up *look_up = mem_zalloc(ingest->mem, 1, sizeof *look_up);
    if (look_up == NULL) {
        return false;
    }
    look_up->work.data = look_up;
    look_up->peers = peers;
    look_up->mem = ingest->mem;
    look_up->proc = ingest->processes.proc;
    look_up->peer = *peer;
    look_up->t_ms = t_ms;
    look_up->session_len = session_id.len;
    memcpy(look_up->session_id, session_id.bytes, session_id.len);
    if (uv_queue_work(hub_loop(peers->source->hub), &look_up->work, do_look_up, after_look_up) !=
        0) {
        mem_free(ingest->mem, look_up, sizeof *look_up);
        return true;
    }
    peers->running++;
    peers->source->handles++;
    return true;
}

bool hook_peers_find(void *ctx, struct slice session_id, double t_ms)
{
    const struct hook_peer *hook = ctx;
    struct ingest_ctx *ingest = ctx_of(hook->peers);
    struct process_peer peer;
    struct process_chain chain;
    if (session_id.len == 0 || session_id.len > CLIENT_SESSION_BYTES ||
        !client_processes_misses(ingest, session_id) || !may_ask(hook->peers, session_id) ||
        !process_peer_of(hook->fd, &peer)) {
        return true;
    }
    switch (process_peer_find(ingest->processes.proc, &peer, AT_ONCE, &chain)) {
    case PEER_FOUND: return client_processes_take_chain(ingest, session_id, &chain, t_ms);
    case PEER_UNFINISHED: return begin(hook->peers, &peer, session_id, t_ms);
    case PEER_UNKNOWN: break;
    }
    return true;
}
