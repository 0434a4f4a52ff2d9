/* Sessions. A span names its session in one of a dozen ways, or not at all: then it belongs to the
   session that another span of its trace names, which may come later. Until then updates are sent
   under "trace:ID", which becomes an alias. A trace without any session belongs to its process. */
#include "ingest/otlp/otlp_reader_private.h"

#include "core/base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { SESSION_BYTES = 200 };

struct slice otlp_named_session(const struct otlp_reader *reader, const struct otlp_found *found)
{
    struct slice session = otlp_found_text(found, MEANS_SESSION);
    if (session.bytes == NULL) {
        session = otlp_found_text(&reader->resource, MEANS_SESSION);
    }
    session.len = session.len == 0 ? 0 : utf8_cut(session.bytes, session.len, SESSION_BYTES);
    return session;
}

static intern_id put(struct otlp_reader *reader, struct slice text)
{
    if (text.bytes == NULL) {
        return INTERN_NONE;
    }
    text.len = text.len == 0 ? 0 : utf8_cut(text.bytes, text.len, SESSION_BYTES);
    intern_id id = intern_put(swarm_names(reader->ingest->swarm), text.bytes, text.len);
    reader->failed |= id == INTERN_FAILED;
    return id == INTERN_FAILED ? INTERN_NONE : id;
}

static struct slice text_of(const struct otlp_reader *reader, intern_id id)
{
    size_t len;
    const char *text = intern_text(swarm_names(reader->ingest->swarm), id, &len);
    return (struct slice){text, len};
}

static struct slice trace_session(struct otlp_reader *reader, const struct otlp_trace *trace)
{
    struct strbuf *text = &reader->session;
    strbuf_clear(text);
    strbuf_adds(text, "trace:");
    for (size_t i = 0; i < sizeof trace->id; i++) {
        strbuf_addf(text, "%02x", trace->id[i]);
    }
    reader->failed |= text->failed;
    return (struct slice){text->data, text->len};
}

/* ---- names ---- */

/* Clients by the names of their services. */
static const struct {
    const char *service, *client;
} clients[] = {
    {"claude-code", "claude"},  {"codex", "codex"},       {"gemini-cli", "gemini"},
    {"qwen-code", "qwen"},      {"opencode", "opencode"}, {"github-copilot", "copilot"},
    {"copilot-chat", "vscode"},
};

static struct slice client_of(struct slice service)
{
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        if (slice_begins(service, clients[i].service)) {
            return (struct slice){clients[i].client, strlen(clients[i].client)};
        }
    }
    return service;
}

/* Names the session after its service, as inferred: files and agents know better names. */
static void describe(struct otlp_reader *reader, struct slice session,
                     const struct otlp_found *found)
{
    struct slice service = otlp_found_text(&reader->resource, MEANS_SERVICE);
    service.len = service.len == 0 ? 0 : utf8_cut(service.bytes, service.len, SESSION_BYTES);
    struct update update = otlp_update(reader, UPDATE_SESSION, session);
    struct slice title = otlp_found_text(found, MEANS_TITLE);
    update.by = reader->by;
    update_text(&update, FIELD_CLIENT, client_of(service));
    update_text(&update, FIELD_HOST, otlp_found_text(&reader->resource, MEANS_HOST));
    update_text(&update, FIELD_TITLE, title);
    otlp_send(reader, &update);
    if (service.bytes != NULL && client_of(service).bytes == service.bytes) {
        update = otlp_update(reader, UPDATE_SESSION, session);
        update.precedence = PRECEDENCE_INFERRED;
        update_text(&update, FIELD_NAME, service);
        otlp_send(reader, &update);
    }
}

/* A sub-agent that has a session of its own. */
static void send_parent(struct otlp_reader *reader, struct slice session, struct slice parent)
{
    if (parent.bytes == NULL || !otlp_is_new(reader, otlp_hash(otlp_hash(11, session), parent))) {
        return;
    }
    struct update update = otlp_update(reader, UPDATE_SESSION, session);
    update_text(&update, FIELD_PARENT_SESSION_ID, parent);
    otlp_send(reader, &update);
}

/* ---- which ---- */

struct slice otlp_session_of(struct otlp_reader *reader, const struct otlp_found *found,
                             uint32_t node)
{
    struct slice session =
        found == NULL ? (struct slice){NULL, 0} : otlp_named_session(reader, found);
    if (session.bytes == NULL && node != OTLP_NO_NODE) {
        struct otlp_trace *trace = otlp_tree_trace(&reader->tree, node);
        if (trace->session != INTERN_NONE) {
            session = text_of(reader, trace->session);
        } else {
            trace->provisional = true;
            session = trace_session(reader, trace);
        }
    }
    if (session.bytes == NULL) {
        session = otlp_found_text(&reader->resource, MEANS_SESSION_OF_PROCESS);
    }
    if (session.bytes == NULL) {
        session = otlp_found_text(&reader->resource, MEANS_SERVICE);
    }
    if (session.bytes == NULL) {
        session = (struct slice){"otlp", 4};
    }
    if (found != NULL) {
        send_parent(reader, session, otlp_found_text(found, MEANS_PARENT_SESSION));
    }
    if (found != NULL && (otlp_is_new(reader, otlp_hash(1, session)) ||
                          otlp_found_text(found, MEANS_TITLE).bytes != NULL)) {
        describe(reader, session, found);
    }
    return session;
}

void otlp_note_session(struct otlp_reader *reader, const struct otlp_found *found, uint32_t node)
{
    struct slice session = otlp_named_session(reader, found);
    intern_id named = put(reader, session);
    intern_id process = put(reader, otlp_found_text(&reader->resource, MEANS_SESSION_OF_PROCESS));
    struct otlp_trace *trace = otlp_tree_trace(&reader->tree, node);
    if (trace->session == INTERN_NONE) {
        trace->session = named;
    }
    if (trace->process == INTERN_NONE) {
        trace->process = process;
    }
}

void otlp_settle_session(struct otlp_reader *reader, uint32_t node)
{
    struct otlp_trace *trace = otlp_tree_trace(&reader->tree, node);
    if (trace->session == INTERN_NONE && trace->rooted) {
        trace->session = trace->process; /* nothing that comes now names another */
    }
    if (!trace->provisional || trace->session == INTERN_NONE) {
        return;
    }
    trace->provisional = false;
    struct update update = otlp_update(reader, UPDATE_SESSION, text_of(reader, trace->session));
    update_text(&update, FIELD_ALIAS, trace_session(reader, trace));
    otlp_send(reader, &update);
}
