/* States are small, and are read again when their time has changed. A timeline is read from
   where the last read ended. Jobs are found by hashes of their ids; one whose directory was removed
   is dropped once its wait is closed. Questions and answers of a job are content,
   which is kept with --content alone. */
#include "ingest/claude/claude_jobs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { FILE_BYTES = 256 << 10, PIECES = 16, JOBS_MAX = 4096 };

void claude_jobs_init(struct claude_jobs *jobs, const struct mem *mem)
{
    *jobs = (struct claude_jobs){.mem = mem};
    u64map_init(&jobs->by_id, mem);
    u64map_init(&jobs->by_session, mem);
}

void claude_jobs_release(struct claude_jobs *jobs)
{
    mem_free(jobs->mem, jobs->items, jobs->cap * sizeof *jobs->items);
    u64map_release(&jobs->by_id);
    u64map_release(&jobs->by_session);
}

/* ---- files ---- */

/* Sets path to a file of the job; returns its time, INT64_MIN: there is no such file. */
static int64_t time_of(const char *dir, const char *id, const char *name, char path[PATH_MAX])
{
    struct stat st;
    if (snprintf(path, PATH_MAX, "%s/%s/%s", dir, id, name) >= PATH_MAX || lstat(path, &st) != 0 ||
        !S_ISREG(st.st_mode)) {
        return INT64_MIN;
    }
    return transcript_file_modified_ns(&st);
}

static bool is_over(const char *state)
{
    return strcmp(state, "done") == 0 || strcmp(state, "failed") == 0 ||
           strcmp(state, "stopped") == 0;
}

/* False: the text is no such object. It may be half written. */
static bool read_state(const struct mem *mem, const char *text, size_t len, struct claude_job *job)
{
    struct json_value all;
    struct json_error error;
    if (!json_check(text, len, 50, &all, &error) || all.type != JSON_TYPE_OBJECT) {
        return false;
    }
    client_text_copy(mem, json_get(all, "sessionId"), job->session_id, sizeof job->session_id);
    client_text_copy(mem, json_get(all, "resumeSessionId"), job->resumed_id,
                     sizeof job->resumed_id);
    client_text_copy(mem, json_get(all, "name"), job->name, sizeof job->name);
    client_text_copy(mem, json_get(all, "state"), job->state, sizeof job->state);
    client_text_copy(mem, json_get(all, "needs"), job->needs, sizeof job->needs);
    job->has_own_name = json_string_is(json_get(all, "nameSource"), "user");
    job->updated_ms = client_time(json_get(all, "updatedAt"));
    /* One that was made without a prompt waits for its first. */
    job->is_blocked = json_string_is(json_get(all, "tempo"), "blocked") && job->needs[0] != '\0' &&
                      strcmp(job->needs, "send a prompt to start") != 0 && !is_over(job->state);
    return true;
}

static uint64_t hash_of(const char *id)
{
    return XXH3_64bits(id, strlen(id));
}

/* Returns the job of that directory, new if necessary; NULL: too many, or out of memory. */
static struct claude_job *job_of(struct claude_jobs *jobs, const char *id)
{
    uint32_t known = u64map_get(&jobs->by_id, hash_of(id));
    if (known != U64MAP_NONE) {
        return &jobs->items[known];
    }
    if (jobs->count == JOBS_MAX ||
        !mem_reserve(jobs->mem, &jobs->items, &jobs->cap, jobs->count + 1, sizeof *jobs->items) ||
        !u64map_put(&jobs->by_id, hash_of(id), (uint32_t)jobs->count)) {
        return NULL;
    }
    struct claude_job *job = &jobs->items[jobs->count++];
    *job = (struct claude_job){.modified_ns = INT64_MIN,
                               .timeline_ns = INT64_MIN,
                               .line_ms = (double)-INFINITY,
                               .known_ms = (double)-INFINITY,
                               .since_ms = (double)NAN,
                               .wait_ms = (double)NAN,
                               .updated_ms = (double)NAN};
    snprintf(job->id, sizeof job->id, "%s", id);
    return job;
}

static bool look_at(struct claude_jobs *jobs, const char *dir, const char *id)
{
    char path[PATH_MAX];
    size_t len;
    int64_t timeline_ns = time_of(dir, id, "timeline.jsonl", path);
    int64_t modified_ns = time_of(dir, id, "state.json", path);
    if (modified_ns == INT64_MIN || strlen(id) > CLIENT_ID_BYTES) {
        return true;
    }
    struct claude_job *job = job_of(jobs, id);
    if (job == NULL) {
        return jobs->count == JOBS_MAX;
    }
    job->seen = true;
    job->changed |= timeline_ns != job->timeline_ns;
    if (job->modified_ns == modified_ns) {
        return true;
    }
    char *text = mem_alloc(jobs->mem, FILE_BYTES);
    if (text != NULL && process_read_file(path, text, FILE_BYTES, &len) &&
        read_state(jobs->mem, text, len, job)) {
        job->modified_ns = modified_ns;
        job->changed = true;
    }
    mem_free(jobs->mem, text, text == NULL ? 0 : FILE_BYTES);
    return text != NULL;
}

/* Drops jobs that were removed. One that still has to report the end of its wait stays. */
static void drop_removed(struct claude_jobs *jobs)
{
    size_t kept = 0;
    for (size_t i = 0; i < jobs->count; i++) {
        struct claude_job *job = &jobs->items[i];
        job->changed |= !job->seen && job->is_blocked;
        job->is_blocked &= job->seen;
        if (job->seen || !isnan(job->wait_ms)) {
            jobs->items[kept++] = *job;
        }
    }
    jobs->count = kept;
}

/* Indexes the jobs as they are now. The last one of a session counts. */
static bool index_all(struct claude_jobs *jobs)
{
    bool good = true;
    u64map_clear(&jobs->by_id);
    u64map_clear(&jobs->by_session);
    for (uint32_t i = 0; i < jobs->count; i++) {
        const struct claude_job *job = &jobs->items[i];
        const char *ids[] = {job->session_id, job->resumed_id};
        good &= u64map_put(&jobs->by_id, hash_of(job->id), i);
        for (size_t k = 0; k < sizeof ids / sizeof *ids; k++) {
            good &= ids[k][0] == '\0' || u64map_put(&jobs->by_session, hash_of(ids[k]), i);
        }
    }
    return good;
}

bool claude_jobs_look(struct claude_jobs *jobs, const char *dir)
{
    bool good = true;
    DIR *entries = opendir(dir);
    for (size_t i = 0; i < jobs->count; i++) {
        jobs->items[i].seen = false;
    }
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        good &= entry->d_name[0] == '.' || look_at(jobs, dir, entry->d_name);
    }
    if (entries != NULL) {
        closedir(entries);
    }
    drop_removed(jobs);
    return index_all(jobs) && good;
}

struct claude_job *claude_jobs_find(struct claude_jobs *jobs, const char *session_id)
{
    uint32_t at =
        session_id[0] == '\0' ? U64MAP_NONE : u64map_get(&jobs->by_session, hash_of(session_id));
    return at == U64MAP_NONE ? NULL : &jobs->items[at];
}

/* ---- reports ---- */

static struct update update_of(const struct claude_session *session, enum update_op op)
{
    struct update update = {.op = op,
                            .kind = CALL_WAIT,
                            .precedence = PRECEDENCE_FILES,
                            .session_id = {session->id, strlen(session->id)}};
    ingest_ctx_stamp(session->options->counters->ingest, &update);
    return update;
}

/* Reports a wait for a person, which lasts until `end_ms` (NAN: it is open). */
static void report_wait(struct claude_session *session, double start_ms, double end_ms,
                        const char *needs)
{
    char id[64];
    const char *what = session->options->content && needs[0] != '\0' ? needs : "Job: input";
    struct update update = update_of(session, UPDATE_CALL);
    update.id = (struct slice){id, (size_t)snprintf(id, sizeof id, "job-%.0f", start_ms)};
    update_number(&update, FIELD_START_MS, start_ms);
    update_number(&update, FIELD_END_MS, end_ms);
    update_text(&update, FIELD_CONTEXT, (struct slice){what, strlen(what)});
    session->failed |= !ingest_ctx_client_update(session->options->counters->ingest, &update);
}

static void log_state(const struct claude_session *session, double at_ms, const char *state,
                      const char *detail)
{
    struct ingest_ctx *ingest = session->options->counters->ingest;
    char text[320];
    int len =
        snprintf(text, sizeof text, "job: %s%s%s", state, detail[0] != '\0' ? ": " : "", detail);
    bool failed = strcmp(state, "failed") == 0 || strcmp(state, "crashed") == 0;
    session_no number =
        correlator_session(ingest->correlator, (struct slice){session->id, strlen(session->id)});
    struct log_entry entry = {
        .at_ns = (int64_t)(at_ms * 1e6),
        .level = failed ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
        .session = number,
        .serial = swarm_session_serial(ingest->swarm, number),
        .text = text,
        .len = len < (int)sizeof text ? (size_t)len : sizeof text - 1,
    };
    event_log_add(ingest->log, &entry);
}

/* Takes one line of the timeline, which ends the wait that the line before it began. */
static void take_line(struct claude_job *job, struct claude_session *session, const char *line,
                      size_t len)
{
    struct json_value all;
    struct json_error error;
    char state[32], detail[CLIENT_ID_BYTES + 1] = "";
    const struct mem *mem = session->mem;
    double at_ms = (double)NAN;
    if (json_check(line, len, 50, &all, &error) && all.type == JSON_TYPE_OBJECT) {
        at_ms = client_time(json_get(all, "at"));
    }
    if (isnan(at_ms) || at_ms <= job->known_ms) {
        return;
    }
    job->line_ms = fmax(job->line_ms, at_ms);
    client_text_copy(mem, json_get(all, "state"), state, sizeof state);
    if (session->options->content) {
        client_text_copy(mem, json_get(all, "detail"), detail, sizeof detail);
    }
    log_state(session, at_ms, state, detail);
    bool blocked = strcmp(state, "blocked") == 0;
    bool known = session->wait.start_ms >= job->since_ms && session->wait.start_ms <= at_ms;
    if (!isnan(job->since_ms) && !blocked && at_ms >= job->since_ms && !known) {
        report_wait(session, job->since_ms, at_ms, job->needs);
    }
    job->since_ms = !blocked ? (double)NAN : isnan(job->since_ms) ? at_ms : job->since_ms;
}

/* Reads at most FILE_BYTES of the timeline, from where the last read ended. Returns the length;
   -1: it cannot be read. */
static ssize_t read_piece(const char *path, struct claude_job *job, char *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return -1;
    }
    ssize_t len = -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        /* A new file, or one that was cut: its lines that are known are skipped by their time. */
        if (st.st_ino != job->inode || st.st_size < job->taken) {
            job->inode = st.st_ino;
            job->taken = 0;
            job->known_ms = job->line_ms;
        }
        len = pread(fd, out, FILE_BYTES, job->taken);
    }
    close(fd);
    return len;
}

/* Takes the lines of the piece; returns their length. A line that is longer than a piece is
   skipped: the rest of it is no JSON. */
static size_t take_lines(struct claude_job *job, struct claude_session *session, const char *text,
                         size_t len)
{
    const char *at = text, *end;
    while ((end = memchr(at, '\n', (size_t)(text + len - at))) != NULL) {
        take_line(job, session, at, (size_t)(end - at));
        at = end + 1;
    }
    return at == text && len == FILE_BYTES ? len : (size_t)(at - text);
}

static void read_timeline(struct claude_job *job, struct claude_session *session, const char *dir)
{
    char path[PATH_MAX];
    int64_t modified_ns = time_of(dir, job->id, "timeline.jsonl", path);
    char *text = modified_ns == INT64_MIN ? NULL : mem_alloc(session->mem, FILE_BYTES);
    if (text == NULL) {
        session->failed |= modified_ns != INT64_MIN;
        return;
    }
    size_t taken = 1;
    for (int piece = 0; piece < PIECES && taken > 0; piece++) {
        ssize_t len = read_piece(path, job, text);
        taken = len <= 0 ? 0 : take_lines(job, session, text, (size_t)len);
        job->taken += (off_t)taken;
    }
    /* The rest of a long one is read at the next look. */
    job->timeline_ns = taken > 0 ? INT64_MIN : modified_ns;
    mem_free(session->mem, text, FILE_BYTES);
}

void claude_jobs_report(struct claude_job *job, struct claude_session *session, const char *dir)
{
    const struct ingest_ctx *ingest = session->options->counters->ingest;
    session->is_blocked = job->is_blocked;
    /* The registry reports what a person is asked by the client itself. */
    bool waits = job->is_blocked && session->status != CLAUDE_STATUS_WAITING;
    bool shown = correlator_session(ingest->correlator,
                                    (struct slice){session->id, strlen(session->id)}) != NO_SESSION;
    if (!shown || (!job->changed && waits == !isnan(job->wait_ms))) {
        return;
    }
    job->changed = false;
    read_timeline(job, session, dir);
    if (isnan(job->wait_ms) && waits) {
        job->wait_ms = !isnan(job->since_ms) ? job->since_ms : job->updated_ms;
        if (!isnan(job->wait_ms)) {
            report_wait(session, job->wait_ms, (double)NAN, job->needs);
        }
    } else if (!isnan(job->wait_ms) && !waits) {
        report_wait(session, job->wait_ms, fmax(job->wait_ms, job->updated_ms), job->needs);
        job->wait_ms = (double)NAN;
    }
}
