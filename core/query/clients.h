/* The clients whose agents are in the model: Claude Code, Codex and so on, by the names that their
   sessions report (`claude`, `codex`), and the hosts that they run on. */
#ifndef CORE_CLIENTS_H
#define CORE_CLIENTS_H

#include "core/model/swarm.h"

enum { CLIENTS_MAX = 64 }; /* listed; more are not */

/* A plain value. */
struct clients {
    intern_id names[CLIENTS_MAX]; /* in order of appearance */
    size_t count;
    bool unnamed; /* a session with agents has none */
};

/* Returns the clients of all sessions with agents. */
struct clients clients_find(const struct swarm *swarm);
/* Returns whether there is more than one: then rows and figures show whose they are. */
bool clients_are_several(const struct clients *clients);
/* Returns the hosts of all sessions with agents in the same way; `unnamed`: some have none, as
   those of this machine. */
struct clients clients_find_hosts(const struct swarm *swarm);
/* Returns whether the agents are of more than one host. */
bool clients_are_several_hosts(const struct clients *hosts);
/* Returns the session's host; INTERN_NONE: none. */
intern_id clients_host_of_session(const struct swarm *swarm, session_no session);
/* Returns the name of the session's client; INTERN_NONE: unknown. */
intern_id clients_of_session(const struct swarm *swarm, session_no session);
/* The same of the agent's session. */
intern_id clients_of_agent(const struct swarm *swarm, agent_no agent);

#endif
