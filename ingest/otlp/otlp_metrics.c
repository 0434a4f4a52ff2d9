/* Metrics are taken and not used yet. */
#include "ingest/otlp/otlp_reader_private.h"

void otlp_take_metrics(struct otlp_reader *reader, const struct otlp_batch *batch)
{
    (void)reader, (void)batch;
}
