/* When the client of a thread has ended, by the lock that its process holds, and rollouts that are
   moved or copied meanwhile. */
#include "ingest/source.h"
#include "tests/support/codex_home.h"
#include "tests/support/records.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUB_META                                                                      \
    AT("03.500")                                                                      \
    "\"type\":\"session_meta\",\"payload\":{\"id\":\"" TWO "\",\"session_id\":\"" ONE \
    "\",\"parent_thread_id\":\"" ONE "\"}}\n"

/* A process that holds the thread's lock. */
static pid_t hold_lock(struct codex_home *h, const char *thread)
{
    char name[100], byte;
    int ready[2];
    codex_home_make(h->dir, "thread-writer-locks");
    snprintf(name, sizeof name, "thread-writer-locks/%s.lock", thread);
    const char *path = support_path(h->dir, name);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        bool held = fd >= 0 && flock(fd, LOCK_EX) == 0 && write(ready[1], "1", 1) == 1;
        while (held) {
            pause();
        }
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static bool is_in(struct rig *rig, void *ctx)
{
    (void)ctx;
    return rig_session(rig, ONE) != NULL;
}

static bool is_gone(struct rig *rig, void *ctx)
{
    const struct agent *agent = records_agent(&rig->model, ONE);
    (void)ctx;
    return agent != NULL && (agent->flags & AGENT_GONE) != 0;
}

static bool has_ended(struct rig *rig, void *ctx)
{
    const struct session *session = rig_session(rig, ONE);
    const struct agent *agent = records_agent(&rig->model, ONE);
    (void)ctx;
    return session != NULL && (session->flags & SESSION_ENDED) != 0 && agent != NULL &&
           (agent->flags & AGENT_GONE) == 0;
}

HOME_TEST(a_killed_client_is_gone_and_nothing_of_it_is_in_flight)
{
    struct codex_home *h = *state;
    pid_t pid = hold_lock(h, ONE);
    codex_home_put(h, ONE, META(ONE) TURN("02.000") PROMPT("02.100") CALL("03.000", "c1"));
    codex_home_start(h, true, true);
    rig_until(&h->rig, is_in, NULL);
    const struct session *session = rig_session(&h->rig, ONE);
    assert_int_equal(session->pid, pid);
    rig_run_ms(&h->rig, 1200); /* two looks */
    assert_int_equal(rig_session(&h->rig, ONE)->flags & SESSION_ENDED, 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    rig_until(&h->rig, is_gone, NULL);
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
}

HOME_TEST(a_client_that_was_killed_before_the_start_is_gone_too)
{
    struct codex_home *h = *state;
    codex_home_make(h->dir, "thread-writer-locks");
    support_write_file(support_path(h->dir, "thread-writer-locks/" ONE ".lock"), "", 0);
    codex_home_put(h, ONE, META(ONE) TURN("02.000") PROMPT("02.100") CALL("03.000", "c1"));
    codex_home_start(h, true, true);
    rig_until(&h->rig, is_gone, NULL);
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
}

/* A thread that waits for a sub-agent, which writes last. */
static void put_swarm(struct codex_home *h)
{
    codex_home_put(h, ONE, META(ONE) TURN("02.000") PROMPT("02.100") CALL("03.000", "c1"));
    codex_home_put(h, TWO, SUB_META TURN("04.000") PROMPT("04.100") CALL("05.000", "c2"));
}

/* Waits until the session is gone with its sub-agent, and asserts that it stays so. */
static void assert_swarm_gone(struct codex_home *h)
{
    rig_until_events(&h->rig, 8);
    rig_until(&h->rig, is_gone, NULL);
    rig_run_ms(&h->rig, 1200); /* two looks */
    assert_true(is_gone(&h->rig, NULL));
    assert_int_not_equal(rig_session(&h->rig, ONE)->flags & SESSION_ENDED, 0);
    assert_int_not_equal(records_agent(&h->rig.model, TWO)->flags & AGENT_GONE, 0);
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
}

HOME_TEST(a_swarm_whose_sub_agent_wrote_last_before_the_start_is_gone)
{
    struct codex_home *h = *state;
    codex_home_make(h->dir, "thread-writer-locks");
    support_write_file(support_path(h->dir, "thread-writer-locks/" ONE ".lock"), "", 0);
    put_swarm(h);
    codex_home_start(h, true, true);
    assert_swarm_gone(h);
}

HOME_TEST(a_swarm_without_a_lock_file_whose_sub_agent_wrote_last_is_gone)
{
    struct codex_home *h = *state;
    codex_home_make(h->dir, "thread-writer-locks");
    put_swarm(h);
    codex_home_start(h, true, true);
    assert_swarm_gone(h);
}

HOME_TEST(a_swarm_that_is_killed_after_a_line_of_its_sub_agent_is_gone)
{
    struct codex_home *h = *state;
    pid_t pid = hold_lock(h, ONE);
    put_swarm(h);
    codex_home_start(h, true, true);
    rig_until_events(&h->rig, 8);
    rig_run_ms(&h->rig, 1200); /* two looks */
    assert_int_equal(rig_session(&h->rig, ONE)->flags & SESSION_ENDED, 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_swarm_gone(h);
}

HOME_TEST(a_client_that_removes_its_lock_has_ended_and_may_return)
{
    struct codex_home *h = *state;
    pid_t pid = hold_lock(h, ONE);
    codex_home_put(h, ONE,
                   META(ONE) TURN("02.000") PROMPT("02.100") USAGE("03.000", "r1", "12")
                       END("03.100"));
    codex_home_start(h, true, true);
    rig_until(&h->rig, is_in, NULL);
    rig_run_ms(&h->rig, 600);
    assert_int_equal(rig_session(&h->rig, ONE)->flags & SESSION_ENDED, 0);
    unlink(support_path(h->dir, "thread-writer-locks/" ONE ".lock"));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    rig_until(&h->rig, has_ended, NULL);
    h->rig.now_ns += (int64_t)20 * 1000000000;
    codex_home_put(h, ONE,
                   "{\"timestamp\":\"2025-10-09T08:53:39.000Z\",\"type\":\"event_msg\","
                   "\"payload\":{\"type\":\"task_started\",\"turn_id\":\"t2\"}}\n");
    pid = hold_lock(h, ONE);
    rig_until_events(&h->rig, 6);
    rig_run_ms(&h->rig, 600);
    assert_int_equal(rig_session(&h->rig, ONE)->flags & SESSION_ENDED, 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* A directory that hosts share, whose locks are seen on one of them alone. */
HOME_TEST(a_thread_that_grows_though_nobody_holds_its_lock_is_not_gone)
{
    struct codex_home *h = *state;
    codex_home_make(h->dir, "thread-writer-locks");
    support_write_file(support_path(h->dir, "thread-writer-locks/" ONE ".lock"), "", 0);
    codex_home_put(h, ONE, META(ONE) TURN("02.000") PROMPT("02.100") CALL("03.000", "c1"));
    codex_home_start(h, true, true);
    rig_until(&h->rig, is_gone, NULL);
    h->rig.now_ns += (int64_t)20 * 1000000000;
    codex_home_put(h, ONE, OUTPUT("39.000", "c1", "Exit code: 0") CALL("39.100", "c2"));
    rig_until_events(&h->rig, 6);
    rig_run_ms(&h->rig, 1200); /* two looks */
    assert_int_equal(rig_session(&h->rig, ONE)->flags & SESSION_ENDED, 0);
    assert_int_equal(records_agent(&h->rig.model, ONE)->flags & AGENT_GONE, 0);
}

/* `codex archive` moves a rollout; a copy may be anywhere below the directory. */
HOME_TEST(a_rollout_that_is_archived_or_copied_while_it_is_followed_counts_once)
{
    static const char name[] = "rollout-2025-10-09T08-53-01-" ONE ".jsonl";
    struct codex_home *h = *state;
    char from[700], to[700];
    codex_home_make(h->dir, "archived_sessions");
    codex_home_make(h->dir, "sessions/2025/10/10");
    codex_home_make(h->dir, "thread-writer-locks");
    codex_home_put(h, ONE,
                   META(ONE) TURN("02.000") PROMPT("02.100") CALL("03.000", "c1")
                       OUTPUT("04.000", "c1", "Exit code: 0") USAGE("05.000", "r1", "12")
                           END("05.100"));
    codex_home_start(h, true, true);
    rig_until_events(&h->rig, 7);
    snprintf(from, sizeof from, "%s/sessions/2025/10/09/%s", h->dir, name);
    snprintf(to, sizeof to, "%s/archived_sessions/%s", h->dir, name);
    size_t len;
    char *text = support_read_file(from, &len);
    assert_int_equal(rename(from, to), 0);
    rig_until_events(&h->rig, 14);
    codex_home_append(h->dir, "sessions/2025/10/10/rollout-2025-10-10T00-00-00-" ONE ".jsonl",
                      text);
    rig_until_events(&h->rig, 21);
    free(text);
    json_t *all = records_of(&h->rig.model);
    assert_int_equal(json_object_size(json_object_get(all, "sessions")), 1);
    assert_int_equal(json_object_size(json_object_get(all, "tools")), 1);
    assert_int_equal(json_object_size(json_object_get(all, "interactions")), 1);
    assert_int_equal(json_object_size(json_object_get(all, "requests")), 1);
    json_decref(all);
    rig_until(&h->rig, has_ended, NULL);
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 0);
}
