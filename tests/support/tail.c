/* The capture's offsets are those of the files before they were scrubbed, so lines are found by
   their type and time; those without a time before one were written with it. */
#include "tests/support/tail.h"

#include "ingest/iso_time.h"
#include "tests/support/records.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 16 };

struct tail_file {
    char rel[400]; /* below the sample */
    char *bytes;   /* owned */
    const char *at;
};

static struct {
    struct tail_file files[FILES];
    size_t count;
    size_t root_len;
} found; /* nftw passes no context */

static int take_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    size_t len = strlen(path);
    if (type == FTW_F && len > 6 && strcmp(path + len - 6, ".jsonl") == 0) {
        assert_true(found.count < FILES);
        struct tail_file *file = &found.files[found.count++];
        snprintf(file->rel, sizeof file->rel, "%s", path + found.root_len + 1);
        file->at = file->bytes = support_read_file(path, NULL);
    }
    return 0;
}

static void make_parents(const char *path)
{
    char dir[600];
    snprintf(dir, sizeof dir, "%s", path);
    for (char *at = dir + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(dir, 0700);
        *at = '/';
    }
}

static struct tail_file *file_named(const char *path)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    for (size_t i = 0; i < found.count; i++) {
        const char *slash = strrchr(found.files[i].rel, '/');
        if (strcmp(slash == NULL ? found.files[i].rel : slash + 1, name) == 0) {
            return &found.files[i];
        }
    }
    return NULL;
}

static void append(const char *dir, const struct tail_file *file, size_t len)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", dir, file->rel);
    make_parents(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0 && write(fd, file->at, len) == (ssize_t)len);
    close(fd);
}

static char *next_step(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    *at = end + 1;
    return line;
}

static bool is_line(const json_t *line, const json_t *step)
{
    const char *type = json_string_value(json_object_get(line, "type"));
    const char *want = json_string_value(json_object_get(step, "type"));
    const char *time = json_string_value(json_object_get(line, "timestamp"));
    int64_t ns;
    return type != NULL && want != NULL && strcmp(type, want) == 0 && time != NULL &&
           iso_time_parse(time, strlen(time), &ns) &&
           ns / 1000000 == json_integer_value(json_object_get(step, "ts"));
}

/* Writes the lines of the file up to the one of the step, or with NULL all that are left, and
   checks after each. */
static void write_lines(struct rig *rig, const char *dir, struct tail_file *file,
                        const json_t *step, unsigned *number, tail_check *check, void *ctx)
{
    bool last = false;
    for (const char *end; !last && (end = strchr(file->at, '\n')) != NULL;) {
        json_t *line = json_loadb(file->at, (size_t)(end - file->at), 0, NULL);
        last = step != NULL && is_line(line, step);
        append(dir, file, (size_t)(end - file->at) + 1);
        file->at = end + 1;
        rig_until_events(rig, *number + 1);
        check(rig, file->rel, line, *number, ctx);
        (*number)++;
        json_decref(line);
    }
}

const char *tail_replay(struct rig *rig, const char *sample, const char *top, const char *prefix,
                        tail_check *check, void *ctx)
{
    char rel[200], spec[600];
    const char *dir = support_tmpdir();
    snprintf(rel, sizeof rel, "samples/%s", sample);
    const char *root = support_data(rel);
    memset(&found, 0, sizeof found);
    found.root_len = strlen(root);
    assert_int_equal(nftw(support_path(root, top), take_file, 16, FTW_PHYS), 0);
    char *steps = support_read_file(support_path(root, "tail.jsonl"), NULL), *at = steps;
    rig_start_hub(rig, (struct hub_options){.follow = true});
    snprintf(spec, sizeof spec, "%s%s", prefix, dir);
    rig_add(rig, spec);
    unsigned number = 0;
    for (char *text; (text = next_step(&at)) != NULL;) {
        json_t *step = json_loads(text, 0, NULL);
        const char *name = json_string_value(json_object_get(step, "file"));
        struct tail_file *file = json_object_get(step, "len") == NULL ? NULL : file_named(name);
        if (file != NULL) {
            rig->now_ns = (int64_t)json_integer_value(json_object_get(step, "seen")) * 1000000;
            write_lines(rig, dir, file, step, &number, check, ctx);
        }
        json_decref(step);
    }
    for (size_t i = 0; i < found.count; i++) {
        write_lines(rig, dir, &found.files[i], NULL, &number, check, ctx);
        assert_int_equal(*found.files[i].at, '\0');
        free(found.files[i].bytes);
    }
    free(steps);
    return dir;
}

json_t *tail_open(const struct rig *rig, const char *kind)
{
    json_t *all = records_of(&rig->model), *open = json_array(), *call;
    const char *id;
    json_object_foreach(json_object_get(all, kind), id, call)
    {
        if (json_object_get(call, "end_ms") == NULL) {
            size_t place = 0;
            while (place < json_array_size(open) &&
                   strcmp(json_string_value(json_array_get(open, place)), id) < 0) {
                place++;
            }
            json_array_insert_new(open, place, json_string(id));
        }
    }
    json_decref(all);
    return open;
}
