/* Files are small and few, and each is rewritten whole. A file that cannot be parsed may be half
   written: it is read again at the next look. */
#include "ingest/claude/claude_registry.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES = 64 << 10 };

#define HEX      "0123456789abcdef"
#define LINUX    "linux"
#define HOST_LEN 32

/* ---- one file ---- */

static enum claude_status status_of(struct json_value value)
{
    return json_string_is(value, "busy")      ? CLAUDE_STATUS_BUSY
           : json_string_is(value, "idle")    ? CLAUDE_STATUS_IDLE
           : json_string_is(value, "waiting") ? CLAUDE_STATUS_WAITING
                                              : CLAUDE_STATUS_UNKNOWN;
}

bool claude_process_read(const struct mem *mem, const char *text, size_t len,
                         struct claude_process *out)
{
    struct json_value all;
    struct json_error error;
    *out = (struct claude_process){.started_ms = (double)NAN, .status_ms = (double)NAN};
    if (!json_check(text, len, 50, &all, &error) || all.type != JSON_TYPE_OBJECT) {
        return false;
    }
    double pid = client_number(json_get(all, "pid"));
    struct slice session = client_plain_text(json_get(all, "sessionId"));
    struct json_value start = json_get(all, "procStart");
    if (!(pid >= 1 && pid < INT32_MAX) || session.bytes == NULL) {
        return false;
    }
    out->id.pid = (int64_t)pid;
    memcpy(out->session_id, session.bytes, session.len);
    client_text_copy(mem, json_get(all, "name"), out->name, sizeof out->name);
    out->has_own_name =
        out->name[0] != '\0' && !json_string_is(json_get(all, "nameSource"), "derived");
    out->is_name_given =
        out->name[0] != '\0' && json_string_is(json_get(all, "nameSource"), "user");
    client_text_copy(mem, json_get(all, "cwd"), out->cwd, sizeof out->cwd);
    client_text_copy(mem, json_get(all, "pidDomain"), out->pid_domain, sizeof out->pid_domain);
    client_text_copy(mem, json_get(all, "waitingFor"), out->waiting_for, sizeof out->waiting_for);
    client_text_copy(mem, start, out->id.start, sizeof out->id.start);
    if (start.type == JSON_TYPE_NUMBER && start.len < sizeof out->id.start) {
        memcpy(out->id.start, start.raw, start.len);
    }
    out->status = status_of(json_get(all, "status"));
    out->started_ms = client_number(json_get(all, "startedAt"));
    out->status_ms = client_number(json_get(all, "statusUpdatedAt"));
    return true;
}

/* ---- who lives ---- */

void claude_here_init(struct claude_here *here, const char *proc, const char *machine_id_path)
{
    char text[64];
    size_t len;
    *here = (struct claude_here){.proc = proc};
    if (process_read_file(machine_id_path, text, sizeof text, &len) &&
        strspn(text, HEX) == HOST_LEN) {
        memcpy(here->machine_id, text, HOST_LEN);
    }
}

/* Returns whether a host is known to be another one. A host of zeros is not known. */
static bool is_other_host(const char *host, const struct claude_here *here)
{
    return here->machine_id[0] != '\0' && strspn(host, HEX) == HOST_LEN &&
           strspn(host, "0") < HOST_LEN && strncmp(host, here->machine_id, HOST_LEN) != 0;
}

/* Compares "linux:HOST:pid:[4026531836]" with the machine's id and the link of our own process. The
   number of a host's own namespace is the same on all hosts. "darwin" and "win32:NAME" are hosts of
   other systems than one that has such a link. */
static bool is_elsewhere(const struct claude_process *process, const struct claude_here *here)
{
    char path[PATH_MAX], own[64];
    const char *domain = process->pid_domain, *theirs = strstr(domain, "pid:[");
    snprintf(path, sizeof path, "%s/self/ns/pid", here->proc);
    ssize_t len = readlink(path, own, sizeof own - 1);
    size_t system = strcspn(domain, ":");
    bool is_linux = system == strlen(LINUX) && strncmp(domain, LINUX, system) == 0;
    if (is_other_host(domain + (is_linux && domain[system] == ':' ? system + 1 : 0), here) ||
        (len > 0 && domain[0] != '\0' && !is_linux && theirs == NULL)) {
        return true;
    }
    if (theirs == NULL || len <= 0) {
        return false;
    }
    own[len] = '\0';
    return strcmp(theirs, own) != 0;
}

enum claude_life claude_process_life(const struct claude_process *process,
                                     const struct claude_here *here)
{
    bool elsewhere = is_elsewhere(process, here);
    /* The number alone may be another process's here; with its start it is the same one. */
    if ((!elsewhere || process->id.start[0] != '\0') && process_lives(here->proc, &process->id)) {
        return CLAUDE_LIVES;
    }
    return elsewhere ? CLAUDE_UNSEEN : CLAUDE_DEAD;
}

/* ---- all of them ---- */

void claude_registry_init(struct claude_registry *registry, const struct mem *mem)
{
    *registry = (struct claude_registry){.mem = mem};
}

void claude_registry_release(struct claude_registry *registry)
{
    mem_free(registry->mem, registry->entries, registry->cap * sizeof *registry->entries);
}

/* Returns the number in the file's name; 0: the file is not the registry's. */
static int64_t pid_of(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    bool ours = digits > 0 && digits < 10 && strcmp(name + digits, ".json") == 0;
    return ours ? strtoll(name, NULL, 10) : 0;
}

static struct claude_registered *entry_of(struct claude_registry *registry, int64_t pid)
{
    for (size_t i = 0; i < registry->count; i++) {
        if (registry->entries[i].process.id.pid == pid) {
            return &registry->entries[i];
        }
    }
    if (!mem_reserve(registry->mem, &registry->entries, &registry->cap, registry->count + 1,
                     sizeof *registry->entries)) {
        return NULL;
    }
    struct claude_registered *entry = &registry->entries[registry->count++];
    *entry = (struct claude_registered){.size = -1};
    entry->process.id.pid = pid;
    return entry;
}

/* False: out of memory. */
static bool look_at(struct claude_registry *registry, const char *dir, const char *name,
                    int64_t pid)
{
    char path[PATH_MAX];
    struct stat st;
    size_t len;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return true;
    }
    struct claude_registered *entry = entry_of(registry, pid);
    char *text = mem_alloc(registry->mem, FILE_BYTES);
    int64_t modified = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    struct claude_process process;
    if (entry != NULL && text != NULL &&
        (entry->modified_ns != modified || entry->size != st.st_size) &&
        process_read_file(path, text, FILE_BYTES, &len) &&
        claude_process_read(registry->mem, text, len, &process) && process.id.pid == pid) {
        entry->was_here &= strcmp(process.id.start, entry->process.id.start) == 0;
        entry->process = process;
        entry->modified_ns = modified;
        entry->size = st.st_size;
    }
    if (entry != NULL) {
        entry->seen = true;
    }
    mem_free(registry->mem, text, FILE_BYTES);
    return entry != NULL && text != NULL;
}

static void forget_gone(struct claude_registry *registry, const struct claude_here *here)
{
    size_t kept = 0;
    for (size_t i = 0; i < registry->count; i++) {
        struct claude_registered *entry = &registry->entries[i];
        if (!entry->seen) {
            continue;
        }
        entry->life = entry->size >= 0 ? claude_process_life(&entry->process, here) : CLAUDE_DEAD;
        entry->was_here |= entry->life == CLAUDE_LIVES;
        if (entry->life == CLAUDE_UNSEEN && entry->was_here) {
            entry->life = CLAUDE_DEAD;
        }
        if (kept != i) {
            registry->entries[kept] = *entry;
        }
        kept++;
    }
    registry->count = kept;
}

bool claude_registry_look(struct claude_registry *registry, const char *dir,
                          const struct claude_here *here)
{
    bool good = true;
    DIR *files = opendir(dir);
    for (size_t i = 0; i < registry->count; i++) {
        registry->entries[i].seen = false;
    }
    for (struct dirent *file; files != NULL && (file = readdir(files)) != NULL;) {
        int64_t pid = pid_of(file->d_name);
        good &= pid == 0 || look_at(registry, dir, file->d_name, pid);
    }
    if (files != NULL) {
        closedir(files);
    }
    forget_gone(registry, here);
    return good;
}

bool claude_registry_has(const struct claude_registry *registry, int64_t pid)
{
    for (size_t i = 0; i < registry->count; i++) {
        if (registry->entries[i].size >= 0 && registry->entries[i].process.id.pid == pid) {
            return true;
        }
    }
    return false;
}

const struct claude_registered *claude_registry_find(const struct claude_registry *registry,
                                                     const char *session_id)
{
    const struct claude_registered *found = NULL;
    for (size_t i = 0; i < registry->count; i++) {
        const struct claude_registered *entry = &registry->entries[i];
        if (entry->size >= 0 && strcmp(entry->process.session_id, session_id) == 0 &&
            (found == NULL || entry->life >= found->life)) {
            found = entry;
        }
    }
    return found;
}
