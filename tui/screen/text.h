/* Splits text from outside into glyphs, one for each cell of a terminal. This is the only file that
   knows widths (libutf8proc) and which characters must never reach a terminal. */
#ifndef TUI_TEXT_H
#define TUI_TEXT_H

#include "core/base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CELL_TEXT_BYTES 19 /* a base character of 4 bytes and a few marks */

/* The contents of one cell, or of two if wide. UTF-8, NUL-terminated, at least one character. */
struct glyph {
    char text[CELL_TEXT_BYTES + 1];
    uint8_t len;
    uint8_t width; /* 1 or 2 columns */
};

/* Takes the next glyph from `text` (WTF-8 or any bytes, `len` > 0) and returns its length in bytes.
   Combining marks join their base. Tab, CR and LF become a space; joiners and variation selectors
   vanish (width 0, no text). These become U+FFFD: control characters, ESC, bidirectional controls,
   other invisible format characters, unassigned code points, lone surrogates, invalid UTF-8. With
   `ascii`, other characters become their ASCII base letter or `?`, in one column. */
size_t text_next(const char *text, size_t len, bool ascii, struct glyph *out);

/* Takes the next character of JSON and returns its length in bytes. JSON stays valid and keeps its
   value: what text_next replaces or leaves out is escaped (`\u202e`), and so are all characters
   beyond ASCII with `ascii`. Invalid UTF-8 becomes U+FFFD; CR and tab become a space. */
size_t text_next_json(const char *text, size_t len, bool ascii, struct glyph *out);

/* Append a text as one line (line feeds become spaces), or JSON, as the functions above have it. */
void text_put_line(const char *text, size_t len, bool ascii, struct strbuf *out);
void text_put_json(const char *text, size_t len, bool ascii, struct strbuf *out);

/* Returns the columns of the text. */
size_t text_cols(const char *text, size_t len, bool ascii);

/* Returns how many bytes of the text fit in `cols` columns, in whole glyphs; sets *used (may be
   NULL) to their columns. */
size_t text_fit(const char *text, size_t len, bool ascii, size_t cols, size_t *used);

/* Returns how many bytes of a text (`len` > 0) its first line shows, cut at `cols` columns (at
   least 2), at a space before them in the line's second half, and at line feeds; sets *next to
   where the second line begins. */
size_t text_wrap(const char *text, size_t len, bool ascii, size_t cols, size_t *next);

/* Finds which bytes of the text are shown in `cols` columns, one of them an ellipsis in its middle:
   the first *head and those from *tail on. Returns false if all of it fits. */
bool text_cut_middle(const char *text, size_t len, bool ascii, size_t cols, size_t *head,
                     size_t *tail);

#endif
