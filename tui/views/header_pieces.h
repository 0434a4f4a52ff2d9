/* The pieces of the header's lines: each a few runs of one style. A line takes them in order while
   they fit, so a narrow screen loses whole metrics from the end and never half a number. */
#ifndef TUI_HEADER_PIECES_H
#define TUI_HEADER_PIECES_H

#include "tui/views/frame.h"

enum { PIECE_RUNS = 6, RUN_BYTES = 96 };

struct header_piece {
    struct {
        enum style_id style;
        char text[RUN_BYTES];
    } runs[PIECE_RUNS];
    int count;
    int gap;  /* blanks before the piece */
    int drop; /* the order in which pieces are given up; 0: never */
};

/* Adds a run, unless the piece is full. */
__attribute__((format(printf, 3, 4))) void header_add(struct header_piece *piece,
                                                      enum style_id style, const char *format, ...);
int header_piece_cols(const struct header_piece *piece, bool ascii);
/* Puts the piece at x. Returns the column after it. */
int header_put_piece(struct area line, int x, const struct header_piece *piece);
/* Puts the pieces that fit before `end`, up to the first that does not; returns the column after
   them. */
int header_put_pieces(struct area line, int x, int end, const struct header_piece *pieces,
                      int count, bool ascii);

/* Draws the second line: the states and the metrics. */
void header_metrics_draw(const struct frame *frame, struct area line);

#endif
