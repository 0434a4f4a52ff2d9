/* Compactions of conversations. Clients' files and telemetry report them as calls of this name. */
#ifndef CORE_MODEL_COMPACTION_H
#define CORE_MODEL_COMPACTION_H

#include "core/model/swarm.h"

#include <string.h>

#define COMPACTION_NAME "compact"

static inline bool span_is_compaction(const struct swarm *swarm, const struct span *span)
{
    return span->kind == SPAN_OTHER && strcmp(swarm_text(swarm, span->name), COMPACTION_NAME) == 0;
}

#endif
