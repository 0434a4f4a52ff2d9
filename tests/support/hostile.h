/* Texts that no terminal should get as they are, and the search for them in what a program wrote. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* Texts of UTF-8 with every control character, escape sequences that are recognised, every
   character that reverses, hides or tags text. NULL: no more. Borrowed. */
const char *hostile_text(size_t index);
/* The one that belongs to a text: equal texts have equal ones. Borrowed. */
const char *hostile_for(const char *text);

/* Returns new: a copy with a hostile text after each string, and with one more member of such a name
   in each object. Strings that decide what a value is (`op`, `type`, `timestamp` …) stay; with
   `decisive` they alone are changed. */
json_t *hostile_json(const json_t *value, bool decisive);

/* Fails the test if a byte is invalid UTF-8 or a control character that no terminal program writes,
   or if a hostile text is in it as it was. */
void hostile_scan(const char *what, const char *bytes, size_t len);

#endif
