/* Clients are scripts as often as programs: the second argument of an interpreter counts like the
   first of others, as long as it is no option. Processes of other users have no directory that may
   be read, and are left out. */
#include "ingest/process_programs.h"

#include "core/base/hash.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_BYTES = 4096, COMPARED_BYTES = 2048, STAT_BYTES = 64 << 10 };

/* Returns whether the path's last part is the name, with or without the ending of a program. */
static bool is_called(const char *path, const char *name)
{
    static const char *const endings[] = {"", ".js", ".mjs", ".cjs", ".exe"};
    const char *slash = strrchr(path, '/');
    const char *last = slash == NULL ? path : slash + 1;
    size_t len = strlen(name);
    for (size_t i = 0; strncmp(last, name, len) == 0 && i < sizeof endings / sizeof *endings; i++) {
        if (strcmp(last + len, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Returns whether the file is the package's own, not one of a package that it has installed. */
static bool is_in_package(const char *path, const char *name)
{
    static const char modules[] = "/node_modules/";
    size_t len = strlen(name);
    const char *package = NULL;
    for (const char *at = path; (at = strstr(at, modules)) != NULL;) {
        at += sizeof modules - 2; /* its last slash may begin another one */
        package = at + 1;
    }
    return package != NULL && strncmp(package, name, len) == 0 && package[len] == '/';
}

static bool is_any(const char *path, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (is_called(path, *names) || is_in_package(path, *names)) {
            return true;
        }
    }
    return false;
}

/* `arguments` are texts with their NUL, one after the other. Returns where those begin that follow
   the program; 0: it has another name. */
static size_t find_program(const char *arguments, size_t len, const char *const *names)
{
    static const char *const interpreters[] = {"node", "nodejs", "bun", "deno", NULL};
    size_t at = 0;
    if (len > 0 && is_any(arguments, interpreters)) {
        do {
            at += strlen(arguments + at) + 1;
        } while (at < len && arguments[at] == '-');
    }
    return at < len && is_any(arguments + at, names) ? at + strlen(arguments + at) + 1 : 0;
}

/* Returns a number that is the same for the same arguments. Long ones may have been cut,
   each at another place, so that only their beginning counts. */
static uint64_t number_of(const char *arguments, size_t len)
{
    return hash_bytes(HASH_SEED, arguments, len < COMPARED_BYTES ? len : COMPARED_BYTES);
}

double process_boot_ms(const struct mem *mem, const char *proc)
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

/* Returns whether one of the arguments has it serve others. */
static bool is_server(const char *arguments, size_t len)
{
    static const char *const words[] = {"serve", "web", "acp", "--acp", "--experimental-acp",
                                        "--port"};
    for (size_t at = 0; at < len; at += strlen(arguments + at) + 1) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            size_t size = strlen(words[i]);
            char end = strncmp(arguments + at, words[i], size) == 0 ? arguments[at + size] : ' ';
            if (end == '\0' || (end == '=' && *words[i] == '-')) { /* --port=4096 */
                return true;
            }
        }
    }
    return false;
}

static void look_at(struct program_list *list, const char *proc, int64_t pid,
                    const char *const *names, double booted_ms)
{
    char arguments[ARGUMENTS_BYTES], path[PATH_MAX], cwd[PATH_MAX];
    struct program_process found = {.process = {.pid = 0}};
    size_t len = process_arguments(proc, pid, arguments, sizeof arguments);
    size_t after = find_program(arguments, len, names);
    snprintf(path, sizeof path, "%s/%lld/cwd", proc, (long long)pid);
    ssize_t link = after > 0 ? readlink(path, cwd, sizeof cwd - 1) : -1;
    list->complete &= after == 0 || link > 0 || errno != EACCES;
    if (link <= 0 || !process_find(proc, pid, &found.process, &found.parent)) {
        return;
    }
    cwd[link] = '\0';
    found.arguments = after < len ? number_of(arguments + after, len - after) : 0;
    found.serves = after < len && is_server(arguments + after, len - after);
    found.start_ms =
        booted_ms + strtod(found.process.start, NULL) * 1000 / (double)sysconf(_SC_CLK_TCK);
    add(list, &found, cwd);
}

void process_programs_look(const struct mem *mem, const char *proc, int64_t pid,
                           const char *const *names, struct program_list *out)
{
    *out = (struct program_list){.mem = mem, .complete = true};
    look_at(out, proc, pid, names, process_boot_ms(mem, proc));
}

void process_programs_find(const struct mem *mem, const char *proc, const char *const *names,
                           struct program_list *out)
{
    *out = (struct program_list){.mem = mem};
    DIR *dir = opendir(proc);
    out->complete = dir != NULL;
    double booted_ms = dir == NULL ? 0 : process_boot_ms(mem, proc);
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
