#include "tui/views/header_pieces.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void header_add(struct header_piece *piece, enum style_id style, const char *format, ...)
{
    if (piece->count == PIECE_RUNS) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(piece->runs[piece->count].text, RUN_BYTES, format, args);
    va_end(args);
    piece->runs[piece->count++].style = style;
}

int header_piece_cols(const struct header_piece *piece, bool ascii)
{
    size_t cols = 0;
    for (int i = 0; i < piece->count; i++) {
        cols += text_cols(piece->runs[i].text, strlen(piece->runs[i].text), ascii);
    }
    return (int)cols;
}

int header_put_piece(struct area line, int x, const struct header_piece *piece)
{
    for (int i = 0; i < piece->count; i++) {
        x = area_puts(line, x, 0, piece->runs[i].style, piece->runs[i].text);
    }
    return x;
}

int header_put_pieces(struct area line, int x, int end, const struct header_piece *pieces,
                      int count, bool ascii)
{
    for (int i = 0; i < count; i++) {
        if (pieces[i].count == 0) {
            continue;
        }
        if (x + pieces[i].gap + header_piece_cols(&pieces[i], ascii) > end) {
            break;
        }
        x = header_put_piece(line, x + pieces[i].gap, &pieces[i]);
    }
    return x;
}
