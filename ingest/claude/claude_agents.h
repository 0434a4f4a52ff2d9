/* The sub-agents of a session of Claude Code: what their meta files have, who started them, when
   they ended. A lack of memory is the session's. Private to claude_session.c and
   claude_liveness.c. */
#ifndef INGEST_CLAUDE_AGENTS_H
#define INGEST_CLAUDE_AGENTS_H

#include "ingest/claude/claude_session.h"

/* Reads the agent's meta file if it has changed; a finished agent has its last one. */
void claude_agents_look(struct claude_session *session, struct claude_file *file);
/* Reports its facts, and its end, as far as they are known and its transcript is read. */
void claude_agents_report(struct claude_session *session, struct claude_file *file);
/* Notes a transcript that has started agents, after it was read on. */
void claude_agents_note_starter(struct claude_session *session, struct claude_file *file);
/* Ends foreground agents whose call was stopped: they write no line about it. */
void claude_agents_stop(struct claude_session *session);

#endif
