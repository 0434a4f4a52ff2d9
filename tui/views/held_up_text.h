/* Writes the chain that holds an agent up as text: `api-server ← coder ← Bash make test 41.0s
   (p95 8.3s)`, or `coder ← retry 2 in 9s after 529, 41.0s`; one line that a terminal may have. */
#ifndef TUI_HELD_UP_TEXT_H
#define TUI_HELD_UP_TEXT_H

#include "core/analysis/held_up.h"
#include "tui/screen/number.h"
#include "tui/screen/theme.h"
#include "tui/views/agent_labels.h"

/* How it is written. */
struct held_up_look {
    const struct theme *theme; /* symbols */
    const char *age;           /* of the call at the end */
    size_t cols;               /* at most so many */
    bool no_mask;              /* shows keys and passwords */
    /* Distinguish agents of one name, borrowed; NULL: names alone. */
    const struct agent_labels *labels;
};

struct frame;
/* Returns the agent at the beginning of the longest chain of those that begin with an agent which
   the filter matches, as `report` does; NO_AGENT: none, or it has held up for less than
   HELD_UP_SHOWN_NS. */
agent_no held_up_shown(const struct frame *frame);
/* Writes the age of the call at the end in whole seconds, or longer units. */
void held_up_age(const struct frame *frame, const struct held_up_chain *chain,
                 char out[NUMBER_BYTES]);

/* The parts that a text has room for. */
enum held_up_room {
    HELD_UP_NONE,        /* nothing */
    HELD_UP_ALIKE,       /* a name that an agent of another session has, too */
    HELD_UP_ALIKE_WHOLE, /* also the argument of the call at the end */
    HELD_UP_CALL,        /* a label, and the name of the call */
    HELD_UP_WHOLE        /* also its argument */
};

/* Sets out to the text. The first agent of its session in it is shown by its label, with the
   session, if an agent of another session has its name. If the text is too wide, it loses the
   descriptions of agents, then those between the first and the last one, then most of the call's
   argument, then all agents but the last, then the p95, then more of the argument, then all of it,
   and begins again with names instead of labels. It is empty if that does not fit either, or if the
   chain is empty. */
enum held_up_room held_up_text(const struct swarm *swarm, const struct held_up_chain *chain,
                               const struct held_up_look *look, struct strbuf *out);

#endif
