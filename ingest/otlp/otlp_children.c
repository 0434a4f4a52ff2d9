/* Sub-agents that are sessions of their own. Only the result of the call that started one names it,
   so a table has, for each client that does so, which members of the call's texts name the session,
   the agent and what it is for. */
#include "core/base/json_read.h"
#include "core/base/json_text.h"
#include "ingest/otlp/otlp_reader_private.h"

#include <string.h>

enum { TEXT_DEPTH = 32 };

enum child_text { CHILD_INPUT, CHILD_RESULT, CHILD_TEXTS };
enum child_part { CHILD_ID, CHILD_NAME, CHILD_DESCRIPTION, CHILD_PARTS };

static const struct child_row {
    enum otlp_producer producer;
    const char *tool;
    const char *attribute[CHILD_TEXTS];
    struct {
        enum child_text text;
        const char *object, *key; /* object NULL: the key is a member of the text itself */
    } part[CHILD_PARTS];
} rows[] = {
    {OTLP_CODEX,
     "spawn_agent",
     {[CHILD_INPUT] = "arguments", [CHILD_RESULT] = "output"},
     {[CHILD_ID] = {CHILD_RESULT, NULL, "agent_id"},
      [CHILD_NAME] = {CHILD_RESULT, NULL, "nickname"},
      [CHILD_DESCRIPTION] = {CHILD_INPUT, NULL, "task_name"}}},
    {OTLP_OPENCODE,
     "task",
     {[CHILD_INPUT] = "ai.toolCall.args", [CHILD_RESULT] = "ai.toolCall.result"},
     {[CHILD_ID] = {CHILD_RESULT, "metadata", "sessionId"},
      [CHILD_NAME] = {CHILD_INPUT, NULL, "subagent_type"},
      [CHILD_DESCRIPTION] = {CHILD_INPUT, NULL, "description"}}},
};

/* Sets *out to the attribute's JSON object, borrowed; else to no value. */
static void read_text(const struct otlp_attributes *attributes, const char *key,
                      struct json_value *out)
{
    const struct otlp_value *value = otlp_attribute(attributes, key);
    struct slice text = value == NULL ? (struct slice){NULL, 0} : otlp_value_text(value);
    if (text.bytes == NULL || !json_check(text.bytes, text.len, TEXT_DEPTH, out, NULL)) {
        *out = (struct json_value){.type = JSON_TYPE_NONE};
    }
}

/* Appends the part's text to `out`, and sets *place and *len to where it is. */
static void find_part(const struct child_row *row, enum child_part part,
                      const struct json_value texts[CHILD_TEXTS], struct strbuf *out, size_t *place,
                      size_t *len)
{
    struct json_value value = texts[row->part[part].text];
    if (row->part[part].object != NULL && value.type == JSON_TYPE_OBJECT) {
        value = json_get(value, row->part[part].object);
    }
    if (value.type == JSON_TYPE_OBJECT) {
        value = json_get(value, row->part[part].key);
    }
    *place = out->len;
    if (value.type == JSON_TYPE_STRING) {
        json_get_string(value, out);
    }
    *len = out->len - *place;
}

static void send_child(struct otlp_reader *reader, const struct update *call,
                       const struct slice parts[CHILD_PARTS])
{
    struct update update = otlp_update(reader, UPDATE_SESSION, parts[CHILD_ID]);
    update_text(&update, FIELD_PARENT_SESSION_ID, call->session_id);
    update_text(&update, FIELD_NAME, parts[CHILD_NAME]);
    otlp_send(reader, &update);
    update = otlp_update(reader, UPDATE_AGENT, parts[CHILD_ID]);
    update.agent_id = parts[CHILD_ID];
    update.precedence = PRECEDENCE_INFERRED; /* the files have its prompt or its title */
    update_text(&update, FIELD_DESCRIPTION, parts[CHILD_DESCRIPTION]);
    otlp_send(reader, &update);
    /* Its name and its description are what a person calls the call by. */
    struct strbuf *args = &reader->args;
    strbuf_clear(args);
    strbuf_adds(args, "{\"name\":");
    json_put_string(args, parts[CHILD_NAME].bytes, parts[CHILD_NAME].len);
    strbuf_adds(args, ",\"description\":");
    json_put_string(args, parts[CHILD_DESCRIPTION].bytes, parts[CHILD_DESCRIPTION].len);
    strbuf_addc(args, '}');
    reader->failed |= args->failed;
    update = otlp_update(reader, UPDATE_CALL, call->session_id);
    update.kind = CALL_TOOL;
    update.id = call->id;
    update_text(&update, FIELD_CHILD_AGENT_ID, parts[CHILD_ID]);
    update_text(&update, FIELD_ARGS, (struct slice){args->data, args->failed ? 0 : args->len});
    otlp_send(reader, &update);
}

void otlp_take_child(struct otlp_reader *reader, const struct otlp_attributes *attributes,
                     enum otlp_producer producer, struct slice tool, const struct update *call)
{
    struct json_value texts[CHILD_TEXTS];
    struct slice parts[CHILD_PARTS];
    size_t place[CHILD_PARTS], len[CHILD_PARTS];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].producer != producer || !slice_is(tool, rows[i].tool)) {
            continue;
        }
        for (size_t k = 0; k < CHILD_TEXTS; k++) {
            read_text(attributes, rows[i].attribute[k], &texts[k]);
        }
        strbuf_clear(&reader->scratch);
        for (size_t k = 0; k < CHILD_PARTS; k++) {
            find_part(&rows[i], (enum child_part)k, texts, &reader->scratch, &place[k], &len[k]);
        }
        reader->failed |= reader->scratch.failed;
        for (size_t k = 0; k < CHILD_PARTS && !reader->scratch.failed; k++) {
            parts[k] = len[k] == 0 ? (struct slice){NULL, 0}
                                   : (struct slice){reader->scratch.data + place[k], len[k]};
        }
        if (!reader->scratch.failed && len[CHILD_ID] > 0) {
            send_child(reader, call, parts);
        }
        return;
    }
}
