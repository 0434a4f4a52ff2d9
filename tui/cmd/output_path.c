/* The path is computed at each call: a second session changes it from the session's name to a date.
   The rules, in order: --output; CLAUDE_CODE_PERFETTO_TRACE; for live sources the state directory.
   output.c gives it a number if the name is taken. */
#include "tui/cmd/output_path.h"

#include "core/base/seed_env.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

session_no output_next_session(const struct swarm *swarm, session_no after)
{
    size_t count = swarm_session_count(swarm);
    for (size_t i = after == NO_SESSION ? 0 : (size_t)after + 1; i < count; i++) {
        if (swarm_session(swarm, (session_no)i) != NULL) {
            return (session_no)i;
        }
    }
    return NO_SESSION;
}

static void add_id(const struct swarm *swarm, session_no session, struct strbuf *out)
{
    const struct session *s = swarm_session(swarm, session);
    const char *id = swarm_text(swarm, s->id);
    size_t len = strlen(id);
    seed_file_name(id, len, out);
}

/* Appends the start of the earliest session in local time: `20251016-143105`. */
static void add_date(const struct output_naming *n, struct strbuf *out)
{
    int64_t start_ns = INT64_MAX;
    struct tm tm;
    char text[32];
    for (session_no s = output_next_session(n->swarm, NO_SESSION); s != NO_SESSION;
         s = output_next_session(n->swarm, s)) {
        const struct session *session = swarm_session(n->swarm, s);
        if (session->flags & SESSION_HAS_START && session->start_ns < start_ns) {
            start_ns = session->start_ns;
        }
    }

    time_t seconds = (time_t)((start_ns == INT64_MAX ? n->local_ns : start_ns) / NS_PER_S);

    if (localtime_r(&seconds, &tm) != NULL &&
        strftime(text, sizeof text, "%Y%m%d-%H%M%S", &tm) > 0) {
        strbuf_adds(out, text);
    }
}

bool output_trace_name(const struct output_naming *n, session_no only, struct strbuf *out)
{
    session_no first = output_next_session(n->swarm, NO_SESSION);
    if (first == NO_SESSION) {
        return false;
    }
    strbuf_adds(out, "trace-");
    if (only != NO_SESSION) {
        add_id(n->swarm, only, out);
    } else if (output_next_session(n->swarm, first) == NO_SESSION &&
               swarm_session(n->swarm, first)->id != INTERN_NONE) {
        add_id(n->swarm, first, out);
    } else {
        add_date(n, out);
    }
    bool perfetto = n->config->options->trace_format == TRACE_PERFETTO;
    strbuf_adds(out, perfetto ? ".pftrace" : ".json");
    return true;
}

size_t output_stem(const char *path, size_t len)
{
    size_t stem = len;
    while (stem > 0 && path[stem - 1] != '.' && path[stem - 1] != '/') {
        stem--;
    }
    /* Without a dot, or with only a leading one, there is no extension. */
    if (stem < 2 || path[stem - 1] != '.' || path[stem - 2] == '/') {
        return len;
    }
    stem--;
    static const char *const packed[] = {".json", ".pftrace", ".perfetto-trace"};
    bool gzip = len - stem == 3 && memcmp(path + stem, ".gz", 3) == 0;
    for (size_t i = 0; gzip && i < sizeof packed / sizeof *packed; i++) {
        size_t before = strlen(packed[i]);
        if (stem > before && memcmp(path + stem - before, packed[i], before) == 0) {
            return stem - before;
        }
    }
    return stem;
}

static bool ends_in(const char *path, size_t len, const char *ending)
{
    size_t ending_len = strlen(ending);
    return len > ending_len && strncasecmp(path + len - ending_len, ending, ending_len) == 0;
}

enum document_format output_format(const struct options *options, const char *path)
{
    size_t len = strlen(path);
    len -= ends_in(path, len, ".gz") ? 3 : 0;
    bool named = ends_in(path, len, ".pftrace") || ends_in(path, len, ".perfetto-trace");
    bool perfetto =
        options->trace_format == TRACE_BY_NAME ? named : options->trace_format == TRACE_PERFETTO;
    return perfetto ? FORMAT_PERFETTO : FORMAT_JSON;
}

/* Appends the given path; for one of several documents with `-SESSION` before the extension. */
static void add_named(const struct output_naming *n, const char *path, size_t len, session_no only,
                      struct strbuf *out)
{
    size_t stem = output_stem(path, len);
    if (only == NO_SESSION) {
        strbuf_add(out, path, len);
        return;
    }
    strbuf_add(out, path, stem);
    strbuf_addc(out, '-');
    add_id(n->swarm, only, out);
    strbuf_add(out, path + stem, len - stem);
}

bool output_is_source(const struct output_config *config, const struct strbuf *path)
{
    return path->data != NULL && config->is_source != NULL &&
           config->is_source(config->ctx, path->data);
}

static struct slice trimmed(const char *text)
{
    size_t len = strlen(text);
    while (isspace((unsigned char)*text)) {
        text++, len--;
    }
    while (isspace((unsigned char)text[len - 1])) {
        len--;
    }
    return (struct slice){text, len};
}

/* Appends the directory of traces of which the variable does not name the file. Returns false if
   there is no home directory. */
static bool add_seeds_dir(const struct environment *env, struct strbuf *out)
{
    const char *conf = env->claude_config_dir;
    if (conf == NULL && env->home == NULL) {
        return false;
    }
    strbuf_addf(out, "%s%s/traces/", conf != NULL ? conf : env->home,
                conf != NULL ? "" : "/.claude");
    return true;
}

bool output_seeds_path(const struct environment *env, struct strbuf *out)
{
    enum switch_word word = seed_switch(env->perfetto_trace);
    if (word == SWITCH_OTHER) {
        struct slice path = trimmed(env->perfetto_trace);
        strbuf_add(out, path.bytes, path.len);
    }
    return word == SWITCH_OTHER || (word == SWITCH_ON && add_seeds_dir(env, out));
}

/* Appends the path of CLAUDE_CODE_PERFETTO_TRACE. Returns false if it is not set or its file is a
   source. */
static bool add_seeds(const struct output_naming *n, session_no only, struct strbuf *out)
{
    const struct environment *env = &n->config->options->env;
    const char *text = env->perfetto_trace;
    switch (seed_switch(text)) {
    case SWITCH_UNSET: return false;
    case SWITCH_OFF: return true;
    case SWITCH_OTHER: {
        struct slice path = trimmed(text);
        add_named(n, path.bytes, path.len, only, out);
        break;
    }
    case SWITCH_ON:
        if (!add_seeds_dir(env, out)) {
            return false;
        }
        /* A trace that was only read must not replace the one that its producer wrote there. */
        if (!output_trace_name(n, only, out) ||
            (!n->config->live && out->data != NULL && access(out->data, F_OK) == 0 &&
             !n->mine(n->ctx, out->data))) {
            strbuf_clear(out);
        }
        return true;
    }
    if (!output_is_source(n->config, out)) {
        return true;
    }
    strbuf_clear(out);
    return false;
}

void output_state_dir(const struct environment *env, struct strbuf *out)
{
    if (env->state_home != NULL) {
        strbuf_adds(out, env->state_home);
    } else {
        strbuf_addf(out, "%s/.local/state", env->home != NULL ? env->home : "");
    }
    strbuf_adds(out, "/swarmtop/");
}

void output_add_numbered(const char *name, size_t len, unsigned number, struct strbuf *out)
{
    size_t stem = output_stem(name, len);
    strbuf_add(out, name, stem);
    if (number > 1) {
        strbuf_addf(out, "-%u", number);
    }
    strbuf_add(out, name + stem, len - stem);
}

/* Appends a path below the state directory. */
static void add_default(const struct output_naming *n, session_no only, struct strbuf *out)
{
    size_t from = out->len;
    output_state_dir(&n->config->options->env, out);
    if (!output_trace_name(n, only, out)) {
        out->len = from;
    }
}

bool output_path_of(const struct output_naming *n, session_no only, struct strbuf *out)
{
    const struct options *options = n->config->options;
    strbuf_clear(out);
    if (options->output != NULL) {
        add_named(n, options->output, strlen(options->output), only, out);
        return only == NO_SESSION;
    }
    if (options->command == COMMAND_DEMO) {
        return false; /* a simulated swarm leaves nothing unless it is asked for */
    }
    if (add_seeds(n, only, out)) {
        return only == NO_SESSION && seed_switch(options->env.perfetto_trace) == SWITCH_OTHER;
    }
    if (n->config->live) {
        add_default(n, only, out);
    }
    return false;
}

void output_path_to_try(const struct output_config *config, struct strbuf *out)
{
    const struct environment *env = &config->options->env;
    enum switch_word word = seed_switch(env->perfetto_trace);
    if (config->options->output != NULL) {
        strbuf_adds(out, config->options->output);
    } else if (config->options->command == COMMAND_DEMO || word == SWITCH_OFF) {
        return;
    } else if (word == SWITCH_OTHER) {
        (void)output_seeds_path(env, out);
    } else if (config->live && word == SWITCH_UNSET) {
        output_state_dir(env, out);
        strbuf_adds(out, "trace.json");
    }
}
