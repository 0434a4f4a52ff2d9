/* The common part of a source: its row of the table, its settings, its state and its end. */
#include "ingest/source.h"

#include "ingest/address.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_BYTES = 1 << 20, FILE_LINE_BYTES = 64 << 20 };

/* ---- the table ---- */

const struct source_row *source_row_of(const struct source_row *rows, const char *spec)
{
    const struct source_row *row = rows;
    while (row->ops != NULL &&
           (row->prefix == NULL || strncmp(spec, row->prefix, strlen(row->prefix)) != 0)) {
        row++;
    }
    if (row->ops != NULL) {
        return row;
    }
    for (row = rows; row->ops != NULL; row++) {
        if (row->prefix == NULL && row->fits(spec)) {
            return row;
        }
    }
    return NULL;
}

static bool has_entry(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    return snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path &&
           stat(path, &st) == 0;
}

/* Returns whether the path ends with the name of the row's default directory. */
static bool is_named_as(const struct source_row *row, const char *dir)
{
    size_t len = strlen(dir), name_len = strlen(row->in_home);
    while (len > 1 && dir[len - 1] == '/') {
        len--;
    }
    return len >= name_len && memcmp(dir + len - name_len, row->in_home, name_len) == 0 &&
           (len == name_len || dir[len - name_len - 1] == '/');
}

const struct source_row *source_row_of_files(const struct source_row *rows, const char *dir)
{
    const struct source_row *found = NULL;
    for (const struct source_row *row = rows; row->ops != NULL; row++) {
        if (row->client == NULL || row->in_home == NULL || !has_entry(dir, row->needs)) {
            continue;
        }
        if (is_named_as(row, dir)) {
            return row;
        }
        /* Any directory may have a `tmp`, or `sessions`. */
        bool own_name = strcmp(row->needs, "tmp") != 0 && strcmp(row->needs, "sessions") != 0;
        found = found == NULL && own_name ? row : found;
    }
    return found;
}

const char *source_argument(const struct source *source)
{
    return source->spec + (source->row->prefix == NULL ? 0 : strlen(source->row->prefix));
}

const char *source_setting(const struct source *source, const char *name)
{
    const struct source_setting *setting = hub_settings(source->hub)->settings;
    for (; setting != NULL && setting->name != NULL; setting++) {
        if (source->row->prefix != NULL && strcmp(setting->prefix, source->row->prefix) == 0 &&
            strcmp(setting->name, name) == 0) {
            return setting->value;
        }
    }
    return NULL;
}

const char *source_place(const struct source *source)
{
    const char *named = source_argument(source);
    return source->row->in_home == NULL ? NULL
           : *named != '\0'             ? named
                                        : source_setting(source, "dir");
}

/* ---- its state ---- */

void source_set_state(struct source *source, enum source_state state)
{
    if (source->state == state) {
        return;
    }
    source->state = state;
    hub_ctx(source->hub)->changed = true;
}

void source_set_state_by_place(struct source *source)
{
    char path[PATH_MAX];
    const char *place = source_place(source), *needs = source->row->needs;
    bool there = place != NULL &&
                 snprintf(path, sizeof path, "%s/%s", place, needs != NULL ? needs : "") <
                     (int)sizeof path &&
                 access(path, F_OK) == 0;
    source_set_state(source, there ? SOURCE_OPEN : SOURCE_WAITING);
}

/* Returns the part of "spec: what: detail" after the spec, which the log shows last. */
static const char *without_spec(const struct source *source, const char *error)
{
    size_t len = strlen(source->spec);
    bool starts = strncmp(error, source->spec, len) == 0 && strncmp(error + len, ": ", 2) == 0;
    return starts ? error + len + 2 : error;
}

void source_finish(struct source *source, const char *error)
{
    source_set_state(source, error != NULL ? SOURCE_FAILED : SOURCE_FINISHED);
    if (error == NULL) {
        return;
    }
    strbuf_clear(&source->error);
    strbuf_adds(&source->error, error);
    ingest_ctx_log_from(hub_ctx(source->hub), LOG_LEVEL_ERROR, source->spec,
                        without_spec(source, error));
}

void source_set_trouble(struct source *source, const char *why)
{
    struct strbuf text;
    strbuf_init(&text, hub_ctx(source->hub)->mem, 0);
    if (why != NULL) {
        source_error(&text, source->spec, "cannot be read", why);
    }
    bool same = text.len == source->error.len &&
                (text.len == 0 || memcmp(text.data, source->error.data, text.len) == 0);
    if (!same && !text.failed) {
        strbuf_clear(&source->error);
        strbuf_adds(&source->error, text.data != NULL ? text.data : "");
        hub_ctx(source->hub)->changed = true;
    }
    if (!same && text.len > 0 && !text.failed) {
        ingest_ctx_log_from(hub_ctx(source->hub), LOG_LEVEL_WARNING, source->spec,
                            without_spec(source, text.data));
    }
    strbuf_release(&text);
}

size_t source_max_line(const struct source *source, bool file)
{
    size_t max = hub_settings(source->hub)->max_line_bytes;
    if (max > 0) {
        return max;
    }
    return file ? FILE_LINE_BYTES : LINE_BYTES;
}

bool source_may_bind(const struct source *source, const struct address *address,
                     struct strbuf *error)
{
    const struct hub_options *settings = hub_settings(source->hub);
    if (address->loopback) {
        return true;
    }
    if (!settings->allow_remote) {
        source_error(error, source->spec, "not a loopback address",
                     "--allow-remote and --token-file let others send");
    } else if (settings->token == NULL) {
        source_error(error, source->spec, "--allow-remote wants --token-file", NULL);
    }
    return settings->allow_remote && settings->token != NULL;
}
