/* The files of a session. A transcript only grows; one that is shorter than what was read, or is another file, is read again from its beginning, which
   says the same once more. */
#include "ingest/claude/claude_session.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { META_BYTES = 64 << 10 };

/* ---- files ---- */

static char *copy_text(const struct mem *mem, const char *text)
{
    char *copy = mem_alloc(mem, strlen(text) + 1);
    return copy == NULL ? NULL : memcpy(copy, text, strlen(text) + 1);
}

static void free_text(const struct mem *mem, char *text)
{
    mem_free(mem, text, text == NULL ? 0 : strlen(text) + 1);
}

static struct claude_transcript *new_transcript(const struct claude_session *session,
                                                const struct claude_file *file)
{
    struct claude_transcript_options options = *session->options;
    bool main = file->agent_id[0] == '\0';
    options.where = file->path;
    options.session_id = (struct slice){session->id, strlen(session->id)};
    options.agent_id = (struct slice){main ? NULL : file->agent_id, strlen(file->agent_id)};
    struct claude_transcript *transcript = claude_transcript_new(&options);
    if (transcript != NULL && main && session->name[0] != '\0')
        claude_transcript_set_name(transcript, (struct slice){session->name, strlen(session->name)},
                                   !session->has_own_name);
    return transcript;
}

static void free_file(const struct mem *mem, struct claude_file *file)
{
    if (file == NULL)
        return;
    claude_transcript_free(file->transcript);
    free_text(mem, file->path);
    mem_free(mem, file, sizeof *file);
}

static struct claude_file *new_file(struct claude_session *session, const char *path,
                                    struct slice agent_id)
{
    struct claude_file *file = mem_zalloc(session->mem, 1, sizeof *file);
    if (file == NULL)
        return NULL;
    if (agent_id.len > 0)
        memcpy(file->agent_id, agent_id.bytes, agent_id.len);
    file->meta_ns = INT64_MIN;
    file->ended_ms = (double)NAN;
    file->path = copy_text(session->mem, path);
    file->first_ms = claude_files_first_ms(session->mem, path);
    if (file->path != NULL)
        file->transcript = new_transcript(session, file);
    if (file->transcript != NULL && mem_reserve(session->mem, &session->files, &session->cap,
                                                session->count + 1, sizeof *session->files))
        return file;
    free_file(session->mem, file);
    return NULL;
}

/* Agents in the order in which they began, as far as that is known when they are found. */
static void insert(struct claude_session *session, struct claude_file *file)
{
    size_t at = session->count++;
    while (at > 1 && session->files[at - 1]->offset == 0 &&
           session->files[at - 1]->first_ms > file->first_ms) {
        session->files[at] = session->files[at - 1];
        at--;
    }
    session->files[at] = file;
    session->read = 0;
}

struct claude_session *claude_session_new(const struct claude_transcript_options *options,
                                          struct slice id)
{
    const struct mem *mem = options->tally->intake->mem;
    struct claude_session *session = mem_zalloc(mem, 1, sizeof *session);
    if (session == NULL)
        return NULL;
    session->options = options;
    session->mem = mem;
    session->status_ms = session->started_ms = (double)NAN;
    memcpy(session->id, id.bytes, id.len);
    return session;
}

void claude_session_free(struct claude_session *session)
{
    if (session == NULL)
        return;
    for (size_t i = 0; i < session->count; i++)
        free_file(session->mem, session->files[i]);
    mem_free(session->mem, session->files, session->cap * sizeof *session->files);
    free_text(session->mem, session->agents.path);
    intern_free(session->agent_ids);
    mem_free(session->mem, session, sizeof *session);
}

/* SESSION.jsonl: its agents are in SESSION/subagents. */
void claude_session_set_path(struct claude_session *session, const char *path)
{
    struct strbuf agents;
    if (session->count > 0)
        return;
    strbuf_init(&agents, session->mem, 0);
    strbuf_add(&agents, path, strlen(path) - strlen(".jsonl"));
    strbuf_adds(&agents, "/subagents");
    struct claude_file *file = new_file(session, path, (struct slice){NULL, 0});
    char *copy = agents.failed ? NULL : copy_text(session->mem, agents.data);
    strbuf_release(&agents);
    if (file == NULL || copy == NULL) {
        session->failed = true;
        free_file(session->mem, file);
        free_text(session->mem, copy);
        return;
    }
    session->agents = (struct claude_directory){copy, INT64_MIN};
    insert(session, file);
}

/* ---- sub-agents ---- */

static struct slice text_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static void say_agent(struct claude_session *session, const struct claude_file *file, double end_ms)
{
    const struct claude_meta *meta = &file->meta;
    int64_t local_ns = intake_now(session->options->tally->intake);
    struct update update = {
        .op = UPDATE_AGENT,
        .precedence = PRECEDENCE_FILES,
        .t_ms = (double)local_ns / 1e6,
        .local_ns = local_ns,
        .session_id = text_of(session->id),
        .agent_id = text_of(file->agent_id),
    };
    update_text(&update, FIELD_TYPE, text_of(meta->type));
    update_text(&update, FIELD_DESCRIPTION, text_of(meta->description));
    update_text(&update, FIELD_PARENT_AGENT_ID,
                text_of(meta->parent_id[0] != '\0' ? meta->parent_id : session->id));
    update_number(&update, FIELD_START_MS, file->first_ms);
    update_number(&update, FIELD_END_MS, end_ms);
    session->failed |= !correlator_update(session->options->tally->intake->correlator, &update);
}

static bool read_meta(const struct mem *mem, const char *path, struct claude_meta *meta)
{
    int fd = claude_files_open(path);
    char *text = fd < 0 ? NULL : mem_alloc(mem, META_BYTES);
    ssize_t len = text == NULL ? -1 : read(fd, text, META_BYTES);
    bool good = len > 0 && claude_meta_read(mem, text, (size_t)len, meta);
    mem_free(mem, text, text == NULL ? 0 : META_BYTES);
    if (fd >= 0)
        close(fd);
    return good;
}

/* agent-ID.jsonl: agent-ID.meta.json. One that is half written is read again at the next look. */
static void look_at_meta(struct claude_session *session, struct claude_file *file)
{
    struct claude_meta meta;
    struct strbuf path;
    struct stat st;
    strbuf_init(&path, session->mem, 0);
    strbuf_add(&path, file->path, strlen(file->path) - strlen(".jsonl"));
    strbuf_adds(&path, ".meta.json");
    if (!path.failed && lstat(path.data, &st) == 0 &&
        claude_files_modified_ns(&st) != file->meta_ns &&
        read_meta(session->mem, path.data, &meta)) {
        file->meta = meta;
        file->meta_ns = claude_files_modified_ns(&st);
        say_agent(session, file, (double)NAN);
    }
    session->failed |= path.failed;
    strbuf_release(&path);
}

static void found_agent(void *ctx, const char *path, struct slice id, const struct stat *st)
{
    struct claude_session *session = ctx;
    (void)st;
    if (session->agent_ids == NULL)
        session->agent_ids = intern_new(session->mem);
    if (session->agent_ids != NULL &&
        intern_find(session->agent_ids, id.bytes, id.len) != INTERN_NONE)
        return;
    struct claude_file *file =
        session->agent_ids == NULL ||
                intern_put(session->agent_ids, id.bytes, id.len) == INTERN_FAILED
            ? NULL
            : new_file(session, path, id);
    if (file == NULL)
        session->failed = true;
    else
        insert(session, file);
}

/* ---- looking ---- */

static void begin_again(struct claude_session *session, struct claude_file *file)
{
    struct claude_transcript *fresh = new_transcript(session, file);
    if (fresh == NULL) {
        session->failed = true;
        return;
    }
    claude_transcript_free(file->transcript);
    file->transcript = fresh;
    file->offset = 0;
}

static void look_at(struct claude_session *session, struct claude_file *file)
{
    struct stat st;
    if (lstat(file->path, &st) != 0)
        return;
    bool other = file->inode != 0 &&
                 (file->device != (uint64_t)st.st_dev || file->inode != (uint64_t)st.st_ino);
    if (other || st.st_size < file->offset)
        begin_again(session, file);
    file->device = (uint64_t)st.st_dev;
    file->inode = (uint64_t)st.st_ino;
    file->size = st.st_size;
}

/* Says of agents what their files say, once these are read as far as they go. */
static void say_finished(struct claude_session *session, struct claude_file *file)
{
    double last_ms = claude_transcript_last_ms(file->transcript);
    if (!file->meta.finished || file->offset < file->size ||
        !(last_ms > file->ended_ms || isnan(file->ended_ms)))
        return;
    file->ended_ms = last_ms;
    if (!isnan(last_ms))
        say_agent(session, file, last_ms);
}

void claude_session_look(struct claude_session *session)
{
    session->read = 0;
    if (session->count > 0 && claude_directory_changed(&session->agents))
        claude_files_agents(session->mem, session->agents.path, found_agent, session);
    for (size_t i = 0; i < session->count; i++) {
        look_at(session, session->files[i]);
        if (i > 0 && !session->files[i]->meta.finished)
            look_at_meta(session, session->files[i]);
        if (i > 0)
            say_finished(session, session->files[i]);
    }
}

struct claude_file *claude_session_next(const struct claude_session *session)
{
    for (size_t i = session->read; i < session->count; i++)
        if (session->files[i]->offset < session->files[i]->size)
            return session->files[i];
    return NULL;
}

void claude_session_take(struct claude_session *session, struct claude_file *file,
                         const char *bytes, size_t len, int64_t size, uint64_t now_ms)
{
    file->offset += (int64_t)len;
    file->size = len == 0 ? file->offset : size;
    if (len > 0) {
        session->ended = false;
        session->grown_since = now_ms;
        session->failed |= !claude_transcript_push(file->transcript, bytes, len);
    }
    while (session->read < session->count &&
           session->files[session->read]->offset >= session->files[session->read]->size)
        session->read++;
    if (file->agent_id[0] != '\0')
        say_finished(session, file);
}

void claude_session_finish(struct claude_session *session)
{
    for (size_t i = 0; i < session->count; i++)
        session->failed |= !claude_transcript_finish(session->files[i]->transcript);
}

double claude_session_last_ms(const struct claude_session *session)
{
    double last = (double)NAN;
    for (size_t i = 0; i < session->count; i++) {
        double ms = claude_transcript_last_ms(session->files[i]->transcript);
        if (!isnan(ms) && !(last >= ms))
            last = ms;
    }
    return last;
}
