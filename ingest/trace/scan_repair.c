/* Repairs text of producers that is no JSON, though its meaning is plain: a comma before a closing
   bracket, a line end or another control character in a string, and NaN or an infinity, as Python
   and C print them, where a number should be. One pass over the characters; the caller checks the
   result. */
#include "ingest/trace/scan_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Appends the string at `at`, whose quote it is; returns the place after it. */
static const char *put_string(const char *at, const char *end, struct strbuf *out)
{
    strbuf_addc(out, *at++);
    while (at < end && *at != '"') {
        if (*at == '\\' && at + 1 < end) {
            strbuf_addc(out, *at++);
        } else if ((unsigned char)*at < ' ') {
            strbuf_addf(out, "\\u%04x", (unsigned)*at++);
            continue;
        }
        strbuf_addc(out, *at++);
    }
    if (at < end) {
        strbuf_addc(out, *at++);
    }
    return at;
}

/* Returns the length of a NaN or an infinity; 0: something else follows. */
static size_t no_number(const char *at, const char *end)
{
    static const char *const words[] = {"nan", "infinity", "inf"};
    size_t sign = at < end && (*at == '-' || *at == '+');
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(end - at) > sign + len && strncasecmp(at + sign, words[i], len) == 0) {
            return sign + len;
        }
    }
    return 0;
}

static bool comma_ends(const char *at, const char *end)
{
    do {
        at++;
    } while (at < end && scan_is_space(*at));
    return at < end && (*at == '}' || *at == ']');
}

void scan_repair(const char *text, size_t len, struct strbuf *out)
{
    const char *at = text, *end = text + len;
    while (at < end) {
        size_t word = no_number(at, end);
        if (*at == '"') {
            at = put_string(at, end, out);
        } else if (word > 0) {
            strbuf_adds(out, "null");
            at += word;
        } else if (*at == ',' && comma_ends(at, end)) {
            at++;
        } else {
            strbuf_addc(out, *at++);
        }
    }
}
