/* The facts of a notice, as texts for a command and for the terminal: one line each, of bounded
   length, without control characters, and with keys and passwords masked. The variables
   SWARMTOP_* and the members of the JSON are rows of one table. */
#ifndef TUI_NOTIFY_FACTS_H
#define TUI_NOTIFY_FACTS_H

#include "core/analysis/notices.h"

#include <jansson.h>

enum notify_fact {
    FACT_EVENT,
    FACT_TEXT,
    FACT_COUNT,
    FACT_SESSION,
    FACT_SESSION_NAME,
    FACT_AGENT,
    FACT_AGENT_NAME,
    FACT_DESCRIPTION,
    FACT_CLIENT,
    FACT_CWD,
    FACT_TIME,
    NOTIFY_FACTS
};

/* Notices of one kind that were not reported yet: all facts of the first, and which agents the
   others are about, as far as there is room. */
struct notify_facts {
    uint64_t count; /* of agents; 0: no notice */
    bool perhaps;   /* of all: as in struct notice */
    struct strbuf texts[NOTIFY_FACTS];
    json_t *agents;
};

struct notify_look {
    const struct swarm *swarm;
    bool ascii, no_mask;
};

void notify_facts_init(struct notify_facts *facts, const struct mem *mem);
void notify_facts_release(struct notify_facts *facts);
/* Makes it empty. */
void notify_facts_clear(struct notify_facts *facts);
/* Adds a notice of the same kind. A lack of memory costs texts. */
void notify_facts_add(struct notify_facts *facts, const struct notice *notice,
                      const struct notify_look *look);
/* Appends the sentence for people: `coder waits for you`, `coder and 2 other agents wait for you`.
 */
void notify_facts_sentence(const struct notify_facts *facts, enum notice_kind kind,
                           struct strbuf *out);
/* Sets what is known when they are reported: event, text, count and time (the wall clock). */
void notify_facts_close(struct notify_facts *facts, enum notice_kind kind, int64_t wall_ns);
/* Returns new (notify_facts_free_env): this process's environment with the facts in it; NULL: out
   of memory. */
char **notify_facts_env(const struct notify_facts *facts);
void notify_facts_free_env(char **env);
/* Appends the facts as one JSON object in one line. Returns false if out of memory. */
bool notify_facts_json(const struct notify_facts *facts, struct strbuf *out);

#endif
