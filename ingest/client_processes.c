/* A short array. Which of a hook's ancestors is the client is not known at once: between the two
   may be shells and scripts, which end with the hook. The client is the nearest ancestor that lives
   half a second later, and that later hooks of the session have too.

   Nobody else ends a session that hooks alone report, so its process is looked at each second,
   until it has died and its last hooks have arrived. */
#include "ingest/client_processes.h"

#include "core/base/json_text.h"
#include "ingest/client_callers.h"
#include "ingest/ingest_ctx.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MS INT64_C(1000000)

static const int64_t settle_ns = 500 * MS;  /* so long after a hook its scripts have ended */
static const int64_t late_ns = 2000 * MS;   /* hooks of a dead client may arrive so late */
static const int64_t again_ns = 300 * MS;   /* their session is closed again so long after */
static const int64_t place_ns = 60000 * MS; /* so long a caller may still become known */

static const double hook_age_ms = 60000; /* an older hook is a recorded one */

void client_processes_init(struct client_processes *all, const struct mem *mem)
{
    *all = (struct client_processes){.mem = mem, .proc = "/proc"};
}

void client_processes_release(struct client_processes *all)
{
    mem_free(all->mem, all->items, all->cap * sizeof *all->items);
}

static struct slice id_of(const struct client_process *client)
{
    return (struct slice){client->session_id, strlen(client->session_id)};
}

static struct client_process *find(struct client_processes *all, struct slice session_id)
{
    for (size_t i = all->count; i-- > 0;) {
        struct slice id = id_of(&all->items[i]);
        if (id.len == session_id.len && memcmp(id.bytes, session_id.bytes, id.len) == 0) {
            return &all->items[i];
        }
    }
    return NULL;
}

static void take_away(struct client_processes *all, struct client_process *client)
{
    size_t after = all->count - (size_t)(client - all->items) - 1;
    memmove(client, client + 1, after * sizeof *client);
    all->count--;
}

/* Returns the session's, new if necessary; NULL: out of memory. */
static struct client_process *find_or_add(struct ingest_ctx *ingest, struct slice session_id)
{
    struct client_processes *all = &ingest->processes;
    struct client_process *client = find(all, session_id);
    if (client != NULL) {
        return client;
    }
    if (all->count == CLIENT_PROCESSES_MAX) {
        take_away(all, &all->items[0]);
    }
    if (!mem_reserve(all->mem, &all->items, &all->cap, all->count + 1, sizeof *all->items)) {
        return NULL;
    }
    client = &all->items[all->count++];
    *client = (struct client_process){.since_ns = ingest_ctx_now(ingest)};
    memcpy(client->session_id, session_id.bytes, session_id.len);
    return client;
}

bool client_processes_set(struct ingest_ctx *ingest, struct slice session_id,
                          const struct process *process)
{
    if (session_id.len == 0 || session_id.len > CLIENT_SESSION_BYTES) {
        return true;
    }
    struct client_process *client = find_or_add(ingest, session_id);
    if (client == NULL) {
        return false;
    }
    if (!process_is_same(&client->process, process)) {
        client->placed = false;
        client->since_ns = ingest_ctx_now(ingest);
    }
    client->process = *process;
    client->by_registry = true;
    client->gone = false;
    return true;
}

void client_processes_remove(struct ingest_ctx *ingest, struct slice session_id)
{
    struct client_process *client = find(&ingest->processes, session_id);
    if (client != NULL) {
        take_away(&ingest->processes, client);
    }
}

void client_processes_end(struct ingest_ctx *ingest, struct slice session_id)
{
    struct client_process *client = find(&ingest->processes, session_id);
    if (client != NULL && !client->by_registry) {
        take_away(&ingest->processes, client);
    }
}

/* ---- hooks ---- */

void client_processes_print(const char *proc, int64_t pid, struct strbuf *out)
{
    char domain[PROCESS_DOMAIN_BYTES];
    struct process_chain chain;
    process_chain_find(proc, pid, &chain);
    if (chain.count == 0 || !process_domain(proc, domain)) {
        return;
    }
    strbuf_adds(out, "{\"domain\":");
    json_put_string(out, domain, strlen(domain));
    strbuf_adds(out, ",\"chain\":[");
    for (size_t i = 0; i < chain.count; i++) {
        strbuf_addf(out, "%s[%lld,", i == 0 ? "" : ",", (long long)chain.process[i].pid);
        json_put_string(out, chain.process[i].start, strlen(chain.process[i].start));
        strbuf_addc(out, ']');
    }
    strbuf_adds(out, "]}");
}

static bool read_process(const struct mem *mem, struct json_value item, struct process *out)
{
    struct json_walk walk = json_walk(item);
    struct json_value number, start;
    struct strbuf text;
    if (item.type != JSON_TYPE_ARRAY || !json_next_item(&walk, &number) ||
        number.type != JSON_TYPE_NUMBER || !json_next_item(&walk, &start) ||
        start.type != JSON_TYPE_STRING || start.len > PROCESS_START_BYTES) {
        return false;
    }
    double pid = json_get_number(number);
    strbuf_init(&text, mem, 0);
    json_get_string(start, &text);
    bool good = pid > 1 && pid < INT32_MAX && !text.failed && text.len > 0;
    if (good) {
        *out = (struct process){.pid = (int64_t)pid};
        memcpy(out->start, text.data, text.len);
    }
    strbuf_release(&text);
    return good;
}

/* Reads the sender's ancestors, if their numbers are those of this program. */
static void read_chain(const struct client_processes *all, struct json_value sender,
                       struct process_chain *out)
{
    struct json_value list = json_get(sender, "chain"), item;
    char domain[PROCESS_DOMAIN_BYTES];
    out->count = 0;
    if (list.type != JSON_TYPE_ARRAY || !process_domain(all->proc, domain) ||
        !json_string_is(json_get(sender, "domain"), domain)) {
        return;
    }
    struct json_walk walk = json_walk(list);
    while (out->count < PROCESS_CHAIN_MAX && json_next_item(&walk, &item) &&
           read_process(all->mem, item, &out->process[out->count])) {
        out->count++;
    }
}

static bool has(const struct process_chain *chain, const struct process *process)
{
    for (size_t i = 0; i < chain->count; i++) {
        if (process_is_same(&chain->process[i], process)) {
            return true;
        }
    }
    return false;
}

/* Keeps the processes of the chain that the other one has too. */
static void intersect(struct process_chain *chain, const struct process_chain *other)
{
    size_t kept = 0;
    for (size_t i = 0; i < chain->count; i++) {
        if (has(other, &chain->process[i])) {
            chain->process[kept++] = chain->process[i];
        }
    }
    chain->count = kept;
}

static void begin(struct ingest_ctx *ingest, struct client_process *client,
                  const struct process_chain *chain)
{
    client->above = *chain;
    client->process = (struct process){.pid = 0};
    client->gone = client->reported = client->placed = false;
    client->since_ns = ingest_ctx_now(ingest);
}

/* The session's client has one more hook of those ancestors. */
static void take_next(struct ingest_ctx *ingest, struct client_process *client,
                      const struct process_chain *chain)
{
    struct process_chain common = client->above;
    intersect(&common, chain);
    if (client->gone || common.count == 0) {
        begin(ingest, client, chain);
    } else if (!has(&common, &client->process)) {
        int64_t since_ns = client->since_ns;
        begin(ingest, client, &common);
        client->since_ns = since_ns;
    } else {
        client->above = common;
    }
}

/* Returns whether the client has just died: its last hooks may still arrive. */
static bool is_late(const struct ingest_ctx *ingest, const struct client_process *client)
{
    return client->gone && ingest_ctx_now(ingest) - client->since_ns < late_ns;
}

bool client_processes_take_chain(struct ingest_ctx *ingest, struct slice session_id,
                                 const struct process_chain *chain, double t_ms)
{
    double wall_ms = (double)ingest_ctx_wall(ingest) / 1e6;
    if (session_id.len == 0 || session_id.len > CLIENT_SESSION_BYTES ||
        !(fabs(wall_ms - t_ms) < hook_age_ms)) {
        return true;
    }
    struct client_process *client = find(&ingest->processes, session_id);
    if (client == NULL && chain->count > 0) {
        client = find_or_add(ingest, session_id);
        if (client == NULL) {
            return false;
        }
        begin(ingest, client, chain);
    }
    if (client == NULL || client->by_registry) {
        return true;
    }
    client->last_ms = fmax(client->last_ms, t_ms);
    if (chain->count > 0 && !is_late(ingest, client)) {
        take_next(ingest, client, chain);
    }
    return true;
}

bool client_processes_take_hook(struct ingest_ctx *ingest, struct slice session_id,
                                struct json_value sender, double t_ms)
{
    struct process_chain chain;
    read_chain(&ingest->processes, sender, &chain);
    return client_processes_take_chain(ingest, session_id, &chain, t_ms);
}

bool client_processes_misses(struct ingest_ctx *ingest, struct slice session_id)
{
    const struct client_process *client = find(&ingest->processes, session_id);
    return client == NULL || (client->gone && !client->by_registry && !is_late(ingest, client));
}

/* ---- who lives ---- */

static bool is_named(const char *proc, const struct process *process, const char *const *names)
{
    char name[64], path[64];
    size_t len;
    snprintf(path, sizeof path, "/%lld/comm", (long long)process->pid);
    struct strbuf full;
    strbuf_init(&full, &mem_libc, 0);
    strbuf_adds(&full, proc);
    strbuf_adds(&full, path);
    bool read = !full.failed && process_read_file(full.data, name, sizeof name, &len);
    strbuf_release(&full);
    name[read ? strcspn(name, "\n") : 0] = '\0';
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Returns whether the process is the shell in which a client runs its hook. */
static bool is_hook_shell(const char *proc, const struct process *process,
                          const struct process *parent)
{
    static const char *const shells[] = {"sh", "bash", "dash", "zsh", "ash", "ksh", NULL};
    static const char *const clients[] = {"claude",          "node", "bun", "MainThread",
                                          "node-MainThread", NULL};
    return is_named(proc, process, shells) && is_named(proc, parent, clients);
}

/* Sets the client's process: the nearest one above its hooks that still lives. False: none does. */
static bool choose(const struct client_processes *all, struct client_process *client)
{
    const struct process_chain *above = &client->above;
    for (size_t i = 0; i < above->count; i++) {
        bool shell = i + 1 < above->count &&
                     is_hook_shell(all->proc, &above->process[i], &above->process[i + 1]);
        if (!shell && process_lives(all->proc, &above->process[i])) {
            client->process = above->process[i];
            return true;
        }
    }
    return false;
}

static struct update update_of(const struct ingest_ctx *ingest, const struct client_process *client)
{
    struct update update = {
        .op = UPDATE_SESSION, .precedence = PRECEDENCE_HOOKS, .session_id = id_of(client)};
    ingest_ctx_stamp(ingest, &update);
    return update;
}

static bool send_update(struct ingest_ctx *ingest, const struct update *update)
{
    ingest->changed = true;
    return ingest_ctx_update(ingest, update);
}

static bool report_alive(struct ingest_ctx *ingest, struct client_process *client)
{
    struct update update = update_of(ingest, client);
    client->reported = true;
    update_number(&update, FIELD_PID, (double)client->process.pid);
    update_bool(&update, FIELD_ALIVE, TRI_TRUE);
    return send_update(ingest, &update);
}

static bool report_gone(struct ingest_ctx *ingest, struct client_process *client)
{
    struct update update = update_of(ingest, client);
    client->open_ns = 0;
    if (!client->gone) {
        client->since_ns = ingest_ctx_now(ingest);
    }
    client->gone = true;
    update_number(&update, FIELD_END_MS, fmax(update.t_ms, client->last_ms));
    update_number(&update, FIELD_OUTCOME, OUTCOME_GONE);
    update_bool(&update, FIELD_ALIVE, TRI_FALSE);
    return send_update(ingest, &update);
}

/* Closes the session again where a late hook of its dead client has opened it. Sets *forget once
   that may not happen any more. */
static bool close_again(struct ingest_ctx *ingest, struct client_process *client, bool *forget)
{
    session_no number = correlator_session(ingest->correlator, id_of(client));
    const struct session *session =
        number == NO_SESSION ? NULL : swarm_session(ingest->swarm, number);
    int64_t now_ns = ingest_ctx_now(ingest);
    if (session == NULL || (session->flags & SESSION_ENDED) != 0) {
        client->open_ns = 0;
        *forget = !is_late(ingest, client);
    } else if (client->open_ns == 0) {
        client->open_ns = now_ns;
    } else if (now_ns - client->open_ns >= again_ns) {
        return report_gone(ingest, client);
    }
    return true;
}

static bool look_at(struct ingest_ctx *ingest, struct client_process *client, bool *forget)
{
    const struct client_processes *all = &ingest->processes;
    if (client->by_registry) {
        return true;
    }
    if (client->gone) {
        return close_again(ingest, client, forget);
    }
    if (client->process.pid == 0) {
        if (ingest_ctx_now(ingest) - client->since_ns < settle_ns) {
            return true;
        }
        if (!choose(all, client)) {
            return report_gone(ingest, client);
        }
    }
    if (!process_lives(all->proc, &client->process)) {
        return report_gone(ingest, client);
    }
    return client->reported || report_alive(ingest, client);
}

/* ---- who started whom ---- */

/* Returns the client whose process that is now; NULL: none. */
static const struct client_process *client_of(const struct client_processes *all,
                                              const struct process *process)
{
    for (size_t i = all->count; i-- > 0;) {
        if (process_is_same(&all->items[i].process, process)) {
            return &all->items[i];
        }
    }
    return NULL;
}

static bool place(struct ingest_ctx *ingest, struct client_process *client)
{
    const struct client_processes *all = &ingest->processes;
    struct process_chain chain;
    const struct client_process *by = NULL;
    size_t at = 0;
    process_chain_find(all->proc, client->process.pid, &chain);
    while (by == NULL && ++at < chain.count) {
        by = client_of(all, &chain.process[at]);
    }
    int64_t age_ns = ingest_ctx_now(ingest) - client->since_ns;
    client->placed = age_ns > place_ns || chain.count == 0;
    if (by == NULL || by == client) {
        return true;
    }
    struct client_call call = {.caller = id_of(by), .child = id_of(client), .age_ns = age_ns};
    return client_callers_report(ingest, &call, chain.process[at - 1].pid, &client->placed);
}

bool client_processes_look(struct ingest_ctx *ingest)
{
    struct client_processes *all = &ingest->processes;
    bool good = true;
    for (size_t i = 0; i < all->count;) {
        bool forget = false;
        good &= look_at(ingest, &all->items[i], &forget);
        if (forget) {
            take_away(all, &all->items[i]);
        } else {
            i++;
        }
    }
    for (size_t i = 0; i < all->count; i++) {
        struct client_process *client = &all->items[i];
        if (client->process.pid != 0 && !client->gone && !client->placed) {
            good &= place(ingest, client);
        }
    }
    return good;
}
