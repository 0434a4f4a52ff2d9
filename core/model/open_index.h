/* Finds open spans of one track by name, start and args, without walking all of them.
   span_pair.c makes one when a track has many open spans and holds the rule that chooses among
   the spans found. */
#ifndef CORE_OPEN_INDEX_H
#define CORE_OPEN_INDEX_H

#include "core/base/json_read.h"
#include "core/model/span.h"

/* Every open span is a member of one chain of each kind. A chain runs from the newest span to the
   oldest. Different keys may share a chain (equal hashes): the caller checks each span. */
enum open_chain {
    OPEN_BY_NAME,          /* same name, same answer to "was its begin dropped?" */
    OPEN_BY_TIME,          /* same name, start within the same microsecond */
    OPEN_BY_ARGS,          /* as OPEN_BY_NAME, same category and args */
    OPEN_BY_ARGS_AND_TIME, /* as OPEN_BY_ARGS, start within the same microsecond */
    OPEN_CHAINS
};

/* Numbers the entries of an index. */
typedef uint32_t open_entry;
#define NO_ENTRY UINT32_MAX

struct open_index;

/* Returns new, NULL if out of memory. `mem` is borrowed. */
struct open_index *open_index_new(const struct mem *mem);
/* `index` may be NULL. */
void open_index_free(struct open_index *index);
size_t open_index_count(const struct open_index *index);

/* Adds a span that is newer than all others of the index. Returns its entry, NO_ENTRY if out of
   memory: the index then lacks the span. Copies what it needs of `span` and `args` (raw JSON). */
open_entry open_index_add(struct open_index *index, span_no no, const struct span *span,
                          struct slice args);
void open_index_remove(struct open_index *index, open_entry entry);

/* Returns the newest span of the chain, NO_ENTRY if the chain is empty. */
open_entry open_index_by_name(const struct open_index *index, intern_id name, bool lost_begin);
open_entry open_index_by_time(const struct open_index *index, intern_id name, int64_t start_us);
/* Returns the next older span of the entry's chain of that kind, NO_ENTRY if there are no more. */
open_entry open_index_older(const struct open_index *index, enum open_chain kind, open_entry entry);
span_no open_index_span(const struct open_index *index, open_entry entry);
/* Returns the microsecond that a time lies in. */
int64_t open_index_us(int64_t at_ns);

/* Reads the args of an end, for open_index_next_args. Returns false if the args repeat a key with
   another value, or if out of memory: the caller then walks. Holds until the next call. */
bool open_index_set_end(struct open_index *index, intern_id name, struct slice args);
/* Steps through the distinct args, among those of the open spans of the end's name, that the end's
   args contain. Begins with a zeroed walk; returns false if there are no more. */
struct args_walk {
    uint32_t member, shape; /* private */
    uint64_t args;          /* private */
    intern_id cat;          /* of the spans with these args */
    bool lost_begin;        /* the begins of the spans were dropped */
    bool empty;             /* the spans have no args */
};
bool open_index_next_args(const struct open_index *index, struct args_walk *walk);
open_entry open_index_by_args(const struct open_index *index, const struct args_walk *walk);
open_entry open_index_by_args_and_time(const struct open_index *index, const struct args_walk *walk,
                                       int64_t start_us);

#endif
