/* One block that doubles. `cap` counts the byte of the final NUL, `max` does not: a buffer of max
   10 holds 10 bytes in a block of 11. A failed append appends nothing, so the contents are always
   whole appends. */
#include "core/base/strbuf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void strbuf_init(struct strbuf *sb, const struct mem *mem, size_t max)
{
    /* The block must have room for the NUL too. */
    *sb = (struct strbuf){.mem = mem, .max = max == 0 || max == SIZE_MAX ? SIZE_MAX - 1 : max};
}

void strbuf_release(struct strbuf *sb)
{
    mem_free(sb->mem, sb->data, sb->cap);
    sb->data = NULL;
    sb->len = 0;
    sb->cap = 0;
    sb->failed = false;
}

void strbuf_clear(struct strbuf *sb)
{
    sb->len = 0;
    sb->failed = false;
    if (sb->data != NULL) {
        sb->data[0] = '\0';
    }
}

static bool grow(struct strbuf *sb, size_t want)
{
    size_t cap = sb->cap < 32 ? 32 : sb->cap;
    while (cap < want) {
        cap = cap > SIZE_MAX / 2 ? SIZE_MAX : cap * 2;
    }
    if (cap > sb->max + 1) {
        cap = sb->max + 1;
    }
    char *data = sb->mem->resize(sb->mem->ctx, sb->data, sb->cap, cap);
    if (data == NULL) {
        return false;
    }
    sb->data = data;
    sb->cap = cap;
    return true;
}

char *strbuf_room(struct strbuf *sb, size_t n)
{
    if (sb->failed) {
        return NULL;
    }
    if (n > sb->max - sb->len || (sb->cap - sb->len <= n && !grow(sb, sb->len + n + 1))) {
        sb->failed = true;
        return NULL;
    }
    sb->data[sb->len + n] = '\0';
    return sb->data + sb->len;
}

void strbuf_add(struct strbuf *sb, const char *bytes, size_t len)
{
    char *room = strbuf_room(sb, len);
    if (room == NULL || len == 0) {
        return;
    }
    memcpy(room, bytes, len);
    sb->len += len;
}

void strbuf_adds(struct strbuf *sb, const char *text)
{
    strbuf_add(sb, text, strlen(text));
}

void strbuf_addc(struct strbuf *sb, char c)
{
    strbuf_add(sb, &c, 1);
}

__attribute__((format(printf, 3, 0))) static void add_formatted(struct strbuf *sb, size_t len,
                                                                const char *format, va_list args)
{
    char *room = strbuf_room(sb, len);
    if (room == NULL) {
        return;
    }
    vsnprintf(room, len + 1, format, args);
    sb->len += len;
}

void strbuf_vaddf(struct strbuf *sb, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0) {
        sb->failed = true;
    } else {
        add_formatted(sb, (size_t)len, format, again);
    }
    va_end(again);
}

void strbuf_addf(struct strbuf *sb, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strbuf_vaddf(sb, format, args);
    va_end(args);
}

void strbuf_eat(struct strbuf *sb, size_t n)
{
    assert(n <= sb->len);
    if (n == 0) {
        return;
    }
    memmove(sb->data, sb->data + n, sb->len - n);
    sb->len -= n;
    sb->data[sb->len] = '\0';
}
