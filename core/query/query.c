/* Small queries: the titles of rows, and the range of time. */
#include "core/query/query_private.h"

#include "core/base/utf8.h"

#include <string.h>

enum { ID_CHARACTERS = 8 };

static bool add_text(const struct swarm *swarm, intern_id id, struct strbuf *out)
{
    struct slice text = swarm_text_slice(swarm, id);
    strbuf_add(out, text.bytes, text.len);
    return text.len > 0;
}

/* Appends the first characters of the session's id, enough to distinguish sessions. */
static void add_short_id(const struct swarm *swarm, intern_id id, struct strbuf *out)
{
    struct slice text = swarm_text_slice(swarm, id);
    size_t len = 0;
    for (int i = 0; i < ID_CHARACTERS && len < text.len; i++) {
        uint32_t cp;
        len += utf8_next(text.bytes + len, text.len - len, &cp);
    }
    strbuf_add(out, text.bytes, len);
}

static void add_unnamed(const struct swarm *swarm, const struct session *session,
                        struct strbuf *out)
{
    strbuf_adds(out, "main");
    if (swarm_text(swarm, session->id)[0] != '\0') {
        strbuf_addc(out, ' ');
        add_short_id(swarm, session->id, out);
    }
}

void query_session_title(const struct swarm *swarm, session_no number, struct strbuf *out)
{
    const struct session *session = swarm_session(swarm, number);
    if (session != NULL && !add_text(swarm, session->name, out)) {
        add_unnamed(swarm, session, out);
    }
}

static void add_main_title(const struct swarm *swarm, const struct agent *agent,
                           const struct session *session, struct strbuf *out)
{
    bool plain = agent->name == INTERN_NONE || swarm_text(swarm, agent->name)[0] == '\0' ||
                 strcmp(swarm_text(swarm, agent->name), "main") == 0;
    if (add_text(swarm, session->name, out) || (!plain && add_text(swarm, agent->name, out))) {
        return;
    }
    add_unnamed(swarm, session, out);
}

void query_agent_title(const struct swarm *swarm, agent_no number, struct strbuf *out)
{
    const struct agent *agent = swarm_agent(swarm, number);
    const struct session *session = swarm_session(swarm, agent->session);
    if ((agent->flags & AGENT_MAIN) != 0 && session != NULL) {
        add_main_title(swarm, agent, session, out);
        return;
    }
    if (add_text(swarm, agent->name, out) || add_text(swarm, agent->agent_id, out)) {
        return;
    }
    bool threads = session != NULL && (session->flags & SESSION_AGENTS) == 0;
    strbuf_adds(out, threads ? "thread " : "process ");
    add_text(swarm, agent->pid, out);
    if (threads && agent->tid != INTERN_NONE) {
        strbuf_addc(out, '/');
        add_text(swarm, agent->tid, out);
    }
}

/* ---- time ---- */

static bool lives(const struct session *session)
{
    return (session->flags & (SESSION_ENDED | SESSION_FINISHED)) == 0;
}

int64_t query_now(const struct swarm *swarm, int64_t local_ns)
{
    bool found = false, living = false;
    int64_t now = local_ns;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session == NULL || (living && !lives(session))) {
            continue;
        }
        int64_t its = swarm_session_now(swarm, (session_no)i, local_ns);
        /* The first live session replaces all that are not. */
        if (!found || (lives(session) && !living) || its > now) {
            now = its;
        }
        found = true;
        living |= lives(session);
    }
    return now;
}

int64_t query_today(const struct swarm *swarm, int64_t local_ns)
{
    int64_t now = query_now(swarm, local_ns);
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session != NULL && lives(session)) {
            return now;
        }
    }
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        if (swarm_session(swarm, (session_no)i) != NULL) {
            int64_t its = swarm_session_today(swarm, (session_no)i, local_ns);
            now = its > now ? its : now;
        }
    }
    return now;
}

static void widen(int64_t *from_ns, int64_t *to_ns, int64_t first_ns, int64_t last_ns)
{
    *from_ns = first_ns < *from_ns ? first_ns : *from_ns;
    *to_ns = last_ns > *to_ns ? last_ns : *to_ns;
}

bool query_extent(const struct swarm *swarm, int64_t local_ns, int64_t *from_ns, int64_t *to_ns)
{
    bool living = false;
    *from_ns = INT64_MAX;
    *to_ns = INT64_MIN;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        living |= session != NULL && lives(session);
        if (session != NULL && (session->flags & SESSION_HAS_START) != 0) {
            widen(from_ns, to_ns, session->start_ns,
                  swarm_session_now(swarm, (session_no)i, local_ns));
        }
    }
    for (size_t i = 0; i < swarm_agent_count(swarm); i++) {
        const struct agent *agent = swarm_agent(swarm, (agent_no)i);
        const struct session *session = swarm_session(swarm, agent->session);
        if ((agent->flags & AGENT_DEAD) == 0 && session != NULL &&
            agent->first_ns <= agent->last_ns) {
            widen(from_ns, to_ns, agent->first_ns, agent->last_ns);
            widen(from_ns, to_ns, agent->first_ns,
                  swarm_session_now(swarm, agent->session, local_ns));
        }
    }
    /* A sender may set a phase's end in the future; a live display ends now. */
    if (living && *from_ns <= *to_ns) {
        int64_t now = query_now(swarm, local_ns);
        *to_ns = now < *from_ns ? *from_ns : now < *to_ns ? now : *to_ns;
    }
    return *from_ns <= *to_ns;
}
