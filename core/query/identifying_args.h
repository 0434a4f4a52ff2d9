/* The arguments that identify a tool's call for people: what it runs, reads, or looks for. */
#ifndef CORE_IDENTIFYING_ARGS_H
#define CORE_IDENTIFYING_ARGS_H

enum { IDENTIFYING_ARGS = 14 };

/* The most informative first. Clients spell them differently. */
extern const char *const identifying_args[IDENTIFYING_ARGS];

#endif
