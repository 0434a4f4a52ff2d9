/* A trace's life: the options, the environment, and what surrounds every operation. */
#include "ingest/swarmtrace/swarmtrace_private.h"

#include "core/base/seed_env.h"
#include "core/base/time_ns.h"
#include "core/base/utf8.h"
#include "core/base/version.h"
#include "core/model/swarm_edit.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_EVENTS 100000 /* the seed's */

static double system_clock_ms(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1e3 + (double)(now.tv_nsec / 1000) / 1e3;
}

/* ---- around an operation ---- */

bool swarmtrace_enter(struct swarmtrace *trace, struct op_context *context, const char *agent_id)
{
    if (trace == NULL || trace->pid != getpid()) {
        return false;
    }
    pthread_mutex_lock(&trace->lock);
    if (trace->ended) {
        pthread_mutex_unlock(&trace->lock);
        return false;
    }
    double now_ms = trace->now_ms(trace->context);
    *context = (struct op_context){
        .session = trace->session, .t_ms = now_ms, .local_ns = time_ns_from_ms(now_ms)};
    if (agent_id != NULL && *agent_id != '\0') {
        context->agent_id = swarmtrace_text(trace, agent_id);
    }
    return true;
}

int swarmtrace_leave(struct swarmtrace *trace, enum tracer_result result)
{
    bool no_memory = trace->no_memory || result == TRACER_NO_MEMORY;
    for (size_t i = 0; i < trace->repaired_count; i++) {
        mem_free(trace->mem, trace->repaired[i], trace->repaired_size[i]);
    }
    trace->repaired_count = 0;
    trace->no_memory = false;
    swarm_forget_names(trace->swarm);
    pthread_mutex_unlock(&trace->lock);
    return no_memory ? ENOMEM : result == TRACER_NOT_OPEN ? ENOENT : 0;
}

/* Returns a copy with U+FFFD for each invalid byte, and for surrogates. */
static struct slice repaired(struct swarmtrace *trace, const char *text, size_t len)
{
    size_t size = 3 * len; /* U+FFFD has three bytes */
    char *copy = trace->repaired_count < SWARMTRACE_TEXTS ? mem_alloc(trace->mem, size) : NULL;
    struct slice made = {copy, 0};
    if (copy == NULL) {
        trace->no_memory = true;
        return (struct slice){"", 0};
    }
    trace->repaired[trace->repaired_count] = copy;
    trace->repaired_size[trace->repaired_count++] = size;
    for (size_t at = 0; at < len;) {
        uint32_t cp;
        at += utf8_next(text + at, len - at, &cp);
        made.len += utf8_put(copy + made.len, cp >= 0xD800 && cp <= 0xDFFF ? UTF8_REPLACEMENT : cp);
    }
    return made;
}

struct slice swarmtrace_text(struct swarmtrace *trace, const char *text)
{
    if (text == NULL) {
        return (struct slice){NULL, 0};
    }
    size_t len = strlen(text);
    return utf8_valid(text, len) ? (struct slice){text, len} : repaired(trace, text, len);
}

/* ---- options ---- */

/* Copies what the caller's header had of the struct; the rest is absent. */
static bool read_options(const struct swarmtrace_options *given, struct swarmtrace_options *out)
{
    swarmtrace_options_init(out);
    if (given != NULL) {
        memcpy(out, given, given->size < sizeof *out ? given->size : sizeof *out);
    }
    return given == NULL || given->size != 0;
}

static void add_trimmed(const char *text, struct strbuf *out)
{
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)*text)) {
        text++, len--;
    }
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        len--;
    }
    strbuf_add(out, text, len);
}

/* Appends the path of the file, or nothing if the program is not traced. Returns 0 or EINVAL. */
static int find_path(const struct swarmtrace_options *options, const char *session_id,
                     struct strbuf *out)
{
    const char *variable = getenv("CLAUDE_CODE_PERFETTO_TRACE");
    const char *directory = getenv("CLAUDE_CONFIG_DIR"), *home = getenv("HOME");
    if (options->path != NULL) {
        strbuf_adds(out, options->path);
        return *options->path != '\0' ? 0 : EINVAL;
    }
    switch (seed_switch(variable)) {
    case SWITCH_UNSET:
    case SWITCH_OFF: return 0;
    case SWITCH_OTHER: add_trimmed(variable, out); return 0;
    case SWITCH_ON: break;
    }
    bool named = directory != NULL && *directory != '\0';
    if (!named && (home == NULL || *home == '\0')) {
        return EINVAL;
    }
    strbuf_addf(out, "%s%s/traces/trace-", named ? directory : home, named ? "" : "/.claude");
    seed_file_name(session_id, strlen(session_id), out);
    strbuf_adds(out, ".json");
    return 0;
}

static double interval_ms(const struct swarmtrace_options *options)
{
    if (options->write_interval_s != 0) {
        return options->write_interval_s > 0 ? options->write_interval_s * 1e3 : 0;
    }
    const char *variable = getenv("CLAUDE_CODE_PERFETTO_WRITE_INTERVAL_S");
    return variable != NULL ? seed_parse_int(variable) * 1e3 : 0;
}

/* ---- begin and end ---- */

static void free_trace(struct swarmtrace *trace)
{
    tracer_free(trace->tracer);
    swarm_free(trace->swarm);
    strbuf_release(&trace->error);
    mem_free(trace->mem, trace->path, trace->path_size);
    pthread_mutex_destroy(&trace->lock);
    pthread_mutex_destroy(&trace->writing);
    mem_free(trace->mem, trace, sizeof *trace);
}

static struct swarmtrace *new_trace(const struct swarmtrace_options *options,
                                    const struct strbuf *path)
{
    const struct mem *mem = &mem_libc;
    struct swarmtrace *trace = mem_zalloc(mem, 1, sizeof *trace);
    if (trace == NULL) {
        return NULL;
    }
    *trace = (struct swarmtrace){.mem = mem,
                                 .pid = getpid(),
                                 .path = mem_alloc(mem, path->len + 1),
                                 .path_size = path->len + 1,
                                 .now_ms = options->now_ms,
                                 .context = options->context,
                                 .interval_ms = interval_ms(options)};
    trace->tracks = options->flags & SWARMTRACE_AGENT_THREADS ? TRACKS_AGENT : TRACKS_LANE;
    if (trace->now_ms == NULL) {
        trace->now_ms = system_clock_ms;
    }
    pthread_mutex_init(&trace->lock, NULL);
    pthread_mutex_init(&trace->writing, NULL);
    strbuf_init(&trace->error, mem, 0);

    struct swarm_config config = {.max_events = {0, 0}};
    config.max_events[POOL_LIVE] = options->max_events > 0 ? options->max_events : MAX_EVENTS;
    trace->swarm = swarm_new(mem, &config);
    trace->tracer = trace->swarm != NULL ? tracer_new(trace->swarm) : NULL;
    if (trace->path == NULL || trace->tracer == NULL) {
        free_trace(trace);
        return NULL;
    }
    memcpy(trace->path, path->data, path->len + 1);
    return trace;
}

/* initializePerfettoTracing */
static int begin(struct swarmtrace *trace, const struct swarmtrace_options *options,
                 const char *session_id)
{
    double now_ms = trace->now_ms(trace->context);
    trace->next_write_ms = trace->interval_ms > 0 ? now_ms + trace->interval_ms : (double)NAN;
    pthread_mutex_lock(&trace->lock);
    struct hello_op hello = {.session_id = swarmtrace_text(trace, session_id),
                             .name = swarmtrace_text(trace, options->agent_name),
                             .agent_id = swarmtrace_text(trace, options->agent_id),
                             .parent_session_id =
                                 swarmtrace_text(trace, options->parent_session_id),
                             .source = "swarmtrace"};
    enum tracer_result result =
        tracer_hello(trace->tracer, now_ms, time_ns_from_ms(now_ms), &hello, &trace->session);
    if (result == TRACER_OK) {
        swarm_keep_session(trace->swarm, trace->session, true);
    }
    return swarmtrace_leave(trace, result);
}

static int start(struct swarmtrace *trace, const struct swarmtrace_options *options,
                 const char *session_id)
{
    int status = begin(trace, options, session_id);
    if (status == 0 && options->flags & SWARMTRACE_THREAD && trace->interval_ms > 0 &&
        !swarmtrace_start_thread(trace)) {
        status = EAGAIN;
    }
    if (status == 0 && !(options->flags & SWARMTRACE_NO_EXIT_WRITE) &&
        !swarmtrace_add_at_exit(trace)) {
        swarmtrace_stop_thread(trace);
        status = ENOMEM;
    }
    return status;
}

int swarmtrace_open(const struct swarmtrace_options *options, struct swarmtrace **tracer)
{
    struct swarmtrace_options own;
    struct strbuf id, path;
    *tracer = NULL;
    if (!read_options(options, &own)) {
        return EINVAL;
    }
    strbuf_init(&id, &mem_libc, 0);
    strbuf_init(&path, &mem_libc, 0);
    if (own.session_id != NULL && *own.session_id != '\0') {
        strbuf_adds(&id, own.session_id);
    } else {
        strbuf_addf(&id, "%s-%ld-%lld", program_invocation_short_name, (long)getpid(),
                    (long long)(system_clock_ms(NULL) / 1e3));
    }
    int status = id.failed ? ENOMEM : find_path(&own, id.data, &path);
    if (status == 0 && path.failed) {
        status = ENOMEM;
    }
    if (status == 0 && path.len > 0) {
        struct swarmtrace *trace = new_trace(&own, &path);
        status = trace != NULL ? start(trace, &own, id.data) : ENOMEM;
        if (status == 0) {
            *tracer = trace;
        } else if (trace != NULL) {
            free_trace(trace);
        }
    }
    strbuf_release(&id);
    strbuf_release(&path);
    return status;
}

int swarmtrace_close(struct swarmtrace *tracer)
{
    if (tracer == NULL) {
        return 0;
    }
    if (tracer->pid != getpid()) {
        return 0; /* the parent's, whose locks another thread may have held */
    }
    swarmtrace_remove_at_exit(tracer);
    swarmtrace_stop_thread(tracer);
    int status = swarmtrace_write_file(tracer, true);
    free_trace(tracer);
    return status;
}

const char *swarmtrace_path(const struct swarmtrace *tracer)
{
    return tracer != NULL ? tracer->path : NULL;
}

const char *swarmtrace_version(void)
{
    return SWARMTOP_VERSION;
}
