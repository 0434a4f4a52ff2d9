/* A file's time says when it was written, which a copy does not keep; its lines say when it happened. So where the file's time rules it out nothing is
   read, else as much as holds a line. In a line `"timestamp":` is a member's name: within a text its quotes would be escaped. */
#include "ingest/claude/claude_files.h"

#include "ingest/claude/claude_line.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PEEK_BYTES = 256 << 10, TIME_BYTES = 40 };

#define UNSEEN   INT64_MIN
#define SETTLE_S 2 /* what is younger may change again within the tick of the file system's clock */

int claude_files_open(const char *path)
{
    struct stat st;
    /* To open a FIFO would wait for whoever writes to it; a link may lead to a key, which is never opened. (Directories may be links.) */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

/* ---- directories ---- */

int64_t claude_files_modified_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

bool claude_directory_changed(struct claude_directory *directory)
{
    struct stat st;
    if (stat(directory->path, &st) != 0)
        return false;
    int64_t modified = claude_files_modified_ns(&st);
    bool young = llabs((long long)(time(NULL) - st.st_mtim.tv_sec)) <= SETTLE_S;
    bool changed = young || directory->modified_ns != modified;
    directory->modified_ns = modified;
    return changed;
}

static bool ends_with(const char *name, size_t len, const char *end)
{
    size_t n = strlen(end);
    return len > n && memcmp(name + len - n, end, n) == 0;
}

/* What a file is called by: its name without ".jsonl", and without what it begins with. bytes NULL: it is no such file. */
static struct slice id_of(const char *name, const char *prefix)
{
    size_t len = strlen(name), skip = strlen(prefix);
    if (name[0] == '.' || !ends_with(name, len, ".jsonl") || strncmp(name, prefix, skip) != 0 ||
        len - skip <= 6 || len - skip - 6 > CLAUDE_ID_BYTES)
        return (struct slice){NULL, 0};
    return (struct slice){name + skip, len - skip - 6};
}

static void look_into(const struct mem *mem, const char *dir, const char *prefix,
                      claude_found_call *call, void *ctx)
{
    struct strbuf path;
    DIR *files = opendir(dir);
    strbuf_init(&path, mem, 0);
    for (struct dirent *file; files != NULL && (file = readdir(files)) != NULL;) {
        struct slice id = id_of(file->d_name, prefix);
        struct stat st;
        strbuf_clear(&path);
        strbuf_addf(&path, "%s/%s", dir, file->d_name);
        if (id.bytes != NULL && !path.failed && lstat(path.data, &st) == 0 && S_ISREG(st.st_mode))
            call(ctx, path.data, id, &st);
    }
    if (files != NULL)
        closedir(files);
    strbuf_release(&path);
}

void claude_files_agents(const struct mem *mem, const char *dir, claude_found_call *call, void *ctx)
{
    look_into(mem, dir, "agent-", call, ctx);
}

/* ---- projects ---- */

bool claude_projects_init(struct claude_projects *projects, const struct mem *mem, const char *dir,
                          size_t len)
{
    *projects = (struct claude_projects){.mem = mem};
    strbuf_init(&projects->root, mem, 0);
    strbuf_addf(&projects->root, "%.*s/projects", (int)len, dir);
    projects->own = (struct claude_directory){projects->root.data, UNSEEN};
    return !projects->root.failed;
}

void claude_projects_release(struct claude_projects *projects)
{
    for (size_t i = 0; i < projects->count; i++)
        mem_free(projects->mem, projects->list[i].path, strlen(projects->list[i].path) + 1);
    mem_free(projects->mem, projects->list, projects->cap * sizeof *projects->list);
    strbuf_release(&projects->root);
}

bool claude_projects_exist(const struct claude_projects *projects)
{
    struct stat st;
    return stat(projects->root.data, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_listed(const struct claude_projects *projects, const char *path)
{
    for (size_t i = 0; i < projects->count; i++)
        if (strcmp(projects->list[i].path, path) == 0)
            return true;
    return false;
}

static bool add_project(struct claude_projects *projects, const char *name)
{
    struct strbuf path;
    bool good = true;
    strbuf_init(&path, projects->mem, 0);
    strbuf_addf(&path, "%s/%s", projects->root.data, name);
    if (!path.failed && !is_listed(projects, path.data)) {
        char *copy = mem_alloc(projects->mem, path.len + 1);
        good = copy != NULL && mem_reserve(projects->mem, &projects->list, &projects->cap,
                                           projects->count + 1, sizeof *projects->list);
        if (good) {
            memcpy(copy, path.data, path.len + 1);
            projects->list[projects->count++] = (struct claude_directory){copy, UNSEEN};
        } else {
            mem_free(projects->mem, copy, copy == NULL ? 0 : path.len + 1);
        }
    }
    good &= !path.failed;
    strbuf_release(&path);
    return good;
}

static bool list_projects(struct claude_projects *projects)
{
    bool good = true;
    DIR *dirs = opendir(projects->root.data);
    for (struct dirent *dir; dirs != NULL && (dir = readdir(dirs)) != NULL;)
        if (dir->d_name[0] != '.' && dir->d_type != DT_REG)
            good &= add_project(projects, dir->d_name);
    if (dirs != NULL)
        closedir(dirs);
    return good;
}

bool claude_projects_look(struct claude_projects *projects, claude_found_call *call, void *ctx)
{
    bool good = !claude_directory_changed(&projects->own) || list_projects(projects);
    for (size_t i = 0; i < projects->count; i++)
        if (claude_directory_changed(&projects->list[i]))
            look_into(projects->mem, projects->list[i].path, "", call, ctx);
    return good;
}

bool claude_projects_find(const struct claude_projects *projects, const char *session_id,
                          struct strbuf *path)
{
    struct stat st;
    if (strchr(session_id, '/') != NULL)
        return false;
    for (size_t i = 0; i < projects->count; i++) {
        strbuf_clear(path);
        strbuf_addf(path, "%s/%s.jsonl", projects->list[i].path, session_id);
        if (!path->failed && lstat(path->data, &st) == 0 && S_ISREG(st.st_mode))
            return true;
    }
    strbuf_clear(path);
    return false;
}

/* ---- times ---- */

/* The time that begins behind a member's name at `at`; NAN: there is none. */
static double time_at(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == ':'))
        at++;
    const char *close = at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
    if (close == NULL || close - at > TIME_BYTES)
        return (double)NAN;
    return claude_time((struct json_value){JSON_TYPE_STRING, at, (size_t)(close - at) + 1});
}

/* Of all that are in the bytes the smallest or the greatest, as lines are in no strict order; the first alone where that will do. */
static double time_in(const char *bytes, size_t len, bool last)
{
    static const char name[] = "\"timestamp\"";
    const char *end = bytes + len, *at = bytes;
    double found = (double)NAN;
    while ((at = memmem(at, (size_t)(end - at), name, sizeof name - 1)) != NULL) {
        at += sizeof name - 1;
        double ms = time_at(at, end);
        if (!isnan(ms) && !(found >= ms))
            found = ms;
        if (!last && !isnan(found))
            break;
    }
    return found;
}

static double peek(const struct mem *mem, const char *path, bool last)
{
    struct stat st;
    double found = (double)NAN;
    int fd = claude_files_open(path);
    char *bytes = fd < 0 ? NULL : mem_alloc(mem, PEEK_BYTES);
    if (bytes != NULL && fstat(fd, &st) == 0) {
        off_t at = last && st.st_size > PEEK_BYTES ? st.st_size - PEEK_BYTES : 0;
        ssize_t len = pread(fd, bytes, PEEK_BYTES, at);
        found = len > 0 ? time_in(bytes, (size_t)len, last) : found;
    }
    mem_free(mem, bytes, bytes == NULL ? 0 : PEEK_BYTES);
    if (fd >= 0)
        close(fd);
    return found;
}

double claude_files_first_ms(const struct mem *mem, const char *path)
{
    return peek(mem, path, false);
}

double claude_files_last_ms(const struct mem *mem, const char *path)
{
    return peek(mem, path, true);
}
