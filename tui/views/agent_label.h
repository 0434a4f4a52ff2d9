/* The label of an agent: `session › agent description`, cut to the columns that it gets. If
   there are several hosts or clients, its host and client are at its end; in a text, at its
   beginning. */
#ifndef TUI_AGENT_LABEL_H
#define TUI_AGENT_LABEL_H

#include "core/model/swarm.h"
#include "tui/screen/grid.h"
#include "tui/views/client_tag.h"

/* The parts of a label; each may be empty. */
struct agent_label {
    struct client_tag host, client;
    struct strbuf session, name;
    struct strbuf note; /* the description, and what distinguishes the agent from those alike */
    /* The byte of each part that a cut leaves visible; SIZE_MAX: any. */
    size_t session_keep, name_keep, note_keep;
    /* Without it the label would look like another: it is left out after all others. */
    bool session_needed, note_needed;
    bool ascii;
};

void agent_label_init(struct agent_label *label, const struct mem *mem, bool ascii);
void agent_label_release(struct agent_label *label);

/* Masks the parts. Half a key would not be found later, so this precedes any cut. */
void agent_label_mask(struct agent_label *label);

/* Keeps the first difference from another label visible, for two that are cut to the same text. */
void agent_label_distinguish(struct agent_label *label, const struct agent_label *other);

/* Draws the label in at most `cols` columns, each part cut in its middle where it must be; the name
   in `style`, the others dim. Returns the column after it. */
int agent_label_draw(const struct agent_label *label, struct area line, int x, int cols,
                     enum style_id style);
/* Appends the label, of at most `cols` columns. */
void agent_label_text(const struct agent_label *label, int cols, struct strbuf *out);

#endif
