/* A counter is an array of one value for each column of the screen. An event sets the column of
   its time; `fill` then repeats each value until the next one. A few counters exist, so they are
   a list. */
#include "core/query/counters.h"

#include "core/base/json_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The counter of a sample. A process has one counter of a name and id, on whatever threads its
   samples are. */
struct counter_key {
    agent_no agent;
    intern_id name;
    struct slice id;
    struct json_value key;
};

static bool has_bytes(const struct strbuf *text, const char *bytes, size_t len)
{
    return text->len == len && (len == 0 || memcmp(text->data, bytes, len) == 0);
}

static struct counter *find(struct counters *counters, const struct counter_key *of)
{
    for (size_t i = 0; i < counters->count; i++) {
        struct counter *counter = &counters->items[i];
        /* The same key in two spellings is rare; it yields two curves. */
        if (counter->agent == of->agent && counter->name == of->name &&
            has_bytes(&counter->key, of->key.raw, of->key.len) &&
            has_bytes(&counter->id, of->id.bytes, of->id.len)) {
            return counter;
        }
    }
    return NULL;
}

/* Returns NULL if out of memory. */
static struct counter *add(struct counters *counters, const struct counter_key *of)
{
    struct counter *counter = &counters->items[counters->count];
    *counter =
        (struct counter){.agent = of->agent, .name = of->name, .min = INFINITY, .max = -INFINITY};
    counter->values = mem_alloc(counters->mem, counters->columns * sizeof *counter->values);
    if (counter->values == NULL) {
        return NULL;
    }
    counters->count++;
    strbuf_init(&counter->id, counters->mem, 0);
    strbuf_add(&counter->id, of->id.bytes, of->id.len);
    strbuf_init(&counter->key, counters->mem, 0);
    strbuf_add(&counter->key, of->key.raw, of->key.len);
    for (size_t i = 0; i < counters->columns; i++) {
        counter->values[i] = (double)NAN;
    }
    return counter->key.failed || counter->id.failed ? NULL : counter;
}

static void put(struct counter *counter, size_t column, double value)
{
    counter->values[column] = value;
    counter->last = value;
    counter->min = value < counter->min ? value : counter->min;
    counter->max = value > counter->max ? value : counter->max;
}

static bool take(struct counters *counters, const struct counter_sample *sample,
                 const struct event *event, size_t column)
{
    struct json_value args = json_value_of(event->args.bytes, event->args.len);
    struct json_walk walk = json_walk(args);
    struct json_member member;
    while (args.type == JSON_TYPE_OBJECT && json_next_member(&walk, &member)) {
        struct counter_key key = {sample->agent, event->name, event->id, member.key};
        double value = json_get_number(json_spelt_number(member.value));
        struct counter *counter;
        if (!isfinite(value)) {
            continue;
        }
        counter = find(counters, &key);
        if (counter == NULL && counters->count == COUNTERS_MAX) {
            counters->left_out++;
            continue;
        }
        counter = counter == NULL ? add(counters, &key) : counter;
        if (counter == NULL) {
            return false;
        }
        put(counter, column, value);
    }
    return true;
}

/* Extends each value until the next one. */
static void fill(const struct counters *counters)
{
    for (size_t i = 0; i < counters->count; i++) {
        double *values = counters->items[i].values;
        for (size_t k = 1; k < counters->columns; k++) {
            values[k] = isnan(values[k]) ? values[k - 1] : values[k];
        }
    }
}

/* Decodes the keys for display. */
static bool decode_keys(struct counters *counters)
{
    bool good = true;
    for (size_t i = 0; good && i < counters->count; i++) {
        struct strbuf *key = &counters->items[i].key, text;
        strbuf_init(&text, counters->mem, 0);
        json_get_string((struct json_value){JSON_TYPE_STRING, key->data, key->len}, &text);
        good = !text.failed;
        strbuf_release(key);
        *key = text;
    }
    return good;
}

bool counters_compute(const struct swarm *swarm, int64_t t0_ns, int64_t step_ns, size_t columns,
                      struct counters *out)
{
    *out = (struct counters){.mem = swarm_mem(swarm), .columns = columns};
    bool good = true;
    for (size_t i = 0; good && i < swarm_counter_count(swarm); i++) {
        const struct counter_sample *sample = swarm_counter(swarm, i);
        enum swarm_pool pool = (enum swarm_pool)swarm_session(swarm, sample->session)->pool;
        int64_t column = sample->at_ns < t0_ns ? 0 : (sample->at_ns - t0_ns) / step_ns;
        struct event event;
        if (column < (int64_t)columns &&
            event_store_get(swarm_store(swarm, pool), sample->event, &event)) {
            good = take(out, sample, &event, (size_t)column);
        }
    }
    fill(out);
    return good && decode_keys(out);
}

void counters_release(struct counters *counters)
{
    for (size_t i = 0; i < counters->count; i++) {
        strbuf_release(&counters->items[i].key);
        strbuf_release(&counters->items[i].id);
        mem_free(counters->mem, counters->items[i].values,
                 counters->columns * sizeof *counters->items[i].values);
    }
    counters->count = 0;
}
