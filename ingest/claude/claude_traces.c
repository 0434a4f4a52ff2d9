/* A session counts once: if its transcript exists, `claude:` shows it and its trace is left out, or
   taken back where the transcript comes later. So is a trace that this program wrote, in this run
   or before, for it repeats what other sources had. */
#include "ingest/claude/claude_traces.h"

#include "ingest/trace/dir_source.h"
#include "ingest/trace/pack.h"
#include "ingest/trace/unpack.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    SINCE_S = 3600,       /* --since, if it is not given */
    TAIL_BYTES = 1 << 20, /* of a document: its metadata are at its end */
    READ_BYTES = 64 << 10,
    /* Unpacking holds up the loop. Documents that this program packs have a mark, so only what
       others have packed is looked into, and beyond this size it is not recognized as ours. */
    UNPACKED_BYTES = 4 << 20,
    WAIT_S = 3 /* since its last change, for the session's transcript to appear */
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

/* Appends `bytes` and keeps the last TAIL_BYTES of all. */
static void keep_tail(struct strbuf *tail, struct slice bytes)
{
    strbuf_add(tail, bytes.bytes, bytes.len);
    if (tail->len > 2 * TAIL_BYTES) {
        strbuf_eat(tail, tail->len - TAIL_BYTES);
    }
}

/* Unpacks the file, at most UNPACKED_BYTES of it, and keeps the end. */
static void read_packed(const struct mem *mem, int fd, struct strbuf *tail)
{
    char *room = mem_alloc(mem, READ_BYTES);
    struct unpack *unpack = unpack_new(mem);
    size_t total = 0;
    ssize_t len = 0;
    while (room != NULL && unpack != NULL && total < UNPACKED_BYTES && !tail->failed &&
           (len = read(fd, room, READ_BYTES)) > 0) {
        struct slice bytes;
        unpack_feed(unpack, room, (size_t)len);
        while (unpack_next(unpack, &bytes)) {
            keep_tail(tail, bytes);
            total += bytes.len;
        }
    }
    unpack_free(unpack);
    mem_free(mem, room, room == NULL ? 0 : READ_BYTES);
}

/* Appends the end of the document. */
static void read_tail(const struct mem *mem, int fd, off_t size, struct strbuf *tail)
{
    char *room = mem_alloc(mem, TAIL_BYTES);
    ssize_t len =
        room == NULL ? 0 : pread(fd, room, TAIL_BYTES, size > TAIL_BYTES ? size - TAIL_BYTES : 0);
    strbuf_add(tail, room, len > 0 ? (size_t)len : 0);
    mem_free(mem, room, room == NULL ? 0 : TAIL_BYTES);
}

static bool is_ours(const struct mem *mem, const char *path, off_t size)
{
    char first[PACK_MARK_BYTES];
    struct strbuf tail;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? 0 : pread(fd, first, sizeof first, 0);
    size_t len = got > 0 ? (size_t)got : 0;
    bool ours = pack_is_marked(first, len);
    strbuf_init(&tail, mem, 0);
    if (!ours && len > 0 && unpack_is_packed(first, len)) {
        read_packed(mem, fd, &tail);
    } else if (!ours && len > 0) {
        read_tail(mem, fd, size, &tail);
    }
    if (fd >= 0) {
        close(fd);
    }
    ours |= tail.len > 0 && memmem(tail.data, tail.len, our_member, sizeof our_member - 1) != NULL;
    strbuf_release(&tail);
    return ours;
}

static enum dir_choice choose(const struct source *source, const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int64_t since_ns = hub_settings(source->hub)->since_ns;
    int64_t since_s = since_ns == 0 ? SINCE_S : since_ns / 1000000000;
    int64_t now_s = ingest_ctx_wall(hub_ctx(source->hub)) / 1000000000;
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path ||
        stat(path, &st) != 0 || !S_ISREG(st.st_mode) || (int64_t)st.st_mtime < now_s - since_s ||
        has_transcript(dir, name)) {
        return DIR_LEAVE;
    }
    int64_t age_s = now_s - (int64_t)st.st_mtime;
    if (hub_settings(source->hub)->follow && age_s >= 0 && age_s < WAIT_S) {
        return DIR_WAIT;
    }
    return is_ours(hub_ctx(source->hub)->mem, path, st.st_size) ? DIR_NEVER : DIR_TAKE;
}

static const struct dir_chooser chooser = {choose, has_transcript};

static bool open_traces(struct source *source, struct strbuf *error)
{
    const char *named = source_argument(source), *dir = source_setting(source, "dir");
    if (*named == '\0' && dir == NULL) {
        source_error(error, source->spec, "cannot be opened", "its directory is not known");
        return false;
    }
    return dir_source_open(source, *named != '\0' ? named : dir, &chooser, error);
}

const struct source_ops claude_traces_ops = {
    .size = sizeof(struct dir_source),
    .open = open_traces,
    .close = dir_source_close,
    .release = dir_source_release,
};
