/* A line of /proc/PID/stat has the name in parentheses, which may hold anything, a parenthesis too:
   what follows the last one is fields without spaces. */
#include "ingest/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STAT_BYTES = 4096,
    CHILDREN_BYTES = 4096,
    STATE_FIELD = 3,
    PARENT_FIELD = 4,
    START_FIELD = 22
};

bool process_read_file(const char *path, char *out, size_t size, size_t *len)
{
    /* A FIFO that replaces a file of a client would never answer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    size_t at = 0;
    ssize_t n = 1;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    while (n > 0 && at < size - 1 && (n = read(fd, out + at, size - 1 - at)) > 0) {
        at += (size_t)n;
    }
    close(fd);
    out[at] = '\0';
    *len = at;
    return n >= 0;
}

bool process_is_same(const struct process *a, const struct process *b)
{
    return a->pid == b->pid && strcmp(a->start, b->start) == 0;
}

/* Copies the numbered field of a stat line, counted from 1; "": the line has none. */
static void copy_field(const char *stat, int number, char *out, size_t size)
{
    const char *at = strrchr(stat, ')');
    out[0] = '\0';
    if (at == NULL) {
        return;
    }
    at++;
    for (int i = STATE_FIELD; i < number; i++) {
        at += strspn(at, " ");
        at += strcspn(at, " \n");
    }
    at += strspn(at, " ");
    size_t len = strcspn(at, " \n");
    if (len < size) {
        memcpy(out, at, len);
        out[len] = '\0';
    }
}

static bool read_stat(const char *proc, int64_t pid, char stat[STAT_BYTES])
{
    char path[PATH_MAX];
    size_t len;
    return snprintf(path, sizeof path, "%s/%lld/stat", proc, (long long)pid) < (int)sizeof path &&
           process_read_file(path, stat, STAT_BYTES, &len);
}

bool process_find(const char *proc, int64_t pid, struct process *out, int64_t *parent)
{
    char stat[STAT_BYTES], state[8], number[PROCESS_START_BYTES];
    if (!read_stat(proc, pid, stat)) {
        return false;
    }
    copy_field(stat, STATE_FIELD, state, sizeof state);
    if (strcmp(state, "Z") == 0 || strcmp(state, "X") == 0) {
        return false;
    }
    out->pid = pid;
    copy_field(stat, START_FIELD, out->start, sizeof out->start);
    copy_field(stat, PARENT_FIELD, number, sizeof number);
    if (parent != NULL) {
        *parent = strtoll(number, NULL, 10);
    }
    return true;
}

bool process_lives(const char *proc, const struct process *process)
{
    struct process found;
    if (process_find(proc, process->pid, &found, NULL)) {
        return process->start[0] == '\0' || strcmp(found.start, process->start) == 0;
    }
    return access(proc, F_OK) != 0 && (kill((pid_t)process->pid, 0) == 0 || errno == EPERM);
}

void process_chain_find(const char *proc, int64_t pid, struct process_chain *out)
{
    int64_t parent;
    out->count = 0;
    while (pid > 1 && out->count < PROCESS_CHAIN_MAX &&
           process_find(proc, pid, &out->process[out->count], &parent)) {
        out->count++;
        pid = parent;
    }
}

bool process_domain(const char *proc, char out[PROCESS_DOMAIN_BYTES])
{
    char path[PATH_MAX], boot[48], names[40];
    size_t len;
    snprintf(path, sizeof path, "%s/sys/kernel/random/boot_id", proc);
    bool good = process_read_file(path, boot, sizeof boot, &len);
    snprintf(path, sizeof path, "%s/self/ns/pid", proc);
    ssize_t link = readlink(path, names, sizeof names - 1);
    if (!good || link <= 0) {
        return false;
    }
    names[link] = '\0';
    snprintf(out, PROCESS_DOMAIN_BYTES, "%.*s:%s", (int)strcspn(boot, "\n"), boot, names);
    return true;
}

size_t process_arguments(const char *proc, int64_t pid, char *out, size_t size)
{
    char path[PATH_MAX];
    size_t len = 0;
    bool read =
        snprintf(path, sizeof path, "%s/%lld/cmdline", proc, (long long)pid) < (int)sizeof path &&
        process_read_file(path, out, size, &len);
    return read ? len : 0;
}

/* Each thread has a list of those that it started. */
size_t process_children(const char *proc, int64_t pid, int64_t *out, size_t max)
{
    char path[PATH_MAX], text[CHILDREN_BYTES];
    size_t count = 0, len;
    snprintf(path, sizeof path, "%s/%lld/task", proc, (long long)pid);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        int size = snprintf(path, sizeof path, "%s/%lld/task/%s/children", proc, (long long)pid,
                            entry->d_name);
        if (entry->d_name[0] == '.' || size >= (int)sizeof path ||
            !process_read_file(path, text, sizeof text, &len)) {
            continue;
        }
        char *at = text, *end;
        for (long long child; count < max && (child = strtoll(at, &end, 10)) > 0; at = end) {
            out[count++] = child;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return count;
}
