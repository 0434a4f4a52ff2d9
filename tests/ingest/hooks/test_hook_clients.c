/* Hooks of clients other than Claude Code, as the real ones sent them, beside the session's file as it
   grew: each ran two commands that a person was asked about, the first allowed, the second refused. */
#include "ingest/source.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct client {
    const char *name, *session;
    const char *path; /* of the session's file in the client's directory */
    size_t tools, requests, turns;
    /* When the person was asked and had answered, ms after 2026-11-29T21:00:00Z. */
    double asked_ms[2], answered_ms[2];
    double slack_ms; /* of the answer that let the command run */
    const char *wait;
} clients[] = {
    {.name = "codex",
     .session = "01a22921-d5ad-71e1-8db2-9bcbb98d2477",
     .path = "sessions/2026/11/29/"
             "rollout-2026-11-29T21-06-52-01a22921-d5ad-71e1-8db2-9bcbb98d2477.jsonl",
     .tools = 2,
     .requests = 2,
     .turns = 1,
     .asked_ms = {415225, 420972},
     .answered_ms = {418951, 424617},
     .slack_ms = 600, /* the command's own time */
     .wait = "Permission: Bash"},
    {.name = "qwen",
     .session = "8953636b-8784-4990-9d15-fd85294f66bc",
     .path = "projects/-home-dev-project/chats/8953636b-8784-4990-9d15-fd85294f66bc.jsonl",
     .tools = 3,
     .requests = 2,
     .turns = 1,
     .asked_ms = {409685, 419871},
     .answered_ms = {414620, 424361},
     .wait = "Permission: run_shell_command"},
    {.name = "gemini",
     .session = "e09b654b-3dc4-4c69-b4d3-664f1872d25c",
     .path = "tmp/project/chats/session-2026-11-29T21-07-e09b654b.jsonl",
     .tools = 3,
     .requests = 2,
     .turns = 1,
     .asked_ms = {449273, 455751},
     .answered_ms = {453812, 459463},
     .slack_ms = 1500,
     .wait = "Permission: run_shell_command"},
};

enum { CLIENTS = sizeof clients / sizeof *clients, LINES_MAX = 100 };
#define DAY_MS 1795986000000.0

struct line {
    double at_ms;
    bool hook;
    char *text;
    json_t *payload;
};

struct story {
    struct line lines[LINES_MAX];
    size_t count;
};

/* When a session's line was written: Gemini CLI writes a message again with its tools' times. */
static double time_of(const char *line)
{
    static const char *const keys[] = {"\"timestamp\":\"", "\"startTime\":\"",
                                       "\"lastUpdated\":\""};
    const char *at = NULL;
    unsigned hour, minute;
    double second;
    for (size_t i = 0; at == NULL && i < sizeof keys / sizeof *keys; i++) {
        for (const char *next = line; (next = strstr(next, keys[i])) != NULL; at = next) {
            next += strlen(keys[i]);
        }
    }
    assert_non_null(at);
    assert_int_equal(sscanf(at, "%*10cT%2u:%2u:%lf", &hour, &minute, &second), 3);
    return DAY_MS + ((hour - 21) * 3600.0 + minute * 60.0 + second) * 1000;
}

static void add_lines(struct story *story, const char *name, bool hook)
{
    char path[200];
    size_t len;
    snprintf(path, sizeof path, "hooks/%s.%s.jsonl", name, hook ? "hooks" : "session");
    char *text = support_read_file(support_data(path), &len);
    for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        struct line *line = &story->lines[story->count++];
        assert_true(story->count < LINES_MAX);
        *end = '\0';
        *line = (struct line){.hook = hook, .text = strdup(at)};
        if (hook) {
            json_t *whole = json_loads(at, 0, NULL);
            line->at_ms = (double)json_integer_value(json_object_get(whole, "t"));
            line->payload = json_incref(json_object_get(whole, "payload"));
            json_decref(whole);
        } else {
            line->at_ms = time_of(at);
        }
    }
    free(text);
}

static int by_time(const void *a, const void *b)
{
    const struct line *one = a, *other = b;
    return one->at_ms < other->at_ms ? -1 : one->at_ms > other->at_ms;
}

static void release(struct story *story)
{
    for (size_t i = 0; i < story->count; i++) {
        free(story->lines[i].text);
        json_decref(story->lines[i].payload);
    }
}

static void make_dirs(const char *dir, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    for (char *at = path + strlen(dir) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
}

static void take(struct rig *rig, const char *client, const struct line *line)
{
    struct json_value value;
    char *text = json_dumps(line->payload, JSON_COMPACT);
    assert_true(json_check(text, strlen(text), 64, &value, NULL));
    const struct hook_arrival arrival = {.t_ms = line->at_ms, .local_ns = rig->now_ns};
    const char *wrong = hook_take(hub_ctx(rig->hub), client, value, &arrival);
    if (wrong != NULL) {
        fail_msg("%s: %s", client, wrong);
    }
    free(text);
}

/* How many there are that have the member; NULL: any. */
static size_t count_of(const struct rig *rig, const char *kind, const char *member)
{
    json_t *all = records_of(&rig->model), *one;
    size_t count = 0;
    const char *id;
    json_object_foreach(json_object_get(all, kind), id, one)
    {
        count += member == NULL || json_object_get(one, member) != NULL;
    }
    json_decref(all);
    return count;
}

static void check_waits(const struct client *client, const struct rig *rig, bool files)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct record *wait = NULL;
        for (unsigned n = 0; wait == NULL && n < 8; n++) {
            const struct record *one = records_find(&rig->model, CALL_WAIT, "", n);
            if (one != NULL && one->start_ms == DAY_MS + client->asked_ms[i]) {
                wait = one;
            }
        }
        if (wait == NULL) {
            fail_msg("%s: no wait %u", client->name, i);
        }
        struct slice what = facts_text(&wait->facts, FIELD_CONTEXT);
        assert_int_equal(what.len, strlen(client->wait));
        assert_memory_equal(what.bytes, client->wait, what.len);
        double end_ms = facts_number(&wait->facts, FIELD_END_MS) - DAY_MS;
        double late_ms = end_ms - client->answered_ms[i];
        if (files && !(late_ms >= -1 && late_ms <= (i == 0 ? client->slack_ms : 0) + 200)) {
            fail_msg("%s: wait %u ends at %.0f", client->name, i, end_ms);
        }
        assert_true(end_ms > 0);
    }
}

static void tell(struct rig *rig, const struct client *client, bool files)
{
    struct story story = {.count = 0};
    char spec[600], path[700];
    const char *dir = support_tmpdir();
    uint64_t taken = 0;
    add_lines(&story, client->name, true);
    if (files) {
        add_lines(&story, client->name, false);
    }
    qsort(story.lines, story.count, sizeof *story.lines, by_time);
    make_dirs(dir, client->path);
    snprintf(path, sizeof path, "%s/%s", dir, client->path);
    snprintf(spec, sizeof spec, "%s:%s", client->name, dir);
    rig_start_hub(rig, (struct hub_options){.follow = true});
    rig_add(rig, spec);
    for (size_t i = 0; i < story.count; i++) {
        const struct line *line = &story.lines[i];
        rig->ahead_ns = (int64_t)line->at_ms * 1000000 - rig->now_ns;
        if (line->hook) {
            take(rig, client->name, line);
        } else {
            int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
            assert_true(fd >= 0 && dprintf(fd, "%s\n", line->text) > 0);
            close(fd);
            rig_until_events(rig, ++taken);
        }
    }
    release(&story);
}

RIG_TEST(hooks_add_the_waits_for_a_person_to_what_files_report_and_count_nothing_twice)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        const struct client *client = &clients[i];
        struct rig own;
        rig_init(&own);
        tell(&own, client, true);
        check_waits(client, &own, true);
        assert_int_equal(count_of(&own, "sessions", NULL), 1);
        size_t tools = count_of(&own, "tools", NULL), turns = count_of(&own, "interactions", NULL);
        size_t requests = count_of(&own, "requests", "output_tokens");
        if (tools != client->tools || requests != client->requests || turns != client->turns) {
            fail_msg("%s: %zu tools, %zu requests, %zu turns", client->name, tools, requests,
                     turns);
        }
        rig_release(&own);
    }
}

RIG_TEST(hooks_alone_show_the_session_its_waits_and_its_end)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        const struct client *client = &clients[i];
        struct rig own;
        rig_init(&own);
        tell(&own, client, false);
        check_waits(client, &own, false);
        const struct session *session = rig_session(&own, client->session);
        assert_non_null(session);
        assert_true((session->flags & SESSION_ENDED) != 0);
        rig_release(&own);
    }
}

RIG_TEST(a_command_of_qwen_that_was_allowed_is_not_taken_for_one_that_waits)
{
    tell((struct rig *)*state, &clients[1], true);
    const struct record *call = records_find(&((struct rig *)*state)->model, CALL_TOOL,
                                             "toolu_01sJ1xDq1M2K7pP8anw01znRNe", 0);
    assert_int_equal(facts_bool(&call->facts, FIELD_MAY_ASK), TRI_FALSE);
}

RIG_TEST(a_refused_command_of_codex_is_refused_not_interrupted)
{
    tell((struct rig *)*state, &clients[0], true);
    const struct record *call =
        records_find(&((struct rig *)*state)->model, CALL_TOOL, "call_mock_2", 0);
    assert_int_equal((int)facts_number(&call->facts, FIELD_OUTCOME), OUTCOME_REFUSED);
}
