/* The facts of one session, agent or call. Each field has the value that its rule (update.h)
   chose from all updates so far, with its precedence. The list has only fields that some update
   set. A function that returns FACT_NO_MEMORY leaves the facts unchanged. */
#ifndef CORE_MODEL_FACTS_H
#define CORE_MODEL_FACTS_H

#include "core/base/mem.h"
#include "core/model/update.h"

struct fact {
    uint8_t field;      /* enum update_field */
    uint8_t precedence; /* enum precedence */
    bool merged;        /* of RULE_BY_KEY: members of several different objects */
    uint32_t len;       /* of bytes */
    union {
        double number;
        char *bytes; /* a text, an object, times (doubles), or a retry; owned */
    };
    double at_ms; /* of RULE_LATEST: when it was known */
};

struct facts {
    struct fact *items;
    uint16_t count, cap;
    uint32_t lost_times; /* times that merges dropped, as there were more than FACT_TIMES_MAX */
};

/* So many attempts of a request are kept: the latest. */
enum { FACT_TIMES_MAX = 1000 };

enum fact_result { FACT_SAME, FACT_CHANGED, FACT_NO_MEMORY };

/* An empty list is {0}. */
void facts_release(struct facts *facts, const struct mem *mem);
/* Joins one value. `at_ms` counts for RULE_LATEST alone. FACT_CHANGED: the value that holds is
   another one now. A higher precedence for the same value is FACT_SAME. */
enum fact_result facts_merge(struct facts *facts, const struct mem *mem, enum update_field field,
                             const union update_value *value, enum precedence precedence,
                             double at_ms);
/* Joins all of `from`. */
enum fact_result facts_unite(struct facts *facts, const struct mem *mem, const struct facts *from);

/* Returns the fact; NULL: unknown. A field of RULE_BY_KEY has several: use facts_args. */
const struct fact *facts_get(const struct facts *facts, enum update_field field);
double facts_number(const struct facts *facts, enum update_field field); /* NAN: unknown */
/* Bytes NULL: unknown. Borrowed until the facts change. */
struct slice facts_text(const struct facts *facts, enum update_field field);
enum tristate facts_bool(const struct facts *facts, enum update_field field);
/* Returns the number of times, and in *ms the sorted times; NULL if it has no times. Borrowed
   until the facts change. */
size_t facts_times(const struct facts *facts, enum update_field field, const double **ms);
/* False: no retry was announced. */
bool facts_retry(const struct facts *facts, struct retry *out);
/* Returns the args of all precedences as one raw JSON object. More than one are joined in
   `scratch`. Bytes NULL: no args. Borrowed until the facts or the scratch change. */
struct slice facts_args(const struct facts *facts, struct strbuf *scratch);

#endif
