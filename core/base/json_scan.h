/* Tests of single characters, shared by json_check.c, json_read.c and json_number.c; private to
   them. */
#ifndef CORE_JSON_SCAN_H
#define CORE_JSON_SCAN_H

#include "core/base/json_read.h"

static inline bool json_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline bool json_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Returns the type of a value by its first character. */
static inline enum json_type json_type_of(char first)
{
    switch (first) {
    case '"': return JSON_TYPE_STRING;
    case '{': return JSON_TYPE_OBJECT;
    case '[': return JSON_TYPE_ARRAY;
    case 't': return JSON_TYPE_TRUE;
    case 'f': return JSON_TYPE_FALSE;
    case 'n': return JSON_TYPE_NULL;
    default: return first == '-' || json_is_digit(first) ? JSON_TYPE_NUMBER : JSON_TYPE_NONE;
    }
}

#endif
