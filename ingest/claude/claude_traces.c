/* A session counts once: if its transcript exists, `claude:` shows it and its trace is left out. So
   is a trace that this program wrote, in this run or before, for it repeats what other sources
   had. */
#include "ingest/claude/claude_traces.h"

#include "ingest/trace/dir_source.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    SINCE_S = 3600,      /* --since, if it is not given */
    TAIL_BYTES = 1 << 20 /* of a document: its metadata are at its end */
};

static const char prefix[] = "trace-", suffix[] = ".json";
static const char our_member[] = "\"swarmtop\":{\"version\":";

/* The session that the trace's name has; empty: none. */
static struct slice session_of(const char *name)
{
    const char *end = strstr(name, suffix); /* compressed ones have more after it */
    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || end == NULL) {
        return (struct slice){NULL, 0};
    }
    const char *id = name + sizeof prefix - 1;
    return (struct slice){id, end > id ? (size_t)(end - id) : 0};
}

/* Returns whether a project beside the directory of traces has the session's transcript. */
static bool has_transcript(const char *dir, const char *name)
{
    char projects[PATH_MAX], path[PATH_MAX];
    struct slice session = session_of(name);
    if (session.len == 0 ||
        snprintf(projects, sizeof projects, "%s/../projects", dir) >= (int)sizeof projects) {
        return false;
    }
    DIR *all = opendir(projects);
    if (all == NULL) {
        return false;
    }
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(all)) != NULL;) {
        int len = snprintf(path, sizeof path, "%s/%s/%.*s.jsonl", projects, entry->d_name,
                           (int)session.len, session.bytes);
        found = len < (int)sizeof path && access(path, F_OK) == 0;
    }
    closedir(all);
    return found;
}

static bool is_ours(const struct mem *mem, const char *path, off_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *tail = mem_alloc(mem, TAIL_BYTES);
    bool ours = false;
    if (fd >= 0 && tail != NULL) {
        ssize_t len = pread(fd, tail, TAIL_BYTES, size > TAIL_BYTES ? size - TAIL_BYTES : 0);
        ours = len > 0 && memmem(tail, (size_t)len, our_member, sizeof our_member - 1) != NULL;
    }
    mem_free(mem, tail, TAIL_BYTES);
    if (fd >= 0) {
        close(fd);
    }
    return ours;
}

static bool is_wanted(const struct source *source, const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int64_t since_ns = hub_settings(source->hub)->since_ns;
    int64_t since_s = since_ns == 0 ? SINCE_S : since_ns / 1000000000;
    int64_t now_s = ingest_ctx_wall(hub_ctx(source->hub)) / 1000000000;
    return snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path &&
           stat(path, &st) == 0 && S_ISREG(st.st_mode) && (int64_t)st.st_mtime >= now_s - since_s &&
           !has_transcript(dir, name) && !is_ours(hub_ctx(source->hub)->mem, path, st.st_size);
}

static bool open_traces(struct source *source, struct strbuf *error)
{
    const char *named = source_argument(source), *dir = source_setting(source, "dir");
    if (*named == '\0' && dir == NULL) {
        source_error(error, source->spec, "cannot be opened", "its directory is not known");
        return false;
    }
    return dir_source_open(source, *named != '\0' ? named : dir, is_wanted, error);
}

const struct source_ops claude_traces_ops = {
    .size = sizeof(struct dir_source),
    .open = open_traces,
    .close = dir_source_close,
    .release = dir_source_release,
};
