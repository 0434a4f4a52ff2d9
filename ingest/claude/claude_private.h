/* Shared by the files that read a transcript: claude_transcript.c (its lines), claude_name.c,
   claude_prompts.c, claude_requests.c and claude_tools.c. */
#ifndef INGEST_CLAUDE_PRIVATE_H
#define INGEST_CLAUDE_PRIVATE_H

#include "ingest/claude/claude_line.h"
#include "ingest/claude/claude_request_table.h"
#include "ingest/claude/claude_transcript.h"
#include "ingest/claude/claude_update.h"
#include "ingest/feed/lines.h"

/* A tool call without a result yet. */
struct claude_tool {
    intern_id id, name;
    intern_id message; /* the answer that asked for it */
    double start_ms;   /* when the answer had asked for it */
    bool is_agent;
    bool is_alone;    /* never runs beside another tool of its answer */
    bool is_question; /* it asks a person: its whole time is a wait */
    bool queued;      /* another tool of its answer has to end first; not sent yet */
    bool asked;       /* a person was asked about it */
    /* Its input, where it is queued or --content was given; owned; else NULL. */
    char *args;
    size_t args_len;
};

struct claude_interaction {
    intern_id id; /* INTERN_NONE: none */
    double start_ms, last_ms, prompt_length;
    bool open;
};

struct claude_transcript {
    const struct mem *mem;
    struct claude_transcript_options options;
    struct strbuf where, name, scratch;
    struct lines lines;
    struct intern *texts; /* ids, models */
    double first_ms, last_ms;
    double before_ms; /* of the newest prompt or result: a request follows one */
    uint64_t unknown;
    intern_id unknown_type; /* the first */
    bool failed;            /* out of memory */
    bool is_named;          /* the name is complete */
    bool is_announced, has_requests, has_ended;
    intern_id session_id, agent_id; /* agent_id INTERN_NONE: the main one */

    struct claude_interaction prompt; /* not followed by a request yet */
    struct claude_interaction interaction;
    struct claude_request_table requests;
    size_t first_changed;      /* no request before it has changed since its last update */
    struct claude_tool *tools; /* open ones */
    size_t tool_count, tool_cap;
    struct u64map done; /* ids of tools that have a result */
    intern_id asked;    /* the tool that a person is asked about now */
};

struct slice claude_transcript_text(const struct claude_transcript *t, intern_id id);
/* Returns INTERN_NONE for an empty text, or if out of memory, which sets `failed`. */
intern_id claude_transcript_put(struct claude_transcript *t, struct slice text);
/* Returns an update of its session or agent, without fields. */
struct update claude_transcript_update(const struct claude_transcript *t, enum update_op op);
/* Returns an update of a call of the transcript's agent. Announces the session or the agent first.
   */
struct update claude_transcript_call(struct claude_transcript *t, enum call_kind kind,
                                     struct slice id);
/* Sends an update; lack of memory sets `failed`. */
void claude_transcript_send(struct claude_transcript *t, const struct update *update);
/* claude_name.c */
/* Announces the session or the agent. */
void claude_name_announce(struct claude_transcript *t);
/* Takes the directory and the branch of a line. */
void claude_name_take(struct claude_transcript *t, const struct claude_line *line);

/* claude_prompts.c */
void claude_prompts_take_user(struct claude_transcript *t, const struct claude_line *line);
void claude_prompts_take_system(struct claude_transcript *t, const struct claude_line *line);
/* The interaction lasts until the line at least. */
void claude_prompts_extend(struct claude_transcript *t, const struct claude_line *line);
/* Ends the interaction; a later line may move the end. */
void claude_transcript_end_interaction(struct claude_transcript *t, double at_ms);
/* Begins the last prompt's interaction: a request has followed it. */
void claude_transcript_begin_interaction(struct claude_transcript *t);

/* claude_requests.c */
void claude_requests_take_attempt(struct claude_transcript *t, const struct claude_line *line);
void claude_requests_take_answer(struct claude_transcript *t, const struct claude_line *line);
void claude_requests_take_retry(struct claude_transcript *t, const struct claude_line *line);
/* Ends open requests with an error (NULL: they were interrupted). Requests with an attempt after
   `at_ms` stay open. */
void claude_requests_end(struct claude_transcript *t, double at_ms, const char *error);
/* The last answer was interrupted if it was not complete. */
void claude_requests_cut(struct claude_transcript *t);
/* Sends the answers that changed: each block of an answer is a line of its own. */
void claude_requests_flush(struct claude_transcript *t);

/* claude_tools.c */
void claude_tools_release(struct claude_transcript *t);
/* Ends the open tools that were called by `at_ms`: nothing reports an end of theirs. A result that
   comes after all replaces it. */
void claude_tools_end(struct claude_transcript *t, double at_ms, enum outcome outcome);
/* Takes a block of the answer `message` (its id). */
void claude_tools_take_call(struct claude_transcript *t, struct json_value block, intern_id message,
                            double at_ms);
void claude_tools_take_result(struct claude_transcript *t, const struct claude_line *line,
                              struct json_value block);

#endif
