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

/* Returns the session's text of that kind; INTERN_NONE: it has none, or no agents. */
static intern_id text_of(const struct swarm *swarm, session_no number, enum session_text text)
{
    const struct session *session = swarm_session(swarm, number);
    if (session == NULL || (session->flags & SESSION_AGENTS) == 0) {
        return INTERN_NONE;
    }
    intern_id name = session->texts[text];
    return name != INTERN_NONE && swarm_text_slice(swarm, name).len > 0 ? name : INTERN_NONE;
}

static struct clients find(const struct swarm *swarm, enum session_text text)
{
    struct clients clients = {.count = 0};
    intern_id last = INTERN_NONE;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        intern_id name = text_of(swarm, (session_no)i, text);
        if (name == INTERN_NONE) {
            const struct session *session = swarm_session(swarm, (session_no)i);
            clients.unnamed |= session != NULL && (session->flags & SESSION_AGENTS) != 0;
        } else if (name != last) {
            add_name(&clients, name);
            last = name;
        }
    }
    return clients;
}

struct clients clients_find(const struct swarm *swarm)
{
    return find(swarm, SESSION_CLIENT);
}

bool clients_are_several(const struct clients *clients)
{
    return clients->count > 1;
}

struct clients clients_find_hosts(const struct swarm *swarm)
{
    return find(swarm, SESSION_HOST);
}

bool clients_are_several_hosts(const struct clients *hosts)
{
    return hosts->count > 1 || (hosts->count == 1 && hosts->unnamed);
}

intern_id clients_host_of_session(const struct swarm *swarm, session_no number)
{
    return text_of(swarm, number, SESSION_HOST);
}

intern_id clients_of_session(const struct swarm *swarm, session_no number)
{
    return text_of(swarm, number, SESSION_CLIENT);
}

intern_id clients_of_agent(const struct swarm *swarm, agent_no agent)
{
    const struct agent *of = swarm_agent(swarm, agent);
    return of == NULL ? INTERN_NONE : clients_of_session(swarm, of->session);
}
