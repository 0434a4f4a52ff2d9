/* A screen for tests of the views: a feed's text in, keys, the screen as text out. */
#ifndef TESTS_PICTURE_H
#define TESTS_PICTURE_H

#include "tests/support/rig.h"
#include "tui/views/view.h"

struct picture {
    struct rig rig;
    struct view_input input;
    struct view_state state;
    struct swarm_metrics metrics, matching;
    struct series series;
    struct grid *grid;
    struct strbuf text; /* what was drawn last */
};

/* An empty model, live, without colour, of that size, at MODEL_START_MS. */
void picture_init(struct picture *picture, int cols, int rows);
/* The same with caps. */
void picture_init_capped(struct picture *picture, const struct swarm_config *config, int cols,
                         int rows);
void picture_release(struct picture *picture);
/* Gives the feed these lines; `'` stands for `"`, and each has its `t` in ms after the start: {'op':'hello','t':0,'session_id':'s'}. The
   local clock stays where it is. */
void picture_feed(struct picture *picture, const char *lines);
/* Sets the local clock to ms after the start. */
void picture_at(struct picture *picture, double ms);
/* Draws; the text is borrowed until the next call. */
const char *picture_draw(struct picture *picture);
/* Presses keys by name, each on the picture that the one before left; what the last one asks for. */
enum view_result picture_press(struct picture *picture, const char *keys);

/* Sets *out to the label of an agent, in a form of agent_labels.h, in so many columns. */
void picture_label(const struct picture *picture, agent_no agent, unsigned form, int cols,
                   struct strbuf *out);

/* Draws, and fails unless the text is (not) in it. */
void picture_has(struct picture *picture, const char *text);
void picture_lacks(struct picture *picture, const char *text);

#endif
