/* Processes of this machine, as /proc has them: which live, when they started, which process
   started which. Numbers of processes are used again, so a process is its number and its start. */
#ifndef INGEST_PROCESS_H
#define INGEST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROCESS_START_BYTES = 24, PROCESS_DOMAIN_BYTES = 96, PROCESS_CHAIN_MAX = 16 };

struct process {
    int64_t pid;
    char start[PROCESS_START_BYTES]; /* field 22 of /proc/PID/stat; "": unknown */
};

/* A process's ancestors, the nearest first, without process 1. */
struct process_chain {
    struct process process[PROCESS_CHAIN_MAX];
    size_t count;
};

bool process_is_same(const struct process *a, const struct process *b);

/* `proc` is /proc, or a directory like it. */

/* Returns whether the process of that number lives, and is the one that started then ("": any). If
   `proc` does not exist, the system is asked for the number alone. A zombie does not live. */
bool process_lives(const char *proc, const struct process *process);
/* Sets *out to the living process of that number, and *parent (may be NULL) to its parent's number.
   False: no such process. */
bool process_find(const char *proc, int64_t pid, struct process *out, int64_t *parent);
/* Sets *out to the process of that number and its ancestors. */
void process_chain_find(const char *proc, int64_t pid, struct process_chain *out);
/* Sets out to a text that is the same in all processes that see the same numbers: the machine's
   boot and the namespace. Returns false if it is unknown. */
bool process_domain(const char *proc, char out[PROCESS_DOMAIN_BYTES]);
/* Writes the numbers of the processes that it started and that live, at most `max`. Returns how
   many; 0 where the system does not list them. */
size_t process_children(const char *proc, int64_t pid, int64_t *out, size_t max);
/* Reads the arguments of a process, each with its NUL, at most `size` bytes. Returns their length;
   0: unknown. */
size_t process_arguments(const char *proc, int64_t pid, char *out, size_t size);
/* Reads at most size - 1 bytes of a small file, and ends them with a NUL. False: it cannot be read.
   */
bool process_read_file(const char *path, char *out, size_t size, size_t *len);

#endif
