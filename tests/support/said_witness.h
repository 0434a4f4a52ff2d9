/* A witness that keeps what it is told, instead of making a model of it: for tests of those that tell. Included once by a test, whose
   functions then stand in the place of core/correlate/witness.c's. What is said of one thing is joined by the rule of core/correlate/witness.h. */
#ifndef TESTS_SAID_WITNESS_H
#define TESTS_SAID_WITNESS_H

#include "core/correlate/witness.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAID_MAX = 512, SAID_TEXT = 512 };

struct said_text {
    char text[SAID_TEXT];
    int rank; /* -1: unsaid */
};
struct said_number {
    double value;
    int rank;
};

/* A session, an agent, a tool, a wait or a turn. */
struct said {
    char kind; /* s a t w u */
    char session[SAID_TEXT], agent[SAID_TEXT], id[SAID_TEXT];
    struct said_text name, args, error, decision, parent, description;
    struct said_number start, end, success, length;
    unsigned facts;
    bool gone;
};

struct witness {
    const struct mem *mem;
    struct said all[SAID_MAX];
    size_t count;
    unsigned settled;
    long allow; /* facts that are taken until memory is out; -1: all */
};

static struct witness *said_witness; /* the newest */

struct witness *witness_new(struct swarm *swarm, struct tracer *tracer)
{
    (void)tracer;
    /* Not the swarm's memory: what is tested is who tells. */
    struct witness *witness = calloc(1, sizeof *witness);
    assert_non_null(witness);
    witness->mem = swarm_mem(swarm);
    witness->allow = -1;
    said_witness = witness;
    return witness;
}

void witness_free(struct witness *witness)
{
    free(witness);
    said_witness = NULL;
}

static void said_copy(char *out, struct slice text)
{
    assert_true(text.len < SAID_TEXT);
    if (text.len > 0)
        memcpy(out, text.bytes, text.len);
    out[text.len] = '\0';
}

static void say_text(struct said_text *to, struct slice text, enum witness_rank rank)
{
    if (text.bytes == NULL || (int)rank < to->rank ||
        ((int)rank == to->rank && text.len <= strlen(to->text)))
        return;
    said_copy(to->text, text);
    to->rank = (int)rank;
}

static void say_number(struct said_number *to, double value, enum witness_rank rank, bool smaller)
{
    if (isnan(value) || (int)rank < to->rank)
        return;
    if ((int)rank == to->rank && (smaller ? value >= to->value : value <= to->value))
        return;
    *to = (struct said_number){.value = value, .rank = (int)rank};
}

static struct said *said_add(struct witness *witness, char kind)
{
    assert_true(witness->count < SAID_MAX);
    struct said *said = &witness->all[witness->count++];
    said->kind = kind;
    said->name.rank = said->args.rank = said->error.rank = said->decision.rank = -1;
    said->parent.rank = said->description.rank = -1;
    said->start = said->end = said->success = said->length =
        (struct said_number){.value = NAN, .rank = -1};
    return said;
}

/* Of whom it is; what must hold of every fact. NULL: memory is out. */
static struct said *said_of(struct witness *witness, char kind, const struct witness_place *place,
                            struct slice id)
{
    char session[SAID_TEXT], agent[SAID_TEXT], name[SAID_TEXT];
    assert_non_null(place->session_id.bytes);
    said_copy(session, place->session_id);
    said_copy(agent, place->agent_id);
    said_copy(name, id);
    if (witness->allow == 0)
        return NULL;
    witness->allow -= witness->allow > 0;
    for (size_t i = 0; i < witness->count; i++) {
        struct said *said = &witness->all[i];
        if (said->kind == kind && strcmp(said->session, session) == 0 &&
            strcmp(said->id, name) == 0 && (kind != 'a' || strcmp(said->agent, agent) == 0)) {
            said->facts++;
            return said;
        }
    }
    struct said *said = said_add(witness, kind);
    strcpy(said->session, session);
    strcpy(said->agent, agent);
    strcpy(said->id, name);
    said->facts = 1;
    return said;
}

static const struct slice said_no_id = {.bytes = NULL};

bool witness_session(struct witness *witness, const struct witness_place *place,
                     const struct witness_session_fact *fact)
{
    struct said *said = said_of(witness, 's', place, said_no_id);
    if (said == NULL)
        return false;
    say_text(&said->name, fact->name, place->rank);
    say_number(&said->start, fact->start_ms, place->rank, true);
    return true;
}

bool witness_session_end(struct witness *witness, const struct witness_place *place, double at_ms,
                         bool gone)
{
    struct said *said = said_of(witness, 's', place, said_no_id);
    if (said == NULL)
        return false;
    say_number(&said->end, at_ms, place->rank, false);
    said->gone |= gone;
    return true;
}

session_no witness_session_number(const struct witness *witness, struct slice session_id)
{
    (void)witness, (void)session_id;
    return NO_SESSION;
}

bool witness_agent(struct witness *witness, const struct witness_place *place,
                   const struct witness_agent_fact *fact)
{
    struct said *said = said_of(witness, 'a', place, said_no_id);
    if (said == NULL)
        return false;
    say_text(&said->name, fact->type, place->rank);
    say_text(&said->description, fact->description, place->rank);
    say_text(&said->parent, fact->parent_id, place->rank);
    say_number(&said->start, fact->start_ms, place->rank, true);
    say_number(&said->end, fact->end_ms, place->rank, false);
    return true;
}

bool witness_tool(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_tool_fact *fact)
{
    struct said *said = said_of(witness, 't', place, id);
    if (said == NULL)
        return false;
    say_text(&said->name, fact->name, place->rank);
    say_text(&said->args, fact->args_json, place->rank);
    say_text(&said->error, fact->error, place->rank);
    say_number(&said->start, fact->start_ms, place->rank, true);
    say_number(&said->end, fact->end_ms, place->rank, false);
    say_number(&said->success, fact->success == UNSAID ? NAN : fact->success == YES, place->rank,
               false);
    return true;
}

bool witness_request(struct witness *witness, const struct witness_place *place, struct slice id,
                     const struct witness_request_fact *fact)
{
    (void)fact;
    return said_of(witness, 'r', place, id) != NULL;
}

bool witness_wait(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_wait_fact *fact)
{
    struct said *said = said_of(witness, 'w', place, id);
    if (said == NULL)
        return false;
    say_text(&said->name, fact->what, place->rank);
    say_text(&said->decision, fact->decision, place->rank);
    say_number(&said->start, fact->start_ms, place->rank, true);
    say_number(&said->end, fact->end_ms, place->rank, false);
    return true;
}

bool witness_turn(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_turn_fact *fact)
{
    struct said *said = said_of(witness, 'u', place, id);
    if (said == NULL)
        return false;
    say_number(&said->start, fact->start_ms, place->rank, true);
    say_number(&said->end, fact->end_ms, place->rank, false);
    say_number(&said->length, fact->prompt_length, place->rank, false);
    return true;
}

bool witness_settle(struct witness *witness)
{
    witness->settled++;
    return true;
}

/* ---- looking ---- */

/* The n-th (from 0) of that kind whose id (of a session or agent: whose own id) begins so; NULL: none. */
static const struct said *said_find(char kind, const char *id, unsigned n)
{
    for (size_t i = 0; i < said_witness->count; i++) {
        const struct said *said = &said_witness->all[i];
        const char *own = kind == 's' ? said->session : kind == 'a' ? said->agent : said->id;
        if (said->kind == kind && strncmp(own, id, strlen(id)) == 0 && n-- == 0)
            return said;
    }
    return NULL;
}

#endif
