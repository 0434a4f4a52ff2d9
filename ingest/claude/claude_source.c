/* Claude Code's own files. transcript_dir finds, watches and reads them; claude_sessions knows
   the sessions, their state, and the order in which their transcripts are read. */
#include "ingest/claude/claude_source.h"

#include "ingest/claude/claude_sessions.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SINCE_NS ((int64_t)3600 * 1000000000)

struct claude_source {
    struct transcript_dir dir;
    struct claude_sessions all;
    bool has_all; /* it is to be released */
};

static struct claude_source *of(struct transcript_dir *dir)
{
    return (struct claude_source *)dir;
}

static struct ingest_ctx *ctx_of(const struct claude_source *claude)
{
    return claude->dir.source.counters.ingest;
}

/* ---- for transcript_dir ---- */

static void look(struct transcript_dir *dir, uint64_t now_ms)
{
    claude_sessions_look(&of(dir)->all, now_ms);
}

static void found(struct transcript_dir *dir, const struct transcript_search *where,
                  const char *name, const char *path)
{
    claude_sessions_found(&of(dir)->all, where, name, path);
}

static struct transcript_file *next(struct transcript_dir *dir)
{
    struct claude_file *file = claude_sessions_next(&of(dir)->all);
    return file == NULL ? NULL : &file->file;
}

static void take(struct transcript_dir *dir, struct transcript_file *read, const char *bytes,
                 size_t len, uint64_t now_ms)
{
    struct claude_file *file = (struct claude_file *)read;
    claude_session_take(file->session, file, bytes, len, now_ms);
    dir->failed |= file->session->failed;
}

/* Once a session: a newer client has types that are not known here. */
static void log_unknown(struct claude_source *claude, struct claude_session *session)
{
    struct slice type = {NULL, 0};
    struct strbuf text;
    uint64_t count = session->logged_unknown ? 0 : claude_session_unknown(session, &type);
    if (count == 0) {
        return;
    }
    session->logged_unknown = true;
    strbuf_init(&text, ctx_of(claude)->mem, 0);
    strbuf_adds(&text, "session ");
    ingest_ctx_quote(&text, session->id, strlen(session->id));
    strbuf_addf(&text, ": %llu lines of unknown types were ignored, such as '",
                (unsigned long long)count);
    ingest_ctx_quote(&text, type.bytes != NULL ? type.bytes : "", type.len);
    strbuf_addc(&text, '\'');
    if (!text.failed) {
        ingest_ctx_log_from(ctx_of(claude), LOG_LEVEL_INFO, claude->dir.source.spec, text.data);
    }
    strbuf_release(&text);
}

static void read_up(struct transcript_dir *dir, uint64_t now_ms, bool loaded, bool last)
{
    struct claude_sessions *all = &of(dir)->all;
    claude_sessions_report_jobs(all);
    for (size_t i = 0; i < all->count; i++) {
        struct claude_session *session = all->list[i];
        if (last) {
            claude_session_finish(session);
        }
        claude_session_conclude(session, now_ms, loaded);
        log_unknown(of(dir), session);
        dir->failed |= session->failed;
    }
    /* Later looks are the hub's. */
    if (loaded) {
        dir->failed |= !client_processes_look(ctx_of(of(dir)));
    }
}

static void finish(struct transcript_dir *dir)
{
    struct claude_sessions *all = &of(dir)->all;
    for (size_t i = 0; i < all->count; i++) {
        claude_session_finish(all->list[i]);
    }
}

static const struct transcript_dir_ops claude_ops = {
    .look = look,
    .found = found,
    .next = next,
    .take = take,
    .read_up = read_up,
    .finish = finish,
};

/* ---- the source ---- */

static bool make(struct claude_source *claude, const char *path, bool whole)
{
    struct source *source = &claude->dir.source;
    const struct hub_options *settings = hub_settings(source->hub);
    const char *proc = source_setting(source, "proc");
    const char *machine = source_setting(source, "machine");
    claude->has_all = true;
    if (!claude_sessions_init(&claude->all, &claude->dir, path)) {
        return false;
    }
    claude->all.whole = whole;
    claude->all.since_ns = settings->since_ns > 0 ? settings->since_ns : SINCE_NS;
    claude_here_init(&claude->all.here, proc != NULL ? proc : "/proc",
                     machine != NULL ? machine : "/etc/machine-id");
    claude->all.options = (struct claude_transcript_options){
        .counters = &source->counters,
        .source = source->spec,
        .max_line_bytes = source_max_line(source, true),
        .content = settings->content,
    };
    claude_sessions_compare_lines(&claude->all);
    claude->dir.lists_again = !whole;
    return true;
}

static bool has_projects(const char *dir)
{
    char path[PATH_MAX];
    struct stat st;
    return snprintf(path, sizeof path, "%s/projects", dir) < (int)sizeof path &&
           stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Removes the last part of the path, if it is `name` (NULL: whatever it is). */
static bool take_last_part(char *path, const char *name)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        path[--len] = '\0';
    }
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path || (name != NULL && strcmp(slash + 1, name) != 0)) {
        return false;
    }
    *slash = '\0';
    return true;
}

/* Appends why nothing can be read in the directory, and what to name instead. */
static void explain(const char *dir, struct strbuf *detail)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", dir);
    strbuf_addf(detail, "%s has no directory projects", dir);
    if (take_last_part(path, NULL) && take_last_part(path, "projects")) {
        strbuf_addf(detail, "; it may be one of them: name claude:%s", path);
    } else {
        strbuf_adds(detail, "; set CLAUDE_CONFIG_DIR, or name another, as claude:DIR");
    }
}

/* False: *detail has what is wrong with it. */
static bool begin(struct claude_source *claude, struct strbuf *detail)
{
    const char *named = source_argument(&claude->dir.source);
    const char *dir = *named != '\0' ? named : source_setting(&claude->dir.source, "dir");
    char path[PATH_MAX];
    if (dir == NULL) {
        strbuf_adds(detail, "neither CLAUDE_CONFIG_DIR nor HOME is set");
        return false;
    }
    snprintf(path, sizeof path, "%s", dir);
    /* Many name the directory projects itself. */
    if (has_projects(path) || !take_last_part(path, "projects")) {
        snprintf(path, sizeof path, "%s", dir);
    }
    bool made = make(claude, path, *named != '\0');
    if (made && !transcript_dir_follows(&claude->dir) && !claude_sessions_exist(&claude->all)) {
        explain(path, detail);
        return false;
    }
    if (!made || !transcript_dir_begin(&claude->dir, &claude_ops)) {
        strbuf_adds(detail, "out of memory");
        return false;
    }
    return true;
}

static bool open_claude(struct source *source, struct strbuf *error)
{
    struct strbuf detail;
    strbuf_init(&detail, hub_ctx(source->hub)->mem, 0);
    bool good = begin((struct claude_source *)source, &detail);
    if (!good) {
        source_error(error, source->spec, "cannot be read",
                     detail.failed ? "out of memory" : detail.data);
    } else {
        strbuf_add(error, source->error.data, source->error.len);
    }
    strbuf_release(&detail);
    return good && source->state != SOURCE_FAILED;
}

static void release_claude(struct source *source)
{
    struct claude_source *claude = (struct claude_source *)source;
    transcript_dir_release(&claude->dir);
    if (claude->has_all) {
        claude_sessions_release(&claude->all);
    }
}

const struct source_ops claude_source_ops = {
    .size = sizeof(struct claude_source),
    .open = open_claude,
    .close = transcript_dir_close,
    .release = release_claude,
    .read_slot = transcript_dir_read_slot,
    .finish = transcript_dir_finish,
    .stop = transcript_dir_stop,
    .reads = transcript_dir_reads,
};
