/* A capture of Claude Code (tests/data/README.md) as what happened on the machine and when: lines
   that appeared in files, files that were rewritten, hooks, processes that came and died; and what
   was true meanwhile, from the scripted API and the hooks. */
#ifndef TESTS_CAPTURE_H
#define TESTS_CAPTURE_H

#include "tests/support/support.h"

#include <stdbool.h>

#include <jansson.h>

enum capture_what {
    CAPTURE_LINE,  /* `text` is appended to the file */
    CAPTURE_FILE,  /* the file is replaced by `text` */
    CAPTURE_GONE,  /* the file is removed */
    CAPTURE_HOOK,  /* `text` is the payload of a hook */
    CAPTURE_BORN,  /* process `pid` starts; `text` is its start time as /proc has it */
    CAPTURE_DEATH, /* process `pid` dies */
};

struct capture_step {
    double t_ms;    /* Unix epoch */
    double sent_ms; /* CAPTURE_HOOK: when it was sent */
    enum capture_what what;
    char *path; /* below Claude's directory; owned, NULL: none */
    char *text; /* owned, NULL: none */
    int pid;
    size_t order; /* of equal times */
};

/* A call that ran: what a screen shows while start_ms <= now < end_ms. */
enum capture_kind { CAPTURE_REQUEST, CAPTURE_TOOL, CAPTURE_AGENT_CALL, CAPTURE_PERSON };

struct capture_call {
    enum capture_kind kind;
    char session[64], agent[64]; /* agent: the session's id for its own */
    char id[64];                 /* of a tool */
    char tool[40];               /* its name */
    double start_ms, end_ms;     /* end_ms INFINITY: it never ended */
    bool failed;                 /* of itself: nobody refused or interrupted it */
    double failed_until_ms; /* then it is seen that its client killed it; INFINITY: it did not */
    bool ended_by_idle;     /* no hook reports the end, only the registry */
};

/* How a session ended. */
struct capture_end {
    char session[64];
    double t_ms;
    bool killed; /* by a signal that lets no process clean up */
};

struct capture {
    struct capture_step *steps;
    size_t step_count;
    struct capture_call *calls;
    size_t call_count;
    struct capture_end ends[8];
    size_t end_count;
};

/* Reads a sample by name. For capture_release. */
void capture_load(struct capture *capture, const char *sample);
void capture_release(struct capture *capture);
/* Moves all of it in time, also the times inside lines and files. */
void capture_shift(struct capture *capture, double ms);
/* Moves the times in a text; NULL: none. */
void capture_shift_text(char *text, double ms);
/* Returns when the session ended; NULL: not in the capture. */
const struct capture_end *capture_end_of(const struct capture *capture, const char *session);

#endif
