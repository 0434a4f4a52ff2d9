#include "tests/support/opencode_home.h"

#ifdef HAVE_SQLITE

#include "tests/support/processes.h"
#include "tests/support/records.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int home_setup(void **state)
{
    struct home *h = calloc(1, sizeof *h);
    rig_init(&h->rig);
    h->dir = support_tmpdir();
    h->db = opencode_database_new(h->dir);
    *state = h;
    return 0;
}

int home_teardown(void **state)
{
    struct home *h = *state;
    sqlite3_close(h->db);
    rig_release(&h->rig);
    free(h);
    return 0;
}

void home_run(struct home *h, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(h->db, sql, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", sql, why);
    }
}

void home_put(struct home *h, const char *table, json_t *row)
{
    assert_non_null(row);
    opencode_put_row(h->db, table, row);
    json_decref(row);
}

void home_put_session(struct home *h, const char *id, const char *parent, double at_ms)
{
    home_put(h, "session",
             json_pack("{s:s, s:s*, s:s, s:s, s:s, s:s, s:s, s:f, s:f}", "id", id, "parent_id",
                       parent, "project_id", "p", "slug", id, "directory", "/home/dev/api", "title",
                       "Do", "version", "1", "time_created", at_ms, "time_updated", at_ms));
}

/* An answer that began at `from_ms`; `to_ms` 0: it is being given. */
void home_put_answer(struct home *h, const char *session, const char *id, double from_ms,
                     double to_ms)
{
    json_t *data = json_pack("{s:s, s:s, s:{s:f}, s:{s:i, s:i}}", "role", "assistant", "modelID",
                             "m", "time", "created", from_ms, "tokens", "input", 10, "output", 2);
    if (to_ms > 0) {
        json_object_set_new(json_object_get(data, "time"), "completed", json_real(to_ms));
    }
    home_put(h, "message",
             json_pack("{s:s, s:s, s:f, s:f, s:o}", "id", id, "session_id", session, "time_created",
                       from_ms, "time_updated", to_ms > 0 ? to_ms : from_ms, "data", data));
}

void home_put_tool(struct home *h, const char *session, const char *message, const char *id,
                   const char *status, double at_ms, const char *child)
{
    home_put(h, "part",
             json_pack("{s:s, s:s, s:s, s:f, s:f, s:{s:s, s:s, s:s, s:{s:s, s:{s:f}, s:{s:s*}}}}",
                       "id", id, "message_id", message, "session_id", session, "time_created",
                       at_ms, "time_updated", at_ms, "data", "type", "tool", "callID", id, "tool",
                       "bash", "state", "status", status, "time", "start", at_ms, "metadata",
                       "sessionId", child));
}

/* Process 10 is a client in the directory of the sessions. Returns the directory of processes. */
const char *home_start_client(const char *command)
{
    const char *proc = processes_new();
    processes_start(proc, 10, 1, 1, "opencode", command);
    processes_work_in(proc, 10, "/home/dev/api");
    return proc;
}

/* The client of the sessions runs. */
void home_start(struct home *h, bool follow)
{
    static struct source_setting settings[2];
    char spec[600];
    h->proc = home_start_client("opencode");
    settings[0] = (struct source_setting){"opencode:", "proc", h->proc};
    rig_start_hub(&h->rig, (struct hub_options){.follow = follow, .settings = settings});
    snprintf(spec, sizeof spec, "opencode:%s", h->dir);
    rig_add(&h->rig, spec);
    if (!follow) {
        rig_until_finished(&h->rig);
    }
}

size_t home_count(struct home *h, const char *kind)
{
    json_t *all = records_of(&h->rig.model);
    size_t count = json_object_size(json_object_get(all, kind));
    json_decref(all);
    return count;
}

const char *home_outcome(struct home *h, const char *kind, const char *id)
{
    static char outcome[40];
    json_t *all = records_of(&h->rig.model);
    const json_t *call = json_object_get(json_object_get(all, kind), id);
    const char *text = json_string_value(json_object_get(call, "outcome"));
    bool ended = json_object_get(call, "end_ms") != NULL;
    snprintf(outcome, sizeof outcome, "%s",
             call == NULL   ? "absent"
             : text != NULL ? text
             : ended        ? "ended"
                            : "open");
    json_decref(all);
    return outcome;
}

struct wanted {
    const char *kind, *id, *outcome;
};

static bool is_so(struct rig *rig, void *ctx)
{
    const struct wanted *wanted = ctx;
    return strcmp(home_outcome((struct home *)rig, wanted->kind, wanted->id), wanted->outcome) == 0;
}

void home_until(struct home *h, const char *kind, const char *id, const char *outcome)
{
    struct wanted wanted = {kind, id, outcome};
    rig_until(&h->rig, is_so, &wanted);
}

struct end {
    const char *id;
    double at_ms; /* after MODEL_START_MS */
};

static bool ends_then(struct rig *rig, void *ctx)
{
    const struct end *end = ctx;
    json_t *all = records_of(&rig->model);
    const json_t *call = json_object_get(json_object_get(all, "requests"), end->id);
    double at_ms = json_number_value(json_object_get(call, "end_ms"));
    json_decref(all);
    return fabs(at_ms - end->at_ms) < 1;
}

void home_until_end(struct home *h, const char *id, double at_ms)
{
    struct end end = {id, at_ms};
    rig_until(&h->rig, ends_then, &end);
}

bool home_has_ended(struct rig *rig, void *ctx)
{
    const struct session *session = rig_session(rig, ctx);
    return session != NULL && (session->flags & SESSION_ENDED) != 0;
}

void home_put_turn(struct home *h)
{
    home_put_session(h, "s", NULL, AT(0));
    home_put_answer(h, "s", "m1", AT(1000), AT(3000));
    home_put_tool(h, "s", "m1", "c1", "completed", AT(2000), NULL);
}

void home_put_text(struct home *h, const char *message, const char *id, double from_ms,
                   double to_ms)
{
    json_t *data =
        json_pack("{s:s, s:s, s:{s:f}}", "type", "text", "text", "Well", "time", "start", from_ms);
    if (to_ms > 0) {
        json_object_set_new(json_object_get(data, "time"), "end", json_real(to_ms));
    }
    home_put(h, "part",
             json_pack("{s:s, s:s, s:s, s:f, s:f, s:o}", "id", id, "message_id", message,
                       "session_id", "s", "time_created", from_ms, "time_updated",
                       fmax(from_ms, to_ms), "data", data));
}

void home_follow_among(struct home *h, const char *proc)
{
    static struct source_setting settings[3];
    settings[0] = (struct source_setting){"opencode:", "dir", h->dir};
    settings[1] = (struct source_setting){"opencode:", "proc", proc};
    rig_start_hub(&h->rig, (struct hub_options){.follow = true, .settings = settings});
    rig_add(&h->rig, "opencode:");
}

#else

typedef int opencode_home_is_empty;

#endif
