/* The arguments of a process begin with its program. Most clients are scripts, so that the program
   is an interpreter, and the first argument that is no option is the client. */
#include "ingest/process_search.h"

#include "ingest/process.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARGUMENTS_BYTES = 4096 };

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool is_script_of(const char *path, const char *program)
{
    static const char *const endings[] = {"", ".js", ".mjs", ".cjs"};
    const char *name = last_part(path);
    size_t len = strlen(program);
    for (size_t i = 0; strncmp(name, program, len) == 0 && i < sizeof endings / sizeof *endings;
         i++) {
        if (strcmp(name + len, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_interpreter(const char *path)
{
    static const char *const names[] = {"node", "nodejs", "bun", "deno"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(last_part(path), names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool runs(const char *proc, int64_t pid, const char *program)
{
    char arguments[ARGUMENTS_BYTES];
    size_t len = process_arguments(proc, pid, arguments, sizeof arguments);
    if (len == 0 || is_script_of(arguments, program)) {
        return len > 0;
    }
    size_t at = strlen(arguments) + 1;
    while (at < len && arguments[at] == '-') {
        at += strlen(arguments + at) + 1;
    }
    return at < len && is_interpreter(arguments) && is_script_of(arguments + at, program);
}

static bool works_in(const char *proc, int64_t pid, const char *cwd)
{
    char path[PATH_MAX], target[PATH_MAX];
    struct stat st;
    int len = snprintf(path, sizeof path, "%s/%lld", proc, (long long)pid);
    if (len >= (int)sizeof path || stat(path, &st) != 0 || st.st_uid != getuid() ||
        (size_t)len + sizeof "/cwd" > sizeof path) {
        return false;
    }
    memcpy(path + len, "/cwd", sizeof "/cwd");
    ssize_t size = readlink(path, target, sizeof target - 1);
    target[size < 0 ? 0 : size] = '\0';
    return size > 0 && strcmp(target, cwd) == 0;
}

size_t process_search(const char *proc, const char *program, const char *cwd, int64_t *out,
                      size_t max)
{
    char real[PATH_MAX]; /* the kernel's path has no links */
    size_t count = 0;
    cwd = realpath(cwd, real) != NULL ? real : cwd;
    DIR *dir = opendir(proc);
    struct dirent *entry;
    while (dir != NULL && count < max && (entry = readdir(dir)) != NULL) {
        char *end;
        long long pid = strtoll(entry->d_name, &end, 10);
        if (pid > 0 && *end == '\0' && works_in(proc, pid, cwd) && runs(proc, pid, program)) {
            out[count++] = pid;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return count;
}
