/* All that ingest works on, for its tests: a model, a log, a clock that stands still, and where it is wanted a hub on a loop. Where
   something cannot be done the test fails. */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include "ingest/feed/feed.h"
#include "ingest/hub.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <uv.h>

struct rig {
    struct model model;
    struct event_log *log;
    struct ingest_ctx ingest;
    struct source_counters counters;
    int64_t now_ns;             /* the local clock */
    int64_t ahead_ns;           /* the wall clock is so far ahead of it */
    uv_loop_t loop;             /* of rig_start_hub */
    struct hub *hub;            /* NULL: none */
    unsigned changed;           /* how often the hub said so */
    struct otlp_reader *reader; /* of an otlp_rig; NULL: that of the hub, if any */
};

void rig_init(struct rig *rig);
/* The same with memory of one's own, and with caps. False: out of memory; release it all the same. */
bool rig_init_with(struct rig *rig, const struct mem *mem);
bool rig_init_capped(struct rig *rig, const struct mem *mem, const struct swarm_config *config);
void rig_release(struct rig *rig);
/* The same for cmocka: *state is the rig. */
int rig_set_up(void **state);
int rig_tear_down(void **state);
#define RIG_TEST(name) TEST_WITH(name, rig_set_up, rig_tear_down)

/* ---- a decoder alone ---- */

/* Returns new: a feed named "test", its own session feed-N. */
struct feed *rig_feed(struct rig *rig);
/* Gives a feed the text, then its end where `end` is set. */
void rig_push(struct feed *feed, const char *text);
/* A feed of that text from its beginning to its end. */
void rig_take(struct rig *rig, const char *text);

/* ---- with a hub ---- */

/* Options that are zero are filled in with the rig's own. */
void rig_start_hub(struct rig *rig, struct hub_options options);
/* Adds a source, which must succeed; its index. */
size_t rig_add(struct rig *rig, const char *spec);
/* Runs the loop until it is so; the test fails when that takes longer than a minute. */
typedef bool rig_condition(struct rig *rig, void *ctx);
void rig_until(struct rig *rig, rig_condition *condition, void *ctx);
void rig_until_finished(struct rig *rig);
/* Until the sources have taken at least so many events, or refused so many lines. */
void rig_until_events(struct rig *rig, uint64_t events);
void rig_until_bad(struct rig *rig, uint64_t bad);
/* Runs the loop for so long: for what must not happen. */
void rig_run_ms(struct rig *rig, unsigned ms);
/* Stops and frees the hub. */
void rig_stop_hub(struct rig *rig);

/* ---- looking ---- */

/* The newest entry of the log whose `origin: text` holds the text; NULL: none. Borrowed. */
const char *rig_logged(const struct rig *rig, const char *text);
/* The session of that id, of either pool, that has not been dropped. NULL: none. */
const struct session *rig_session(const struct rig *rig, const char *id);
session_no rig_session_no(const struct rig *rig, const char *id);
size_t rig_live_sessions(const struct rig *rig);
/* Returns new (free): model_dump of its model. */
char *rig_dump(const struct rig *rig);
/* How many events, metadata apart, are in memory. */
size_t rig_events(const struct rig *rig);

#endif
