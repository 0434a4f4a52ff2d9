/* Builds one feed operation from the arguments of a command line: OP KEY=VALUE... */
#ifndef INGEST_EMIT_H
#define INGEST_EMIT_H

#include "core/base/strbuf.h"

/* Appends the line with its '\n'. Values are typed by the operation's rows (feed_ops.h);
   args.K=V and values.K=V build an object. `session` (NULL: none) and `t_ms` (NAN: none) apply
   if no pair has session_id or t. False: *error is `OP: what`. */
bool emit_build(const char *op, char *const *pairs, size_t count, const char *session, double t_ms,
                struct strbuf *line, struct strbuf *error);
/* Appends the operations and their fields, a line or two each. */
void emit_help(struct strbuf *out);

#endif
