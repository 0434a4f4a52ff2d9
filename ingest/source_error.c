/* One form for all errors of the outside world, so that the screen can cut them at the end. */
#include "ingest/source_error.h"

#include <stddef.h>

void source_error(struct strbuf *error, const char *thing, const char *what, const char *detail)
{
    strbuf_addf(error, "%s: %s", thing, what);
    if (detail != NULL) {
        strbuf_addf(error, ": %s", detail);
    }
}
