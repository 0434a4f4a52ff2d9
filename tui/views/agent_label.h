/* Labels of agents: `session › agent description`, and characters of the id if another agent would
   show the same text. */
#ifndef TUI_AGENT_LABEL_H
#define TUI_AGENT_LABEL_H

#include "core/model/swarm.h"
#include "tui/screen/grid.h"

/* Which agents would show the same text. Made once a frame; a plain value otherwise. */
struct agent_labels {
    const struct swarm *swarm;
    const struct mem *mem;
    agent_no *heads; /* by the hash of what is shown: the first agent + 1; 0: none */
    agent_no *next;  /* by agent: the next one of that hash + 1 */
    size_t slots, agents;
    bool several; /* there are agents of several sessions */
};

/* Returns false if out of memory; duplicates are not found then. Call agent_labels_release. */
bool agent_labels_init(struct agent_labels *labels, const struct swarm *swarm,
                       const struct mem *mem);
void agent_labels_release(struct agent_labels *labels);

enum label_form {
    LABEL_ROW, /* of a tree: its session is a row above it */
    LABEL_LIST /* of a list: with its session, if there are several */
};

/* The parts of a label; each may be empty. */
struct agent_label {
    struct strbuf session, name;
    struct strbuf note; /* the description, or characters of the id */
    bool ascii;
};

void agent_label_init(struct agent_label *label, const struct mem *mem, bool ascii);
void agent_label_release(struct agent_label *label);
/* Sets the parts. */
void agent_labels_get(const struct agent_labels *labels, agent_no agent, enum label_form form,
                      struct agent_label *out);

/* Draws the label in at most `cols` columns, each part cut in its middle where it must be; the name
   in `style`, the others dim. Returns the column after it. */
int agent_label_draw(const struct agent_label *label, struct area line, int x, int cols,
                     enum style_id style);
/* Appends the label, of at most `cols` columns. */
void agent_label_text(const struct agent_label *label, int cols, struct strbuf *out);

#endif
