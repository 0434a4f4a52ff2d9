/* An update: what a source knows now about one session, agent or call. It is partial, may be
   repeated and comes in any order; core/correlate joins the updates of one call field by field.

   UPDATE_FIELDS is the one list of fields. The feed's parser, the journal's printer and the
   rules by which updates are joined all read the table made from it, so a field cannot pass the
   door without a name on the feed and a rule. doc/FEED.md describes the operations
   `update_session`, `update_agent` and `update_call`. */
#ifndef CORE_MODEL_UPDATE_H
#define CORE_MODEL_UPDATE_H

#include "core/trace/event.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum update_op { UPDATE_SESSION, UPDATE_AGENT, UPDATE_CALL, UPDATE_OPS };

/* The kind of a call. If sources differ, the greatest holds. */
enum call_kind { CALL_SPAN, CALL_INTERACTION, CALL_WAIT, CALL_TOOL, CALL_REQUEST, CALL_KINDS };

/* The trust in a source. Higher precedence holds. */
enum precedence {
    PRECEDENCE_INFERRED,
    PRECEDENCE_FILES,
    PRECEDENCE_HOOKS,
    PRECEDENCE_TELEMETRY,
    PRECEDENCES
};

enum tristate { TRI_UNSET, TRI_FALSE, TRI_TRUE };

/* How a call or a session ended, worst known last: of two outcomes the greater holds. */
enum outcome {
    OUTCOME_NONE,
    OUTCOME_INCOMPLETE,   /* a call: its session ended before it */
    OUTCOME_ENDED,        /* a call or a session: it ended by itself */
    OUTCOME_INTERRUPTED,  /* a call: a person or its client stopped it */
    OUTCOME_REFUSED,      /* a call: a person or a rule refused it */
    OUTCOME_GONE,         /* a session: its process died */
    OUTCOME_DISCONNECTED, /* a session: its sender or its process cannot be seen any more */
    OUTCOMES
};

enum field_type {
    TYPE_NUMBER,  /* a double */
    TYPE_TIME,    /* Unix epoch ms; a time outside 1970..2255 is ignored */
    TYPE_TEXT,    /* WTF-8 */
    TYPE_BOOL,    /* enum tristate as a number */
    TYPE_OUTCOME, /* enum outcome as a number */
    TYPE_OBJECT,  /* a raw JSON object */
    TYPE_TIMES,   /* an array of TYPE_TIME */
    TYPE_RETRY    /* struct retry */
};

/* Which of two values holds. Each rule is a maximum in a total order, so the order of updates never
   matters. All but BY_KEY prefer the higher precedence first. */
enum field_rule {
    RULE_LEAST,    /* then the smaller number */
    RULE_GREATEST, /* then the greater number */
    RULE_TEXT,     /* then the longer text, then the greater bytes */
    RULE_FALSE,    /* then false */
    RULE_UNION,    /* all times of the highest precedence, each once, sorted */
    RULE_BY_KEY,   /* member by member: higher precedence, then as texts */
    RULE_LATEST    /* whatever the precedence: the latest at_ms, then the greater value */
};

#define IN_SESSION (1u << UPDATE_SESSION)
#define IN_AGENT   (1u << UPDATE_AGENT)
#define IN_CALL    (1u << UPDATE_CALL)

/* X(field, key on the feed, type, rule, operations) */
#define UPDATE_FIELDS(X)                                                                         \
    X(FIELD_START_MS, "start_ms", TYPE_TIME, RULE_LEAST, IN_SESSION | IN_AGENT | IN_CALL)        \
    X(FIELD_END_MS, "end_ms", TYPE_TIME, RULE_GREATEST, IN_SESSION | IN_AGENT | IN_CALL)         \
    X(FIELD_NAME, "name", TYPE_TEXT, RULE_TEXT, IN_SESSION | IN_AGENT | IN_CALL)                 \
    X(FIELD_TITLE, "title", TYPE_TEXT, RULE_LATEST, IN_SESSION)                                  \
    X(FIELD_CUSTOM_TITLE, "custom_title", TYPE_TEXT, RULE_LATEST, IN_SESSION)                    \
    X(FIELD_ALIAS, "alias", TYPE_TEXT, RULE_TEXT, IN_SESSION | IN_AGENT | IN_CALL)               \
    X(FIELD_OUTCOME, "outcome", TYPE_OUTCOME, RULE_GREATEST, IN_SESSION | IN_CALL)               \
    X(FIELD_CWD, "cwd", TYPE_TEXT, RULE_TEXT, IN_SESSION)                                        \
    X(FIELD_BRANCH, "branch", TYPE_TEXT, RULE_TEXT, IN_SESSION)                                  \
    X(FIELD_HOST, "host", TYPE_TEXT, RULE_TEXT, IN_SESSION)                                      \
    X(FIELD_CLIENT, "client", TYPE_TEXT, RULE_TEXT, IN_SESSION)                                  \
    X(FIELD_PID, "pid", TYPE_NUMBER, RULE_LATEST, IN_SESSION)                                    \
    X(FIELD_ALIVE, "alive", TYPE_BOOL, RULE_LATEST, IN_SESSION)                                  \
    X(FIELD_STATE, "state", TYPE_TEXT, RULE_LATEST, IN_SESSION | IN_AGENT)                       \
    X(FIELD_COST_USD, "cost_usd", TYPE_NUMBER, RULE_GREATEST, IN_SESSION)                        \
    X(FIELD_PARENT_SESSION_ID, "parent_session_id", TYPE_TEXT, RULE_TEXT, IN_SESSION)            \
    X(FIELD_TYPE, "type", TYPE_TEXT, RULE_TEXT, IN_AGENT)                                        \
    X(FIELD_DESCRIPTION, "description", TYPE_TEXT, RULE_TEXT, IN_AGENT)                          \
    X(FIELD_PARENT_AGENT_ID, "parent_agent_id", TYPE_TEXT, RULE_TEXT, IN_SESSION | IN_AGENT)     \
    X(FIELD_PARENT_ID, "parent_id", TYPE_TEXT, RULE_TEXT, IN_CALL)                               \
    X(FIELD_ARGS, "args", TYPE_OBJECT, RULE_BY_KEY, IN_CALL)                                     \
    X(FIELD_SUCCESS, "success", TYPE_BOOL, RULE_FALSE, IN_CALL)                                  \
    X(FIELD_ERROR, "error", TYPE_TEXT, RULE_TEXT, IN_CALL)                                       \
    X(FIELD_MODEL, "model", TYPE_TEXT, RULE_TEXT, IN_CALL)                                       \
    X(FIELD_QUERY_SOURCE, "query_source", TYPE_TEXT, RULE_TEXT, IN_CALL)                         \
    X(FIELD_MESSAGE_ID, "message_id", TYPE_TEXT, RULE_TEXT, IN_CALL)                             \
    X(FIELD_ATTEMPTS, "attempt_start_times", TYPE_TIMES, RULE_UNION, IN_CALL)                    \
    X(FIELD_RETRY, "retry", TYPE_RETRY, RULE_LATEST, IN_CALL)                                    \
    X(FIELD_TTFT_MS, "ttft_ms", TYPE_NUMBER, RULE_LEAST, IN_CALL)                                \
    X(FIELD_TTLT_MS, "ttlt_ms", TYPE_NUMBER, RULE_GREATEST, IN_CALL)                             \
    X(FIELD_SETUP_MS, "request_setup_ms", TYPE_NUMBER, RULE_GREATEST, IN_CALL)                   \
    X(FIELD_PROMPT_TOKENS, "prompt_tokens", TYPE_NUMBER, RULE_GREATEST, IN_CALL)                 \
    X(FIELD_OUTPUT_TOKENS, "output_tokens", TYPE_NUMBER, RULE_GREATEST, IN_CALL)                 \
    X(FIELD_CACHE_READ_TOKENS, "cache_read_tokens", TYPE_NUMBER, RULE_GREATEST, IN_CALL)         \
    X(FIELD_CACHE_CREATION_TOKENS, "cache_creation_tokens", TYPE_NUMBER, RULE_GREATEST, IN_CALL) \
    X(FIELD_THOUGHT_TOKENS, "thought_tokens", TYPE_NUMBER, RULE_GREATEST, IN_CALL)               \
    X(FIELD_CONTEXT_WINDOW, "context_window", TYPE_NUMBER, RULE_GREATEST, IN_CALL)               \
    X(FIELD_RESULT_TOKENS, "result_tokens", TYPE_NUMBER, RULE_GREATEST, IN_CALL)                 \
    X(FIELD_CHILD_AGENT_ID, "child_agent_id", TYPE_TEXT, RULE_TEXT, IN_CALL)                     \
    X(FIELD_CONTEXT, "context", TYPE_TEXT, RULE_TEXT, IN_CALL)                                   \
    X(FIELD_DECISION, "decision", TYPE_TEXT, RULE_TEXT, IN_CALL)                                 \
    X(FIELD_DECISION_SOURCE, "decision_source", TYPE_TEXT, RULE_TEXT, IN_CALL)                   \
    X(FIELD_PROMPT_LENGTH, "prompt_length", TYPE_NUMBER, RULE_GREATEST, IN_CALL)                 \
    X(FIELD_MAY_ASK, "may_ask", TYPE_BOOL, RULE_FALSE, IN_CALL)                                  \
    X(FIELD_INPUT_HASH, "input_hash", TYPE_NUMBER, RULE_GREATEST, IN_CALL)

#define FIELD_NUMBER_OF(field, key, type, rule, ops) field,
enum update_field {
    UPDATE_FIELDS(FIELD_NUMBER_OF) FIELDS,
    /* Facts of a call that are no members of an update: its agent's id and its source's name. */
    FACT_AGENT_ID = FIELDS,
    FACT_BY
};
#undef FIELD_NUMBER_OF

struct field_row {
    const char *key;
    enum field_type type;
    enum field_rule rule;
    unsigned ops; /* IN_SESSION … */
};
extern const struct field_row update_fields[FIELDS];

/* An attempt of a request failed, and another is announced. */
struct retry {
    double attempt;      /* the one that failed, from 1 */
    double max_attempts; /* how many there may be; NAN: unknown */
    double in_ms;        /* the next begins so long after at_ms; NAN: unknown */
    double at_ms;        /* when it was announced */
    struct slice error;
};

union update_value {
    double number;     /* TYPE_NUMBER, TYPE_TIME, TYPE_BOOL, TYPE_OUTCOME */
    struct slice text; /* TYPE_TEXT, TYPE_OBJECT */
    struct {
        const double *ms;
        size_t count;
    } times;            /* TYPE_TIMES */
    struct retry retry; /* TYPE_RETRY */
};

/* All slices are borrowed for the call that takes the update. */
struct update {
    enum update_op op;
    enum call_kind kind; /* UPDATE_CALL */
    enum precedence precedence;
    double t_ms;      /* when it was sent, Unix epoch; moves no clock */
    int64_t local_ns; /* when it arrived, on the local clock */
    /* The machine's wall clock at that moment, if the update's times are of that clock (its own
       files have them); 0: they are of another one. */
    int64_t wall_ns;
    struct slice by; /* the source, for people; may be absent */
    struct slice session_id;
    struct slice agent_id; /* absent, or the session's id: the main agent */
    struct slice id;       /* UPDATE_CALL: of the call in its session */
    uint64_t present;      /* bit `field`: values[field] is set */
    union update_value values[FIELDS];
};

static inline bool update_has(const struct update *update, enum update_field field)
{
    return (update->present >> field & 1) != 0;
}

/* Whether a time may be one: a clock that is not set must not draw a session from 1970 on. */
static inline bool time_is_set(double ms)
{
    return ms > 0 && ms < 9e12;
}

/* Sets a number, a time, a bool or an outcome. NAN: absent, as is a time that cannot be one. */
static inline void update_number(struct update *update, enum update_field field, double value)
{
    bool time = update_fields[field].type == TYPE_TIME;
    if (isnan(value) || (time && !time_is_set(value))) {
        return;
    }
    update->values[field].number = value;
    update->present |= (uint64_t)1 << field;
}

static inline void update_bool(struct update *update, enum update_field field, enum tristate value)
{
    if (value != TRI_UNSET) {
        update_number(update, field, value);
    }
}

/* Sets a text or an object; an empty one is absent. */
static inline void update_text(struct update *update, enum update_field field, struct slice text)
{
    if (text.len > 0) {
        update->values[field].text = text;
        update->present |= (uint64_t)1 << field;
    }
}

static inline void update_times(struct update *update, enum update_field field, const double *ms,
                                size_t count)
{
    if (count > 0) {
        update->values[field].times.ms = ms;
        update->values[field].times.count = count;
        update->present |= (uint64_t)1 << field;
    }
}

/* The feed's names: "request" … "span"; "ended" … */
const char *call_kind_word(enum call_kind kind);
const char *outcome_word(enum outcome outcome);
/* False: unknown name. */
bool call_kind_read(struct slice word, enum call_kind *out);
bool outcome_read(struct slice word, enum outcome *out);

#endif
