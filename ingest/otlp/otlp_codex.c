/* Codex reports its calls by logs alone, and its requests by two that have no id in common: the
   headers of an answer, and its end. They are paired by their times within the session.

   A pair cannot be taken back, and while a log between two others has not come, nothing shows that
   these are not a pair: no log has a number. So each waits for a second for those before it: all
   logs of that second are paired in the order of their times, in whatever order they came. An
   answer's figures are shown with its request then; that the request is over is shown at once. A
   log that comes later than that takes the nearest that is free: one that ends a request and
   begins the next, both late, can lead to a wrong pair. */
#include "ingest/exit_code.h"
#include "ingest/otlp/otlp_log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Logs of a Codex session that wait for their other half: the headers of an answer, and its end. */
struct otlp_half {
    uint64_t hash; /* 0: none */
    double ms;
};

enum { TURNS = 256, HALVES = 8, ENDS = 64, WAITS = 1024 };

struct otlp_turn {
    uint64_t session;
    struct otlp_half requests[HALVES], answers[HALVES]; /* the newest first */
    struct otlp_half prompts[HALVES];                   /* each begins an interaction */
    double ends_ms[ENDS];                               /* of answers; a ring */
    size_t end_count;
};

/* The part of a request that a log reports, or a prompt. */
enum codex_part { PART_PROMPT, PART_REQUEST, PART_RETRY, PART_ANSWER };

/* A log that waits for those before it. */
struct codex_log {
    enum codex_part part;
    intern_id session;
    uint64_t hash;
    double start_ms, end_ms; /* of an answer `start_ms` is the latest begin of its request */
    int64_t arrived_ns;
};

struct otlp_turns {
    struct otlp_turn items[TURNS];
    size_t next;
    struct codex_log waits[WAITS];
    size_t wait_count;
};

static struct slice session_text(const struct otlp_reader *reader, const struct codex_log *log)
{
    size_t len;
    const char *text = intern_text(swarm_names(reader->ingest->swarm), log->session, &len);
    return (struct slice){text, len};
}

static struct otlp_turn *turn_of(struct otlp_reader *reader, const struct codex_log *log)
{
    struct otlp_turns *turns = reader->turns;
    uint64_t session = otlp_hash(6, session_text(reader, log));
    for (size_t i = 0; i < TURNS; i++) {
        if (turns->items[i].session == session) {
            return &turns->items[i];
        }
    }
    struct otlp_turn *turn = &turns->items[turns->next++ % TURNS];
    if (turn->session != 0) {
        otlp_note_forgotten(reader, LIMIT_CODEX);
    }
    *turn = (struct otlp_turn){.session = session};
    return turn;
}

static void add_half(struct otlp_half *halves, uint64_t hash, double ms)
{
    memmove(halves + 1, halves, (HALVES - 1) * sizeof *halves);
    halves[0] = (struct otlp_half){hash, ms};
}

/* Takes away the nearest half before that time, or after it. Returns its hash; 0: none. */
static uint64_t take_half(struct otlp_half *halves, double ms, bool before)
{
    struct otlp_half *best = NULL;
    for (size_t i = 0; i < HALVES; i++) {
        struct otlp_half *half = &halves[i];
        bool fits = half->hash != 0 && (before ? half->ms <= ms : half->ms >= ms);
        if (fits && (best == NULL || (before ? half->ms > best->ms : half->ms < best->ms))) {
            best = half;
        }
    }
    uint64_t hash = best == NULL ? 0 : best->hash;
    if (best != NULL) {
        best->hash = 0;
    }
    return hash;
}

/* ---- in the order of their times ---- */

static struct update update_of(const struct otlp_reader *reader, const struct codex_log *log,
                               enum call_kind kind, enum precedence precedence, struct slice id)
{
    struct update update = otlp_update(reader, UPDATE_CALL, session_text(reader, log));
    update.kind = kind;
    update.precedence = precedence;
    update.id = id;
    return update;
}

/* The interaction has lasted until then. No log reports its end. */
static void send_end(struct otlp_reader *reader, const struct codex_log *log, uint64_t prompt,
                     double end_ms)
{
    char room[OTLP_ID_TEXT];
    struct update update =
        update_of(reader, log, CALL_INTERACTION, PRECEDENCE_INFERRED, otlp_hash_id(prompt, room));
    update_number(&update, FIELD_END_MS, end_ms);
    otlp_send(reader, &update);
}

/* An answer belongs to the last prompt before it. */
static void extend_interaction(struct otlp_reader *reader, struct otlp_turn *turn,
                               const struct codex_log *log)
{
    const struct otlp_half *last = NULL;
    for (size_t i = 0; i < HALVES; i++) {
        const struct otlp_half *prompt = &turn->prompts[i];
        if (prompt->hash != 0 && prompt->ms <= log->end_ms &&
            (last == NULL || prompt->ms > last->ms)) {
            last = prompt;
        }
    }
    turn->ends_ms[turn->end_count++ % ENDS] = log->end_ms;
    if (last != NULL) {
        send_end(reader, log, last->hash, log->end_ms);
    }
}

/* Answers may have come before their prompt: the interaction ends with the last of those before the
   next prompt. */
static void end_interaction(struct otlp_reader *reader, const struct otlp_turn *turn,
                            const struct codex_log *log)
{
    double next_ms = (double)INFINITY, end_ms = (double)NAN;
    for (size_t i = 0; i < HALVES; i++) {
        const struct otlp_half *prompt = &turn->prompts[i];
        if (prompt->hash != 0 && prompt->ms > log->end_ms) {
            next_ms = fmin(next_ms, prompt->ms);
        }
    }
    for (size_t i = 0; i < ENDS && i < turn->end_count; i++) {
        if (turn->ends_ms[i] >= log->end_ms && turn->ends_ms[i] < next_ms) {
            end_ms = fmax(end_ms, turn->ends_ms[i]);
        }
    }
    if (!isnan(end_ms)) {
        send_end(reader, log, log->hash, end_ms);
    }
}

/* Two logs are of one request. */
static void join(struct otlp_reader *reader, const struct codex_log *log, uint64_t other)
{
    char room[OTLP_ID_TEXT], other_room[OTLP_ID_TEXT];
    if (other == log->hash) {
        return;
    }
    struct update update =
        update_of(reader, log, CALL_REQUEST, PRECEDENCE_TELEMETRY, otlp_hash_id(other, other_room));
    update_text(&update, FIELD_ALIAS, otlp_hash_id(log->hash, room));
    otlp_send(reader, &update);
}

static void send_attempt(struct otlp_reader *reader, const struct codex_log *log)
{
    char room[OTLP_ID_TEXT];
    struct update update =
        update_of(reader, log, CALL_REQUEST, PRECEDENCE_TELEMETRY, otlp_hash_id(log->hash, room));
    double start_ms = log->start_ms;
    update_times(&update, FIELD_ATTEMPTS, &start_ms, isnan(start_ms) ? 0u : 1u);
    otlp_send(reader, &update);
}

/* Its answer came before it, or it repeats the request before it, or its answer is yet to come. */
static void settle_request(struct otlp_reader *reader, struct otlp_turn *turn,
                           const struct codex_log *log)
{
    bool retried = log->part == PART_RETRY;
    uint64_t request = take_half(turn->answers, log->end_ms, false);
    if (request == 0) {
        request = retried ? take_half(turn->requests, log->end_ms, true) : 0;
        request = request == 0 ? log->hash : request;
        add_half(turn->requests, request, log->end_ms);
    }
    join(reader, log, request);
    if (retried) {
        send_attempt(reader, log);
    }
}

static void settle_answer(struct otlp_reader *reader, struct otlp_turn *turn,
                          const struct codex_log *log)
{
    uint64_t request = take_half(turn->requests, log->end_ms, true);
    if (request != 0) {
        join(reader, log, request);
    } else { /* it began no later than its first token allows */
        char room[OTLP_ID_TEXT];
        struct update update = update_of(reader, log, CALL_REQUEST, PRECEDENCE_INFERRED,
                                         otlp_hash_id(log->hash, room));
        update_number(&update, FIELD_START_MS, log->start_ms);
        otlp_send(reader, &update);
        add_half(turn->answers, log->hash, log->end_ms);
    }
    extend_interaction(reader, turn, log);
}

static void settle(struct otlp_reader *reader, const struct codex_log *log)
{
    struct otlp_turn *turn = turn_of(reader, log);
    switch (log->part) {
    case PART_PROMPT:
        add_half(turn->prompts, log->hash, log->end_ms);
        end_interaction(reader, turn, log);
        break;
    case PART_REQUEST:
    case PART_RETRY: settle_request(reader, turn, log); break;
    case PART_ANSWER: settle_answer(reader, turn, log); break;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct codex_log *x = a, *y = b;
    if (x->end_ms != y->end_ms) {
        return x->end_ms < y->end_ms ? -1 : 1;
    }
    return x->part != y->part ? (x->part < y->part ? -1 : 1)
                              : (x->hash > y->hash) - (x->hash < y->hash);
}

/* Whether it has waited for long enough, or one that is later in its session has. `count` are from
   it on. */
static bool is_due(const struct codex_log *logs, size_t count, int64_t until_ns)
{
    for (size_t i = 0; i < count; i++) {
        if (logs[i].session == logs[0].session && logs[i].arrived_ns <= until_ns) {
            return true;
        }
    }
    return false;
}

bool otlp_codex_settle(struct otlp_reader *reader, int64_t until_ns)
{
    struct otlp_turns *turns = reader->turns;
    size_t kept = 0, count = turns->wait_count;
    qsort(turns->waits, count, sizeof *turns->waits, by_time);
    for (size_t i = 0; i < count; i++) {
        if (is_due(turns->waits + i, count - i, until_ns)) {
            settle(reader, &turns->waits[i]);
            reader->ingest->changed = true;
        } else {
            turns->waits[kept++] = turns->waits[i];
        }
    }
    turns->wait_count = kept;
    return kept > 0;
}

/* ---- as they come ---- */

static struct codex_log log_of(struct otlp_log_event *e, enum codex_part part, double start_ms)
{
    struct codex_log log = {.part = part,
                            .session = intern_put(swarm_names(e->reader->ingest->swarm),
                                                  e->session.bytes, e->session.len),
                            .hash = e->hash,
                            .start_ms = start_ms,
                            .end_ms = e->item.end_ms,
                            .arrived_ns = ingest_ctx_now(e->reader->ingest)};
    e->reader->failed |= log.session == INTERN_FAILED;
    return log;
}

static void wait(struct otlp_reader *reader, const struct codex_log *log)
{
    struct otlp_turns *turns = reader->turns;
    if (reader->failed) {
        return;
    }
    if (turns->wait_count == WAITS) {
        (void)otlp_codex_settle(reader, INT64_MAX);
    }
    turns->waits[turns->wait_count++] = *log;
}

void otlp_codex_mark(const struct otlp_reader *reader, struct name_marks *marks)
{
    for (size_t i = 0; reader->turns != NULL && i < reader->turns->wait_count; i++) {
        name_marks_add(marks, reader->turns->waits[i].session);
    }
}

void otlp_codex_prompt(struct otlp_log_event *e)
{
    char room[OTLP_ID_TEXT];
    struct update update = otlp_log_update(e, UPDATE_CALL, PRECEDENCE_TELEMETRY);
    update.kind = CALL_INTERACTION;
    update.id = otlp_hash_id(e->hash, room);
    update_number(&update, FIELD_START_MS, e->item.end_ms);
    update_number(&update, FIELD_PROMPT_LENGTH,
                  otlp_found_number(e->item.found, MEANS_PROMPT_LENGTH));
    otlp_send(e->reader, &update);
    struct codex_log log = log_of(e, PART_PROMPT, (double)NAN);
    wait(e->reader, &log);
}

/* The headers of an answer came, or an attempt failed: the request began its duration before. A
   log that repeats a request has no begin before it is known which. */
void otlp_codex_request(struct otlp_log_event *e)
{
    char room[OTLP_ID_TEXT];
    double start_ms = e->item.start_ms;
    bool retried = otlp_found_number(e->item.found, MEANS_ATTEMPT) > 0;
    struct update update = otlp_log_update(e, UPDATE_CALL, PRECEDENCE_TELEMETRY);
    update.kind = CALL_REQUEST;
    update.id = otlp_hash_id(e->hash, room);
    update_text(&update, FIELD_MODEL, otlp_found_text(e->item.found, MEANS_MODEL));
    if (!retried) {
        update_times(&update, FIELD_ATTEMPTS, &start_ms, isnan(start_ms) ? 0u : 1u);
    }
    otlp_send(e->reader, &update);
    struct codex_log log = log_of(e, retried ? PART_RETRY : PART_REQUEST, start_ms);
    wait(e->reader, &log);
}

/* The request whose headers came last before the answer is over, as far as is known now. */
static void end_request(struct otlp_reader *reader, const struct codex_log *answer)
{
    const struct otlp_turns *turns = reader->turns;
    const struct otlp_turn *turn = turn_of(reader, answer);
    struct otlp_half last = {0, -(double)INFINITY};
    char room[OTLP_ID_TEXT];
    for (size_t i = 0; i < HALVES; i++) {
        const struct otlp_half *half = &turn->requests[i];
        last = half->hash != 0 && half->ms <= answer->end_ms && half->ms > last.ms ? *half : last;
    }
    for (size_t i = 0; i < turns->wait_count; i++) {
        const struct codex_log *log = &turns->waits[i];
        bool fits = log->part == PART_REQUEST && log->session == answer->session;
        last = fits && log->end_ms <= answer->end_ms && log->end_ms > last.ms
                   ? (struct otlp_half){log->hash, log->end_ms}
                   : last;
    }
    if (last.hash != 0) {
        struct update update = update_of(reader, answer, CALL_REQUEST, PRECEDENCE_INFERRED,
                                         otlp_hash_id(last.hash, room));
        update_number(&update, FIELD_END_MS, answer->end_ms);
        otlp_send(reader, &update);
    }
}

void otlp_codex_event(struct otlp_log_event *e)
{
    const struct otlp_value *kind = otlp_attribute(&e->log->attributes, "event.kind");
    struct slice what = kind == NULL ? (struct slice){NULL, 0} : otlp_value_text(kind);
    char room[OTLP_ID_TEXT];
    bool failed = slice_is(what, "response.failed") || slice_is(what, "error");
    double ttft_ms = otlp_found_number(e->item.found, MEANS_TTFT);
    if ((!slice_is(what, "response.completed") && !failed) ||
        (isnan(otlp_found_number(e->item.found, MEANS_OUTPUT)) && !failed)) {
        return; /* the same event without figures comes from another layer */
    }
    struct codex_log log = log_of(e, PART_ANSWER, e->item.end_ms - (ttft_ms > 0 ? ttft_ms : 0));
    if (e->reader->failed) {
        return;
    }
    end_request(e->reader, &log);
    /* The event's own duration is that of the event. */
    struct otlp_log_event whole = *e;
    whole.item.start_ms = (double)NAN;
    otlp_log_request(&whole, otlp_hash_id(e->hash, room), PRECEDENCE_TELEMETRY);
    wait(e->reader, &log);
}

/* The client's flag is true for a command that ran, whatever its exit code: what the files know of
   the outcome holds. */
void otlp_codex_outcome(const struct otlp_log_event *e, struct update *update)
{
    const struct otlp_value *output = otlp_attribute(&e->log->attributes, "output");
    struct strbuf *scratch = &e->reader->scratch;
    char text[40];
    if (e->item.producer != OTLP_CODEX) {
        return;
    }
    double code = output == NULL ? (double)NAN : exit_code_of(otlp_value_text(output));
    if (code > 0) {
        snprintf(text, sizeof text, "Exit code %.0f", code);
        strbuf_clear(scratch);
        strbuf_adds(scratch, text);
        e->reader->failed |= scratch->failed;
        update_bool(update, FIELD_SUCCESS, TRI_FALSE);
        update_text(update, FIELD_ERROR,
                    (struct slice){scratch->data, scratch->failed ? 0 : scratch->len});
    } else if (update->values[FIELD_SUCCESS].number == TRI_TRUE) {
        struct update flag = *update;
        flag.present = 0;
        flag.precedence = PRECEDENCE_INFERRED;
        update_bool(&flag, FIELD_SUCCESS, TRI_TRUE);
        otlp_send(e->reader, &flag);
        update->present &= ~((uint64_t)1 << FIELD_SUCCESS);
    }
}

bool otlp_logs_init(struct otlp_reader *reader)
{
    reader->turns = mem_zalloc(reader->ingest->mem, 1, sizeof *reader->turns);
    return reader->turns != NULL;
}

void otlp_logs_release(struct otlp_reader *reader)
{
    mem_free(reader->ingest->mem, reader->turns, reader->turns == NULL ? 0 : sizeof *reader->turns);
}
