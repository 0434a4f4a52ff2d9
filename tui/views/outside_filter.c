/* A filter hides rows, so it would hide alarms: these are counted among the rows that it leaves
   out. */
#include "tui/views/outside_filter.h"

bool outside_filter_user(const struct tree_node *node)
{
    return node->status.state == STATE_USER || node->status.state == STATE_TOOL_OR_USER;
}

struct outside_filter outside_filter(const struct frame *frame)
{
    struct outside_filter out = {0, 0, 0};
    for (size_t i = 0; frame->predicate != NULL && i < frame->rows.node_count; i++) {
        const struct tree_node *node = &frame->rows.nodes[i];
        struct stalled_agent of = stalled_of(&frame->stalled, node->agent);
        if (node->matches) {
            continue;
        }
        out.users += outside_filter_user(node);
        out.stalled += of.call != NO_SPAN;
        out.loops += of.call == NO_SPAN && of.loop != NO_SPAN;
    }
    return out;
}

void outside_filter_message(struct frame *frame, const char *text, size_t count)
{
    if (count > 0) {
        view_message(frame->state, false, "%s%s%zu outside the filter", text, *text ? "; " : "",
                     count);
    } else if (*text) {
        view_message(frame->state, false, "%s", text);
    }
}
