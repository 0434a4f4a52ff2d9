/* Writes JSON text (RFC 8259) into a strbuf, byte for byte as JavaScript's JSON.stringify does. */
#ifndef CORE_JSON_TEXT_H
#define CORE_JSON_TEXT_H

#include "core/base/strbuf.h"

#include <stdint.h>

/* Appends the text (WTF-8) in quotes. Escapes `"`, `\`, controls (\b \f \n \r \t, else \u00xx) and
   lone surrogates (\udxxx). Invalid WTF-8 becomes U+FFFD. */
void json_put_string(struct strbuf *sb, const char *text, size_t len);
/* Appends a C string in the same way. */
void json_put_cstr(struct strbuf *sb, const char *text);
/* Appends the shortest digits that read back as the same double, as JavaScript's Number::toString
   prints them (1, 0.1, 1e+21, 1e-7). NaN and infinities become null, as in JSON.stringify; -0
   becomes 0. */
void json_put_number(struct strbuf *sb, double value);
void json_put_int(struct strbuf *sb, int64_t value);
void json_put_bool(struct strbuf *sb, bool value);

/* Writes the same to `out`, without a NUL, at most JSON_NUMBER_MAX bytes. Returns the length. */
#define JSON_NUMBER_MAX 32
size_t json_spell_number(char *out, double value);
size_t json_spell_int(char *out, int64_t value);

#endif
