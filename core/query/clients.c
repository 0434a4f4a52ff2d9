/* Sessions are few beside spans, and most follow one of the same client, so the list is made from
   them whenever it is needed; nothing is kept that could differ from the sessions. */
#include "core/query/clients.h"

static void add_name(struct clients *clients, intern_id name)
{
    for (size_t i = 0; i < clients->count; i++) {
        if (clients->names[i] == name) {
            return;
        }
    }
    if (clients->count < CLIENTS_MAX) {
        clients->names[clients->count++] = name;
    }
}

struct clients clients_find(const struct swarm *swarm)
{
    struct clients clients = {.count = 0};
    intern_id last = INTERN_NONE;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        intern_id name = clients_of_session(swarm, (session_no)i);
        if (name != last && name != INTERN_NONE) {
            add_name(&clients, name);
            last = name;
        }
    }
    return clients;
}

bool clients_are_several(const struct clients *clients)
{
    return clients->count > 1;
}

intern_id clients_of_session(const struct swarm *swarm, session_no number)
{
    const struct session *session = swarm_session(swarm, number);
    if (session == NULL || (session->flags & SESSION_AGENTS) == 0) {
        return INTERN_NONE;
    }
    intern_id name = session->texts[SESSION_CLIENT];
    return name != INTERN_NONE && swarm_text_slice(swarm, name).len > 0 ? name : INTERN_NONE;
}

intern_id clients_of_agent(const struct swarm *swarm, agent_no agent)
{
    const struct agent *of = swarm_agent(swarm, agent);
    return of == NULL ? INTERN_NONE : clients_of_session(swarm, of->session);
}
