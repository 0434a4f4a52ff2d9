/* The ids by which readers join events of other producers: of flows and of async spans. Two traces
   may use the same ids. In a document of several sessions each id begins with its session's number,
   so that no reader joins events of one trace with those of another. */
#include "core/export/document_private.h"

#include "core/base/json_unique.h"
#include "core/export/perfetto_text.h"

#include <math.h>
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

/* ---- other members ---- */

/* Returns whether the event is written with a value of that key. A value of the wrong type is an
   extra member: `"name":5,"name":"x"`. */
static bool is_written(const struct document *doc, const struct event *event, struct json_value key)
{
    const struct track *track = swarm_get_track(doc->swarm, event->track);
    const struct {
        const char *key;
        bool written;
    } fields[] = {
        {"ph", true},
        {"ts", isfinite(event->ts_us)},
        {"dur", isfinite(event->dur_us)},
        {"name", event->name != INTERN_NONE},
        {"cat", event->cat != INTERN_NONE},
        {"pid", doc->many || track->pid != INTERN_NONE},
        {"tid", track->tid != INTERN_NONE},
        {"id", event->id.len > 0},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (fields[i].written && json_string_is(key, fields[i].key)) {
            return true;
        }
    }
    return false;
}

/* Returns whether all members can be written as they are. */
static bool is_plain(const struct document *doc, const struct event *event)
{
    struct json_walk walk = event_walk_extra(event);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        /* Mostly keys are longer than any of ours, unless an escape makes them so. */
        bool possible = member.key.len <= sizeof "\"name\"" - 1 ||
                        memchr(member.key.raw, '\\', member.key.len) != NULL;
        if (possible && is_written(doc, event, member.key)) {
            return false;
        }
    }
    return !doc->many;
}

static void put_extra_members(struct document *doc, const struct event *event,
                              struct json_walk walk)
{
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (is_written(doc, event, member.key)) {
            continue;
        }
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

void document_put_extra(struct document *doc, const struct event *event)
{
    struct slice extra = event->extra;
    struct strbuf unique;
    if (extra.len == 0) {
        return;
    }
    if (is_plain(doc, event)) {
        strbuf_addc(&doc->out, ',');
        document_put_raw(doc, extra.bytes, extra.len);
        return;
    }
    strbuf_init(&unique, doc->out.mem, 0);
    if (json_has_twins(extra.bytes, extra.len)) {
        json_add_unique(&unique, extra.bytes, extra.len);
    }
    const char *text = unique.len > 0 ? unique.data : extra.bytes;
    doc->no_memory |= unique.failed;
    if (!unique.failed) { /* else the text ends within a value */
        put_extra_members(
            doc, event, (struct json_walk){text, text + (unique.len > 0 ? unique.len : extra.len)});
    }
    strbuf_release(&unique);
}
