/* What holds of one session, agent or call: of each field the value that its rule (update.h) chose
   from all updates so far, with the precedence of who knew it. The list has only the fields that
   some update set, since a call has few of them. Every function that returns FACT_NO_MEMORY leaves
   the facts as they were. */
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
};

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

/* NULL: unknown. Of RULE_BY_KEY: one of several (facts_args puts them together). */
const struct fact *facts_get(const struct facts *facts, enum update_field field);
double facts_number(const struct facts *facts, enum update_field field); /* NAN: unknown */
/* Bytes NULL: unknown. Borrowed until the facts change. */
struct slice facts_text(const struct facts *facts, enum update_field field);
enum tristate facts_bool(const struct facts *facts, enum update_field field);
/* Sorted. Returns how many; *ms is NULL where there are none. Borrowed until the facts change. */
size_t facts_times(const struct facts *facts, enum update_field field, const double **ms);
/* False: no retry was announced. */
bool facts_retry(const struct facts *facts, struct retry *out);
/* The args of all precedences as one raw JSON object, appended to `scratch` where there is more
   than one. Bytes NULL: there are none. Borrowed until the facts or the scratch change. */
struct slice facts_args(const struct facts *facts, struct strbuf *scratch);

#endif
