/* The type of a value by its first character; private to json_*.c. */
#ifndef CORE_JSON_SCAN_H
#define CORE_JSON_SCAN_H

#include "core/base/ascii.h"
#include "core/base/json_read.h"

static inline enum json_type json_type_of(char first)
{
    switch (first) {
    case '"': return JSON_TYPE_STRING;
    case '{': return JSON_TYPE_OBJECT;
    case '[': return JSON_TYPE_ARRAY;
    case 't': return JSON_TYPE_TRUE;
    case 'f': return JSON_TYPE_FALSE;
    case 'n': return JSON_TYPE_NULL;
    default: return first == '-' || ascii_is_digit(first) ? JSON_TYPE_NUMBER : JSON_TYPE_NONE;
    }
}

#endif
