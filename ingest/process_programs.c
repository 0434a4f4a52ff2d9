/* Clients are scripts as often as programs: the second argument of an interpreter counts like the
   first of others, as long as it is no option. Processes of other users have no directory that may
   be read, and are left out. */
#include "ingest/process_programs.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_BYTES = 4096, STAT_BYTES = 64 << 10 };

/* Returns whether a part of the path is the name, without the ending that scripts have. */
static bool has_part(const char *path, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        size_t part = strcspn(at, "/");
        bool script = part > len && at[part] == '\0' && at[len] == '.';
        if ((part == len || script) && strncmp(at, name, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_any(const char *path, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (has_part(path, *names)) {
            return true;
        }
    }
    return false;
}

/* `arguments` are texts with their NUL, one after the other. */
static bool runs_any(const char *arguments, size_t len, const char *const *names)
{
    static const char *const interpreters[] = {"node", "nodejs", "bun", "deno", NULL};
    const char *at = arguments, *end = arguments + len;
    if (len == 0 || !is_any(at, interpreters)) {
        return len > 0 && is_any(at, names);
    }
    do {
        at += strlen(at) + 1;
    } while (at < end && *at == '-');
    return at < end && is_any(at, names);
}

/* Returns when the machine started, in ms of the Unix epoch; NAN: unknown. */
static double boot_ms(const struct mem *mem, const char *proc)
{
    char path[PATH_MAX];
    char *text = mem_alloc(mem, STAT_BYTES);
    size_t len;
    double at_ms = (double)NAN;
    snprintf(path, sizeof path, "%s/stat", proc);
    if (text != NULL && process_read_file(path, text, STAT_BYTES, &len)) {
        const char *line = strstr(text, "\nbtime ");
        at_ms = line == NULL ? (double)NAN : strtod(line + 7, NULL) * 1000;
    }
    mem_free(mem, text, text == NULL ? 0 : STAT_BYTES);
    return at_ms;
}

static void add(struct program_list *list, const struct program_process *process, const char *cwd)
{
    size_t size = strlen(cwd) + 1;
    char *copy = mem_alloc(list->mem, size);
    if (copy == NULL ||
        !mem_reserve(list->mem, &list->items, &list->cap, list->count + 1, sizeof *list->items)) {
        mem_free(list->mem, copy, copy == NULL ? 0 : size);
        list->failed = true;
        return;
    }
    memcpy(copy, cwd, size);
    list->items[list->count] = *process;
    list->items[list->count++].cwd = copy;
}

static void look_at(struct program_list *list, const char *proc, int64_t pid,
                    const char *const *names, double booted_ms)
{
    char arguments[ARGUMENTS_BYTES], path[PATH_MAX], cwd[PATH_MAX];
    struct program_process found = {.process = {.pid = 0}};
    size_t len = process_arguments(proc, pid, arguments, sizeof arguments);
    snprintf(path, sizeof path, "%s/%lld/cwd", proc, (long long)pid);
    ssize_t link =
        len > 0 && runs_any(arguments, len, names) ? readlink(path, cwd, sizeof cwd - 1) : -1;
    if (link <= 0 || !process_find(proc, pid, &found.process, &found.parent)) {
        return;
    }
    cwd[link] = '\0';
    found.start_ms =
        booted_ms + strtod(found.process.start, NULL) * 1000 / (double)sysconf(_SC_CLK_TCK);
    add(list, &found, cwd);
}

void process_programs_find(const struct mem *mem, const char *proc, const char *const *names,
                           struct program_list *out)
{
    *out = (struct program_list){.mem = mem};
    DIR *dir = opendir(proc);
    double booted_ms = dir == NULL ? 0 : boot_ms(mem, proc);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (isdigit((unsigned char)entry->d_name[0])) {
            look_at(out, proc, strtoll(entry->d_name, NULL, 10), names, booted_ms);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

void process_programs_release(struct program_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        mem_free(list->mem, list->items[i].cwd, strlen(list->items[i].cwd) + 1);
    }
    mem_free(list->mem, list->items, list->cap * sizeof *list->items);
}
