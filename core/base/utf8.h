/* UTF-8, and WTF-8: UTF-8 that may also hold lone surrogates (ED A0 80 .. ED BF BF), which is what
   JavaScript strings become. All text inside the program is WTF-8 with a length.
   https://simonsapin.github.io/wtf-8/ */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xFFFDu

/* Decodes the code point at `text` (`len` > 0) into *cp and returns its length in bytes. What is no
   WTF-8 gives UTF8_REPLACEMENT and 1. */
size_t utf8_next(const char *text, size_t len, uint32_t *cp);
/* Writes the 1 to 4 bytes of a code point (a surrogate as its three) and returns how many. */
size_t utf8_put(char out[4], uint32_t cp);
/* Strict UTF-8 (RFC 3629: no surrogates, nothing overlong). */
bool utf8_valid(const char *text, size_t len);
/* Returns how many of the first bytes can be kept: at most `max`, no code point cut in two. */
size_t utf8_cut(const char *text, size_t len, size_t max);
/* Length in UTF-16 code units, as JavaScript's String.length. */
size_t utf8_utf16_len(const char *text, size_t len);
/* The seed's thread id of a name: |h| or, where that is 0, 1, with h the signed 32-bit h = h * 31 +
   c over the UTF-16 code units, from 0 (perfettoTracing.ts: stringToNumericHash, djb2Hash). */
int64_t utf8_thread_id(const char *name, size_t len);

#endif
