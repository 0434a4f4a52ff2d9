/* The clients' states are in the context, not in their files, so that payloads of one session
   may come on several ways. */
#include "ingest/hook_client.h"

#include "ingest/ingest_ctx.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

/* Returns NULL if no client has that name. */
static const struct hook_client *find(const struct ingest_ctx *ingest, const char *client)
{
    const struct hook_client *const *known = ingest->hook_clients;
    while (known != NULL && *known != NULL && strcmp((*known)->name, client) != 0) {
        known++;
    }
    return known == NULL ? NULL : *known;
}

const char *hook_take(struct ingest_ctx *ingest, const char *client, struct json_value payload,
                      const struct hook_arrival *arrival)
{
    const struct hook_client *known = find(ingest, client);
    return known == NULL ? "hook: unknown client" : known->take(known, ingest, payload, arrival);
}

bool hook_note_tool_end(struct ingest_ctx *ingest, const char *client,
                        const struct hook_tool_end *end)
{
    const struct hook_client *known = find(ingest, client);
    return known == NULL || known->note_tool_end(known, ingest, end);
}

bool hook_note_answer(struct ingest_ctx *ingest, const char *client,
                      const struct hook_answer *answer)
{
    const struct hook_client *known = find(ingest, client);
    return known == NULL || known->note_answer(known, ingest, answer);
}

bool hook_look(struct ingest_ctx *ingest)
{
    bool good = true;
    for (const struct hook_client *const *known = ingest->hook_clients;
         known != NULL && *known != NULL; known++) {
        good &= (*known)->look(*known, ingest);
    }
    return good;
}

double hook_asked_ms(struct ingest_ctx *ingest, const char *client, struct slice session_id,
                     struct slice call_id)
{
    const struct hook_client *known = find(ingest, client);
    return known == NULL ? (double)NAN : known->asked_ms(known, ingest, session_id, call_id);
}

/* Returns whether the path's first part is that name, maybe with a suffix ("qwen-code"). */
static bool names(const char *path, const char *client)
{
    size_t len = strlen(client);
    return strncasecmp(path, client, len) == 0 && !isalnum((unsigned char)path[len]);
}

const char *hook_client_at(const struct ingest_ctx *ingest, const char *path)
{
    static const char *const others[] = {"aider",    "amp",   "cline",   "copilot",  "crush",
                                         "cursor",   "droid", "goose",   "kilo",     "kiro",
                                         "opencode", "roo",   "amazonq", "windsurf", NULL};
    for (const struct hook_client *const *known = ingest->hook_clients;
         known != NULL && *known != NULL; known++) {
        if (names(path, (*known)->name)) {
            return (*known)->name;
        }
    }
    for (const char *const *other = others; *other != NULL; other++) {
        if (names(path, *other)) {
            return NULL;
        }
    }
    return "claude";
}

bool hook_take_sender(struct ingest_ctx *ingest, struct slice session_id,
                      const struct hook_arrival *arrival)
{
    return client_processes_take_hook(ingest, session_id, arrival->sender, arrival->t_ms) &&
           (arrival->find_sender == NULL ||
            arrival->find_sender(arrival->ctx, session_id, arrival->t_ms));
}

void **hook_state(struct ingest_ctx *ingest, const struct hook_client *client)
{
    size_t at = 0;
    while (ingest->hook_states[at].client != NULL && ingest->hook_states[at].client != client) {
        at++;
        assert(at < HOOK_CLIENTS_MAX);
    }
    ingest->hook_states[at].client = client;
    return &ingest->hook_states[at].state;
}

void hook_release(struct ingest_ctx *ingest)
{
    for (size_t i = 0; i < HOOK_CLIENTS_MAX; i++) {
        if (ingest->hook_states[i].client != NULL) {
            ingest->hook_states[i].client->free_state(ingest->hook_states[i].state);
        }
        ingest->hook_states[i] = (struct hook_state){.client = NULL};
    }
}
