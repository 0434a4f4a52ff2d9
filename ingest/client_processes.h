/* The processes of clients on this machine, one for each session that is known to run: so that a
   client that dies is seen to be gone whoever reported its calls, and a client that another one's
   tool started is shown below it.

   A registry names its client's process. A hook is a process below its client, and sends its own
   ancestors; one of them is the client. */
#ifndef INGEST_CLIENT_PROCESSES_H
#define INGEST_CLIENT_PROCESSES_H

#include "core/base/json_read.h"
#include "core/base/mem.h"
#include "core/base/strbuf.h"
#include "core/trace/event.h"
#include "ingest/process.h"

enum { CLIENT_SESSION_BYTES = 200, CLIENT_PROCESSES_MAX = 1024 };

struct ingest_ctx;

struct client_process {
    char session_id[CLIENT_SESSION_BYTES + 1];
    struct process process;     /* pid 0: not chosen yet */
    struct process_chain above; /* of hooks: the ancestors that all of them have */
    bool by_registry;           /* its source looks whether it lives */
    bool gone;                  /* it has died, and that was reported */
    bool reported;              /* that it lives */
    bool placed;                /* the agent that started it is known, or will not be */
    int64_t since_ns;           /* by the local clock: when it became known, or had died */
    int64_t open_ns;            /* it has died, but since then its session is open again; 0: not */
    double last_ms;             /* the time of its last hook */
};

struct client_processes {
    const struct mem *mem;
    const char *proc;             /* /proc, or a directory like it; borrowed */
    struct client_process *items; /* in order of appearance */
    size_t count, cap;
};

void client_processes_init(struct client_processes *all, const struct mem *mem);
void client_processes_release(struct client_processes *all);

/* Sets the process of a session, as a registry names it. An id that is too long is left out. False:
   out of memory. */
bool client_processes_set(struct ingest_ctx *ingest, struct slice session_id,
                          const struct process *process);
/* Takes the ancestors of a hook that was sent at `t_ms` (`process` of the feed's hook; absent:
   nothing is known) and is of that session. False: out of memory. */
bool client_processes_take_hook(struct ingest_ctx *ingest, struct slice session_id,
                                struct json_value sender, double t_ms);
/* The same for ancestors that were looked up; none: nothing is known. */
bool client_processes_take_chain(struct ingest_ctx *ingest, struct slice session_id,
                                 const struct process_chain *chain, double t_ms);
/* Returns whether no process is known for the session: a hook's ancestors would help. */
bool client_processes_misses(struct ingest_ctx *ingest, struct slice session_id);
/* The session has ended: a registry's, or one of hooks alone. */
void client_processes_remove(struct ingest_ctx *ingest, struct slice session_id);
void client_processes_end(struct ingest_ctx *ingest, struct slice session_id);
/* Looks who lives, and who started whom, and reports that. Call it each second. False: out of
   memory. */
bool client_processes_look(struct ingest_ctx *ingest);

/* Appends the ancestors of a process as a value for client_processes_take_hook; nothing where they
   are unknown. */
void client_processes_print(const char *proc, int64_t pid, struct strbuf *out);

#endif
