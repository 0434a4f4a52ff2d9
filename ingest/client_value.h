/* Values in clients' files, hooks and registries: ids, numbers, times and texts, read with the care
   that drifting formats need. */
#ifndef INGEST_CLIENT_VALUE_H
#define INGEST_CLIENT_VALUE_H

#include "core/base/json_read.h"
#include "core/trace/event.h"

/* A longer name is cut, a longer id becomes a digest of this length or less. */
#define CLIENT_ID_BYTES 200

/* Returns an id or a name, borrowed. Bytes are NULL if the value is no string, is empty, longer
   than CLIENT_ID_BYTES or has escapes. */
struct slice client_plain_text(struct json_value value);
/* Returns an id of any length and spelling, borrowed from the value or from `room`: a number is its
   digits, escapes are decoded, and an id that is too long is what client_id_short makes of it.
   Bytes are NULL if the value is empty, of another type, or out of memory. */
struct slice client_id(const struct mem *mem, struct json_value value, char room[CLIENT_ID_BYTES]);
/* Returns the id itself, or for one longer than CLIENT_ID_BYTES its first bytes and a digest of all
   of it, in `room`: gateways put whole signatures into ids, and every source must shorten them
   alike. */
struct slice client_id_short(struct slice id, char room[CLIENT_ID_BYTES]);
/* Returns a finite number that is not negative; NAN otherwise. */
double client_number(struct json_value value);
/* Returns the Unix epoch ms of an ISO 8601 string, or of a number of seconds or milliseconds; NAN
   otherwise. */
double client_time(struct json_value value);
/* Returns whether it is a string that is one of the names, which end with NULL. */
bool client_is_one_of(struct json_value value, const char *const *names);
/* Copies the first line of a string into `out`, cut to its size; "" if the value is no string. */
void client_text_copy(const struct mem *mem, struct json_value value, char *out, size_t size);

#endif
