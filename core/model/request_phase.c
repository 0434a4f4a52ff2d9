/* A request is a row of intervals, each of one kind. An ended request has phases, which may nest
   (attempts in the set-up) or overlap: an attempt that failed wins, then the phase that began
   last. An open request has the progress that its sender reports (request_progress_get). */
#include "core/model/request_phase.h"

/* A request of more phases than this is drawn by its first ones: no real one comes near. */
enum { MAX_PHASES = 1000 };

const struct request_progress *query_live(const struct swarm *swarm, const struct span *request)
{
    session_no session = swarm_agent(swarm, request->agent)->session;
    bool live = request->begin_no != 0 && (request->flags & (SPAN_OPEN | SPAN_STALE)) != 0 &&
                swarm_session(swarm, session)->pool == POOL_LIVE;
    return live ? request_progress_get(swarm, request->begin_no) : NULL;
}

unsigned query_open_retries(const struct swarm *swarm, const struct span *request)
{
    const struct request_progress *live = query_live(swarm, request);
    return live == NULL ? 0 : live->retries;
}

/* Tokens of an attempt that failed since do not count. */
int64_t query_sampling_since(const struct request_progress *live)
{
    int64_t not_before = live->attempt > 0 ? live->attempt_ns : INT64_MIN;
    if (live->first_token_ns != INT64_MIN && live->first_token_ns >= not_before) {
        return live->first_token_ns;
    }
    return live->output_tokens > 0 && live->progress_ns >= not_before ? live->progress_ns
                                                                      : INT64_MIN;
}

bool query_is_retrying(const struct request_progress *live, int64_t now_ns)
{
    if (live->attempt == 0 || query_sampling_since(live) != INT64_MIN) {
        return false;
    }
    return live->retry_at_ns == INT64_MIN || now_ns < live->retry_at_ns;
}

/* The moment a change happens, if that is later than now. */
static void lower(int64_t *until_ns, int64_t at_ns, int64_t change_ns)
{
    if (change_ns > at_ns && change_ns < *until_ns) {
        *until_ns = change_ns;
    }
}

static enum span_kind open_phase_at(const struct request_progress *live, int64_t at_ns,
                                    int64_t *until_ns)
{
    if (live == NULL) {
        return SPAN_FIRST_TOKEN;
    }
    int64_t sampling = query_sampling_since(live);
    int64_t retry_end = INT64_MIN;
    if (live->attempt > 0) {
        retry_end = live->retry_at_ns != INT64_MIN ? live->retry_at_ns : live->attempt_ns;
    }
    if (sampling != INT64_MIN) {
        retry_end = retry_end < sampling ? retry_end : sampling;
        lower(until_ns, at_ns, sampling);
        if (at_ns >= sampling) {
            return SPAN_SAMPLING;
        }
    }
    lower(until_ns, at_ns, retry_end);
    return at_ns < retry_end ? SPAN_RETRY : SPAN_FIRST_TOKEN;
}

/* The bounds of phases are rounded, each by itself: less than that between two is no time. */
#define ROUNDING_NS 1000

/* The phases of an ended request that a time lies in or between. */
struct around {
    const struct span *in, *before, *after; /* NULL: none */
};

static void take_phase(struct around *around, const struct span *phase, int64_t at_ns)
{
    if (phase->start_ns > at_ns) {
        bool nearer = around->after == NULL || phase->start_ns < around->after->start_ns;
        around->after = nearer ? phase : around->after;
    } else if (at_ns < phase->end_ns) {
        bool wins = around->in == NULL || phase->kind == SPAN_RETRY ||
                    (around->in->kind != SPAN_RETRY && phase->start_ns >= around->in->start_ns);
        around->in = wins ? phase : around->in;
    } else {
        bool nearer = around->before == NULL || phase->end_ns >= around->before->end_ns;
        around->before = nearer ? phase : around->before;
    }
}

/* Time outside all phases is the request's and no more: nobody knows what it did. */
static enum span_kind kind_around(const struct around *around, const struct span *request)
{
    const struct span *near = around->before != NULL ? around->before : around->after;
    if (around->in != NULL) {
        return (enum span_kind)around->in->kind;
    }
    int64_t from = around->before != NULL ? around->before->end_ns : request->start_ns;
    int64_t to = around->after != NULL ? around->after->start_ns : request->end_ns;
    return near != NULL && to - from < ROUNDING_NS ? (enum span_kind)near->kind : SPAN_REQUEST;
}

static enum span_kind closed_phase_at(const struct swarm *swarm, const struct span *request,
                                      int64_t at_ns, int64_t *until_ns)
{
    struct around around = {NULL, NULL, NULL};
    const struct span *phase;
    span_no no = request->next_phase;
    for (int i = 0; i < MAX_PHASES && (phase = swarm_span(swarm, no)) != NULL; i++) {
        lower(until_ns, at_ns, phase->start_ns);
        lower(until_ns, at_ns, phase->end_ns);
        take_phase(&around, phase, at_ns);
        no = phase->next_phase;
    }
    return kind_around(&around, request);
}

enum span_kind query_phase_at(const struct swarm *swarm, const struct span *request, int64_t at_ns,
                              int64_t *until_ns)
{
    *until_ns = INT64_MAX;
    if (request->next_phase == NO_SPAN && (request->flags & (SPAN_OPEN | SPAN_STALE)) != 0) {
        return open_phase_at(query_live(swarm, request), at_ns, until_ns);
    }
    return closed_phase_at(swarm, request, at_ns, until_ns);
}

enum span_kind query_known_phase_at(const struct swarm *swarm, const struct span *request,
                                    int64_t at_ns, int64_t *until_ns)
{
    bool unknown = request->next_phase == NO_SPAN && query_live(swarm, request) == NULL;
    *until_ns = INT64_MAX;
    return unknown ? SPAN_REQUEST : query_phase_at(swarm, request, at_ns, until_ns);
}
