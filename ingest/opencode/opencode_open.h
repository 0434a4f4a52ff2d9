/* Which answers and tools of OpenCode are open, and the end of those that no row will end: their
   client died, or their rows were deleted. */
#ifndef INGEST_OPENCODE_OPEN_H
#define INGEST_OPENCODE_OPEN_H

#include "ingest/opencode/opencode_rows.h"

/* Takes the next answer of a session, which the row of its message begins or repeats: ends what the
   one before has left open. */
void opencode_open_next(struct opencode_rows *rows, const struct opencode_row *row);
/* Keeps an open tool of a part's row, or forgets one that has ended. */
struct opencode_open_tool {
    struct slice call, child; /* child: the session that it runs; bytes NULL: none */
    bool open, prepared;
};
void opencode_open_note_tool(struct opencode_rows *rows, const struct opencode_row *row,
                             const struct opencode_open_tool *noted);
/* Ends the requests of answers of which nothing is written any more while their tools run. */
void opencode_open_end_requests(struct opencode_rows *rows);
/* A row that was open is no more: of a message that was taken back, or of a session that was
   deleted. */
void opencode_open_take_deleted(struct opencode_rows *rows, const struct opencode_row *row);
/* Marks the sessions at the top in which something is open as busy. */
void opencode_open_set_busy(struct opencode_rows *rows);

#endif
