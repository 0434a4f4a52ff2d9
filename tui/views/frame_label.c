/* The names of agents in a frame. Two labels that a narrow list cuts to the same text are made to
   differ, so a frame remembers a hash of each label that it has drawn. */
#include "tui/views/frame.h"

#include "core/base/hash.h"

#define ALIKE_TRIES 4

static void get_label(const struct frame *frame, agent_no agent, unsigned form,
                      struct agent_label *out)
{
    agent_labels_get(frame->labels, agent, form, out);
    if (!frame->input->no_mask) {
        agent_label_mask(out);
    }
}

const struct agent_label *frame_label(struct frame *frame, agent_no agent, unsigned form)
{
    get_label(frame, agent, form, &frame->label);
    return &frame->label;
}

unsigned frame_row_form(struct frame *frame, const struct timeline_row *row)
{
    const struct tree_node *node = &frame->rows.nodes[row->node];
    intern_id client = clients_of_agent(frame->swarm, node->agent);
    bool shown = node->depth == 0 || row->pinned || client != frame->client_above;
    frame->client_above = row->pinned ? INTERN_NONE : client;
    return LABEL_ROW | (shown ? LABEL_CLIENT : 0U);
}

static uint64_t hash_label(struct frame *frame, int cols)
{
    strbuf_clear(&frame->label_text);
    agent_label_text(&frame->label, cols, &frame->label_text);
    const struct strbuf *text = &frame->label_text;
    return text->failed ? 0 : hash_bytes(HASH_SEED, text->data, text->len);
}

static const struct drawn_label *find_drawn(const struct frame *frame, uint64_t hash,
                                            agent_no agent, unsigned form)
{
    for (size_t i = 0; i < frame->drawn_count; i++) {
        const struct drawn_label *drawn = &frame->drawn[i];
        if (drawn->hash == hash && drawn->agent != agent && drawn->form == (form & LABEL_LIST)) {
            return drawn;
        }
    }
    return NULL;
}

/* Makes the agent's label, which in so many columns differs from those drawn before. */
static const struct agent_label *make_label(struct frame *frame, agent_no agent, unsigned form,
                                            int cols)
{
    frame_label(frame, agent, form);
    uint64_t hash = hash_label(frame, cols);
    const struct drawn_label *drawn;
    for (int i = 0; i < ALIKE_TRIES && (drawn = find_drawn(frame, hash, agent, form)) != NULL;
         i++) {
        get_label(frame, drawn->agent, form, &frame->other);
        agent_label_distinguish(&frame->label, &frame->other);
        hash = hash_label(frame, cols);
    }
    if (frame->drawn_count < DRAWN_MAX) {
        frame->drawn[frame->drawn_count++] = (struct drawn_label){hash, agent, form & LABEL_LIST};
    }
    return &frame->label;
}

int frame_label_draw(struct frame *frame, agent_no agent, unsigned form, struct area line, int x,
                     int cols, enum style_id style)
{
    return agent_label_draw(make_label(frame, agent, form, cols), line, x, cols, style);
}

void frame_label_text(struct frame *frame, agent_no agent, int cols, struct strbuf *out)
{
    agent_label_text(make_label(frame, agent, LABEL_LIST | LABEL_CLIENT, cols), cols, out);
}
