/* A table of all agents is too much to make for each picture: labels are of structure alone, which
   changes when agents come, go or get names. */
#include "tui/views/agent_labels.h"

const struct agent_labels *agent_labels_keep(struct agent_labels_kept *kept,
                                             const struct swarm *swarm, const struct mem *mem,
                                             bool ascii)
{
    uint64_t structure = swarm_structure(swarm);
    if (kept->labels.swarm == swarm && kept->structure == structure && kept->ascii == ascii) {
        return &kept->labels;
    }
    agent_labels_release(&kept->labels);
    kept->structure = structure;
    kept->ascii = ascii;
    if (!agent_labels_init(&kept->labels, swarm, mem, ascii)) {
        agent_labels_release(&kept->labels);
        return NULL;
    }
    return &kept->labels;
}
