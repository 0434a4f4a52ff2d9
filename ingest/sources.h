/* The tables on top of ingest: all kinds of sources, and all clients with hooks. The maker of a
   hub passes these tables to it, so no lower room includes a client. */
#ifndef INGEST_SOURCES_H
#define INGEST_SOURCES_H

#include "ingest/hook_client.h"
#include "ingest/source.h"

/* Ends with a row without ops. */
extern const struct source_row source_rows[];
/* A part of the program that needs a library which may be missing where it is built. */
struct feature {
    const char *name; /* NULL: the end of the table */
    bool built;
};
extern const struct feature source_features[];

/* Ends with NULL. */
extern const struct hook_client *const source_hook_clients[];

/* Returns the row for the spec. Never NULL: a path of no other kind is a trace file or a pipe. */
const struct source_row *sources_find(const char *spec);

/* Appends the spec as people may see it: without a password or token. All that prints a spec which
   no source has opened calls this. */
void sources_put_shown(const char *spec, struct strbuf *out);

/* Returns the program of a client, which sessions call as its source's prefix is; NULL: unknown. */
const char *sources_program_of(const char *client);

enum { SOURCE_PLACES_MAX = 24 };

/* The default directories of all sources that have one, and the program of $SWARMTOP_SSH, as
   settings for a hub. */
struct source_places {
    struct source_setting settings[SOURCE_PLACES_MAX + 1];
    struct strbuf texts;
};

/* Finds them by the environment and the user's home; NULL: unknown. False: out of memory.
   Release with source_places_release either way. */
bool source_places_init(struct source_places *places, const struct mem *mem, const char *home);
void source_places_release(struct source_places *places);
/* Returns whether the row's default directory is known. */
bool source_places_has(const struct source_places *places, const struct source_row *row);

#endif
