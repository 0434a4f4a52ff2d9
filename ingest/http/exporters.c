#include "ingest/http/exporters.h"

#include <stdio.h>
#include <string.h>

/* Returns the exporter of that name. A new one replaces the one that has been silent for
   longest, if there is no other. */
static struct exporter *find_exporter(struct exporters *exporters, const char *name)
{
    struct exporter *oldest = &exporters->items[0];
    for (size_t i = 0; i < exporters->count; i++) {
        struct exporter *exporter = &exporters->items[i];
        if (strncmp(exporter->name, name, sizeof exporter->name - 1) == 0) {
            return exporter;
        }
        oldest = exporter->last < oldest->last ? exporter : oldest;
    }
    if (exporters->count < EXPORTERS) {
        oldest = &exporters->items[exporters->count++];
    }
    *oldest = (struct exporter){.name = ""};
    (void)snprintf(oldest->name, sizeof oldest->name, "%s", name);
    return oldest;
}

const char *exporters_note(struct exporters *exporters, struct ingest_ctx *ingest, const char *spec,
                           const struct export_request *request)
{
    static const char *const words[OTLP_SIGNALS] = {
        [OTLP_TRACES] = "traces", [OTLP_LOGS] = "logs", [OTLP_METRICS] = "metrics"};
    struct exporter *exporter = find_exporter(exporters, request->agent);
    exporter->last = ++exporters->requests;
    if ((exporter->signals & 1U << request->signal) == 0) {
        char text[EXPORTER_BYTES + 64];
        exporter->signals |= 1U << request->signal;
        (void)snprintf(text, sizeof text, "%s sends %s (%s)",
                       exporter->name[0] != '\0' ? exporter->name : "a client",
                       words[request->signal], request->protocol);
        ingest_ctx_log_from(ingest, LOG_LEVEL_INFO, spec, text);
    }
    return exporter->name;
}
