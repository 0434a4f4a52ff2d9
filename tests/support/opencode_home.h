/* A database of OpenCode, filled with rows that a test makes, and a source that reads it. Errors fail
   the test. */
#ifndef TESTS_OPENCODE_HOME_H
#define TESTS_OPENCODE_HOME_H

#ifdef HAVE_SQLITE

#include "tests/support/opencode_database.h"
#include "tests/support/rig.h"

/* Times are after MODEL_START_MS - 20 s; the rig's clock is MODEL_START_MS. */
#define AT(ms) (MODEL_START_MS - 20000.0 + (ms))

struct home {
    struct rig rig;
    const char *dir, *proc; /* proc: of the client that runs, once it was started */
    sqlite3 *db;
};

int home_setup(void **state);
int home_teardown(void **state);
#define HOME_TEST(name) TEST_WITH(name, home_setup, home_teardown)

void home_run(struct home *h, const char *sql);
/* Writes a row, which it takes. */
void home_put(struct home *h, const char *table, json_t *row);
void home_put_session(struct home *h, const char *id, const char *parent, double at_ms);
/* An answer that began at `from_ms`; `to_ms` 0: it is being given. */
void home_put_answer(struct home *h, const char *session, const char *id, double from_ms,
                     double to_ms);
/* `child` NULL: it runs no session. */
void home_put_tool(struct home *h, const char *session, const char *message, const char *id,
                   const char *status, double at_ms, const char *child);
/* A text of a message of session "s"; `to_ms` 0: it grows. */
void home_put_text(struct home *h, const char *message, const char *id, double from_ms,
                   double to_ms);
/* A session "s" with an answer "m1" and a tool "c1", all of which have ended. */
void home_put_turn(struct home *h);

/* Process 10 is a client in the directory of the sessions. Returns the directory of processes. */
const char *home_start_client(const char *command);
/* Reads the database, beside a client that runs; `follow` false: once, to its end. */
void home_start(struct home *h, bool follow);
/* Follows it as the default source, among those processes. */
void home_follow_among(struct home *h, const char *proc);

/* Returns how many calls of that kind there are ("requests", "tools" …). */
size_t home_count(struct home *h, const char *kind);
/* Returns "absent", "open", "ended", or the outcome's name. */
const char *home_outcome(struct home *h, const char *kind, const char *id);
/* Wait until a call is so, or a request ends then (ms after MODEL_START_MS). */
void home_until(struct home *h, const char *kind, const char *id, const char *outcome);
void home_until_end(struct home *h, const char *id, double at_ms);
/* For rig_until, `ctx` is an id: whether the session has ended. */
bool home_has_ended(struct rig *rig, void *ctx);

#endif

#endif
