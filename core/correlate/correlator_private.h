/* The parts of the correlator, shared by the .c files of core/correlate. */
#ifndef CORE_CORRELATE_CORRELATOR_PRIVATE_H
#define CORE_CORRELATE_CORRELATOR_PRIVATE_H

#include "core/correlate/correlator.h"
#include "core/model/swarm_edit.h"

#define NO_KEY UINT32_MAX

/* One id of one call. */
struct call_key {
    uint64_t hash;
    char *id; /* owned */
    size_t len;
    session_no session;
    record_no record;     /* NO_RECORD: the key is free */
    uint32_t same_hash;   /* the next of that hash; of a free key: the next free one */
    uint32_t same_record; /* the next id of the record */
};

/* An id of a session, and another id of the same one. */
struct session_alias {
    intern_id id, of;
    uint64_t last_use;
    bool is_agent; /* the session `id` is no more than the agent of that id in `of` */
};

struct alias_table {
    const struct mem *mem;
    struct session_alias *items;
    size_t count, cap;
    struct u64map by_id; /* the index of the id */
    uint64_t uses;
    bool has_agents; /* one of them is an agent */
};

/* The sum over the calls below a run. */
struct usage_sum {
    double tokens[RECORD_CLAIM]; /* that runs among them count */
    int calls, levels;
};

enum claim_state { CLAIM_UNKNOWN, CLAIM_COUNTS, CLAIM_NOTHING };

/* A run whose claim the next flush works out. */
struct usage_claim {
    record_no record;
    enum claim_state state; /* while a flush works the list out */
    struct usage_sum sum;   /* CLAIM_COUNTS: with what the run counts itself */
};

struct usage_list {
    struct usage_claim *claims;
    size_t count, cap;
    uint64_t work; /* calls that were looked at, ever */
};

struct correlator {
    struct swarm *swarm;
    struct tracer *tracer;
    const struct mem *mem;
    struct alias_table aliases;
    struct call_key *keys;
    size_t key_count, key_cap;
    uint32_t free_key;
    struct u64map key_by_hash;
    record_no *queue; /* records that the model does not show as they are known */
    size_t queue_count, queue_cap;
    session_no *changed; /* sessions that the model may not show as they are known */
    size_t changed_count, changed_cap;
    bool all_changed; /* any session may be one of those */
    bool claims;      /* a run of an agent claimed tokens */
    struct usage_list usage;
    uint64_t forget_passes; /* of the model, as far as the correlator has followed them */
};

/* ---- correlator.c ---- */

/* The next flush looks at the session. */
void correlator_mark(struct correlator *correlator, struct registry_session *session);

/* Joins one value, as known from the update. */
enum fact_result correlator_merge(struct correlator *correlator, struct facts *facts,
                                  const struct update *update, enum update_field field,
                                  const union update_value *value);
/* Joins all fields of the update but those of the bits `apart`. FACT_NO_MEMORY: not all. */
enum fact_result correlator_merge_fields(struct correlator *correlator, struct facts *facts,
                                         const struct update *update, uint64_t apart);

/* ---- correlator_session.c ---- */

/* Returns the session of that id or alias, held by the model if it is new. NULL: out of memory. */
struct registry_session *correlator_session_find(struct correlator *correlator,
                                                 struct slice session_id);
bool correlator_session_update(struct correlator *correlator, const struct update *update);
/* Something began and ended at these times (NAN: unknown). False: out of memory. */
bool correlator_session_note_times(struct correlator *correlator, struct registry_session *session,
                                   const struct update *update, double start_ms, double end_ms);
/* Returns what the session is called now; bytes NULL: unknown. Borrowed until its facts change. */
struct slice correlator_session_title(const struct registry_session *session);
/* Has the model show the session's names, flags and agents as they are known. */
bool correlator_session_describe(struct correlator *correlator, struct registry_session *session);
/* Whether the session's process is known to live: nothing of it is swept. */
bool correlator_session_lives(const struct registry_session *session);
/* The earliest end of the session at or after that time; NAN: none. */
double correlator_session_over(const struct registry_session *session, double start_ms);
/* Adds an end of the session. Ends are kept by time; one that is reported twice is one. */
bool correlator_session_add_end(struct correlator *correlator, struct registry_session *session,
                                double at_ms, enum outcome outcome);

/* Returns the session of that id, if updates report it. NULL: none. */
struct registry_session *correlator_session_reported(const struct correlator *correlator,
                                                     intern_id id);

/* ---- correlator_alias.c ---- */

void correlator_aliases_init(struct alias_table *table, const struct mem *mem);
void correlator_aliases_release(struct alias_table *table);
void correlator_aliases_mark_names(const struct alias_table *table, struct name_marks *marks);
/* Returns the id of the session that the id is an alias of, else the id. */
intern_id correlator_session_id(const struct correlator *correlator, intern_id id);
/* The same for an update, which makes the alias the newest. */
intern_id correlator_alias_use(struct correlator *correlator, intern_id id);
/* The id is one of the session `of`, whatever it led to. False: out of memory. */
bool correlator_alias_put(struct correlator *correlator, intern_id id, intern_id of, bool is_agent);
/* Whether the id is one of the session `of`, and of no agent in it. */
bool correlator_alias_is_session(const struct correlator *correlator, intern_id id, intern_id of);
/* Returns the id of the agent that the session `id` is, and in *session the id of that agent's
   session. INTERN_NONE: it is no agent. */
intern_id correlator_alias_agent(const struct correlator *correlator, intern_id id,
                                 intern_id *session);
/* The id leads to that agent of the session. False: out of memory. */
bool correlator_alias_put_agent(struct correlator *correlator, struct registry_session *session,
                                const struct registered *agent, intern_id id);
/* Forgets aliases of sessions that the model has forgotten. */
void correlator_aliases_follow(struct correlator *correlator);

/* ---- correlator_forget.c ---- */

/* Forgets what the model has forgotten, before any of its numbers is used. */
void correlator_forget(struct correlator *correlator);

/* ---- correlator_join.c ---- */

/* The sessions are one: ends, names, agents and calls of `from` become those of `to`. False: out of
   memory; the same call completes it later. */
bool correlator_join_sessions(struct correlator *correlator, struct registry_session *from,
                              struct registry_session *to);
/* The session `from` is an agent of `to`, of that id: its calls and its name are the agent's. False
   as above. */
bool correlator_join_as_agent(struct correlator *correlator, struct registry_session *from,
                              struct registry_session *to, struct slice agent_id);
/* The session `id` is one with the session that is the agent `agent` of `session`. False: out of
   memory. */
bool correlator_join_agent_id(struct correlator *correlator, struct registry_session *session,
                              intern_id agent, intern_id id);

/* ---- correlator_agent.c ---- */

/* Returns the agent, new if necessary. NULL: out of memory. */
struct registered *correlator_agent_find(struct correlator *correlator,
                                         struct registry_session *session, struct slice agent_id);
/* Whether the id is one of the session's: then it is the main agent's. */
bool correlator_agent_is_session(const struct correlator *correlator,
                                 const struct registry_session *session, struct slice id);
/* Merges the facts of the agent `from`, of the same session or of one that is joined, into those of
   `to`, which has that id: its names alone if the id is that of a run of it. False: out of
   memory. */
bool correlator_agent_unite(struct correlator *correlator, struct registry_session *session,
                            struct registered *to, const struct registered *from, struct slice id);
/* The agent of that id turned out to be `to`: its calls are on that row, its own goes. */
bool correlator_agent_join(struct correlator *correlator, struct registry_session *session,
                           struct registered *to, intern_id alias);
/* All that the session has under other ids of the session that is that agent are the agent's. */
bool correlator_agent_join_ids(struct correlator *correlator, struct registry_session *session,
                               intern_id agent);
bool correlator_agent_update(struct correlator *correlator, const struct update *update);
/* Merges a name of the agent. False: out of memory. */
bool correlator_agent_name(struct correlator *correlator, struct registry_session *session,
                           struct slice agent_id, const struct fact *name);
bool correlator_agent_describe(struct correlator *correlator, struct registry_session *session,
                               struct registered *agent);
/* Something of the agent began then. */
void correlator_agent_note_start(struct correlator *correlator, struct registry_session *session,
                                 struct registered *agent, double start_ms);
/* Returns its row in the model. NO_AGENT: out of memory. */
agent_no correlator_agent_row(struct correlator *correlator, const struct registry_session *session,
                              struct registered *agent);
void correlator_agent_flag_all(struct correlator *correlator, struct registry_session *session);

/* ---- correlator_index.c ---- */

/* The record of that id; NO_RECORD: none. */
record_no correlator_index_find(const struct correlator *correlator, session_no session,
                                struct slice id);
/* Gives the record one more id. False: out of memory. */
bool correlator_index_add(struct correlator *correlator, record_no record, session_no session,
                          struct slice id);
/* Makes the key, one of the record's, one of another session. False: out of memory. */
bool correlator_index_move(struct correlator *correlator, uint32_t key, session_no session);
void correlator_index_remove(struct correlator *correlator, record_no record);
/* How many ids the record has. */
unsigned correlator_index_count(const struct correlator *correlator, const struct record *record);

/* ---- correlator_list.c ---- */

void correlator_list_put(struct swarm *swarm, enum record_list list, record_no *first,
                         record_no record);
void correlator_list_take(struct swarm *swarm, enum record_list list, record_no *first,
                          record_no record);
/* Puts the record on its session's list of calls, takes it off. */
void correlator_call_own(struct correlator *correlator, record_no record);
void correlator_call_disown(struct correlator *correlator, record_no record);
/* Puts the record on its session's list of calls without a known end, or takes it off. */
void correlator_call_link(struct correlator *correlator, record_no record);
void correlator_call_unlink(struct correlator *correlator, record_no record);

/* ---- correlator_call.c ---- */

bool correlator_call_update(struct correlator *correlator, const struct update *update);
/* The model shows the record at the next flush. False: out of memory. */
bool correlator_call_queue(struct correlator *correlator, record_no record);
/* Two records are one call: joins them. Returns the one that is left; NO_RECORD: out of memory. */
record_no correlator_call_unite(struct correlator *correlator, record_no a, record_no b);
void correlator_call_drop(struct correlator *correlator, record_no record);

/* ---- correlator_usage.c ---- */

/* The call got tokens, another kind or another place: how much it and the runs above it claim is
   worked out again. False: out of memory. */
bool correlator_usage_note(struct correlator *correlator, record_no record);
/* Works out which of the tokens that they claim the noted runs count, and queues those that count
   others now. False: out of memory; the next flush does it. */
bool correlator_usage_flush(struct correlator *correlator);

/* ---- correlator_show.c ---- */

/* Works out the record's start, end, state and agent, and has the model show it. */
bool correlator_show_call(struct correlator *correlator, record_no record);
/* Looks again at how the session's calls without a known end may end. */
bool correlator_show_recheck(struct correlator *correlator, struct registry_session *session);

#endif
