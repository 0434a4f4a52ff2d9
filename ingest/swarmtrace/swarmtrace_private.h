/* The parts of swarmtrace, shared by its .c files. */
#ifndef SWARMTRACE_PRIVATE_H
#define SWARMTRACE_PRIVATE_H

#include "core/export/document.h"
#include "core/tracer/tracer.h"
#include "ingest/swarmtrace/swarmtrace.h"

#include <pthread.h>
#include <sys/types.h>

enum { SWARMTRACE_TEXTS = 12 }; /* of one operation */

struct swarmtrace {
    const struct mem *mem;
    pid_t pid; /* of the process that opened it */
    char *path;
    size_t path_size;
    enum document_tracks tracks;
    double (*now_ms)(void *context);
    void *context;
    double interval_ms; /* 0: none */
    bool at_exit;       /* it is in the list of those that are written then */
    struct swarmtrace *next;

    pthread_mutex_t writing; /* held while the file is written; taken before `lock` */
    bool written_last;       /* of `writing`: the file is final */

    pthread_mutex_t lock; /* of all below */
    struct swarm *swarm;
    struct tracer *tracer;
    session_no session;
    uint64_t spans;       /* so many have begun: the number of the last one */
    bool ended;           /* spans are closed; nothing more is taken */
    double next_write_ms; /* by now_ms; NAN: no interval */
    struct strbuf error;
    char *repaired
        [SWARMTRACE_TEXTS]; /* copies of texts with invalid bytes, while an operation runs */
    size_t repaired_size[SWARMTRACE_TEXTS], repaired_count;
    bool no_memory; /* a copy could not be made */

    bool has_thread, stops;
    pthread_t thread;
    pthread_cond_t wake;
};

/* swarmtrace.c: an operation runs between these two. False: not traced, or over. */
bool swarmtrace_enter(struct swarmtrace *trace, struct op_context *context, const char *agent_id);
/* Returns the result as a number of errno.h. */
int swarmtrace_leave(struct swarmtrace *trace, enum tracer_result result);
/* Valid UTF-8, until swarmtrace_leave. */
struct slice swarmtrace_text(struct swarmtrace *trace, const char *text);

/* swarmtrace_write.c */
/* Writes the file; `last` closes what is open before. */
int swarmtrace_write_file(struct swarmtrace *trace, bool last);
bool swarmtrace_start_thread(struct swarmtrace *trace);
void swarmtrace_stop_thread(struct swarmtrace *trace);
/* Adds it to those that are written at exit. False: out of memory. */
bool swarmtrace_add_at_exit(struct swarmtrace *trace);
void swarmtrace_remove_at_exit(struct swarmtrace *trace);

#endif
