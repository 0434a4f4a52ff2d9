/* The files of a session: its own transcript first, then those of its sub-agents in the order in
   which they began. Each is read as a whole before the next one, so that rows come in that
   order.

   Clients of several years put files in several places: a sub-agent's beside the session's own, in
   its directory subagents, or in directories below that. A session that enters a worktree has its
   transcript moved to another project's directory. */
#include "ingest/claude/claude_agents.h"

#include "ingest/transcript_time.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { SEARCH_DEPTH = 8, UNSEEN_MS = 3600 * 1000 };

/* ---- files ---- */

static struct claude_transcript *new_transcript(const struct claude_session *session,
                                                const struct claude_file *file, const char *path)
{
    struct claude_transcript_options options = *session->options;
    bool main = file->agent_id[0] == '\0';
    options.where = path;
    options.session_id = (struct slice){session->id, strlen(session->id)};
    options.agent_id = (struct slice){main ? NULL : file->agent_id, strlen(file->agent_id)};
    struct claude_transcript *transcript = claude_transcript_new(&options);
    if (transcript != NULL && main && session->name[0] != '\0') {
        claude_transcript_set_name(transcript, (struct slice){session->name, strlen(session->name)},
                                   !session->has_own_name);
    }
    return transcript;
}

static void free_file(const struct mem *mem, struct claude_file *file)
{
    if (file == NULL) {
        return;
    }
    claude_transcript_free(file->transcript);
    mem_free(mem, file, sizeof *file);
}

static struct claude_file *new_file(struct claude_session *session, const char *path,
                                    struct slice agent_id)
{
    struct claude_file *file = mem_zalloc(session->mem, 1, sizeof *file);
    if (file == NULL) {
        return NULL;
    }
    if (agent_id.len > 0) {
        memcpy(file->agent_id, agent_id.bytes, agent_id.len);
    }
    file->meta_ns = INT64_MIN;
    file->ended_ms = (double)NAN;
    file->session = session;
    file->first_ms = transcript_first_ms(session->mem, path);
    file->transcript = new_transcript(session, file, path);
    /* Last: the directory keeps it. */
    if (file->transcript != NULL &&
        mem_reserve(session->mem, &session->files, &session->cap, session->count + 1,
                    sizeof *session->files) &&
        transcript_dir_add(session->dir, &file->file, path)) {
        return file;
    }
    free_file(session->mem, file);
    return NULL;
}

/* Agents in the order in which they began, as far as that is known when they are found. */
static void insert(struct claude_session *session, struct claude_file *file)
{
    bool own = file->agent_id[0] == '\0';
    size_t at = session->count++;
    while (at > session->own_count &&
           (own || (session->files[at - 1]->file.offset == 0 &&
                    session->files[at - 1]->first_ms > file->first_ms))) {
        session->files[at] = session->files[at - 1];
        at--;
    }
    session->own_count += own;
    session->files[at] = file;
    session->read = 0;
}

struct claude_session *claude_session_new(struct transcript_dir *dir,
                                          const struct claude_transcript_options *options,
                                          struct slice id, double since_ms)
{
    const struct mem *mem = options->counters->ingest->mem;
    struct claude_session *session = mem_zalloc(mem, 1, sizeof *session);
    if (session == NULL) {
        return NULL;
    }
    session->dir = dir;
    session->options = options;
    session->mem = mem;
    session->status_ms = session->started_ms = (double)NAN;
    session->unseen_ms = since_ms < UNSEEN_MS ? since_ms : UNSEEN_MS;
    memcpy(session->id, id.bytes, id.len);
    return session;
}

void claude_session_free(struct claude_session *session)
{
    if (session == NULL) {
        return;
    }
    for (size_t i = 0; i < session->count; i++) {
        free_file(session->mem, session->files[i]);
    }
    mem_free(session->mem, session->files, session->cap * sizeof *session->files);
    mem_free(session->mem, session->searches, session->search_cap * sizeof *session->searches);
    mem_free(session->mem, session->starters, session->starter_cap * sizeof *session->starters);
    mem_free(session->mem, session->by_agent, session->by_agent_cap * sizeof *session->by_agent);
    intern_free(session->agent_ids);
    mem_free(session->mem, session, sizeof *session);
}

/* ---- places ---- */

/* Searches a directory for transcripts of sub-agents, unless it is searched already. */
static void search_in(struct claude_session *session, const char *path)
{
    for (size_t i = 0; i < session->search_count; i++) {
        if (strcmp(session->searches[i]->path, path) == 0) {
            return;
        }
    }
    if (!mem_reserve(session->mem, &session->searches, &session->search_cap,
                     session->search_count + 1, sizeof *session->searches)) {
        session->failed = true;
        return;
    }
    struct transcript_search *search = transcript_dir_add_search(session->dir, path, session);
    if (search == NULL) {
        session->failed = true;
        return;
    }
    /* Looking into it may add those that are in it. */
    session->searches[session->search_count++] = search;
    transcript_dir_look_into(session->dir, search);
}

void claude_session_rest(struct claude_session *session, bool at_rest)
{
    for (size_t i = 0; i < session->search_count; i++) {
        session->searches[i]->at_rest = at_rest;
    }
}

/* Returns whether the file is no longer where it was: one that was found elsewhere was moved. */
static bool is_gone(const struct claude_file *file)
{
    struct stat st;
    return lstat(file->file.path, &st) != 0;
}

static void move_file(struct claude_session *session, struct claude_file *file, const char *path)
{
    session->failed |= !transcript_dir_move(session->dir, &file->file, path);
    session->read = 0;
}

/* Takes the path of a transcript of the session itself. */
static void take_own(struct claude_session *session, const char *path)
{
    for (size_t i = 0; i < session->own_count; i++) {
        if (is_gone(session->files[i])) {
            move_file(session, session->files[i], path);
            return;
        }
    }
    struct claude_file *file = new_file(session, path, (struct slice){NULL, 0});
    if (file == NULL) {
        session->failed = true;
    } else {
        insert(session, file);
    }
}

/* SESSION.jsonl: its agents are in SESSION/subagents. */
void claude_session_set_path(struct claude_session *session, const char *path)
{
    struct strbuf agents;
    for (size_t i = 0; i < session->own_count; i++) {
        if (strcmp(session->files[i]->file.path, path) == 0) {
            return;
        }
    }
    take_own(session, path);
    strbuf_init(&agents, session->mem, 0);
    strbuf_add(&agents, path, strlen(path) - strlen(".jsonl"));
    strbuf_adds(&agents, "/subagents");
    session->failed |= agents.failed;
    if (!session->failed) {
        search_in(session, agents.data);
    }
    strbuf_release(&agents);
}

/* ---- sub-agents ---- */

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static size_t depth_of(const char *path)
{
    size_t depth = 0;
    for (const char *at = strstr(path, "/subagents"); at != NULL; at = strchr(at + 1, '/')) {
        depth++;
    }
    return depth;
}

/* The transcript of a known agent is elsewhere now, with that of its session. */
static void found_again(struct claude_session *session, intern_id agent, const char *path)
{
    struct claude_file *file = session->by_agent[agent];
    if (file != NULL && strcmp(file->file.path, path) != 0 && is_gone(file)) {
        move_file(session, file, path);
    }
}

/* Returns the number of a new agent, with a place in by_agent. INTERN_FAILED: out of memory. */
static intern_id number_agent(struct claude_session *session, struct slice id)
{
    size_t next = intern_count(session->agent_ids) + 1;
    if (!mem_reserve(session->mem, &session->by_agent, &session->by_agent_cap, next + 1,
                     sizeof *session->by_agent)) {
        return INTERN_FAILED;
    }
    session->by_agent[next] = NULL;
    return intern_put(session->agent_ids, id.bytes, id.len);
}

static void found_agent(struct claude_session *session, struct slice id, const char *path)
{
    struct stat st;
    if (session->agent_ids == NULL) {
        session->agent_ids = intern_new(session->mem);
    }
    if (session->agent_ids == NULL) {
        session->failed = true;
        return;
    }
    intern_id agent = intern_find(session->agent_ids, id.bytes, id.len);
    if (agent != INTERN_NONE) {
        found_again(session, agent, path);
        return;
    }
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return;
    }
    agent = number_agent(session, id);
    struct claude_file *file = agent == INTERN_FAILED ? NULL : new_file(session, path, id);
    if (file == NULL) {
        session->failed = true;
    } else {
        session->by_agent[agent] = file;
        insert(session, file);
    }
}

void claude_session_found(struct claude_session *session, const char *name, const char *path)
{
    struct slice id = claude_files_id(name, "agent-");
    if (id.bytes != NULL) {
        found_agent(session, id, path);
    } else if (strstr(name, ".json") == NULL && depth_of(path) < SEARCH_DEPTH &&
               is_directory(path)) {
        search_in(session, path);
    }
}

/* ---- looking ---- */

static void look_at(struct claude_session *session, struct claude_file *file)
{
    if (!transcript_file_look(&file->file)) {
        return;
    }
    struct claude_transcript *fresh = new_transcript(session, file, file->file.path);
    if (fresh == NULL) {
        session->failed = true;
        return;
    }
    claude_transcript_free(file->transcript);
    file->transcript = fresh;
}

void claude_session_look(struct claude_session *session)
{
    session->read = 0;
    for (size_t i = 0; i < session->count; i++) {
        look_at(session, session->files[i]);
        if (session->files[i]->agent_id[0] == '\0') {
            continue;
        }
        claude_agents_look(session, session->files[i]);
        claude_agents_report(session, session->files[i]);
    }
}

struct claude_file *claude_session_next(const struct claude_session *session)
{
    for (size_t i = session->read; i < session->count; i++) {
        if (transcript_file_has_more(&session->files[i]->file)) {
            return session->files[i];
        }
    }
    return NULL;
}

void claude_session_take(struct claude_session *session, struct claude_file *file,
                         const char *bytes, size_t len, uint64_t now_ms)
{
    if (len > 0) {
        session->ended = false;
        session->grown_since = now_ms;
        session->failed |= !claude_transcript_push(file->transcript, bytes, len);
        claude_agents_note_starter(session, file);
    }
    while (session->read < session->count &&
           !transcript_file_has_more(&session->files[session->read]->file)) {
        session->read++;
    }
    if (file->agent_id[0] != '\0') {
        claude_agents_report(session, file);
    }
}

void claude_session_finish(struct claude_session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        session->failed |= !claude_transcript_finish(session->files[i]->transcript);
    }
}

uint64_t claude_session_unknown(const struct claude_session *session, struct slice *type)
{
    uint64_t count = 0;
    for (size_t i = 0; i < session->count; i++) {
        count += claude_transcript_unknown(session->files[i]->transcript, type);
    }
    return count;
}

double claude_session_last_ms(const struct claude_session *session)
{
    double last = (double)NAN;
    for (size_t i = 0; i < session->count; i++) {
        double ms = claude_transcript_last_ms(session->files[i]->transcript);
        if (!isnan(ms) && !(last >= ms)) {
            last = ms;
        }
    }
    return last;
}
