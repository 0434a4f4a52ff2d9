/* The quotes, backslashes and braces of a text, one after the other: 64 bytes are looked at at once
   where the processor has SSE2. */
#ifndef CORE_TEXT_MARKS_H
#define CORE_TEXT_MARKS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
#include <emmintrin.h>
#endif

enum { MARKS_BLOCK = 64 };

struct text_marks {
    const char *block, *end; /* borrowed */
    uint64_t bits;           /* of the block: the marks that are left */
};

#if defined(__SSE2__) && !defined(WORD_NO_SSE2)
static inline uint64_t text_marks_of_16(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i strings = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                   _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    __m128i braces = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('{')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8('}')));
    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(strings, braces));
}

/* Returns a bit for each of 64 bytes that is a quote, a backslash or a brace. */
static inline uint64_t text_marks_bits(const char *block)
{
    return text_marks_of_16(block) | text_marks_of_16(block + 16) << 16 |
           text_marks_of_16(block + 32) << 32 | text_marks_of_16(block + 48) << 48;
}
#else
static inline uint64_t text_marks_bits(const char *block)
{
    uint64_t bits = 0;
    for (int i = 0; i < MARKS_BLOCK; i++) {
        char c = block[i];
        bits |= (uint64_t)(c == '"' || c == '\\' || c == '{' || c == '}') << i;
    }
    return bits;
}
#endif

/* The last block may be short: it is copied, as none may be read after the text. */
static inline void text_marks_load(struct text_marks *marks)
{
    char last[MARKS_BLOCK] = {0};
    size_t left = (size_t)(marks->end - marks->block);
    if (left >= MARKS_BLOCK) {
        marks->bits = text_marks_bits(marks->block);
    } else {
        memcpy(last, marks->block, left);
        marks->bits = text_marks_bits(last);
    }
}

/* Begins at the first mark of a text, which must stay. */
static inline struct text_marks text_marks(const char *text, size_t len)
{
    struct text_marks marks = {.block = text, .end = text + len};
    if (len > 0) {
        text_marks_load(&marks);
    }
    return marks;
}

/* Returns the next mark; NULL: no more. */
static inline const char *text_marks_next(struct text_marks *marks)
{
    while (marks->bits == 0) {
        if (marks->end - marks->block <= MARKS_BLOCK) {
            return NULL;
        }
        marks->block += MARKS_BLOCK;
        text_marks_load(marks);
    }
    const char *at = marks->block + __builtin_ctzll(marks->bits);
    marks->bits &= marks->bits - 1;
    return at;
}

#endif
