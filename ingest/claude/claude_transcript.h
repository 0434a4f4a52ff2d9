/* A transcript of Claude Code (SESSION.jsonl, subagents/agent-ID.jsonl), line by line, to facts for the witness. Given the same bytes in any
   pieces the facts are the same, and so they are when it is read twice.

   Formats drift, and lines are written in no strict order: what is not known is counted and left alone.
   The format: tests/data/README.md. */
#ifndef INGEST_CLAUDE_TRANSCRIPT_H
#define INGEST_CLAUDE_TRANSCRIPT_H

#include "ingest/ingest_ctx.h"

struct claude_transcript;

struct claude_transcript_options {
    struct source_counters *counters; /* borrowed; its context has the correlator */
    const char *where;                /* for rejects; copied */
    const char *source;               /* for people; borrowed, as correlator.h says */
    struct slice session_id,
        agent_id; /* copied; agent_id.bytes NULL: the session's own transcript */
    size_t max_line_bytes;
    bool content; /* tools' inputs and results are kept whole */
};

/* Returns new; NULL: out of memory. */
struct claude_transcript *claude_transcript_new(const struct claude_transcript_options *options);
void claude_transcript_free(struct claude_transcript *transcript);
/* How the session's row is called, with its branch behind that or without; else by the transcript's directory and branch. Before the first bytes. */
void claude_transcript_set_name(struct claude_transcript *transcript, struct slice name,
                                bool with_branch);
/* Whether the session (or agent) has been told of. */
bool claude_transcript_is_told(const struct claude_transcript *transcript);
/* The next bytes. False: out of memory. */
bool claude_transcript_push(struct claude_transcript *transcript, const char *bytes, size_t len);
/* No more will come: the last line may have no end. */
bool claude_transcript_finish(struct claude_transcript *transcript);

/* Of the lines so far; NAN: none had a time. */
double claude_transcript_last_ms(const struct claude_transcript *transcript);
/* Whether its client has said that it ends (cost-state), and nothing has begun since. */
bool claude_transcript_has_ended(const struct claude_transcript *transcript);
/* Whether a turn, a request or a tool has begun and not ended. */
bool claude_transcript_is_busy(const struct claude_transcript *transcript);
/* The client says that it waits for nothing any more: what is open, and began before that, has ended without a word. */
bool claude_transcript_idle(struct claude_transcript *transcript, double at_ms);
/* Lines of a type that is not known; where there are some, *type is the first of these types (bytes NULL: it had no name), borrowed. */
uint64_t claude_transcript_unknown(const struct claude_transcript *transcript, struct slice *type);

/* A person is asked, from then on. Of the calls that are open and for which nobody was asked yet it is about the one that began first; calls of
   sub-agents run without being asked for. False: there is none, nothing was said. */
bool claude_transcript_wait(struct claude_transcript *transcript, double at_ms, struct slice what);
/* The person has answered. */
void claude_transcript_waited(struct claude_transcript *transcript, double at_ms);

#endif
