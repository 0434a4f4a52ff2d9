#include "ingest/exit_code.h"

#include "core/base/json_read.h"
#include "ingest/client_value.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { HEAD_BYTES = 200, DIGITS_MAX = 10 };

/* Returns the number that the text begins with; NAN: it begins with none. */
static double number_at(const char *at, const char *end)
{
    bool minus = at < end && *at == '-';
    double number = (double)NAN;
    at += minus;
    for (unsigned i = 0; i < DIGITS_MAX && at < end && isdigit((unsigned char)*at); i++, at++) {
        number = (isnan(number) ? 0 : number * 10) + (*at - '0');
    }
    return minus ? -number : number;
}

/* The client's own text is at the beginning: after it comes what a command printed. Older versions
   have the code in a JSON object beside that. */
double exit_code_of(struct slice text)
{
    static const char *const marks[] = {"exited with code ", "Exit code: "};
    struct json_value object;
    if (text.len > 0 && text.bytes[0] == '{' &&
        json_check(text.bytes, text.len, JSON_DEPTH_LIMIT, &object, NULL)) {
        return client_number(json_get(json_get(object, "metadata"), "exit_code"));
    }
    size_t len = text.len < HEAD_BYTES ? text.len : HEAD_BYTES;
    for (size_t i = 0; i < sizeof marks / sizeof *marks && len > 0; i++) {
        const char *at = memmem(text.bytes, len, marks[i], strlen(marks[i]));
        if (at != NULL) {
            return number_at(at + strlen(marks[i]), text.bytes + text.len);
        }
    }
    return (double)NAN;
}
