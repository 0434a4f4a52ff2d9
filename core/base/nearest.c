/* The optimal string alignment distance, by three rows of its table. Names of commands, options and
   fields are short, so longer texts are not near to any. */
#include "core/base/nearest.h"

#include <stdbool.h>
#include <string.h>

enum { NAME_MAX_BYTES = 40 };

void nearest_init(struct nearest *nearest, const char *typed, size_t len)
{
    size_t most = len / 3 > 1 ? len / 3 : 1;
    *nearest = (struct nearest){.typed = typed, .len = len, .edits = most + 1};
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NAME_MAX_BYTES + 1];
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3], *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = min(before[j - 1] + !same, min(before[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1])) {
                row[j] = min(row[j], two_before[j - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t len = strlen(name);
    if (len > NAME_MAX_BYTES || nearest->len > NAME_MAX_BYTES) {
        return;
    }
    size_t edits = distance(nearest->typed, nearest->len, name, len);
    if (edits < nearest->edits) {
        nearest->edits = edits;
        nearest->name = name;
    }
}
