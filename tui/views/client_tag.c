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

/* Returns whether so many bytes from `from` on set each name apart from every other. */
static bool set_apart(const struct clients *clients, const struct swarm *swarm, size_t from,
                      size_t len)
{
    for (size_t i = 0; i < clients->count; i++) {
        struct slice name = swarm_text_slice(swarm, clients->names[i]);
        for (size_t k = 0; k < i; k++) {
            struct slice other = swarm_text_slice(swarm, clients->names[k]);
            if (name.len >= from + len && other.len >= from + len &&
                memcmp(name.bytes + from, other.bytes + from, len) == 0) {
                return false;
            }
        }
    }
    return true;
}

/* Returns how many bytes all names have in common at their beginning; each has more. */
static size_t shared_beginning(const struct clients *clients, const struct swarm *swarm)
{
    struct slice first =
        clients->count < 2 ? (struct slice){NULL, 0} : swarm_text_slice(swarm, clients->names[0]);
    size_t shared = first.len == 0 ? 0 : first.len - 1;
    for (size_t i = 1; i < clients->count; i++) {
        struct slice name = swarm_text_slice(swarm, clients->names[i]);
        size_t len = 0;
        while (len < shared && len + 1 < name.len && name.bytes[len] == first.bytes[len]) {
            len++;
        }
        shared = len;
    }
    while (shared > 0 && ((unsigned char)first.bytes[shared] & 0xC0) == 0x80) {
        shared--;
    }
    return shared;
}

static void set_cols(struct client_tags *tags, const struct swarm *swarm, bool ascii)
{
    for (size_t i = 0; i < tags->clients.count; i++) {
        struct slice name = swarm_text_slice(swarm, tags->clients.names[i]);
        int cols = (int)text_cols(name.bytes, name.len, ascii);
        tags->cols = cols > tags->cols ? cols : tags->cols;
    }
    tags->cols = tags->cols < TAG_COLS_MAX ? tags->cols : TAG_COLS_MAX;
    while (tags->short_cols < SHORT_COLS_MAX &&
           !set_apart(&tags->clients, swarm, tags->shared, (size_t)tags->short_cols)) {
        tags->short_cols++;
    }
    tags->short_cols = tags->short_cols < tags->cols ? tags->short_cols : tags->cols;
}

struct client_tags client_tags_make(const struct swarm *swarm, bool ascii)
{
    struct client_tags tags = {clients_find(swarm), 0, SHORT_COLS_MIN, 0};
    set_cols(&tags, swarm, ascii);
    return tags;
}

struct client_tags client_tags_make_hosts(const struct swarm *swarm, bool ascii)
{
    struct client_tags tags = {clients_find_hosts(swarm), 0, SHORT_COLS_MIN, 0};
    tags.shared = shared_beginning(&tags.clients, swarm);
    set_cols(&tags, swarm, ascii);
    return tags;
}

static struct client_tag tag_of(const struct client_tags *tags, const struct swarm *swarm,
                                intern_id name)
{
    struct client_tag tag = {{NULL, 0}, tags->cols, tags->short_cols, tags->shared, false};
    if (name != INTERN_NONE) {
        tag.name = swarm_text_slice(swarm, name);
    }
    return tag;
}

struct client_tag client_tags_get(const struct client_tags *tags, const struct swarm *swarm,
                                  agent_no agent)
{
    return tag_of(tags, swarm,
                  clients_are_several(&tags->clients) ? clients_of_agent(swarm, agent)
                                                      : INTERN_NONE);
}

struct client_tag client_tags_get_host(const struct client_tags *tags, const struct swarm *swarm,
                                       agent_no agent)
{
    const struct agent *of = swarm_agent(swarm, agent);
    bool shown = of != NULL && clients_are_several_hosts(&tags->clients);
    struct client_tag tag =
        tag_of(tags, swarm, shown ? clients_host_of_session(swarm, of->session) : INTERN_NONE);
    tag.needed = tag.name.len > 0;
    return tag;
}

struct slice client_tag_text(const struct client_tag *tag, int cols, bool ascii)
{
    struct slice name = tag->name;
    size_t used, fits = text_fit(name.bytes, name.len, ascii, (size_t)cols, &used);
    if (fits < name.len && tag->shared > 0) {
        size_t room = cols > 0 ? (size_t)cols : 0, from = name.len > room ? name.len - room : 0;
        from = from < tag->shared ? from : tag->shared;
        while (from < name.len && ((unsigned char)name.bytes[from] & 0xC0) == 0x80) {
            from++;
        }
        name = (struct slice){name.bytes + from, name.len - from};
        fits = text_fit(name.bytes, name.len, ascii, (size_t)cols, &used);
    }
    return (struct slice){name.bytes, fits};
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
