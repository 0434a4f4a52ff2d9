/* Processes are found by their program and directory, in a directory like /proc. */
#include "ingest/process_search.h"

#include "tests/support/support.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS(text) text, sizeof(text)

static const struct {
    const char *pid, *arguments;
    size_t len;
    const char *cwd;
    bool found;
} processes[] = {
    {"11", ARGS("codex"), "/home/dev/api", true},
    {"12", ARGS("/usr/bin/codex\0exec\0do it"), "/home/dev/api", true},
    {"13", ARGS("node\0--max-old-space-size=100\0/usr/bin/codex\0-p"), "/home/dev/api", true},
    {"14", ARGS("/opt/bun\0/opt/lib/codex.js"), "/home/dev/api", true},
    {"15", ARGS("codex"), "/home/dev/api/sub", false},
    {"16", ARGS("vim\0codex"), "/home/dev/api", false},
    {"17", ARGS("codex-mcp"), "/home/dev/api", false},
    {"18", ARGS("node\0/usr/bin/qwen\0codex"), "/home/dev/api", false},
    {"19", ARGS("node\0-e"), "/home/dev/api", false},
    {"20", "", 0, "/home/dev/api", false},
    {"self", ARGS("codex"), "/home/dev/api", false},
    {"21x", ARGS("codex"), "/home/dev/api", false},
};

TEST(a_clients_processes_are_those_of_its_program_in_its_directory)
{
    const char *proc = support_tmpdir();
    int64_t found[32];
    size_t want = 0;
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", proc, processes[i].pid);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof path, "%s/%s/cmdline", proc, processes[i].pid);
        support_write_file(path, processes[i].arguments, processes[i].len);
        snprintf(path, sizeof path, "%s/%s/cwd", proc, processes[i].pid);
        assert_int_equal(symlink(processes[i].cwd, path), 0);
        want += processes[i].found;
    }
    assert_int_equal(process_search(proc, "codex", "/home/dev/api", found, 32), want);
    for (size_t k = 0; k < want; k++) {
        char pid[20];
        bool right = false;
        snprintf(pid, sizeof pid, "%lld", (long long)found[k]);
        for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
            right |= processes[i].found && strcmp(processes[i].pid, pid) == 0;
        }
        assert_true(right);
    }
    assert_int_equal(process_search(proc, "codex", "/home/dev/api", found, 2), 2);
    assert_int_equal(process_search("/nowhere", "codex", "/home/dev/api", found, 32), 0);
}
