/* swarmtrace: a program of agents traces itself. It reports what its agents do (requests to models,
   tools, waits for a person); the library keeps it as Chrome Trace events and writes them as a file
   that opens in swarmtop and in ui.perfetto.dev.

       struct swarmtrace *trace;
       swarmtrace_open(NULL, &trace);
       uint64_t tool = swarmtrace_start_tool(trace, NULL, "Bash", "{\"command\":\"make\"}");
       ...
       swarmtrace_end_tool(trace, tool, NULL);
       swarmtrace_close(trace);

   Compile and link with `pkg-config --cflags --libs swarmtrace`. The header is C99 and C++11.

   The environment. Unless options name a file, CLAUDE_CODE_PERFETTO_TRACE decides whether the
   program is traced: unset or 0, false, no, off: not at all; 1, true, yes, on: to
   $CLAUDE_CONFIG_DIR/traces/trace-SESSION.json (default: ~/.claude/traces); anything else is the
   file's path. CLAUDE_CODE_PERFETTO_WRITE_INTERVAL_S, a positive number of seconds, is how often
   the file is also written before the end. A program that is not traced has NULL for a tracer:
   every function takes NULL and does nothing then, so callers need not check.

   Writing. The file is written whole to a temporary file beside it, mode 0600, and renamed: readers
   see the old version or the new one. Missing directories are made, mode 0700. It is written
     - by swarmtrace_close;
     - when the program ends by exit or by return from main, unless SWARMTRACE_NO_EXIT_WRITE is set;
     - at each interval, if there is one: by swarmtrace_poll, or by a thread of the library if
       SWARMTRACE_THREAD is set. There is no thread unless it is asked for, and nothing but these,
       swarmtrace_write and the exit ever touches the file.
   Spans that are open at the end are closed there and marked incomplete. A process that dies by a
   signal, _exit or abort leaves what was written before.

   Texts are UTF-8, ended by NUL, and copied. Invalid bytes become U+FFFD. NULL is an absent text.

   Agents. `agent_id` names the agent that does something; NULL or "" is the main one. An agent that
   was not registered gets the main one's name.

   Spans. A start returns a number, which the end takes; 0: not traced, or out of memory. An end of
   0 does nothing. A span that is open for more than thirty minutes is closed and marked evicted, as
   the sweep of every minute finds it.

   Results are 0 or a number of errno.h: ENOMEM, out of memory (that event is missing, the trace is
   still valid); EINVAL, a value that cannot be (nothing was done); ENOENT, a span that is not open.
   No function prints, exits, or sets a signal's handler.

   Threads. Any thread may call any function with the same tracer, except that nothing else may run
   or follow with a tracer that swarmtrace_close is called with. No function may be called from a
   signal handler. A process that fork made does not continue the trace: all functions do nothing in
   it.

   Memory. Under the cap of events (100,000) the oldest half is dropped; about 300 bytes an event.
   While the file is written, its text is in memory too.

   Structs that may grow begin with their size. The functions below that end in _init set it, and
   all else to "absent"; call them first. */
#ifndef SWARMTRACE_H
#define SWARMTRACE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SWARMTRACE_API __attribute__((visibility("default")))
#else
#define SWARMTRACE_API
#endif

/* A session of one program, and its trace. */
struct swarmtrace;

/* ---- begin and end ---- */

/* SWARMTRACE_THREAD: a thread writes the file at each interval, and closes what is open too long;
   all signals are blocked in it. SWARMTRACE_NO_EXIT_WRITE: only swarmtrace_close writes the end.
   SWARMTRACE_AGENT_THREADS: all spans of an agent are on one thread of the trace; without it, those
   that overlap are on threads of their own, which Perfetto needs. */
enum { SWARMTRACE_THREAD = 1, SWARMTRACE_NO_EXIT_WRITE = 2, SWARMTRACE_AGENT_THREADS = 4 };

struct swarmtrace_options {
    size_t size;
    const char *path;       /* the file; NULL: the environment decides */
    const char *session_id; /* NULL: PROGRAM-PID-SECONDS is made */
    const char *agent_id; /* of the main agent, a teammate in another session; NULL: the session */
    const char *agent_name;        /* of the main agent; NULL: "main" */
    const char *parent_session_id; /* the session that started this one */
    double write_interval_s;       /* 0: the environment decides; less than 0: none */
    size_t max_events;             /* the cap; 0: 100,000 */
    unsigned flags;                /* SWARMTRACE_... */
    /* The time: milliseconds since the Unix epoch. NULL: the system's clock, to the microsecond.
       It is called with a lock of the tracer held. */
    double (*now_ms)(void *context);
    void *context;
};
static inline void swarmtrace_options_init(struct swarmtrace_options *options)
{
    const struct swarmtrace_options absent = {sizeof absent, NULL, NULL, NULL, NULL, NULL, 0, 0, 0,
                                              NULL,          NULL};
    *options = absent;
}

/* Begins a trace. `options` may be NULL. Sets *tracer; NULL if the program is not traced, which is
   no error, or if this fails: ENOMEM, EINVAL (the home directory is not known, or the size of the
   options is 0), or EAGAIN (no thread). */
SWARMTRACE_API int swarmtrace_open(const struct swarmtrace_options *options,
                                   struct swarmtrace **tracer);
/* Ends the trace, writes the file a last time, and frees the tracer, also where it fails: EIO, the
   file cannot be written. */
SWARMTRACE_API int swarmtrace_close(struct swarmtrace *tracer);

/* ---- agents ---- */

/* An agent begins: a row of its own. `parent_agent_id` is the one that started it; NULL: none. */
SWARMTRACE_API int swarmtrace_register_agent(struct swarmtrace *tracer, const char *agent_id,
                                             const char *name, const char *parent_agent_id);
SWARMTRACE_API int swarmtrace_unregister_agent(struct swarmtrace *tracer, const char *agent_id);

/* ---- requests to a model ---- */

struct swarmtrace_request {
    size_t size;
    const char *model;        /* must be set */
    const char *message_id;   /* the answer's id, if it is known already */
    const char *query_source; /* its purpose: "compact", "agent" */
    double prompt_tokens;     /* NAN: absent */
    int is_speculative;       /* 0 or 1; -1: absent, which is 0 */
};
static inline void swarmtrace_request_init(struct swarmtrace_request *request)
{
    const struct swarmtrace_request absent = {sizeof absent, NULL, NULL, NULL, (double)NAN, -1};
    *request = absent;
}

/* How a request ended. A number that is NAN is absent. The phases in the trace (setup, attempts,
   first token, sampling) follow from these. */
struct swarmtrace_response {
    size_t size;
    const char *message_id;
    const char *error;    /* absent where it succeeded */
    int success;          /* 0 or 1; -1: absent, which is 1 */
    double ttft_ms;       /* from the successful attempt to the first token */
    double ttlt_ms;       /* from the start to the last token */
    double prompt_tokens; /* of the whole prompt; absent: as at the start */
    double output_tokens;
    double cache_read_tokens;
    double cache_creation_tokens;
    double request_setup_ms;        /* from the start to the successful attempt */
    const double *attempt_start_ms; /* since the Unix epoch, the first one's too; NULL: absent */
    size_t attempt_count;
};
static inline void swarmtrace_response_init(struct swarmtrace_response *response)
{
    const double none = (double)NAN;
    const struct swarmtrace_response absent = {sizeof absent, NULL, NULL, -1,   none, none, none,
                                               none,          none, none, none, NULL, 0};
    *response = absent;
}

SWARMTRACE_API uint64_t swarmtrace_start_request(struct swarmtrace *tracer, const char *agent_id,
                                                 const struct swarmtrace_request *request);
/* `response` may be NULL: it succeeded. */
SWARMTRACE_API int swarmtrace_end_request(struct swarmtrace *tracer, uint64_t span,
                                          const struct swarmtrace_response *response);

/* ---- tools ---- */

struct swarmtrace_result {
    size_t size;
    const char *error;
    int success;          /* 0 or 1; -1: absent, which is 1 */
    double result_tokens; /* NAN: absent */
};
static inline void swarmtrace_result_init(struct swarmtrace_result *result)
{
    const struct swarmtrace_result absent = {sizeof absent, NULL, -1, (double)NAN};
    *result = absent;
}

/* `args_json` is a JSON object, or NULL. Keys and passwords in it are kept as they are. Returns 0
   for anything else. */
SWARMTRACE_API uint64_t swarmtrace_start_tool(struct swarmtrace *tracer, const char *agent_id,
                                              const char *name, const char *args_json);
/* `result` may be NULL: it succeeded. */
SWARMTRACE_API int swarmtrace_end_tool(struct swarmtrace *tracer, uint64_t span,
                                       const struct swarmtrace_result *result);

/* ---- a person ---- */

/* An agent waits for a person: "permission", a question. */
SWARMTRACE_API uint64_t swarmtrace_start_user_input(struct swarmtrace *tracer, const char *agent_id,
                                                    const char *what);
/* `decision` is what the person decided ("accept"), `source` where ("user", "config"). */
SWARMTRACE_API int swarmtrace_end_user_input(struct swarmtrace *tracer, uint64_t span,
                                             const char *decision, const char *source);
/* One turn: from a prompt until the agent is idle again. The prompt's length alone is kept, in
   UTF-16 code units; NULL: absent. */
SWARMTRACE_API uint64_t swarmtrace_start_interaction(struct swarmtrace *tracer,
                                                     const char *agent_id, const char *user_prompt);
SWARMTRACE_API int swarmtrace_end_interaction(struct swarmtrace *tracer, uint64_t span);

/* ---- moments and values ---- */

/* `args_json` is a JSON object, or NULL. */
SWARMTRACE_API int swarmtrace_instant(struct swarmtrace *tracer, const char *agent_id,
                                      const char *name, const char *category,
                                      const char *args_json);
struct swarmtrace_value {
    const char *name;
    double value;
};
SWARMTRACE_API int swarmtrace_counter(struct swarmtrace *tracer, const char *agent_id,
                                      const char *name, const struct swarmtrace_value *values,
                                      size_t count);

/* ---- the file ---- */

/* Writes the file as it is now; open spans stay open. EIO: it cannot be written,
   and is as it was. */
SWARMTRACE_API int swarmtrace_write(struct swarmtrace *tracer);
/* For a program with a loop of its own: writes the file if the interval is over, and closes what is
   open too long. *next_s (may be NULL) is when to call it again, in seconds from now; less than 0:
   never. It needs no call of its own where SWARMTRACE_THREAD is set. */
SWARMTRACE_API int swarmtrace_poll(struct swarmtrace *tracer, double *next_s);
/* The file's path, until the tracer is closed; NULL: not traced. */
SWARMTRACE_API const char *swarmtrace_path(const struct swarmtrace *tracer);
/* Copies why the file was not written the last time, cut to `size` bytes with its NUL; "" if
   it was. Returns the whole text's length. */
SWARMTRACE_API size_t swarmtrace_error(struct swarmtrace *tracer, char *text, size_t size);
/* The library's version: "0.1.0". */
SWARMTRACE_API const char *swarmtrace_version(void);

#ifdef __cplusplus
}
#endif

#endif
