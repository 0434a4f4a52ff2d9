/* Text from outside, taken apart into what one cell of a terminal can hold. The one place that knows widths
   (libutf8proc) and what must never reach a terminal. */
#ifndef TUI_TEXT_H
#define TUI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CELL_TEXT_BYTES 19 /* a base character of 4 bytes and a few marks on it */

/* What fits in one cell, or in two where it is wide. UTF-8, NUL-terminated, at least one character. */
struct glyph {
    char text[CELL_TEXT_BYTES + 1];
    uint8_t len;
    uint8_t width; /* 1 or 2 columns */
};

/* Takes the next glyph from `text` (WTF-8 or any bytes, `len` > 0) and returns how many bytes it was. Combining marks go with
   their base. Control characters, ESC, bidirectional controls, other invisible format characters, unassigned code points,
   lone surrogates and bytes that are no UTF-8 become U+FFFD; tab, CR and LF a space; joiners and variation selectors
   vanish (width 0, no text). `ascii`: what is not ASCII becomes its base letter where that is ASCII, else `?`, in one column. */
size_t text_next(const char *text, size_t len, bool ascii, struct glyph *out);

/* Columns that the text takes. */
size_t text_cols(const char *text, size_t len, bool ascii);

/* How many bytes of the text fit in `cols` columns, whole glyphs; *used (may be NULL) is how many columns they take. */
size_t text_fit(const char *text, size_t len, bool ascii, size_t cols, size_t *used);

#endif
