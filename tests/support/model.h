/* Small models for tests: events as text in, documents as text out, and documents opened again without any of ingest. Where
   something cannot be done, and no memory is to fail, the test fails. */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "core/correlate/correlator.h"
#include "core/export/document.h"
#include "core/model/swarm_edit.h"
#include "core/tracer/tracer.h"

#define MODEL_START_MS 1760000000000.0
#define MODEL_START_NS ((int64_t)1760000000000 * 1000000)

struct model {
    struct swarm *swarm;
    struct tracer *tracer;
    struct correlator *correlator;
    session_no session; /* of the functions below */
};

/* An empty model without caps. False: out of memory; release it all the same. */
bool model_init(struct model *model, const struct mem *mem);
bool model_init_with(struct model *model, const struct mem *mem, const struct swarm_config *config);
void model_release(struct model *model);

/* Opens a session that began at MODEL_START_MS, by the tracer. */
void model_hello(struct model *model, const char *session_id, const char *name);
/* Opens a session of agents of a file, that began then. */
bool model_open_file(struct model *model, const char *session_id);
/* The same of another producer's trace. */
bool model_open_trace(struct model *model, const char *session_id);
/* Appends trace events: any number of JSON objects, white space between them. False: out of memory. */
bool model_events(struct model *model, const char *events);

/* Names a process, and its thread as model_add has it. */
bool model_name(struct model *model, int pid, const char *name);
/* Appends the begin of a span and, where to_ms is not NAN, its end. Times are after the session's start; args are raw objects, NULL:
   none. False: out of memory. */
struct model_span {
    int pid;
    const char *name, *cat;
    double from_ms, to_ms;
    const char *args, *end_args;
};
bool model_add(struct model *model, const struct model_span *span);

/* For tracer operations: `ms` after MODEL_START_MS, of that agent (NULL: the main one). */
struct op_context model_at(const struct model *model, double ms, const char *agent_id);
struct slice model_text(const char *text);

/* The time `ms` after MODEL_START_MS. */
int64_t model_ns(double ms);

/* Returns new (free), NUL-terminated: the document. NULL: out of memory. */
char *model_export(const struct swarm *swarm, enum document_tracks tracks);
char *model_export_with(const struct swarm *swarm, const struct document_options *options);
/* Takes a document of ours into the model. False: out of memory. */
bool model_open(struct model *model, const char *document);

/* Returns new (free): what the model holds, session by session: flags (but for those of the source's state), start, clock,
   metadata and other events in their order, args and all. Two models with the same text are the same. */
char *model_dump(const struct swarm *swarm);
/* Returns new (free): all that a re-opened document must have in common with its model: tree, spans, lanes, markers, metrics. */
char *model_describe(const struct swarm *swarm);

/* The agent of that name. */
agent_no model_agent(const struct model *model, const char *name);
/* The n-th span (from 0) of that name, in order of appearance. */
span_no model_span(const struct model *model, const char *name, unsigned n);

#endif
