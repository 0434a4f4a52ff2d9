/* Times as ISO 8601 spells them. */
#ifndef INGEST_ISO_TIME_H
#define INGEST_ISO_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "2025-10-09T08:53:20.000Z", the fraction and the zone (Z, +02:00, none: Z) being free. Nanoseconds since the Unix epoch. False: not such
   a time. */
bool iso_time_parse(const char *text, size_t len, int64_t *ns);

#endif
