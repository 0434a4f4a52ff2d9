/* A lock that a process holds on a file it writes for as long as it lives, however it ends. So
   another process can distinguish files of dead runs from those of living ones. */
#ifndef CORE_RUN_LOCK_H
#define CORE_RUN_LOCK_H

#include <stdbool.h>

/* Locks a file that this process has just created; the lock ends with the last descriptor of this
   open file. Returns false if another process has claimed or removed the file: create another.
   Returns true on a file system without locks, whose files nobody can claim. */
bool run_lock_hold(int fd);
/* Opens a regular file of this user for reading and writing and locks it. Returns the
   descriptor, which the caller closes; -1 with errno: EWOULDBLOCK: a living process holds it,
   EPERM: not a regular file of this user, ESTALE: removed or replaced meanwhile. */
int run_lock_claim(const char *path);

#endif
