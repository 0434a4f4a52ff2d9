/* A session knows of its sub-agents more than their transcripts have: their meta files, or with old
   clients the calls that started them, and when they have ended. */
#include "ingest/claude/claude_agents.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { META_BYTES = 64 << 10 };

static struct slice text_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static void update_agent(struct claude_session *session, const struct claude_file *file,
                         double end_ms)
{
    const struct claude_meta *meta = &file->meta;
    struct update update = {
        .op = UPDATE_AGENT,
        .precedence = PRECEDENCE_FILES,
        .session_id = text_of(session->id),
        .agent_id = text_of(file->agent_id),
    };
    ingest_ctx_stamp(session->options->counters->ingest, &update);
    update_text(&update, FIELD_NAME, text_of(meta->name));
    update_text(&update, FIELD_TYPE, text_of(meta->type));
    update_text(&update, FIELD_DESCRIPTION, text_of(meta->description));
    update_text(&update, FIELD_PARENT_AGENT_ID,
                text_of(meta->parent_id[0] != '\0' ? meta->parent_id : session->id));
    update_number(&update, FIELD_START_MS, file->first_ms);
    update_number(&update, FIELD_END_MS, end_ms);
    session->failed |= !ingest_ctx_client_update(session->options->counters->ingest, &update);
}

/* The call that started the agent learns whom it started, as soon as the meta file exists. */
static void update_starter(struct claude_session *session, const struct claude_file *file)
{
    struct update update = {
        .op = UPDATE_CALL,
        .kind = CALL_TOOL,
        .precedence = PRECEDENCE_FILES,
        .session_id = text_of(session->id),
        .id = text_of(file->meta.tool_id),
    };
    if (update.id.len == 0) {
        return;
    }
    ingest_ctx_stamp(session->options->counters->ingest, &update);
    update_text(&update, FIELD_CHILD_AGENT_ID, text_of(file->agent_id));
    session->failed |= !ingest_ctx_client_update(session->options->counters->ingest, &update);
}

static bool read_meta(const struct mem *mem, const char *path, struct claude_meta *meta)
{
    int fd = transcript_file_open(path);
    char *text = fd < 0 ? NULL : mem_alloc(mem, META_BYTES);
    ssize_t len = text == NULL ? -1 : read(fd, text, META_BYTES);
    bool good = len > 0 && claude_meta_read(mem, text, (size_t)len, meta);
    mem_free(mem, text, text == NULL ? 0 : META_BYTES);
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

static void copy_text(struct slice text, char *out, size_t size)
{
    size_t len = text.len < size ? text.len : size - 1;
    if (len > 0) {
        memcpy(out, text.bytes, len);
    }
    out[len] = '\0';
}

/* Old clients write no meta file: the call that started the agent has its type. */
static void find_started(struct claude_session *session, struct claude_file *file)
{
    struct slice type, description;
    double end_ms;
    for (size_t i = 0; i < session->starter_count; i++) {
        const struct claude_file *by = session->starters[i];
        if (claude_transcript_started(by->transcript, text_of(file->agent_id), &type, &description,
                                      &end_ms)) {
            copy_text(type, file->meta.type, sizeof file->meta.type);
            copy_text(description, file->meta.description, sizeof file->meta.description);
            copy_text(text_of(by->agent_id), file->meta.parent_id, sizeof file->meta.parent_id);
            file->meta.finished = !isnan(end_ms);
            file->meta_ns = INT64_MIN + 1;
            return;
        }
    }
}

/* Reports the facts of the meta file. An agent whose transcript is a copy, in a session that was
   forked, belongs to the first session. */
static void report_meta(struct claude_session *session, struct claude_file *file)
{
    if (transcript_file_has_more(&file->file)) {
        return;
    }
    if (file->meta_ns == INT64_MIN) {
        find_started(session, file);
    }
    if (file->meta_sent || file->meta_ns == INT64_MIN ||
        claude_transcript_is_copy(file->transcript)) {
        return;
    }
    file->meta_sent = true;
    update_agent(session, file, (double)NAN);
    update_starter(session, file);
}

/* agent-ID.jsonl: agent-ID.meta.json. One that is half written is read again at the next look. */
void claude_agents_look(struct claude_session *session, struct claude_file *file)
{
    if (file->meta.finished) {
        return;
    }
    struct claude_meta meta;
    struct strbuf path;
    struct stat st;
    strbuf_init(&path, session->mem, 0);
    strbuf_add(&path, file->file.path, strlen(file->file.path) - strlen(".jsonl"));
    strbuf_adds(&path, ".meta.json");
    if (!path.failed && lstat(path.data, &st) == 0 &&
        transcript_file_modified_ns(&st) != file->meta_ns &&
        read_meta(session->mem, path.data, &meta)) {
        file->meta = meta;
        file->meta_ns = transcript_file_modified_ns(&st);
        file->meta_sent = false;
    }
    session->failed |= path.failed;
    strbuf_release(&path);
}

/* Reports the end of an agent that its meta file has as finished, once its transcript is read
   up. */
static void report_finished(struct claude_session *session, struct claude_file *file)
{
    double last_ms = claude_transcript_last_ms(file->transcript);
    if (!file->meta.finished || transcript_file_has_more(&file->file) ||
        !(last_ms > file->ended_ms || isnan(file->ended_ms))) {
        return;
    }
    file->ended_ms = last_ms;
    if (!isnan(last_ms)) {
        update_agent(session, file, last_ms);
    }
}

void claude_agents_report(struct claude_session *session, struct claude_file *file)
{
    report_meta(session, file);
    report_finished(session, file);
}

/* Thousands of agents look for who started them, in few transcripts. */
void claude_agents_note_starter(struct claude_session *session, struct claude_file *file)
{
    if (file->starts || !claude_transcript_has_started(file->transcript)) {
        return;
    }
    if (!mem_reserve(session->mem, &session->starters, &session->starter_cap,
                     session->starter_count + 1, sizeof *session->starters)) {
        session->failed = true;
        return;
    }
    session->starters[session->starter_count++] = file;
    file->starts = true;
}

/* Returns when the call that started the agent was stopped; NAN: it was not. */
static double stopped_ms(const struct claude_session *session, const struct claude_file *agent)
{
    double at_ms = (double)NAN;
    for (size_t i = 0; i < session->count && isnan(at_ms); i++) {
        const struct claude_file *file = session->files[i];
        if (file != agent) {
            at_ms = claude_transcript_stopped_ms(file->transcript, text_of(agent->meta.tool_id));
        }
    }
    return at_ms;
}

void claude_agents_stop(struct claude_session *session)
{
    /* Agents come after those that started them. */
    for (size_t i = session->own_count; i < session->count; i++) {
        struct claude_file *file = session->files[i];
        if (!isnan(file->ended_ms) || file->meta.background || file->meta.tool_id[0] == '\0' ||
            transcript_file_has_more(&file->file)) {
            continue;
        }
        double at_ms = stopped_ms(session, file);
        if (isnan(at_ms) || claude_transcript_last_ms(file->transcript) > at_ms) {
            continue;
        }
        file->ended_ms = at_ms;
        session->failed |= !claude_transcript_idle(file->transcript, at_ms);
        update_agent(session, file, at_ms);
    }
}
