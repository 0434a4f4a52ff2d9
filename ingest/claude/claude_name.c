/* The name of a session: its directory and branch, or what the registry has. It is announced with
   the first update of the transcript, since nothing is shown of a session in which nothing
   happened. A title that the user or the client gives it later replaces the name, as does another
   branch. */
#include "ingest/claude/claude_private.h"

#include "ingest/client_name.h"

#include <math.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

static const double least_step_ms = 1.0 / 1024; /* that a double of today's time in ms has */

/* Sets where the session works, as far as it is known. */
static void put_place(const struct claude_transcript *t, struct update *update)
{
    update_text(update, FIELD_CLIENT, (struct slice){"claude", 6});
    update_text(update, FIELD_CWD, claude_transcript_text(t, t->cwd));
    update_text(update, FIELD_BRANCH, claude_transcript_text(t, t->branch));
}

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
        put_place(t, &update);
    }
    claude_transcript_send(t, &update);
}

static void note_directory(struct claude_transcript *t, struct json_value cwd)
{
    strbuf_clear(&t->scratch);
    json_text_cut(cwd, PATH_BYTES, true, &t->scratch);
    while (t->scratch.len > 1 && strchr("/\\", t->scratch.data[t->scratch.len - 1]) != NULL) {
        t->scratch.data[--t->scratch.len] = '\0';
    }
    t->failed |= t->scratch.failed;
    t->cwd = claude_transcript_put(t, (struct slice){t->scratch.data, t->scratch.len});
}

static void put_branch(struct claude_transcript *t, struct json_value branch, struct strbuf *out)
{
    client_put_branch(branch, out);
    t->failed |= out->failed;
}

/* Makes a name like "api-server ⎇ fix-auth". */
static void make_name(struct claude_transcript *t, const struct claude_line *line)
{
    if (t->name.len == 0) {
        client_put_directory(claude_transcript_text(t, t->cwd), &t->name);
    }
    t->base_len = t->name.len;
    if (client_is_branch(line->field[CLAUDE_BRANCH])) {
        put_branch(t, line->field[CLAUDE_BRANCH], &t->name);
    }
    t->is_named = true;
    if (t->is_announced) {
        struct update update = claude_transcript_update(t, UPDATE_SESSION);
        update_text(&update, FIELD_NAME, (struct slice){t->name.data, t->name.len});
        put_place(t, &update);
        claude_transcript_send(t, &update);
    }
}

/* Sends what scratch has as the session's title from `at_ms` on. The latest title holds, so one
   that replaces another of the same moment is later by the least step. A person's title is a field
   of its own: no other source's title replaces it. */
static void send_title(struct claude_transcript *t, enum claude_title rank, double at_ms)
{
    bool same =
        t->title.len == t->scratch.len && memcmp(t->title.data, t->scratch.data, t->title.len) == 0;
    if (rank < t->title_rank || t->scratch.len == 0 || (same && t->title.len > 0)) {
        return;
    }
    t->title_rank = rank;
    strbuf_clear(&t->title);
    strbuf_add(&t->title, t->scratch.data, t->scratch.len);
    struct update update = claude_transcript_update(t, UPDATE_SESSION);
    double since_ms = isnan(at_ms) ? 0 : at_ms;
    t->title_ms = since_ms > t->title_ms ? since_ms : t->title_ms + least_step_ms;
    update.t_ms = t->title_ms;
    update_text(&update, rank == CLAUDE_TITLE_CUSTOM ? FIELD_CUSTOM_TITLE : FIELD_TITLE,
                (struct slice){t->title.data, t->title.len});
    t->failed |= t->title.failed;
    claude_transcript_send(t, &update);
}

/* A session that enters a worktree has another branch from there on. */
static void follow_branch(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value branch = line->field[CLAUDE_BRANCH];
    struct slice known = claude_transcript_text(t, t->branch), text = client_plain_text(branch);
    if (!client_is_branch(branch) || text.bytes == NULL ||
        (known.len == text.len && memcmp(known.bytes, text.bytes, text.len) == 0)) {
        return;
    }
    bool first = t->branch == INTERN_NONE;
    t->branch = claude_transcript_put(t, text);
    if (first || t->has_own_name) {
        return;
    }
    strbuf_clear(&t->scratch);
    strbuf_add(&t->scratch, t->name.data, t->base_len);
    put_branch(t, branch, &t->scratch);
    send_title(t, CLAUDE_TITLE_BRANCH, line->at_ms);
}

void claude_name_take(struct claude_transcript *t, const struct claude_line *line)
{
    if (t->agent_id != INTERN_NONE) {
        return;
    }
    bool has_cwd = line->field[CLAUDE_CWD].type == JSON_TYPE_STRING;
    if (has_cwd && t->cwd == INTERN_NONE) {
        note_directory(t, line->field[CLAUDE_CWD]);
    }
    if (has_cwd && !t->is_named) {
        make_name(t, line);
    }
    if (t->is_named) {
        follow_branch(t, line);
    }
}

void claude_name_take_title(struct claude_transcript *t, const struct claude_line *line)
{
    static const enum claude_field fields[] = {
        [CLAUDE_TITLE_AI] = CLAUDE_AI_TITLE,
        [CLAUDE_TITLE_AGENT] = CLAUDE_AGENT_NAME,
        [CLAUDE_TITLE_CUSTOM] = CLAUDE_CUSTOM_TITLE,
    };
    for (size_t i = CLAUDE_TITLE_CUSTOM; t->agent_id == INTERN_NONE && i >= CLAUDE_TITLE_AI; i--) {
        strbuf_clear(&t->scratch);
        json_text_cut(line->field[fields[i]], CLIENT_ID_BYTES, true, &t->scratch);
        if (t->scratch.len > 0) {
            send_title(t, (enum claude_title)i, t->last_ms);
            return;
        }
    }
}

void claude_transcript_set_name(struct claude_transcript *t, struct slice name, bool with_branch)
{
    strbuf_clear(&t->name);
    strbuf_add(&t->name, name.bytes, name.len);
    t->base_len = t->name.len;
    t->has_own_name = name.len > 0 && !with_branch;
    t->is_named = t->has_own_name;
}
