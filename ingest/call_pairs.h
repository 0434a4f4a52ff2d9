/* Pairs of two reports of one call that have no id in common: they name the same session and the
   same thing, and end at almost the same time. The first one waits; the second one learns its id,
   which becomes an alias. A pair is kept for a while: what reports a half of it again is no half
   of another. */
#ifndef INGEST_CALL_PAIRS_H
#define INGEST_CALL_PAIRS_H

#include "core/model/update.h"

enum { CALL_PAIRS = 1024, CALL_PAIR_ID = 128, CALL_PAIR_SIDES = PRECEDENCES };

/* Halves are found in three ways: one that waits by its key and side, any by either id. */
enum call_pair_index { PAIRS_WAITING, PAIRS_BY_ID, PAIRS_BY_OTHER, PAIR_INDEXES };

struct call_half {
    uint64_t key;     /* of what both name; 0: the place is free */
    uint64_t detail;  /* of what one of them may lack; 0: it does */
    uint64_t session; /* 0: not known yet */
    uint64_t agent;   /* the session's, where none is named */
    bool is_any;      /* no agent is named: it may be any of the session's */
    double start_ms;  /* NAN: not known */
    double end_ms;
    /* Calls of one group are a pair though they end at different times, those of two are not. */
    uint64_t group, own; /* the span around the call, and its own; 0: not known */
    double took_ms;
    uint8_t side; /* below CALL_PAIR_SIDES; of two halves of one side none is the other's */
    bool has_id;  /* it has an id that the other side may have, too: two of these are no pair */
    uint64_t hashes[PAIR_INDEXES]; /* its hash in each index … */
    uint16_t next[PAIR_INDEXES];   /* … and the next one in its bucket, + 1; 0: the last */
    uint16_t prev[PAIR_INDEXES];
    char id[CALL_PAIR_ID];    /* of its call */
    char other[CALL_PAIR_ID]; /* of the half that it was joined with; "": it waits */
};

struct call_pairs {
    struct call_half items[CALL_PAIRS];         /* a ring */
    uint16_t buckets[PAIR_INDEXES][CALL_PAIRS]; /* the first item, + 1 */
    size_t next;
};

/* Folds the text, or the number, into a key. */
uint64_t call_pairs_text(uint64_t key, struct slice text);
uint64_t call_pairs_number(uint64_t key, double number);
/* Returns the id of the call that the other half has made, copied to `room`; bytes NULL: there is
   none, and this half waits for it, or it is reported again. `half` has its key, session, agent,
   end, side and has_id. */
struct slice call_pairs_join(struct call_pairs *pairs, const struct call_half *half,
                             struct slice id, char room[CALL_PAIR_ID]);
/* Joins an update that ends a request with that of another source, by the request's usage, or by
   its failure. Returns as above; bytes NULL too where the update ends no request. */
struct slice call_pairs_note(struct call_pairs *pairs, const struct update *update,
                             char room[CALL_PAIR_ID]);
/* The same for a tool's call, by its name and the argument that is kept: one of a log that has no
   id of the call (CALL_PAIRS_LOG begins its id) with one of files. */
#define CALL_PAIRS_LOG "log:"
struct slice call_pairs_note_tool(struct call_pairs *pairs, const struct update *update,
                                  char room[CALL_PAIR_ID]);

#endif
