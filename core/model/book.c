/* A closed span goes to its agent's tally and to its session's; a request to its model's as well. Totals over sessions are made when they are
   asked for: a session that is derived again is forgotten and entered anew, without a look at the others. */
#include "core/model/book.h"

#include "core/model/swarm_private.h"

#include <string.h>

bool book_init(struct book *book, const struct mem *mem)
{
    *book = (struct book){.mem = mem, .names = intern_new(mem)};
    u64map_init(&book->model_of, mem);
    return book->names != NULL;
}

static void release_model(struct book_model *model)
{
    figures_tally_release(&model->tally);
}

void book_release(struct book *book)
{
    const struct mem *mem = book->mem;
    for (size_t i = 0; i < book->agent_count; i++) {
        figures_tally_release(&book->agents[i].tally);
        intervals_release(&book->agents[i].busy);
    }
    for (size_t i = 0; i < book->session_count; i++) {
        figures_tally_release(&book->sessions[i].tally);
        intervals_release(&book->sessions[i].busy);
    }
    for (size_t i = 0; i < book->model_count; i++) {
        release_model(&book->models[i]);
    }
    mem_free(mem, book->agents, book->agent_cap * sizeof *book->agents);
    mem_free(mem, book->sessions, book->session_cap * sizeof *book->sessions);
    mem_free(mem, book->models, book->model_cap * sizeof *book->models);
    mem_free(mem, book->tool_names, book->tool_cap * sizeof *book->tool_names);
    u64map_release(&book->model_of);
    intern_free(book->names);
}

/* ---- who is entered ---- */

/* NULL: out of memory. */
static struct book_agent *agent_in(struct book *book, agent_no agent)
{
    while (book->agent_count <= agent) {
        if (!mem_reserve(book->mem, &book->agents, &book->agent_cap, (size_t)agent + 1,
                         sizeof *book->agents)) {
            return NULL;
        }
        struct book_agent *made = &book->agents[book->agent_count++];
        figures_tally_init(&made->tally, book->mem);
        intervals_init(&made->busy, book->mem);
    }
    return &book->agents[agent];
}

static struct book_session *session_in(struct book *book, session_no session)
{
    while (book->session_count <= session) {
        if (!mem_reserve(book->mem, &book->sessions, &book->session_cap, (size_t)session + 1,
                         sizeof *book->sessions)) {
            return NULL;
        }
        struct book_session *made = &book->sessions[book->session_count++];
        *made = (struct book_session){.spans = {0}};
        figures_tally_init(&made->tally, book->mem);
        intervals_init(&made->busy, book->mem);
    }
    return &book->sessions[session];
}

static struct book_model *model_in(struct book *book, session_no session, intern_id name)
{
    uint64_t key = (uint64_t)session << 32 | name;
    uint32_t at = u64map_get(&book->model_of, key);
    if (at != U64MAP_NONE) {
        return &book->models[at];
    }
    if (!mem_reserve(book->mem, &book->models, &book->model_cap, book->model_count + 1,
                     sizeof *book->models) ||
        !u64map_put(&book->model_of, key, (uint32_t)book->model_count)) {
        return NULL;
    }
    struct book_model *made = &book->models[book->model_count++];
    *made = (struct book_model){.session = session, .name = name};
    figures_tally_init(&made->tally, book->mem);
    return made;
}

/* ---- names ---- */

intern_id book_model_name(struct book *book, struct json_value model)
{
    if (model.type != JSON_TYPE_STRING) {
        return INTERN_NONE;
    }
    if (memchr(model.raw, '\\', model.len) == NULL) {
        return intern_put(book->names, model.raw + 1, model.len - 2);
    }
    struct strbuf text;
    strbuf_init(&text, book->mem, 0);
    json_get_string(model, &text);
    intern_id name = text.failed ? INTERN_FAILED
                                 : intern_put(book->names, text.len > 0 ? text.data : "", text.len);
    strbuf_release(&text);
    return name;
}

static bool reserve_tool_name(struct book *book, intern_id name)
{
    size_t had = book->tool_cap;
    if (!mem_reserve(book->mem, &book->tool_names, &book->tool_cap, (size_t)name + 1,
                     sizeof *book->tool_names)) {
        return false;
    }
    memset(book->tool_names + had, 0, (book->tool_cap - had) * sizeof *book->tool_names);
    return true;
}

intern_id book_tool_name(struct book *book, const struct swarm *swarm, const struct span *span)
{
    if (span->name >= book->tool_cap && !reserve_tool_name(book, span->name)) {
        return INTERN_FAILED;
    }
    intern_id *name = &book->tool_names[span->name];
    if (*name == INTERN_NONE) {
        const char *text = span_short_name(swarm_text(swarm, span->name));
        intern_id put = intern_put(book->names, text, strlen(text));
        if (put == INTERN_FAILED) {
            return INTERN_FAILED;
        }
        *name = put;
    }
    return *name;
}

/* ---- entering ---- */

static bool is_tool(const struct span *span)
{
    return span->kind == SPAN_TOOL || span->kind == SPAN_AGENT_CALL;
}

bool book_count_open(struct swarm *swarm, const struct span *span, int by)
{
    struct book *book = swarm_book(swarm);
    struct book_agent *agent = agent_in(book, span->agent);
    struct book_session *session = session_in(book, swarm->agents[span->agent].session);
    if (agent == NULL || session == NULL) {
        return false;
    }
    session->spans.open += (uint64_t)(int64_t)by;
    if (span->kind == SPAN_REQUEST) {
        agent->tally.open_requests += (uint64_t)(int64_t)by;
        session->tally.open_requests += (uint64_t)(int64_t)by;
    }
    if (!is_tool(span)) {
        return true;
    }
    intern_id name = book_tool_name(book, swarm, span);
    return name != INTERN_FAILED && figures_tally_open_tool(&agent->tally, name, by) &&
           figures_tally_open_tool(&session->tally, name, by);
}

static void count_closed(struct span_counts *counts, uint8_t flags)
{
    counts->closed++;
    counts->evicted += (flags & SPAN_EVICTED) != 0;
    counts->incomplete += (flags & SPAN_INCOMPLETE) != 0;
}

static bool enter_request(struct swarm *swarm, const struct span *span,
                          const struct end_facts *facts, struct book_agent *agent,
                          struct book_session *session)
{
    struct book *book = swarm_book(swarm);
    struct request_sample sample;
    request_sample_make(swarm, span, facts, &sample);
    if (!figures_tally_add_request(&agent->tally, &sample) ||
        !figures_tally_add_request(&session->tally, &sample)) {
        return false;
    }
    intern_id name = book_model_name(book, facts->model);
    if (name == INTERN_NONE || name == INTERN_FAILED) {
        return name == INTERN_NONE;
    }
    struct book_model *model = model_in(book, swarm->agents[span->agent].session, name);
    return model != NULL && figures_tally_add_request(&model->tally, &sample);
}

static bool enter_tool(struct swarm *swarm, const struct span *span, struct book_agent *agent,
                       struct book_session *session)
{
    intern_id name = book_tool_name(swarm_book(swarm), swarm, span);
    bool error = (span->flags & SPAN_ERROR) != 0;
    double ms = (double)(span->end_ns - span->start_ns) / 1e6;
    enum span_kind kind = (enum span_kind)span->kind;
    return name != INTERN_FAILED && figures_tally_add_tool(&agent->tally, name, kind, error, ms) &&
           figures_tally_add_tool(&session->tally, name, kind, error, ms);
}

static bool enter_work(struct swarm *swarm, const struct span *span, const struct end_facts *facts,
                       struct book_agent *agent, struct book_session *session)
{
    if (span->kind == SPAN_REQUEST) {
        return enter_request(swarm, span, facts, agent, session);
    }
    if (is_tool(span)) {
        return enter_tool(swarm, span, agent, session);
    }
    double ms = (double)(span->end_ns - span->start_ns) / 1e6;
    figures_tally_add_time(&agent->tally, SPAN_USER, ms);
    figures_tally_add_time(&session->tally, SPAN_USER, ms);
    return true;
}

bool book_enter(struct swarm *swarm, const struct span *span, const struct end_facts *facts)
{
    struct book *book = swarm_book(swarm);
    struct book_agent *agent = agent_in(book, span->agent);
    struct book_session *session = session_in(book, swarm->agents[span->agent].session);
    if (agent == NULL || session == NULL) {
        return false;
    }
    count_closed(&session->spans, span->flags);
    bool work = span->kind == SPAN_REQUEST || is_tool(span) || span->kind == SPAN_USER;
    return !work || (enter_work(swarm, span, facts, agent, session) &&
                     intervals_add(&agent->busy, span->start_ns, span->end_ns) &&
                     intervals_add(&session->busy, span->start_ns, span->end_ns));
}

/* ---- forgetting and moving ---- */

static void forget_agents(struct book *book, const struct swarm *swarm, session_no session)
{
    for (size_t i = 0; i < book->agent_count; i++) {
        if (swarm->agents[i].session == session) {
            figures_tally_release(&book->agents[i].tally);
            intervals_release(&book->agents[i].busy);
        }
    }
}

void book_forget(struct book *book, const struct swarm *swarm, session_no session)
{
    forget_agents(book, swarm, session);
    if (session < book->session_count) {
        figures_tally_release(&book->sessions[session].tally);
        intervals_release(&book->sessions[session].busy);
        book->sessions[session].spans = (struct span_counts){0};
    }
    for (size_t i = 0; i < book->model_count; i++) {
        if (book->models[i].session == session) {
            release_model(&book->models[i]);
        }
    }
}

static void shift_intervals(struct intervals *set, int64_t by_ns)
{
    for (size_t i = 0; i < set->count; i++) {
        set->items[i].from += by_ns;
        set->items[i].to += by_ns;
    }
}

void book_shift(struct book *book, const struct swarm *swarm, session_no session, int64_t by_ns)
{
    for (size_t i = 0; i < book->agent_count; i++) {
        if (swarm->agents[i].session == session) {
            shift_intervals(&book->agents[i].busy, by_ns);
        }
    }
    if (session < book->session_count) {
        shift_intervals(&book->sessions[session].busy, by_ns);
    }
}
