/* Only what ingest/process.c reads. */
#include "tests/support/processes.h"

#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void make(const char *dir, const char *name)
{
    mkdir(support_path(dir, name), 0700);
}

static void put(const char *dir, int pid, const char *name, const char *text, size_t len)
{
    char path[80];
    snprintf(path, sizeof path, "%d/%s", pid, name);
    support_write_file(support_path(dir, path), text, len);
}

const char *processes_new(void)
{
    static const char *const dirs[] = {"self", "self/ns", "sys", "sys/kernel", "sys/kernel/random"};
    const char *proc = support_tmpdir();
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        make(proc, dirs[i]);
    }
    assert_int_equal(symlink("pid:[1]", support_path(proc, "self/ns/pid")), 0);
    support_write_file(support_path(proc, "sys/kernel/random/boot_id"), "boot\n", 5);
    return proc;
}

void processes_start(const char *proc, int pid, int parent, int start, const char *name,
                     const char *command)
{
    char text[400];
    snprintf(text, sizeof text, "%d", pid);
    make(proc, text);
    int len =
        snprintf(text, sizeof text, "%d (%s) S %d 1 1 0 -1 1 1 1 1 1 1 1 1 1 20 0 1 0 %d 1 1\n",
                 pid, name, parent, start);
    put(proc, pid, "stat", text, (size_t)len);
    len = snprintf(text, sizeof text, "%s\n", name);
    put(proc, pid, "comm", text, (size_t)len);
    len = snprintf(text, sizeof text, "%s", command == NULL ? "" : command);
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == ' ' ? '\0' : *at;
    }
    put(proc, pid, "cmdline", text, (size_t)len);
}

void processes_work_in(const char *proc, int pid, const char *cwd)
{
    char path[80];
    snprintf(path, sizeof path, "%d/cwd", pid);
    assert_int_equal(symlink(cwd, support_path(proc, path)), 0);
}

void processes_end(const char *proc, int pid)
{
    static const char *const files[] = {"stat", "comm", "cmdline", "cwd"};
    char path[80];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%d/%s", pid, files[i]);
        unlink(support_path(proc, path));
    }
    snprintf(path, sizeof path, "%d", pid);
    rmdir(support_path(proc, path));
}
