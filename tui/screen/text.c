/* A glyph is a base character and its combining marks; nothing else is joined. Emoji sequences
   (joiners, variation selectors, skin tones) are split on purpose: terminals disagree about their
   width, and a wrong width shifts the rest of the line. classify() alone decides the class of a
   code point. */
#include "tui/screen/text.h"

#include "core/base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#define MARKS_MAX 4 /* per base character: curses keeps no more */

enum glyph_class { PRINTS, MARK, BLANK, VANISHES, HOSTILE };

/* Classifies format characters. Those that only change how their neighbours are drawn take no
   cell. */
static enum glyph_class classify_format(uint32_t cp)
{
    switch (cp) {
    case 0xAD:   /* soft hyphen */
    case 0x200B: /* zero width space */
    case 0x200C: /* zero width non-joiner */
    case 0x200D: /* zero width joiner */
    case 0x2060: /* word joiner */
    case 0xFEFF: /* byte order mark */ return VANISHES;
    default: return HOSTILE;
    }
}

static bool is_variation_selector(uint32_t cp)
{
    return (cp >= 0xFE00 && cp <= 0xFE0F) || (cp >= 0xE0100 && cp <= 0xE01EF);
}

/* Returns true for skin tones. Without an emoji before them terminals give them two columns or
   none. */
static bool is_skin_tone(uint32_t cp)
{
    return cp >= 0x1F3FB && cp <= 0x1F3FF;
}

static enum glyph_class classify(uint32_t cp)
{
    if (cp == '\t' || cp == '\n' || cp == '\r') {
        return BLANK;
    }
    if (is_variation_selector(cp) || is_skin_tone(cp)) {
        return VANISHES;
    }
    switch ((int)utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return HOSTILE;
    case UTF8PROC_CATEGORY_CF: return classify_format(cp);
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME: return MARK;
    default: return utf8proc_charwidth((utf8proc_int32_t)cp) > 0 ? PRINTS : MARK;
    }
}

static void set_glyph(struct glyph *out, uint32_t cp, uint8_t width)
{
    out->len = (uint8_t)utf8_put(out->text, cp);
    out->text[out->len] = '\0';
    out->width = width;
}

/* Returns the ASCII letter under a character's accents; `?` if it has no ASCII base. */
static char ascii_base(uint32_t cp)
{
    utf8proc_int32_t parts[8];
    int last_class = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, parts, 8,
                                                 UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &last_class);
    return n >= 1 && n <= 8 && parts[0] >= 0x20 && parts[0] < 0x7F ? (char)parts[0] : '?';
}

/* Takes the marks that follow a base; drops those above MARKS_MAX. */
static size_t take_marks(const char *text, size_t len, bool keep, struct glyph *out)
{
    size_t at = 0;
    int marks = 0;
    while (at < len) {
        uint32_t cp;
        size_t n = utf8_next(text + at, len - at, &cp);
        enum glyph_class class = cp < 0x80 ? PRINTS : classify(cp);
        if (class != MARK && class != VANISHES) {
            break;
        }
        if (class == MARK && keep && marks < MARKS_MAX && out->len + n <= CELL_TEXT_BYTES) {
            memcpy(out->text + out->len, text + at, n);
            out->len = (uint8_t)(out->len + n);
            marks++;
        }
        at += n;
    }
    out->text[out->len] = '\0';
    return at;
}

size_t text_next(const char *text, size_t len, bool ascii, struct glyph *out)
{
    unsigned char first = (unsigned char)text[0];
    if (first >= 0x20 && first < 0x7F && (len == 1 || (unsigned char)text[1] < 0x80)) {
        *out = (struct glyph){.text = {text[0]}, .len = 1, .width = 1};
        return 1;
    }
    uint32_t cp;
    size_t n = utf8_next(text, len, &cp);
    switch (classify(cp)) {
    case BLANK: set_glyph(out, ' ', 1); return n;
    case VANISHES: *out = (struct glyph){.width = 0}; return n;
    case MARK: /* without a base */
    case HOSTILE: set_glyph(out, ascii ? '?' : UTF8_REPLACEMENT, 1); return n;
    case PRINTS: break;
    }
    if (ascii && cp >= 0x80) {
        set_glyph(out, (unsigned char)ascii_base(cp), 1);
    } else {
        set_glyph(out, cp, utf8proc_charwidth((utf8proc_int32_t)cp) == 2 ? 2 : 1);
    }
    return n + take_marks(text + n, len - n, !ascii, out);
}

static void set_escape(struct glyph *out, uint32_t cp)
{
    uint32_t rest = cp - 0x10000;
    int len = cp < 0x10000 ? snprintf(out->text, sizeof out->text, "\\u%04x", cp)
                           : snprintf(out->text, sizeof out->text, "\\u%04x\\u%04x",
                                      0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
    out->len = (uint8_t)len;
    out->width = (uint8_t)len;
}

size_t text_next_json(const char *text, size_t len, bool ascii, struct glyph *out)
{
    uint32_t cp;
    size_t n = utf8_next(text, len, &cp);
    switch (cp >= 0x20 && cp < 0x7F ? PRINTS : classify(cp)) {
    case BLANK: set_glyph(out, cp == '\n' ? '\n' : ' ', 1); return n;
    case VANISHES:
    case HOSTILE: set_escape(out, cp); return n;
    case MARK:
    case PRINTS: break;
    }
    if (ascii && cp >= 0x80) {
        set_escape(out, cp);
    } else {
        set_glyph(out, cp, 1);
    }
    return n;
}

void text_put_line(const char *text, size_t len, bool ascii, struct strbuf *out)
{
    struct glyph glyph;
    for (size_t at = 0; at < len;) {
        at += text_next(text + at, len - at, ascii, &glyph);
        strbuf_add(out, glyph.text, glyph.len);
    }
}

void text_put_json(const char *text, size_t len, bool ascii, struct strbuf *out)
{
    struct glyph glyph;
    for (size_t at = 0; at < len;) {
        at += text_next_json(text + at, len - at, ascii, &glyph);
        strbuf_add(out, glyph.text, glyph.len);
    }
}

size_t text_cols(const char *text, size_t len, bool ascii)
{
    size_t cols = 0;
    for (size_t at = 0; at < len;) {
        struct glyph glyph;
        at += text_next(text + at, len - at, ascii, &glyph);
        cols += glyph.width;
    }
    return cols;
}

size_t text_fit(const char *text, size_t len, bool ascii, size_t cols, size_t *used)
{
    size_t at = 0, taken = 0;
    while (at < len) {
        struct glyph glyph;
        size_t n = text_next(text + at, len - at, ascii, &glyph);
        if (taken + glyph.width > cols) {
            break;
        }
        taken += glyph.width;
        at += n;
    }
    if (used != NULL) {
        *used = taken;
    }
    return at;
}

/* Returns where a line of `fits` bytes breaks: at its last space, if that leaves half of it. */
static size_t break_at_space(const char *text, size_t fits)
{
    for (size_t at = fits; at > fits / 2; at--) {
        if (text[at] == ' ') {
            return at;
        }
    }
    return fits;
}

size_t text_wrap(const char *text, size_t len, bool ascii, size_t cols, size_t *next)
{
    const char *feed = memchr(text, '\n', len);
    size_t part = feed != NULL ? (size_t)(feed - text) : len;
    size_t fits = text_fit(text, part, ascii, cols, NULL);
    if (fits == 0) {
        fits = part; /* an empty line; a glyph has at most two columns */
    }
    if (fits < part) {
        size_t at = break_at_space(text, fits);
        *next = text[at] == ' ' ? at + 1 : at;
        return at;
    }
    *next = feed != NULL && fits == part ? fits + 1 : fits;
    return fits;
}

bool text_cut_middle(const char *text, size_t len, bool ascii, size_t cols, size_t *head,
                     size_t *tail)
{
    size_t all = text_cols(text, len, ascii), shown = cols > 0 ? cols - 1 : 0;
    *head = len;
    *tail = len;
    if (all <= cols) {
        return false;
    }
    *head = text_fit(text, len, ascii, shown - shown / 2, NULL);
    *tail = text_fit(text, len, ascii, all - shown / 2, NULL);
    /* A wide glyph that is half in the tail is left out, and so are marks without their base. */
    if (*tail < len && text_cols(text + *tail, len - *tail, ascii) > shown / 2) {
        struct glyph glyph;
        *tail += text_next(text + *tail, len - *tail, ascii, &glyph);
    }
    return true;
}
