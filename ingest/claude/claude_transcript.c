/* Each line is parsed once and dispatched by its type. Little depends on earlier lines: the open
   request, the interaction and the open tools. Updates go out at once, since the correlator joins
   them by id. */
#include "ingest/claude/claude_private.h"

#include "ingest/transcript_line.h"

#include <math.h>
#include <string.h>

static void take_line(void *ctx, const char *text, size_t len, uint64_t number,
                      enum line_kind kind);

/* ---- the reader itself ---- */

static void init(struct claude_transcript *t, const struct claude_transcript_options *options)
{
    const struct mem *mem = t->mem;
    t->options = *options;
    t->first_ms = t->last_ms = t->before_ms = (double)NAN;
    strbuf_init(&t->where, mem, 0);
    strbuf_init(&t->name, mem, 0);
    strbuf_init(&t->title, mem, 0);
    strbuf_init(&t->scratch, mem, 0);
    strbuf_adds(&t->where, options->where);
    lines_init(&t->lines, mem, options->max_line_bytes, take_line, t);
    claude_request_table_init(&t->requests, mem);
    u64map_init(&t->use_by_id, mem);
    u64map_init(&t->chain_by_id, mem);
    t->answer.request = t->unsettled = CLAUDE_NO_REQUEST;
}

struct claude_transcript *claude_transcript_new(const struct claude_transcript_options *options)
{
    const struct mem *mem = options->counters->ingest->mem;
    struct claude_transcript *t = mem_zalloc(mem, 1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    t->mem = mem;
    init(t, options);
    t->texts = intern_new(mem);
    if (t->texts != NULL) {
        t->session_id = claude_transcript_put(t, options->session_id);
        t->agent_id = claude_transcript_put(t, options->agent_id);
    }
    if (t->texts != NULL && !t->failed && !t->where.failed && t->session_id != INTERN_NONE) {
        return t;
    }
    claude_transcript_free(t);
    return NULL;
}

void claude_transcript_free(struct claude_transcript *t)
{
    if (t == NULL) {
        return;
    }
    claude_tools_release(t);
    claude_sidechains_release(t);
    claude_request_table_release(&t->requests);
    lines_release(&t->lines);
    strbuf_release(&t->where);
    strbuf_release(&t->name);
    strbuf_release(&t->title);
    strbuf_release(&t->scratch);
    intern_free(t->texts);
    mem_free(t->mem, t, sizeof *t);
}

bool claude_transcript_is_announced(const struct claude_transcript *t)
{
    return t->is_announced;
}

struct slice claude_transcript_text(const struct claude_transcript *t, intern_id id)
{
    struct slice text = {NULL, 0};
    if (id != INTERN_NONE) {
        text.bytes = intern_text(t->texts, id, &text.len);
    }
    return text;
}

intern_id claude_transcript_put(struct claude_transcript *t, struct slice text)
{
    if (text.bytes == NULL || text.len == 0) {
        return INTERN_NONE;
    }
    intern_id id = intern_put(t->texts, text.bytes, text.len);
    if (id != INTERN_FAILED) {
        return id;
    }
    t->failed = true;
    return INTERN_NONE;
}

intern_id claude_transcript_put_id(struct claude_transcript *t, struct json_value id)
{
    char room[CLIENT_ID_BYTES];
    return claude_transcript_put(t, client_id(t->mem, id, room));
}

void claude_transcript_send(struct claude_transcript *t, const struct update *update)
{
    if (!t->failed) {
        t->failed = !ingest_ctx_client_update(t->options.counters->ingest, update);
    }
}

/* ---- updates ---- */

struct update claude_transcript_update(const struct claude_transcript *t, enum update_op op)
{
    struct update update = {
        .op = op,
        .precedence = PRECEDENCE_FILES,
        .session_id = claude_transcript_text(t, t->session_id),
        .agent_id = claude_transcript_text(t, t->agent_id),
    };
    ingest_ctx_stamp(t->options.counters->ingest, &update);
    return update;
}

struct update claude_transcript_call(struct claude_transcript *t, enum call_kind kind,
                                     struct slice id)
{
    if (!t->is_announced) {
        claude_name_announce(t);
    }
    struct update update = claude_transcript_update(t, UPDATE_CALL);
    update.kind = kind;
    update.id = id;
    return update;
}

static void take_time(struct claude_transcript *t, const struct claude_line *line)
{
    if (isnan(line->at_ms)) {
        return;
    }
    if (!(t->first_ms <= line->at_ms)) {
        t->first_ms = line->at_ms;
    }
    if (!(t->last_ms >= line->at_ms)) {
        t->last_ms = line->at_ms;
    }
}

/* ---- lines ---- */

/* Takes cost-state, which the client writes as it ends. */
static void take_cost(struct claude_transcript *t, const struct claude_line *line)
{
    double cost_usd = client_number(line->field[CLAUDE_TOTAL_COST]);
    t->has_ended = t->is_ending = true;
    if (t->agent_id != INTERN_NONE || !(cost_usd > 0) || !isfinite(cost_usd)) {
        return;
    }
    if (!t->is_announced) {
        claude_name_announce(t);
    }
    struct update update = claude_transcript_update(t, UPDATE_SESSION);
    update_number(&update, FIELD_COST_USD, cost_usd);
    claude_transcript_send(t, &update);
}

static void take_unknown(struct claude_transcript *t, struct slice type)
{
    t->unknown++;
    if (t->unknown_type == INTERN_NONE) {
        t->unknown_type = claude_transcript_put(t, type);
    }
}

void claude_transcript_take(struct claude_transcript *t, const struct claude_line *line)
{
    if (claude_sidechains_take(t, line)) {
        take_time(t, line);
        return;
    }
    if (claude_copies_take(t, line)) {
        source_counters_accept(t->options.counters);
        return;
    }
    take_time(t, line);
    claude_name_take(t, line);
    switch (line->type) {
    case CLAUDE_LINE_USER: claude_prompts_take_user(t, line); break;
    case CLAUDE_LINE_ASSISTANT:
        claude_stops_continue(t, line->at_ms);
        claude_requests_take_answer(t, line);
        break;
    case CLAUDE_LINE_REQUEST:
        claude_stops_continue(t, line->at_ms);
        claude_requests_settle(t); /* the previous request has its answer */
        claude_requests_flush(t);
        claude_requests_take_attempt(t, line);
        break;
    case CLAUDE_LINE_SYSTEM: claude_prompts_take_system(t, line); break;
    case CLAUDE_LINE_COST: take_cost(t, line); break;
    case CLAUDE_LINE_TITLE: claude_name_take_title(t, line); break;
    case CLAUDE_LINE_NEWS: claude_prompts_take_news(t, line); break;
    case CLAUDE_LINE_UNKNOWN: take_unknown(t, client_plain_text(line->field[CLAUDE_TYPE])); break;
    case CLAUDE_LINE_OTHER: break;
    }
    claude_prompts_extend(t, line);
    source_counters_accept(t->options.counters);
}

/* Returns whether the line has the time that its type needs. */
static bool has_time(const struct claude_line *line)
{
    bool needs = line->type == CLAUDE_LINE_USER || line->type == CLAUDE_LINE_ASSISTANT ||
                 line->type == CLAUDE_LINE_REQUEST || line->type == CLAUDE_LINE_SYSTEM;
    return !needs || !isnan(line->at_ms);
}

static void take_line(void *ctx, const char *text, size_t len, uint64_t number, enum line_kind kind)
{
    struct claude_transcript *t = ctx;
    struct claude_line line;
    struct json_value object;
    struct slice bytes = transcript_line_text(text, len);
    const char *where = t->where.data != NULL ? t->where.data : "";
    if (t->failed || claude_line_is_bulk(bytes.bytes, bytes.len) ||
        !transcript_line_read(t->options.counters, where, bytes, number, kind, &object)) {
        return;
    }
    if (object.type != JSON_TYPE_OBJECT) {
        take_unknown(t, transcript_line_type(object));
        source_counters_accept(t->options.counters);
        return;
    }
    claude_line_read(object, &line);
    if (has_time(&line)) {
        claude_transcript_take(t, &line);
    } else {
        transcript_line_reject(t->options.counters, where, bytes, number, "it has no timestamp");
    }
}

bool claude_transcript_push(struct claude_transcript *t, const char *bytes, size_t len)
{
    lines_push(&t->lines, bytes, len);
    claude_requests_flush(t);
    claude_sidechains_flush(t, false);
    return !t->failed;
}

bool claude_transcript_finish(struct claude_transcript *t)
{
    lines_finish(&t->lines);
    return claude_transcript_settle(t);
}

bool claude_transcript_settle(struct claude_transcript *t)
{
    claude_requests_settle(t);
    claude_requests_flush(t);
    claude_sidechains_flush(t, true);
    return !t->failed;
}

/* ---- getters ---- */

bool claude_transcript_is_copy(const struct claude_transcript *t)
{
    return t->copies > 0 && !t->has_own;
}

double claude_transcript_last_ms(const struct claude_transcript *t)
{
    return t->last_ms;
}

bool claude_transcript_has_ended(const struct claude_transcript *t)
{
    return t->has_ended;
}

bool claude_transcript_is_busy(const struct claude_transcript *t)
{
    for (size_t i = 0; i < t->tool_count; i++) {
        if (!t->tools[i].background) {
            return true;
        }
    }
    return t->interaction.open || claude_request_table_open(&t->requests) != CLAUDE_NO_REQUEST;
}

bool claude_transcript_idle(struct claude_transcript *t, double at_ms)
{
    (void)claude_transcript_settle(t);
    claude_requests_end(t, at_ms, NULL);
    claude_stops_end_tools(t, at_ms, OUTCOME_INTERRUPTED);
    if (t->interaction.open && t->interaction.start_ms <= at_ms) {
        claude_transcript_end_interaction(t, at_ms);
    }
    return !t->failed;
}

uint64_t claude_transcript_unknown(const struct claude_transcript *t, struct slice *type)
{
    if (t->unknown > 0) {
        *type = claude_transcript_text(t, t->unknown_type);
    }
    return t->unknown;
}
