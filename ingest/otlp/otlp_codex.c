/* Codex reports its calls by logs alone, and its requests by two that have no id in common: the
   headers of an answer, and its end. They are paired by their times within the session. */
#include "ingest/otlp/otlp_log.h"

#include <math.h>
#include <string.h>

/* Logs of a Codex session that wait for their other half: the headers of an answer, and its end. */
struct otlp_half {
    uint64_t hash; /* 0: none */
    double ms;
};

enum { TURNS = 256, HALVES = 8, ENDS = 64 };

struct otlp_turn {
    uint64_t session;
    struct otlp_half requests[HALVES], answers[HALVES]; /* the newest first */
    struct otlp_half prompts[HALVES];                   /* each begins an interaction */
    double ends_ms[ENDS];                               /* of answers; a ring */
    size_t end_count;
};

struct otlp_turns {
    struct otlp_turn items[TURNS];
    size_t next;
};

static struct otlp_turn *turn_of(struct otlp_log_event *e)
{
    struct otlp_turns *turns = e->reader->turns;
    uint64_t session = otlp_hash(6, e->session);
    for (size_t i = 0; i < TURNS; i++) {
        if (turns->items[i].session == session) {
            return &turns->items[i];
        }
    }
    struct otlp_turn *turn = &turns->items[turns->next++ % TURNS];
    if (turn->session != 0) {
        otlp_note_forgotten(e->reader, LIMIT_CODEX);
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

/* The interaction has lasted until then. No log reports its end. */
static void send_end(struct otlp_log_event *e, uint64_t prompt, double end_ms)
{
    char room[OTLP_ID_TEXT];
    struct update update = otlp_log_update(e, UPDATE_CALL, PRECEDENCE_INFERRED);
    update.kind = CALL_INTERACTION;
    update.id = otlp_hash_id(prompt, room);
    update_number(&update, FIELD_END_MS, end_ms);
    otlp_send(e->reader, &update);
}

/* An answer belongs to the last prompt before it. */
static void extend_interaction(struct otlp_log_event *e, struct otlp_turn *turn)
{
    const struct otlp_half *last = NULL;
    for (size_t i = 0; i < HALVES; i++) {
        const struct otlp_half *prompt = &turn->prompts[i];
        if (prompt->hash != 0 && prompt->ms <= e->item.end_ms &&
            (last == NULL || prompt->ms > last->ms)) {
            last = prompt;
        }
    }
    turn->ends_ms[turn->end_count++ % ENDS] = e->item.end_ms;
    if (last != NULL) {
        send_end(e, last->hash, e->item.end_ms);
    }
}

/* Answers may have come before their prompt: the interaction ends with the last of those before the
   next prompt. */
static void end_interaction(struct otlp_log_event *e, const struct otlp_turn *turn)
{
    double next_ms = (double)INFINITY, end_ms = (double)NAN;
    for (size_t i = 0; i < HALVES; i++) {
        const struct otlp_half *prompt = &turn->prompts[i];
        if (prompt->hash != 0 && prompt->ms > e->item.end_ms) {
            next_ms = fmin(next_ms, prompt->ms);
        }
    }
    for (size_t i = 0; i < ENDS && i < turn->end_count; i++) {
        if (turn->ends_ms[i] >= e->item.end_ms && turn->ends_ms[i] < next_ms) {
            end_ms = fmax(end_ms, turn->ends_ms[i]);
        }
    }
    if (!isnan(end_ms)) {
        send_end(e, e->hash, end_ms);
    }
}

void otlp_codex_prompt(struct otlp_log_event *e)
{
    struct otlp_turn *turn = turn_of(e);
    char room[OTLP_ID_TEXT];
    add_half(turn->prompts, e->hash, e->item.end_ms);
    struct update update = otlp_log_update(e, UPDATE_CALL, PRECEDENCE_TELEMETRY);
    update.kind = CALL_INTERACTION;
    update.id = otlp_hash_id(e->hash, room);
    update_number(&update, FIELD_START_MS, e->item.end_ms);
    update_number(&update, FIELD_PROMPT_LENGTH,
                  otlp_found_number(e->item.found, MEANS_PROMPT_LENGTH));
    otlp_send(e->reader, &update);
    end_interaction(e, turn);
}

/* The headers of an answer came, or an attempt failed: the request began its duration before. */
void otlp_codex_request(struct otlp_log_event *e)
{
    struct otlp_turn *turn = turn_of(e);
    char room[OTLP_ID_TEXT];
    double start_ms = e->item.start_ms;
    bool retried = otlp_found_number(e->item.found, MEANS_ATTEMPT) > 0;
    uint64_t request = take_half(turn->answers, e->item.end_ms, false);
    if (request == 0) {
        request = retried ? take_half(turn->requests, e->item.end_ms, true) : 0;
        request = request == 0 ? e->hash : request;
        add_half(turn->requests, request, e->item.end_ms);
    }
    struct update update = otlp_log_update(e, UPDATE_CALL, PRECEDENCE_TELEMETRY);
    update.kind = CALL_REQUEST;
    update.id = otlp_hash_id(request, room);
    update_text(&update, FIELD_MODEL, otlp_found_text(e->item.found, MEANS_MODEL));
    update_times(&update, FIELD_ATTEMPTS, &start_ms, isnan(start_ms) ? 0u : 1u);
    otlp_send(e->reader, &update);
}

void otlp_codex_event(struct otlp_log_event *e)
{
    struct otlp_turn *turn = turn_of(e);
    const struct otlp_value *kind = otlp_attribute(&e->log->attributes, "event.kind");
    struct slice what = kind == NULL ? (struct slice){NULL, 0} : otlp_value_text(kind);
    char room[OTLP_ID_TEXT];
    bool failed = slice_is(what, "response.failed") || slice_is(what, "error");
    double ttft_ms = otlp_found_number(e->item.found, MEANS_TTFT);
    if ((!slice_is(what, "response.completed") && !failed) ||
        (isnan(otlp_found_number(e->item.found, MEANS_OUTPUT)) && !failed)) {
        return; /* the same event without figures comes from another layer */
    }
    uint64_t request = take_half(turn->requests, e->item.end_ms, true);
    if (request == 0) {
        request = e->hash;
        add_half(turn->answers, request, e->item.end_ms);
    }
    /* The event's own duration is that of the event. The request began no later than its
       first token allows, if nothing reports its begin. */
    struct otlp_log_event whole = *e;
    whole.item.start_ms = (double)NAN;
    otlp_log_request(&whole, otlp_hash_id(request, room), PRECEDENCE_TELEMETRY);
    if (request == e->hash) {
        struct update update = otlp_log_update(e, UPDATE_CALL, PRECEDENCE_INFERRED);
        update.kind = CALL_REQUEST;
        update.id = otlp_hash_id(request, room);
        update_number(&update, FIELD_START_MS, e->item.end_ms - (ttft_ms > 0 ? ttft_ms : 0));
        otlp_send(e->reader, &update);
    }
    extend_interaction(e, turn);
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
