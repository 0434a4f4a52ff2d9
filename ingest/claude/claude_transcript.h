/* Turns a transcript of Claude Code (SESSION.jsonl, subagents/agent-ID.jsonl) into updates, line by
   line. The model is the same for any pieces of the bytes, and if a transcript is read twice.

   Formats drift, and lines have no strict order: unknown types are counted and ignored. */
#ifndef INGEST_CLAUDE_TRANSCRIPT_H
#define INGEST_CLAUDE_TRANSCRIPT_H

#include "ingest/ingest_ctx.h"

struct claude_transcript;

struct claude_transcript_options {
    struct source_counters *counters; /* borrowed; its context has the correlator */
    const char *where;                /* for rejects; copied */
    const char *source;               /* for people; borrowed */
    struct slice session_id,
        agent_id; /* copied; agent_id.bytes NULL: the session's own transcript */
    size_t max_line_bytes;
    bool content; /* tools' inputs and results are kept whole */
    /* Returns whether a transcript of the session exists, of which a line may be a copy. NULL: no
       other is known. */
    bool (*exists)(void *ctx, struct slice session_id);
    void *ctx;
};

/* Returns new; NULL: out of memory. */
struct claude_transcript *claude_transcript_new(const struct claude_transcript_options *options);
void claude_transcript_free(struct claude_transcript *transcript);
/* Sets the session's name, optionally followed by its branch. Without a call the name is the
   directory and the branch. Call it before the first bytes. */
void claude_transcript_set_name(struct claude_transcript *transcript, struct slice name,
                                bool with_branch);
/* Returns true if all that it has so far was copied from other transcripts. */
bool claude_transcript_is_copy(const struct claude_transcript *transcript);
/* Returns true if claude_transcript_started may find an agent. */
bool claude_transcript_has_started(const struct claude_transcript *transcript);
/* Returns true if a call in it started the agent, with the agent's type and description (borrowed)
   and its end (NAN: unknown): agents of old clients have no other record of these. */
bool claude_transcript_started(const struct claude_transcript *transcript, struct slice agent_id,
                               struct slice *type, struct slice *description, double *end_ms);
/* Returns true once an update announced the session or agent. */
bool claude_transcript_is_announced(const struct claude_transcript *transcript);
/* Takes the next bytes. Returns false if out of memory, as finish and idle do. */
bool claude_transcript_push(struct claude_transcript *transcript, const char *bytes, size_t len);
/* Ends the file: its last line may have no newline. */
bool claude_transcript_finish(struct claude_transcript *transcript);
/* Sends what the last answers have so far as final: nothing may come that completes them. Returns
   false if out of memory. */
bool claude_transcript_settle(struct claude_transcript *transcript);

/* Returns the last time of the lines so far; NAN: none. */
double claude_transcript_last_ms(const struct claude_transcript *transcript);
/* Returns true if the client reported its end (cost-state) and nothing has begun since. */
bool claude_transcript_has_ended(const struct claude_transcript *transcript);
/* Returns true while an interaction, a request or a tool is open, tasks in the background apart. */
bool claude_transcript_is_busy(const struct claude_transcript *transcript);
/* The client reports that it is idle: ends requests, tools and the interaction that began before
   `at_ms`. */
bool claude_transcript_idle(struct claude_transcript *transcript, double at_ms);
/* The client has ended, so commands that were killed and that nothing followed were stopped by it.
   */
bool claude_transcript_stop(struct claude_transcript *transcript);
/* Returns when the tool was stopped, by a person or since its agent stopped; NAN: it was not. */
double claude_transcript_stopped_ms(const struct claude_transcript *transcript,
                                    struct slice tool_id);
/* Returns the number of lines with an unknown type. If there are any, *type is the first of these
   types, borrowed (bytes NULL: it had no name). */
uint64_t claude_transcript_unknown(const struct claude_transcript *transcript, struct slice *type);

/* Begins a wait for a person at `at_ms`. It holds up the first open call that no wait was for;
   calls of sub-agents need no permission. Returns false, and sends nothing, if no call is open. */
bool claude_transcript_wait(struct claude_transcript *transcript, double at_ms, struct slice what);
/* Ends that wait. */
void claude_transcript_waited(struct claude_transcript *transcript, double at_ms);

#endif
