/* Sessions are found in directories and in the registry, in no order; those that are found at
   the same time are put in the order in which they began. Once found they stay. */
#include "ingest/claude/claude_sessions.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COPIED_NS ((int64_t)2 * 1000000000) /* files of one copied directory are made within it */

enum { AT_REST = 4 /* every so many looks sessions that have ended are looked at too */ };

/* Returns the session with the id; with `make`, a new one if it is unknown. NULL: unknown, or
   out of memory. */
static struct claude_session *session_of(struct claude_sessions *all, struct slice id, bool make)
{
    const struct mem *mem = all->mem;
    intern_id number = intern_find(all->ids, id.bytes, id.len);
    uint32_t at = number == INTERN_NONE ? U64MAP_NONE : u64map_get(&all->by_id, number);
    if (at != U64MAP_NONE) {
        return all->list[at];
    }
    if (!make) {
        return NULL;
    }
    number = intern_put(all->ids, id.bytes, id.len);
    struct claude_session *session =
        claude_session_new(all->dir, &all->options, id, (double)(all->since_ns / 1000000));
    if (session == NULL || number == INTERN_FAILED ||
        !mem_reserve(mem, &all->list, &all->cap, all->count + 1, sizeof *all->list) ||
        !u64map_put(&all->by_id, number, (uint32_t)all->count)) {
        claude_session_free(session);
        all->dir->failed = true;
        return NULL;
    }
    all->list[all->count++] = session;
    return session;
}

static bool is_recent(struct claude_sessions *all, const char *path, const struct stat *st)
{
    int64_t from_ns = ingest_ctx_wall(all->options.counters->ingest) - all->since_ns;
    bool recent = transcript_is_recent(&all->recent, path, st, from_ns);
    all->dir->failed |= all->recent.failed;
    return recent;
}

/* Counts a file that cannot be read, once. */
static void refuse(struct claude_sessions *all, const char *path, int why)
{
    bool refused = intern_find(all->refused, path, strlen(path)) != INTERN_NONE;
    if (!refused && intern_put(all->refused, path, strlen(path)) == INTERN_FAILED) {
        all->dir->failed = true;
    }
    transcript_dir_refuse(all->dir, path, why, &refused);
}

/* Takes the transcript of a session, or of one of its agents if `agent` is set. Returns false if
   its session is too old to be shown. */
static bool take_file(struct claude_sessions *all, struct slice id, const char *agent,
                      const char *path, const struct stat *st)
{
    struct claude_session *session = session_of(all, id, false);
    if (session == NULL && (all->whole || is_recent(all, path, st))) {
        session = session_of(all, id, true);
    }
    if (agent == NULL) {
        transcript_dir_note_older(all->dir, path, all->recent.written_ns, session == NULL);
    }
    if (session != NULL && agent != NULL) {
        claude_session_found(session, agent, path);
    } else if (session != NULL) {
        claude_session_set_path(session, path);
    }
    return session != NULL;
}

/* Returns the id of the session that a sub-agent's transcript names; bytes NULL: none. Its first
   bytes are read once: the directory is listed again and again. */
static struct slice session_named_in(struct claude_sessions *all, const char *path)
{
    struct slice named = {NULL, 0};
    intern_id key = intern_put(all->asked, path, strlen(path));
    uint32_t at = key == INTERN_FAILED ? U64MAP_NONE : u64map_get(&all->session_named, key);
    struct strbuf id;
    if (at == U64MAP_NONE && key != INTERN_FAILED) {
        strbuf_init(&id, all->mem, 0);
        if (claude_files_session(all->mem, path, &id)) {
            at = intern_put(all->ids, id.data, id.len);
            all->dir->failed |= at == INTERN_FAILED || !u64map_put(&all->session_named, key, at);
        }
        all->dir->failed |= id.failed;
        strbuf_release(&id);
    }
    all->dir->failed |= key == INTERN_FAILED;
    if (at != U64MAP_NONE && at != INTERN_FAILED) {
        named.bytes = intern_text(all->ids, at, &named.len);
    }
    return named;
}

/* In 2025 sub-agents' transcripts were beside those of their sessions. */
static void found_agent(struct claude_sessions *all, const char *name, const char *path,
                        const struct stat *st)
{
    struct slice id = session_named_in(all, path);
    if (id.bytes != NULL && take_file(all, id, name, path, st)) {
        all->dir->failed |= intern_put(all->beside, path, strlen(path)) == INTERN_FAILED;
    }
}

/* Whether the entry was taken before: then it costs no call to the system. */
static bool is_taken(struct claude_sessions *all, struct slice id, const char *path)
{
    const struct claude_session *session = session_of(all, id, false);
    for (size_t i = 0; session != NULL && i < session->own_count; i++) {
        if (strcmp(session->files[i]->file.path, path) == 0) {
            return true;
        }
    }
    return intern_find(all->beside, path, strlen(path)) != INTERN_NONE;
}

static void found_transcript(struct claude_sessions *all, const char *name, const char *path)
{
    struct slice id = claude_files_id(name, "");
    struct strbuf real;
    struct stat st;
    if (id.bytes == NULL || is_taken(all, id, path)) {
        return;
    }
    strbuf_init(&real, all->mem, 0);
    if (lstat(path, &st) != 0) {
        refuse(all, path, errno);
    } else if (S_ISLNK(st.st_mode) && !transcript_file_resolve(path, &real)) {
        refuse(all, path, ELOOP);
    } else if (S_ISLNK(st.st_mode) ? lstat(real.data, &st) == 0 : S_ISREG(st.st_mode)) {
        const char *from = real.len > 0 ? real.data : path;
        if (claude_files_id(name, "agent-").bytes != NULL) {
            found_agent(all, name, from, &st);
        } else {
            take_file(all, id, NULL, from, &st);
        }
    }
    all->dir->failed |= real.failed;
    strbuf_release(&real);
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void found_project(struct claude_sessions *all, const char *name, const char *path)
{
    if (intern_find(all->project_names, name, strlen(name)) != INTERN_NONE || !is_directory(path)) {
        return;
    }
    if (intern_put(all->project_names, name, strlen(name)) == INTERN_FAILED ||
        !mem_reserve(all->mem, &all->projects, &all->project_cap, all->project_count + 1,
                     sizeof *all->projects)) {
        all->dir->failed = true;
        return;
    }
    struct transcript_search *project = transcript_dir_search(all->dir, path, NULL);
    if (project != NULL) {
        all->projects[all->project_count++] = project;
    }
}

/* A directory's ctx is `all` for the one of the projects, NULL for a project, a session for its
   sub-agents'. */
void claude_sessions_found(struct claude_sessions *all, const struct transcript_search *where,
                           const char *name, const char *path)
{
    if (where->ctx == all) {
        found_project(all, name, path);
    } else if (where->ctx == NULL) {
        found_transcript(all, name, path);
    } else {
        claude_session_found(where->ctx, name, path);
    }
}

/* Appends the path of a session's transcript. False: it has none. */
static bool find_path(const struct claude_sessions *all, const char *session_id,
                      struct strbuf *path)
{
    struct stat st;
    if (strchr(session_id, '/') != NULL) {
        return false;
    }
    for (size_t i = 0; i < all->project_count; i++) {
        strbuf_clear(path);
        strbuf_addf(path, "%s/%s.jsonl", all->projects[i]->path, session_id);
        if (!path->failed && lstat(path->data, &st) == 0 && S_ISREG(st.st_mode)) {
            return true;
        }
    }
    strbuf_clear(path);
    return false;
}

static const char *path_of(const struct claude_session *session)
{
    return session->count > 0 ? session->files[0]->file.path : NULL;
}

/* A new session, with the times that decide about its place. */
struct origin {
    struct claude_session *session;
    double first_ms; /* NAN: unknown */
    /* Set for sessions that begin at the same time: */
    int64_t born_ns; /* INT64_MIN: unknown */
    double last_ms;
};

static int by_start(const void *a, const void *b)
{
    const struct origin *one = a, *other = b;
    if (isnan(one->first_ms) || isnan(other->first_ms)) {
        return isnan(one->first_ms) - isnan(other->first_ms);
    }
    return one->first_ms < other->first_ms ? -1 : one->first_ms > other->first_ms;
}

/* Which of two sessions that begin at the same time came first: one is a fork, and repeats the
   other's lines. It was made later; of copies of both, it continues for longer, as a rule. */
static int by_origin(const void *a, const void *b)
{
    const struct origin *one = a, *other = b;
    if (one->born_ns != INT64_MIN && other->born_ns != INT64_MIN &&
        llabs((long long)(one->born_ns - other->born_ns)) > COPIED_NS) {
        return one->born_ns < other->born_ns ? -1 : 1;
    }
    return one->last_ms < other->last_ms   ? -1
           : one->last_ms > other->last_ms ? 1
                                           : strcmp(one->session->id, other->session->id);
}

/* Sorts those that begin at the same time, which alone are looked at more closely. */
static void sort_equal(struct origin *origins, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *path = path_of(origins[i].session);
        origins[i].born_ns = path == NULL ? INT64_MIN : transcript_born_ns(path);
        origins[i].last_ms =
            path == NULL ? (double)NAN : transcript_last_ms(origins[i].session->mem, path);
    }
    qsort(origins, count, sizeof *origins, by_origin);
}

static void sort_origins(struct origin *origins, size_t count)
{
    qsort(origins, count, sizeof *origins, by_start);
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && by_start(&origins[from], &origins[to]) == 0; to++) {
        }
        if (to - from > 1 && !isnan(origins[from].first_ms)) {
            sort_equal(origins + from, to - from);
        }
    }
}

/* Sorts the sessions that one look has found by their start: rows come in that order. */
static void sort_new(struct claude_sessions *all)
{
    size_t fresh = all->count - all->sorted;
    struct origin *origins = fresh > 1 ? mem_zalloc(all->mem, fresh, sizeof *origins) : NULL;
    all->dir->failed |= fresh > 1 && origins == NULL;
    for (size_t i = 0; origins != NULL && i < fresh; i++) {
        struct claude_session *session = all->list[all->sorted + i];
        origins[i].session = session;
        origins[i].first_ms = session->count > 0 ? session->files[0]->first_ms : (double)NAN;
    }
    if (origins != NULL) {
        sort_origins(origins, fresh);
    }
    for (size_t i = 0; origins != NULL && i < fresh; i++) {
        const char *id = origins[i].session->id;
        all->list[all->sorted + i] = origins[i].session;
        all->dir->failed |= !u64map_put(&all->by_id, intern_put(all->ids, id, strlen(id)),
                                        (uint32_t)(all->sorted + i));
    }
    mem_free(all->mem, origins, fresh * sizeof *origins * (origins != NULL));
    all->sorted = all->count;
}

/* Returns whether the session of the entry is opened though its transcript may be old: it lives, or
   may do so, or another source reports it, which cannot know whether it does. */
static bool is_wanted(const struct claude_sessions *all, const struct claude_registered *entry)
{
    const struct ingest_ctx *ingest = all->options.counters->ingest;
    struct slice id = {entry->process.session_id, strlen(entry->process.session_id)};
    double from_ms = (double)((ingest_ctx_wall(ingest) - all->since_ns) / 1000000);
    return entry->life == CLAUDE_LIVES ||
           (entry->life == CLAUDE_UNSEEN && entry->process.status_ms >= from_ms) ||
           (entry->size >= 0 && correlator_session(ingest->correlator, id) != NO_SESSION);
}

/* Opens live sessions, however old their transcript is, even before they have one. */
static void open_living(struct claude_sessions *all)
{
    struct strbuf path;
    strbuf_init(&path, all->mem, 0);
    for (size_t i = 0; i < all->registry.count; i++) {
        const struct claude_registered *entry = &all->registry.entries[i];
        const char *id = entry->process.session_id;
        struct claude_session *session =
            session_of(all, (struct slice){id, strlen(id)}, is_wanted(all, entry));
        if (session == NULL || session->own_count > 0) {
            continue;
        }
        if (find_path(all, id, &path)) {
            claude_session_set_path(session, path.data);
        }
    }
    strbuf_release(&path);
}

/* Whether a session has a transcript, of which another one may have copied lines. */
static bool exists(void *ctx, struct slice session_id)
{
    struct claude_sessions *all = ctx;
    struct strbuf id, path;
    const struct claude_session *session = session_of(all, session_id, false);
    if (session != NULL && session->own_count > 0) {
        return true;
    }
    strbuf_init(&id, all->mem, 0);
    strbuf_init(&path, all->mem, 0);
    strbuf_add(&id, session_id.bytes, session_id.len);
    bool found = !id.failed && find_path(all, id.data, &path);
    strbuf_release(&id);
    strbuf_release(&path);
    return found;
}

void claude_sessions_compare_lines(struct claude_sessions *all)
{
    all->options.exists = exists;
    all->options.ctx = all;
}

bool claude_sessions_exist(const struct claude_sessions *all)
{
    return is_directory(all->projects_dir.data);
}

/* Somebody else may have removed the entry of a process: it lives all the same. One that has an
   entry for another session has left this one. */
static bool lives_unlisted(const struct claude_sessions *all, const struct claude_session *session)
{
    return session->lives && session->process.pid != 0 &&
           !claude_registry_has(&all->registry, session->process.pid) &&
           process_lives(all->here.proc, &session->process);
}

/* The registry's name is the newer one. */
static void name_by_job(struct claude_sessions *all, struct claude_session *session,
                        const struct claude_registered *entry)
{
    const struct claude_job *job = claude_jobs_find(&all->jobs, session->id);
    if (job != NULL && job->name[0] != '\0' && (entry == NULL || entry->process.name[0] == '\0')) {
        claude_session_name(session, job->name, job->has_own_name, job->has_own_name);
    }
}

void claude_sessions_report_jobs(struct claude_sessions *all)
{
    for (size_t i = 0; i < all->count && all->jobs.count > 0; i++) {
        struct claude_job *job = claude_jobs_find(&all->jobs, all->list[i]->id);
        if (job != NULL) {
            claude_jobs_report(job, all->list[i], all->jobs_dir.data);
        }
    }
}

static void look_at_each(struct claude_sessions *all, uint64_t now_ms)
{
    bool rest = all->dir->looks % AT_REST == 1;
    for (size_t i = 0; i < all->count; i++) {
        struct claude_session *session = all->list[i];
        const struct claude_registered *entry = claude_registry_find(&all->registry, session->id);
        if (entry != NULL || !lives_unlisted(all, session)) {
            claude_session_registered(session, entry, now_ms);
        }
        name_by_job(all, session, entry);
        if (rest || !session->ended) {
            claude_session_look(session);
        }
        claude_session_rest(session, session->ended);
        all->dir->failed |= session->failed;
    }
}

static bool find(struct claude_sessions *all)
{
    if (all->root == NULL) {
        all->root = transcript_dir_search(all->dir, all->projects_dir.data, all);
    } else {
        transcript_dir_find(all->dir);
    }
    return all->root != NULL;
}

void claude_sessions_look(struct claude_sessions *all, uint64_t now_ms)
{
    /* A client that was never given a prompt has no transcripts yet. */
    if (!claude_sessions_exist(all) && !is_directory(all->registry_dir.data)) {
        return;
    }
    source_set_state(&all->dir->source, SOURCE_OPEN);
    if (transcript_dir_follows(all->dir)) {
        transcript_dir_watch(all->dir, all->registry_dir.data, &all->registry_watched);
    }
    all->dir->failed |= !claude_registry_look(&all->registry, all->registry_dir.data, &all->here) ||
                        !claude_jobs_look(&all->jobs, all->jobs_dir.data) || !find(all);
    open_living(all);
    sort_new(all);
    look_at_each(all, now_ms);
}

struct claude_file *claude_sessions_next(struct claude_sessions *all)
{
    for (size_t i = 0; i < all->count; i++) {
        size_t at = (all->at + i) % all->count;
        struct claude_file *file = claude_session_next(all->list[at]);
        if (file != NULL) {
            all->at = at;
            return file;
        }
    }
    return NULL;
}

bool claude_sessions_init(struct claude_sessions *all, struct transcript_dir *dir, const char *path)
{
    const struct mem *mem = transcript_dir_mem(dir);
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    *all = (struct claude_sessions){.dir = dir, .mem = mem};
    u64map_init(&all->by_id, mem);
    claude_registry_init(&all->registry, mem);
    claude_jobs_init(&all->jobs, mem);
    strbuf_init(&all->jobs_dir, mem, 0);
    strbuf_addf(&all->jobs_dir, "%.*s/jobs", (int)len, path);
    strbuf_init(&all->registry_dir, mem, 0);
    strbuf_init(&all->projects_dir, mem, 0);
    strbuf_addf(&all->registry_dir, "%.*s/sessions", (int)len, path);
    strbuf_addf(&all->projects_dir, "%.*s/projects", (int)len, path);
    all->ids = intern_new(mem);
    all->project_names = intern_new(mem);
    all->beside = intern_new(mem);
    all->asked = intern_new(mem);
    u64map_init(&all->session_named, mem);
    all->refused = intern_new(mem);
    bool has_recent = transcript_recent_init(&all->recent, mem);
    return has_recent && all->ids != NULL && all->project_names != NULL && all->beside != NULL &&
           all->asked != NULL && all->refused != NULL && !all->registry_dir.failed &&
           !all->projects_dir.failed && !all->jobs_dir.failed;
}

void claude_sessions_release(struct claude_sessions *all)
{
    for (size_t i = 0; i < all->count; i++) {
        claude_session_free(all->list[i]);
    }
    mem_free(all->mem, all->list, all->cap * sizeof *all->list);
    mem_free(all->mem, all->projects, all->project_cap * sizeof *all->projects);
    claude_registry_release(&all->registry);
    claude_jobs_release(&all->jobs);
    u64map_release(&all->by_id);
    intern_free(all->ids);
    intern_free(all->project_names);
    intern_free(all->beside);
    intern_free(all->asked);
    u64map_release(&all->session_named);
    transcript_recent_release(&all->recent);
    intern_free(all->refused);
    strbuf_release(&all->registry_dir);
    strbuf_release(&all->projects_dir);
    strbuf_release(&all->jobs_dir);
}
