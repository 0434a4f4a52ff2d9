/* Captures of the real client are replayed by their own timestamps: files grow, hooks arrive,
   processes come and die, while the program's own sources watch. At every second the report, the
   states of the agents, what is in flight and the screen are compared with what the scripted API
   and the hooks know. Moments around a change are left out, since the client itself writes late.

   All captures run side by side, each with a loop and a clock of its own. A clock stops at a moment
   that is to be checked until the picture is right, so that a busy machine only makes the test
   slower; it leaps over stretches in which nothing happens. */
#include "tests/support/capture_vary.h"
#include "tests/support/picture.h"

#include "ingest/feed/sender.h"
#include "tui/cmd/report_json.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 1, HOOKS = 2 };

#define SETTLED_MS  900  /* so long after a change every source has reported it */
#define BEFORE_MS   150  /* hooks arrive earlier than what they report */
#define ENDED_MS    3000 /* so long after its end a session may look alive */
#define PATIENCE_MS 8000
#define START_MS    900 /* how much a reported start may differ */
#define ARRIVES_MS  250 /* so late files and hooks of a varied capture may be */

struct stage {
    const char *sample;
    unsigned sources;
    double late_ms;   /* the program starts so long after the capture began */
    double shift_ms;  /* the capture is moved so far in time */
    unsigned vary;    /* other ids, processes and order of arrival, by this number; 0: as it was */
    const char *with; /* another capture at the same time; NULL: none */
    double after_ms;  /* that begins so long after the first */
    struct capture capture;
    struct picture picture;
    struct source_setting settings[3];
    const char *dir, *proc;
    int socket;
    size_t next;
    double now_ms, began_ms, check_ms, end_ms;
    bool started, done;
    uint64_t held_ns; /* since when the clock is held; 0: it runs */
    unsigned checked, wrong;
    char reason[1000]; /* why the picture is wrong; "": it is right */
};

/* ---- what happens ---- */

static void make_directories(const char *dir, const char *path)
{
    char part[600];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%s/%.*s", dir, (int)(slash - path), path);
        mkdir(part, 0700);
    }
}

static void set_file_time(const char *path, double t_ms)
{
    struct timespec at = {(time_t)(t_ms / 1000), 0}, times[2] = {at, at};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void append_line(const char *path, const char *text)
{
    FILE *file = fopen(path, "ae");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void replace_file(const char *path, const char *text)
{
    char temporary[700];
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    support_write_file(temporary, text, strlen(text));
    assert_int_equal(rename(temporary, path), 0);
}

static void set_process(const struct stage *stage, int pid, const char *start)
{
    char path[600], text[200];
    snprintf(path, sizeof path, "%s/%d", stage->proc, pid);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%d/stat", stage->proc, pid);
    if (start == NULL) {
        unlink(path);
        snprintf(path, sizeof path, "%s/%d", stage->proc, pid);
        rmdir(path);
        return;
    }
    snprintf(text, sizeof text, "%d (claude) S 1 1 1 0 -1 1 1 1 1 1 1 1 1 1 20 0 1 0 %s 1", pid,
             start);
    support_write_file(path, text, strlen(text));
}

static void post_hook(const struct stage *stage, const struct capture_step *step)
{
    struct strbuf line, error;
    if ((stage->sources & HOOKS) == 0 || !stage->started) {
        return;
    }
    strbuf_init(&line, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    strbuf_addf(&line, "{\"op\":\"hook\",\"t\":%.3f,\"payload\":%s}\n", step->sent_ms, step->text);
    if (!sender_send(stage->socket, line.data, line.len, &error)) {
        fail_msg("%s", error.data);
    }
    strbuf_release(&line);
    strbuf_release(&error);
}

static void take_step(struct stage *stage, const struct capture_step *step)
{
    char path[600] = "";
    if (step->path != NULL) {
        make_directories(stage->dir, step->path);
        snprintf(path, sizeof path, "%s/%s", stage->dir, step->path);
    }
    switch (step->what) {
    case CAPTURE_LINE:
        append_line(path, step->text);
        set_file_time(path, step->t_ms);
        break;
    case CAPTURE_FILE: replace_file(path, step->text); break;
    case CAPTURE_GONE: unlink(path); break;
    case CAPTURE_HOOK: post_hook(stage, step); break;
    case CAPTURE_BORN: set_process(stage, step->pid, step->text); break;
    case CAPTURE_DEATH: set_process(stage, step->pid, NULL); break;
    }
}

/* ---- what is true ---- */

/* How far the nearest change before (direction -1) or after (1) the moment is. */
static double change_within(const struct stage *stage, double t_ms, int direction)
{
    double nearest = INFINITY;
    const struct capture *capture = &stage->capture;
    for (size_t i = 0; i < capture->call_count; i++) {
        double at[2] = {capture->calls[i].start_ms, capture->calls[i].end_ms};
        for (int k = 0; k < 2; k++) {
            double away = (at[k] - t_ms) * direction;
            nearest = away >= 0 ? fmin(nearest, away) : nearest;
        }
    }
    for (size_t i = 0; i < capture->end_count; i++) {
        double away = (capture->ends[i].t_ms - t_ms) * direction;
        nearest = away >= 0 ? fmin(nearest, away) : nearest;
    }
    return nearest;
}

static bool runs(const struct capture_call *call, double t_ms)
{
    return call->start_ms <= t_ms && t_ms < call->end_ms;
}

static bool is_of(const struct capture_call *call, const char *session, const char *agent)
{
    return strcmp(call->session, session) == 0 && strcmp(call->agent, agent) == 0;
}

struct truth {
    unsigned requests, tools, agent_calls, persons;
    bool last_failed;
    double since_ms; /* of the agent's last change */
};

/* Files alone show a tool once the answer that asked for it is complete. */
static bool is_reported(const struct stage *stage, const struct capture_call *call, double t_ms)
{
    bool tool = call->kind == CAPTURE_TOOL || call->kind == CAPTURE_AGENT_CALL;
    if (call->kind == CAPTURE_REQUEST) {
        return (stage->sources & FILES) != 0;
    }
    if ((stage->sources & HOOKS) != 0 && stage->late_ms == 0) {
        return true;
    }
    for (size_t i = 0; i < stage->capture.call_count && tool; i++) {
        const struct capture_call *request = &stage->capture.calls[i];
        if (request->kind == CAPTURE_REQUEST && is_of(request, call->session, call->agent) &&
            runs(request, t_ms) && runs(request, call->start_ms)) {
            return false;
        }
    }
    return true;
}

static struct truth truth_of(const struct stage *stage, const char *session, const char *agent,
                             double t_ms)
{
    struct truth truth = {.since_ms = -INFINITY};
    double last = -INFINITY;
    for (size_t i = 0; i < stage->capture.call_count; i++) {
        const struct capture_call *call = &stage->capture.calls[i];
        if (!is_of(call, session, agent)) {
            continue;
        }
        if (call->end_ms <= t_ms && call->end_ms > last) {
            last = call->end_ms;
            truth.last_failed = call->failed && t_ms < call->failed_until_ms;
        }
        if (!runs(call, t_ms) || !is_reported(stage, call, t_ms)) {
            continue;
        }
        truth.requests += call->kind == CAPTURE_REQUEST;
        truth.tools += call->kind == CAPTURE_TOOL;
        truth.agent_calls += call->kind == CAPTURE_AGENT_CALL;
        truth.persons += call->kind == CAPTURE_PERSON;
    }
    return truth;
}

/* ---- what is shown ---- */

static void wrong(struct stage *stage, const char *agent, const char *what, const char *is,
                  const char *want)
{
    size_t len = strlen(stage->reason);
    snprintf(stage->reason + len, sizeof stage->reason - len, "    %.12s: %s is %s, right %s\n",
             agent, what, is, want);
}

static void compare(struct stage *stage, const char *agent, const char *what, unsigned is,
                    unsigned want)
{
    char a[20], b[20];
    snprintf(a, sizeof a, "%u", is);
    snprintf(b, sizeof b, "%u", want);
    if (is != want) {
        wrong(stage, agent, what, a, b);
    }
}

static json_t *report_now(const struct stage *stage)
{
    struct swarm_metrics metrics;
    struct strbuf text;
    int64_t now_ns = stage->picture.rig.now_ns;
    assert_true(metrics_compute(stage->picture.rig.model.swarm, now_ns, &metrics));
    struct report report = {
        .swarm = stage->picture.rig.model.swarm, .metrics = &metrics, .local_ns = now_ns};
    strbuf_init(&text, &mem_libc, 0);
    report_json(&report, &text);
    json_t *json = json_loadb(text.data, text.len, 0, NULL);
    assert_non_null(json);
    strbuf_release(&text);
    metrics_release(&metrics);
    return json;
}

static const json_t *row_of(const json_t *report, const char *session, const char *agent)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(report, "agents"), i, row)
    {
        const char *of = json_string_value(json_object_get(row, "session_id"));
        const char *id = json_string_value(json_object_get(row, "agent_id"));
        if (strcmp(of, session) == 0 && strcmp(id, agent) == 0) {
            return row;
        }
    }
    return NULL;
}

static unsigned open_tools(const json_t *row, bool agent_calls)
{
    unsigned count = 0;
    const char *name;
    json_t *tool;
    json_object_foreach(json_object_get(row, "tools"), name, tool)
    {
        if ((strcmp(name, "Agent") == 0) == agent_calls) {
            count += (unsigned)json_integer_value(json_object_get(tool, "open"));
        }
    }
    return count;
}

static bool is_one_of(const char *word, const char *words)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += len) {
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static const char *states_of(const struct truth *truth, const struct stage *stage)
{
    return truth->persons > 0              ? "user"
           : truth->requests > 0           ? "wait sampling retry"
           : truth->tools > 0              ? "tool"
           : truth->agent_calls > 0        ? "agents"
           : (stage->sources & FILES) == 0 ? "idle done error wait sampling"
           : truth->last_failed            ? "idle done error"
                                           : "idle done refused interrupted";
}

static void check_agent(struct stage *stage, const json_t *report, const char *session,
                        const char *agent)
{
    const struct capture_end *end = capture_end_of(&stage->capture, session);
    const json_t *row = row_of(report, session, agent);
    struct truth truth = truth_of(stage, session, agent, stage->now_ms);
    if (row == NULL) {
        wrong(stage, agent, "its row", "missing", "shown");
        return;
    }
    bool ended = end != NULL && end->t_ms <= stage->now_ms;
    bool killed = ended && end->killed && (stage->sources & FILES) != 0;
    const char *want = killed ? "gone" : states_of(&truth, stage);
    const char *state = json_string_value(json_object_get(row, "state"));
    if (!is_one_of(state, want)) {
        wrong(stage, agent, "its state", state, want);
    }
    compare(stage, agent, "open requests",
            (unsigned)json_integer_value(json_object_get(row, "open_requests")), truth.requests);
    compare(stage, agent, "open tools", open_tools(row, false), truth.tools);
    compare(stage, agent, "open Agent calls", open_tools(row, true), truth.agent_calls);
}

/* Each call that is in flight began when the truth has it. */
static void check_starts(struct stage *stage)
{
    const struct swarm *swarm = stage->picture.rig.model.swarm;
    span_no spans[200];
    size_t count = query_in_flight(swarm, stage->picture.rig.now_ns, spans, 200);
    for (size_t i = 0; i < count && (stage->sources & FILES) != 0; i++) {
        const struct span *span = swarm_span(swarm, spans[i]);
        const struct agent *agent = swarm_agent(swarm, span->agent);
        const struct session *session = swarm_session(swarm, agent->session);
        const char *id =
            swarm_text(swarm, agent->agent_id == INTERN_NONE ? session->id : agent->agent_id);
        double start_ms = (double)span->start_ns / 1e6, nearest = INFINITY;
        for (size_t k = 0; k < stage->capture.call_count; k++) {
            const struct capture_call *call = &stage->capture.calls[k];
            bool same = strcmp(call->agent, id) == 0 && runs(call, stage->now_ms);
            nearest = same ? fmin(nearest, fabs(call->start_ms - start_ms)) : nearest;
        }
        if (span->kind != SPAN_INTERACTION && nearest > START_MS) {
            char off[40];
            snprintf(off, sizeof off, "%.0f ms away", nearest);
            wrong(stage, id, swarm_text(swarm, span->name), off, "there");
        }
    }
}

static void check_screen(struct stage *stage, const json_t *report)
{
    const json_t *row;
    size_t i;
    stage->picture.input.local_ns = stage->picture.rig.now_ns;
    const char *screen = picture_draw(&stage->picture);
    json_array_foreach(json_object_get(report, "agents"), i, row)
    {
        const char *state = json_string_value(json_object_get(row, "state"));
        if (is_one_of(state, "tool user retry gone") && strstr(screen, state) == NULL) {
            wrong(stage, "the screen", state, "absent", "shown");
        }
    }
}

/* Whether a call of that agent ended so that no hook reports it. */
static bool was_ended_by_idle(const struct stage *stage, const struct capture_call *of)
{
    for (size_t i = 0; i < stage->capture.call_count; i++) {
        const struct capture_call *call = &stage->capture.calls[i];
        if (is_of(call, of->session, of->agent) && call->ended_by_idle &&
            call->end_ms <= stage->now_ms) {
            return true;
        }
    }
    return false;
}

/* Sets stage->reason. */
static void look(struct stage *stage)
{
    json_t *report = report_now(stage);
    stage->reason[0] = '\0';
    for (size_t i = 0; i < stage->capture.call_count; i++) {
        const struct capture_call *call = &stage->capture.calls[i];
        const struct capture_end *end = capture_end_of(&stage->capture, call->session);
        bool first = call->start_ms <= stage->now_ms - SETTLED_MS;
        for (size_t k = 0; k < i; k++) {
            first &= !is_of(&stage->capture.calls[k], call->session, call->agent);
        }
        bool ending =
            end != NULL && end->t_ms <= stage->now_ms && stage->now_ms < end->t_ms + ENDED_MS;
        bool known = (stage->sources & FILES) != 0 || call->kind != CAPTURE_REQUEST;
        known &= !(stage->sources == HOOKS && was_ended_by_idle(stage, call));
        if (first && !ending && known) {
            check_agent(stage, report, call->session, call->agent);
        }
    }
    check_starts(stage);
    check_screen(stage, report);
    json_decref(report);
}

/* ---- a stage ---- */

static void load(struct stage *stage)
{
    capture_load(&stage->capture, stage->sample);
    if (stage->vary != 0) {
        capture_rename(&stage->capture, stage->vary);
    }
    if (stage->with != NULL) {
        struct capture other;
        capture_load(&other, stage->with);
        capture_rename(&other, stage->vary + 3);
        capture_join(&stage->capture, &other, stage->after_ms);
    }
    if (stage->vary != 0) {
        capture_delay(&stage->capture, stage->vary, ARRIVES_MS);
    }
    capture_shift(&stage->capture, stage->shift_ms);
}

static void set_up(struct stage *stage)
{
    load(stage);
    picture_init(&stage->picture, 200, 60);
    stage->dir = support_tmpdir();
    stage->proc = support_tmpdir();
    stage->settings[0] = (struct source_setting){"claude:", "dir", stage->dir};
    stage->settings[1] = (struct source_setting){"claude:", "proc", stage->proc};
    assert_int_equal(mkdir(support_path(stage->dir, "projects"), 0700), 0);
    assert_int_equal(mkdir(support_path(stage->dir, "sessions"), 0700), 0);
    stage->began_ms = stage->now_ms = stage->capture.steps[0].t_ms - 1;
    stage->check_ms = stage->began_ms + 1000;
    stage->end_ms = stage->capture.steps[stage->capture.step_count - 1].t_ms + ENDED_MS + 1500;
}

static void start(struct stage *stage)
{
    char spec[700];
    struct strbuf error;
    const char *path = support_path(support_tmpdir(), "feed.sock");
    stage->started = true;
    rig_start_hub(&stage->picture.rig,
                  (struct hub_options){.follow = true, .settings = stage->settings});
    if ((stage->sources & FILES) != 0) {
        snprintf(spec, sizeof spec, "claude:%s", stage->dir);
        rig_add(&stage->picture.rig, spec);
    }
    if ((stage->sources & HOOKS) != 0) {
        snprintf(spec, sizeof spec, "unix:%s", path);
        rig_add(&stage->picture.rig, spec);
        strbuf_init(&error, &mem_libc, 0);
        stage->socket = sender_connect(spec, 5000, &error);
        assert_true(stage->socket >= 0);
        strbuf_release(&error);
    }
}

static double next_event(const struct stage *stage)
{
    double next = fmin(stage->check_ms, stage->end_ms);
    if (stage->next < stage->capture.step_count) {
        next = fmin(next, stage->capture.steps[stage->next].t_ms);
    }
    return next;
}

/* Leaps over a stretch in which nothing happens. */
static void leap(struct stage *stage)
{
    double before = change_within(stage, stage->now_ms, -1);
    double next = stage->next < stage->capture.step_count ? stage->capture.steps[stage->next].t_ms
                                                          : stage->end_ms;
    next = fmin(next, stage->now_ms + change_within(stage, stage->now_ms, 1));
    if (before > 4000 && next - stage->now_ms > 2500) {
        stage->now_ms = next - 1500;
        stage->check_ms = ceil(stage->now_ms / 1000) * 1000;
    }
}

static void settle(struct stage *stage, uint64_t real_ns)
{
    bool quiet = change_within(stage, stage->now_ms, -1) >= SETTLED_MS &&
                 change_within(stage, stage->now_ms, 1) >= BEFORE_MS;
    if (!quiet || stage->now_ms < stage->began_ms + stage->late_ms + 2 * SETTLED_MS) {
        stage->check_ms += 1000;
        return;
    }
    look(stage);
    stage->held_ns = stage->held_ns == 0 ? real_ns : stage->held_ns;
    bool waited = real_ns - stage->held_ns > (uint64_t)PATIENCE_MS * 1000000;
    if (stage->reason[0] != '\0' && !waited) {
        return;
    }
    if (stage->reason[0] != '\0') {
        stage->wrong++;
        print_message("  %s, %s%s%s, %.1f s:\n%s", stage->sample,
                      (stage->sources & FILES) != 0 ? "files" : "",
                      (stage->sources & HOOKS) != 0 ? " hooks" : "",
                      stage->late_ms > 0 ? ", late" : "", (stage->now_ms - stage->began_ms) / 1000,
                      stage->reason);
    }
    stage->checked++;
    stage->held_ns = 0;
    stage->check_ms += 1000;
}

static void advance(struct stage *stage, uint64_t real_ns, double passed_ms)
{
    if (stage->held_ns == 0) {
        stage->now_ms = fmin(stage->now_ms + passed_ms, next_event(stage));
    }
    if (!stage->started && stage->now_ms >= stage->began_ms + stage->late_ms) {
        start(stage);
    }
    stage->picture.rig.now_ns = (int64_t)(stage->now_ms * 1e6);
    while (stage->next < stage->capture.step_count &&
           stage->capture.steps[stage->next].t_ms <= stage->now_ms) {
        take_step(stage, &stage->capture.steps[stage->next++]);
    }
    if (stage->started) {
        uv_run(&stage->picture.rig.loop, UV_RUN_NOWAIT);
    }
    if (stage->now_ms >= stage->check_ms) {
        settle(stage, real_ns);
    }
    if (stage->held_ns == 0) {
        leap(stage);
    }
    stage->done = stage->now_ms >= stage->end_ms;
}

static void tear_down(struct stage *stage)
{
    if ((stage->sources & HOOKS) != 0) {
        close(stage->socket);
    }
    picture_release(&stage->picture);
    capture_release(&stage->capture);
}

/* Plays them side by side; returns how many moments were wrong. */
static unsigned play(struct stage *stages, size_t count)
{
    unsigned wrong_moments = 0, checked = 0;
    size_t done = 0;
    uint64_t last_ns = uv_hrtime();
    for (size_t i = 0; i < count; i++) {
        set_up(&stages[i]);
    }
    while (done < count) {
        usleep(2000);
        uint64_t real_ns = uv_hrtime();
        double passed_ms = (double)(real_ns - last_ns) / 1e6;
        last_ns = real_ns;
        done = 0;
        for (size_t i = 0; i < count; i++) {
            if (!stages[i].done) {
                advance(&stages[i], real_ns, fmin(passed_ms, 20));
            }
            done += stages[i].done;
        }
    }
    for (size_t i = 0; i < count; i++) {
        wrong_moments += stages[i].wrong;
        checked += stages[i].checked;
        assert_true(stages[i].checked >= 3);
        tear_down(&stages[i]);
    }
    print_message("  %u moments, %u wrong\n", checked, wrong_moments);
    return wrong_moments;
}

TEST(captures_are_shown_as_they_happened)
{
    struct stage stages[] = {
        {.sample = "solo-json", .sources = FILES},
        {.sample = "solo-json", .sources = FILES | HOOKS},
        {.sample = "swarm-json", .sources = FILES},
        {.sample = "swarm-json", .sources = HOOKS},
        {.sample = "swarm-json", .sources = FILES | HOOKS},
        {.sample = "swarm-json", .sources = FILES, .late_ms = 15000},
        {.sample = "swarm-json", .sources = FILES | HOOKS, .late_ms = 12000},
        /* Midnight passes after ten seconds. */
        {.sample = "swarm-json", .sources = FILES | HOOKS, .shift_ms = 19577206},
        {.sample = "concurrent-pb", .sources = FILES},
        {.sample = "concurrent-pb", .sources = HOOKS},
        {.sample = "concurrent-pb", .sources = FILES | HOOKS},
        {.sample = "concurrent-pb", .sources = FILES, .late_ms = 10000},
        {.sample = "abort", .sources = FILES},
        {.sample = "abort", .sources = FILES | HOOKS},
        {.sample = "abort", .sources = FILES, .late_ms = 5000},
        {.sample = "tui-perm", .sources = FILES},
        {.sample = "tui-perm", .sources = HOOKS},
        {.sample = "tui-perm", .sources = FILES | HOOKS},
        {.sample = "tui-perm", .sources = FILES, .late_ms = 8000},
        {.sample = "dead", .sources = FILES | HOOKS},
    };
    assert_int_equal(play(stages, sizeof stages / sizeof *stages), 0);
}

/* Made up: other ids and times, another order of arrival, a second capture at once. */
TEST(made_up_captures_are_shown_as_they_would_have_happened)
{
    struct stage stages[] = {
        {.sample = "swarm-json", .sources = FILES, .vary = 1, .shift_ms = -86400000.0 * 40},
        {.sample = "swarm-json", .sources = HOOKS, .vary = 2, .shift_ms = 12345678},
        {.sample = "swarm-json", .sources = FILES | HOOKS, .vary = 3, .with = "abort"},
        {.sample = "tui-perm", .sources = FILES | HOOKS, .vary = 4, .with = "concurrent-pb"},
        {.sample = "abort", .sources = FILES, .vary = 5, .with = "abort", .after_ms = 2500},
        {.sample = "abort", .sources = FILES | HOOKS, .vary = 6, .with = "tui-perm"},
        {.sample = "solo-json",
         .sources = FILES | HOOKS,
         .vary = 7,
         .with = "solo-json",
         .after_ms = 3700},
        {.sample = "tui-perm", .sources = FILES, .vary = 8, .shift_ms = 86400000.0 * 200},
        {.sample = "concurrent-pb",
         .sources = FILES,
         .vary = 9,
         .with = "swarm-json",
         .after_ms = 4100,
         .late_ms = 9000},
        {.sample = "dead",
         .sources = FILES | HOOKS,
         .vary = 10,
         .with = "swarm-json",
         .after_ms = 1000},
    };
    assert_int_equal(play(stages, sizeof stages / sizeof *stages), 0);
}
