/* The name of a session: its directory and branch, or what the registry has. It is announced with
   the first update of the transcript, since nothing is shown of a session in which nothing
   happened. */
#include "ingest/claude/claude_private.h"

#include <string.h>

/* A sub-agent's transcript has the agent's start, the main one the session's. */
void claude_name_announce(struct claude_transcript *t)
{
    bool is_agent = t->agent_id != INTERN_NONE;
    struct update update = claude_transcript_update(t, is_agent ? UPDATE_AGENT : UPDATE_SESSION);
    t->is_announced = true;
    update_number(&update, FIELD_START_MS, t->first_ms);
    if (!is_agent) {
        update.by = (struct slice){t->options.source, strlen(t->options.source)};
        update_text(&update, FIELD_NAME, (struct slice){t->name.data, t->name.len});
    }
    claude_transcript_send(t, &update);
}

/* Appends the path's last part to the name. */
static void put_directory(struct claude_transcript *t, struct json_value cwd)
{
    strbuf_clear(&t->scratch);
    json_text_cut(cwd, 4096, true, &t->scratch);
    while (t->scratch.len > 1 && strchr("/\\", t->scratch.data[t->scratch.len - 1]) != NULL) {
        t->scratch.data[--t->scratch.len] = '\0';
    }
    size_t from = t->scratch.len;
    while (from > 0 && strchr("/\\", t->scratch.data[from - 1]) == NULL) {
        from--;
    }
    if (t->scratch.len > 0) {
        strbuf_add(&t->name, t->scratch.data + from, t->scratch.len - from);
    }
}

/* Makes a name like "api-server ⎇ fix-auth". HEAD is no branch: the client found no repository, or
   a detached head. */
void claude_name_take(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value branch = line->field[CLAUDE_BRANCH];
    if (t->name.len == 0) {
        put_directory(t, line->field[CLAUDE_CWD]);
    }
    if (branch.type == JSON_TYPE_STRING && branch.len > 2 && !json_string_is(branch, "HEAD")) {
        strbuf_adds(&t->name, t->name.len > 0 ? " ⎇ " : "⎇ ");
        json_text_cut(branch, CLAUDE_ID_BYTES, true, &t->name);
    }
    t->is_named = true;
}

void claude_transcript_set_name(struct claude_transcript *t, struct slice name, bool with_branch)
{
    strbuf_clear(&t->name);
    strbuf_add(&t->name, name.bytes, name.len);
    t->is_named = name.len > 0 && !with_branch;
}
