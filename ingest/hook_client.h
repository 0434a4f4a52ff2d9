/* Clients whose hooks can be taken: agents that call a program with a JSON object (the payload)
   at each event. Payloads come as lines of a feed and over HTTP; which clients there are is the
   table of sources.h. */
#ifndef INGEST_HOOK_CLIENT_H
#define INGEST_HOOK_CLIENT_H

#include "core/base/json_read.h"
#include "core/trace/event.h"

#include <stdbool.h>
#include <stdint.h>

struct ingest_ctx;

/* A payload's times and sender. */
struct hook_arrival {
    double t_ms;      /* when it was sent */
    int64_t local_ns; /* when it arrived, by the local clock */
    struct json_value
        sender; /* the processes above its sender (client_processes.h); may be absent */
    /* Looks for its sender, for a session that continues, and reports it to client_processes.h.
       NULL: nobody can. False: out of memory. */
    bool (*find_sender)(void *ctx, struct slice session_id, double t_ms);
    void *ctx;
};

/* A call has ended, by a client's files. */
struct hook_tool_end {
    struct slice session_id, name; /* of the tool */
    struct json_value input;
    double at_ms;
};

/* A person has decided about a call, by a client's telemetry. */
struct hook_answer {
    struct slice session_id, call_id, decision;
    double at_ms;
};

struct hook_dialect;

struct hook_client {
    const char *name; /* as the feed's operation `hook` and POST /hooks/NAME spell it: "claude" */
    /* Takes one payload of the client, a checked value. Returns NULL where it was taken, else why
       not; static. */
    const char *(*take)(const struct hook_client *client, struct ingest_ctx *ingest,
                        struct json_value payload, const struct hook_arrival *arrival);
    const struct hook_dialect *dialect; /* for take */
    /* Takes the end of a call as the client's files have it (hook_note_tool_end). */
    bool (*note_tool_end)(const struct hook_client *client, struct ingest_ctx *ingest,
                          const struct hook_tool_end *end);
    /* Takes a person's answer (hook_note_answer). */
    bool (*note_answer)(const struct hook_client *client, struct ingest_ctx *ingest,
                        const struct hook_answer *answer);
    /* Returns when a person was asked about the call (hook_asked_ms). */
    double (*asked_ms)(const struct hook_client *client, struct ingest_ctx *ingest,
                       struct slice session_id, struct slice call_id);
    /* Looks what the machine shows of the client's open waits (hook_look). */
    bool (*look)(const struct hook_client *client, struct ingest_ctx *ingest);
    /* Frees the client's state (hook_state); NULL: does nothing. */
    void (*free_state)(void *state);
};

enum { HOOK_CLIENTS_MAX = 8 };

struct hook_state {
    const struct hook_client *client; /* NULL: a free place */
    void *state;
};

/* Gives the payload to the client of that name. Returns NULL where it was taken, else why not;
   static. */
const char *hook_take(struct ingest_ctx *ingest, const char *client, struct json_value payload,
                      const struct hook_arrival *arrival);
/* Takes what is known of the sender of a hook whose session continues. False: out of memory. */
bool hook_take_sender(struct ingest_ctx *ingest, struct slice session_id,
                      const struct hook_arrival *arrival);
/* Ends the wait for a person that hooks of the client have reported for the call: no hook reports a
   call that was refused. False: out of memory. */
bool hook_note_tool_end(struct ingest_ctx *ingest, const char *client,
                        const struct hook_tool_end *end);
/* Ends the wait for a person that hooks of the client have reported for the call: no hook reports
   the answer, and a command that was allowed may run for long. False: out of memory. */
bool hook_note_answer(struct ingest_ctx *ingest, const char *client,
                      const struct hook_answer *answer);
/* Looks whether commands run that a person was asked about, where no hook reports an answer, and
   ends these waits. Call it each second. False: out of memory. */
bool hook_look(struct ingest_ctx *ingest);
/* Returns when hooks of the client reported that a person is asked about the call; NAN: none
   did. */
double hook_asked_ms(struct ingest_ctx *ingest, const char *client, struct slice session_id,
                     struct slice call_id);
/* Returns the client whose hooks come to that path below /hooks: the one that its first part names,
   in any case ("Qwen", "codex/x", "qwen-code"); any other part is Claude Code's, whose hooks may go
   anywhere. NULL: it names a client whose hooks nobody knows. Static. */
const char *hook_client_at(const struct ingest_ctx *ingest, const char *path);
/* Returns where the client keeps its state between payloads; at first it holds NULL.
   hook_release frees it. */
void **hook_state(struct ingest_ctx *ingest, const struct hook_client *client);
/* Frees the states of all clients. */
void hook_release(struct ingest_ctx *ingest);

#endif
