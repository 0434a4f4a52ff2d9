/* Ids are renamed by turning their hexadecimal digits, so they keep their length and stay apart. */
#include "tests/support/capture_vary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_MAX = 400, PIDS_MAX = 20, ID_LEN = 64 };

struct ids {
    char old[IDS_MAX][ID_LEN], renamed[IDS_MAX][ID_LEN];
    size_t count;
};

static void turn(char *text, unsigned seed)
{
    static const char digits[] = "0123456789abcdef";
    for (; *text != '\0'; text++) {
        const char *digit = strchr(digits, *text);
        *text = digit == NULL ? *text : digits[((size_t)(digit - digits) + seed) % 16];
    }
}

static void add_id(struct ids *ids, const char *id, unsigned seed)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (strcmp(ids->old[i], id) == 0) {
            return;
        }
    }
    if (id[0] == '\0') {
        return;
    }
    assert_true(ids->count < IDS_MAX && strlen(id) < ID_LEN);
    strcpy(ids->old[ids->count], id);
    strcpy(ids->renamed[ids->count], id);
    turn(ids->renamed[ids->count++], seed);
}

static void rename_in(const struct ids *ids, char *text)
{
    for (size_t i = 0; text != NULL && i < ids->count; i++) {
        size_t len = strlen(ids->old[i]);
        for (char *at = text; (at = strstr(at, ids->old[i])) != NULL; at += len) {
            memcpy(at, ids->renamed[i], len);
        }
    }
}

/* Numbers of processes keep their count of digits where the first one is not 9. */
static int renamed_pid(int pid, unsigned seed)
{
    return pid + (int)seed;
}

static void rename_pid(struct capture_step *step, int pid, unsigned seed)
{
    char old[40], renamed[60];
    if (step->path != NULL && strncmp(step->path, "sessions/", 9) == 0 &&
        atoi(step->path + 9) == pid) {
        free(step->path);
        snprintf(renamed, sizeof renamed, "sessions/%d.json", renamed_pid(pid, seed));
        step->path = strdup(renamed);
        snprintf(old, sizeof old, "\"pid\":%d,", pid);
        snprintf(renamed, sizeof renamed, "\"pid\":%d,", renamed_pid(pid, seed));
        char *at = step->text == NULL ? NULL : strstr(step->text, old);
        if (at != NULL) {
            assert_int_equal(strlen(old), strlen(renamed));
            memcpy(at, renamed, strlen(renamed));
        }
        step->pid = -1;
    } else if (step->pid == pid) {
        step->pid = -renamed_pid(pid, seed) - 1;
    }
}

void capture_rename(struct capture *capture, unsigned seed)
{
    struct ids *ids = calloc(1, sizeof *ids);
    int pids[PIDS_MAX];
    size_t pid_count = 0;
    assert_non_null(ids);
    for (size_t i = 0; i < capture->call_count; i++) {
        add_id(ids, capture->calls[i].session, seed);
        add_id(ids, capture->calls[i].agent, seed);
        add_id(ids, capture->calls[i].id, seed);
    }
    for (size_t i = 0; i < capture->end_count; i++) {
        add_id(ids, capture->ends[i].session, seed);
        rename_in(ids, capture->ends[i].session);
    }
    for (size_t i = 0; i < capture->call_count; i++) {
        rename_in(ids, capture->calls[i].session);
        rename_in(ids, capture->calls[i].agent);
        rename_in(ids, capture->calls[i].id);
    }
    for (size_t i = 0; i < capture->step_count; i++) {
        struct capture_step *step = &capture->steps[i];
        rename_in(ids, step->text);
        rename_in(ids, step->path);
        if (step->what == CAPTURE_BORN) {
            assert_true(pid_count < PIDS_MAX);
            pids[pid_count++] = step->pid;
        }
    }
    for (size_t i = 0; i < capture->step_count; i++) {
        for (size_t k = 0; k < pid_count; k++) {
            rename_pid(&capture->steps[i], pids[k], seed);
        }
        struct capture_step *step = &capture->steps[i];
        step->pid = step->pid < 0 ? -step->pid - 1 : step->pid;
    }
    free(ids);
}

static int by_time(const void *a, const void *b)
{
    const struct capture_step *x = a, *y = b;
    if (x->t_ms != y->t_ms) {
        return x->t_ms < y->t_ms ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

void capture_delay(struct capture *capture, unsigned seed, double most_ms)
{
    for (size_t i = 0; i < capture->step_count; i++) {
        struct capture_step *step = &capture->steps[i];
        uint64_t state = seed;
        /* One delay for a file, so that its lines stay in order; each hook has its own. */
        for (const char *at = step->path; at != NULL && *at != '\0'; at++) {
            state = state * 31 + (unsigned char)*at;
        }
        state += step->what == CAPTURE_HOOK ? i * 977 : 0;
        if (step->what == CAPTURE_LINE || step->what == CAPTURE_HOOK) {
            step->t_ms += (double)support_random_below(&state, 1000) / 1000 * most_ms;
        }
    }
    qsort(capture->steps, capture->step_count, sizeof *capture->steps, by_time);
    for (size_t i = 0; i < capture->step_count; i++) {
        capture->steps[i].order = i;
    }
}

static void *joined(void *to, size_t to_count, void *from, size_t from_count, size_t size)
{
    char *items = realloc(to, (to_count + from_count + 1) * size);
    assert_non_null(items);
    if (from_count > 0) {
        memcpy(items + to_count * size, from, from_count * size);
    }
    free(from);
    return items;
}

void capture_join(struct capture *capture, struct capture *other, double after_ms)
{
    capture_shift(other, round(capture->steps[0].t_ms + after_ms - other->steps[0].t_ms));
    assert_true(capture->end_count + other->end_count <=
                sizeof capture->ends / sizeof capture->ends[0]);
    capture->steps = joined(capture->steps, capture->step_count, other->steps, other->step_count,
                            sizeof *capture->steps);
    capture->step_count += other->step_count;
    capture->calls = joined(capture->calls, capture->call_count, other->calls, other->call_count,
                            sizeof *capture->calls);
    capture->call_count += other->call_count;
    memcpy(capture->ends + capture->end_count, other->ends, other->end_count * sizeof *other->ends);
    capture->end_count += other->end_count;
    for (size_t i = 0; i < capture->step_count; i++) {
        capture->steps[i].order = i;
    }
    qsort(capture->steps, capture->step_count, sizeof *capture->steps, by_time);
}
