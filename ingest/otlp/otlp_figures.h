/* The figures of a request or a tool's call, read from a span's or a log's attributes. */
#ifndef INGEST_OTLP_FIGURES_H
#define INGEST_OTLP_FIGURES_H

#include "core/model/update.h"
#include "ingest/otlp/otlp_kind.h"

/* A span or a log, as the rules see it. */
struct otlp_item {
    enum otlp_producer producer;
    const struct otlp_scope *scope;
    const struct otlp_span *span; /* NULL: a log */
    const struct otlp_found *found;
    double start_ms, end_ms; /* Unix epoch; NAN: unknown */
};

/* Sets prompt, output and cache tokens. A prompt is everything that was sent, cached or not. */
void otlp_figures_tokens(const struct otlp_item *item, struct update *update);
/* Returns the time to first token in ms, from the start of the last attempt; NAN: unknown. *bad is
   set where one is reported that cannot be (negative, or longer than the span), else unchanged. */
double otlp_figures_ttft(const struct otlp_item *item, bool *bad);
/* Returns why it failed; bytes NULL: it did not, or nobody knows. Without `whole` no text of a
   tool's result is returned, but the error's class, which may lie in `room`. */
struct slice otlp_figures_error(const struct otlp_item *item, bool whole, struct strbuf *room);
/* Writes the starts of attempts, ms; returns how many (at most `max`). */
size_t otlp_figures_attempts(const struct otlp_item *item, double *starts, size_t max);

#endif
