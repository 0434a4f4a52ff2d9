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

struct slice query_short_id(const struct swarm *swarm, const struct session *session)
{
    struct slice text = swarm_text_slice(swarm, session->id);
    size_t len = 0;
    for (int i = 0; i < ID_CHARACTERS && len < text.len; i++) {
        uint32_t cp;
        len += utf8_next(text.bytes + len, text.len - len, &cp);
    }
    return (struct slice){text.bytes, len};
}

struct slice query_last_part(struct slice path)
{
    while (path.len > 1 && strchr("/\\", path.bytes[path.len - 1]) != NULL) {
        path.len--;
    }
    size_t from = path.len;
    while (from > 0 && strchr("/\\", path.bytes[from - 1]) == NULL) {
        from--;
    }
    return from == path.len ? path : (struct slice){path.bytes + from, path.len - from};
}

/* Appends `api-server ⎇ fix-auth`. False: neither is known. */
static bool add_place(const struct swarm *swarm, const struct session *session, struct strbuf *out)
{
    struct slice dir = query_last_part(swarm_text_slice(swarm, session->texts[SESSION_CWD]));
    struct slice branch = swarm_text_slice(swarm, session->texts[SESSION_BRANCH]);
    strbuf_add(out, dir.bytes, dir.len);
    if (branch.len > 0) {
        strbuf_adds(out, dir.len > 0 ? " ⎇ " : "⎇ ");
        strbuf_add(out, branch.bytes, branch.len);
    }
    return dir.len + branch.len > 0;
}

static void add_unnamed(const struct swarm *swarm, const struct session *session,
                        struct strbuf *out)
{
    if (add_place(swarm, session, out)) {
        return;
    }
    strbuf_adds(out, "main");
    if (swarm_text(swarm, session->id)[0] != '\0') {
        struct slice id = query_short_id(swarm, session);
        strbuf_addc(out, ' ');
        strbuf_add(out, id.bytes, id.len);
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

/* Appends a raw id after the name of its kind; a text is its own name. */
static void add_raw_id(const struct swarm *swarm, const char *kind, intern_id id,
                       struct strbuf *out)
{
    struct slice raw = swarm_text_slice(swarm, id);
    if (raw.len > 2 && raw.bytes[0] == '"') {
        json_get_string((struct json_value){JSON_TYPE_STRING, raw.bytes, raw.len}, out);
        return;
    }
    strbuf_adds(out, kind);
    if (raw.len > 0) {
        strbuf_addc(out, ' ');
        strbuf_add(out, raw.bytes, raw.len);
    }
}

static size_t count_threaded(const struct swarm *swarm)
{
    size_t count = 0;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        count += session != NULL && (session->flags & SESSION_AGENTS) == 0;
    }
    return count;
}

/* The name of a process. Among several traces it begins with its trace's, as a document of several
   sessions has it. */
static void add_process_title(const struct swarm *swarm, const struct agent *row,
                              const struct session *session, struct strbuf *out)
{
    static const char separator[] = " \xc2\xb7 ";
    struct slice name = swarm_text_slice(swarm, row->name), label = {NULL, 0};
    if (session != NULL) {
        label = swarm_text_slice(swarm, session->name != INTERN_NONE ? session->name : session->id);
    }
    size_t len = label.len + sizeof separator - 1;
    bool prefixed = name.len > len && memcmp(name.bytes, label.bytes, label.len) == 0 &&
                    memcmp(name.bytes + label.len, separator, sizeof separator - 1) == 0;
    if (prefixed) {
        name = (struct slice){name.bytes + len, name.len - len};
    }
    if (label.len > 0 && count_threaded(swarm) > 1) {
        strbuf_add(out, label.bytes, label.len);
        strbuf_adds(out, separator);
    }
    strbuf_add(out, name.bytes, name.len);
    if (name.len == 0) {
        add_raw_id(swarm, "process", row->pid, out);
    }
}

void query_agent_title(const struct swarm *swarm, agent_no number, struct strbuf *out)
{
    const struct agent *agent = swarm_agent(swarm, number);
    const struct session *session = swarm_session(swarm, agent->session);
    if ((agent->flags & AGENT_MAIN) != 0 && session != NULL) {
        add_main_title(swarm, agent, session, out);
        return;
    }
    if ((agent->flags & AGENT_PROCESS) != 0) {
        add_process_title(swarm, agent, session, out);
        return;
    }
    if (add_text(swarm, agent->name, out) || add_text(swarm, agent->agent_id, out)) {
        return;
    }
    if ((agent->flags & AGENT_ASYNC) != 0) {
        strbuf_adds(out, "async");
    } else if ((agent->flags & AGENT_THREAD) != 0) {
        add_raw_id(swarm, "thread", agent->tid, out);
    } else {
        add_raw_id(swarm, "process", agent->pid, out);
    }
}

bool query_has_agents(const struct swarm *swarm)
{
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session != NULL && (session->flags & SESSION_AGENTS) != 0) {
            return true;
        }
    }
    return false;
}

bool query_is_agent(const struct agent *row)
{
    return (row->flags & (AGENT_THREAD | AGENT_PROCESS | AGENT_ASYNC)) == 0;
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

int64_t query_present(const struct swarm *swarm, int64_t local_ns)
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
            int64_t its = swarm_session_present(swarm, (session_no)i, local_ns);
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
