/* The clients whose agents are in the model: Claude Code, Codex and so on, by the names that their
   sessions report (`claude`, `codex`). */
#ifndef CORE_CLIENTS_H
#define CORE_CLIENTS_H

#include "core/model/swarm.h"

enum { CLIENTS_MAX = 16 }; /* listed; more are not */

/* A plain value. */
struct clients {
    intern_id names[CLIENTS_MAX]; /* in order of appearance */
    size_t count;
};

/* Returns the clients of all sessions with agents. */
struct clients clients_find(const struct swarm *swarm);
/* Returns whether there is more than one: then rows and figures show whose they are. */
bool clients_are_several(const struct clients *clients);
/* Returns the name of the session's client; INTERN_NONE: unknown. */
intern_id clients_of_session(const struct swarm *swarm, session_no session);
/* The same of the agent's session. */
intern_id clients_of_agent(const struct swarm *swarm, agent_no agent);

#endif
