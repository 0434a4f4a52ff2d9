/* Only what ingest/process.c reads. */
#include "tests/support/processes.h"

#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
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

/* Lists the process among those that its parent started. */
static void add_child(const char *proc, int parent, int pid)
{
    char name[80], text[400] = "";
    snprintf(name, sizeof name, "%d", parent);
    if (access(support_path(proc, name), F_OK) != 0) {
        return;
    }
    snprintf(name, sizeof name, "%d/task", parent);
    make(proc, name);
    snprintf(name, sizeof name, "%d/task/%d", parent, parent);
    make(proc, name);
    snprintf(name, sizeof name, "%d/task/%d/children", parent, parent);
    if (access(support_path(proc, name), F_OK) == 0) {
        char *before = support_read_file(support_path(proc, name), NULL);
        snprintf(text, sizeof text, "%s", before);
        free(before);
    }
    size_t len = strlen(text);
    len += (size_t)snprintf(text + len, sizeof text - len, "%d ", pid);
    support_write_file(support_path(proc, name), text, len);
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
    add_child(proc, parent, pid);
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
