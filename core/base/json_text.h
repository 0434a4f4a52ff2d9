/* Writing JSON text (RFC 8259) into a strbuf, byte for byte as JavaScript's JSON.stringify spells
   it. */
#ifndef CORE_JSON_TEXT_H
#define CORE_JSON_TEXT_H

#include "core/base/strbuf.h"

#include <stdint.h>

/* The text (WTF-8) in quotes. Escapes `"`, `\`, controls (\b \f \n \r \t, else \u00xx) and lone
   surrogates (\udxxx). What is no WTF-8 becomes U+FFFD. */
void json_put_string(struct strbuf *sb, const char *text, size_t len);
/* A C string. */
void json_put_cstr(struct strbuf *sb, const char *text);
/* The shortest digits that read back as the same double, spelt as JavaScript's Number::toString (1,
   0.1, 1e+21, 1e-7); NaN and infinities are null, as JSON.stringify has it. -0 is 0. */
void json_put_number(struct strbuf *sb, double value);
void json_put_int(struct strbuf *sb, int64_t value);
void json_put_bool(struct strbuf *sb, bool value);

/* The same into `out`, without a NUL, where it takes JSON_NUMBER_MAX bytes at most. Returns how many. */
#define JSON_NUMBER_MAX 32
size_t json_spell_number(char *out, double value);
size_t json_spell_int(char *out, int64_t value);

#endif
