/* The source codex:DIR, on directories made for it: which rollouts are opened, and their names. */
#include "ingest/source.h"
#include "tests/support/codex_home.h"
#include "tests/support/records.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

HOME_TEST(a_named_directory_is_read_whole_and_of_the_default_one_what_is_recent)
{
    struct codex_home *h = *state;
    codex_home_put(h, ONE, META(ONE) TURN("02.000") END("03.000"));
    codex_home_put(
        h, TWO,
        "{\"timestamp\":\"2025-10-09T06:00:00.000Z\",\"type\":\"session_meta\",\"payload\":"
        "{\"id\":\"" TWO "\"}}\n"
        "{\"timestamp\":\"2025-10-09T06:00:01.000Z\",\"type\":\"event_msg\",\"payload\":"
        "{\"type\":\"task_started\",\"turn_id\":\"t2\"}}\n");
    codex_home_start(h, false, false);
    assert_int_equal(codex_home_sessions(h), 1);
    assert_non_null(rig_session(&h->rig, ONE));
}

/* A copy has a new time, so the option that shows it must cover its lines. */
HOME_TEST(a_rollout_that_is_left_out_is_as_old_as_its_last_line)
{
    struct codex_home *h = *state;
    codex_home_put(h, ONE, META(ONE) TURN("02.000") END("03.000"));
    codex_home_put(
        h, TWO,
        "{\"timestamp\":\"2025-10-09T06:00:00.000Z\",\"type\":\"session_meta\",\"payload\":"
        "{\"id\":\"" TWO "\"}}\n"
        "{\"timestamp\":\"2025-10-09T06:00:01.000Z\",\"type\":\"event_msg\",\"payload\":"
        "{\"type\":\"task_started\",\"turn_id\":\"t2\"}}\n");
    codex_home_start(h, false, false);
    struct source_status status = hub_source(h->rig.hub, 0);
    assert_int_equal(status.older, 1);
    assert_true(status.older_ns == MODEL_START_NS - (int64_t)10399 * 1000000000);
}

HOME_TEST(a_named_directory_is_read_whole)
{
    struct codex_home *h = *state;
    codex_home_make(h->dir, "archived_sessions");
    codex_home_put(h, ONE, META(ONE) TURN("02.000") END("03.000"));
    codex_home_append(
        h->dir, "archived_sessions/rollout-2025-01-01T00-00-00-" TWO ".jsonl",
        "{\"timestamp\":\"2025-01-01T00:00:00.000Z\",\"type\":\"session_meta\",\"payload\":"
        "{\"id\":\"" TWO "\"}}\n"
        "{\"timestamp\":\"2025-01-01T00:00:01.000Z\",\"type\":\"event_msg\",\"payload\":"
        "{\"type\":\"task_started\",\"turn_id\":\"t2\"}}\n");
    codex_home_start(h, false, true);
    assert_int_equal(codex_home_sessions(h), 2);
}

HOME_TEST(a_directory_without_rollouts_is_refused)
{
    struct codex_home *h = *state;
    struct strbuf error;
    char spec[600];
    strbuf_init(&error, &mem_libc, 0);
    rig_start_hub(&h->rig, (struct hub_options){0});
    snprintf(spec, sizeof spec, "codex:%s/sessions", h->dir);
    assert_false(hub_add(h->rig.hub, spec, &error));
    assert_non_null(strstr(error.data, "has no sessions"));
    strbuf_release(&error);
}

HOME_TEST(a_link_that_leads_elsewhere_is_named)
{
    struct codex_home *h = *state;
    codex_home_append(h->dir, "secret.key", "{}");
    assert_int_equal(symlink(support_path(h->dir, "secret.key"),
                             support_path(h->dir, "sessions/2025/10/09/rollout-x-" ONE ".jsonl")),
                     0);
    codex_home_start(h, false, false);
    assert_non_null(strstr(hub_source(h->rig.hub, 0).unread, ONE ".jsonl: a link that leads"));
    assert_int_equal(codex_home_sessions(h), 0);
}

/* Nothing waits for a writer, and all are named. */
HOME_TEST(a_pipe_in_the_place_of_a_file_is_named)
{
    static const char name[] = "sessions/2025/10/09/rollout-x-" ONE ".jsonl";
    struct codex_home *h = *state;
    codex_home_make(h->dir, "thread-writer-locks");
    assert_int_equal(mkfifo(support_path(h->dir, name), 0600), 0);
    assert_int_equal(mkfifo(support_path(h->dir, "session_index.jsonl"), 0600), 0);
    assert_int_equal(mkfifo(support_path(h->dir, "thread-writer-locks/" TWO ".lock"), 0600), 0);
    codex_home_put(h, TWO, META(TWO) TURN("02.000") END("03.000"));
    codex_home_start(h, false, true);
    const char *unread = hub_source(h->rig.hub, 0).unread;
    assert_non_null(strstr(unread, ONE ".jsonl: it is no regular file"));
    assert_non_null(strstr(unread, "session_index.jsonl: it is no regular file"));
    assert_int_equal(codex_home_sessions(h), 1);
}

HOME_TEST(the_index_names_sessions)
{
    struct codex_home *h = *state;
    codex_home_put(h, ONE, META(ONE) TURN("02.000") END("03.000"));
    codex_home_append(h->dir, "session_index.jsonl",
                      "{\"id\":\"" ONE
                      "\",\"thread_name\":\"first\",\"updated_at\":\"2025-10-09T08:53:02Z\"}\n"
                      "{\"id\":\"" ONE
                      "\",\"thread_name\":\"Fix it\",\"updated_at\":\"2025-10-09T08:53:03Z\"}\n");
    codex_home_start(h, false, true);
    records_check(&h->rig.model, "sessions",
                  "{'" ONE
                  "': {'name': 'Fix it', 'start_ms': -19000, 'end_ms': -17000, 'gone': false}}",
                  NULL);
}

/* Codex packs rollouts that are old. */
HOME_TEST(a_packed_rollout_is_named_where_all_are_wanted)
{
    for (int named = 0; named < 2; named++) {
        struct codex_home *h = *state;
        codex_home_put(h, ONE, META(ONE) TURN("02.000") END("03.000"));
        codex_home_append(
            h->dir, "sessions/2025/10/09/rollout-2025-10-09T08-00-00-" TWO ".jsonl.zst", "packed");
        codex_home_start(h, false, named != 0);
        const char *unread = hub_source(h->rig.hub, 0).unread;
        assert_int_equal(strstr(unread, TWO ".jsonl.zst: it is packed") != NULL, named);
        rig_stop_hub(&h->rig);
    }
}
