/* A directory like /proc, with processes that a test makes. */
#ifndef TESTS_PROCESSES_H
#define TESTS_PROCESSES_H

/* Returns a new one, which names this machine's boot and namespace as the real one does: "boot" and
   "pid:[1]". Borrowed until the program ends. */
const char *processes_new(void);
/* A process starts, at `start` (clock ticks), or takes this name and command (NULL: none; words apart
   by spaces). */
void processes_start(const char *proc, int pid, int parent, int start, const char *name,
                     const char *command);
/* It works in that directory. */
void processes_work_in(const char *proc, int pid, const char *cwd);
/* It ends. */
void processes_end(const char *proc, int pid);

#endif
