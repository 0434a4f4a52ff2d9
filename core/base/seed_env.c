#include "core/base/seed_env.h"

#include "core/base/utf8.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { FILE_NAME_BYTES = 100 };

double seed_parse_int(const char *text)
{
    double value = 0;
    while (isspace((unsigned char)*text)) {
        text++;
    }
    if (*text == '+') {
        text++;
    }
    while (*text >= '0' && *text <= '9' && value < 1e9) {
        value = value * 10 + (*text++ - '0');
    }
    return value;
}

enum switch_word seed_switch(const char *text)
{
    static const char *const on[] = {"1", "true", "yes", "on"}, *const off[] = {"0", "false", "no",
                                                                                "off"};
    size_t len = text != NULL ? strlen(text) : 0;
    while (len > 0 && isspace((unsigned char)*text)) {
        text++, len--;
    }
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        len--;
    }
    if (len == 0) {
        return SWITCH_UNSET;
    }
    for (size_t i = 0; i < 4; i++) {
        if (strlen(on[i]) == len && strncasecmp(text, on[i], len) == 0) {
            return SWITCH_ON;
        }
        if (strlen(off[i]) == len && strncasecmp(text, off[i], len) == 0) {
            return SWITCH_OFF;
        }
    }
    return SWITCH_OTHER;
}

void seed_file_name(const char *id, size_t len, struct strbuf *out)
{
    size_t from = out->len;
    while (len > 0) {
        uint32_t cp;
        size_t n = utf8_next(id, len, &cp);
        bool broken = cp == UTF8_REPLACEMENT || (cp >= 0xD800 && cp <= 0xDFFF);

        if (out->len - from + n > FILE_NAME_BYTES) {
            break;
        }
        if (broken || cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == '/' || cp == '\\' ||
            (cp == '.' && out->len == from)) {
            strbuf_addc(out, '_');
        } else {
            strbuf_add(out, id, n);
        }
        id += n, len -= n;
    }
    if (out->len == from) {
        strbuf_adds(out, "session");
    }
}
