/* A growable byte buffer. Callers need not check each append: a failed one sets `failed`, later
   ones do nothing, and the caller checks once at the end. `data` is NUL-terminated unless it is
   NULL. */
#ifndef CORE_STRBUF_H
#define CORE_STRBUF_H

#include "core/base/mem.h"

#include <stdarg.h>

struct strbuf {
    const struct mem *mem;
    char *data;
    size_t len, cap;
    size_t max; /* in bytes; growing beyond it fails as if out of memory */
    bool failed;
};

/* Initializes an empty buffer. `max` 0: no limit but the address space. */
void strbuf_init(struct strbuf *sb, const struct mem *mem, size_t max);
void strbuf_release(struct strbuf *sb);
/* Empties the buffer, keeps its memory, clears `failed`. */
void strbuf_clear(struct strbuf *sb);
/* Reserves `n` more bytes and a NUL, which is already written after them. Returns where to write;
   NULL on failure. The caller adds n to `len`. A caller that writes fewer bytes adds those and
   writes the NUL. */
char *strbuf_room(struct strbuf *sb, size_t n);
void strbuf_add(struct strbuf *sb, const char *bytes, size_t len);
void strbuf_adds(struct strbuf *sb, const char *text);
void strbuf_addc(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *sb, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Removes the first `n` bytes and moves the rest down. */
void strbuf_eat(struct strbuf *sb, size_t n);

#endif
