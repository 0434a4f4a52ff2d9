/* Masks what looks like a key or a password: known shapes of tokens, the password of a URL, the
   value after a name such as API_KEY=, "password": or --token. A value that is masked becomes
   MASKED; all else stays byte for byte, so that JSON stays JSON. */
#ifndef CORE_MASK_H
#define CORE_MASK_H

#include "core/base/strbuf.h"

#define MASKED "***"

/* Appends the text to `out` with its secrets masked. Returns whether there are any: else nothing is
   appended. `text` is UTF-8 or raw JSON. */
bool mask_secrets(const char *text, size_t len, struct strbuf *out);
/* As utf8_cut: returns the most bytes of the text, up to `max`, that end between characters and
   hold no part of a secret whose end is cut off. Such a part would not be masked later. */
size_t mask_cut(const char *text, size_t len, size_t max);
/* Masks the text in place. */
void mask_in_place(struct strbuf *text);
/* Whether a member or an option of that name has a secret as its value. */
bool mask_names_secret(const char *name, size_t len);

#endif
