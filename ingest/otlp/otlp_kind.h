/* The kind of a span: a request to a model, a tool's call, an agent's run. */
#ifndef INGEST_OTLP_KIND_H
#define INGEST_OTLP_KIND_H

#include "ingest/otlp/otlp_attributes.h"

enum otlp_kind {
    OTLP_STRUCTURE,   /* anything else */
    OTLP_REQUEST,     /* to a model that generates */
    OTLP_OTHER,       /* to a model that does not (embeddings): no figures */
    OTLP_TOOL,        /* a tool's call */
    OTLP_EXECUTION,   /* a part of a tool's call: from its permission to its end */
    OTLP_WAIT,        /* for a person */
    OTLP_AGENT,       /* one run of an agent */
    OTLP_WORKFLOW,    /* a run of several: an agent where none is above it */
    OTLP_INTERACTION, /* a turn of the main agent */
    OTLP_INSTANT,     /* a moment: an agent is made, or hands over */
    OTLP_NO_SPAN      /* known to be noise */
};

/* The producers that need rules of their own. */
enum otlp_producer {
    OTLP_ANY,
    OTLP_CLAUDE,
    OTLP_CODEX,
    OTLP_GEMINI,
    OTLP_QWEN,
    OTLP_OPENCODE,
    OTLP_STRANDS
};

/* By the scope's and the service's names. */
enum otlp_producer otlp_producer_of(struct slice scope, struct slice service);
enum otlp_kind otlp_kind_of(enum otlp_producer producer, struct slice scope, struct slice name,
                            const struct otlp_found *found);

#endif
