/* Changes of the model: its sessions, its events, and what is known of open spans. Records change
   by record.h. Readers include swarm.h alone; .ci/check-layers has the list.

   Every function that returns bool returns false if out of memory. The model is then still
   valid, but the addition may be missing. */
#ifndef CORE_SWARM_EDIT_H
#define CORE_SWARM_EDIT_H

#include "core/model/swarm.h"

/* ---- sessions ---- */

struct session_info {
    const char *id; /* WTF-8 */
    size_t id_len;
    const char *source; /* for people: "unix:/run/…", a file's path */
    enum swarm_pool pool;
    uint32_t document;
    bool agents; /* has agents (operations); else found out from the events */
    bool has_start;
    bool forgettable; /* under a cap, once it is idle: its number may then become another's */
    int64_t start_ns;
};

bool swarm_open_session(struct swarm *swarm, const struct session_info *info, session_no *out);
/* Returns the session of that id in the live pool. One that is new is held: it has its number, and
   counts as dropped until swarm_open_session opens it. NO_SESSION: out of memory. */
session_no swarm_hold_session(struct swarm *swarm, intern_id id);
/* To set name, source, flags, clock, start, origin, extras; the caller then calls swarm_touch. */
struct session *swarm_session_edit(struct swarm *swarm, session_no session);
void swarm_touch(struct swarm *swarm);
/* Returns a number for a new document (session_info.document). */
uint32_t swarm_new_document(struct swarm *swarm);
/* Forgets the sessions of a document with all their events. */
bool swarm_drop_document(struct swarm *swarm, uint32_t document);
/* Hides a session that turned out to be another session, and its agents. It stays if it has events
   or open spans. */
void swarm_hide_session(struct swarm *swarm, session_no session);
/* The agent is no longer a row: its calls are on another's. It stays if it has events. */
void swarm_hide_agent(struct swarm *swarm, agent_no agent);
/* Whether the session is kept when it is idle (session_info.forgettable). */
void swarm_keep_session(struct swarm *swarm, session_no session, bool keep);
/* Counts one thing that the caller forgets. */
void swarm_note_forgotten(struct swarm *swarm, enum forgotten_kind kind);
/* Under a cap, frees hidden sessions, if they are many. The model shows all records as they are
   now: no span is on a row of such a session. */
void swarm_forget_hidden(struct swarm *swarm);
/* Drops the oldest events if the live pool has reached its cap. */
bool swarm_check_cap(struct swarm *swarm);
/* Sets the session's clock to `t_ns`, which arrived at `local_ns`, if that is later. */
void swarm_set_clock(struct swarm *swarm, session_no session, int64_t t_ns, int64_t local_ns);
/* Marks the session as one with times of this machine's wall clock, which shows `wall_ns` at
   `local_ns`. The wall clock may be set while the local one just runs. */
void swarm_set_wall(struct swarm *swarm, session_no session, int64_t wall_ns, int64_t local_ns);

/* ---- names ---- */

/* Under a cap, removes names that nobody holds, when there are many more than the last time. Their
   numbers become others'. Call it where no name is held but by holders. */
void swarm_forget_names(struct swarm *swarm);
/* A holder keeps names (intern_id of swarm_names) between calls, and marks them when it is asked.
   False: out of memory. */
struct name_marks;
typedef void name_holder(void *ctx, struct name_marks *marks);
bool swarm_add_name_holder(struct swarm *swarm, name_holder *mark, void *ctx);
void swarm_remove_name_holder(struct swarm *swarm, const void *ctx);
void name_marks_add(struct name_marks *marks, intern_id name);
/* Marks the low halves of the keys. */
struct u64map;
void name_marks_add_keys(struct name_marks *marks, const struct u64map *map);

/* ---- adding events ---- */

/* Returns the track of the raw pid and tid (JSON values; type JSON_TYPE_NONE: absent). NO_TRACK:
   out of memory. */
track_no swarm_track(struct swarm *swarm, session_no session, struct json_value pid,
                     struct json_value tid);
/* An owner of an open span will append its end to the track, or will not any more. Until then a cap
   forgets neither the track nor its session, whatever became of the span in the model. */
void swarm_hold_track(struct swarm *swarm, track_no track);
void swarm_let_go_track(struct swarm *swarm, track_no track);
/* Appends a copy of the event, derives what follows, and drops the oldest half if the cap is
   reached. Sets *event_number (may be NULL) to its number in the store; 0 for metadata events,
   which have stores of their own. */
bool swarm_append(struct swarm *swarm, const struct event *event, uint64_t *event_number);
/* Appends the events of a segment in order and takes ownership of it. The segment was made with
   the swarm's memory. Its names and tracks are its maker's numbers from 1; `names` and `tracks`
   map them to the model's ([0]: none). All tracks belong to sessions of the pool. */
bool swarm_append_segment_take(struct swarm *swarm, enum swarm_pool pool,
                               struct event_segment *segment, const intern_id *names,
                               const track_no *tracks);
/* Appends a raw event to the session, unless raw_event_is_added. */
bool swarm_append_raw(struct swarm *swarm, session_no session, const struct raw_event *raw);
/* Marks the session as one of agents. If it has events already, call swarm_rederive_document. */
bool swarm_set_agents(struct swarm *swarm, session_no session);
/* Marks the session as one whose rows are threads. If it has events already, the same. */
void swarm_set_threads(struct swarm *swarm, session_no session);
/* Makes the lanes of threads again whose spans came in another order than that of their begins
   (leaves before what encloses them), so that each span lies below those that enclose it. Call it
   before a query, after events came. False: out of memory. */
bool swarm_arrange(struct swarm *swarm);
/* Sets the identity of a process's agent, before or after the metadata events of the process. */
struct agent_identity {
    int64_t pid;
    const char *agent_id, *parent_id, *name, *description; /* NULL: not reported */
    size_t agent_id_len, parent_id_len, name_len, description_len;
    bool main;
};
bool swarm_identify(struct swarm *swarm, session_no session, const struct agent_identity *who);
/* Makes the process of the tracks an agent without metadata events: the document prints those.
   `process_track` is the track of the process's own events. */
bool swarm_print_agent(struct swarm *swarm, track_no track, track_no process_track, intern_id name);
/* Returns the agent of the track, new if necessary. NO_AGENT: out of memory. */
agent_no swarm_track_agent(struct swarm *swarm, track_no track);
/* Sets and clears flags of the agent of a process. */
void swarm_flag_agent(struct swarm *swarm, session_no session, int64_t pid, uint16_t set,
                      uint16_t clear);
/* Moves a process to another session of the same document. A document of several sessions has
   the owners of its processes at its end. An unknown process is made in the other session. Sets
   *moved if anything moved: call swarm_rederive_document after the last move. */
bool swarm_move_process(struct swarm *swarm, session_no from, int64_t pid, session_no to,
                        bool *moved);
/* Moves the metadata events of moved processes to their sessions. swarm_rederive_document does
   so too. */
bool swarm_commit_moves(struct swarm *swarm, uint32_t document);
bool swarm_has_process(const struct swarm *swarm, session_no session, int64_t pid);
/* Derives the document's sessions again, after swarm_move_process and its like. */
bool swarm_rederive_document(struct swarm *swarm, uint32_t document);
/* Sets the time of ts 0 of an opened document's session. Sets *moved if that changes anything:
   call swarm_rederive_document then. */
void swarm_set_origin(struct swarm *swarm, session_no session, int64_t origin_ns, bool *moved);
/* Folds the lanes of a swarmtop document: events of extra lanes return to their agent's thread. The
   lane's thread_name has that thread in `lane_of`; in a document of version 1 (`by_name`) a thread
   `NAME · n` returns to NAME. Sets *folded if any did: call swarm_rederive_document then. Sessions
   with SESSION_FOLDS fold new threads as they come. */
bool swarm_fold_lanes(struct swarm *swarm, uint32_t document, bool by_name, bool *folded);
/* Returns whether events of the document came out of order, so that spans are paired wrongly: call
   swarm_rederive_document then. */
bool swarm_is_late(const struct swarm *swarm, uint32_t document);
/* Derives a pool again, from its events and records. */
bool swarm_rederive(struct swarm *swarm, enum swarm_pool pool);

/* Drops the pool's events that lie wholly outside [from, to], both events of a span together.
   Clocks of sessions go back to the last event left. Unless `last` is set, open spans stay,
   since more events come. Renumbers events: not for sessions that a tracer still writes to. */
bool swarm_keep_range(struct swarm *swarm, enum swarm_pool pool, int64_t from_ns, int64_t to_ns,
                      bool last);
/* Sets the number of the agent's interactions before that part (agent.earlier_turns). */
void swarm_set_earlier_turns(struct swarm *swarm, agent_no agent, uint64_t count);

/* Derives lanes again, so that they equal those of the re-opened document. They may differ after
   the end of a span whose begin was dropped. Only correlator_close calls this, so rows do not
   move on the screen. */
bool swarm_relane(struct swarm *swarm);

/* ---- open spans; appends nothing ---- */

/* Returns the progress of the open request with that begin event of the live pool, new if
   necessary. NULL: out of memory. */
struct request_progress *request_progress_edit(struct swarm *swarm, uint64_t begin_no);
void request_progress_drop(struct swarm *swarm, uint64_t begin_no);
/* Marks an open span that the stale sweep is about to close in the trace (its E with `evicted`
   comes next). It stays in flight on the screen, marked stale, until its owner ends it. */
bool swept_open_mark(struct swarm *swarm, uint64_t begin_no);
/* Ends a swept span for its owner. INT64_MIN: the owner will not, and the trace's end holds. */
void swept_open_end(struct swarm *swarm, uint64_t begin_no, int64_t end_ns);

/* Continues a model whose cap had so many events to count here, and had dropped so many: drops all
   of the pool, and counts `events` as the oldest ones, which the cap drops first. False: out of
   memory. */
bool swarm_resume_cap(struct swarm *swarm, enum swarm_pool pool, uint64_t events, uint64_t dropped);

#endif
