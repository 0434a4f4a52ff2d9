/* Whether the process of a thread lives: it holds a lock on a file of the thread's name for as long
   as it may write the rollout. */
#ifndef INGEST_CODEX_PROCESS_H
#define INGEST_CODEX_PROCESS_H

#include "ingest/codex/codex_thread.h"

/* Reports the process of a session's main thread, and its end, from the lock; without locks (an
   older version, copied files) the session has no sign of its process. */
void codex_process_conclude(struct codex_thread *thread);

#endif
