/* Agents that show the same are found by a hash of what is shown, which is made of numbers of
   interned texts. All agents are in the table, so that a label is the same wherever the list is
   scrolled to. Most slots hold one agent, whose id need not be looked at. */
#include "tui/views/agent_label.h"

#include "core/query/query.h"

#include <string.h>

enum {
    ID_SHOWN = 4,         /* characters of an id that are shown */
    ALIKE_MAX = 64,       /* agents that are compared with one; more change the label of few */
    SESSION_COLS_MIN = 5, /* narrower parts are left out */
    NOTE_COLS_MIN = 8,
    SEPARATOR_COLS = 3
};

/* ---- which are alike ---- */

/* An agent's shown texts. Agents of equal keys look the same. */
struct label_key {
    uint64_t owner; /* a sub-agent's session; a main agent has none */
    intern_id name, description;
};

static bool is_text(const struct swarm *swarm, intern_id id)
{
    return id != INTERN_NONE && swarm_text(swarm, id)[0] != '\0';
}

static bool key_of(const struct swarm *swarm, const struct agent *agent, struct label_key *out)
{
    const struct session *session = swarm_session(swarm, agent->session);
    if ((agent->flags & (AGENT_DEAD | AGENT_GROUP)) != 0 || session == NULL ||
        (session->flags & SESSION_AGENTS) == 0) {
        return false;
    }
    if ((agent->flags & AGENT_MAIN) != 0) {
        *out = (struct label_key){0, session->name, INTERN_NONE};
        return is_text(swarm, session->name);
    }
    *out = (struct label_key){(uint64_t)agent->session + 1, agent->name, agent->description};
    return is_text(swarm, agent->name);
}

static bool same_key(const struct label_key *a, const struct label_key *b)
{
    return a->owner == b->owner && a->name == b->name && a->description == b->description;
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
    if (key_of(labels->swarm, agent, &key)) {
        size_t slot = slot_of(labels, &key);
        labels->next[number] = labels->heads[slot];
        labels->heads[slot] = number + 1;
    }
}

bool agent_labels_init(struct agent_labels *labels, const struct swarm *swarm,
                       const struct mem *mem)
{
    size_t agents = swarm_agent_count(swarm), roots = 0;
    *labels = (struct agent_labels){.swarm = swarm, .mem = mem, .slots = 16};
    while (labels->slots < 2 * agents) {
        labels->slots *= 2;
    }
    labels->heads = mem_zalloc(mem, labels->slots, sizeof *labels->heads);
    labels->next = mem_zalloc(mem, agents + 1, sizeof *labels->next);
    labels->agents = agents;
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
    *labels = (struct agent_labels){.mem = labels->mem};
}

/* ---- what distinguishes them ---- */

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

/* Returns the longest beginning that the agent's id shares with one of those alike; SIZE_MAX: none
   is alike. */
static size_t shared_with_others(const struct agent_labels *labels, agent_no number)
{
    const struct swarm *swarm = labels->swarm;
    const struct agent *agent = swarm_agent(swarm, number);
    struct label_key key, other;
    size_t longest = SIZE_MAX;
    int left = ALIKE_MAX;
    if (labels->heads == NULL || labels->next == NULL || number >= labels->agents ||
        !key_of(swarm, agent, &key)) {
        return SIZE_MAX;
    }
    for (agent_no at = labels->heads[slot_of(labels, &key)]; at != 0 && left-- > 0;
         at = labels->next[at - 1]) {
        const struct agent *of = swarm_agent(swarm, at - 1);
        if (at - 1 == number || !key_of(swarm, of, &other) || !same_key(&key, &other)) {
            continue;
        }
        size_t len = common_prefix(id_of(swarm, agent, false), id_of(swarm, of, false));
        longest = longest == SIZE_MAX || len > longest ? len : longest;
    }
    return longest;
}

static bool is_inside_character(struct slice text, size_t at)
{
    return at > 0 && at < text.len && ((unsigned char)text.bytes[at] & 0xC0) == 0x80;
}

/* Appends the characters of an id from the first that differs, or a little before it. */
static void put_id(struct slice id, size_t shared, const char *ellipsis, struct strbuf *out)
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
    strbuf_adds(out, from > 0 ? ellipsis : "");
    strbuf_add(out, id.bytes + from, to - from);
    strbuf_adds(out, to < id.len ? ellipsis : "");
}

static const char *ellipsis_of(bool ascii)
{
    return theme_symbol(&(struct theme){.ascii = ascii}, SYM_ELLIPSIS);
}

/* Appends what distinguishes the agent from those alike; nothing if none is. */
static void put_difference(const struct agent_labels *labels, agent_no number, bool ascii,
                           struct strbuf *out)
{
    const struct agent *agent = swarm_agent(labels->swarm, number);
    size_t shared = shared_with_others(labels, number);
    if (shared == SIZE_MAX) {
        return;
    }
    struct slice id = id_of(labels->swarm, agent, false);
    strbuf_adds(out, out->len > 0 ? " " : "");
    if (shared == id.len || !has_id(labels->swarm, agent)) {
        id = id_of(labels->swarm, agent, true);
        strbuf_addc(out, '#');
        strbuf_add(out, id.bytes, id.len);
    } else {
        put_id(id, shared, ellipsis_of(ascii), out);
    }
}

/* Returns the main agent of a session that has a name; NO_AGENT: none. */
static agent_no root_of(const struct agent_labels *labels, session_no session)
{
    struct label_key key = {0, swarm_session(labels->swarm, session)->name, INTERN_NONE};
    agent_no at = labels->heads == NULL ? 0 : labels->heads[slot_of(labels, &key)];
    while (at != 0) {
        const struct agent *agent = swarm_agent(labels->swarm, at - 1);
        if ((agent->flags & AGENT_MAIN) != 0 && agent->session == session) {
            return at - 1;
        }
        at = labels->next[at - 1];
    }
    return NO_AGENT;
}

/* ---- the parts ---- */

void agent_label_init(struct agent_label *label, const struct mem *mem, bool ascii)
{
    strbuf_init(&label->session, mem, 0);
    strbuf_init(&label->name, mem, 0);
    strbuf_init(&label->note, mem, 0);
    label->ascii = ascii;
}

void agent_label_release(struct agent_label *label)
{
    strbuf_release(&label->session);
    strbuf_release(&label->name);
    strbuf_release(&label->note);
}

void agent_labels_get(const struct agent_labels *labels, agent_no number, enum label_form form,
                      struct agent_label *out)
{
    const struct swarm *swarm = labels->swarm;
    const struct agent *agent = swarm_agent(swarm, number);
    const struct session *session = swarm_session(swarm, agent->session);
    strbuf_clear(&out->session);
    strbuf_clear(&out->name);
    strbuf_clear(&out->note);
    query_agent_title(swarm, number, &out->name);
    bool sub = (agent->flags & AGENT_MAIN) == 0;
    if (sub && is_text(swarm, agent->description)) {
        struct slice description = swarm_text_slice(swarm, agent->description);
        strbuf_add(&out->note, description.bytes, description.len);
    }
    put_difference(labels, number, out->ascii, &out->note);
    if (form == LABEL_LIST && sub && labels->several && session != NULL &&
        (session->flags & SESSION_AGENTS) != 0) {
        query_session_title(swarm, agent->session, &out->session);
        agent_no root = root_of(labels, agent->session);
        if (root != NO_AGENT) {
            put_difference(labels, root, out->ascii, &out->session);
        }
    }
}

/* ---- fitting ---- */

struct label_cols {
    int session, name, note;
};

static int cols_of(const struct agent_label *label, const struct strbuf *part)
{
    return part->failed || part->len == 0 ? 0 : (int)text_cols(part->data, part->len, label->ascii);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Shares the columns. A part that would get too few is left out: first the note, then the session.
   The name may take half of them, and what the others leave. */
static struct label_cols fit(const struct agent_label *label, int cols)
{
    struct label_cols all = {cols_of(label, &label->session), cols_of(label, &label->name),
                             cols_of(label, &label->note)};
    int between = all.session > 0 ? SEPARATOR_COLS : 0, before = all.note > 0 ? 1 : 0;
    if (all.session + between + all.name + before + all.note <= cols) {
        return all;
    }
    int session_least = least(all.session, SESSION_COLS_MIN),
        note_least = least(all.note, NOTE_COLS_MIN);
    int name = least(all.name, cols / 2);
    if (all.note > 0 && session_least + between + name + before + note_least > cols) {
        all.note = note_least = before = 0;
    }
    if (all.session > 0 && session_least + between + name + before + note_least > cols) {
        all.session = session_least = between = 0;
    }
    int rest = cols - between - before - session_least - note_least;
    /* Many agents share a type, few a task: the note is shown whole first. */
    int most = rest + note_least - all.note;
    most = least(rest, most > 2 * cols / 5 ? most : 2 * cols / 5);
    name = least(all.name, all.note > 0 ? most : rest);
    rest = cols - between - before - name;
    int session = least(all.session, rest - least(all.note, rest / 2));
    return (struct label_cols){session, name, least(all.note, rest - session)};
}

/* Appends a part, cut in its middle. */
static void put_part(const struct agent_label *label, const struct strbuf *part, int cols,
                     struct strbuf *out)
{
    size_t head, tail;
    if (cols <= 0 || part->failed || part->len == 0) {
        return;
    }
    if (!text_cut_middle(part->data, part->len, label->ascii, (size_t)cols, &head, &tail)) {
        strbuf_add(out, part->data, part->len);
        return;
    }
    strbuf_add(out, part->data, head);
    strbuf_adds(out, ellipsis_of(label->ascii));
    strbuf_add(out, part->data + tail, part->len - tail);
}

static const char *separator(bool ascii)
{
    return ascii ? " > " : " › ";
}

void agent_label_text(const struct agent_label *label, int cols, struct strbuf *out)
{
    struct label_cols fits = fit(label, cols);
    put_part(label, &label->session, fits.session, out);
    strbuf_adds(out, fits.session > 0 ? separator(label->ascii) : "");
    put_part(label, &label->name, fits.name, out);
    strbuf_adds(out, fits.note > 0 ? " " : "");
    put_part(label, &label->note, fits.note, out);
}

static int draw_part(const struct agent_label *label, const struct strbuf *part, struct area line,
                     int x, int cols, enum style_id style)
{
    struct strbuf text;
    strbuf_init(&text, part->mem, 0);
    put_part(label, part, cols, &text);
    if (!text.failed && text.len > 0) {
        x = area_put(line, x, 0, style, text.data, text.len);
    }
    strbuf_release(&text);
    return x;
}

int agent_label_draw(const struct agent_label *label, struct area line, int x, int cols,
                     enum style_id style)
{
    struct label_cols fits = fit(label, cols);
    if (fits.session > 0) {
        x = draw_part(label, &label->session, line, x, fits.session, STYLE_DIM);
        x = area_puts(line, x, 0, STYLE_DIM, separator(label->ascii));
    }
    x = draw_part(label, &label->name, line, x, fits.name, style);
    if (fits.note > 0) {
        x = draw_part(label, &label->note, line, x + 1, fits.note, STYLE_DIM);
    }
    return x;
}
