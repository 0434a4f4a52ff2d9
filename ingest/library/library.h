/* Shared libraries that are loaded when a source first needs them. `hook` and `emit` start
   often and need none of them: linked, they are more than half of such a start, most of it the
   TLS of libmicrohttpd and libnats.

   The header of a library in this room lists the functions that are used, and defines each name
   as a member of a table (as sqlite3ext.h does); the sources call them by their own names. They
   may do so after library_load has returned NULL, on any thread. A library whose file the build
   does not know, as in a static one, is linked, and its table is complete from the start. */
#ifndef INGEST_LIBRARY_H
#define INGEST_LIBRARY_H

#include <stddef.h>

struct library {
    const char *soname;       /* its file, as the linker knows it; NULL: it is linked */
    const char *const *names; /* of its functions */
    size_t count;
    void *functions;     /* `count` pointers, in their order; NULL until it is loaded */
    const char *missing; /* the error where it cannot be loaded */
};

/* Loads the library; it stays for the life of the program. Returns why it cannot be used (static),
   NULL: its functions may be called. The next call tries again. */
const char *library_load(const struct library *library);

/* (A table is not constant: it is written when its library is loaded, and by nothing else.)
   For each function of a list: the member of the table, its name. */
#define LIBRARY_MEMBER(name)  __typeof__(name) *name;
#define LIBRARY_NAME(name)    #name,
#define LIBRARY_ADDRESS(name) &(name),

/* The table of a library that is loaded from the file SONAME. */
#define LIBRARY_LOADED(prefix, LIST, SONAME)                                    \
    struct prefix##_functions prefix##_functions;                               \
    static const char *const prefix##_names[] = {LIST(LIBRARY_NAME)};           \
    const struct library prefix##_library = {                                   \
        SONAME, prefix##_names, sizeof prefix##_names / sizeof *prefix##_names, \
        &prefix##_functions,                                                    \
        SONAME " cannot be loaded: install the package that has it, or update it"}

/* The table of a library that is linked. */
#define LIBRARY_LINKED(prefix, LIST)                                        \
    struct prefix##_functions prefix##_functions = {LIST(LIBRARY_ADDRESS)}; \
    const struct library prefix##_library = {NULL, NULL, 0, &prefix##_functions, NULL}

#endif
