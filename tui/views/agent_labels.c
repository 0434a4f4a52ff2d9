/* Agents that show the same are found by a hash of what is shown, which is made of numbers of
   interned texts. All agents are in the table, so that a label is the same wherever the list is
   scrolled to. Most slots hold one agent, of which nothing else need be looked at. */
#include "tui/views/agent_labels.h"

#include "core/base/hash.h"
#include "core/base/mask.h"
#include "core/query/query.h"
#include "tui/views/span_text.h"

#include <string.h>

enum {
    ID_SHOWN = 4,     /* characters of an id that are shown */
    ALIKE_MAX = 64,   /* agents that are compared with one; more change the label of few */
    PROMPT_BYTES = 48 /* of the beginning of a prompt */
};

/* ---- which are alike ---- */

/* An agent's shown texts. Agents of equal keys look the same. */
#define UNNAMED UINT64_MAX
struct label_key {
    uint64_t owner; /* a sub-agent's session; a main agent has none, or UNNAMED */
    uint64_t name;  /* of its text, or a hash of another one */
    intern_id description;
    intern_id client; /* of a main agent, where there are several clients */
    intern_id host;   /* the same of hosts */
};

static bool is_text(const struct swarm *swarm, intern_id id)
{
    return id != INTERN_NONE && swarm_text(swarm, id)[0] != '\0';
}

static uint64_t hash_of(struct slice text)
{
    return hash_bytes(HASH_SEED, text.bytes, text.len) | UINT64_C(1) << 63;
}

/* Whether the session shows the beginning of its id, for want of a name and a place. */
static bool is_unnamed(const struct swarm *swarm, const struct session *session)
{
    return !is_text(swarm, session->name) && !is_text(swarm, session->texts[SESSION_CWD]) &&
           !is_text(swarm, session->texts[SESSION_BRANCH]);
}

/* Sets the key of a session's main agent. One without a name shows its directory and its branch,
   one without these the beginning of its id. */
static void key_of_root(const struct agent_labels *labels, session_no number, struct label_key *out)
{
    const struct swarm *swarm = labels->swarm;
    const struct session *session = swarm_session(swarm, number);
    *out = (struct label_key){0, session->name, INTERN_NONE, INTERN_NONE, INTERN_NONE};
    if (clients_are_several(&labels->clients.clients)) {
        out->client = clients_of_session(swarm, number);
    }
    if (clients_are_several_hosts(&labels->hosts.clients)) {
        out->host = clients_host_of_session(swarm, number);
    }
    if (is_unnamed(swarm, session)) {
        out->owner = UNNAMED;
        out->name = hash_of(query_short_id(swarm, session));
    } else if (!is_text(swarm, session->name)) {
        out->name = hash_of(query_last_part(swarm_text_slice(swarm, session->texts[SESSION_CWD])));
        out->description = session->texts[SESSION_BRANCH];
    }
}

/* Whether the session has no name, and its main agent one of its own. */
static bool has_own_name(const struct swarm *swarm, const struct session *session,
                         const struct agent *agent)
{
    return !is_text(swarm, session->name) && is_text(swarm, agent->name) &&
           strcmp(swarm_text(swarm, agent->name), "main") != 0;
}

static bool key_of(const struct agent_labels *labels, const struct agent *agent,
                   struct label_key *out)
{
    const struct swarm *swarm = labels->swarm;
    const struct session *session = swarm_session(swarm, agent->session);
    if ((agent->flags & (AGENT_DEAD | AGENT_GROUP)) != 0 || session == NULL ||
        (session->flags & SESSION_AGENTS) == 0) {
        return false;
    }
    if ((agent->flags & AGENT_MAIN) != 0) {
        key_of_root(labels, agent->session, out);
        if (has_own_name(swarm, session, agent)) {
            out->owner = 0;
            out->name = agent->name;
            out->description = INTERN_NONE;
        }
        return true;
    }
    *out = (struct label_key){(uint64_t)agent->session + 1, agent->name, agent->description,
                              INTERN_NONE, INTERN_NONE};
    return is_text(swarm, agent->name);
}

static bool same_key(const struct label_key *a, const struct label_key *b)
{
    return a->owner == b->owner && a->name == b->name && a->description == b->description &&
           a->client == b->client && a->host == b->host;
}

static size_t slot_of(const struct agent_labels *labels, const struct label_key *key)
{
    uint64_t hash = key->owner * UINT64_C(0x9E3779B97F4A7C15) + key->name;
    hash = (hash ^ hash >> 29) * UINT64_C(0xBF58476D1CE4E5B9) + key->description;
    hash = (hash ^ hash >> 32) * UINT64_C(0x94D049BB133111EB);
    return (size_t)(hash >> 20) & (labels->slots - 1);
}

static void add_agent(struct agent_labels *labels, agent_no number, size_t *roots)
{
    const struct agent *agent = swarm_agent(labels->swarm, number);
    struct label_key key;
    *roots += (agent->flags & (AGENT_MAIN | AGENT_DEAD)) == AGENT_MAIN;
    namesakes_add_title(&labels->names, labels->swarm, number);
    if (key_of(labels, agent, &key)) {
        size_t slot = slot_of(labels, &key);
        labels->next[number] = labels->heads[slot];
        labels->heads[slot] = number + 1;
        namesakes_add(&labels->names, key.owner, key.name, number);
    }
}

bool agent_labels_init(struct agent_labels *labels, const struct swarm *swarm,
                       const struct mem *mem, bool ascii)
{
    size_t agents = swarm_agent_count(swarm), roots = 0;
    *labels = (struct agent_labels){.swarm = swarm, .mem = mem, .slots = 16};
    while (labels->slots < 2 * agents) {
        labels->slots *= 2;
    }
    labels->heads = mem_zalloc(mem, labels->slots, sizeof *labels->heads);
    labels->next = mem_zalloc(mem, agents + 1, sizeof *labels->next);
    labels->agents = agents;
    labels->clients = client_tags_make(swarm, ascii);
    labels->hosts = client_tags_make_hosts(swarm, ascii);
    namesakes_init(&labels->names, mem, agents);
    if (labels->heads == NULL || labels->next == NULL) {
        return false;
    }
    for (size_t i = 0; i < agents; i++) {
        add_agent(labels, (agent_no)i, &roots);
    }
    labels->several = roots > 1;
    return true;
}

void agent_labels_release(struct agent_labels *labels)
{
    mem_free(labels->mem, labels->heads, labels->slots * sizeof *labels->heads);
    mem_free(labels->mem, labels->next, (labels->agents + 1) * sizeof *labels->next);
    namesakes_release(&labels->names);
    *labels = (struct agent_labels){.mem = labels->mem};
}

/* ---- what distinguishes them ---- */

/* A walk over the agents that show the same as one, without it. */
struct alike {
    const struct agent_labels *labels;
    struct label_key key;
    agent_no of, at; /* `at`: the next one + 1; 0: no more */
    int left;
};

static struct alike alike_of(const struct agent_labels *labels, agent_no number)
{
    struct alike alike = {.labels = labels, .of = number, .left = ALIKE_MAX};
    if (labels->heads != NULL && labels->next != NULL && number < labels->agents &&
        key_of(labels, swarm_agent(labels->swarm, number), &alike.key)) {
        alike.at = labels->heads[slot_of(labels, &alike.key)];
    }
    return alike;
}

/* Returns NO_AGENT after the last. */
static agent_no alike_next(struct alike *alike)
{
    while (alike->at != 0 && alike->left-- > 0) {
        agent_no number = alike->at - 1;
        struct label_key key;
        alike->at = alike->labels->next[number];
        if (number != alike->of &&
            key_of(alike->labels, swarm_agent(alike->labels->swarm, number), &key) &&
            same_key(&alike->key, &key)) {
            return number;
        }
    }
    return NO_AGENT;
}

static const char *symbol(bool ascii, enum symbol which)
{
    return theme_symbol(&(struct theme){.ascii = ascii}, which);
}

static bool same_text(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

static struct slice session_text(const struct swarm *swarm, agent_no number, enum session_text text)
{
    const struct agent *agent = swarm_agent(swarm, number);
    return swarm_text_slice(swarm, swarm_session(swarm, agent->session)->texts[text]);
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* Returns the session's directory without slashes at its end. */
static struct slice directory_of(const struct swarm *swarm, agent_no number)
{
    struct slice path = session_text(swarm, number, SESSION_CWD);
    while (path.len > 1 && is_slash(path.bytes[path.len - 1])) {
        path.len--;
    }
    return path;
}

/* Returns the end of the path, longer than `len` bytes by one part. */
static size_t longer_end(struct slice path, size_t len)
{
    while (len < path.len && is_slash(path.bytes[path.len - len - 1])) {
        len++;
    }
    while (len < path.len && !is_slash(path.bytes[path.len - len - 1])) {
        len++;
    }
    return len;
}

static bool ends_with(struct slice path, struct slice end)
{
    return path.len >= end.len &&
           same_text((struct slice){path.bytes + path.len - end.len, end.len}, end) &&
           (path.len == end.len || is_slash(path.bytes[path.len - end.len - 1]) ||
            is_slash(*end.bytes));
}

/* Appends as many of the directory's last parts as no other agent's directory has. */
static bool put_directory(const struct agent_labels *labels, agent_no number, struct strbuf *out)
{
    struct slice path = directory_of(labels->swarm, number);
    size_t len = longer_end(path, 0);
    struct alike alike = alike_of(labels, number);
    for (agent_no other; path.len > 0 && (other = alike_next(&alike)) != NO_AGENT;) {
        struct slice others = directory_of(labels->swarm, other);
        if (same_text(path, others)) {
            return false;
        }
        while (len < path.len &&
               ends_with(others, (struct slice){path.bytes + path.len - len, len})) {
            len = longer_end(path, len);
        }
    }
    strbuf_add(out, path.bytes + path.len - len, len);
    return len > 0;
}

static bool put_branch(const struct agent_labels *labels, agent_no number, bool ascii,
                       struct strbuf *out)
{
    struct slice branch = session_text(labels->swarm, number, SESSION_BRANCH);
    struct alike alike = alike_of(labels, number);
    for (agent_no other; branch.len > 0 && (other = alike_next(&alike)) != NO_AGENT;) {
        if (same_text(branch, session_text(labels->swarm, other, SESSION_BRANCH))) {
            return false;
        }
    }
    if (branch.len > 0) {
        strbuf_addf(out, "%s ", symbol(ascii, SYM_BRANCH));
    }
    strbuf_add(out, branch.bytes, branch.len);
    return branch.len > 0;
}

/* Sets out to the beginning of the agent's first prompt; empty where prompts are not kept. */
static void get_prompt(const struct swarm *swarm, agent_no number, struct strbuf *out)
{
    const struct agent *agent = swarm_agent(swarm, number);
    const struct span *span =
        agent->envelopes.count == 0 ? NULL : swarm_span(swarm, spans_at(&agent->envelopes, 0));
    strbuf_clear(out);
    if (span != NULL && span_text_arg(swarm, span, "user_prompt", out)) {
        size_t line = strcspn(out->data, "\r\n");
        out->len = mask_cut(out->data, line, PROMPT_BYTES);
        out->data[out->len] = '\0';
    }
}

static bool put_prompt(const struct agent_labels *labels, agent_no number, struct strbuf *out)
{
    struct strbuf own, others;
    struct alike alike = alike_of(labels, number);
    strbuf_init(&own, labels->mem, 0);
    strbuf_init(&others, labels->mem, 0);
    get_prompt(labels->swarm, number, &own);
    bool differs = own.len > 0;
    for (agent_no other; differs && (other = alike_next(&alike)) != NO_AGENT;) {
        get_prompt(labels->swarm, other, &others);
        differs =
            !same_text((struct slice){own.data, own.len}, (struct slice){others.data, others.len});
    }
    if (differs) {
        strbuf_add(out, own.data, own.len);
    }
    strbuf_release(&own);
    strbuf_release(&others);
    return differs;
}

static bool has_id(const struct swarm *swarm, const struct agent *agent)
{
    return (agent->flags & AGENT_MAIN) != 0 || is_text(swarm, agent->agent_id);
}

/* Returns the agent's id. The process distinguishes two registrations of one id. */
static struct slice id_of(const struct swarm *swarm, const struct agent *agent, bool process)
{
    const struct session *session = swarm_session(swarm, agent->session);
    intern_id id = process                            ? agent->pid
                   : (agent->flags & AGENT_MAIN) != 0 ? session->id
                   : is_text(swarm, agent->agent_id)  ? agent->agent_id
                                                      : agent->pid;
    return swarm_text_slice(swarm, id);
}

static size_t common_prefix(struct slice a, struct slice b)
{
    size_t len = 0;
    while (len < a.len && len < b.len && a.bytes[len] == b.bytes[len]) {
        len++;
    }
    return len;
}

static bool is_inside_character(struct slice text, size_t at)
{
    return at > 0 && at < text.len && ((unsigned char)text.bytes[at] & 0xC0) == 0x80;
}

/* Appends the characters of an id from the first that differs, or a little before it. */
static void put_id_part(struct slice id, size_t shared, const char *ellipsis, struct strbuf *out)
{
    size_t from = shared < ID_SHOWN ? 0 : shared - ID_SHOWN + 1;
    from = id.len <= ID_SHOWN ? 0 : from + ID_SHOWN > id.len ? id.len - ID_SHOWN : from;
    size_t to = from + ID_SHOWN < id.len ? from + ID_SHOWN : id.len;
    while (is_inside_character(id, from)) {
        from--;
    }
    while (is_inside_character(id, to)) {
        to++;
    }
    /* An ellipsis replaces more than one character. */
    from = from == 1 ? 0 : from;
    to = to + 1 == id.len ? id.len : to;
    strbuf_adds(out, from > 0 ? ellipsis : "");
    strbuf_add(out, id.bytes + from, to - from);
    strbuf_adds(out, to < id.len ? ellipsis : "");
}

static void put_id(const struct agent_labels *labels, agent_no number, bool ascii,
                   struct strbuf *out)
{
    const struct swarm *swarm = labels->swarm;
    const struct agent *agent = swarm_agent(swarm, number);
    struct slice id = id_of(swarm, agent, false);
    struct alike alike = alike_of(labels, number);
    size_t shared = 0;
    bool twice = false; /* two registrations of one id */
    for (agent_no other; (other = alike_next(&alike)) != NO_AGENT;) {
        struct slice others = id_of(swarm, swarm_agent(swarm, other), false);
        size_t len = common_prefix(id, others);
        twice |= same_text(id, others);
        shared = len > shared ? len : shared;
    }
    if (!twice && has_id(swarm, agent)) {
        put_id_part(id, shared, symbol(ascii, SYM_ELLIPSIS), out);
        return;
    }
    id = id_of(swarm, agent, true);
    strbuf_addc(out, '#');
    strbuf_add(out, id.bytes, id.len);
}

/* Appends what distinguishes the agent from those alike; nothing if none is. The sub-agents of a
   session share its directory, branch and prompt. `title`, which may be `out`, has its name. */
static void put_difference(const struct agent_labels *labels, agent_no number, bool ascii,
                           struct strbuf *title, struct strbuf *out)
{
    struct alike alike = alike_of(labels, number);
    if (alike_next(&alike) == NO_AGENT) {
        return;
    }
    bool main_agent = (swarm_agent(labels->swarm, number)->flags & AGENT_MAIN) != 0;
    if (alike.key.owner == UNNAMED) { /* the beginning of its id gives way to another part of it */
        strbuf_clear(title);
        strbuf_adds(title, "main");
    }
    strbuf_adds(out, out->len > 0 ? " " : "");
    if (!main_agent ||
        (!put_directory(labels, number, out) && !put_branch(labels, number, ascii, out) &&
         !put_prompt(labels, number, out))) {
        put_id(labels, number, ascii, out);
    }
}

/* Returns the main agent of a session that shows what its session does; NO_AGENT: none. */
static agent_no root_of(const struct agent_labels *labels, session_no session)
{
    struct label_key key;
    key_of_root(labels, session, &key);
    agent_no at = labels->heads != NULL ? labels->heads[slot_of(labels, &key)] : 0;
    while (at != 0) {
        const struct agent *agent = swarm_agent(labels->swarm, at - 1);
        if ((agent->flags & AGENT_MAIN) != 0 && agent->session == session) {
            return at - 1;
        }
        at = labels->next[at - 1];
    }
    return NO_AGENT;
}

/* Returns whether a main agent of another client would show the same without its client. */
static bool needs_client(const struct agent_labels *labels, agent_no number)
{
    struct label_key own, other;
    int left = ALIKE_MAX;
    if (labels->heads == NULL || labels->next == NULL || number >= labels->agents ||
        !key_of(labels, swarm_agent(labels->swarm, number), &own) || own.client == INTERN_NONE) {
        return false;
    }
    for (agent_no at = labels->heads[slot_of(labels, &own)]; at != 0 && left-- > 0;
         at = labels->next[at - 1]) {
        if (key_of(labels, swarm_agent(labels->swarm, at - 1), &other) &&
            other.client != own.client) {
            other.client = own.client;
            if (same_key(&own, &other)) {
                return true;
            }
        }
    }
    return false;
}

/* Returns whether agents of the same session have the same name. Sets *keep to the byte of the
   agent's description that distinguishes it from theirs; SIZE_MAX: nothing does. */
static bool shares_name(const struct agent_labels *labels, agent_no number, size_t *keep)
{
    struct label_key key;
    *keep = SIZE_MAX;
    if (!key_of(labels, swarm_agent(labels->swarm, number), &key) ||
        !namesakes_several(&labels->names, key.owner, key.name)) {
        return false;
    }
    *keep = namesakes_difference(&labels->names, labels->swarm, key.owner, key.name, number);
    return true;
}

/* ---- labels ---- */

void agent_labels_get(const struct agent_labels *labels, agent_no number, unsigned form,
                      struct agent_label *out)
{
    const struct swarm *swarm = labels->swarm;
    const struct agent *agent = swarm_agent(swarm, number);
    const struct session *session = swarm_session(swarm, agent->session);
    out->session_keep = out->name_keep = out->note_keep = SIZE_MAX;
    out->session_needed = false;
    strbuf_clear(&out->session);
    strbuf_clear(&out->name);
    strbuf_clear(&out->note);
    query_agent_title(swarm, number, &out->name);
    bool sub = (agent->flags & AGENT_MAIN) == 0;
    if (sub && is_text(swarm, agent->description)) {
        struct slice description = swarm_text_slice(swarm, agent->description);
        strbuf_add(&out->note, description.bytes, description.len);
    }
    size_t described = out->note.len, keep = SIZE_MAX;
    put_difference(labels, number, out->ascii, &out->name, &out->note);
    out->note_needed = out->note.len > 0 && (!sub || shares_name(labels, number, &keep));
    if (out->note.len == described) { /* else its end distinguishes it */
        out->note_keep = keep;
    }
    out->host = out->client = (struct client_tag){.cols = 0};
    if ((form & LABEL_CLIENT) != 0) {
        out->client = client_tags_get(&labels->clients, swarm, number);
        out->client.needed = needs_client(labels, number);
    }
    if ((form & (LABEL_CLIENT | LABEL_HOST)) != 0) {
        out->host = client_tags_get_host(&labels->hosts, swarm, number);
    }
    if ((form & LABEL_LIST) != 0 && sub && labels->several && session != NULL &&
        (session->flags & SESSION_AGENTS) != 0) {
        query_session_title(swarm, agent->session, &out->session);
        agent_no root = root_of(labels, agent->session);
        if (root != NO_AGENT) {
            put_difference(labels, root, out->ascii, &out->session, &out->session);
        }
    }
}
