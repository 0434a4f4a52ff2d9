/* A source as the hub sees it: what it is (a table of functions), how it is (its status), and what it works on. */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "ingest/hub.h"
#include "ingest/intake.h"

struct source;

struct source_class {
    /* Takes the source into service. False: it cannot be, source_fail has been called; the hub keeps it as it is. */
    bool (*open)(struct source *source);
    /* Begins to close its handles. */
    void (*stop)(struct source *source);
    /* After its handles have closed. Frees what it owns, and itself. */
    void (*free)(struct source *source);
    /* Whether it reads that file; NULL: it reads none. */
    bool (*reads)(const struct source *source, uint64_t device, uint64_t inode);
};

struct source {
    const struct source_class *class;
    uv_loop_t *loop;                    /* borrowed, as are the next two */
    const struct hub_options *options;
    struct hub *hub;
    char *spec;                         /* owned */
    size_t spec_size;
    struct strbuf error, address;       /* "" : none */
    enum source_state state;
    bool listens, broken;               /* broken: something of it was not read */
    uint32_t senders;
    struct tally tally;
};

/* Makes one of the kind that the spec names (new; not opened). NULL: out of memory, or *error says what is wrong with the spec. */
struct source *source_new(struct hub *hub, const char *spec, struct strbuf *error);

/* What the kinds call. They begin with a struct source, so that a pointer to one is a pointer to the other. */
bool source_init(struct source *source, const char *spec);
void source_release(struct source *source);
/* `SPEC: WHAT: DETAIL` becomes its error, and it has failed. */
void source_fail(struct source *source, const char *what, const char *detail);
/* The same, while it goes on: its data were not whole. */
void source_complain(struct source *source, const char *text);
void source_finish(struct source *source);
const struct mem *source_mem(const struct source *source);
/* Another source found in it (a file of a directory). */
bool source_adopt(struct source *source, const char *spec);

struct source *socket_source_new(const struct mem *mem);
struct source *stdin_source_new(const struct mem *mem);
struct source *file_source_new(const struct mem *mem);
struct source *dir_source_new(const struct mem *mem);

#endif
