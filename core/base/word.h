/* Scans strings many bytes at a time: tests of a machine word, and for the most frequent scan tests
   of sixteen bytes if the processor has SSE2 (each x86-64 has). */
#ifndef CORE_WORD_H
#define CORE_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
#include <emmintrin.h>
#endif

#define WORD_ONES  0x0101010101010101u
#define WORD_HIGHS 0x8080808080808080u

/* Loads the 8 bytes at `at`, the first one lowest. */
static inline uint64_t word_load(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Each mark function sets the high bit of the bytes that match. Above the lowest mark there may be
   false ones (a borrow runs upwards). So use only whether a mark exists and which is the lowest.
   Bytes of 0x80 or more never match. */

static inline uint64_t word_mark_byte(uint64_t word, unsigned char byte)
{
    uint64_t zero_where_equal = word ^ (WORD_ONES * byte);
    return (zero_where_equal - WORD_ONES) & ~word & WORD_HIGHS;
}

/* Marks bytes below 0x20. */
static inline uint64_t word_mark_controls(uint64_t word)
{
    return (word - WORD_ONES * 0x20) & ~word & WORD_HIGHS;
}

/* Marks bytes that JSON escapes inside a string. */
static inline uint64_t word_mark_json(uint64_t word)
{
    return word_mark_controls(word) | word_mark_byte(word, '"') | word_mark_byte(word, '\\');
}

/* Returns the byte (0 to 7) of the lowest mark. */
static inline size_t word_lowest(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks) >> 3;
}

/* Skips to the next quote, backslash or control, or to `end`. Sets *high if a byte of 0x80 or more
   lies before it, and possibly if one lies shortly after it. */
static inline const char *text_skip_plain(const char *at, const char *end, bool *high)
{
#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                  last_control = _mm_set1_epi8(0x1f);
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i marks = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
            _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
        unsigned stop = (unsigned)_mm_movemask_epi8(marks);
        unsigned highs = (unsigned)_mm_movemask_epi8(bytes);
        if (stop != 0) {
            unsigned n = (unsigned)__builtin_ctz(stop);
            *high |= (highs & ((1u << n) - 1)) != 0;
            return at + n;
        }
        *high |= highs != 0;
    }
#endif
    for (; end - at >= 8; at += 8) {
        uint64_t word = word_load(at), marks = word_mark_json(word);
        *high |= (word & WORD_HIGHS) != 0;
        if (marks != 0)
            return at + word_lowest(marks);
    }
    for (; at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\'; at++)
        *high |= (unsigned char)*at >= 0x80;
    return at;
}

/* Returns the closing quote of a string whose text begins at `at`, if it is near. Returns NULL if
   the string is long, has escapes or is not ASCII. */
static inline const char *text_near_quote(const char *at, const char *end)
{
#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
    if (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        unsigned quotes = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
        /* As signed numbers, controls and non-ASCII bytes are below a space. */
        unsigned others = (unsigned)_mm_movemask_epi8(_mm_or_si128(
            _mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
        unsigned before = quotes ^ (quotes - 1); /* up to the first quote */
        return quotes != 0 && (others & before) == 0 ? at + __builtin_ctz(quotes) : NULL;
    }
#else
    if (end - at >= 8) {
        uint64_t word = word_load(at), marks = word_mark_json(word) | (word & WORD_HIGHS);
        size_t n = marks == 0 ? 8 : word_lowest(marks);
        return n < 8 && at[n] == '"' ? at + n : NULL;
    }
#endif
    return NULL;
}

/* Skips JSON's white space. */
static inline const char *text_skip_space(const char *at, const char *end)
{
#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
    const __m128i space = _mm_set1_epi8(' '), newline = _mm_set1_epi8('\n'),
                  carriage_return = _mm_set1_epi8('\r'), tab = _mm_set1_epi8('\t');
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i marks = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, space), _mm_cmpeq_epi8(bytes, newline)),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, carriage_return), _mm_cmpeq_epi8(bytes, tab)));
        unsigned others = ~(unsigned)_mm_movemask_epi8(marks) & 0xffff;
        if (others != 0) {
            return at + __builtin_ctz(others);
        }
    }
#endif
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    return at;
}

/* Returns how often the byte occurs. */
static inline size_t text_count(const char *at, const char *end, char byte)
{
    size_t count = 0;
#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
    const __m128i wanted = _mm_set1_epi8(byte), zero = _mm_setzero_si128();
    while (end - at >= 16) {
        __m128i sums = zero; /* of each of sixteen columns, at most 255 */
        for (int i = 0; i < 255 && end - at >= 16; i++, at += 16) {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
            sums = _mm_sub_epi8(sums, _mm_cmpeq_epi8(bytes, wanted));
        }
        __m128i halves = _mm_sad_epu8(sums, zero);
        count += (size_t)_mm_cvtsi128_si32(halves) +
                 (size_t)_mm_cvtsi128_si32(_mm_unpackhi_epi64(halves, halves));
    }
#endif
    for (; at < end; at++) {
        count += *at == byte;
    }
    return count;
}

/* Skips to the next quote or bracket, which must exist. With 0x26 all four brackets become 0x7F,
   and no other character found outside strings does: one comparison finds them. */
static inline const char *text_skip_to_structure(const char *at, const char *end)
{
#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
    const __m128i quote = _mm_set1_epi8('"'), bits = _mm_set1_epi8(0x26),
                  bracket = _mm_set1_epi8(0x7f);
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        unsigned stop = (unsigned)_mm_movemask_epi8(_mm_or_si128(
            _mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(_mm_or_si128(bytes, bits), bracket)));
        if (stop != 0) {
            return at + __builtin_ctz(stop);
        }
    }
#endif
    while (*at != '"' && (*at | 0x26) != 0x7F)
        at++;
    return at;
}

#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
/* Marks backslashes, DELs, and each `e` after a digit; the byte before `at` is looked at too. */
static inline __m128i text_mark_escapes(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i before = _mm_loadu_si128((const __m128i *)(const void *)(at - 1));
    __m128i value = _mm_sub_epi8(before, _mm_set1_epi8('0'));
    __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
    __m128i e = _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('e'));
    __m128i escape = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
    return _mm_or_si128(_mm_and_si128(e, digit), escape);
}
#endif

/* Skips to the next backslash, DEL, or `e` after a digit, or to `end` or a little before it. There
   may be false stops. `at` is after the first byte of the text that begins at `begin`. */
static inline const char *text_skip_to_escape(const char *begin, const char *at, const char *end)
{
#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
    for (; end - at >= 32; at += 32) {
        __m128i first = text_mark_escapes(at), second = text_mark_escapes(at + 16);
        if (_mm_movemask_epi8(_mm_or_si128(first, second)) != 0) {
            unsigned stop = (unsigned)_mm_movemask_epi8(first);
            return stop != 0 ? at + __builtin_ctz(stop)
                             : at + 16 + __builtin_ctz((unsigned)_mm_movemask_epi8(second));
        }
    }
    /* The last blocks may begin before `at`. */
    while (at < end && end - begin > 16) {
        const char *block = end - at >= 16 ? at : end - 16;
        unsigned marks = (unsigned)_mm_movemask_epi8(text_mark_escapes(block));
        unsigned stop = marks & ~((1u << (at - block)) - 1);
        if (stop != 0) {
            return block + __builtin_ctz(stop);
        }
        at = block + 16;
    }
#else
    (void)begin;
    for (; end - at >= 8; at += 8) {
        uint64_t word = word_load(at);
        uint64_t digits = word_mark_byte(word_load(at - 1) & WORD_ONES * 0xf0, 0x30);
        uint64_t marks = word_mark_byte(word, '\\') | word_mark_byte(word, 0x7f) |
                         (word_mark_byte(word | WORD_ONES * 0x20, 'e') & digits);
        if (marks != 0) {
            return at + word_lowest(marks);
        }
    }
#endif
    return at;
}

#endif
