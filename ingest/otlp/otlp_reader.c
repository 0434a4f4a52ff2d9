/* The reader's memory, and functions that its parts share. Updates that are sent once (a session's
   description) are noted by hash, in two maps: when the newer is full the older is forgotten. */
#include "ingest/otlp/otlp_log.h"

#include "core/model/swarm_edit.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

enum { SEEN_MAX = 1 << 16, KEPT_BYTES = 1 << 20, SETTLE_NS = 1000000000 };

/* So long nothing comes of a trace until its root is given up. A parent that comes a minute after
   its children is usual, an agent that lets its model or a tool run for some minutes too. */
static const int64_t give_up_ns = (int64_t)300 * 1000000000;

static const struct otlp_attributes no_attributes;

static void mark_names(void *ctx, struct name_marks *marks)
{
    const struct otlp_reader *reader = ctx;
    const struct otlp_tree *tree = &reader->tree;
    for (uint32_t i = 0; i < tree->node_count; i++) {
        name_marks_add(marks, tree->nodes[i].agent);
        name_marks_add(marks, tree->nodes[i].name);
    }
    for (uint32_t i = 0; i < tree->trace_count; i++) {
        name_marks_add(marks, tree->traces[i].session);
        name_marks_add(marks, tree->traces[i].process);
    }
    for (size_t i = 0; i < OTLP_PROCESSES; i++) {
        name_marks_add(marks, reader->processes[i].process);
        name_marks_add(marks, reader->processes[i].session);
    }
    otlp_codex_mark(reader, marks);
}

struct otlp_reader *otlp_reader_new(struct ingest_ctx *ingest)
{
    struct otlp_reader *reader = mem_zalloc(ingest->mem, 1, sizeof *reader);
    if (reader == NULL) {
        return NULL;
    }
    reader->ingest = ingest;
    reader->next_give_up_ns = INT64_MAX;
    reader->pairs = mem_zalloc(ingest->mem, 1, sizeof *reader->pairs);
    u64map_init(&reader->seen[0], ingest->mem);
    u64map_init(&reader->seen[1], ingest->mem);
    strbuf_init(&reader->args, ingest->mem, 0);
    strbuf_init(&reader->scratch, ingest->mem, 0);
    strbuf_init(&reader->room, ingest->mem, 0);
    strbuf_init(&reader->session, ingest->mem, 0);
    strbuf_init(&reader->limit_text, ingest->mem, 0);
    bool good = swarm_add_name_holder(ingest->swarm, mark_names, reader) && reader->pairs != NULL &&
                otlp_names_init(&reader->names, ingest->mem);
    if (!otlp_tree_init(&reader->tree, ingest->mem) || !good || !otlp_logs_init(reader) ||
        !otlp_metrics_init(reader)) {
        otlp_reader_free(reader);
        return NULL;
    }
    return reader;
}

void otlp_reader_free(struct otlp_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    swarm_remove_name_holder(reader->ingest->swarm, reader);
    otlp_logs_release(reader);
    otlp_metrics_release(reader);
    mem_free(reader->ingest->mem, reader->pairs, reader->pairs == NULL ? 0 : sizeof *reader->pairs);
    otlp_names_release(&reader->names);
    otlp_tree_release(&reader->tree);
    u64map_release(&reader->seen[0]);
    u64map_release(&reader->seen[1]);
    strbuf_release(&reader->args);
    strbuf_release(&reader->scratch);
    strbuf_release(&reader->room);
    strbuf_release(&reader->session);
    strbuf_release(&reader->limit_text);
    mem_free(reader->ingest->mem, reader, sizeof *reader);
}

/* ---- shared ---- */

struct slice otlp_call_id(const struct otlp_id *id, char room[OTLP_ID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    char *at = room;
    for (size_t i = 0; i < sizeof id->span; i++) {
        *at++ = digits[id->span[i] >> 4];
        *at++ = digits[id->span[i] & 15];
    }
    *at++ = '/';
    for (size_t i = 0; i < sizeof id->trace; i++) {
        *at++ = digits[id->trace[i] >> 4];
        *at++ = digits[id->trace[i] & 15];
    }
    *at = '\0';
    return (struct slice){room, (size_t)(at - room)};
}

uint64_t otlp_hash(uint64_t seed, struct slice text)
{
    return text.len == 0 ? seed * 31 + 1 : XXH3_64bits_withSeed(text.bytes, text.len, seed);
}

uint64_t otlp_value_hash(uint64_t seed, const struct otlp_value *value)
{
    double number = otlp_value_number(value);
    if (value->type == OTLP_TEXT) {
        return otlp_hash(seed + 1, value->text);
    }
    return otlp_hash(seed + 2 + (value->type == OTLP_BOOL && value->truth),
                     (struct slice){(const char *)&number, sizeof number});
}

bool otlp_is_noted(const struct otlp_reader *reader, uint64_t hash)
{
    return u64map_get(&reader->seen[0], hash) != U64MAP_NONE ||
           u64map_get(&reader->seen[1], hash) != U64MAP_NONE;
}

bool otlp_is_new(struct otlp_reader *reader, uint64_t hash)
{
    if (u64map_get(&reader->seen[0], hash) != U64MAP_NONE) {
        return false;
    }
    /* A hash that still comes is kept: an id that a gateway gives every answer is never new. */
    bool noted = u64map_get(&reader->seen[1], hash) != U64MAP_NONE;
    if (reader->seen[0].count >= SEEN_MAX) {
        struct u64map old = reader->seen[1];
        reader->seen[1] = reader->seen[0];
        reader->seen[0] = old;
        u64map_clear(&reader->seen[0]);
    }
    reader->failed |= !u64map_put(&reader->seen[0], hash, 1);
    return !noted;
}

void otlp_forget(struct otlp_reader *reader, uint64_t hash)
{
    u64map_remove(&reader->seen[0], hash);
    u64map_remove(&reader->seen[1], hash);
}

struct slice otlp_pair_of(struct otlp_reader *reader, const struct otlp_item *item, bool tool,
                          struct slice session, struct slice id, struct slice group,
                          char room[CALL_PAIR_ID])
{
    uint64_t key;
    if (tool) {
        key = otlp_hash(8, otlp_found_text(item->found, MEANS_TOOL_NAME));
    } else {
        const double tokens[2] = {otlp_found_number(item->found, MEANS_PROMPT),
                                  otlp_found_number(item->found, MEANS_OUTPUT)};
        key = otlp_hash(9, (struct slice){(const char *)tokens, sizeof tokens});
    }
    uint64_t of = slice_begins(session, "trace:") ? 0 : otlp_hash(10, session);
    struct slice agent = otlp_gemini_agent(item->found);
    bool is_main = otlp_found_text(item->found, MEANS_PROMPT_ID).bytes != NULL;
    struct call_half half = {.is_any = agent.bytes == NULL && !is_main,
                             .key = key == 0 ? 1 : key,
                             .session = of,
                             .agent = agent.bytes == NULL ? of : otlp_hash(10, agent),
                             .start_ms = (double)NAN, /* parallel calls of one tool */
                             .end_ms = item->end_ms,
                             .group = tool && group.len > 0 ? otlp_hash(13, group) : 0,
                             .own = otlp_hash(13, id),
                             .took_ms = isnan(item->start_ms) ? 0 : item->end_ms - item->start_ms,
                             .side = item->span == NULL};
    return call_pairs_join(reader->pairs, &half, id, room);
}

void otlp_enter_scope(struct otlp_reader *reader, const struct otlp_scope *scope)
{
    if (reader->scope == scope && scope != NULL) {
        return;
    }
    const struct otlp_attributes *resource = scope == NULL ? &no_attributes : &scope->resource;
    bool same = reader->scope != NULL && resource->count > 0 &&
                reader->scope->resource.items == resource->items;
    reader->scope = scope;
    if (!same) {
        otlp_found_fill(&reader->resource, &reader->names, resource);
    }
    reader->producer = otlp_producer_of(scope == NULL ? (struct slice){NULL, 0} : scope->name,
                                        otlp_found_text(&reader->resource, MEANS_SERVICE));
}

struct update otlp_update(const struct otlp_reader *reader, enum update_op op, struct slice session)
{
    struct update update = {
        .op = op, .precedence = PRECEDENCE_TELEMETRY, .session_id = session, .kind = CALL_SPAN};
    ingest_ctx_stamp(reader->ingest, &update);
    return update;
}

void otlp_send(struct otlp_reader *reader, const struct update *update)
{
    reader->failed |= !ingest_ctx_client_update(reader->ingest, update);
}

void otlp_count_ttft(struct otlp_reader *reader, bool bad)
{
    reader->bad_ttft += bad;
    uint64_t count = reader->bad_ttft;
    while (count > 0 && count % 10 == 0) {
        count /= 10;
    }
    if (!bad || count != 1) { /* 1, 10, 100 … */
        return;
    }
    struct slice service = otlp_found_text(&reader->resource, MEANS_SERVICE);
    strbuf_clear(&reader->scratch);
    if (service.bytes == NULL) {
        strbuf_adds(&reader->scratch, "a client");
    } else {
        ingest_ctx_quote(&reader->scratch, service.bytes, service.len);
    }
    strbuf_addf(&reader->scratch,
                ": a time to first token is negative or longer than its request (%llu so far): "
                "left out",
                (unsigned long long)reader->bad_ttft);
    if (!reader->scratch.failed) {
        ingest_ctx_log_from(reader->ingest, LOG_LEVEL_WARNING, "otlp", reader->scratch.data);
    }
}

bool otlp_reader_take(struct otlp_reader *reader, const struct otlp_batch *batch, struct slice by)
{
    reader->failed = false;
    reader->warning = NULL;
    reader->scope = NULL;
    reader->by = by;
    otlp_take_spans(reader, batch);
    otlp_take_logs(reader, batch);
    otlp_take_metrics(reader, batch);
    otlp_note_tree(reader);
    reader->by = (struct slice){NULL, 0};
    reader->scope = NULL;
    if (reader->args.cap > KEPT_BYTES) {
        strbuf_release(&reader->args);
        strbuf_init(&reader->args, reader->ingest->mem, 0);
    }
    reader->ingest->changed = true;
    return !reader->failed;
}

const char *otlp_reader_warning(const struct otlp_reader *reader)
{
    return reader->warning;
}

uint64_t otlp_reader_bad(const struct otlp_reader *reader)
{
    return reader->bad_ttft;
}

bool otlp_reader_settle(struct otlp_reader *reader, bool all)
{
    int64_t now_ns = ingest_ctx_now(reader->ingest);
    reader->failed = false;
    bool logs = otlp_codex_settle(reader, all ? INT64_MAX : now_ns - SETTLE_NS);
    bool traces = otlp_give_up(reader, all ? INT64_MAX - 1 : now_ns - give_up_ns, !all);
    return otlp_settle_samples(reader) || logs || traces;
}
