/* The printer of feed lines (doc/FEED.md): whatever the model is given, as a line that gives a
   reader the same. Each function appends one line with its '\n'; lack of memory sets
   out->failed. */
#ifndef CORE_EXPORT_FEED_LINE_H
#define CORE_EXPORT_FEED_LINE_H

#include "core/base/strbuf.h"
#include "core/model/update.h"

/* An update with all its fields. */
void feed_line_update(const struct update *update, struct strbuf *out);
/* A raw trace event: `event` is a raw JSON object, kept byte for byte but for line ends. */
void feed_line_raw(double t_ms, struct slice session_id, struct slice event, struct strbuf *out);
/* Opens a session without agents. `start_ms` NAN: it has no start. `extra`: a raw JSON object;
   bytes NULL: none. */
void feed_line_open(double t_ms, struct slice session_id, double start_ms, struct slice extra,
                    struct strbuf *out);
/* A line for the event log. `level` is "debug", "info", "warning" or "error". Without a session
   (bytes NULL) it is about all. */
void feed_line_log(double t_ms, struct slice session_id, const char *level, struct slice message,
                   struct strbuf *out);
/* The first line of a journal: the cap of the run that writes it (0: none). Its first bytes are
   FEED_JOURNAL_BEGIN. */
#define FEED_JOURNAL_BEGIN "{\"op\":\"journal\""
void feed_line_journal_begin(double t_ms, size_t max_events, struct strbuf *out);
/* The line after those that were written again: here the part of the journal began that is left.
   The model had so many events under its cap then, all dropped since, and had dropped so many. */
void feed_line_journal_cut(double t_ms, uint64_t events, uint64_t dropped, struct strbuf *out);
/* The last line of a journal that is kept although its run ended as it should. */
void feed_line_journal_end(double t_ms, struct strbuf *out);
/* The version of the feed that this program writes and knows. */
#define FEED_VERSION "1.1"
/* The first line of a feed that is sent as it happens: FEED_VERSION, and the program's version. */
void feed_line_feed_begin(double t_ms, const char *program_version, struct strbuf *out);
/* A mark in it, at the time of the sender's clock: all that came before that time precedes it. */
void feed_line_feed_mark(double t_ms, struct strbuf *out);
/* An operation as it came, a raw JSON object, with its time (NAN: it has one) and its session
   (bytes NULL: it names one) added. */
void feed_line_operation(struct slice object, double t_ms, struct slice session_id,
                         struct strbuf *out);

#endif
