/* When a session of a client without a registry has ended: by its process where that can be found,
   else by how long nothing was written. */
#include "ingest/client_sessions.h"
#include "ingest/process_programs.h"
#include "tests/support/processes.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {"qwen", "@qwen-code/qwen-code", NULL};

/* Commands of which the client's process is found, or not. */
static const struct {
    const char *command;
    bool found;
} commands[] = {
    {"node /usr/lib/node_modules/@qwen-code/qwen-code/cli.js -p x", true},
    {"/usr/bin/node --no-warnings --max-old-space-size=4000 /home/dev/.npm/bin/qwen", true},
    {"qwen", true},
    {"/opt/bin/qwen --yolo", true},
    {"node /srv/node_modules/.pnpm/a@1/node_modules/@qwen-code/qwen-code/dist/cli.js", true},
    {"/home/node/.local/bin/qwen -p x", true},
    {"node /home/dev/.local/share/qwen/bin/node_modules/pyright/langserver.js --stdio", false},
    {"node /x/node_modules/@qwen-code/qwen-code/node_modules/pyright/langserver.js", false},
    {"node /home/dev/qwen/server.js", false},
    {"bun run", false},
    {"node --version", false},
    {"node /home/dev/qwen-tools/server.js", false},
    {"vim /home/dev/qwen", false},
    {"grep qwen", false},
    {"", false},
};

struct world {
    struct rig rig;
    const char *proc;
    struct client_sessions sessions;
    bool busy; /* all of them */
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    setenv("UV_THREADPOOL_SIZE", "1", 1);
    rig_init(&w->rig);
    w->proc = processes_new();
    assert_true(client_sessions_init(&w->sessions, &w->rig.ingest, (int64_t)3600 * 1000000000));
    client_sessions_search(&w->sessions, w->proc, names);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    client_sessions_release(&w->sessions);
    rig_release(&w->rig);
    free(w);
    return 0;
}

#define WORLD_TEST(name) TEST_WITH(name, setup, teardown)

static void start_client(struct world *w, int pid, int parent, int start, const char *cwd)
{
    processes_start(w->proc, pid, parent, start, "node", "node /usr/bin/qwen");
    processes_work_in(w->proc, pid, cwd);
}

/* A line of the session is written now. */
static void write_line(struct world *w, const char *id, const char *cwd)
{
    struct slice text = {id, strlen(id)};
    double now_ms = (double)(w->rig.now_ns / 1000000);
    uint32_t number = client_sessions_number(&w->sessions, text);
    struct update update = {
        .op = UPDATE_SESSION, .precedence = PRECEDENCE_FILES, .session_id = text};
    ingest_ctx_stamp(&w->rig.ingest, &update);
    update_number(&update, FIELD_START_MS, now_ms);
    client_sessions_set_directory(&w->sessions, number, (struct slice){cwd, strlen(cwd)});
    client_sessions_note(&w->sessions, number, now_ms);
    assert_true(ingest_ctx_update(&w->rig.ingest, &update));
}

static void look(struct world *w)
{
    client_sessions_begin_look(&w->sessions);
    for (uint32_t i = 0; w->busy && i < w->sessions.count; i++) {
        client_sessions_set_busy(&w->sessions, i);
    }
    client_sessions_conclude(&w->sessions, false);
    assert_false(w->sessions.failed);
    assert_true(correlator_flush(w->rig.ingest.correlator));
}

static void wait_s(struct world *w, int seconds)
{
    for (int i = 0; i < 2 * seconds; i++) {
        w->rig.now_ns += (int64_t)500 * 1000000;
        look(w);
    }
}

/* Returns "open", "ended" or "gone". */
static const char *state_of(struct world *w, const char *id)
{
    const struct session *session = rig_session(&w->rig, id);
    const struct agent *agent = records_agent(&w->rig.model, id);
    if (session == NULL || (session->flags & SESSION_ENDED) == 0) {
        return "open";
    }
    return agent != NULL && (agent->flags & AGENT_GONE) != 0 ? "gone" : "ended";
}

WORLD_TEST(processes_of_a_client_are_known_by_their_command)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char id[20];
        int pid = 100 + (int)i;
        snprintf(id, sizeof id, "s%zu", i);
        processes_start(w->proc, pid, 1, 1, "x", commands[i].command);
        processes_work_in(w->proc, pid, support_path("/home/dev", id));
        write_line(w, id, support_path("/home/dev", id));
    }
    look(w);
    wait_s(w, 15);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char id[20];
        snprintf(id, sizeof id, "s%zu", i);
        print_message("  %s\n", commands[i].command);
        assert_string_equal(state_of(w, id), commands[i].found ? "open" : "ended");
    }
}

/* A server may have sessions of any directory. */
WORLD_TEST(a_server_is_known_by_its_arguments)
{
    static const struct {
        const char *command;
        bool serves;
    } rows[] = {{"qwen", false},
                {"qwen serve", true},
                {"node /usr/bin/qwen --acp", true},
                {"qwen --port 4096", true},
                {"qwen --port=4096 -p x", true},
                {"qwen --ports", false},
                {"qwen serve=1", false}};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct program_list list;
        processes_start(w->proc, 10, 1, 1, "node", rows[i].command);
        processes_work_in(w->proc, 10, "/home/dev/api");
        process_programs_find(&mem_libc, w->proc, names, &list);
        print_message("  %s\n", rows[i].command);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.items[0].serves, rows[i].serves);
        process_programs_release(&list);
        processes_end(w->proc, 10);
    }
}

WORLD_TEST(a_session_lasts_as_long_as_its_process_however_quiet_it_is)
{
    struct world *w = *state;
    start_client(w, 10, 1, 1, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    wait_s(w, 600);
    assert_string_equal(state_of(w, "s"), "open");
    assert_int_equal(rig_session(&w->rig, "s")->pid, 10);
    processes_end(w->proc, 10);
    wait_s(w, 2);
    assert_string_equal(state_of(w, "s"), "ended");
}

WORLD_TEST(a_client_that_dies_while_something_is_open_is_gone_and_stays_so)
{
    struct world *w = *state;
    w->busy = true;
    start_client(w, 10, 1, 1, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    wait_s(w, 5);
    processes_end(w->proc, 10);
    wait_s(w, 2);
    assert_string_equal(state_of(w, "s"), "gone");
    wait_s(w, 60);
    assert_string_equal(state_of(w, "s"), "gone");
    start_client(w, 11, 1, 90, "/home/dev/api"); /* it is continued */
    write_line(w, "s", "/home/dev/api");
    wait_s(w, 5);
    assert_int_equal(w->sessions.items[0].process_count, 1);
    assert_false(w->sessions.items[0].ended);
}

WORLD_TEST(a_client_that_started_itself_again_is_its_child)
{
    struct world *w = *state;
    w->busy = true;
    start_client(w, 10, 1, 1, "/home/dev/api");
    start_client(w, 11, 10, 2, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    wait_s(w, 3);
    assert_int_equal(rig_session(&w->rig, "s")->pid, 11);
    processes_end(w->proc, 11);
    wait_s(w, 2);
    assert_string_equal(state_of(w, "s"), "gone");
}

/* It has children that have its name in their path, or are other runs of it. */
WORLD_TEST(what_a_client_starts_is_not_the_client)
{
    static const char *const children[] = {
        "node /home/dev/.local/share/qwen/bin/node_modules/pyright/langserver.js --stdio",
        "node /home/dev/.qwen/qwen/bin/pyright.js", "qwen -p review", "bash -c qwen"};
    struct world *w = *state;
    w->busy = true;
    for (size_t i = 0; i < sizeof children / sizeof *children; i++) {
        int pid = 10 + 10 * (int)i;
        char id[20];
        snprintf(id, sizeof id, "s%zu", i);
        const char *cwd = support_path("/home/dev", id);
        start_client(w, pid, 1, 1, cwd);
        processes_start(w->proc, pid + 1, pid, 2, "x", children[i]);
        processes_work_in(w->proc, pid + 1, cwd);
        write_line(w, id, cwd);
        wait_s(w, 3);
        print_message("  %s\n", children[i]);
        processes_end(w->proc, pid + 1);
        wait_s(w, 3);
        assert_string_equal(state_of(w, id), "open");
        processes_end(w->proc, pid);
        wait_s(w, 3);
        assert_string_equal(state_of(w, id), "gone");
    }
}

/* Another source, which knows better, has registered its process. */
WORLD_TEST(a_session_that_was_never_seen_alive_is_not_reported_dead)
{
    struct world *w = *state;
    struct process process = {.pid = 77, .start = "1"};
    struct slice id = {"s", 1};
    write_line(w, "s", "/home/dev/api");
    assert_true(client_processes_set(&w->rig.ingest, id, &process));
    wait_s(w, 12);
    assert_string_equal(state_of(w, "s"), "ended");
    assert_false(client_processes_misses(&w->rig.ingest, id));
}

/* One that is never found does not keep others waiting. */
WORLD_TEST(a_new_session_is_searched_for_at_once)
{
    struct world *w = *state;
    start_client(w, 20, 1, 1, "/home/dev/web");
    for (int i = 0; i < 16; i++) {
        write_line(w, "s", "/home/dev/api");
        wait_s(w, 1);
    }
    write_line(w, "t", "/home/dev/web");
    for (int i = 0; i < 12; i++) {
        write_line(w, "s", "/home/dev/api");
        wait_s(w, 1);
    }
    assert_string_equal(state_of(w, "t"), "open");
    assert_int_equal(rig_session(&w->rig, "t")->pid, 20);
}

WORLD_TEST(two_clients_in_one_directory_die_apart)
{
    struct world *w = *state;
    w->busy = true;
    start_client(w, 10, 1, 1, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    wait_s(w, 3);
    start_client(w, 20, 1, 5, "/home/dev/api");
    write_line(w, "t", "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    wait_s(w, 3);
    processes_end(w->proc, 10);
    wait_s(w, 2);
    assert_string_equal(state_of(w, "s"), "gone");
    assert_string_equal(state_of(w, "t"), "open");
    processes_end(w->proc, 20);
    wait_s(w, 2);
    assert_string_equal(state_of(w, "t"), "gone");
}

/* Which of them has which session is not known. */
WORLD_TEST(no_session_of_two_clients_in_one_directory_ends_while_its_own_may_live)
{
    static const int first_to_end[] = {10, 20};
    for (size_t i = 0; i < sizeof first_to_end / sizeof *first_to_end; i++) {
        struct world *w = *state;
        start_client(w, 10, 1, 1, "/home/dev/api");
        start_client(w, 20, 1, 5, "/home/dev/api");
        write_line(w, i == 0 ? "s" : "u", "/home/dev/api");
        write_line(w, i == 0 ? "t" : "v", "/home/dev/api");
        wait_s(w, 15);
        processes_end(w->proc, first_to_end[i]);
        wait_s(w, 15);
        assert_string_equal(state_of(w, i == 0 ? "s" : "u"), "open");
        assert_string_equal(state_of(w, i == 0 ? "t" : "v"), "open");
        processes_end(w->proc, 30 - first_to_end[i]);
        wait_s(w, 2);
        assert_string_equal(state_of(w, i == 0 ? "s" : "u"), "ended");
        assert_string_equal(state_of(w, i == 0 ? "t" : "v"), "ended");
    }
}

WORLD_TEST(a_quiet_session_keeps_its_client_when_another_starts_beside_it)
{
    struct world *w = *state;
    start_client(w, 10, 1, 1, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    wait_s(w, 30);
    start_client(w, 20, 1, 5, "/home/dev/api");
    write_line(w, "t", "/home/dev/api");
    wait_s(w, 30);
    assert_string_equal(state_of(w, "s"), "open");
    assert_string_equal(state_of(w, "t"), "open");
    processes_end(w->proc, 10);
    wait_s(w, 2);
    assert_string_equal(state_of(w, "s"), "ended");
    assert_string_equal(state_of(w, "t"), "open");
}

/* A person began another session in the same client. */
WORLD_TEST(a_process_goes_to_the_session_that_it_began_last)
{
    struct world *w = *state;
    start_client(w, 10, 1, 1, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    wait_s(w, 3);
    write_line(w, "t", "/home/dev/api");
    wait_s(w, 15);
    assert_string_equal(state_of(w, "s"), "ended");
    assert_string_equal(state_of(w, "t"), "open");
}

static void write_down(struct world *w, uint32_t number, int64_t pid, const char *work_dir,
                       double started_ms)
{
    client_sessions_set_process(&w->sessions, number, pid,
                                (struct slice){work_dir, strlen(work_dir)}, started_ms);
}

/* A headless run of the same directory has no process that is seen. */
WORLD_TEST(a_process_that_is_written_down_is_no_other_sessions)
{
    struct world *w = *state;
    start_client(w, 10, 1, 1, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    write_down(w, 0, 10, "/home/dev/api", 4e12);
    wait_s(w, 3);
    write_line(w, "t", "/home/dev/api");
    wait_s(w, 15);
    assert_string_equal(state_of(w, "s"), "open");
    assert_string_equal(state_of(w, "t"), "ended");
    assert_int_equal(rig_session(&w->rig, "s")->pid, 10);
    processes_end(w->proc, 10);
    wait_s(w, 2);
    assert_string_equal(state_of(w, "s"), "ended");
}

WORLD_TEST(a_process_that_is_written_down_leaves_those_that_might_have_had_it)
{
    struct world *w = *state;
    start_client(w, 10, 1, 1, "/home/dev/api");
    start_client(w, 20, 1, 5, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    write_line(w, "t", "/home/dev/api");
    wait_s(w, 3);
    assert_int_equal(w->sessions.items[1].process_count, 2);
    write_down(w, 0, 10, "/home/dev/api", 4e12);
    write_down(w, CLIENT_SESSION_NONE, 20, "/home/dev/api", 4e12); /* changes nothing */
    assert_int_equal(w->sessions.items[1].process_count, 1);
    assert_int_equal(w->sessions.items[1].processes[0].pid, 20);
}

/* The files of ended clients stay, in no order; their numbers are other processes' later. */
WORLD_TEST(of_two_sessions_that_name_a_process_the_later_has_it)
{
    struct world *w = *state;
    const struct client_sessions *all = &w->sessions;
    start_client(w, 10, 1, 1, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    write_line(w, "t", "/home/dev/api");
    write_down(w, 1, 10, "/home/dev/api", 5e12);
    write_down(w, 0, 10, "/home/dev/api", 4e12);
    assert_int_equal(all->items[0].process_count, 0);
    assert_int_equal(all->items[1].process_count, 1);
    write_down(w, 0, 10, "/home/dev/api", 6e12);
    assert_int_equal(all->items[0].process_count, 1);
    assert_int_equal(all->items[1].process_count, 0);
}

WORLD_TEST(a_process_that_is_written_down_without_its_time_or_works_elsewhere_is_unknown)
{
    struct world *w = *state;
    const struct client_session *session;
    start_client(w, 10, 1, 1, "/home/dev/web");
    write_line(w, "s", "/home/dev/api");
    session = &w->sessions.items[0];
    write_down(w, 0, 10, "/home/dev/web", (double)NAN);
    assert_int_equal(session->process_count, 0);
    write_down(w, 0, 10, "/home/dev/api", 4e12);
    assert_int_equal(session->process_count, 0);
    write_down(w, 0, 10, "/home/dev/web", 4e12);
    assert_int_equal(session->process_count, 1);
}

WORLD_TEST(a_session_whose_process_cannot_be_found_ends_when_it_is_quiet)
{
    struct world *w = *state;
    start_client(w, 10, 1, 1, "/home/dev/web");
    processes_start(w->proc, 11, 1, 1, "node", "node /usr/bin/qwen"); /* of another user */
    write_line(w, "s", "/home/dev/api");
    wait_s(w, 9);
    assert_string_equal(state_of(w, "s"), "open");
    wait_s(w, 2);
    assert_string_equal(state_of(w, "s"), "ended");
    processes_end(w->proc, 10);
    write_line(w, "t", "/home/dev/api");
    w->busy = true;
    wait_s(w, 600);
    assert_string_equal(state_of(w, "t"), "open"); /* it may be anywhere */
}

/* It may be in a long tool: no process of it can be looked for. */
WORLD_TEST(an_unfinished_session_without_a_directory_is_waited_for)
{
    struct world *w = *state;
    w->busy = true;
    w->sessions.since_ns = (int64_t)600 * 1000000000;
    write_line(w, "s", "");
    w->sessions.items[0].seen = false; /* it is older than the source */
    wait_s(w, 590);
    assert_string_equal(state_of(w, "s"), "open");
    wait_s(w, 20);
    assert_string_equal(state_of(w, "s"), "ended");
}

/* ---- on a worker ---- */

static void run_until_searched(struct world *w, uv_loop_t *loop)
{
    while (w->sessions.searching) {
        uv_run(loop, UV_RUN_ONCE);
    }
}

WORLD_TEST(a_look_does_not_search_itself_and_ends_no_session_whose_process_it_may_find)
{
    struct world *w = *state;
    uv_loop_t loop;
    unsigned handles = 1;
    bool closing = false;
    assert_int_equal(uv_loop_init(&loop), 0);
    client_sessions_search_on(&w->sessions, &loop, &handles, &closing);
    start_client(w, 10, 1, 1, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    write_line(w, "t", "/home/dev/web");
    w->rig.now_ns += (int64_t)20 * 1000000000; /* both are quiet */
    look(w);
    assert_int_equal(handles, 2);
    assert_int_equal(w->sessions.items[0].process_count, 0);
    look(w);
    assert_int_equal(handles, 2); /* one search at a time */
    assert_string_equal(state_of(w, "s"), "open");
    assert_string_equal(state_of(w, "t"), "open");
    run_until_searched(w, &loop);
    assert_int_equal(handles, 1);
    assert_int_equal(w->sessions.items[0].process_count, 1);
    look(w); /* one was found: it searches again for the other */
    run_until_searched(w, &loop);
    assert_string_equal(state_of(w, "s"), "open");
    assert_string_equal(state_of(w, "t"), "ended");
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void do_nothing(uv_work_t *work)
{
    (void)work;
}

/* Directories are looked at by the worker alone, so that one which does not answer stops nothing: one
   that exists no more when the search has ended was looked at before. */
WORLD_TEST(a_worker_looks_at_the_directories)
{
    struct world *w = *state;
    uv_loop_t loop;
    unsigned handles = 1;
    bool closing = false;
    const char *dir = support_tmpdir();
    char path[500];
    snprintf(path, sizeof path, "%s/work", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    client_sessions_search_on(&w->sessions, &loop, &handles, &closing);
    write_line(w, "s", path);
    write_line(w, "t", path);
    look(w);
    assert_true(w->sessions.searching);
    /* One worker does one thing after the other: once it has done this, it has looked. */
    uv_loop_t other;
    uv_work_t nothing;
    assert_int_equal(uv_loop_init(&other), 0);
    assert_int_equal(uv_queue_work(&other, &nothing, do_nothing, NULL), 0);
    uv_run(&other, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&other), 0);
    assert_int_equal(rmdir(path), 0);
    run_until_searched(w, &loop);
    assert_int_equal(w->sessions.items[0].search, SEARCH_ABSENT);
    assert_int_equal(w->sessions.items[1].search, SEARCH_ABSENT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

WORLD_TEST(a_search_that_ends_after_its_source_is_closed_finds_nothing)
{
    struct world *w = *state;
    uv_loop_t loop;
    unsigned handles = 1;
    bool closing = false;
    assert_int_equal(uv_loop_init(&loop), 0);
    client_sessions_search_on(&w->sessions, &loop, &handles, &closing);
    start_client(w, 10, 1, 1, "/home/dev/api");
    write_line(w, "s", "/home/dev/api");
    look(w);
    closing = true;
    run_until_searched(w, &loop);
    assert_int_equal(handles, 1);
    assert_int_equal(w->sessions.items[0].process_count, 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}
