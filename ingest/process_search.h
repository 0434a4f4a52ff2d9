/* Finds the processes of a client that leaves no number of its process: by its program, and the
   directory in which it works. */
#ifndef INGEST_PROCESS_SEARCH_H
#define INGEST_PROCESS_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/* Sets out to at most `max` processes of this user that run the program in that directory, itself
   or as a script of an interpreter; returns their number. `proc` is /proc, or a directory like
   it. */
size_t process_search(const char *proc, const char *program, const char *cwd, int64_t *out,
                      size_t max);

#endif
