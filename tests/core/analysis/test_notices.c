/* Notices: which changes of a swarm are one, and which are none. */
#include "core/analysis/notices.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdio.h>
#include <string.h>

enum { STEP_MS = 500 };

/* A swarm that is watched from the time 0 on. */
struct watched {
    struct model model;
    struct notices *notices;
    double now_ms;
    bool reads;
    char text[400]; /* the notices so far: `4.0 wait coder` and so on */
};

static void look(struct watched *w, double ms)
{
    static const char *const words[] = {"wait", "error", "stalled", "loop", "done"};
    struct notice notice;
    struct stalled stalled;
    int64_t now = model_ns(ms);
    model_flush(&w->model);
    assert_true(stalled_make(w->model.swarm, NULL, now, &mem_libc, &stalled));
    assert_true(notices_look(w->notices, &(struct notices_look){.swarm = w->model.swarm,
                                                                .stalled = &stalled,
                                                                .local_ns = now,
                                                                .reads = w->reads}));
    stalled_release(&stalled);
    while (notices_next(w->notices, &notice)) {
        struct strbuf name;
        strbuf_init(&name, &mem_libc, 0);
        query_agent_title(w->model.swarm, notice.agent, &name);
        size_t len = strlen(w->text);
        snprintf(w->text + len, sizeof w->text - len, "%s%.1f %s%s %s", len > 0 ? ", " : "",
                 ms / 1000, words[notice.kind], notice.perhaps ? "?" : "", name.data);
        strbuf_release(&name);
    }
    w->now_ms = ms;
}

/* Looks again and again until that time. */
static void until(struct watched *w, double ms)
{
    while (w->now_ms < ms) {
        look(w, w->now_ms + STEP_MS);
    }
}

static void begin(struct watched *w)
{
    w->text[0] = '\0';
    w->now_ms = 0;
    w->reads = false;
    w->notices = notices_new(&mem_libc, model_ns(0));
    assert_non_null(w->notices);
}

static void end(struct watched *w, const char *notices)
{
    assert_string_equal(w->text, notices);
    notices_free(w->notices);
    model_release(&w->model);
}

/* ---- the swarm: times are of the session, which are those of the local clock ---- */

static void send(struct watched *w, struct update *update, const char *agent, double ms)
{
    if (agent != NULL) {
        update->agent_id = model_text(agent);
    }
    update->local_ns = model_ns(ms);
    model_update(&w->model, update);
}

static void open_swarm(struct watched *w)
{
    assert_true(model_init(&w->model, &mem_libc));
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_START_MS, at_ms(-1e7));
    send(w, &session, NULL, -1e7);
}

/* A call with an id, so that it can be ended later. */
static void call(struct watched *w, enum call_kind kind, const char *agent, const char *id,
                 double start, double end)
{
    struct update update = call_update(kind, PRECEDENCE_FILES, id, start, end);
    send(w, &update, agent, isnan(end) ? start : end);
}

static void add_agent(struct watched *w, const char *id, const char *name)
{
    struct update update = agent_update(PRECEDENCE_FILES, id);
    update_string(&update, FIELD_PARENT_AGENT_ID, "s");
    update_string(&update, FIELD_TYPE, name);
    send(w, &update, NULL, -9e6);
    call(w, CALL_REQUEST, id, id, -9e6, -8e6);
}

static void fail_call(struct watched *w, const char *agent, const char *id, double start,
                      double end)
{
    struct update update = tool_update(id, start, end, "Bash", "{\"command\":\"make\"}");
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    send(w, &update, agent, end);
}

TEST(a_wait_for_a_person_is_one_notice_however_long_it_lasts)
{
    struct watched w;
    open_swarm(&w);
    add_agent(&w, "a", "coder");
    begin(&w);
    until(&w, 2000);
    call(&w, CALL_WAIT, "a", "w", 2100, UNKNOWN);
    until(&w, 60000);
    end(&w, "3.5 wait coder");
}

TEST(what_was_so_at_the_start_is_no_notice)
{
    struct watched w;
    open_swarm(&w);
    add_agent(&w, "a", "coder");
    call(&w, CALL_WAIT, "a", "w", -5000, UNKNOWN);
    add_agent(&w, "b", "tester");
    fail_call(&w, "b", "f", -900, -800);
    call(&w, CALL_REQUEST, NULL, "r", -700000, UNKNOWN);
    begin(&w);
    until(&w, 20000);
    end(&w, "");
}

TEST(what_is_read_from_a_file_is_no_notice)
{
    struct watched w;
    open_swarm(&w);
    begin(&w);
    w.reads = true;
    add_agent(&w, "a", "coder");
    look(&w, 100);
    call(&w, CALL_WAIT, "a", "w", 150, UNKNOWN);
    call(&w, CALL_REQUEST, NULL, "r", 110, 150);
    look(&w, 200);
    w.reads = false;
    until(&w, 20000);
    end(&w, "");
}

TEST(a_wait_that_flickers_is_one_notice_at_most_each_ten_seconds)
{
    struct watched w;
    char id[16];
    open_swarm(&w);
    begin(&w);
    /* Too short to be one. */
    for (int i = 0; i < 10; i++) {
        snprintf(id, sizeof id, "s%d", i);
        call(&w, CALL_WAIT, NULL, id, w.now_ms + 100, UNKNOWN);
        until(&w, w.now_ms + STEP_MS);
        call(&w, CALL_WAIT, NULL, id, w.now_ms - 400, w.now_ms + 1);
        until(&w, w.now_ms + STEP_MS);
    }
    char *text = w.text;
    until(&w, 10500);
    assert_null(strstr(text, "wait"));
    w.text[0] = '\0';
    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "l%d", i);
        double from = w.now_ms + 100;
        call(&w, CALL_WAIT, NULL, id, from, UNKNOWN);
        until(&w, w.now_ms + 2500);
        call(&w, CALL_WAIT, NULL, id, from, w.now_ms + 1);
        until(&w, w.now_ms + STEP_MS);
    }
    end(&w, "12.0 wait main s, 22.0 wait main s");
}

TEST(a_question_right_after_another_is_a_second_notice)
{
    struct watched w;
    open_swarm(&w);
    begin(&w);
    call(&w, CALL_WAIT, NULL, "one", 100, UNKNOWN);
    until(&w, 20000);
    call(&w, CALL_WAIT, NULL, "one", 100, 20100);
    call(&w, CALL_WAIT, NULL, "two", 20200, UNKNOWN);
    until(&w, 40000);
    end(&w, "1.5 wait main s, 21.5 wait main s");
}

TEST(a_main_agent_finishes_once_and_a_sub_agent_does_not)
{
    struct watched w;
    open_swarm(&w);
    add_agent(&w, "a", "coder");
    call(&w, CALL_REQUEST, NULL, "r", -500, UNKNOWN);
    call(&w, CALL_REQUEST, "a", "q", -500, UNKNOWN);
    begin(&w);
    until(&w, 5000);
    call(&w, CALL_REQUEST, NULL, "r", -500, 5100);
    call(&w, CALL_REQUEST, "a", "q", -500, 5100);
    until(&w, 30000);
    /* A turn between two looks. */
    call(&w, CALL_REQUEST, NULL, "r2", 30100, 30200);
    until(&w, 60000);
    end(&w, "7.5 done main s, 32.5 done main s");
}

TEST(an_idle_agent_does_not_finish)
{
    struct watched w;
    open_swarm(&w);
    call(&w, CALL_REQUEST, NULL, "r", -500, -200);
    begin(&w);
    until(&w, 20000);
    end(&w, "");
}

TEST(an_error_that_work_follows_is_none)
{
    struct watched w;
    open_swarm(&w);
    begin(&w);
    fail_call(&w, NULL, "f", 100, 600);
    until(&w, 2500);
    call(&w, CALL_REQUEST, NULL, "r", 2600, UNKNOWN);
    until(&w, 10000);
    call(&w, CALL_REQUEST, NULL, "r", 2600, 10100);
    fail_call(&w, NULL, "g", 10200, 10300);
    until(&w, 60000);
    end(&w, "13.5 error main s");
}

TEST(a_process_that_dies_has_failed_if_it_worked)
{
    struct watched w;
    for (int works = 0; works < 2; works++) {
        open_swarm(&w);
        call(&w, CALL_REQUEST, NULL, "r", -500, works ? UNKNOWN : -200);
        begin(&w);
        until(&w, 1000);
        struct update session = session_update(PRECEDENCE_FILES);
        update_number(&session, FIELD_OUTCOME, OUTCOME_GONE);
        update_number(&session, FIELD_END_MS, at_ms(1100));
        send(&w, &session, NULL, 1100);
        until(&w, 20000);
        end(&w, works ? "4.5 error main s" : "");
    }
}

TEST(a_call_that_stalls_and_a_loop_are_notices)
{
    struct watched w;
    open_swarm(&w);
    begin(&w);
    until(&w, 500);
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "f%d", i);
        fail_call(&w, NULL, id, 600 + i * 100, 650 + i * 100);
    }
    call(&w, CALL_REQUEST, NULL, "r", 900, UNKNOWN);
    until(&w, 400000);
    end(&w, "1.0 loop main s, 301.0 stalled main s");
}

TEST(what_is_remembered_is_bounded_by_the_agents)
{
    struct watched w;
    open_swarm(&w);
    begin(&w);
    for (int i = 0; i < 40; i++) {
        struct watched other;
        open_swarm(&other);
        for (int j = 0; j < 10; j++) {
            char id[16];
            snprintf(id, sizeof id, "a%d.%d", i, j);
            add_agent(&other, id, "coder");
        }
        model_flush(&other.model);
        struct notices_look one = {.swarm = other.model.swarm, .local_ns = model_ns(i * 500)};
        assert_true(notices_look(w.notices, &one));
        model_release(&other.model);
        assert_in_range(notices_known(w.notices), 10, 2 * 11 + 64);
    }
    end(&w, "");
}

TEST(without_memory_a_look_fails_and_the_next_one_works)
{
    struct watched w;
    open_swarm(&w);
    add_agent(&w, "a", "coder");
    call(&w, CALL_WAIT, "a", "w", 100, UNKNOWN);
    int64_t start = model_ns(0), now = model_ns(500);
    model_flush(&w.model);
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct notices *notices = notices_new(&lack.mem, start);
        bool ok = notices != NULL;
        int found = 0;
        for (int i = 0; i < 4 && notices != NULL; i++) {
            struct notices_look one = {.swarm = w.model.swarm, .local_ns = now + i * 500000000LL};
            struct notice notice;
            ok &= notices_look(notices, &one);
            while (notices_next(notices, &notice)) {
                found++;
            }
        }
        lack.done = ok;
        assert_true(!ok || found == 1);
        notices_free(notices);
    }
    model_release(&w.model);
}
