/* Agents that are seen from several sides: what files, hooks and telemetry say of one call is joined here by its id, and made one span. What is known
   first opens the span; what is said more exactly later corrects it. Whatever order the witnesses come in, and however often one repeats itself, the
   model is the same in the end.

   A fact has fields that may be unsaid: times and numbers NAN, texts empty or with bytes NULL, enum tristate UNSAID. (A time that is not after 1970 is
   unsaid too.) Of each field the word of the witness with the higher rank holds; between equal ranks the smaller start, the greater end, the greater
   number, NO, the longer text (of texts as long, always the same one). A start or an end that nobody has said is not there yet; a call whose end is known
   alone waits for its start. An id is that of one call of its kind in its session: a tool, a request, a wait and a turn may have the same.

   It makes events of them as the tracer would, each with its own time, which may lie before what is already drawn. It does so in witness_settle, so call it
   once a turn: what was said since the last time is appended in order of time, whatever order it was said in. Where something that was appended before
   turns out to be otherwise, the events are amended in place, and the model is derived anew. In the order in which an agent is seen live (the
   better witness first) nothing is amended; else settling costs a pass over the session's events, however much was amended.

   How a call ends whose end nobody says:
   - with its session, incomplete, at the earliest of the ends that were said of the session and that are no earlier than its start;
   - or at the tick of the stale sweep at which it is older than thirty minutes, `evicted` in the trace, while on the screen it stays in flight (SPAN_STALE);
   whichever is first; in tracer_close_all, incomplete, at the last time that was said of its session. An end that is said after all takes the place of
   each of these: a tool that ran for forty minutes is one span of forty minutes.

   What cannot be corrected: events that the cap has dropped. Their calls are forgotten; what is said of a call that nobody knows, and that had ended
   by the time up to which the session's calls were forgotten, is not heard. While a call is open whose begin was dropped, its start, name, args
   and agent stay what they were.

   Times are ms since the Unix epoch. Texts are WTF-8, borrowed for the call. */
#ifndef CORE_WITNESS_H
#define CORE_WITNESS_H

#include "core/tracer/tracer.h"

struct witness;

/* Who says it; a later one knows times better. */
enum witness_rank {
    WITNESS_GUESS, /* what must be so because nothing more came: whoever knows it knows better */
    WITNESS_FILES,
    WITNESS_HOOKS,
    WITNESS_TELEMETRY
};

/* Of whom it is said. */
struct witness_place {
    struct slice session_id;
    struct slice agent_id; /* bytes NULL, or the session's id: the main agent */
    enum witness_rank rank;
    int64_t local_ns; /* when it arrived, on the local clock */
};

/* Returns new; NULL: out of memory. Both are borrowed. */
struct witness *witness_new(struct swarm *swarm, struct tracer *tracer);
void witness_free(struct witness *witness);

/* All below: false is out of memory; what was said so far stays, and witness_settle tries again.

   A session: is opened by the first fact of it that has a time (hello), and begins at the earliest time that any fact of it has said, be it of a
   call; it is moved there by witness_settle. Name and source are set when they are known; the main agent's row has the session's name until its type
   is known. */
struct witness_session_fact {
    struct slice name; /* as rows are called: "api-server ⎇ fix-auth" */
    const char
        *source; /* for people; static or interned by the caller for as long as the witness */
    double start_ms;
    double cost_usd; /* what it has cost so far; the greatest holds; 0: not said */
    int64_t pid;     /* of its process on this machine, the last that was said; 0: not said */
};
bool witness_session(struct witness *witness, const struct witness_place *place,
                     const struct witness_session_fact *fact);
/* Its process has ended well (its agents are done), or is gone without a word (they are gone, but those which had ended before); either way its open spans are
   closed, incomplete. Of several ends each counts, and one that is well outweighs. What *begins* in the session later than all of them
   (a call, an agent, the session itself) opens it again; what ends later does not: the last ends are written while it shuts down. `at_ms`: when. */
bool witness_session_end(struct witness *witness, const struct witness_place *place, double at_ms,
                         bool gone);
/* The number of the session; NO_SESSION: nothing that has a time was said of it. */
session_no witness_session_number(const struct witness *witness, struct slice session_id);

/* The agent `place->agent_id`. Agents that nobody has told of are there as soon as something is said of them, or of one whose parent they are; their parent
   is the main agent until it is known. A row has the type for a name, the id until that is known. Once `end_ms` is said the agent is done, unless
   something of it begins later; its open calls stay open.

   Of calls: where one witness names the agent and another does not, it is the agent's, whatever their ranks. */
struct witness_agent_fact {
    struct slice type, description, parent_id;
    double start_ms, end_ms;
};
bool witness_agent(struct witness *witness, const struct witness_place *place,
                   const struct witness_agent_fact *fact);

struct witness_tool_fact {
    struct slice name;
    struct slice args_json; /* a raw object */
    struct slice error;
    double start_ms, end_ms;
    enum tristate success;
};
bool witness_tool(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_tool_fact *fact);

/* Attempts are times at which one began; the first is the start, for who does not say start_ms. All those of the highest rank count, so two witnesses of
   one rank must give an attempt the same time. Set-up and retries are drawn where there are two or more; first token and sampling where
   ttft_ms is known: also when that comes after the end. A retry that is announced: error, retry_in_ms, `attempt` (the one that failed), seen while the request runs. */
struct witness_request_fact {
    struct slice model, query_source, message_id, error;
    double start_ms, end_ms;
    const double *attempt_ms; /* all that are known; joined with those that were, by value */
    size_t attempt_count;
    double ttft_ms; /* from the start of the last attempt */
    double prompt_tokens, output_tokens, cache_read_tokens, cache_creation_tokens;
    enum tristate success;
    double retry_attempt, retry_in_ms; /* with `error`, while it runs */
    double retry_said_ms;              /* when that was said; NAN or 0: at local_ns */
};
bool witness_request(struct witness *witness, const struct witness_place *place, struct slice id,
                     const struct witness_request_fact *fact);

/* Waiting for a person. `id` is that of the call that waits, or one of the caller's. */
struct witness_wait_fact {
    struct slice what, decision, source;
    double start_ms, end_ms;
};
bool witness_wait(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_wait_fact *fact);

/* A turn. */
struct witness_turn_fact {
    double start_ms, end_ms, prompt_length;
};
bool witness_turn(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_turn_fact *fact);

/* After a batch of facts: what had to be corrected is derived anew. */
bool witness_settle(struct witness *witness);

#endif
