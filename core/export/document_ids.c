/* The ids by which readers join events of other producers: of flows and of async spans. Two traces
   may use the same ids. In a document of several sessions each id begins with its session's number,
   so that no reader joins events of one trace with those of another. */
#include "core/export/document_private.h"

#include "core/export/perfetto_text.h"

#include <stdio.h>
#include <string.h>

/* Returns true if events of the phase are joined by their id over all processes. */
static bool is_joined(char ph)
{
    return ph != '\0' && strchr("stfbenSTpF", ph) != NULL;
}

static size_t session_place(const struct document *doc, const struct event *event)
{
    session_no session = swarm_get_track(doc->swarm, event->track)->session;
    size_t at = 0;
    while (at < doc->session_count && doc->sessions[at] != session) {
        at++;
    }
    return at + 1;
}

/* Writes the id as a string that begins with the session's number. A document of ours that was
   opened has it already. */
static void put_own(struct document *doc, const struct event *event, struct json_value id)
{
    char prefix[24];
    int len = snprintf(prefix, sizeof prefix, "%zu:", session_place(doc, event));
    struct strbuf text;
    strbuf_init(&text, doc->out.mem, 0);
    if (id.type == JSON_TYPE_STRING) {
        json_get_string(id, &text);
    } else {
        strbuf_add(&text, id.raw, id.len);
    }
    bool has = text.len >= (size_t)len && memcmp(text.data, prefix, (size_t)len) == 0;
    strbuf_clear(&doc->scratch);
    strbuf_adds(&doc->scratch, has ? "" : prefix);
    strbuf_add(&doc->scratch, text.data, text.len);
    doc->no_memory |= text.failed;
    strbuf_release(&text);
    if (document_good(doc)) {
        perfetto_text_string(&doc->out, doc->scratch.data, doc->scratch.len);
    }
}

static bool is_id(struct json_value value)
{
    return value.type == JSON_TYPE_STRING || value.type == JSON_TYPE_NUMBER;
}

void document_put_id(struct document *doc, const struct event *event)
{
    struct json_value id = json_value_of(event->id.bytes, event->id.len);
    if (id.type == JSON_TYPE_NONE) {
        return;
    }
    strbuf_adds(&doc->out, ",\"id\":");
    if (doc->many && is_joined(event->ph) && is_id(id)) {
        put_own(doc, event, id);
    } else {
        document_put_raw(doc, id.raw, id.len);
    }
}

/* Writes id2, of which `global` joins processes; `local` counts with the pid. */
static void put_id2(struct document *doc, const struct event *event, struct json_value id2)
{
    struct json_walk walk = json_walk(id2);
    struct json_member member;
    const char *separator = "";
    strbuf_addc(&doc->out, '{');
    while (json_next_member(&walk, &member)) {
        strbuf_adds(&doc->out, separator);
        document_put_raw(doc, member.key.raw, member.key.len);
        strbuf_addc(&doc->out, ':');
        if (json_string_is(member.key, "global") && is_id(member.value)) {
            put_own(doc, event, member.value);
        } else {
            document_put_raw(doc, member.value.raw, member.value.len);
        }
        separator = ",";
    }
    strbuf_addc(&doc->out, '}');
}

void document_put_extra(struct document *doc, const struct event *event)
{
    struct slice extra = event->extra;
    struct json_walk walk = event_walk_extra(event);
    struct json_member member;
    if (extra.len > 0 && !doc->many) {
        strbuf_addc(&doc->out, ',');
        document_put_raw(doc, extra.bytes, extra.len);
        return;
    }
    while (json_next_member(&walk, &member)) {
        strbuf_addc(&doc->out, ',');
        document_put_raw(doc, member.key.raw, member.key.len);
        strbuf_addc(&doc->out, ':');
        if (json_string_is(member.key, "bind_id") && is_id(member.value)) {
            put_own(doc, event, member.value);
        } else if (json_string_is(member.key, "id2") && member.value.type == JSON_TYPE_OBJECT &&
                   is_joined(event->ph)) {
            put_id2(doc, event, member.value);
        } else {
            document_put_raw(doc, member.value.raw, member.value.len);
        }
    }
}
