/* Eight bytes at a time: the questions that string scanners ask of a machine word. Private to
   core. */
#ifndef CORE_WORD_H
#define CORE_WORD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORD_ONES  0x0101010101010101u
#define WORD_HIGHS 0x8080808080808080u

/* The 8 bytes at `at`, the first one lowest. */
static inline uint64_t word_load(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The marks below set the high bit of each byte that answers; above the lowest mark there may be
   false ones (a borrow runs upwards), so only whether there is a mark and which is the lowest may
   be used. A byte of 0x80 or more is no answer. */

static inline uint64_t word_mark_byte(uint64_t word, unsigned char byte)
{
    uint64_t zero_where_equal = word ^ (WORD_ONES * byte);
    return (zero_where_equal - WORD_ONES) & ~word & WORD_HIGHS;
}

/* Bytes below 0x20. */
static inline uint64_t word_mark_controls(uint64_t word)
{
    return (word - WORD_ONES * 0x20) & ~word & WORD_HIGHS;
}

/* What JSON does not leave as it is inside a string. */
static inline uint64_t word_mark_json(uint64_t word)
{
    return word_mark_controls(word) | word_mark_byte(word, '"') | word_mark_byte(word, '\\');
}

/* Which byte (0 to 7) has the lowest of some marks. */
static inline size_t word_lowest(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks) >> 3;
}

#endif
