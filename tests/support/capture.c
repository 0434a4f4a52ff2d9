/* Steps come from four files of a sample and are sorted by time. A transcript's line has the time
   of its block; the client writes the blocks of one answer together once the answer is complete,
   some ms later, and never changes the order of lines. A line without a time follows the one before
   it. Processes are those of the registry; one whose session's last hook is SessionEnd removes its
   entry and exits, any other was killed and leaves the entry. */
#include "tests/support/capture.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ANSWER_LATE_MS  150  /* between an answer's end and its lines */
#define KILLED_AFTER_MS 2500 /* a session that was killed lived so long after its last sign */

static void *more(void *items, size_t count, size_t size)
{
    items = realloc(items, (count + 1) * size);
    assert_non_null(items);
    return memset((char *)items + count * size, 0, size), items;
}

static struct capture_step *add_step(struct capture *capture, double t_ms, enum capture_what what)
{
    capture->steps = more(capture->steps, capture->step_count, sizeof *capture->steps);
    struct capture_step *step = &capture->steps[capture->step_count];
    *step = (struct capture_step){
        .t_ms = t_ms, .sent_ms = t_ms, .what = what, .order = capture->step_count};
    capture->step_count++;
    return step;
}

static struct capture_call *add_call(struct capture *capture, enum capture_kind kind,
                                     const char *session, const char *agent, double start_ms)
{
    capture->calls = more(capture->calls, capture->call_count, sizeof *capture->calls);
    struct capture_call *call = &capture->calls[capture->call_count++];
    call->kind = kind;
    snprintf(call->session, sizeof call->session, "%s", session);
    snprintf(call->agent, sizeof call->agent, "%s", agent != NULL ? agent : session);
    call->start_ms = start_ms;
    call->end_ms = INFINITY;
    call->failed_until_ms = INFINITY;
    return call;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* Returns the sample's file of lines as an array; new. Empty: has none. */
static json_t *lines_of(const char *sample, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "samples/claude/%s/%s", sample, name);
    char *at = NULL;
    size_t size = 0;
    json_t *all = json_array();
    struct stat st;
    char plain[600];
    snprintf(plain, sizeof plain, "%s", support_tests("data"));
    snprintf(plain + strlen(plain), sizeof plain - strlen(plain), "/%s", path);
    if (stat(plain, &st) != 0) {
        return all;
    }
    FILE *file = fopen(plain, "re");
    assert_non_null(file);
    while (getline(&at, &size, file) > 0) {
        json_t *line = json_loads(at, 0, NULL);
        assert_non_null(line);
        json_array_append_new(all, line);
    }
    free(at);
    fclose(file);
    return all;
}

/* ---- transcripts ---- */

/* "2026-11-22T18:40:58.358Z" as ms; NAN: absent. */
static double time_of(const json_t *line)
{
    const char *text = text_of(line, "timestamp");
    struct tm tm = {0};
    double seconds;
    if (text == NULL || sscanf(text, "%d-%d-%dT%d:%d:%lfZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                               &tm.tm_hour, &tm.tm_min, &seconds) != 6) {
        return NAN;
    }
    tm.tm_year -= 1900;
    tm.tm_mon--;
    return ((double)timegm(&tm) + seconds) * 1000;
}

static const char *message_of(const json_t *line)
{
    return text_of(json_object_get(line, "message"), "id");
}

/* When a line was written: its own time, for an answer that of its last block. */
static double written_at(const json_t *lines, size_t index)
{
    const json_t *line = json_array_get(lines, index), *other;
    double t_ms = time_of(line);
    const char *message = message_of(line);
    size_t i;
    if (message == NULL) {
        return t_ms;
    }
    json_array_foreach(lines, i, other)
    {
        if (message_of(other) != NULL && strcmp(message_of(other), message) == 0) {
            t_ms = fmax(t_ms, time_of(other));
        }
    }
    return t_ms + ANSWER_LATE_MS;
}

static void take_transcript(struct capture *capture, const char *full, const char *path)
{
    json_t *lines = json_array(), *line;
    size_t len, i;
    char *text = support_read_file(full, &len), *save = NULL;
    char **raw = calloc(len + 1, sizeof *raw);
    assert_non_null(raw);
    for (char *at = strtok_r(text, "\n", &save); at != NULL; at = strtok_r(NULL, "\n", &save)) {
        raw[json_array_size(lines)] = at;
        line = json_loads(at, 0, NULL);
        assert_non_null(line);
        json_array_append_new(lines, line);
    }
    double written = 0;
    for (i = 0; i < json_array_size(lines); i++) {
        double t_ms = written_at(lines, i);
        for (size_t next = i; isnan(t_ms) && written == 0; next++) {
            t_ms = written_at(lines, next);
        }
        written = isnan(t_ms) ? written : fmax(written, t_ms);
        struct capture_step *step = add_step(capture, written, CAPTURE_LINE);
        step->path = strdup(path);
        step->text = malloc(strlen(raw[i]) + 2);
        assert_non_null(step->text);
        sprintf(step->text, "%s\n", raw[i]);
    }
    free(raw);
    free(text);
    json_decref(lines);
}

/* The transcripts below a directory; `path` is its place below Claude's. */
static void take_directory(struct capture *capture, const char *full, const char *path)
{
    DIR *dir = opendir(full);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char below[600], in[600];
        struct stat st;
        size_t len = strlen(entry->d_name);
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(below, sizeof below, "%s/%s", full, entry->d_name);
        snprintf(in, sizeof in, "%s/%s", path, entry->d_name);
        assert_int_equal(stat(below, &st), 0);
        if (S_ISDIR(st.st_mode)) {
            take_directory(capture, below, in);
        } else if (len > 6 && strcmp(entry->d_name + len - 6, ".jsonl") == 0) {
            take_transcript(capture, below, in);
        }
    }
    closedir(dir);
}

/* ---- hooks ---- */

static struct capture_call *call_of(struct capture *capture, const char *id)
{
    for (size_t i = 0; id != NULL && i < capture->call_count; i++) {
        if (strcmp(capture->calls[i].id, id) == 0) {
            return &capture->calls[i];
        }
    }
    return NULL;
}

static void end_person(struct capture *capture, const char *agent, double t_ms)
{
    for (size_t i = 0; i < capture->call_count; i++) {
        struct capture_call *call = &capture->calls[i];
        if (call->kind == CAPTURE_PERSON && isinf(call->end_ms) &&
            strcmp(call->agent, agent) == 0) {
            call->end_ms = t_ms;
        }
    }
}

static void take_hook_truth(struct capture *capture, const json_t *payload, double t_ms)
{
    const char *event = text_of(payload, "hook_event_name"), *id = text_of(payload, "tool_use_id");
    const char *session = text_of(payload, "session_id"), *agent = text_of(payload, "agent_id");
    const char *tool = text_of(payload, "tool_name");
    if (strcmp(event, "PreToolUse") == 0) {
        bool waits = strcmp(tool, "Agent") == 0;
        struct capture_call *call =
            add_call(capture, waits ? CAPTURE_AGENT_CALL : CAPTURE_TOOL, session, agent, t_ms);
        snprintf(call->id, sizeof call->id, "%s", id);
        snprintf(call->tool, sizeof call->tool, "%s", tool);
    } else if (strncmp(event, "PostToolUse", 11) == 0 && call_of(capture, id) != NULL) {
        call_of(capture, id)->end_ms = t_ms;
        call_of(capture, id)->failed = strcmp(event, "PostToolUseFailure") == 0 &&
                                       !json_is_true(json_object_get(payload, "is_interrupt"));
        end_person(capture, agent != NULL ? agent : session, t_ms);
    } else if (strcmp(event, "PermissionRequest") == 0) {
        add_call(capture, CAPTURE_PERSON, session, agent, t_ms);
    } else if (strcmp(event, "SessionEnd") == 0) {
        struct capture_end *end = &capture->ends[capture->end_count++];
        snprintf(end->session, sizeof end->session, "%s", session);
        end->t_ms = t_ms;
    }
}

static void take_hooks(struct capture *capture, const char *sample)
{
    json_t *hooks = lines_of(sample, "hooks.jsonl"), *hook;
    size_t i;
    json_array_foreach(hooks, i, hook)
    {
        double t_ms = (double)json_integer_value(json_object_get(hook, "t")) / 1e6;
        const json_t *payload = json_object_get(hook, "payload");
        struct capture_step *step = add_step(capture, t_ms, CAPTURE_HOOK);
        step->text = json_dumps(payload, JSON_COMPACT);
        take_hook_truth(capture, payload, t_ms);
    }
    json_decref(hooks);
}

/* ---- the API ---- */

static struct capture_call *request_of(struct capture *capture, const char *session,
                                       const char *agent)
{
    for (size_t i = capture->call_count; i > 0; i--) {
        struct capture_call *call = &capture->calls[i - 1];
        if (call->kind == CAPTURE_REQUEST && strcmp(call->session, session) == 0 &&
            strcmp(call->agent, agent) == 0) {
            return call;
        }
    }
    return NULL;
}

/* A request lasts from its first attempt until its answer, or until its last attempt failed: an
   attempt that fails ends it for the time being, and the next one takes that back. */
static void take_api(struct capture *capture, const char *sample)
{
    json_t *truth = lines_of(sample, "truth.jsonl"), *line;
    size_t i;
    json_array_foreach(truth, i, line)
    {
        double t_ms = (double)json_integer_value(json_object_get(line, "t"));
        const char *session = text_of(line, "session"), *agent = text_of(line, "agent");
        agent = agent != NULL ? agent : session;
        struct capture_call *call = request_of(capture, session, agent);
        if (strcmp(text_of(line, "event"), "request") != 0) {
            assert_non_null(call);
            call->end_ms = t_ms;
            call->failed = strcmp(text_of(line, "event"), "done") != 0;
        } else if (call != NULL && call->failed) {
            call->end_ms = INFINITY;
            call->failed = false;
        } else {
            add_call(capture, CAPTURE_REQUEST, session, agent, t_ms);
        }
    }
    json_decref(truth);
}

/* ---- processes ---- */

static double last_sign(const struct capture *capture, const char *session)
{
    double last = 0;
    for (size_t i = 0; i < capture->step_count; i++) {
        const struct capture_step *step = &capture->steps[i];
        bool of_it = (step->path != NULL && strstr(step->path, session) != NULL) ||
                     (step->text != NULL && strstr(step->text, session) != NULL);
        last = of_it ? fmax(last, step->t_ms) : last;
    }
    return last;
}

static void end_process(struct capture *capture, const char *session, const char *path, int pid)
{
    const struct capture_end *end = capture_end_of(capture, session);
    double t_ms = end != NULL ? end->t_ms : last_sign(capture, session) + KILLED_AFTER_MS;
    if (end != NULL) {
        add_step(capture, t_ms, CAPTURE_GONE)->path = strdup(path);
    } else {
        struct capture_end *killed = &capture->ends[capture->end_count++];
        snprintf(killed->session, sizeof killed->session, "%s", session);
        killed->t_ms = t_ms;
        killed->killed = true;
    }
    add_step(capture, t_ms + 20, CAPTURE_DEATH)->pid = pid;
}

/* A session that is idle runs nothing: that ends what a person refused. */
static void take_idle(struct capture *capture, const json_t *entry, double t_ms)
{
    const char *status = text_of(entry, "status"), *session = text_of(entry, "sessionId");
    if (status == NULL || strcmp(status, "idle") != 0) {
        return;
    }
    for (size_t i = 0; i < capture->call_count; i++) {
        struct capture_call *call = &capture->calls[i];
        if (call->kind != CAPTURE_REQUEST && strcmp(call->session, session) == 0 &&
            strcmp(call->agent, session) == 0 && call->start_ms < t_ms && t_ms < call->end_ms) {
            call->end_ms = t_ms;
            call->ended_by_idle = true;
        }
    }
}

static void take_registry(struct capture *capture, const char *sample)
{
    json_t *versions = lines_of(sample, "session-registry.jsonl"), *version;
    int pids[20] = {0};
    size_t count = 0, i;
    json_array_foreach(versions, i, version)
    {
        const json_t *json = json_object_get(version, "json");
        const char *path = text_of(version, "file");
        double t_ms = (double)json_integer_value(json_object_get(version, "t"));
        int pid = (int)json_integer_value(json_object_get(json, "pid"));
        struct capture_step *step = add_step(capture, t_ms, CAPTURE_FILE);
        step->path = strdup(path);
        step->text = json_dumps(json, JSON_COMPACT);
        take_idle(capture, json, t_ms);
        bool known = pid == 0;
        for (size_t k = 0; k < count; k++) {
            known |= pids[k] == pid;
        }
        if (!known) {
            pids[count++] = pid;
            step = add_step(capture, t_ms - 1, CAPTURE_BORN);
            step->pid = pid;
            step->text = strdup(text_of(json, "procStart"));
            end_process(capture, text_of(json, "sessionId"), path, pid);
        }
    }
    json_decref(versions);
}

/* ---- all of it ---- */

static int by_time(const void *a, const void *b)
{
    const struct capture_step *x = a, *y = b;
    if (x->t_ms != y->t_ms) {
        return x->t_ms < y->t_ms ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

const struct capture_end *capture_end_of(const struct capture *capture, const char *session)
{
    for (size_t i = 0; i < capture->end_count; i++) {
        if (strcmp(capture->ends[i].session, session) == 0) {
            return &capture->ends[i];
        }
    }
    return NULL;
}

/* A client that ends kills its commands, and writes that they failed. */
static void take_exit_codes(struct capture *capture)
{
    for (size_t i = 0; i < capture->step_count; i++) {
        const struct capture_step *step = &capture->steps[i];
        for (size_t k = 0; step->what == CAPTURE_LINE && k < capture->call_count; k++) {
            struct capture_call *call = &capture->calls[k];
            if (call->id[0] != '\0' && strstr(step->text, call->id) != NULL &&
                strstr(step->text, "\"Exit code 137\"") != NULL) {
                const struct capture_end *end = capture_end_of(capture, call->session);
                call->failed = true;
                call->failed_until_ms = end != NULL ? end->t_ms : (double)INFINITY;
            }
        }
    }
}

void capture_load(struct capture *capture, const char *sample)
{
    char path[200];
    *capture = (struct capture){0};
    snprintf(path, sizeof path, "samples/claude/%s/transcripts/projects", sample);
    take_directory(capture, support_data(path), "projects");
    take_hooks(capture, sample);
    take_api(capture, sample);
    take_registry(capture, sample);
    take_exit_codes(capture);
    for (size_t i = 0; i < capture->call_count; i++) {
        struct capture_call *call = &capture->calls[i];
        const struct capture_end *end = capture_end_of(capture, call->session);
        call->end_ms = end != NULL ? fmin(call->end_ms, end->t_ms) : call->end_ms;
    }
    qsort(capture->steps, capture->step_count, sizeof *capture->steps, by_time);
}

/* ---- another time ---- */

/* Moves "2026-11-22T18:40:58.358Z", which keeps its length. False: none is there. */
static bool shift_date(char *at, double ms)
{
    struct tm tm = {0};
    int millis, len = 0;
    if (sscanf(at, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &millis, &len) != 7 ||
        len != 24) {
        return false;
    }
    tm.tm_year -= 1900;
    tm.tm_mon--;
    double moved = (double)timegm(&tm) * 1000 + millis + ms;
    time_t seconds = (time_t)floor(moved / 1000);
    char date[40], all[60];
    gmtime_r(&seconds, &tm);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(all, sizeof all, "%s.%03dZ", date, (int)(moved - (double)seconds * 1000));
    memcpy(at, all, 24);
    return true;
}

/* Moves a number of 13 digits: ms since the epoch. False: none is there. (A digest may have as many,
   between letters or after a zero.) */
static bool shift_number(char *at, double ms)
{
    char text[32];
    if (strspn(at, "0123456789") != 13 || at[0] == '0') {
        return false;
    }
    snprintf(text, sizeof text, "%.0f", strtod(at, NULL) + ms);
    memcpy(at, text, 13);
    return true;
}

void capture_shift_text(char *text, double ms)
{
    for (char *at = text; at != NULL && *at != '\0';) {
        if (*at < '0' || *at > '9') {
            at++;
            continue;
        }
        size_t digits = strspn(at, "0123456789");
        bool moved = digits == 4 ? shift_date(at, ms) : shift_number(at, ms);
        at += moved && digits == 4 ? 24 : digits;
    }
}

void capture_shift(struct capture *capture, double ms)
{
    for (size_t i = 0; i < capture->step_count; i++) {
        capture->steps[i].t_ms += ms;
        capture->steps[i].sent_ms += ms;
        capture_shift_text(capture->steps[i].text, ms);
    }
    for (size_t i = 0; i < capture->call_count; i++) {
        capture->calls[i].start_ms += ms;
        capture->calls[i].end_ms += ms;
        capture->calls[i].failed_until_ms += ms;
    }
    for (size_t i = 0; i < capture->end_count; i++) {
        capture->ends[i].t_ms += ms;
    }
}

void capture_release(struct capture *capture)
{
    for (size_t i = 0; i < capture->step_count; i++) {
        free(capture->steps[i].path);
        free(capture->steps[i].text);
    }
    free(capture->steps);
    free(capture->calls);
}
