#include "ingest/otlp/otlp_clocks.h"

#include "core/base/mask.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { LOGGED_MAX = 100, PART_BYTES = 40 };

/* ---- who sends ---- */

static struct slice resource_text(const struct otlp_scope *scope, const char *key)
{
    const struct otlp_value *value = otlp_attribute(&scope->resource, key);
    bool is_text = value != NULL && value->type == OTLP_TEXT;
    return is_text ? value->text : (struct slice){.bytes = NULL, .len = 0};
}

static uint64_t hash_of(uint64_t seed, struct slice text)
{
    return text.len == 0 ? seed * 31 + 1 : XXH3_64bits_withSeed(text.bytes, text.len, seed);
}

static void put_part(struct strbuf *out, struct slice text, const char *otherwise)
{
    if (text.len == 0) {
        strbuf_adds(out, otherwise);
    } else {
        ingest_ctx_quote(out, text.bytes, mask_cut(text.bytes, text.len, PART_BYTES));
    }
}

static void set_name(struct otlp_clock *clock, const struct mem *mem, struct slice host,
                     struct slice service)
{
    struct strbuf name;
    strbuf_init(&name, mem, 0);
    put_part(&name, service, "a sender");
    if (host.len > 0) {
        strbuf_adds(&name, " on ");
        put_part(&name, host, "");
    }
    (void)snprintf(clock->name, sizeof clock->name, "%s", name.failed ? "a sender" : name.data);
    strbuf_release(&name);
}

/* Returns the clock of the scope's sender. A new one replaces the one silent for longest. */
static struct otlp_clock *clock_of(struct otlp_clocks *clocks, const struct mem *mem,
                                   const struct otlp_scope *scope)
{
    struct slice host = resource_text(scope, "host.name");
    struct slice service = resource_text(scope, "service.name");
    uint64_t key = hash_of(hash_of(3, host), service);
    struct otlp_clock *oldest = &clocks->items[0];
    for (size_t i = 0; i < clocks->count; i++) {
        struct otlp_clock *clock = &clocks->items[i];
        if (clock->key == key) {
            return clock;
        }
        oldest = clock->last < oldest->last ? clock : oldest;
    }
    if (clocks->count < OTLP_CLOCKS) {
        oldest = &clocks->items[clocks->count++];
    }
    *oldest = (struct otlp_clock){.key = key};
    set_name(oldest, mem, host, service);
    return oldest;
}

/* ---- the times of a request ---- */

/* The sender whose times are looked at now. */
struct look {
    struct otlp_clocks *clocks;
    const struct mem *mem;
    const struct otlp_scope *scope;
    struct otlp_clock *clock;
};

static void look_at(struct look *look, const struct otlp_scope *scope, uint64_t time_ns)
{
    if (scope == NULL || time_ns == 0 || time_ns > INT64_MAX) {
        return;
    }
    if (look->scope != scope) {
        look->scope = scope;
        look->clock = clock_of(look->clocks, look->mem, scope);
    }
    struct otlp_clock *clock = look->clock;
    if (clock->last != look->clocks->requests) {
        clock->last = look->clocks->requests;
        clock->newest_ns = 0;
    }
    clock->newest_ns = time_ns > clock->newest_ns ? time_ns : clock->newest_ns;
}

static void look_at_all(struct look *look, const struct otlp_batch *batch)
{
    for (size_t i = 0; i < batch->span_count; i++) {
        const struct otlp_span *span = &batch->spans[i];
        look_at(look, span->scope, span->end_ns != 0 ? span->end_ns : span->start_ns);
    }
    for (size_t i = 0; i < batch->log_count; i++) {
        const struct otlp_log *log = &batch->logs[i];
        look_at(look, log->scope, log->time_ns != 0 ? log->time_ns : log->observed_ns);
    }
    for (size_t i = 0; i < batch->point_count; i++) {
        look_at(look, batch->points[i].scope, batch->points[i].time_ns);
    }
}

/* ---- the skew ---- */

static void measure(struct otlp_clock *clock, int64_t now_ns)
{
    size_t last = clock->count++ % OTLP_CLOCK_REQUESTS;
    size_t known = clock->count < OTLP_CLOCK_REQUESTS ? (size_t)clock->count : OTLP_CLOCK_REQUESTS;
    clock->ahead_ms[last] = (double)((int64_t)clock->newest_ns - now_ns) / 1e6;
    double most = clock->ahead_ms[0];
    for (size_t i = 1; i < known; i++) {
        most = fmax(most, clock->ahead_ms[i]);
    }
    bool ahead = most > OTLP_CLOCK_AHEAD_MS;
    bool late = known == OTLP_CLOCK_REQUESTS && most < -OTLP_CLOCK_LATE_MS;
    clock->off_ms = ahead || late ? most : 0;
}

/* Whether the log has something else of it. */
static bool is_news(const struct otlp_clock *clock)
{
    double now = clock->off_ms, then = clock->logged_ms;
    bool same_side = (now > 0) == (then > 0) && (now < 0) == (then < 0);
    return !same_side || fabs(now) > 2 * fabs(then) || fabs(then) > 2 * fabs(now);
}

static void report(struct otlp_clocks *clocks, struct otlp_clock *clock, struct ingest_ctx *ingest,
                   const char *by)
{
    char text[OTLP_CLOCK_BYTES + 120];
    double off_s = clock->off_ms / 1000;
    if (!is_news(clock) || clocks->logged == LOGGED_MAX) {
        return;
    }
    if (off_s > 0) {
        (void)snprintf(text, sizeof text, "the clock of %s is %.1f s ahead of this machine's",
                       clock->name, off_s);
    } else if (off_s < 0) {
        (void)snprintf(text, sizeof text,
                       "the times of %s are %.1f s late: its clock lags, or it waits so long",
                       clock->name, -off_s);
    } else {
        (void)snprintf(text, sizeof text, "the clock of %s agrees with this machine's again",
                       clock->name);
    }
    clock->logged_ms = clock->off_ms;
    clocks->logged++;
    ingest_ctx_log_from(ingest, off_s == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, by, text);
}

void otlp_clocks_take(struct otlp_clocks *clocks, struct ingest_ctx *ingest, const char *by,
                      const struct otlp_batch *batch)
{
    struct look look = {.clocks = clocks, .mem = ingest->mem};
    clocks->requests++;
    look_at_all(&look, batch);
    for (size_t i = 0; i < clocks->count; i++) {
        struct otlp_clock *clock = &clocks->items[i];
        if (clock->last == clocks->requests) {
            measure(clock, ingest_ctx_wall(ingest));
            report(clocks, clock, ingest, by);
        }
    }
}

const struct otlp_clock *otlp_clocks_worst(const struct otlp_clocks *clocks)
{
    const struct otlp_clock *worst = NULL;
    for (size_t i = 0; i < clocks->count; i++) {
        const struct otlp_clock *clock = &clocks->items[i];
        if (fabs(clock->off_ms) > (worst == NULL ? 0 : fabs(worst->off_ms))) {
            worst = clock;
        }
    }
    return worst;
}
