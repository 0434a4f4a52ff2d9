/* Captures of the real client, against what the API that it talked to counted (expected.json).

   What the transcripts cannot give, and is not compared: the time to the first token, but for answers whose first block is measured (thinking, a
   tool's input); when exactly an attempt failed or an answer ended (the last block's time is some ms later); whether an attempt was refused or dropped
   on the way, both being attempts that were followed by another. In concurrent-pb the chaos session's transcript has four calls of Bash where the API
   counts three: one came in an answer that was dropped, and was asked for again. */
#include "tests/support/otlp_reading.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No process lives. */
static const struct source_setting nowhere[] = {{"claude:", "proc", "/nowhere"}, {0}};

static const char *const samples[] = {"solo-json", "swarm-json", "concurrent-pb",
                                      "dead",      "abort",      "tui-perm"};

/* ---- metrics ---- */

/* Of up to three sources, which are read in this order; NULL: none. */
static json_t *report_of(const char *first, const char *second, const char *third)
{
    struct support_run run;
    const char *argv[] = {support_program(), "report", "--json", first, second, third, NULL};
    support_run(&run, argv, NULL, 0, 120000);
    if (run.status != 0) {
        fail_msg("report %s: status %d: %s", first, run.status, run.err);
    }
    json_t *report = json_loads(run.out, 0, NULL);
    assert_non_null(report);
    support_run_release(&run);
    return report;
}

static json_int_t number(const json_t *of, const char *key)
{
    return json_integer_value(json_object_get(of, key));
}

static const json_t *agent_of(const json_t *report, const char *session, const char *agent)
{
    const char *id = strcmp(agent, "main") == 0 ? session : agent;
    const json_t *all = json_object_get(report, "agents"), *of, *found = NULL;
    size_t i;
    json_array_foreach(all, i, of)
    {
        if (strcmp(json_string_value(json_object_get(of, "session_id")), session) == 0 &&
            strcmp(json_string_value(json_object_get(of, "agent_id")), id) == 0) {
            assert_null(found);
            found = of;
        }
    }
    if (found == NULL) {
        fail_msg("%s: %s: no such agent", session, agent);
    }
    return found;
}

static void same_tools(const json_t *agent, const json_t *want, const char *script, bool all_end)
{
    const char *name;
    json_t *count, *tools = json_object_get(agent, "tools");
    json_object_foreach(json_object_get(want, "tools"), name, count)
    {
        bool again = strcmp(script, "chaos") == 0 && strcmp(name, "Bash") == 0;
        json_int_t open = number(json_object_get(tools, name), "open");
        assert_int_equal(number(json_object_get(tools, name), "count") + open,
                         json_integer_value(count) + again);
        if (all_end) {
            assert_int_equal(open, 0);
        }
    }
    assert_int_equal(json_object_size(tools), json_object_size(json_object_get(want, "tools")));
}

static void same_agent(const json_t *agent, const json_t *want, const char *session, bool all_end)
{
    const char *script = json_string_value(json_object_get(want, "script"));
    const char *parent = json_string_value(json_object_get(want, "parent"));
    const char *is = json_string_value(json_object_get(agent, "parent_agent_id"));
    json_int_t read = number(want, "cache_read"), creation = number(want, "cache_creation");
    print_message("  %s %s\n", session, script);
    assert_int_equal(number(agent, "requests") - number(agent, "failed"), number(want, "ok"));
    assert_int_equal(number(agent, "requests") + number(agent, "retries"),
                     number(want, "attempts"));
    assert_int_equal(number(agent, "open_requests"), 0);
    assert_int_equal(number(agent, "output_tokens"), number(want, "out"));
    assert_int_equal(number(agent, "cache_read_tokens"), read);
    assert_int_equal(number(agent, "cache_creation_tokens"), creation);
    assert_int_equal(number(agent, "prompt_tokens"), number(want, "inp") + read + creation);
    same_tools(agent, want, script, all_end);
    if (parent == NULL) {
        assert_null(is);
    } else {
        assert_string_equal(is, strcmp(parent, "main") == 0 ? session : parent);
    }
}

/* Returns the path of a sample's file. Borrowed. */
static const char *of_sample(const char *sample, const char *name)
{
    char rel[100];
    snprintf(rel, sizeof rel, "samples/claude/%s/%s", sample, name);
    return support_data(rel);
}

static void same_as_expected(const json_t *report, const char *sample, bool all_end)
{
    json_t *all = json_load_file(of_sample(sample, "expected.json"), 0, NULL), *agents, *want;
    const char *session, *agent;
    size_t count = 0;
    assert_non_null(all);
    json_object_foreach(all, session, agents) json_object_foreach(agents, agent, want)
    {
        same_agent(agent_of(report, session, agent), want, session, all_end);
        count++;
    }
    assert_int_equal(json_array_size(json_object_get(report, "agents")), count);
    assert_int_equal(number(json_object_get(report, "events"), "bad"), 0);
    json_decref(all);
}

TEST(the_metrics_are_those_of_the_api)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char files[600];
        print_message("%s\n", samples[i]);
        snprintf(files, sizeof files, "claude:%s", of_sample(samples[i], "transcripts"));
        json_t *report = report_of(files, NULL, NULL);
        same_as_expected(report, samples[i], true);
        json_decref(report);
    }
}

TEST(the_cost_is_what_the_client_states)
{
    char files[600];
    struct support_run run;
    snprintf(files, sizeof files, "claude:%s", of_sample("swarm-json", "transcripts"));
    const char *argv[] = {support_program(), "dump", "--size", "200x30",
                          "--keys",          "2",    files,    NULL};
    support_run(&run, argv, NULL, 0, 120000);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "$0.32"));
    support_run_release(&run);
}

/* ---- files and hooks ---- */

/* The captured hooks as a feed has them. Borrowed. */
static const char *feed_of_hooks(const char *sample)
{
    const char *path = support_path(support_tmpdir(), "hooks.ndjson");
    FILE *from = fopen(of_sample(sample, "hooks.jsonl"), "re"), *to = fopen(path, "we");
    char *line = NULL;
    size_t size = 0;
    assert_true(from != NULL && to != NULL);
    while (getline(&line, &size, from) > 0) {
        json_t *hook = json_loads(line, 0, NULL);
        char *payload = json_dumps(json_object_get(hook, "payload"), JSON_COMPACT);
        assert_non_null(payload);
        fprintf(to, "{\"op\":\"claude_hook\",\"t\":%.3f,\"payload\":%s}\n",
                (double)number(hook, "t") / 1e6, payload);
        free(payload);
        json_decref(hook);
    }
    free(line);
    fclose(from);
    assert_int_equal(fclose(to), 0);
    return path;
}

static int by_agent(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    return strcmp(json_string_value(json_object_get(*x, "agent_id")),
                  json_string_value(json_object_get(*y, "agent_id")));
}

/* What goes on is measured until now. */
static void drop_what_is_live(json_t *agent)
{
    const char *name;
    json_t *tool;
    json_object_foreach(json_object_get(agent, "tools"), name, tool)
    {
        if (number(tool, "open") == 0) {
            continue;
        }
        json_object_del(agent, "busy_ms");
        json_object_del(agent, "tool_ms");
        json_object_del(agent, "agent_wait_ms");
        json_object_del(agent, "phases");
        json_object_del(agent, "idle_ms");
        json_object_del(agent, "held_up_by"); /* its age grows */
    }
}

/* The reports' agents in an order of their own; new. */
static json_t *sorted_agents(const json_t *report)
{
    json_t *all[40], *agents = json_object_get(report, "agents"), *sorted = json_array();
    size_t count = json_array_size(agents);
    assert_true(count <= 40);
    for (size_t i = 0; i < count; i++) {
        all[i] = json_array_get(agents, i);
    }
    qsort(all, count, sizeof *all, by_agent);
    for (size_t i = 0; i < count; i++) {
        drop_what_is_live(all[i]);
        json_array_append(sorted, all[i]);
    }
    return sorted;
}

static void same_agents(const json_t *a, const json_t *b)
{
    json_t *x = sorted_agents(a), *y = sorted_agents(b);
    if (!json_equal(x, y)) {
        char *left = json_dumps(x, JSON_INDENT(1)), *right = json_dumps(y, JSON_INDENT(1));
        print_error("%s\n---\n%s\n", left, right);
        free(left);
        free(right);
        fail_msg("the order makes a difference");
    }
    json_decref(x);
    json_decref(y);
}

/* A call that both tell of is one call, whoever comes first, and however often. */
TEST(files_and_hooks_say_the_same_once)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char files[600];
        print_message("%s\n", samples[i]);
        snprintf(files, sizeof files, "claude:%s", of_sample(samples[i], "transcripts"));
        const char *hooks = feed_of_hooks(samples[i]);
        json_t *files_first = report_of(files, hooks, NULL);
        json_t *hooks_first = report_of(hooks, files, NULL);
        json_t *twice = report_of(hooks, files, hooks);
        /* In `abort` a client was killed, and a hook tells of a call that began behind the last line of its transcript: it stays open. */
        same_as_expected(files_first, samples[i], strcmp(samples[i], "abort") != 0);
        same_agents(files_first, hooks_first);
        same_agents(files_first, twice);
        json_decref(files_first);
        json_decref(hooks_first);
        json_decref(twice);
    }
}

/* ---- files, hooks and telemetry ---- */

static const char *const with_telemetry[] = {"solo-json", "swarm-json", "tui-perm", "dead",
#ifdef HAVE_PROTOBUF
                                             "concurrent-pb"
#endif
};

/* The captured telemetry as a feed has it. Borrowed. */
static const char *feed_of_telemetry(const char *sample)
{
    const char *path = support_path(support_tmpdir(), "telemetry.ndjson");
    char rel[100];
    snprintf(rel, sizeof rel, "samples/claude/%s/otlp.jsonl", sample);
    otlp_write_feed(rel, path);
    return path;
}

/* Every request that succeeded has its time to the first token. */
static void all_times_are_known(const json_t *report)
{
    const json_t *totals = json_object_get(report, "totals");
    json_int_t good = number(totals, "requests") - number(totals, "failed");
    assert_int_equal(number(json_object_get(totals, "ttft_ms"), "count"), good);
}

TEST(files_hooks_and_telemetry_count_each_call_once)
{
    for (size_t i = 0; i < sizeof with_telemetry / sizeof *with_telemetry; i++) {
        char files[600];
        const char *sample = with_telemetry[i];
        snprintf(files, sizeof files, "claude:%s", of_sample(sample, "transcripts"));
        const char *hooks = feed_of_hooks(sample), *telemetry = feed_of_telemetry(sample);
        const char *const orders[][3] = {
            {files, telemetry, NULL},  {files, hooks, telemetry}, {telemetry, files, NULL},
            {telemetry, hooks, files}, {hooks, telemetry, files}, {telemetry, files, telemetry},
        };
        for (size_t k = 0; k < sizeof orders / sizeof *orders; k++) {
            print_message("%s, order %zu\n", sample, k);
            json_t *report = report_of(orders[k][0], orders[k][1], orders[k][2]);
            same_as_expected(report, sample, true);
            all_times_are_known(report);
            json_decref(report);
        }
    }
}

/* ---- growing ---- */

/* A file on its way: so many bytes of it are there. */
struct growing {
    char from[500], to[500];
    char *bytes;
    size_t len, at;
};

struct copy {
    struct growing files[40];
    size_t count;
};

static void collect(struct copy *copy, const char *from, const char *to)
{
    DIR *dir = opendir(from);
    assert_non_null(dir);
    mkdir(to, 0700);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char a[500], b[500];
        struct stat st;
        if (entry->d_name[0] == '.') {
            continue;
        }
        assert_true(snprintf(a, sizeof a, "%s/%s", from, entry->d_name) < (int)sizeof a);
        assert_true(snprintf(b, sizeof b, "%s/%s", to, entry->d_name) < (int)sizeof b);
        assert_int_equal(stat(a, &st), 0);
        if (S_ISDIR(st.st_mode)) {
            collect(copy, a, b);
            continue;
        }
        assert_true(copy->count < sizeof copy->files / sizeof *copy->files);
        struct growing *file = &copy->files[copy->count++];
        memcpy(file->from, a, sizeof a);
        memcpy(file->to, b, sizeof b);
        file->bytes = support_read_file(a, &file->len);
    }
    closedir(dir);
}

/* The next bytes of one of them. False: all are there. */
static bool grow(struct copy *copy, uint64_t *seed)
{
    size_t start = support_random_below(seed, copy->count), i = 0;
    while (i < copy->count && copy->files[(start + i) % copy->count].at ==
                                  copy->files[(start + i) % copy->count].len) {
        i++;
    }
    if (i == copy->count) {
        return false;
    }
    struct growing *file = &copy->files[(start + i) % copy->count];
    size_t n = 1 + support_random_below(seed, 9000), left = file->len - file->at;
    n = n < left ? n : left;
    int fd = open(file->to, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0 && write(fd, file->bytes + file->at, n) == (ssize_t)n);
    close(fd);
    file->at += n;
    return true;
}

static bool is_same(struct rig *rig, void *ctx)
{
    json_t *all = records_of(&rig->model);
    bool same = json_equal(all, ctx) == 1;
    json_decref(all);
    return same;
}

static json_t *without_ends(json_t *records);

static bool is_same_without_ends(struct rig *rig, void *ctx)
{
    json_t *all = without_ends(records_of(&rig->model));
    bool same = json_equal(json_object_get(all, "tools"), json_object_get(ctx, "tools")) == 1;
    json_decref(all);
    return same;
}

/* Leaves out what follows from the end of a session. */
static json_t *without_ends(json_t *records)
{
    const char *kind, *id;
    json_t *all, *of;
    json_object_foreach(records, kind, all)
    {
        json_object_foreach(all, id, of)
        {
            json_object_del(of, "gone");
            json_object_del(of, "state");
            /* Its client, which ended, killed it. */
            const char *error = json_string_value(json_object_get(of, "error"));
            if (error != NULL && strcmp(error, "Exit code 137") == 0) {
                json_object_del(of, "outcome");
            }
        }
    }
    return records;
}

static json_t *read_whole(const char *dir)
{
    struct rig rig;
    char spec[600];
    snprintf(spec, sizeof spec, "claude:%s", dir);
    rig_init(&rig);
    rig_start_hub(&rig, (struct hub_options){.settings = nowhere});
    rig_add(&rig, spec);
    rig_until_finished(&rig);
    json_t *all = records_of(&rig.model);
    rig_release(&rig);
    return all;
}

TEST(what_grows_in_pieces_is_what_is_read_whole)
{
    for (size_t i = 0; i < 2; i++) {
        struct copy *copy = calloc(1, sizeof *copy);
        struct rig rig;
        char rel[100], spec[600];
        uint64_t seed = 5 + i;
        const char *dir = support_tmpdir();
        snprintf(rel, sizeof rel, "samples/claude/%s/transcripts", samples[i == 0 ? 1 : 4]);
        json_t *whole = read_whole(support_data(rel));
        collect(copy, support_data(rel), dir);
        snprintf(spec, sizeof spec, "claude:%s", dir);
        rig_init(&rig);
        rig_start_hub(&rig, (struct hub_options){.follow = true, .settings = nowhere});
        rig_add(&rig, spec);
        for (int k = 0; grow(copy, &seed); k++) {
            rig_run_ms(&rig, k % 4 == 0 ? 20 : 1);
        }
        /* What is not ended by its client is taken to live for a while: no more of it is looked at. */
        if (i == 0) {
            rig_until(&rig, is_same, whole);
        }
        without_ends(whole);
        if (i != 0) {
            rig_until(&rig, is_same_without_ends, whole);
        }
        json_t *all = without_ends(records_of(&rig.model));
        static const char *const kinds[] = {"agents", "tools", "requests", "interactions"};
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            char *is = json_dumps(json_object_get(all, kinds[k]), JSON_SORT_KEYS | JSON_INDENT(1));
            char *want =
                json_dumps(json_object_get(whole, kinds[k]), JSON_SORT_KEYS | JSON_INDENT(1));
            assert_string_equal(is, want);
            free(is);
            free(want);
        }
        json_decref(all);
        assert_int_equal(hub_source(rig.hub, 0).bad, 0);
        rig_release(&rig);
        json_decref(whole);
        for (size_t k = 0; k < copy->count; k++) {
            free(copy->files[k].bytes);
        }
        free(copy);
    }
}
