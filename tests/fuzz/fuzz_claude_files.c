/* Anything as the small files of Claude Code that are read whole: a process's entry, a job's state
   and its timeline. Looking twice at the same files finds the same. */
#include "ingest/claude/claude_jobs.h"
#include "ingest/claude/claude_registry.h"
#include "tests/fuzz/fuzz_model.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void remove_all(void)
{
    char command[120];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    if (system(command) != 0) {
        abort();
    }
}

static void make_dirs(void)
{
    static const char *const names[] = {"", "/sessions", "/jobs", "/jobs/j1"};
    snprintf(dir, sizeof dir, "/tmp/fuzz_claude_files.%ld", (long)getpid());
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[100];
        snprintf(path, sizeof path, "%s%s", dir, names[i]);
        mkdir(path, 0700);
    }
    atexit(remove_all);
}

static void put_file(const char *name, const char *bytes, size_t len)
{
    char path[120];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    fuzz_require(file != NULL && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

static void look_at_registry(void)
{
    struct claude_here here = {.proc = "/proc"};
    struct claude_registry registry;
    char path[100];
    snprintf(path, sizeof path, "%s/sessions", dir);
    claude_registry_init(&registry, &mem_libc);
    fuzz_require(claude_registry_look(&registry, path, &here));
    size_t count = registry.count;
    fuzz_require(count <= 1 && claude_registry_look(&registry, path, &here));
    fuzz_require(registry.count == count);
    for (size_t i = 0; i < count; i++) {
        const struct claude_process *process = &registry.entries[i].process;
        fuzz_require(memchr(process->name, '\0', sizeof process->name) != NULL);
        fuzz_require(memchr(process->cwd, '\0', sizeof process->cwd) != NULL);
        (void)claude_registry_find(&registry, process->session_id);
    }
    claude_registry_release(&registry);
}

static void look_at_jobs(void)
{
    struct claude_jobs jobs;
    char path[100];
    snprintf(path, sizeof path, "%s/jobs", dir);
    claude_jobs_init(&jobs, &mem_libc);
    fuzz_require(claude_jobs_look(&jobs, path));
    size_t count = jobs.count;
    fuzz_require(count <= 1 && claude_jobs_look(&jobs, path) && jobs.count == count);
    for (size_t i = 0; i < count; i++) {
        fuzz_require(memchr(jobs.items[i].name, '\0', sizeof jobs.items[i].name) != NULL);
        (void)claude_jobs_find(&jobs, jobs.items[i].session_id);
    }
    claude_jobs_release(&jobs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    if (dir[0] == '\0') {
        make_dirs();
    }
    /* The first line is the state, all lines are the timeline. */
    const char *line = memchr(bytes, '\n', size);
    size_t first = line == NULL ? size : (size_t)(line - bytes);
    put_file("sessions/1.json", bytes, first);
    put_file("jobs/j1/state.json", bytes, first);
    put_file("jobs/j1/timeline.jsonl", bytes, size);
    look_at_registry();
    look_at_jobs();
    return 0;
}
