/* Facts are a short list, searched in order: a call has five to fifteen. Texts have blocks of
   their own, since few are equal and they are freed with their call.

   Each rule is a maximum in a total order, so its result depends on the set of values alone. If
   sources of one precedence report different args, their members are joined one by one. They are
   then sorted by key, so the order of arrival does not show. */
#include "core/model/facts.h"

#include "core/base/json_join.h"

#include <stdlib.h>

static enum field_rule rule_of(unsigned field)
{
    return field < FIELDS ? update_fields[field].rule : RULE_TEXT;
}

static enum field_type type_of(unsigned field)
{
    return field < FIELDS ? update_fields[field].type : TYPE_TEXT;
}

static bool is_block(unsigned field)
{
    enum field_type type = type_of(field);
    return type == TYPE_TEXT || type == TYPE_OBJECT || type == TYPE_TIMES || type == TYPE_RETRY;
}

static void free_fact(struct fact *fact, const struct mem *mem)
{
    if (is_block(fact->field)) {
        mem_free(mem, fact->bytes, fact->len);
    }
}

void facts_release(struct facts *facts, const struct mem *mem)
{
    for (size_t i = 0; i < facts->count; i++) {
        free_fact(&facts->items[i], mem);
    }
    mem_free(mem, facts->items, facts->cap * sizeof *facts->items);
    *facts = (struct facts){0};
}

/* The fact of that field; of RULE_BY_KEY that of the precedence too. NULL: none. */
static struct fact *find(const struct facts *facts, unsigned field, unsigned precedence)
{
    bool by_key = rule_of(field) == RULE_BY_KEY;
    for (size_t i = 0; i < facts->count; i++) {
        struct fact *fact = &facts->items[i];
        if (fact->field == field && (!by_key || fact->precedence == precedence)) {
            return fact;
        }
    }
    return NULL;
}

/* Room for one more; NULL: out of memory. */
static struct fact *add(struct facts *facts, const struct mem *mem)
{
    if (facts->count == facts->cap) {
        size_t cap = facts->cap == 0 ? 6 : (size_t)facts->cap * 2;
        struct fact *items =
            mem->resize(mem->ctx, facts->items, facts->cap * sizeof *items, cap * sizeof *items);
        if (items == NULL) {
            return NULL;
        }
        facts->items = items;
        facts->cap = (uint16_t)cap;
    }
    return &facts->items[facts->count];
}

/* ---- texts ---- */

/* Replaces the block of a fact, which may be new. False: out of memory, nothing changed. */
static bool put_block(struct facts *facts, const struct mem *mem, struct fact *fact,
                      struct fact made, const void *bytes, size_t len)
{
    char *copy = NULL;
    struct fact *room = fact != NULL ? fact : add(facts, mem);
    if (room == NULL || (len > 0 && (copy = mem_alloc(mem, len)) == NULL)) {
        return false;
    }
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    made.bytes = copy;
    made.len = (uint32_t)len;
    if (fact != NULL) {
        free_fact(fact, mem);
    } else {
        facts->count++;
    }
    *room = made;
    return true;
}

static enum fact_result merge_text(struct facts *facts, const struct mem *mem, struct fact made,
                                   struct slice text)
{
    struct fact *fact = find(facts, made.field, made.precedence);
    bool latest = rule_of(made.field) == RULE_LATEST;
    int order = fact == NULL ? 1 : json_join_order(text.bytes, text.len, fact->bytes, fact->len);
    if (fact != NULL) {
        double now = latest ? made.at_ms : made.precedence;
        double was = latest ? fact->at_ms : fact->precedence;
        if (now < was || (now <= was && order <= 0)) {
            return FACT_SAME;
        }
    }
    if (order == 0 && fact != NULL) {
        fact->precedence = made.precedence;
        fact->at_ms = made.at_ms;
        return FACT_SAME;
    }
    return put_block(facts, mem, fact, made, text.bytes, text.len) ? FACT_CHANGED : FACT_NO_MEMORY;
}

/* ---- numbers ---- */

static bool is_better(enum field_rule rule, double now, double was)
{
    return rule == RULE_LEAST || rule == RULE_FALSE ? now < was : now > was;
}

static enum fact_result merge_number(struct facts *facts, const struct mem *mem, struct fact made)
{
    struct fact *fact = find(facts, made.field, made.precedence);
    enum field_rule rule = rule_of(made.field);
    if (fact == NULL) {
        fact = add(facts, mem);
        if (fact == NULL) {
            return FACT_NO_MEMORY;
        }
        facts->count++;
        *fact = made;
        return FACT_CHANGED;
    }
    double now = rule == RULE_LATEST ? made.at_ms : made.precedence;
    double was = rule == RULE_LATEST ? fact->at_ms : fact->precedence;
    if (now < was || (now <= was && !is_better(rule, made.number, fact->number))) {
        return FACT_SAME;
    }
    bool changed = made.number < fact->number || made.number > fact->number;
    *fact = made;
    return changed ? FACT_CHANGED : FACT_SAME;
}

/* ---- times ---- */

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool any_time(const double *ms, size_t count)
{
    size_t i = 0;
    while (i < count && !time_is_set(ms[i])) {
        i++;
    }
    return i < count;
}

/* Sorts the times and drops invalid and repeated ones, and the oldest ones beyond FACT_TIMES_MAX.
   Returns how many are left. Those of them from `known_ms` on that went are counted in *lost. */
static size_t tidy_times(double *times, size_t count, double known_ms, uint32_t *lost)
{
    size_t kept = 0;
    qsort(times, count, sizeof *times, by_time);
    for (size_t i = 0; i < count; i++) {
        if (time_is_set(times[i]) && (kept == 0 || times[i] > times[kept - 1])) {
            times[kept++] = times[i];
        }
    }
    if (kept > FACT_TIMES_MAX) {
        for (size_t i = 0; i < kept - FACT_TIMES_MAX; i++) {
            *lost += times[i] >= known_ms ? 1u : 0u;
        }
        memmove(times, times + (kept - FACT_TIMES_MAX), FACT_TIMES_MAX * sizeof *times);
        kept = FACT_TIMES_MAX;
    }
    return kept;
}

static enum fact_result merge_times(struct facts *facts, const struct mem *mem, struct fact made,
                                    const double *ms, size_t count)
{
    struct fact *fact = find(facts, made.field, made.precedence);
    if (!any_time(ms, count) || (fact != NULL && made.precedence < fact->precedence)) {
        return FACT_SAME;
    }
    bool joined = fact != NULL && made.precedence == fact->precedence;
    size_t had = joined ? fact->len / sizeof *ms : 0, all = had + count;
    double *times = mem_alloc(mem, (all + 1) * sizeof *times);
    if (times == NULL) {
        return FACT_NO_MEMORY;
    }
    if (had > 0) {
        memcpy(times, fact->bytes, had * sizeof *times);
    }
    memcpy(times + had, ms, count * sizeof *times);
    /* Senders repeat times: what is older than the first of a full list may have been counted. */
    double known_ms = had == FACT_TIMES_MAX ? times[0] : -(double)INFINITY;
    uint32_t lost = 0;
    size_t kept = tidy_times(times, all, known_ms, &lost), len = kept * sizeof *times;
    bool same = fact != NULL && fact->len == len && memcmp(fact->bytes, times, len) == 0;
    bool good = same || put_block(facts, mem, fact, made, times, len);
    mem_free(mem, times, (all + 1) * sizeof *times);
    if (same) {
        fact->precedence = made.precedence;
    }
    facts->lost_times += good ? lost : 0;
    return !good ? FACT_NO_MEMORY : same ? FACT_SAME : FACT_CHANGED;
}

/* ---- retries ---- */

struct kept_retry {
    double attempt, in_ms, max_attempts;
};

static enum fact_result merge_retry(struct facts *facts, const struct mem *mem, struct fact made,
                                    const struct retry *retry)
{
    struct fact *fact = find(facts, made.field, made.precedence);
    struct kept_retry kept = {retry->attempt, retry->in_ms, retry->max_attempts};
    size_t len = sizeof kept + retry->error.len;
    char *bytes = mem_alloc(mem, len);
    if (bytes == NULL) {
        return FACT_NO_MEMORY;
    }
    memcpy(bytes, &kept, sizeof kept);
    if (retry->error.len > 0) {
        memcpy(bytes + sizeof kept, retry->error.bytes, retry->error.len);
    }
    made.at_ms = time_is_set(retry->at_ms) ? retry->at_ms : made.at_ms;
    int order = fact == NULL ? 1 : json_join_order(bytes, len, fact->bytes, fact->len);
    bool better =
        fact == NULL || made.at_ms > fact->at_ms || (made.at_ms >= fact->at_ms && order > 0);
    bool good = !better || put_block(facts, mem, fact, made, bytes, len);
    mem_free(mem, bytes, len);
    return !better ? FACT_SAME : good ? FACT_CHANGED : FACT_NO_MEMORY;
}

/* ---- args ---- */

static struct json_value object_of(const char *bytes, size_t len)
{
    return (struct json_value){JSON_TYPE_OBJECT, bytes, len};
}

static enum fact_result merge_object(struct facts *facts, const struct mem *mem, struct fact made,
                                     struct slice object)
{
    struct fact *fact = find(facts, made.field, made.precedence);
    if (fact == NULL) {
        return put_block(facts, mem, NULL, made, object.bytes, object.len) ? FACT_CHANGED
                                                                           : FACT_NO_MEMORY;
    }
    if (json_join_order(object.bytes, object.len, fact->bytes, fact->len) == 0) {
        return FACT_SAME;
    }
    struct strbuf joined;
    strbuf_init(&joined, mem, 0);
    made.merged = true;
    bool good = json_join(mem, object_of(fact->bytes, fact->len),
                          object_of(object.bytes, object.len), &joined);
    bool same = good && json_join_order(joined.data, joined.len, fact->bytes, fact->len) == 0;
    good = good && (same || put_block(facts, mem, fact, made, joined.data, joined.len));
    strbuf_release(&joined);
    return !good ? FACT_NO_MEMORY : same ? FACT_SAME : FACT_CHANGED;
}

/* ---- all ---- */

enum fact_result facts_merge(struct facts *facts, const struct mem *mem, enum update_field field,
                             const union update_value *value, enum precedence precedence,
                             double at_ms)
{
    struct fact made = {
        .field = (uint8_t)field,
        .precedence = (uint8_t)precedence,
        .at_ms = rule_of(field) == RULE_LATEST ? at_ms : 0,
    };
    switch (type_of(field)) {
    case TYPE_NUMBER:
    case TYPE_TIME:
    case TYPE_BOOL:
    case TYPE_OUTCOME: made.number = value->number; return merge_number(facts, mem, made);
    case TYPE_TEXT: return merge_text(facts, mem, made, value->text);
    case TYPE_OBJECT: return merge_object(facts, mem, made, value->text);
    case TYPE_TIMES: return merge_times(facts, mem, made, value->times.ms, value->times.count);
    case TYPE_RETRY: return merge_retry(facts, mem, made, &value->retry);
    }
    return FACT_SAME;
}

static void read_retry(const struct fact *fact, struct retry *out)
{
    struct kept_retry kept;
    memcpy(&kept, fact->bytes, sizeof kept);
    *out = (struct retry){
        .attempt = kept.attempt,
        .in_ms = kept.in_ms,
        .max_attempts = kept.max_attempts,
        .at_ms = fact->at_ms,
        .error = {fact->bytes + sizeof kept, fact->len - sizeof kept},
    };
}

/* The value of a fact as an update would bring it. `times`: room for those of TYPE_TIMES. */
static union update_value value_of(const struct fact *fact)
{
    union update_value value = {.number = fact->number};
    switch (type_of(fact->field)) {
    case TYPE_TEXT:
    case TYPE_OBJECT: value.text = (struct slice){fact->bytes, fact->len}; break;
    case TYPE_TIMES:
        value.times.ms = (const double *)(const void *)fact->bytes;
        value.times.count = fact->len / sizeof(double);
        break;
    case TYPE_RETRY: read_retry(fact, &value.retry); break;
    case TYPE_NUMBER:
    case TYPE_TIME:
    case TYPE_BOOL:
    case TYPE_OUTCOME: break;
    }
    return value;
}

enum fact_result facts_unite(struct facts *facts, const struct mem *mem, const struct facts *from)
{
    enum fact_result result = FACT_SAME;
    for (size_t i = 0; i < from->count; i++) {
        const struct fact *fact = &from->items[i];
        union update_value value = value_of(fact);
        enum fact_result one = facts_merge(facts, mem, (enum update_field)fact->field, &value,
                                           (enum precedence)fact->precedence, fact->at_ms);
        if (one == FACT_NO_MEMORY) {
            return one;
        }
        result = one == FACT_CHANGED ? one : result;
    }
    return result;
}

/* ---- reading ---- */

const struct fact *facts_get(const struct facts *facts, enum update_field field)
{
    for (size_t i = 0; i < facts->count; i++) {
        if (facts->items[i].field == field) {
            return &facts->items[i];
        }
    }
    return NULL;
}

double facts_number(const struct facts *facts, enum update_field field)
{
    const struct fact *fact = facts_get(facts, field);
    return fact == NULL ? (double)NAN : fact->number;
}

struct slice facts_text(const struct facts *facts, enum update_field field)
{
    const struct fact *fact = facts_get(facts, field);
    return fact == NULL ? (struct slice){NULL, 0} : (struct slice){fact->bytes, fact->len};
}

enum tristate facts_bool(const struct facts *facts, enum update_field field)
{
    const struct fact *fact = facts_get(facts, field);
    return fact == NULL ? TRI_UNSET : (enum tristate)(int)fact->number;
}

size_t facts_times(const struct facts *facts, enum update_field field, const double **ms)
{
    const struct fact *fact = facts_get(facts, field);
    *ms = fact == NULL ? NULL : (const double *)(const void *)fact->bytes;
    return fact == NULL ? 0 : fact->len / sizeof **ms;
}

bool facts_retry(const struct facts *facts, struct retry *out)
{
    const struct fact *fact = facts_get(facts, FIELD_RETRY);
    if (fact != NULL) {
        read_retry(fact, out);
    }
    return fact != NULL;
}

struct slice facts_args(const struct facts *facts, struct strbuf *scratch)
{
    struct slice args = {NULL, 0};
    size_t from = scratch->len;
    for (unsigned precedence = PRECEDENCES; precedence-- > 0;) {
        const struct fact *fact = find(facts, FIELD_ARGS, precedence);
        if (fact == NULL) {
            continue;
        }
        if (args.bytes == NULL) {
            args = (struct slice){fact->bytes, fact->len};
            continue;
        }
        struct strbuf all;
        strbuf_init(&all, scratch->mem, 0);
        json_add_missing(object_of(args.bytes, args.len), object_of(fact->bytes, fact->len), &all);
        scratch->len = from;
        strbuf_add(scratch, all.data, all.len);
        scratch->failed |= all.failed;
        strbuf_release(&all);
        args = scratch->failed ? args : (struct slice){scratch->data + from, scratch->len - from};
    }
    return args;
}
