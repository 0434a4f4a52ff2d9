/* A growable run of bytes. Appends never fail one by one: a failed one sets `failed`, later ones do
   nothing, and the caller asks once at the end. `data` is NUL-terminated whenever it is not NULL. */
#ifndef CORE_STRBUF_H
#define CORE_STRBUF_H

#include "core/base/mem.h"

struct strbuf {
    const struct mem *mem;
    char *data;
    size_t len, cap;
    size_t max; /* bytes; growing beyond it fails like a lack of memory */
    bool failed;
};

/* `max` 0: no limit but the address space. */
void strbuf_init(struct strbuf *sb, const struct mem *mem, size_t max);
void strbuf_release(struct strbuf *sb);
/* Empties it, keeps the memory, clears `failed`. */
void strbuf_clear(struct strbuf *sb);
/* Room for `n` more bytes and a NUL, which is there already behind the n; returns where they go
   (then add n to `len`; who wrote fewer adds those and writes the NUL), NULL: failed. */
char *strbuf_room(struct strbuf *sb, size_t n);
void strbuf_add(struct strbuf *sb, const char *bytes, size_t len);
void strbuf_adds(struct strbuf *sb, const char *text);
void strbuf_addc(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Forgets the first `n` bytes (moves the rest down). */
void strbuf_eat(struct strbuf *sb, size_t n);

#endif
