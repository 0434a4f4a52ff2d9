/* The halves that wait are a ring. A span's end and its log are some milliseconds apart. */
#include "ingest/otlp/otlp_pairs.h"

#include <math.h>
#include <string.h>

static const double apart_ms = 2000;

static void put_id(char room[OTLP_PAIR_ID], struct slice id)
{
    size_t len = id.len < OTLP_PAIR_ID ? id.len : OTLP_PAIR_ID - 1;
    memcpy(room, id.bytes, len);
    room[len] = '\0';
}

static bool fits(const struct otlp_pair *a, const struct otlp_pair *b)
{
    return a->key == b->key && a->log != b->log && fabs(a->end_ms - b->end_ms) <= apart_ms &&
           (a->session == b->session || a->session == 0 || b->session == 0);
}

struct slice otlp_pairs_join(struct otlp_pairs *pairs, const struct otlp_pair *half,
                             struct slice id, char room[OTLP_PAIR_ID])
{
    struct otlp_pair *nearest = NULL;
    for (size_t i = 0; i < OTLP_PAIRS; i++) {
        struct otlp_pair *pair = &pairs->items[i];
        if (fits(pair, half) && (nearest == NULL || fabs(pair->end_ms - half->end_ms) <
                                                        fabs(nearest->end_ms - half->end_ms))) {
            nearest = pair;
        }
    }
    if (nearest != NULL) {
        memcpy(room, nearest->id, OTLP_PAIR_ID);
        nearest->key = 0;
        return (struct slice){room, strlen(room)};
    }
    struct otlp_pair *pair = &pairs->items[pairs->next++ % OTLP_PAIRS];
    *pair = *half;
    put_id(pair->id, id);
    return (struct slice){NULL, 0};
}
