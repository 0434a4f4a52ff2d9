/* Sessions. A span names its session in one of a dozen ways, or not at all: then it belongs to the
   session that another span of its trace names, which may come later. Until then updates are sent
   under "trace:ID", which becomes an alias. A trace without any session belongs to its process. */
#include "ingest/otlp/otlp_reader_private.h"

#include "core/base/utf8.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

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

/* Returns the sender's host, or nothing if that is this machine: sessions of this machine's files
   name none either, and `g` finds their panes. A name without its domain is compared so. */
static struct slice other_host(struct slice host)
{
    static const struct slice none = {NULL, 0};
    char own[HOST_NAME_MAX + 1] = "";
    if (host.len == 0 || gethostname(own, sizeof own - 1) != 0) {
        return host;
    }
    size_t own_len = strlen(own), own_short = strcspn(own, ".");
    const char *dot = memchr(host.bytes, '.', host.len);
    size_t host_short = dot == NULL ? host.len : (size_t)(dot - host.bytes);
    bool whole = own_short < own_len && dot != NULL;
    size_t a = whole ? host.len : host_short, b = whole ? own_len : own_short;
    return a == b && strncasecmp(host.bytes, own, a) == 0 ? none : host;
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
    update_text(&update, FIELD_HOST, other_host(otlp_found_text(&reader->resource, MEANS_HOST)));
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

/* A session is named where a process was its stand-in, or nothing did. */
static void name_session(struct otlp_trace *trace, intern_id named, bool of_process)
{
    if (named == INTERN_NONE || (trace->session != INTERN_NONE && !trace->of_process)) {
        return;
    }
    if (trace->of_process && trace->session != named) {
        trace->process_was = trace->session;
    }
    trace->session = named;
    trace->of_process = of_process;
}

static const struct otlp_process *find_process(const struct otlp_reader *reader, intern_id process)
{
    size_t count = reader->process_count < OTLP_PROCESSES ? reader->process_count : OTLP_PROCESSES;
    for (size_t i = 0; i < count && process != INTERN_NONE; i++) {
        if (reader->processes[i].process == process) {
            return &reader->processes[i];
        }
    }
    return NULL;
}

static void note_process(struct otlp_reader *reader, intern_id process, intern_id session)
{
    if (process != INTERN_NONE && session != INTERN_NONE && find_process(reader, process) == NULL) {
        reader->processes[reader->process_count++ % OTLP_PROCESSES] =
            (struct otlp_process){process, session};
    }
}

struct slice otlp_process_session(const struct otlp_reader *reader, struct slice process)
{
    process.len = process.len == 0 ? 0 : utf8_cut(process.bytes, process.len, SESSION_BYTES);
    intern_id id = intern_find(swarm_names(reader->ingest->swarm), process.bytes, process.len);
    const struct otlp_process *found = find_process(reader, id);
    return found == NULL ? (struct slice){NULL, 0} : text_of(reader, found->session);
}

void otlp_note_session(struct otlp_reader *reader, const struct otlp_found *found, uint32_t node,
                       bool root)
{
    struct slice session = otlp_named_session(reader, found);
    intern_id named = put(reader, session);
    intern_id process = put(reader, otlp_found_text(&reader->resource, MEANS_SESSION_OF_PROCESS));
    struct otlp_trace *trace = otlp_tree_trace(&reader->tree, node);
    name_session(trace, named, false);
    note_process(reader, process, named);
    root = root && process != INTERN_NONE;
    if (trace->process == INTERN_NONE || root) {
        trace->process = process;
    }
    if (root && trace->of_process) { /* a process that was called was the stand-in */
        name_session(trace, process, true);
    }
}

void otlp_adopt_session(struct otlp_reader *reader, uint32_t node, uint32_t target)
{
    const struct otlp_trace *from = otlp_tree_trace(&reader->tree, target);
    intern_id session = from->session;
    bool of_process = from->of_process;
    struct otlp_trace *trace = otlp_tree_trace(&reader->tree, node);
    if (trace->session == INTERN_NONE || !of_process) {
        name_session(trace, session, of_process);
    }
    otlp_settle_trace(reader, trace);
}

static void send_alias(struct otlp_reader *reader, intern_id session, struct slice alias)
{
    struct update update = otlp_update(reader, UPDATE_SESSION, text_of(reader, session));
    update_text(&update, FIELD_ALIAS, alias);
    otlp_send(reader, &update);
}

/* Whether the process's id is an alias of a session by now. Then the process has several sessions,
   and it is the stand-in of no further trace: each waits for its own name. */
static uint64_t joined_hash(const struct otlp_reader *reader, intern_id process)
{
    return otlp_hash(12, text_of(reader, process));
}

/* Notes it again where it is noted: else a process that lives long would be a stand-in again. */
static bool is_joined(struct otlp_reader *reader, intern_id process)
{
    uint64_t hash = joined_hash(reader, process);
    return otlp_is_noted(reader, hash) && !otlp_is_new(reader, hash);
}

void otlp_settle_trace(struct otlp_reader *reader, struct otlp_trace *trace)
{
    bool complete = trace->rooted || trace->entered != 0 || trace->given_up;
    if (trace->session == INTERN_NONE && complete && !trace->linked &&
        trace->process != INTERN_NONE && !is_joined(reader, trace->process)) {
        trace->session = trace->process; /* hardly anything that comes now names another */
        trace->of_process = true;
    }
    if (trace->process_was != INTERN_NONE) {
        intern_id process_was = trace->process_was;
        trace->process_was = INTERN_NONE; /* the reader has failed if this cannot be sent */
        if (otlp_is_new(reader, joined_hash(reader, process_was))) {
            send_alias(reader, trace->session, text_of(reader, process_was));
        }
    }
    if (trace->provisional && trace->session != INTERN_NONE) {
        trace->provisional = false;
        send_alias(reader, trace->session, trace_session(reader, trace));
    }
}
