/* Agents that are seen from several sides: what files, hooks and telemetry say of one call is joined here by its id, and made one span. What is known
   first opens the span; what is said more exactly later corrects it. Whatever order the witnesses come in, and however often one repeats itself, the
   model is the same in the end.

   A fact has fields that may be unsaid (times and numbers NAN, texts with bytes NULL, enum tristate UNSAID). Of each field the word of the
   witness with the higher rank holds; between equal ranks the smaller start, the greater end, the greater number, the longer text. A start or an end that nobody has
   said is not there yet; a call whose end is known alone waits for its start.

   It makes tracer operations of them, each with its own time, which may lie before what is already drawn. Where something that was already appended turns out to be
   otherwise, the events are amended in place; witness_settle then has the model derived anew, so call it once a turn, not after every fact.

   Times are ms since the Unix epoch. Texts are WTF-8, borrowed for the call. */
#ifndef CORE_WITNESS_H
#define CORE_WITNESS_H

#include "core/tracer.h"

struct witness;

/* Who says it; a later one knows times better. */
enum witness_rank { WITNESS_FILES, WITNESS_HOOKS, WITNESS_TELEMETRY };

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

/* All below: false is out of memory; what was said so far stays.

   A session: is opened by the first fact of it (hello), with this name and source where they are known by then, else they are set later. */
struct witness_session_fact {
    struct slice name; /* as rows are called: "api-server ⎇ fix-auth" */
    const char
        *source; /* for people; static or interned by the caller for as long as the witness */
    double start_ms;
};
bool witness_session(struct witness *witness, const struct witness_place *place,
                     const struct witness_session_fact *fact);
/* Its process has ended well (open spans are closed, incomplete), or is gone without a word (SESSION_… flags: the row says gone). What comes of the
   session afterwards, with a later time, opens it again. `at_ms`: when. */
bool witness_session_end(struct witness *witness, const struct witness_place *place, double at_ms,
                         bool gone);
/* The number of the session; NO_SESSION: nothing was said of it. */
session_no witness_session_number(const struct witness *witness, struct slice session_id);

/* The agent `place->agent_id`. Agents that nobody has told of are there as soon as something is said of them; their parent is the main agent until
   it is known. */
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

/* Attempts are times at which one began; the first is the start. A retry that is announced: error, retry_in_ms, `attempt` (the one that failed), seen while the request runs. */
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
