/* From what is known of a call to its events. How it ends where nobody has said so follows from its start, the ends of its session and the session's
   clock: at the tick of the stale sweep (the seed's evictStaleSpans) at which it is older than thirty minutes, or at the end of the session,
   whichever comes first; else it is open. Calls whose end nobody has said are in a list of their session's, to be looked at again when those change. */
#include "core/correlate/witness_private.h"

#include <math.h>

static const double tick_ms = 60 * 1000;
static const double stale_ms = 30 * 60 * 1000;

/* ---- the list of unended calls ---- */

static void link_call(struct witness *witness, struct call *call)
{
    struct known_session *session = &witness->sessions[call->session];
    uint32_t place = (uint32_t)(call - witness->calls);
    if (call->unended) {
        return;
    }
    call->unended = true;
    call->prev = NO_PLACE;
    call->next = session->unended;
    if (call->next != NO_PLACE) {
        witness->calls[call->next].prev = place;
    }
    session->unended = place;
}

void witness_unlink_call(struct witness *witness, struct call *call)
{
    if (!call->unended) {
        return;
    }
    call->unended = false;
    if (call->prev != NO_PLACE) {
        witness->calls[call->prev].next = call->next;
    } else {
        witness->sessions[call->session].unended = call->next;
    }
    if (call->next != NO_PLACE) {
        witness->calls[call->next].prev = call->prev;
    }
}

/* ---- how it ends ---- */

static double stale_tick(const struct known_session *session, double start_ms)
{
    double since = start_ms - session->first_ms + stale_ms;
    return session->first_ms + (floor(since / tick_ms) + 1) * tick_ms;
}

static enum told_end how_it_ends(struct known_session *session, const struct call *call,
                                 double *end_ms, bool *session_over)
{
    double start_ms = call->start_ms.value;
    double over_ms = witness_session_over(session, start_ms);
    double tick = stale_tick(session, start_ms);
    *session_over = !isnan(over_ms);
    if (call->end_ms.rank > 0) {
        *end_ms = fmax(call->end_ms.value, start_ms);
        return TOLD_ENDED;
    }
    if (tick <= session->last_ms && !(over_ms < tick)) {
        *end_ms = tick;
        return TOLD_EVICTED;
    }
    *end_ms = over_ms;
    if (*session_over) {
        return TOLD_INCOMPLETE;
    }
    session->next_stale_ms = fmin(session->next_stale_ms, tick);
    return TOLD_OPEN;
}

/* ---- texts ---- */

void witness_drop_draft(struct witness *witness, struct call *call, unsigned text)
{
    if (call->draft == NULL) {
        return;
    }
    mem_free(witness->mem, call->draft->texts[text].bytes, call->draft->texts[text].len);
    call->draft->texts[text].bytes = NULL;
    call->draft->texts[text].len = 0;
    for (unsigned i = 0; i < LONG_TEXTS; i++) {
        if (call->draft->texts[i].bytes != NULL) {
            return;
        }
    }
    mem_free(witness->mem, call->draft, sizeof *call->draft);
    call->draft = NULL;
}

static struct slice drafted(const struct call *call, unsigned text)
{
    if (call->draft == NULL) {
        return (struct slice){NULL, 0};
    }
    return (struct slice){call->draft->texts[text].bytes, call->draft->texts[text].len};
}

/* A text that stands in the end that was told. */
static struct slice read_text(const struct witness *witness, const struct call *call,
                              unsigned which, const char *key, struct strbuf *out)
{
    struct slice text = drafted(call, which);
    struct event event;
    if (text.bytes != NULL || call->long_weights[which] == 0 || call->told != TOLD_ENDED ||
        call->end_no < event_store_first_appended(swarm_store(witness->swarm, POOL_LIVE)) ||
        !event_store_get(swarm_store(witness->swarm, POOL_LIVE), call->end_no, &event)) {
        return text;
    }
    struct json_value args = {JSON_TYPE_OBJECT, event.args.bytes, event.args.len};
    struct json_value value = json_get(args, key);
    if (value.type == JSON_TYPE_STRING) {
        json_get_string(value, out);
        text = (struct slice){out->data, out->len};
    }
    return text;
}

/* Those that have come into events by now. */
static void drop_drafts(struct witness *witness, struct call *call)
{
    if (call->kind == TOLD_TOOL && call->begin_no != 0) {
        witness_drop_draft(witness, call, TOOL_ARGS);
    }
    if (call->told == TOLD_ENDED) {
        witness_drop_draft(witness, call, REQUEST_MESSAGE_ID);
        witness_drop_draft(witness, call, CALL_ERROR);
    }
}

/* ---- telling ---- */

static void fill_in_request(const struct call *call, struct told_span *span)
{
    const struct request_numbers *request = call->request;
    span->ttft_ms = request->numbers[TTFT_MS].value;
    span->prompt_tokens = request->numbers[PROMPT_TOKENS].value;
    span->output_tokens = request->numbers[OUTPUT_TOKENS].value;
    span->cache_read_tokens = request->numbers[CACHE_READ].value;
    span->cache_creation_tokens = request->numbers[CACHE_CREATION].value;
    span->attempt_ms = request->attempts;
    span->attempt_count = request->attempt_count;
}

static void fill_in_texts(const struct witness *witness, const struct call *call,
                          struct told_span *span)
{
    static const char unnamed[] = "tool";
    struct slice texts[TEXTS];
    for (size_t i = 0; i < TEXTS; i++) {
        texts[i] = witness_text(witness, call->texts[i]);
    }
    switch ((enum told_kind)call->kind) {
    case TOLD_TOOL:
        span->name = call->texts[TOOL_NAME] != INTERN_NONE
                         ? texts[TOOL_NAME]
                         : (struct slice){unnamed, sizeof unnamed - 1};
        span->args_json = drafted(call, TOOL_ARGS);
        break;
    case TOLD_REQUEST:
        span->model = texts[REQUEST_MODEL];
        span->query_source = texts[REQUEST_QUERY_SOURCE];
        fill_in_request(call, span);
        break;
    case TOLD_WAIT:
        span->what = texts[WAIT_WHAT];
        span->decision = texts[WAIT_DECISION];
        span->source = texts[WAIT_SOURCE];
        break;
    case TOLD_TURN: span->prompt_length = call->prompt_length.value; break;
    }
}

static bool tell(struct witness *witness, struct known_session *session, struct call *call,
                 struct told_span *span)
{
    struct strbuf error, message_id;
    strbuf_init(&error, witness->mem, 0);
    strbuf_init(&message_id, witness->mem, 0);
    span->error = read_text(witness, call, CALL_ERROR, "error", &error);
    if (call->kind == TOLD_REQUEST) {
        span->message_id = read_text(witness, call, REQUEST_MESSAGE_ID, "message_id", &message_id);
    }
    bool good = !error.failed && !message_id.failed &&
                tracer_tell(witness->tracer, session->number, span) == TRACER_OK;
    strbuf_release(&error);
    strbuf_release(&message_id);
    call->begin_no = span->begin_no;
    call->end_no = span->end_no;
    call->slots = span->slots;
    call->told = span->told;
    if (span->amended) {
        session->derive = witness->unsettled = true;
    }
    return good;
}

static bool tell_as(struct witness *witness, struct call *call, enum told_end end, double end_ms,
                    bool session_over)
{
    struct known_session *session = &witness->sessions[call->session];
    bool is_main = call->agent == 0;
    struct told_span span = {
        .kind = call->kind,
        .end = (uint8_t)end,
        .same_begin = (call->changed & CHANGED_BEGIN) == 0,
        .session_over = session_over,
        .agent_id = is_main ? (struct slice){NULL, 0}
                            : witness_text(witness, session->agents[call->agent].id),
        .start_ms = call->start_ms.value,
        .end_ms = end_ms,
        .success = (enum tristate)call->success,
        .begin_no = call->begin_no,
        .end_no = call->end_no,
        .slots = call->slots,
        .told = call->told,
    };
    fill_in_texts(witness, call, &span);
    if (!tell(witness, session, call, &span)) {
        return false;
    }
    call->changed = 0;
    drop_drafts(witness, call);
    if (call->end_ms.rank == 0) {
        link_call(witness, call);
    }
    return true;
}

bool witness_can_tell(const struct witness *witness, const struct call *call)
{
    return call->changed != 0 && call->start_ms.rank > 0 &&
           witness->sessions[call->session].number != NO_SESSION;
}

bool witness_end_of(struct witness *witness, const struct call *call, double *end_ms)
{
    bool over;
    return how_it_ends(&witness->sessions[call->session], call, end_ms, &over) != TOLD_OPEN;
}

bool witness_tell_begin(struct witness *witness, struct call *call)
{
    double end_ms;
    if (!witness_end_of(witness, call, &end_ms)) {
        return witness_tell_call(witness, call);
    }
    if (!tell_as(witness, call, TOLD_OPEN, (double)NAN, false)) {
        return false;
    }
    call->changed = CHANGED_END;
    return true;
}

bool witness_tell_call(struct witness *witness, struct call *call)
{
    struct known_session *session = &witness->sessions[call->session];
    if (!witness_can_tell(witness, call)) {
        return true;
    }
    double end_ms;
    bool over;
    enum told_end end = how_it_ends(session, call, &end_ms, &over);
    return tell_as(witness, call, end, end_ms, over);
}

bool witness_recheck(struct witness *witness, struct known_session *session)
{
    session->next_stale_ms = (double)INFINITY;
    for (uint32_t at = session->unended; at != NO_PLACE; at = witness->calls[at].next) {
        struct call *call = &witness->calls[at];
        double end_ms;
        bool over;
        enum told_end end = how_it_ends(session, call, &end_ms, &over);
        if ((end != TOLD_OPEN || call->told != TOLD_OPEN) &&
            !tell_as(witness, call, end, end_ms, over)) {
            return false;
        }
    }
    return true;
}

static bool close_session(struct witness *witness, struct known_session *session)
{
    for (uint32_t at = session->unended; at != NO_PLACE; at = witness->calls[at].next) {
        struct call *call = &witness->calls[at];
        double end_ms;
        bool over;
        enum told_end end = how_it_ends(session, call, &end_ms, &over);
        if (end == TOLD_OPEN) {
            end = TOLD_INCOMPLETE;
            end_ms = fmax(session->last_ms, call->start_ms.value);
        }
        if (!tell_as(witness, call, end, end_ms, true)) {
            return false;
        }
    }
    return true;
}

bool witness_close(void *ctx)
{
    struct witness *witness = ctx;
    bool good = witness_settle(witness);
    for (size_t i = 0; good && i < witness->session_count; i++) {
        good = witness->sessions[i].number == NO_SESSION ||
               close_session(witness, &witness->sessions[i]);
    }
    return good && witness_settle(witness);
}
