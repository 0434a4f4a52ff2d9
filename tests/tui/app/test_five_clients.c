/* The five clients whose files are read, side by side: the lines of a capture of each appear in its
   own home, in the order of their times, and one picture follows them all. The captures are moved
   in time so that they overlap. */
#include "tests/support/capture.h"
#include "tests/support/opencode_database.h"
#include "tests/support/picture.h"
#include "tests/support/report.h"

#include "ingest/iso_time.h"
#include "tui/cmd/report_json.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_SQLITE

enum { STEPS = 2000 };

#define LOOK_MS 14000 /* when all run */

static struct home {
    const char *prefix, *sample;
    const char *below, *top; /* a directory below the sample is the home; its part that is read */
    const char *client, *tag;
    size_t agents;
    double begin_ms; /* of the capture, in this test */
    const char *dir;
    sqlite3 *db;
} homes[] = {
    {.prefix = "claude:",
     .sample = "claude/swarm-json",
     .below = "transcripts",
     .top = "projects",
     .client = "claude",
     .tag = "claude  ",
     .agents = 6,
     .begin_ms = 0},
    {.prefix = "opencode:",
     .sample = "opencode/swarm",
     .client = "opencode",
     .tag = "opencode",
     .agents = 3,
     .begin_ms = 2000},
    {.prefix = "qwen:",
     .sample = "qwen/swarm",
     .below = ".",
     .top = "projects",
     .client = "qwen",
     .tag = "qwen    ",
     .agents = 3,
     .begin_ms = 4000},
    {.prefix = "codex:",
     .sample = "codex/swarm",
     .below = ".",
     .top = "sessions",
     .client = "codex",
     .tag = "codex   ",
     .agents = 3,
     .begin_ms = 6000},
    {.prefix = "gemini:",
     .sample = "gemini/sub",
     .below = ".",
     .top = "tmp",
     .client = "gemini",
     .tag = "gemini  ",
     .agents = 2,
     .begin_ms = 13000},
};

enum { HOMES = sizeof homes / sizeof *homes };

/* A line of a file, or a row of a table, and when it appears. */
struct step {
    double t_ms;
    size_t order; /* of equal times */
    struct home *home;
    char *path;        /* below the home; NULL: it is a row */
    const char *table; /* of a row */
    char *text;        /* owned */
};

static struct {
    struct step steps[STEPS];
    size_t count, root_len;
    struct home *home;
} all; /* nftw passes no context */

/* ---- reading the captures ---- */

static struct step *add_step(double t_ms, char *text)
{
    assert_true(all.count < STEPS);
    struct step *step = &all.steps[all.count];
    *step = (struct step){.t_ms = t_ms, .order = all.count, .home = all.home, .text = text};
    all.count++;
    return step;
}

static double time_of(const char *line, double before_ms)
{
    const char *at = strstr(line, "\"timestamp\":");
    int64_t ns;
    at = at == NULL ? NULL : strchr(at + strlen("\"timestamp\":"), '"');
    at = at == NULL ? NULL : at + 1;
    bool good = at != NULL && iso_time_parse(at, strcspn(at, "\""), &ns);
    return good ? fmax((double)ns / 1e6, before_ms) : before_ms;
}

static int take_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    if (type != FTW_F) {
        return 0;
    }
    char *text = support_read_file(path, NULL);
    double t_ms = 0;
    if (strstr(path, ".jsonl") == NULL) {
        add_step(t_ms, strdup(text))->path = strdup(path + all.root_len + 1);
    }
    for (char *at = text, *end; strstr(path, ".jsonl") != NULL && (end = strchr(at, '\n')) != NULL;
         at = end + 1) {
        char *line = strndup(at, (size_t)(end - at) + 1);
        t_ms = time_of(line, t_ms);
        add_step(t_ms, line)->path = strdup(path + all.root_len + 1);
    }
    free(text);
    return 0;
}

/* Takes out of a row what it cannot have had when it was written first. */
static void make_early(json_t *row)
{
    json_t *data = json_object_get(row, "data");
    json_object_set(row, "time_updated", json_object_get(row, "time_created"));
    json_object_del(json_object_get(data, "time"), "completed");
    json_object_del(data, "finish");
    json_object_del(data, "tokens");
    if (json_object_get(data, "state") != NULL) {
        json_object_set_new(data, "state", json_pack("{s:s, s:{}}", "status", "pending", "input"));
    }
}

/* Each row is written twice: when it was made, and as it is at the end. */
static void take_rows(const char *table)
{
    json_t *rows = opencode_sample_rows(table), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        json_t *early = json_deep_copy(row);
        make_early(early);
        add_step(json_number_value(json_object_get(row, "time_created")),
                 json_dumps(early, JSON_COMPACT))
            ->table = table;
        add_step(json_number_value(json_object_get(row, "time_updated")),
                 json_dumps(row, JSON_COMPACT))
            ->table = table;
        json_decref(early);
    }
    json_decref(rows);
}

/* Moves the steps that were added last to the home's time. Those without a time come first. */
static void shift(size_t from, double begin_ms)
{
    double first_ms = INFINITY;
    for (size_t i = from; i < all.count; i++) {
        double t_ms = all.steps[i].t_ms;
        first_ms = t_ms > 0 ? fmin(first_ms, t_ms) : first_ms;
    }
    for (size_t i = from; i < all.count; i++) {
        struct step *step = &all.steps[i];
        step->t_ms = fmax(step->t_ms, first_ms) + begin_ms - first_ms;
        capture_shift_text(step->text, begin_ms - first_ms);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct step *one = a, *other = b;
    return one->t_ms < other->t_ms   ? -1
           : one->t_ms > other->t_ms ? 1
                                     : (one->order > other->order) - (one->order < other->order);
}

static void load(void)
{
    char path[600];
    all.count = 0;
    for (size_t i = 0; i < HOMES; i++) {
        size_t from = all.count;
        all.home = &homes[i];
        homes[i].dir = support_tmpdir();
        if (homes[i].top != NULL) {
            snprintf(path, sizeof path, "samples/%s/%s", homes[i].sample, homes[i].below);
            const char *root = support_data(path);
            all.root_len = strlen(root);
            assert_int_equal(nftw(support_path(root, homes[i].top), take_file, 16, FTW_PHYS), 0);
        } else {
            homes[i].db = opencode_database_new(homes[i].dir);
            for (size_t k = 0; k < 3; k++) {
                take_rows(opencode_tables[k]);
            }
        }
        shift(from, MODEL_START_MS + homes[i].begin_ms);
    }
    qsort(all.steps, all.count, sizeof *all.steps, by_time);
}

/* ---- as it happened ---- */

static void write_step(const struct step *step)
{
    char path[700];
    if (step->table != NULL) {
        json_t *row = json_loads(step->text, 0, NULL);
        opencode_put_row(step->home->db, step->table, row);
        json_decref(row);
        return;
    }
    snprintf(path, sizeof path, "%s/%s", step->home->dir, step->path);
    for (char *at = path + strlen(step->home->dir) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    size_t len = strlen(step->text);
    assert_true(fd >= 0 && write(fd, step->text, len) == (ssize_t)len);
    close(fd);
}

/* Writes what appears up to that time. */
static size_t write_until(struct rig *rig, size_t at, double t_ms)
{
    for (; at < all.count && all.steps[at].t_ms <= t_ms; at++) {
        rig->now_ns = (int64_t)(all.steps[at].t_ms * 1e6);
        write_step(&all.steps[at]);
        if (at % 8 == 0) {
            rig_run_ms(rig, 2);
        }
    }
    return at;
}

static json_t *report_now(struct picture *picture)
{
    struct swarm_metrics metrics;
    struct strbuf text;
    assert_true(metrics_compute(picture->rig.model.swarm, picture->rig.now_ns, &metrics));
    struct report report = {
        .swarm = picture->rig.model.swarm, .metrics = &metrics, .local_ns = picture->rig.now_ns};
    strbuf_init(&text, &mem_libc, 0);
    report_json(&report, &text);
    json_t *json = json_loadb(text.data, text.len, 0, NULL);
    assert_non_null(json);
    strbuf_release(&text);
    metrics_release(&metrics);
    return json;
}

/* The members that do not depend on when the files are read. */
static const char *const figures[] = {
    "name",          "description",        "client",  "parent_agent_id", "requests",
    "failed",        "prompt_tokens",      "retries", "output_tokens",   "cache_read_tokens",
    "open_requests", "cache_hit_rate_pct", "tools",   "refused",         "interrupted",
};

/* Returns the first figure of the home's agents that is not as in the report of its capture alone;
   NULL: all are. */
static const char *differs(const json_t *report, const struct home *home, const json_t *alone)
{
    const json_t *want, *row;
    size_t i, k, seen = 0;
    json_array_foreach(json_object_get(report, "agents"), k, row)
    {
        const char *client = json_string_value(json_object_get(row, "client"));
        seen += client != NULL && strcmp(client, home->client) == 0;
    }
    if (seen != home->agents || json_array_size(json_object_get(alone, "agents")) != seen) {
        return "the number of agents";
    }
    json_array_foreach(json_object_get(alone, "agents"), i, want)
    {
        const json_t *is = NULL;
        json_array_foreach(json_object_get(report, "agents"), k, row)
        {
            bool same =
                json_equal(json_object_get(row, "agent_id"), json_object_get(want, "agent_id")) &&
                json_equal(json_object_get(row, "session_id"), json_object_get(want, "session_id"));
            is = same ? row : is;
        }
        for (size_t f = 0; f < sizeof figures / sizeof *figures; f++) {
            const json_t *a = json_object_get(is, figures[f]);
            const json_t *b = json_object_get(want, figures[f]);
            if (is == NULL || (a != b && !json_equal(a, b))) {
                return figures[f];
            }
        }
    }
    return NULL;
}

struct wanted {
    struct picture *picture;
    json_t *alone[HOMES];
    char wrong[200];
};

static bool all_are_right(struct rig *rig, void *ctx)
{
    struct wanted *wanted = ctx;
    (void)rig;
    json_t *report = report_now(wanted->picture);
    wanted->wrong[0] = '\0';
    for (size_t i = 0; i < HOMES && wanted->wrong[0] == '\0'; i++) {
        const char *wrong = differs(report, &homes[i], wanted->alone[i]);
        if (wrong != NULL) {
            snprintf(wanted->wrong, sizeof wanted->wrong, "%s: %s", homes[i].client, wrong);
        }
    }
    json_decref(report);
    return wanted->wrong[0] == '\0';
}

static bool all_work(struct rig *rig, void *ctx)
{
    struct picture *picture = ctx;
    json_t *report = report_now(picture), *row;
    bool works[HOMES] = {false};
    size_t k, count = 0;
    (void)rig;
    json_array_foreach(json_object_get(report, "agents"), k, row)
    {
        const char *client = json_string_value(json_object_get(row, "client"));
        const char *state = json_string_value(json_object_get(row, "state"));
        for (size_t i = 0; i < HOMES; i++) {
            works[i] |= client != NULL && strcmp(client, homes[i].client) == 0 &&
                        (strcmp(state, "wait") == 0 || strcmp(state, "sampling") == 0 ||
                         strcmp(state, "tool") == 0 || strcmp(state, "agents") == 0);
        }
    }
    for (size_t i = 0; i < HOMES; i++) {
        count += works[i];
    }
    json_decref(report);
    return count == HOMES;
}

static void compare_reports(const struct wanted *wanted)
{
    char specs[HOMES][600];
    const char *argv[HOMES + 4] = {support_program(), "report", "--json"};
    struct support_run run;
    for (size_t i = 0; i < HOMES; i++) {
        snprintf(specs[i], sizeof specs[i], "%s%s", homes[i].prefix, homes[i].dir);
        argv[3 + i] = specs[i];
    }
    support_run(&run, argv, NULL, 0, 120000);
    assert_int_equal(run.status, 0);
    json_t *report = json_loads(run.out, 0, NULL);
    for (size_t i = 0; i < HOMES; i++) {
        const char *wrong = differs(report, &homes[i], wanted->alone[i]);
        if (wrong != NULL) {
            fail_msg("report of all: %s: %s", homes[i].client, wrong);
        }
    }
    json_decref(report);
    support_run_release(&run);
}

static void release(struct wanted *wanted)
{
    for (size_t i = 0; i < HOMES; i++) {
        json_decref(wanted->alone[i]);
        if (homes[i].db != NULL) {
            sqlite3_close(homes[i].db);
        }
    }
    for (size_t i = 0; i < all.count; i++) {
        free(all.steps[i].path);
        free(all.steps[i].text);
    }
}

TEST(five_clients_are_in_one_picture_with_the_figures_that_each_has_alone)
{
    struct picture picture;
    struct wanted wanted = {.picture = &picture};
    char spec[600];
    load();
    picture_init(&picture, 120, 36);
    rig_start_hub(&picture.rig, (struct hub_options){.follow = true});
    for (size_t i = 0; i < HOMES; i++) {
        snprintf(spec, sizeof spec, "%s%s", homes[i].prefix, homes[i].dir);
        rig_add(&picture.rig, spec);
        wanted.alone[i] =
            homes[i].db == NULL
                ? report_of_source(homes[i].prefix,
                                   support_path(support_data("samples"),
                                                support_path(homes[i].sample, homes[i].below)))
                : report_of_source(homes[i].prefix, opencode_sample_directory());
    }
    size_t at = write_until(&picture.rig, 0, MODEL_START_MS + LOOK_MS);
    picture_at(&picture, LOOK_MS);
    rig_until(&picture.rig, all_work, &picture);
    for (size_t i = 0; i < HOMES; i++) {
        picture_has(&picture, homes[i].tag);
    }
    picture_has(&picture, "5 sessions");
    at = write_until(&picture.rig, at, INFINITY);
    assert_int_equal(at, all.count);
    rig_until(&picture.rig, all_are_right, &wanted);
    compare_reports(&wanted);
    release(&wanted);
    picture_release(&picture);
}

#else

TEST(nothing_without_sqlite)
{
}

#endif
