/* Sessions of OpenCode whose client died, before swarmtop began or while it watched. */
#include "core/query/query.h"
#include "tests/support/opencode_home.h"
#include "tests/support/processes.h"
#include "tests/support/records.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

#ifdef HAVE_SQLITE

static bool is_gone(struct rig *rig, void *ctx)
{
    const struct agent *agent = records_agent(&rig->model, ctx);
    return agent != NULL && (agent->flags & AGENT_GONE) != 0;
}

HOME_TEST(a_killed_client_is_gone_though_its_rows_run_for_ever)
{
    struct home *h = *state;
    const char *proc = home_start_client("/opt/opencode-linux-x64/bin/opencode");
    char id[] = "s";
    home_put_session(h, "s", NULL, AT(18000));
    home_put_answer(h, "s", "m1", AT(18500), 0);
    home_put_tool(h, "s", "m1", "c1", "running", AT(19000), NULL);
    home_follow_among(h, proc);
    home_until(h, "tools", "c1", "open");
    rig_run_ms(&h->rig, 700);
    processes_end(proc, 10);
    rig_until(&h->rig, is_gone, id);
    /* Another session of the database goes on. */
    h->rig.now_ns += (int64_t)5 * 1000000000;
    home_put_session(h, "t", NULL, AT(25000));
    home_put_answer(h, "t", "m2", AT(25000), AT(25500));
    home_until(h, "requests", "m2", "ended");
    assert_true(is_gone(&h->rig, id));
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
}

HOME_TEST(a_client_that_is_killed_before_its_first_answer_is_gone)
{
    struct home *h = *state;
    const char *proc = home_start_client("opencode run");
    char id[] = "s";
    home_put_session(h, "s", NULL, AT(18000));
    home_put(h, "message",
             json_pack("{s:s, s:s, s:f, s:f, s:{s:s}}", "id", "u1", "session_id", "s",
                       "time_created", AT(19000), "time_updated", AT(19000), "data", "role",
                       "user"));
    home_follow_among(h, proc);
    home_until(h, "interactions", "u1", "open");
    rig_run_ms(&h->rig, 700);
    processes_end(proc, 10);
    rig_until(&h->rig, is_gone, id);
}

/* ---- sessions that were left before swarmtop began ---- */

static void put_unfinished(struct home *h, const char *directory)
{
    home_put(h, "session",
             json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:f}", "id", "s", "project_id", "p",
                       "slug", "s", "directory", directory, "title", "Do", "version", "1",
                       "time_created", AT(-100000), "time_updated", AT(-100000)));
    home_put_answer(h, "s", "m1", AT(-90000), 0);
    home_put_tool(h, "s", "m1", "c1", "running", AT(-80000), NULL);
}

static void until_left(struct home *h, bool gone)
{
    char id[] = "s";
    rig_until(&h->rig, home_has_ended, id);
    assert_int_equal(is_gone(&h->rig, id), gone);
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
    assert_int_equal(query_status(h->rig.model.swarm, 0, h->rig.now_ns).state,
                     gone ? STATE_GONE : STATE_UNKNOWN);
}

/* Clients beside a session of the directory "here" that was left unfinished before. */
HOME_TEST(a_session_whose_client_does_not_run_is_gone_in_the_first_picture)
{
    static const struct {
        const char *command, *cwd; /* "here": the session's */
        int start;
        enum agent_state state;
    } rows[] = {
        {NULL, NULL, 1, STATE_GONE},
        {"opencode", "/home/dev/web", 1, STATE_GONE},          /* another directory's */
        {"opencode", "here", 200000, STATE_GONE},              /* it began after the session */
        {"vim opencode", "here", 1, STATE_GONE},               /* no client */
        {"opencode", "here", 1, STATE_TOOL},                   /* its own */
        {"opencode serve", "/home/dev/web", 1, STATE_UNKNOWN}, /* it may have the session */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct home *h = *state;
        const char *here = support_tmpdir(), *proc = processes_new();
        char boot[40]; /* 1000 s ago; starts are in hundredths of a second */
        snprintf(boot, sizeof boot, "cpu\nbtime %.0f\n", MODEL_START_MS / 1000 - 1000);
        support_write_file(support_path(proc, "stat"), boot, strlen(boot));
        if (rows[i].command != NULL) {
            processes_start(proc, 10, 1, rows[i].start, "opencode", rows[i].command);
            processes_work_in(proc, 10, strcmp(rows[i].cwd, "here") == 0 ? here : rows[i].cwd);
        }
        put_unfinished(h, here);
        home_follow_among(h, proc);
        print_message("  %s\n", rows[i].command == NULL ? "nothing" : rows[i].command);
        if (rows[i].state == STATE_TOOL) {
            home_until(h, "tools", "c1", "open");
            rig_run_ms(&h->rig, 700);
            assert_string_equal(home_outcome(h, "tools", "c1"), "open");
        } else {
            until_left(h, rows[i].state == STATE_GONE);
        }
        home_teardown(state);
        home_setup(state);
    }
}

/* `status` and `report` read once. */
HOME_TEST(a_session_that_is_read_once_has_what_its_process_shows)
{
    for (int runs = 0; runs < 2; runs++) {
        struct home *h = *state;
        struct source_setting settings[] = {{"opencode:", "proc", processes_new()}, {0}};
        const char *here = support_tmpdir();
        char spec[600], id[] = "s";
        if (runs) {
            settings[0].value = home_start_client("opencode");
            here = "/home/dev/api";
        }
        put_unfinished(h, here);
        rig_start_hub(&h->rig, (struct hub_options){.settings = settings});
        snprintf(spec, sizeof spec, "opencode:%s", h->dir);
        rig_add(&h->rig, spec);
        rig_until_finished(&h->rig);
        assert_int_equal(is_gone(&h->rig, id), !runs);
        assert_int_equal(home_has_ended(&h->rig, id), !runs);
        home_teardown(state);
        home_setup(state);
    }
}

HOME_TEST(a_session_of_another_machine_is_unknown_not_at_work)
{
    struct home *h = *state;
    put_unfinished(h, "/no/such/directory/here");
    home_follow_among(h, processes_new());
    until_left(h, false);
    /* It is written to: it lives, wherever that is. */
    home_put_tool(h, "s", "m1", "c2", "running", AT(21000), NULL);
    home_until(h, "tools", "c2", "open");
    rig_run_ms(&h->rig, 700);
    assert_string_equal(home_outcome(h, "tools", "c2"), "open");
}

/* It wants none, or was taken back. */
HOME_TEST(an_old_prompt_without_an_answer_keeps_no_client_busy)
{
    struct home *h = *state;
    const char *proc = home_start_client("opencode");
    char id[] = "s";
    home_put_session(h, "s", NULL, AT(-30000));
    home_put_answer(h, "s", "m1", AT(-25000), AT(-24000));
    home_put(h, "message",
             json_pack("{s:s, s:s, s:f, s:f, s:{s:s}}", "id", "u2", "session_id", "s",
                       "time_created", AT(-20000), "time_updated", AT(-20000), "data", "role",
                       "user"));
    home_follow_among(h, proc);
    home_until(h, "interactions", "u2", "open");
    rig_run_ms(&h->rig, 700);
    assert_false(home_has_ended(&h->rig, id));
    processes_end(proc, 10);
    rig_until(&h->rig, home_has_ended, id);
    assert_false(is_gone(&h->rig, id));
}

#else

TEST(without_sqlite_nothing_is_tested)
{
}

#endif
