/* Which agents would show the same text, and what distinguishes them: the directory, the branch,
   the beginning of the prompt, or characters of the id. */
#ifndef TUI_AGENT_LABELS_H
#define TUI_AGENT_LABELS_H

#include "tui/views/agent_label.h"
#include "tui/views/namesakes.h"

/* Made where the structure of the model has changed (agent_labels_keep); a plain value otherwise.
 */
struct agent_labels {
    const struct swarm *swarm;
    const struct mem *mem;
    agent_no *heads; /* by the hash of what is shown: the first agent + 1; 0: none */
    agent_no *next;  /* by agent: the next one of that hash + 1 */
    size_t slots, agents;
    bool several; /* there are agents of several sessions */
    struct namesakes names;
    struct client_tags clients, hosts;
};

/* Returns false if out of memory; duplicates are not found then. Call agent_labels_release. */
bool agent_labels_init(struct agent_labels *labels, const struct swarm *swarm,
                       const struct mem *mem, bool ascii);
void agent_labels_release(struct agent_labels *labels);

/* Labels that are kept between frames. Zeroed: none yet. */
struct agent_labels_kept {
    struct agent_labels labels; /* of labels.swarm; NULL: none */
    uint64_t structure;
    bool ascii;
};
/* Returns the labels of the model as it is now, borrowed until the next call. All that they are
   made of is structure (swarm_structure), so they are made again when that has changed. NULL: out
   of memory. */
const struct agent_labels *agent_labels_keep(struct agent_labels_kept *kept,
                                             const struct swarm *swarm, const struct mem *mem,
                                             bool ascii);

enum label_form {
    LABEL_ROW = 0,    /* of a tree: its session is a row above it */
    LABEL_LIST = 1,   /* of a list: with its session, if there are several */
    LABEL_CLIENT = 2, /* added to one of these: with its host and client, if there are several */
    LABEL_HOST = 4    /* added in place of that: with its host alone */
};

/* Sets the parts of the agent's label. `form`: of enum label_form. */
void agent_labels_get(const struct agent_labels *labels, agent_no agent, unsigned form,
                      struct agent_label *out);

#endif
