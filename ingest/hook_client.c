/* The clients' states are in the intake, not in their files, so that payloads of one session may come on several ways. */
#include "ingest/hook_client.h"

#include "ingest/intake.h"

#include <assert.h>
#include <string.h>

const char *hook_take(struct intake *intake, const char *client, struct json_value payload,
                      double t_ms, int64_t local_ns)
{
    const struct hook_client *const *known = intake->hook_clients;
    for (; known != NULL && *known != NULL; known++) {
        if (strcmp((*known)->name, client) == 0) {
            return (*known)->take(intake, payload, t_ms, local_ns);
        }
    }
    return "hook: unknown client";
}

void **hook_state(struct intake *intake, const struct hook_client *client)
{
    size_t at = 0;
    while (intake->hook_states[at].client != NULL && intake->hook_states[at].client != client) {
        at++;
        assert(at < HOOK_CLIENTS_MAX);
    }
    intake->hook_states[at].client = client;
    return &intake->hook_states[at].state;
}

void hook_release(struct intake *intake)
{
    for (size_t i = 0; i < HOOK_CLIENTS_MAX; i++) {
        if (intake->hook_states[i].client != NULL) {
            intake->hook_states[i].client->free_state(intake->hook_states[i].state);
        }
        intake->hook_states[i] = (struct hook_state){.client = NULL};
    }
}
