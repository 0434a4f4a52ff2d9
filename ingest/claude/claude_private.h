/* What the files of a transcript's reader share: claude_transcript.c (lines, the session, its turns), claude_answer.c (requests) and claude_tools.c. */
#ifndef INGEST_CLAUDE_PRIVATE_H
#define INGEST_CLAUDE_PRIVATE_H

#include "ingest/claude/claude_calls.h"
#include "ingest/claude/claude_line.h"
#include "ingest/claude/claude_transcript.h"
#include "ingest/claude/claude_update.h"
#include "ingest/feed/lines.h"

/* A tool that was called and has no result yet. */
struct claude_tool {
    intern_id id;
    double start_ms;
    bool is_agent;
    bool asked; /* a person was asked about it */
    char *args; /* with --content: what was kept of its input, `args_len` bytes; else NULL */
    size_t args_len;
};

struct claude_turn {
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
    double before_ms; /* the newest line that a request could follow from: a prompt, a result */
    uint64_t unknown;
    intern_id unknown_type; /* the first */
    bool failed;            /* out of memory */
    bool is_named;          /* nothing is to be added to the name */
    bool is_told, has_requests, has_ended;
    intern_id session_id, agent_id; /* agent_id INTERN_NONE: the main one */

    struct claude_turn prompt; /* that no request has followed yet */
    struct claude_turn turn;
    struct claude_calls calls;
    size_t first_changed;      /* calls before it have been said as they are */
    struct claude_tool *tools; /* open ones */
    size_t tool_count, tool_cap;
    struct u64map done; /* ids of tools that have a result */
    intern_id asked;    /* about which a person is asked now */
};

struct slice claude_transcript_text(const struct claude_transcript *t, intern_id id);
/* INTERN_NONE: it has no text; or out of memory, which `failed` says. */
intern_id claude_transcript_put(struct claude_transcript *t, struct slice text);
/* An update of a call of the transcript's agent; announces the session or the agent first. */
struct update claude_transcript_call(struct claude_transcript *t, enum call_kind kind,
                                     struct slice id);
/* Sends an update; lack of memory sets `failed`. */
void claude_transcript_send(struct claude_transcript *t, const struct update *update);
/* The interaction ended then, as far as is known. */
void claude_transcript_end_turn(struct claude_transcript *t, double at_ms);
/* A request shows that the last prompt was one. */
void claude_transcript_begin_turn(struct claude_transcript *t);

/* claude_answer.c */
void claude_take_attempt(struct claude_transcript *t, const struct claude_line *line);
void claude_take_answer(struct claude_transcript *t, const struct claude_line *line);
void claude_take_retry(struct claude_transcript *t, const struct claude_line *line);
/* Requests that are open have ended at that time, for that reason. Attempts that began later are not meant. */
void claude_end_requests(struct claude_transcript *t, double at_ms, const char *error);
/* Says what has changed: the blocks of an answer come in lines of their own. */
void claude_flush_answers(struct claude_transcript *t);

/* claude_tools.c */
void claude_release_tools(struct claude_transcript *t);
void claude_take_tool(struct claude_transcript *t, struct json_value block, double at_ms);
void claude_take_result(struct claude_transcript *t, const struct claude_line *line,
                        struct json_value block);

#endif
