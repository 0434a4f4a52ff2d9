/* The client of a row, where several clients are in the picture: `codex` in a column at the end of
   the row's label, its first letters where the label is narrow. The host of a row is a tag alike,
   before it. Hosts' names often begin alike, so a narrow one leaves out what all share. */
#ifndef TUI_CLIENT_TAG_H
#define TUI_CLIENT_TAG_H

#include "core/query/clients.h"
#include "tui/screen/grid.h"

/* How wide the tags of a picture are, so that all rows of one width show them alike. */
struct client_tags {
    struct clients clients;
    int cols;       /* of the longest name */
    int short_cols; /* of as many first letters as set each client apart */
    size_t shared;  /* bytes at the beginning that a cut name leaves out */
};

/* A row's tag; `name` empty: the row has none. */
struct client_tag {
    struct slice name; /* borrowed from the swarm */
    int cols, short_cols;
    size_t shared; /* as in struct client_tags */
    bool needed;   /* without it the row would look like that of another client */
};

struct client_tags client_tags_make(const struct swarm *swarm, bool ascii);
/* Returns the tag of the agent's client; an empty one if only one client is in the picture. */
struct client_tag client_tags_get(const struct client_tags *tags, const struct swarm *swarm,
                                  agent_no agent);

/* The same for hosts. */
struct client_tags client_tags_make_hosts(const struct swarm *swarm, bool ascii);
struct client_tag client_tags_get_host(const struct client_tags *tags, const struct swarm *swarm,
                                       agent_no agent);

/* Returns the part of the tag's name that fits into so many columns. */
struct slice client_tag_text(const struct client_tag *tag, int cols, bool ascii);
/* Returns the columns of the tag in a label of `cols` columns, after a blank that is not counted;
   0: it is left out. `label_cols` are those of the whole label without it. */
int client_tag_cols(const struct client_tag *tag, int cols, int label_cols);

#endif
