/* Parts of OpenCode's messages: tools, texts, thoughts, retries. */
#ifndef INGEST_OPENCODE_PART_H
#define INGEST_OPENCODE_PART_H

#include "ingest/opencode/opencode_rows.h"

/* Takes a part, whose row's data is `data`. Returns true if it is not final. */
bool opencode_part_take(struct opencode_rows *rows, const struct opencode_row *row,
                        struct json_value data);

/* ---- opencode_rows.c ---- */

struct slice opencode_text(const struct opencode_rows *rows, intern_id id);
struct update opencode_update(struct opencode_rows *rows, enum update_op op, struct slice session);
void opencode_send(struct opencode_rows *rows, const struct update *update);
/* The answer of that message, made when it is new; NULL: out of memory. Borrowed until the next
   call. */
struct opencode_answer *opencode_answer(struct opencode_rows *rows, struct slice message);
/* Returns the number of a text; INTERN_NONE: it is empty, or out of memory. */
intern_id opencode_put(struct opencode_rows *rows, struct slice text);
/* Returns the session; NULL: not known. Borrowed until the next one is made. */
struct opencode_session *opencode_find_session(struct opencode_rows *rows, struct slice id);
/* The same, made when it is new; NULL: out of memory. `root` absent: it is at the top. */
struct opencode_session *opencode_make_session(struct opencode_rows *rows, struct slice id,
                                               intern_id root);
/* Counts a row of the session, or a part of one, whose type is not known. */
void opencode_unknown(struct opencode_rows *rows, struct slice session, struct slice type);
/* Returns the number of the session at the top, in `sessions_at_top`. `session` may be NULL. */
uint32_t opencode_top_of(struct opencode_rows *rows, const struct opencode_session *session);

#endif
