/* The reader of a client has its own struct beside this one, and is begun again where a file was
   replaced. All that it reports bears the file's ids, so that they are set in one place. */
#include "ingest/tree_file.h"

#include "ingest/client_name.h"
#include "ingest/transcript_line.h"
#include "ingest/transcript_tree.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DOCUMENT_BYTES = 64 << 20 };

const struct mem *tree_file_mem(const struct tree_file *file)
{
    return tree_file_ctx(file)->mem;
}

struct ingest_ctx *tree_file_ctx(const struct tree_file *file)
{
    return file->tree->dir.source.counters.ingest;
}

bool tree_file_content(const struct tree_file *file)
{
    return file->tree->content;
}

static struct slice text_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

/* ---- lines ---- */

static void take_line(void *ctx, const char *text, size_t len, uint64_t number, enum line_kind kind)
{
    struct tree_file *file = ctx;
    struct source_counters *counters = &file->tree->dir.source.counters;
    struct json_value line;
    if (transcript_line_read(counters, file->file.path, transcript_line_text(text, len), number,
                             kind, &line)) {
        uint64_t bad = counters->bad;
        if (line.type != JSON_TYPE_OBJECT) {
            tree_file_unknown(file, transcript_line_type(line));
            source_counters_accept(counters);
            return;
        }
        file->number = number;
        file->tree->client->take(file, line);
        if (counters->bad == bad) {
            source_counters_accept(counters);
        }
    }
}

/* The file is complete, unless it is being written. */
static void take_document(struct tree_file *file)
{
    struct json_value value;
    struct strbuf *bytes = &file->bytes;
    if (bytes->len > 0 && json_check(bytes->data, bytes->len, JSON_DEPTH_LIMIT, &value, NULL) &&
        value.type == JSON_TYPE_OBJECT) {
        file->tree->client->take(file, value);
        source_counters_accept(&file->tree->dir.source.counters);
        strbuf_clear(bytes);
    }
}

bool tree_file_begin(struct tree_file *file)
{
    const struct mem *mem = tree_file_mem(file);
    lines_init(&file->lines, mem, file->tree->max_line_bytes, take_line, file);
    strbuf_init(&file->bytes, mem, DOCUMENT_BYTES);
    strbuf_init(&file->scratch, mem, 0);
    file->owner = INTERN_NONE;
    file->session = CLIENT_SESSION_NONE;
    file->session_id[0] = file->agent_id[0] = '\0';
    file->last_ms = (double)NAN;
    memset(file->reader, 0, file->tree->client->reader_size);
    return file->tree->client->begin == NULL || file->tree->client->begin(file);
}

void tree_file_end(struct tree_file *file)
{
    if (file->tree->client->end != NULL) {
        file->tree->client->end(file);
    }
    lines_release(&file->lines);
    strbuf_release(&file->bytes);
    strbuf_release(&file->scratch);
}

void tree_file_push(struct tree_file *file, const char *bytes, size_t len, bool whole)
{
    if (len > 0) {
        file->at_rest = false;
    }
    if (!file->document) {
        lines_push(&file->lines, bytes, len);
        return;
    }
    strbuf_add(&file->bytes, bytes, len);
    if (whole) {
        take_document(file);
    }
}

void tree_file_finish(struct tree_file *file)
{
    lines_finish(&file->lines);
    if (file->document && (file->bytes.len > 0 || file->bytes.failed)) {
        transcript_line_reject(&file->tree->dir.source.counters, file->file.path,
                               (struct slice){NULL, 0}, 0,
                               file->bytes.failed ? "the document is too long" : "not JSON");
        strbuf_clear(&file->bytes);
    }
}

void tree_file_reject(struct tree_file *file, struct json_value line, const char *reason)
{
    transcript_line_reject(&file->tree->dir.source.counters, file->file.path,
                           (struct slice){line.raw, line.len}, file->number, reason);
}

void tree_file_unknown(struct tree_file *file, struct slice type)
{
    client_sessions_note_unknown(&file->tree->sessions, file->session, type);
}

/* ---- whom it is about ---- */

static void copy_id(struct slice id, char out[CLIENT_ID_BYTES + 1])
{
    size_t len = id.bytes == NULL ? 0 : id.len < CLIENT_ID_BYTES ? id.len : CLIENT_ID_BYTES;
    memmove(out, id.bytes == NULL ? "" : id.bytes, len);
    out[len] = '\0';
}

void tree_file_set_ids(struct tree_file *file, struct slice session, struct slice agent)
{
    copy_id(session, file->session_id);
    copy_id(agent, file->agent_id);
    file->session = client_sessions_number(&file->tree->sessions, text_of(file->session_id));
    client_sessions_note(&file->tree->sessions, file->session, file->last_ms);
}

void tree_file_note(struct tree_file *file, double at_ms)
{
    file->last_ms = fmax(file->last_ms, at_ms);
    client_sessions_note(&file->tree->sessions, file->session, file->last_ms);
}

/* ---- updates ---- */

struct update tree_file_update(const struct tree_file *file, enum update_op op)
{
    struct update update = {.op = op, .precedence = PRECEDENCE_FILES};
    ingest_ctx_stamp(tree_file_ctx(file), &update);
    update.session_id = text_of(file->session_id);
    if (file->agent_id[0] != '\0') {
        update.agent_id = text_of(file->agent_id);
    }
    return update;
}

struct update tree_file_call(const struct tree_file *file, enum call_kind kind, struct slice id)
{
    struct update update = tree_file_update(file, UPDATE_CALL);
    update.kind = kind;
    update.id = id;
    return update;
}

bool tree_file_asks_before(const struct tree_file *file, struct slice tool)
{
    const char *const *names = file->tree->client->asking_tools;
    for (; names != NULL && *names != NULL; names++) {
        size_t len = strlen(*names);
        bool begins = (*names)[len - 1] == '*';
        len -= begins;
        if ((begins ? tool.len >= len : tool.len == len) && memcmp(tool.bytes, *names, len) == 0) {
            return true;
        }
    }
    return false;
}

void tree_file_mark_asking(const struct tree_file *file, struct slice tool, struct update *update)
{
    if (file->asks && tool.len > 0 && tree_file_asks_before(file, tool)) {
        update_bool(update, FIELD_MAY_ASK, TRI_TRUE);
    }
}

void tree_file_send(struct tree_file *file, const struct update *update)
{
    struct transcript_tree *tree = file->tree;
    tree->dir.failed |= file->scratch.failed;
    if (!tree->dir.failed) {
        tree->dir.failed = !ingest_ctx_client_update(tree_file_ctx(file), update);
    }
}

void tree_file_announce(struct tree_file *file, const struct tree_session_facts *facts)
{
    struct update update = tree_file_update(file, UPDATE_SESSION);
    struct slice name = facts->name;
    if (name.bytes == NULL) {
        strbuf_clear(&file->scratch);
        client_put_directory(facts->cwd, &file->scratch);
        if (client_is_branch(facts->branch)) {
            client_put_branch(facts->branch, &file->scratch);
        }
        name = (struct slice){file->scratch.data, file->scratch.len};
    }
    if (client_is_branch(facts->branch)) {
        update_text(&update, FIELD_BRANCH, client_plain_text(facts->branch));
    }
    update.by = text_of(file->tree->dir.source.spec);
    update_text(&update, FIELD_CLIENT, text_of(facts->client));
    update_text(&update, FIELD_NAME, name);
    update_text(&update, FIELD_CWD, facts->cwd);
    update_number(&update, FIELD_START_MS, facts->start_ms);
    client_sessions_set_directory(&file->tree->sessions, file->session, facts->cwd);
    tree_file_send(file, &update);
}

struct slice tree_file_call_id(struct tree_file *file, struct slice agent, struct slice id,
                               char room[CLIENT_ID_BYTES])
{
    if (id.len == 0) {
        return id;
    }
    struct slice shown =
        call_owners_id(&tree_file_ctx(file)->owners, text_of(file->session_id), agent, id, room);
    file->tree->dir.failed |= shown.bytes == NULL;
    return shown;
}

bool tree_file_claim(struct tree_file *file, struct slice id, double mark)
{
    struct call_owners *owners = &tree_file_ctx(file)->owners;
    if (file->owner == INTERN_NONE) {
        file->owner =
            call_owners_number(owners, text_of(file->session_id), text_of(file->agent_id));
    }
    intern_id owner = call_owners_claim(owners, file->owner, id, mark);
    file->tree->dir.failed |= owner == INTERN_FAILED;
    return owner == file->owner;
}
