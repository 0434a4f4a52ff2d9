/* The file: when it is written, and by whom. Events are taken while it is written: the lock of the
   tracer is held only while the document is printed to memory. */
#include "ingest/swarmtrace/swarmtrace_private.h"

#include "core/base/time_ns.h"
#include "core/export/trace_file.h"
#include "core/model/swarm_edit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_MS 60000.0 /* the seed's STALE_SPAN_CLEANUP_INTERVAL_MS */

static bool take(void *out, const char *bytes, size_t len)
{
    struct strbuf *text = out;
    strbuf_add(text, bytes, len);
    return !text->failed;
}

/* Closes what is open. False: out of memory. */
static bool end_spans(struct swarmtrace *trace)
{
    double now_ms = trace->now_ms(trace->context);
    struct op_context context = {
        .session = trace->session, .t_ms = now_ms, .local_ns = time_ns_from_ms(now_ms)};
    bool good =
        tracer_end_session(trace->tracer, &context) == TRACER_OK && swarm_relane(trace->swarm);
    trace->ended = trace->ended || good;
    return good;
}

static bool print(struct swarmtrace *trace, bool last, struct strbuf *out)
{
    pthread_mutex_lock(&trace->lock);
    struct document_options options = {
        .tracks = trace->tracks, .only = NO_SESSION, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    bool good = !last || trace->ended || end_spans(trace);
    good = good && document_write(trace->swarm, &options, take, out, NULL);
    pthread_mutex_unlock(&trace->lock);
    return good;
}

/* Keeps why it failed; "": it did not. */
static void keep_error(struct swarmtrace *trace, const struct strbuf *error)
{
    pthread_mutex_lock(&trace->lock);
    strbuf_clear(&trace->error);
    strbuf_add(&trace->error, error->data != NULL ? error->data : "", error->len);
    pthread_mutex_unlock(&trace->lock);
}

static bool put_file(struct swarmtrace *trace, const struct strbuf *document, struct strbuf *error)
{
    struct trace_file *file = trace_file_begin(trace->mem, trace->path, error);
    if (file == NULL) {
        return false;
    }
    trace_file_write(file, document->data, document->len); /* commit reports failures */
    return trace_file_commit(file, error);
}

int swarmtrace_write_file(struct swarmtrace *trace, bool last)
{
    struct strbuf document, error;
    int status = 0;
    strbuf_init(&document, trace->mem, 0);
    strbuf_init(&error, trace->mem, 0);
    pthread_mutex_lock(&trace->writing);
    if (!trace->written_last) {
        if (!print(trace, last, &document)) {
            strbuf_adds(&error, "out of memory");
            status = ENOMEM;
        } else if (!put_file(trace, &document, &error)) {
            status = EIO;
        }
        trace->written_last = last && status == 0;
        keep_error(trace, &error);
    }
    pthread_mutex_unlock(&trace->writing);
    strbuf_release(&document);
    strbuf_release(&error);
    return status;
}

int swarmtrace_write(struct swarmtrace *tracer)
{
    return tracer == NULL || tracer->pid != getpid() ? 0 : swarmtrace_write_file(tracer, false);
}

size_t swarmtrace_error(struct swarmtrace *tracer, char *text, size_t size)
{
    size_t len = 0;
    if (size > 0) {
        *text = '\0';
    }
    if (tracer == NULL || tracer->pid != getpid()) {
        return 0;
    }
    pthread_mutex_lock(&tracer->lock);
    if (tracer->error.data != NULL) {
        len = tracer->error.len;
        size_t copied = size == 0 ? 0 : len < size ? len : size - 1;
        if (size > 0) {
            memcpy(text, tracer->error.data, copied);
            text[copied] = '\0';
        }
    }
    pthread_mutex_unlock(&tracer->lock);
    return len;
}

/* ---- at intervals ---- */

/* Sweeps. Returns whether the file is due; *next_ms: in how long it is, INFINITY: never. */
static bool is_due(struct swarmtrace *trace, double *next_ms, int *status)
{
    struct op_context context;
    bool due = false;
    *next_ms = (double)INFINITY;
    *status = 0;
    if (!swarmtrace_enter(trace, &context, NULL)) {
        return false;
    }
    if (!isnan(trace->next_write_ms)) {
        /* A clock that was set back does not delay it by more than an interval. */
        due = context.t_ms >= trace->next_write_ms ||
              context.t_ms < trace->next_write_ms - trace->interval_ms;
        if (due) {
            trace->next_write_ms = context.t_ms + trace->interval_ms;
        }
        *next_ms = trace->next_write_ms - context.t_ms;
    }
    *status = swarmtrace_leave(trace, tracer_advance(trace->tracer, &context));
    return due;
}

int swarmtrace_poll(struct swarmtrace *tracer, double *next_s)
{
    double next_ms;
    int status;
    bool due = is_due(tracer, &next_ms, &status);
    if (next_s != NULL) {
        *next_s = isinf(next_ms) ? -1 : next_ms / 1e3;
    }
    int written = due ? swarmtrace_write_file(tracer, false) : 0;
    return status != 0 ? status : written;
}

/* ---- the thread ---- */

static void *run(void *context)
{
    struct swarmtrace *trace = context;
    pthread_mutex_lock(&trace->lock);
    while (!trace->stops) {
        pthread_mutex_unlock(&trace->lock);
        double next_s;
        swarmtrace_poll(trace, &next_s); /* a failure is kept, and the next time tries again */
        double wait_ms = next_s >= 0 && next_s * 1e3 < SWEEP_MS ? next_s * 1e3 : SWEEP_MS;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t at_ns =
            (int64_t)until.tv_sec * 1000000000 + until.tv_nsec + (int64_t)(wait_ms * 1e6) + 1000000;
        until = (struct timespec){.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
        pthread_mutex_lock(&trace->lock);
        if (!trace->stops) {
            pthread_cond_timedwait(&trace->wake, &trace->lock, &until);
        }
    }
    pthread_mutex_unlock(&trace->lock);
    return NULL;
}

bool swarmtrace_start_thread(struct swarmtrace *trace)
{
    pthread_condattr_t clock;
    sigset_t all, before;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&trace->wake, &clock);
    pthread_condattr_destroy(&clock);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    trace->has_thread = pthread_create(&trace->thread, NULL, run, trace) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!trace->has_thread) {
        pthread_cond_destroy(&trace->wake);
    }
    return trace->has_thread;
}

void swarmtrace_stop_thread(struct swarmtrace *trace)
{
    if (!trace->has_thread) {
        return;
    }
    pthread_mutex_lock(&trace->lock);
    trace->stops = true;
    pthread_cond_signal(&trace->wake);
    pthread_mutex_unlock(&trace->lock);
    pthread_join(trace->thread, NULL);
    pthread_cond_destroy(&trace->wake);
    trace->has_thread = false;
}

/* ---- at exit ---- */

/* A handler of atexit has no argument, so the traces that it writes are global. */
static pthread_mutex_t exit_lock = PTHREAD_MUTEX_INITIALIZER;
static struct swarmtrace *exit_traces;
static bool exit_registered;

static void write_at_exit(void)
{
    pthread_mutex_lock(&exit_lock);
    for (struct swarmtrace *trace = exit_traces; trace != NULL; trace = trace->next) {
        if (trace->pid == getpid()) {
            swarmtrace_write_file(trace, true);
        }
    }
    pthread_mutex_unlock(&exit_lock);
}

bool swarmtrace_add_at_exit(struct swarmtrace *trace)
{
    pthread_mutex_lock(&exit_lock);
    exit_registered = exit_registered || atexit(write_at_exit) == 0;
    if (exit_registered) {
        trace->at_exit = true;
        trace->next = exit_traces;
        exit_traces = trace;
    }
    pthread_mutex_unlock(&exit_lock);
    return trace->at_exit;
}

void swarmtrace_remove_at_exit(struct swarmtrace *trace)
{
    if (!trace->at_exit) {
        return;
    }
    pthread_mutex_lock(&exit_lock);
    for (struct swarmtrace **at = &exit_traces; *at != NULL; at = &(*at)->next) {
        if (*at == trace) {
            *at = trace->next;
            break;
        }
    }
    pthread_mutex_unlock(&exit_lock);
}
