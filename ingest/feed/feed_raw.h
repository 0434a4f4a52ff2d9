/* Raw trace events of a feed: into the sender's own session, or one that is named. */
#ifndef INGEST_FEED_RAW_H
#define INGEST_FEED_RAW_H

#include "ingest/feed/feed_sessions.h"

enum feed_raw_result { FEED_RAW_OK, FEED_RAW_OUT_OF_RANGE, FEED_RAW_NO_MEMORY };

/* Appends the event to the session of that id, else (bytes NULL) the sender's own; either is
   opened, without agents, where it is not known. `local_ns`: when the event arrived. `bytes`
   are the whole event, for the tap. */
enum feed_raw_result feed_raw_append(struct feed_sessions *sessions, struct slice session_id,
                                     int64_t local_ns, const struct raw_event *raw,
                                     struct slice bytes);

#endif
