/* A text from outside is cut, masked, and then made one line of characters that print, as on the
   screen (text.h). A variable can hold no NUL, and line feeds or escape sequences in one must have
   no effect on a shell. */
#include "tui/cmd/notify_facts.h"

#include "core/base/mask.h"
#include "core/base/utf8.h"
#include "core/query/clients.h"
#include "tui/screen/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *variable, *member;
    size_t max_bytes;
} rows[] = {
    [FACT_EVENT] = {"SWARMTOP_EVENT", "event", 16},
    [FACT_TEXT] = {"SWARMTOP_TEXT", "text", 400},
    [FACT_COUNT] = {"SWARMTOP_COUNT", "count", 24},
    [FACT_SESSION] = {"SWARMTOP_SESSION", "session_id", 200},
    [FACT_SESSION_NAME] = {"SWARMTOP_SESSION_NAME", "session_name", 200},
    [FACT_AGENT] = {"SWARMTOP_AGENT", "agent_id", 200},
    [FACT_AGENT_NAME] = {"SWARMTOP_AGENT_NAME", "agent_name", 200},
    [FACT_DESCRIPTION] = {"SWARMTOP_DESCRIPTION", "description", 500},
    [FACT_CLIENT] = {"SWARMTOP_CLIENT", "client", 64},
    [FACT_CWD] = {"SWARMTOP_CWD", "cwd", 1000},
    [FACT_TIME] = {"SWARMTOP_TIME", "time", 32},
};
static_assert(sizeof rows / sizeof *rows == NOTIFY_FACTS, "a row for each fact");

static const struct {
    const char *key, *one, *many;
} kinds[] = {
    [NOTICE_WAIT] = {"wait", "waits for you", "wait for you"},
    [NOTICE_ERROR] = {"error", "has failed", "have failed"},
    [NOTICE_STALLED] = {"stalled", "has stalled", "have stalled"},
    [NOTICE_LOOP] = {"loop", "repeats a call that fails", "repeat a call that fails"},
    [NOTICE_DONE] = {"done", "has finished", "have finished"},
};
static_assert(sizeof kinds / sizeof *kinds == NOTICES, "a sentence for each kind");

enum {
    READ_FACTOR = 4,  /* so many times the limit of a text are read */
    AGENTS_MAX = 32,  /* listed */
    NAME_BYTES = 120, /* of an agent, in the sentence */
    JSON_MAX_BYTES = 65536
};

void notify_facts_init(struct notify_facts *facts, const struct mem *mem)
{
    *facts = (struct notify_facts){.perhaps = true};
    for (int i = 0; i < NOTIFY_FACTS; i++) {
        strbuf_init(&facts->texts[i], mem, 0);
    }
}

void notify_facts_release(struct notify_facts *facts)
{
    for (int i = 0; i < NOTIFY_FACTS; i++) {
        strbuf_release(&facts->texts[i]);
    }
    json_decref(facts->agents);
    facts->agents = NULL;
}

void notify_facts_clear(struct notify_facts *facts)
{
    for (int i = 0; i < NOTIFY_FACTS; i++) {
        strbuf_clear(&facts->texts[i]);
    }
    json_decref(facts->agents);
    facts->agents = NULL;
    facts->count = 0;
    facts->perhaps = true;
}

/* ---- texts from outside ---- */

/* Sets `out` to at most `max` bytes of the text. */
static void put_clean(struct strbuf *out, struct slice text, size_t max,
                      const struct notify_look *look)
{
    struct strbuf raw;
    strbuf_init(&raw, out->mem, 0);
    strbuf_clear(out);
    if (text.bytes != NULL) {
        strbuf_add(&raw, text.bytes, mask_cut(text.bytes, text.len, max * READ_FACTOR));
    }
    if (!look->no_mask) {
        mask_in_place(&raw);
    }
    if (!raw.failed && raw.len > 0) {
        text_put_line(raw.data, raw.len, look->ascii, out);
    }
    if (!out->failed && out->len > max) {
        out->len = utf8_cut(out->data, out->len, max);
        out->data[out->len] = '\0';
    }
    strbuf_release(&raw);
}

static void put_fact(struct notify_facts *facts, enum notify_fact fact, struct slice text,
                     const struct notify_look *look)
{
    put_clean(&facts->texts[fact], text, rows[fact].max_bytes, look);
}

static void put_name(struct notify_facts *facts, enum notify_fact fact, intern_id id,
                     const struct notify_look *look)
{
    if (id != INTERN_NONE) {
        put_fact(facts, fact, swarm_text_slice(look->swarm, id), look);
    }
}

static void put_titles(struct notify_facts *facts, agent_no number, session_no session,
                       const struct notify_look *look)
{
    struct strbuf title;
    strbuf_init(&title, facts->texts[0].mem, 0);
    query_agent_title(look->swarm, number, &title);
    if (!title.failed) {
        put_fact(facts, FACT_AGENT_NAME, (struct slice){title.data, title.len}, look);
    }
    strbuf_clear(&title);
    query_session_title(look->swarm, session, &title);
    if (!title.failed) {
        put_fact(facts, FACT_SESSION_NAME, (struct slice){title.data, title.len}, look);
    }
    strbuf_release(&title);
}

/* ---- the notices ---- */

static json_t *text_of(const struct strbuf *text)
{
    return json_stringn(text->data != NULL ? text->data : "", text->failed ? 0 : text->len);
}

static void list_agent(struct notify_facts *list, const struct notify_facts *of)
{
    static const enum notify_fact listed[] = {FACT_SESSION, FACT_SESSION_NAME, FACT_AGENT,
                                              FACT_AGENT_NAME};
    if (list->agents == NULL) {
        list->agents = json_array();
    }
    if (json_array_size(list->agents) >= AGENTS_MAX) {
        return;
    }
    json_t *agent = json_object();
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++) {
        (void)json_object_set_new(agent, rows[listed[i]].member, text_of(&of->texts[listed[i]]));
    }
    (void)json_array_append_new(list->agents, agent);
}

static void take(struct notify_facts *facts, const struct notice *notice,
                 const struct notify_look *look)
{
    const struct agent *agent = swarm_agent(look->swarm, notice->agent);
    const struct session *session = swarm_session(look->swarm, agent->session);
    put_name(facts, FACT_AGENT, agent->agent_id, look);
    put_name(facts, FACT_DESCRIPTION, agent->description, look);
    put_titles(facts, notice->agent, agent->session, look);
    put_name(facts, FACT_CLIENT, clients_of_session(look->swarm, agent->session), look);
    if (session != NULL) {
        put_name(facts, FACT_SESSION, session->id, look);
        put_name(facts, FACT_CWD, session->texts[SESSION_CWD], look);
    }
}

void notify_facts_add(struct notify_facts *facts, const struct notice *notice,
                      const struct notify_look *look)
{
    facts->perhaps &= notice->perhaps;
    if (facts->count++ == 0) {
        take(facts, notice, look);
        list_agent(facts, facts);
    } else if (facts->count <= AGENTS_MAX) {
        struct notify_facts other;
        notify_facts_init(&other, facts->texts[0].mem);
        take(&other, notice, look);
        list_agent(facts, &other);
        notify_facts_release(&other);
    }
}

void notify_facts_sentence(const struct notify_facts *facts, enum notice_kind kind,
                           struct strbuf *out)
{
    const struct strbuf *agent = &facts->texts[FACT_AGENT_NAME];
    const struct strbuf *session = &facts->texts[FACT_SESSION_NAME];
    const char *words = facts->count > 1 ? kinds[kind].many : kinds[kind].one;
    strbuf_add(out, agent->data,
               agent->data == NULL ? 0 : utf8_cut(agent->data, agent->len, NAME_BYTES));
    bool same = session->len == agent->len &&
                (session->len == 0 || memcmp(session->data, agent->data, agent->len) == 0);
    if (!same && session->len > 0) {
        strbuf_adds(out, " of ");
        strbuf_add(out, session->data, utf8_cut(session->data, session->len, NAME_BYTES));
    }
    if (facts->count > 1) {
        strbuf_addf(out, " and %llu other agent%s", (unsigned long long)(facts->count - 1),
                    facts->count == 2 ? "" : "s");
    }
    if (facts->perhaps && kind == NOTICE_WAIT) {
        strbuf_adds(out, " may wait for you");
    } else {
        strbuf_addf(out, " %s", words);
    }
}

void notify_facts_close(struct notify_facts *facts, enum notice_kind kind, int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / 1000000000);
    struct tm tm;
    char text[32] = "";
    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        text[0] = '\0';
    }
    strbuf_clear(&facts->texts[FACT_TIME]);
    strbuf_adds(&facts->texts[FACT_TIME], text);
    strbuf_clear(&facts->texts[FACT_EVENT]);
    strbuf_adds(&facts->texts[FACT_EVENT], kinds[kind].key);
    strbuf_clear(&facts->texts[FACT_COUNT]);
    strbuf_addf(&facts->texts[FACT_COUNT], "%llu", (unsigned long long)facts->count);
    strbuf_clear(&facts->texts[FACT_TEXT]);
    notify_facts_sentence(facts, kind, &facts->texts[FACT_TEXT]);
}

/* ---- for a command ---- */

/* Returns whether the entry of an environment sets a variable of the table. */
static bool is_ours(const char *entry)
{
    for (int i = 0; i < NOTIFY_FACTS; i++) {
        size_t len = strlen(rows[i].variable);
        if (strncmp(entry, rows[i].variable, len) == 0 && entry[len] == '=') {
            return true;
        }
    }
    return false;
}

static char *variable(int fact, const struct strbuf *text)
{
    size_t len = strlen(rows[fact].variable) + 1, value = text->failed ? 0 : text->len;
    char *out = malloc(len + value + 1);
    if (out != NULL) {
        snprintf(out, len + value + 1, "%s=%s", rows[fact].variable, value > 0 ? text->data : "");
    }
    return out;
}

char **notify_facts_env(const struct notify_facts *facts)
{
    size_t count = 0, at = 0;
    bool ok = true;
    while (environ[count] != NULL) {
        count++;
    }
    char **env = calloc(count + NOTIFY_FACTS + 1, sizeof *env);
    for (size_t i = 0; env != NULL && i < count; i++) {
        if (!is_ours(environ[i])) {
            env[at] = strdup(environ[i]);
            ok &= env[at] != NULL;
            at += env[at] != NULL;
        }
    }
    for (int i = 0; env != NULL && i < NOTIFY_FACTS; i++) {
        env[at] = variable(i, &facts->texts[i]);
        ok &= env[at] != NULL;
        at += env[at] != NULL;
    }
    if (!ok) {
        notify_facts_free_env(env);
        return NULL;
    }
    return env;
}

void notify_facts_free_env(char **env)
{
    for (size_t i = 0; env != NULL && env[i] != NULL; i++) {
        free(env[i]);
    }
    free(env);
}

bool notify_facts_json(const struct notify_facts *facts, struct strbuf *out)
{
    json_t *object = json_object();
    bool ok = object != NULL;
    for (int i = 0; ok && i < NOTIFY_FACTS; i++) {
        json_t *value =
            i == FACT_COUNT ? json_integer((json_int_t)facts->count) : text_of(&facts->texts[i]);
        if (facts->texts[i].len > 0) {
            ok = json_object_set_new(object, rows[i].member, value) == 0;
        } else {
            json_decref(value);
        }
    }
    ok = ok && json_object_set(object, "agents", facts->agents) == 0;
    char *text = ok ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    if (text != NULL) {
        strbuf_adds(out, text);
        strbuf_addc(out, '\n');
    }
    free(text);
    json_decref(object);
    return text != NULL && !out->failed;
}
