/* A tag has one of two widths, which depend on the clients and on the width of the label alone, so
   that the tags below each other begin and end in the same column. */
#include "tui/views/client_tag.h"

#include "tui/screen/text.h"

#include <string.h>

enum {
    TAG_COLS_MAX = 12,  /* of a name: a service may be called anything */
    SHORT_COLS_MIN = 3, /* cod, cla, gem */
    SHORT_COLS_MAX = 5,
    REST_COLS = 6,       /* for the label, beside as many as its tag has */
    LABEL_COLS_MIN = 12, /* narrower labels have a tag only where it is needed, or all fits */
    NEEDED_COLS_MIN = 8
};

/* Returns whether the first `len` bytes set each name apart from every other. */
static bool set_apart(const struct clients *clients, const struct swarm *swarm, size_t len)
{
    for (size_t i = 0; i < clients->count; i++) {
        struct slice name = swarm_text_slice(swarm, clients->names[i]);
        for (size_t k = 0; k < i; k++) {
            struct slice other = swarm_text_slice(swarm, clients->names[k]);
            if (name.len >= len && other.len >= len && memcmp(name.bytes, other.bytes, len) == 0) {
                return false;
            }
        }
    }
    return true;
}

struct client_tags client_tags_make(const struct swarm *swarm, bool ascii)
{
    struct client_tags tags = {clients_find(swarm), 0, SHORT_COLS_MIN};
    for (size_t i = 0; i < tags.clients.count; i++) {
        struct slice name = swarm_text_slice(swarm, tags.clients.names[i]);
        int cols = (int)text_cols(name.bytes, name.len, ascii);
        tags.cols = cols > tags.cols ? cols : tags.cols;
    }
    tags.cols = tags.cols < TAG_COLS_MAX ? tags.cols : TAG_COLS_MAX;
    while (tags.short_cols < SHORT_COLS_MAX &&
           !set_apart(&tags.clients, swarm, (size_t)tags.short_cols)) {
        tags.short_cols++;
    }
    tags.short_cols = tags.short_cols < tags.cols ? tags.short_cols : tags.cols;
    return tags;
}

struct client_tag client_tags_get(const struct client_tags *tags, const struct swarm *swarm,
                                  agent_no agent)
{
    struct client_tag tag = {{NULL, 0}, tags->cols, tags->short_cols, false};
    intern_id name =
        clients_are_several(&tags->clients) ? clients_of_agent(swarm, agent) : INTERN_NONE;
    if (name != INTERN_NONE) {
        tag.name = swarm_text_slice(swarm, name);
    }
    return tag;
}

int client_tag_cols(const struct client_tag *tag, int cols, int label_cols)
{
    if (tag->name.len == 0) {
        return 0;
    }
    if (cols >= 2 * tag->cols + REST_COLS) {
        return tag->cols;
    }
    bool room = cols >= (tag->needed ? NEEDED_COLS_MIN : LABEL_COLS_MIN) ||
                label_cols + 1 + tag->short_cols <= cols;
    return room ? tag->short_cols : 0;
}
