/* The running processes of a program, by its name. */
#ifndef INGEST_PROCESS_PROGRAMS_H
#define INGEST_PROCESS_PROGRAMS_H

#include "core/base/mem.h"
#include "ingest/process.h"

struct program_process {
    struct process process;
    int64_t parent;
    double start_ms;    /* Unix epoch, within two seconds; NAN: unknown */
    uint64_t arguments; /* the same number: started with the same ones, but for the interpreter's */
    bool serves;        /* it may have sessions of other directories: a server, or an editor's */
    char *cwd;          /* the directory it works in; owned by the list */
};

struct program_list {
    const struct mem *mem;
    struct program_process *items;
    size_t count, cap;
    bool complete; /* none runs whose directory may not be seen */
    bool failed;   /* out of memory */
};

/* Sets *out to the processes that may be looked at whose program has one of those names (ends with
   NULL): the file that runs, or the script that an interpreter runs, is called so, or is a file of
   the npm package that is ("@scope/name"). `proc` is /proc, or a directory like it. Release it. */
void process_programs_find(const struct mem *mem, const char *proc, const char *const *names,
                           struct program_list *out);
/* The same of one process, by its number. */
void process_programs_look(const struct mem *mem, const char *proc, int64_t pid,
                           const char *const *names, struct program_list *out);
void process_programs_release(struct program_list *list);

/* Returns when the machine started, in ms of the Unix epoch; NAN: unknown. */
double process_boot_ms(const struct mem *mem, const char *proc);

#endif
