/* Formats of clients drift, so a line is checked as JSON and no further: unknown members and types
   are the client's. */
#include "ingest/transcript_line.h"

#include <string.h>

enum { DEPTH = 200 };

struct slice transcript_line_text(const char *text, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t skip = len >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0 ? 3 : 0;
    return (struct slice){text + skip, len - skip};
}

void transcript_line_reject(struct source_counters *counters, const char *where, struct slice line,
                            uint64_t number, const char *reason)
{
    struct reject reject = {
        .where = where,
        .line = number,
        .reason = reason,
        .bytes = line,
        .level = LOG_LEVEL_WARNING,
    };
    source_counters_reject(counters, &reject);
}

static void reject_json(struct source_counters *counters, const char *where, struct slice line,
                        uint64_t number, const struct json_error *error)
{
    struct strbuf reason;
    strbuf_init(&reason, counters->ingest->mem, 0);
    ingest_ctx_json_reason(&reason, line.bytes, line.len, error);
    transcript_line_reject(counters, where, (struct slice){NULL, 0}, number,
                           reason.data != NULL && !reason.failed ? reason.data : "not JSON");
    strbuf_release(&reason);
}

struct slice transcript_line_type(struct json_value line)
{
    const char *type = line.type == JSON_TYPE_ARRAY    ? "an array"
                       : line.type == JSON_TYPE_STRING ? "a string"
                       : line.type == JSON_TYPE_NUMBER ? "a number"
                                                       : "a literal";
    return (struct slice){type, strlen(type)};
}

bool transcript_line_read(struct source_counters *counters, const char *where, struct slice line,
                          uint64_t number, enum line_kind kind, struct json_value *out)
{
    struct json_error error;
    if (kind == LINE_TOO_LONG || kind == LINE_LOST) {
        transcript_line_reject(counters, where, line, number,
                               kind == LINE_LOST ? "out of memory" : "the line is too long");
        return false;
    }
    if (line.len == 0) {
        return false;
    }
    bool good = json_check(line.bytes, line.len, DEPTH, out, &error);
    if (!good) {
        reject_json(counters, where, line, number, &error);
    }
    return good;
}
