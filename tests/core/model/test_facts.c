/* core/model/facts: each rule is a maximum in a total order, so that the order, the number and the
   grouping of what is joined never matter. */
#include "core/model/facts.h"

#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 7, ROUNDS = 200, TIMES = 3 };

static unsigned pick(uint64_t *seed, unsigned below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*seed >> 33) % below;
}

/* One thing to join. */
struct known {
    union update_value value;
    enum precedence precedence;
    double at_ms;
    double times[TIMES];
};

static const char *const texts[] = {"a", "b", "ab", "ba", "longer"};
static const char *const objects[] = {
    "{}", "{\"a\":1}", "{ \"a\" : 2 }", "{\"b\":[1],\"a\":1}", "{\"\\u0061\":1}", "{\"c\":\"x\"}"};

static void make(struct known *known, enum update_field field, uint64_t *seed)
{
    *known = (struct known){.precedence = (enum precedence)pick(seed, PRECEDENCES),
                            .at_ms = 1 + pick(seed, 3)};
    switch (update_fields[field].type) {
    case TYPE_NUMBER: known->value.number = pick(seed, 4); break;
    case TYPE_TIME: known->value.number = 1 + pick(seed, 4); break;
    case TYPE_BOOL: known->value.number = 1 + pick(seed, 2); break;
    case TYPE_OUTCOME: known->value.number = 1 + pick(seed, OUTCOMES - 1); break;
    case TYPE_TEXT: known->value.text = model_text(texts[pick(seed, 5)]); break;
    case TYPE_OBJECT: known->value.text = model_text(objects[pick(seed, 6)]); break;
    case TYPE_TIMES:
        for (size_t i = 0; i < TIMES; i++) {
            known->times[i] = (double)pick(seed, 4); /* 0 is no time */
        }
        known->value.times.count = 1 + pick(seed, TIMES);
        break;
    case TYPE_RETRY:
        known->value.retry = (struct retry){
            1 + pick(seed, 2), pick(seed, 2) == 0 ? 10 : (double)NAN,
            pick(seed, 2) == 0 ? 5 : (double)NAN, pick(seed, 3), model_text(texts[pick(seed, 5)])};
        break;
    }
}

static enum fact_result join(struct facts *facts, const struct mem *mem, enum update_field field,
                             struct known *known)
{
    if (update_fields[field].type == TYPE_TIMES) {
        known->value.times.ms = known->times;
    }
    return facts_merge(facts, mem, field, &known->value, known->precedence, known->at_ms);
}

/* Returns new (free): what holds. */
static char *describe(const struct facts *facts, enum update_field field)
{
    struct strbuf out, scratch;
    const double *times;
    strbuf_init(&out, &mem_libc, 0);
    strbuf_init(&scratch, &mem_libc, 0);
    const struct fact *fact = facts_get(facts, field);
    struct retry retry = {0};
    struct slice text = {NULL, 0};
    strbuf_adds(&out, update_fields[field].key);
    switch (update_fields[field].type) {
    case TYPE_NUMBER:
    case TYPE_TIME:
    case TYPE_BOOL:
    case TYPE_OUTCOME: strbuf_addf(&out, " %g", facts_number(facts, field)); break;
    case TYPE_TEXT: text = facts_text(facts, field); break;
    case TYPE_OBJECT: text = facts_args(facts, &scratch); break;
    case TYPE_TIMES:
        for (size_t i = 0, count = facts_times(facts, field, &times); i < count; i++) {
            strbuf_addf(&out, " %g", times[i]);
        }
        break;
    case TYPE_RETRY:
        if (facts_retry(facts, &retry)) {
            strbuf_addf(&out, " %g %g %g", retry.attempt, retry.in_ms, retry.at_ms);
            text = retry.error;
        }
        break;
    }
    strbuf_addf(&out, " %.*s", (int)text.len, text.bytes == NULL ? "" : text.bytes);
    if (fact != NULL && update_fields[field].rule != RULE_LATEST &&
        update_fields[field].rule != RULE_BY_KEY) {
        strbuf_addf(&out, " of %u", fact->precedence);
    }
    strbuf_release(&scratch);
    return out.data;
}

static void assert_facts(const struct facts *facts, enum update_field field, const char *expected)
{
    char *got = describe(facts, field);
    assert_string_equal(got, expected);
    free(got);
}

static void check_field(enum update_field field, uint64_t *seed)
{
    struct known all[VALUES];
    struct facts once = {0}, again = {0}, halves[2] = {{0}, {0}};
    for (size_t i = 0; i < VALUES; i++) {
        make(&all[i], field, seed);
        assert_int_not_equal(join(&once, &mem_libc, field, &all[i]), FACT_NO_MEMORY);
    }
    char *expected = describe(&once, field);
    /* Backwards, and some twice. */
    for (size_t i = VALUES; i-- > 0;) {
        join(&again, &mem_libc, field, &all[i]);
        join(&again, &mem_libc, field, &all[i + pick(seed, (unsigned)(VALUES - i))]);
    }
    assert_facts(&again, field, expected);
    for (size_t i = 0; i < VALUES; i++) {
        assert_int_equal(join(&again, &mem_libc, field, &all[i]), FACT_SAME);
        join(&halves[pick(seed, 2)], &mem_libc, field, &all[i]);
    }
    /* Apart, then united. */
    size_t first = pick(seed, 2);
    assert_int_not_equal(facts_unite(&halves[first], &mem_libc, &halves[1 - first]),
                         FACT_NO_MEMORY);
    assert_facts(&halves[first], field, expected);
    assert_int_equal(facts_unite(&again, &mem_libc, &halves[first]), FACT_SAME);
    free(expected);
    facts_release(&once, &mem_libc);
    facts_release(&again, &mem_libc);
    facts_release(&halves[0], &mem_libc);
    facts_release(&halves[1], &mem_libc);
}

TEST(no_order_of_values_matters)
{
    uint64_t seed = 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned field = 0; field < FIELDS; field++) {
            check_field((enum update_field)field, &seed);
        }
    }
}

static void put_number(struct facts *facts, enum update_field field, enum precedence precedence,
                       double number)
{
    union update_value value = {.number = number};
    assert_int_not_equal(facts_merge(facts, &mem_libc, field, &value, precedence, number),
                         FACT_NO_MEMORY);
}

static void put_text(struct facts *facts, enum update_field field, enum precedence precedence,
                     const char *text, double at_ms)
{
    union update_value value = {.text = model_text(text)};
    assert_int_not_equal(facts_merge(facts, &mem_libc, field, &value, precedence, at_ms),
                         FACT_NO_MEMORY);
}

TEST(each_rule_has_its_order)
{
    struct facts facts = {0};
    put_number(&facts, FIELD_START_MS, PRECEDENCE_FILES, 5);
    put_number(&facts, FIELD_START_MS, PRECEDENCE_FILES, 3);
    put_number(&facts, FIELD_START_MS, PRECEDENCE_INFERRED, 1);
    assert_true(facts_number(&facts, FIELD_START_MS) == 3);
    put_number(&facts, FIELD_START_MS, PRECEDENCE_HOOKS, 4);
    assert_true(facts_number(&facts, FIELD_START_MS) == 4);
    put_number(&facts, FIELD_END_MS, PRECEDENCE_FILES, 5);
    put_number(&facts, FIELD_END_MS, PRECEDENCE_FILES, 6);
    put_number(&facts, FIELD_END_MS, PRECEDENCE_INFERRED, 9);
    assert_true(facts_number(&facts, FIELD_END_MS) == 6);
    put_number(&facts, FIELD_SUCCESS, PRECEDENCE_FILES, TRI_FALSE);
    put_number(&facts, FIELD_SUCCESS, PRECEDENCE_FILES, TRI_TRUE);
    assert_int_equal(facts_bool(&facts, FIELD_SUCCESS), TRI_FALSE);
    put_number(&facts, FIELD_SUCCESS, PRECEDENCE_HOOKS, TRI_TRUE);
    assert_int_equal(facts_bool(&facts, FIELD_SUCCESS), TRI_TRUE);
    put_text(&facts, FIELD_NAME, PRECEDENCE_FILES, "long", 9);
    put_text(&facts, FIELD_NAME, PRECEDENCE_FILES, "zzz", 9);
    assert_facts(&facts, FIELD_NAME, "name long of 1");
    put_text(&facts, FIELD_STATE, PRECEDENCE_FILES, "late", 9);
    put_text(&facts, FIELD_STATE, PRECEDENCE_TELEMETRY, "earlier", 8);
    assert_facts(&facts, FIELD_STATE, "state late");
    put_text(&facts, FIELD_ARGS, PRECEDENCE_FILES, "{\"command\":\"make\",\"a\":1}", 0);
    put_text(&facts, FIELD_ARGS, PRECEDENCE_TELEMETRY, "{\"a\":2}", 0);
    assert_facts(&facts, FIELD_ARGS, "args {\"a\":2,\"command\":\"make\"}");
    facts_release(&facts, &mem_libc);
}

TEST(lack_of_memory_leaves_the_facts_as_they_were)
{
    uint64_t seed = 7;
    for (unsigned field = 0; field < FIELDS; field++) {
        struct known all[VALUES];
        struct failing_mem failing = {.allow = -1};
        struct mem mem = failing_mem(&failing);
        struct facts facts = {0};
        for (size_t i = 0; i < VALUES; i++) {
            make(&all[i], (enum update_field)field, &seed);
            char *before = describe(&facts, (enum update_field)field);
            enum fact_result result = FACT_NO_MEMORY;
            for (failing.allow = 0; result == FACT_NO_MEMORY;) {
                long allow = failing.allow;
                result = join(&facts, &mem, (enum update_field)field, &all[i]);
                if (result == FACT_NO_MEMORY) {
                    assert_facts(&facts, (enum update_field)field, before);
                    failing.allow = allow + 1;
                }
                assert_true(allow < 20);
            }
            free(before);
        }
        facts_release(&facts, &mem);
        assert_int_equal(failing.live_blocks, 0);
    }
}
