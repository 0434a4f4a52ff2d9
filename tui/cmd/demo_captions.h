/* The captions of the demo: one line at a time that explains what the picture shows now. They
   follow the lines of the story as they are sent. Nothing here reads a clock. */
#ifndef TUI_DEMO_CAPTIONS_H
#define TUI_DEMO_CAPTIONS_H

#include "tui/cmd/demo_story.h"
#include "tui/screen/keymap.h"

enum { CAPTION_BYTES = 256, CAPTION_ROWS = 12, CAPTION_OPEN = 8 };

/* An event that a caption may be about. */
struct caption_event {
    bool set;
    int64_t at_ms;
    struct story_fact fact;
};

struct captions {
    const struct keymap *keymap;                             /* the user's keys, borrowed */
    unsigned sessions;                                       /* seen so far */
    struct caption_event events[CAPTION_ROWS][CAPTION_OPEN]; /* the newest ones of each row */
    unsigned shown[CAPTION_ROWS];                            /* how often */
    int64_t shown_ms[CAPTION_ROWS];                          /* when last */
    int row;                                                 /* the row that is shown; -1: none */
    int64_t since_ms;
    struct story_fact about;
    char text[CAPTION_BYTES]; /* "": none */
};

void captions_init(struct captions *captions, const struct keymap *keymap);
/* Takes a line that is sent at now_ms, on any clock that all calls share. */
void captions_take(struct captions *captions, const struct story_fact *fact, int64_t now_ms);
/* Chooses the caption of this time. Returns true if another one, or none, is to be shown. */
bool captions_choose(struct captions *captions, int64_t now_ms);

#endif
