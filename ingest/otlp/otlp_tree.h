/* The spans of recent requests, as far as later ones need them: who is whose parent, what kind they
   are, which agent's row they made. Children come before their parents, so a parent that is not
   known has a node too. The oldest nodes are forgotten. */
#ifndef INGEST_OTLP_TREE_H
#define INGEST_OTLP_TREE_H

#include "core/base/intern.h"
#include "core/base/u64map.h"
#include "ingest/otlp/otlp_kind.h"

enum {
    OTLP_NODES_MAX = 1 << 16,
    OTLP_TRACES_MAX = 1 << 13,
    OTLP_CALL_BYTES = 48,
    OTLP_TREE_DEPTH = 256 /* so far up a tree is looked */
};

#define OTLP_NO_NODE UINT32_MAX

enum otlp_node_flag {
    NODE_KNOWN = 1,      /* the span itself came */
    NODE_OPEN = 2,       /* only its begin is known */
    NODE_CLIENT = 4,     /* its span kind is CLIENT */
    NODE_MCP = 8,        /* it is MCP's side of a tool's call */
    NODE_WAITED = 16,    /* a person held it up */
    NODE_ROW = 32,       /* of an agent: its row is decided */
    NODE_DECIDING = 128, /* … is being decided */
    NODE_BEGAN = 64,     /* it was shown as begun because of a child */
    NODE_ATTEMPT = 256,  /* a request that is one attempt of a message's (OpenCode) */
    NODE_FAILED = 512,   /* … and that failed, or below which one failed */
    NODE_STEP = 1024,    /* attempts of one message lie below it */
    NODE_JOINED = 2048,  /* … and those that had come are joined */
    NODE_HTTP = 4096,    /* a client's call by HTTP (otlp_http.c) */
    NODE_ALONE = 8192,   /* … that is shown, as nobody knows whose attempt it is */
    NODE_COUNTS = 16384, /* a request that reports its attempts itself */
    NODE_ABOVE = 32768   /* children of it are NODE_ALONE */
};

struct otlp_node {
    struct otlp_id id;
    uint32_t parent, first_child, next, prev; /* OTLP_NO_NODE: none; siblings are a list */
    uint32_t trace;
    intern_id agent; /* the row of a call whose agent is named; INTERN_NONE: none is, or the main
                          agent's */
    intern_id name;  /* of an agent; of an attempt: the session */
    uint8_t kind;    /* enum otlp_kind */
    bool remote;     /* its parent lies in another process, which may send nothing */
    uint16_t flags;
    double start_ms, first_ms;  /* of a request and of NODE_HTTP: its begin, its first token; epoch,
                                   NAN: unknown */
    char call[OTLP_CALL_BYTES]; /* the id of a tool's call, for its wait; "": none, or too long */
};

struct otlp_trace {
    uint8_t id[OTLP_TRACE_ID_BYTES];
    intern_id session; /* that its spans name; INTERN_NONE: none did yet */
    intern_id process; /* its stand-in: of the process; INTERN_NONE: unknown */
    double last_ms;    /* the latest end of its spans */
    intern_id
        process_was;  /* the stand-in that is to be joined with the session; INTERN_NONE: none */
    bool of_process;  /* `session` is the stand-in: another may be named */
    bool linked;      /* its root is an agent that a span of another trace started */
    bool rooted;      /* a span without a parent came */
    bool given_up;    /* nothing came for so long that no root will */
    uint64_t entered; /* the process whose span has a remote parent that has not come; 0: none */
    int64_t came_ns;  /* when the last span came, by the source's clock */
    bool provisional; /* updates were sent under the trace's own id */
    bool used;
};

struct otlp_tree {
    const struct mem *mem;
    struct otlp_node *nodes; /* a ring */
    uint32_t node_count, next_node;
    struct u64map node_by_id;
    struct otlp_trace *traces; /* a ring */
    uint32_t trace_count, next_trace;
    struct u64map trace_by_id;
    size_t steps_left; /* for links in chains deeper than OTLP_TREE_DEPTH */
    uint64_t forgotten_nodes, forgotten_traces; /* so far */
};

/* False: out of memory. */
bool otlp_tree_init(struct otlp_tree *tree, const struct mem *mem);
void otlp_tree_release(struct otlp_tree *tree);
/* Returns the node of that id, made when it is new; OTLP_NO_NODE: out of memory, or no id. */
uint32_t otlp_tree_put(struct otlp_tree *tree, const struct otlp_id *id);
/* Returns the node; OTLP_NO_NODE: it is not known. */
uint32_t otlp_tree_find(const struct otlp_tree *tree, const struct otlp_id *id);
/* Makes `parent` the parent of `child`, which had none. A ring of any length is not
   closed; nor is a link made in a chain so deep that nobody knows. */
void otlp_tree_link(struct otlp_tree *tree, uint32_t child, uint32_t parent);
/* Makes `parent` the parent of `child`, whatever it was. A ring is not closed. */
void otlp_tree_move(struct otlp_tree *tree, uint32_t child, uint32_t parent);
struct otlp_trace *otlp_tree_trace(struct otlp_tree *tree, uint32_t node);

#endif
