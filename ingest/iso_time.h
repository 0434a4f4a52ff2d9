/* ISO 8601 times. */
#ifndef INGEST_ISO_TIME_H
#define INGEST_ISO_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parses "2025-10-09T08:53:20.000Z" to nanoseconds since the Unix epoch. Fraction and zone (Z,
   +02:00) may be missing; without a zone it is Z. False: no such time. */
bool iso_time_parse(const char *text, size_t len, int64_t *ns);

#endif
