/* Shared by the files that read a transcript: claude_transcript.c (its lines), claude_copies.c,
   claude_name.c, claude_prompts.c, claude_requests.c, claude_sidechains.c, claude_stops.c,
   claude_tasks.c, claude_tool_uses.c, claude_tools.c and claude_waits.c. */
#ifndef INGEST_CLAUDE_PRIVATE_H
#define INGEST_CLAUDE_PRIVATE_H

#include "ingest/claude/claude_line.h"
#include "ingest/claude/claude_request_table.h"
#include "ingest/claude/claude_transcript.h"
#include "ingest/client_wait.h"
#include "ingest/lines.h"

/* The origin of a session's title: the greater one holds. */
enum claude_title {
    CLAUDE_TITLE_NONE,
    CLAUDE_TITLE_BRANCH, /* the directory, and a branch that is not the first one */
    CLAUDE_TITLE_AI,
    CLAUDE_TITLE_AGENT,
    CLAUDE_TITLE_CUSTOM
};

/* A tool call without a result yet. */
struct claude_tool {
    intern_id id, name;
    uint32_t request; /* the answer that asked for it; CLAUDE_NO_REQUEST: unknown */
    double start_ms;  /* when the answer had asked for it */
    bool is_agent;
    bool is_alone;               /* never runs beside another tool of its answer */
    bool is_question;            /* it asks a person: its whole time is a wait */
    bool queued;                 /* another tool of its answer has to end first; not sent yet */
    bool by_server;              /* the API runs it: no person is asked about it */
    bool background;             /* it has a result, and runs until its task ends */
    bool asked;                  /* a person was asked about it */
    intern_id task;              /* of a call in the background */
    intern_id type, description; /* of an agent that it starts */
    double input_hash;           /* tool_args_hash */
    uint64_t prompt;             /* a digest of that agent's; 0: none */
    intern_id agent;             /* that agent, within this transcript; INTERN_NONE: unknown */
    /* Its input, where it is queued or --content was given; owned; else NULL. */
    char *args;
    size_t args_len;
};

/* One call by an id. Some gateways give each call the same id: such a call is one of several, and
   has a key of its own. */
struct claude_tool_use {
    intern_id key;           /* the id in updates */
    uint32_t request;        /* the answer with the call; CLAUDE_NO_REQUEST: unknown */
    double start_ms, end_ms; /* NAN: unknown */
    double stopped_ms;       /* when it was stopped; NAN: it was not */
    uint32_t number, before; /* from 1; the call before it by that id, UINT32_MAX: none */
};

/* An agent that a call of the transcript started, by the call's result. */
struct claude_started {
    intern_id agent, type, description;
    double end_ms; /* NAN: it runs on */
};

struct claude_interaction {
    intern_id id;     /* INTERN_NONE: none */
    intern_id prompt; /* with --content its text; else INTERN_NONE */
    double start_ms, last_ms, prompt_length;
    bool open;
};

/* An answer without a reference to its request: its lines follow each other, and have the same id
   or none. */
struct claude_answer {
    intern_id id;     /* INTERN_NONE: none */
    uint32_t request; /* CLAUDE_NO_REQUEST: no such answer yet */
    bool over;        /* a prompt followed */
    bool results;     /* a tool's result followed */
};

struct claude_transcript {
    const struct mem *mem;
    struct claude_transcript_options options;
    struct strbuf where, scratch;
    struct strbuf name;  /* directory and branch, or the registry's */
    size_t base_len;     /* of the name, without the branch */
    struct strbuf title; /* as it was sent last */
    enum claude_title title_rank;
    double title_ms;  /* when it became the title; later than all before it */
    intern_id cwd;    /* of the first line that has one */
    intern_id branch; /* of the last line that has one */
    struct lines lines;
    struct intern *texts; /* ids, models */
    double first_ms, last_ms;
    double before_ms;            /* of the newest prompt or result: a request follows one */
    struct claude_answer answer; /* the last without a reference to its request */
    bool repeats_ids;            /* an answer's id came back after a prompt */
    intern_id owner;             /* its number among owners of calls; INTERN_NONE: not asked yet */
    intern_id other_session;     /* the last that a line named */
    bool other_exists, copying, has_own; /* copying: the last line was a copy */
    uint64_t copies;
    uint64_t unknown;
    intern_id unknown_type; /* the first */
    bool failed;            /* out of memory */
    bool is_named;          /* the name is complete */
    bool has_own_name;      /* it is the user's, without directory and branch */
    bool is_announced, has_requests, has_ended;
    intern_id session_id, agent_id; /* agent_id INTERN_NONE: the main one */

    struct claude_interaction prompt; /* not followed by a request yet */
    struct claude_interaction interaction;
    struct claude_request_table requests;
    size_t first_changed;      /* no request before it has changed since its last update */
    uint32_t unsettled;        /* a request whose answer may change; CLAUDE_NO_REQUEST: none */
    struct claude_tool *tools; /* open ones */
    size_t tool_count, tool_cap;
    struct claude_transcript **chains; /* of sub-agents within it, owned */
    size_t chain_count, chain_cap;
    struct u64map chain_by_id; /* lines' and agents' ids */
    struct claude_started *started;
    size_t started_count, started_cap;
    struct claude_tool_use *uses; /* of tools' ids */
    size_t use_count, use_cap;
    struct u64map use_by_id; /* the newest by each id */
    intern_id asked;         /* the tool that a person is asked about now */
    intern_id *killed;       /* tools that a signal ended, and nothing has followed */
    size_t killed_count, killed_cap;
    double killed_ms; /* the last one's end */
    bool is_ending;   /* the client has written what it cost, and nothing has followed */
};

struct slice claude_transcript_text(const struct claude_transcript *t, intern_id id);
/* Returns INTERN_NONE for an empty text, or if out of memory, which sets `failed`. */
intern_id claude_transcript_put(struct claude_transcript *t, struct slice text);
/* Returns the number of an id of any length; INTERN_NONE: absent. */
intern_id claude_transcript_put_id(struct claude_transcript *t, struct json_value id);
/* Takes a line that is parsed. */
void claude_transcript_take(struct claude_transcript *t, const struct claude_line *line);
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
/* Takes a title that the client or its user gave the session. */
void claude_name_take_title(struct claude_transcript *t, const struct claude_line *line);

/* claude_copies.c */
/* Returns whether the line is a copy of another transcript's, and claims it if it is not. */
bool claude_copies_take(struct claude_transcript *t, const struct claude_line *line);

/* claude_prompts.c */
void claude_prompts_take_user(struct claude_transcript *t, const struct claude_line *line);
void claude_prompts_take_system(struct claude_transcript *t, const struct claude_line *line);
void claude_prompts_take_news(struct claude_transcript *t, const struct claude_line *line);
/* The interaction lasts until the line at least. */
void claude_prompts_extend(struct claude_transcript *t, const struct claude_line *line);
/* Ends the interaction; a later line may move the end. */
void claude_transcript_end_interaction(struct claude_transcript *t, double at_ms);
/* Begins the last prompt's interaction: a request has followed it. */
void claude_transcript_begin_interaction(struct claude_transcript *t);

/* claude_answers.c */
/* Returns the request of the answer in the line, and sets *ref to the line's reference to it.
   CLAUDE_NO_REQUEST: out of memory. */
uint32_t claude_answers_request(struct claude_transcript *t, const struct claude_line *line,
                                struct json_value message, intern_id *ref);

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
/* Something follows the last answer, so what it had is final. */
void claude_requests_settle(struct claude_transcript *t);

/* claude_sidechains.c */
/* Takes a line of a sub-agent in its session's transcript. False: it is another line. */
bool claude_sidechains_take(struct claude_transcript *t, const struct claude_line *line);
/* Sends the answers of those sub-agents; with `settle` they are final. */
void claude_sidechains_flush(struct claude_transcript *t, bool settle);
void claude_sidechains_release(struct claude_transcript *t);
/* Returns a digest of a prompt as it is spelled; 0: no text. */
uint64_t claude_sidechains_prompt(struct json_value prompt);

/* claude_tool_uses.c */
/* Returns the call with that start: a known one if its line is repeated or its result came first,
   else a new one. NULL: out of memory. */
struct claude_tool_use *claude_tool_use_of_call(struct claude_transcript *t, intern_id id,
                                                double at_ms, uint32_t request);
/* Returns the call with that result: one that ended then if its line is repeated, else the newest
   one without a result. */
struct claude_tool_use *claude_tool_use_of_result(struct claude_transcript *t, intern_id id,
                                                  double at_ms);

/* claude_tools.c */
void claude_tools_release(struct claude_transcript *t);
/* Takes a block with a call, of the numbered request. */
void claude_tools_take_call(struct claude_transcript *t, struct json_value block, double at_ms,
                            uint32_t request);
void claude_tools_take_result(struct claude_transcript *t, const struct claude_line *line,
                              struct json_value block);
/* Takes the tool off the list of open ones. */
void claude_tools_take_away(struct claude_transcript *t, size_t at);

/* claude_stops.c */
/* Ends the open tools that were called by `at_ms`: nothing reports an end of theirs. A result that
   comes after all replaces it. Those in the background continue. */
void claude_stops_end_tools(struct claude_transcript *t, double at_ms, enum outcome outcome);
/* Returns whether a person refused the tool before it ran. */
bool claude_stops_is_rejected(const struct claude_line *line);
/* Returns how the failed tool was stopped; OUTCOME_NONE: it failed by itself. One that was killed
   by a signal is noted: it was stopped if its agent does not continue. */
enum outcome claude_stops_outcome(struct claude_transcript *t, const struct claude_line *line,
                                  intern_id tool, struct json_value content);
/* The agent continues at `at_ms`. */
void claude_stops_continue(struct claude_transcript *t, double at_ms);

/* claude_waits.c */
void claude_waits_begin(struct claude_transcript *t, intern_id tool, double at_ms,
                        struct slice what);
void claude_waits_end(struct claude_transcript *t, intern_id tool, double at_ms,
                      enum precedence precedence);
/* Sends a person's decision about the call. */
void claude_waits_take_decision(struct claude_transcript *t, const struct claude_line *line,
                                struct slice id);

/* claude_tasks.c */
/* Takes the agent that a call started from the line with its result, and whether that has ended. */
void claude_tasks_take_agent(struct claude_transcript *t, const struct claude_line *line,
                             const struct claude_tool *tool);
/* Reports the agent that the call started, and its end unless `end_ms` is NAN. */
void claude_tasks_send_agent(struct claude_transcript *t, const struct claude_tool *tool,
                             double end_ms);
/* Ends a call in the background whose task the text reports as ended. */
void claude_tasks_take_news(struct claude_transcript *t, struct slice text, double at_ms);

#endif
