/* Whether the process of a thread lives: it holds a lock on a file of the thread's name for as long
   as it may write the rollout. */
#ifndef INGEST_CODEX_PROCESS_H
#define INGEST_CODEX_PROCESS_H

#include "ingest/codex/codex_thread.h"

/* Reports the process of a session's main thread, and its end, from the lock; without locks (an
   older version, copied files) from the time of the last line. `last`: no more lines are read. */
void codex_process_conclude(struct codex_thread *thread, uint64_t now_ms, bool last);

#endif
