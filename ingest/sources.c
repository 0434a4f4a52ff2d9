/* A new client is a folder beside claude/ and its row here. */
#include "ingest/sources.h"

#include "ingest/claude/claude_hook.h"

#include <stddef.h>

const struct hook_client *const source_hook_clients[] = {
    &claude_hook_client,
    NULL,
};
