/* A term is evaluated for an agent or for a span. A plain term is searched in the cheapest texts
   first. */
#include "core/query/filter_private.h"
#include "core/tracer/print.h"

#include <string.h>

bool filter_is_empty(const struct filter *filter)
{
    return filter == NULL || filter->count == 0;
}

static bool is_of_agents(enum filter_field field)
{
    return field == FILTER_AGENT || field == FILTER_SESSION || field == FILTER_CLIENT ||
           field == FILTER_HOST || field == FILTER_STATE;
}

/* Returns true if some term applies to spans alone, so that no agent matches by itself. */
static bool is_of_spans(const struct filter *filter)
{
    for (size_t i = 0; filter != NULL && i < filter->count; i++) {
        if (filter->terms[i].field != FILTER_ANY && !is_of_agents(filter->terms[i].field)) {
            return true;
        }
    }
    return false;
}

/* ---- texts ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool same(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

static bool contains(const char *text, size_t len, const char *part, size_t part_len)
{
    for (size_t i = 0; i + part_len <= len; i++) {
        if (lower(text[i]) == lower(*part) && same(text + i, part, part_len)) {
            return true;
        }
    }
    return part_len == 0;
}

static const char *text_of(const struct filter *filter, const struct filter_term *term)
{
    return filter->texts.data + term->text;
}

static bool text_holds(const struct filter *filter, const struct filter_term *term,
                       const char *text, size_t len)
{
    const char *wanted = text_of(filter, term);
    if (term->op == OP_IS) {
        return len == term->text_len && same(text, wanted, len);
    }
    return contains(text, len, wanted, term->text_len);
}

static bool slice_holds(const struct filter *filter, const struct filter_term *term,
                        struct slice text)
{
    return text.len > 0 && text_holds(filter, term, text.bytes, text.len);
}

/* Returns true if a value's text holds the term: a string's decoded text, for other values their
   JSON. */
static bool value_holds(const struct filter *filter, const struct filter_term *term,
                        struct json_value value)
{
    if (value.type != JSON_TYPE_STRING) {
        return text_holds(filter, term, value.raw, value.len);
    }
    if (memchr(value.raw, '\\', value.len) == NULL) {
        return text_holds(filter, term, value.raw + 1, value.len - 2);
    }
    struct strbuf decoded;
    strbuf_init(&decoded, filter->mem, 0);
    json_get_string(value, &decoded);
    bool holds = !decoded.failed &&
                 text_holds(filter, term, decoded.len > 0 ? decoded.data : "", decoded.len);
    strbuf_release(&decoded);
    return holds;
}

/* ---- agents ---- */

static bool session_holds(const struct filter *filter, const struct filter_term *term,
                          const struct swarm *swarm, session_no number)
{
    const struct session *session = swarm_session(swarm, number);
    return session != NULL && (slice_holds(filter, term, swarm_text_slice(swarm, session->name)) ||
                               slice_holds(filter, term, swarm_text_slice(swarm, session->id)));
}

/* Evaluates a term for the session's client or host. */
static bool text_of_session_holds(const struct filter *filter, const struct filter_term *term,
                                  const struct swarm *swarm, session_no number)
{
    enum session_text text = term->field == FILTER_HOST ? SESSION_HOST : SESSION_CLIENT;
    const struct session *session = swarm_session(swarm, number);
    return session != NULL &&
           slice_holds(filter, term, swarm_text_slice(swarm, session->texts[text]));
}

static bool title_holds(const struct filter *filter, const struct filter_term *term,
                        const struct swarm *swarm, agent_no number)
{
    const struct agent *agent = swarm_agent(swarm, number);
    struct strbuf title;
    strbuf_init(&title, filter->mem, 0);
    query_agent_title(swarm, number, &title);
    bool holds = !title.failed && title.len > 0 && text_holds(filter, term, title.data, title.len);
    strbuf_release(&title);
    return holds || slice_holds(filter, term, swarm_text_slice(swarm, agent->name)) ||
           slice_holds(filter, term, swarm_text_slice(swarm, agent->agent_id)) ||
           slice_holds(filter, term, swarm_text_slice(swarm, agent->description));
}

/* `tool` and `user` find the agents that may be either. */
static bool state_holds(unsigned state, const struct filter_term *term)
{
    bool either = term->value == STATE_TOOL || term->value == STATE_USER;
    return state == term->value || (either && state == STATE_TOOL_OR_USER);
}

/* Returns an enum agent_state; STATES: the agent came later. */
static unsigned state_of(const struct filter *filter, const struct swarm *swarm, agent_no number,
                         int64_t local_ns)
{
    const struct past *past = filter->past;
    return past == NULL ? query_status(swarm, number, local_ns).state
                        : past->state(past->ctx, number);
}

/* Evaluates plain terms and agent terms. */
static bool agent_holds(const struct filter *filter, const struct filter_term *term,
                        const struct swarm *swarm, agent_no number, int64_t local_ns)
{
    switch ((int)term->field) {
    case FILTER_SESSION:
        return session_holds(filter, term, swarm, swarm_agent(swarm, number)->session);
    case FILTER_CLIENT:
    case FILTER_HOST:
        return text_of_session_holds(filter, term, swarm, swarm_agent(swarm, number)->session);
    case FILTER_STATE: return state_holds(state_of(filter, swarm, number, local_ns), term);
    default: return title_holds(filter, term, swarm, number);
    }
}

bool filter_matches_agent(const struct filter *filter, const struct swarm *swarm, agent_no agent,
                          int64_t local_ns)
{
    if (is_of_spans(filter)) {
        return false;
    }
    for (size_t i = 0; filter != NULL && i < filter->count; i++) {
        const struct filter_term *term = &filter->terms[i];
        if (agent_holds(filter, term, swarm, agent, local_ns) == term->negated) {
            return false;
        }
    }
    return true;
}

bool filter_ask_agent(const struct filter *filter, const struct swarm *swarm, agent_no agent,
                      int64_t local_ns, uint64_t *left)
{
    *left = 0;
    for (size_t i = 0; filter != NULL && i < filter->count; i++) {
        const struct filter_term *term = &filter->terms[i];
        bool plain = term->field == FILTER_ANY;
        if (!plain && !is_of_agents(term->field)) {
            *left |= UINT64_C(1) << i;
            continue;
        }
        bool holds = agent_holds(filter, term, swarm, agent, local_ns);
        if (holds && term->negated) {
            return false;
        }
        if (!holds && plain) { /* a span may still match */
            *left |= UINT64_C(1) << i;
        } else if (!holds && !term->negated) {
            return false;
        }
    }
    return true;
}

bool filter_matches_whole(const struct filter *filter, const struct swarm *swarm, agent_no agent,
                          int64_t local_ns)
{
    uint64_t left;
    return filter_ask_agent(filter, swarm, agent, local_ns, &left) && left == 0;
}

void filter_set_past(struct filter *filter, const struct past *past)
{
    filter->past = past;
}

bool filter_moves(const struct filter *filter)
{
    for (size_t i = 0; filter != NULL && i < filter->count; i++) {
        enum filter_field field = filter->terms[i].field;
        if (field == FILTER_STATE || field == FILTER_DURATION) {
            return true;
        }
    }
    return false;
}

/* ---- spans ---- */

static bool compare(enum filter_op op, double value, double wanted)
{
    switch ((int)op) {
    case OP_LESS: return value < wanted;
    case OP_LESS_OR_IS: return value <= wanted;
    case OP_MORE: return value > wanted;
    case OP_MORE_OR_IS: return value >= wanted;
    default: return value == wanted;
    }
}

static struct json_value args_of(const struct swarm *swarm, const struct span *span)
{
    struct slice args = print_span_args(swarm, span);
    bool object = args.len > 0 && args.bytes[0] == '{';
    return (struct json_value){object ? JSON_TYPE_OBJECT : JSON_TYPE_NONE, args.bytes, args.len};
}

/* A key may itself contain a dot; that key has precedence. */
static struct json_value value_at(struct json_value object, const char *path)
{
    char key[64];
    for (;;) {
        struct json_value value = json_get(object, path);
        const char *dot = strchr(path, '.');
        if (value.type != JSON_TYPE_NONE || dot == NULL || (size_t)(dot - path) >= sizeof key) {
            return value;
        }
        memcpy(key, path, (size_t)(dot - path));
        key[dot - path] = '\0';
        object = json_get(object, key);
        path = dot + 1;
    }
}

static bool args_hold(const struct filter *filter, const struct filter_term *term,
                      struct json_value args)
{
    struct json_value value = value_at(args, filter->texts.data + term->path);
    if (value.type == JSON_TYPE_NONE) {
        return false;
    }
    if (term->op == OP_IN || term->op == OP_IS) {
        return value_holds(filter, term, value);
    }
    return value.type == JSON_TYPE_NUMBER &&
           compare(term->op, json_get_number(value), term->number);
}

static bool any_arg_holds(const struct filter *filter, const struct filter_term *term,
                          struct json_value args)
{
    struct json_walk walk = json_walk(args);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        bool literal = member.value.type == JSON_TYPE_TRUE ||
                       member.value.type == JSON_TYPE_FALSE || member.value.type == JSON_TYPE_NULL;
        if (!literal && value_holds(filter, term, member.value)) {
            return true;
        }
    }
    return false;
}

/* Returns true if the span is of the kind. A request also has the kinds of its phases. */
static bool kind_holds(const struct past *past, const struct swarm *swarm, const struct span *span,
                       unsigned kind)
{
    if (span->kind == kind) {
        return true;
    }
    const struct span *phase = span;
    struct span room;
    while (span->kind == SPAN_REQUEST && (phase = swarm_span(swarm, phase->next_phase)) != NULL) {
        if (phase->kind == kind && past_span(past, swarm, phase, &room) != NULL) {
            return true;
        }
    }
    return false;
}

static bool name_holds(const struct filter *filter, const struct filter_term *term,
                       const struct swarm *swarm, const struct span *span)
{
    const char *name = span_short_name(swarm_text(swarm, span->name));
    return text_holds(filter, term, name, strlen(name)) ||
           (term->op == OP_IS && slice_holds(filter, term, swarm_text_slice(swarm, span->name)));
}

/* Evaluates plain terms and span terms. */
static bool span_holds(const struct filter *filter, const struct filter_term *term,
                       const struct swarm *swarm, const struct span *span, int64_t local_ns)
{
    struct json_value value;
    switch ((int)term->field) {
    case FILTER_KIND: return kind_holds(filter->past, swarm, span, term->value);
    case FILTER_NAME: return name_holds(filter, term, swarm, span);
    case FILTER_MODEL:
        value = json_get(args_of(swarm, span), "model");
        return value.type == JSON_TYPE_STRING && value_holds(filter, term, value);
    case FILTER_DURATION:
        return compare(
            term->op,
            (double)(past_span_end_ns(filter->past, swarm, span, local_ns) - span->start_ns),
            term->number);
    case FILTER_ERROR: return ((span->flags & SPAN_ERROR) != 0) == term->value;
    case FILTER_EVICTED: return ((span->flags & SPAN_EVICTED) != 0) == term->value;
    case FILTER_INCOMPLETE: return ((span->flags & SPAN_INCOMPLETE) != 0) == term->value;
    case FILTER_OPEN: return ((span->flags & (SPAN_OPEN | SPAN_STALE)) != 0) == term->value;
    case FILTER_ARGS: return args_hold(filter, term, args_of(swarm, span));
    default:
        return name_holds(filter, term, swarm, span) ||
               any_arg_holds(filter, term, args_of(swarm, span));
    }
}

bool filter_ask_span(const struct filter *filter, uint64_t left, const struct swarm *swarm,
                     span_no number, int64_t local_ns)
{
    struct span room;
    const struct span *span = past_span(filter->past, swarm, swarm_span(swarm, number), &room);
    for (; span != NULL && left != 0; left &= left - 1) {
        const struct filter_term *term = &filter->terms[__builtin_ctzll(left)];
        if (span_holds(filter, term, swarm, span, local_ns) == term->negated) {
            return false;
        }
    }
    return span != NULL;
}

bool filter_matches_span(const struct filter *filter, const struct swarm *swarm, span_no number,
                         int64_t local_ns)
{
    const struct span *span = swarm_span(swarm, number);
    uint64_t left;
    return span != NULL && filter_ask_agent(filter, swarm, span->agent, local_ns, &left) &&
           filter_ask_span(filter, left, swarm, number, local_ns);
}

bool filter_matches_line(const struct filter *filter, const struct swarm *swarm, agent_no agent,
                         int64_t local_ns, const char *text, size_t len)
{
    for (size_t i = 0; filter != NULL && i < filter->count; i++) {
        const struct filter_term *term = &filter->terms[i];
        bool holds = false;
        if (term->field == FILTER_ANY) {
            holds = text_holds(filter, term, text, len);
        } else if (!is_of_agents(term->field)) {
            return false;
        } else if (agent != NO_AGENT) {
            holds = agent_holds(filter, term, swarm, agent, local_ns);
        }
        if (holds == term->negated) {
            return false;
        }
    }
    return true;
}
