/* The captions of the demo: their order, that each is true of the picture of its moment, and that
   they take one line of the screen. */
#include "tests/support/picture.h"
#include "tests/support/support.h"
#include "tui/cmd/demo_captions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_START_MS 20000
#define TICK_MS       100

/* A demo under way, with the clock of its captions. */
struct play {
    struct story *story;
    struct story_line next;
    struct captions captions;
    struct picture *picture; /* gets the lines; NULL: none */
    int64_t now_ms;
};

static void play_init(struct play *play, struct picture *picture, const struct keymap *keymap)
{
    const struct story_options options = {
        .agents = 8, .seed = 1, .start_ms = MODEL_START_MS, .endless = true, .branch = "@"};
    *play = (struct play){.story = story_new(&mem_libc, &options), .picture = picture};
    captions_init(&play->captions, keymap);
    assert_true(story_next(play->story, &play->next));
}

/* Plays until another caption is shown, "" included. Returns it. */
static const char *play_on(struct play *play)
{
    do {
        play->now_ms += TICK_MS;
        while (play->next.t_ms <= (double)(play->now_ms + HEAD_START_MS)) {
            if (play->picture != NULL) {
                char *line = strndup(play->next.text, play->next.len);
                picture_feed(play->picture, line);
                free(line);
            }
            captions_take(&play->captions, &play->next.fact, play->now_ms);
            assert_true(story_next(play->story, &play->next));
        }
    } while (!captions_choose(&play->captions, play->now_ms));
    return play->captions.text;
}

/* The beginning of the default demo; later ones repeat. Each fits 80 columns. */
TEST(captions_come_in_their_order)
{
    static const char *const wanted[] = {
        "3 sessions at work: a row is an agent, and time runs to the right",
        "web waits for you, in yellow: press u to go to it",
        "a request is blue until its first token, then green; a tool is magenta",
        "tester of web got 529 overloaded and retries, in red",
        "reviewer of api-server asks coder: a thin line while it waits",
        "a magenta bar grows: coder of api-server runs Bash cargo check --workspace",
        "tester of web: Bash failed: press e to go to it",
        "billing has its answer: press t on its row to see why it took so long",
        "press 4 for statistics: models, tools, and where the time went",
    };
    struct play play;
    int64_t before_ms = 0;
    play_init(&play, NULL, NULL);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_string_equal(play_on(&play), wanted[i]);
        assert_true(strlen(wanted[i]) <= 78);
        /* Long enough to read. */
        assert_true(i == 0 || play.now_ms - before_ms >= 1500);
        before_ms = play.now_ms;
    }
    story_free(play.story);
}

TEST(a_caption_is_true_of_its_picture)
{
    static const struct {
        const char *caption, *picture;
    } rows[] = {
        {"sessions at work", "3 sessions"},
        {"a request is blue", "API Call"},
        {" waits for you", "◐ user"},
        {" and retries", "xx"}, /* without colour: the phase of retries */
        {"a magenta bar grows", "● tool"},
        {" asks ", "◌ agents"},
        {" failed: press e", "✕"},
        {" has its answer", "○ "},
        {"press 4", "4 "},
        {"press Space", "● LIVE"},
        {"press ?", "? help"},
    };
    const size_t count = sizeof rows / sizeof *rows;
    unsigned seen[sizeof rows / sizeof *rows] = {0};
    struct picture picture;
    struct play play;
    picture_init(&picture, 160, 50);
    play_init(&play, &picture, NULL);
    while (play.now_ms < 90000) {
        const char *text = play_on(&play);
        size_t row = 0;
        while (row < count && strstr(text, rows[row].caption) == NULL) {
            row++;
        }
        if (*text == '\0') {
            continue;
        }
        assert_true(row < count);
        seen[row]++;
        picture_at(&picture, (double)(play.now_ms + HEAD_START_MS));
        picture_has(&picture, rows[row].picture);
        if (play.captions.about.input != NULL && strstr(text, "magenta bar") != NULL) {
            picture_has(&picture, play.captions.about.input);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (seen[i] == 0) {
            fail_msg("never shown: %s", rows[i].caption);
        }
    }
    story_free(play.story);
    picture_release(&picture);
}

/* A caption ends with what it explains, whatever the story. */
TEST(a_caption_does_not_outlive_its_event)
{
    struct captions captions;
    struct story_fact asks = {.op = "start_user_input", .agent = 1, .span = 7};
    struct story_fact other = {.op = "end_user_input", .agent = 1, .span = 8}, end = other;
    end.span = 7;
    captions_init(&captions, NULL);
    assert_true(captions_choose(&captions, 0)); /* the colours */
    captions_take(&captions, &asks, 9900);
    assert_true(captions_choose(&captions, 10000));
    assert_string_equal(captions.text, "");
    assert_true(captions_choose(&captions, 10100));
    assert_string_equal(captions.text, "api-server waits for you, in yellow: press u to go to it");
    captions_take(&captions, &other, 10200);
    assert_false(captions_choose(&captions, 10300));
    captions_take(&captions, &end, 10400);
    assert_true(captions_choose(&captions, 10500));
    assert_string_equal(captions.text, "");
    /* One that was answered at once is never shown. */
    captions_take(&captions, &asks, 30000);
    captions_take(&captions, &end, 30100);
    while (captions.since_ms < 60000) {
        captions_choose(&captions, captions.since_ms + 7000);
        assert_null(strstr(captions.text, "waits"));
        captions.since_ms += captions.row < 0 ? 7000 : 0;
    }
}

TEST(a_caption_has_the_users_keys)
{
    struct keymap keymap = {.keys = {[ACTION_NEXT_USER] = "Z u"}};
    struct play play;
    const char *text;
    play_init(&play, NULL, &keymap);
    do {
        text = play_on(&play);
    } while (strstr(text, "waits for you") == NULL);
    assert_non_null(strstr(text, "press Z to go to it"));
    story_free(play.story);
}

/* Copies the line of the screen, from 0. */
static void copy_line(const char *screen, int number, char out[400])
{
    for (; number > 0 && screen != NULL; number--) {
        screen = strchr(screen, '\n') + 1;
    }
    snprintf(out, 400, "%.*s", (int)strcspn(screen, "\n"), screen);
}

TEST(a_caption_takes_one_line)
{
    static const struct {
        int cols, rows;
        bool ascii, shown;
    } sizes[] = {{80, 24, false, true},
                 {80, 24, true, true},
                 {120, 36, false, true},
                 {40, 10, false, true},
                 {40, 9, false, false}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char hint[400], line[400], header[400];
        struct picture picture;
        struct play play;
        picture_init(&picture, sizes[i].cols, sizes[i].rows);
        picture.input.theme.ascii = sizes[i].ascii;
        play_init(&play, &picture, NULL);
        const char *text = play_on(&play);
        picture_at(&picture, (double)(play.now_ms + HEAD_START_MS));
        copy_line(picture_draw(&picture), 0, header);
        copy_line(picture.text.data, sizes[i].rows - 1, hint);
        picture.input.caption = text;
        picture_draw(&picture);
        assert_int_equal(strstr(picture.text.data, "3 sessions at work: ") != NULL, sizes[i].shown);
        copy_line(picture.text.data, 0, line);
        assert_string_equal(line, header);
        copy_line(picture.text.data, sizes[i].rows - 1, line);
        assert_string_equal(line, hint);
        copy_line(picture.text.data, sizes[i].rows - 2, line);
        assert_int_equal(strstr(line, " 3 sessions at work: ") == line, sizes[i].shown);
        for (const char *at = picture.text.data; sizes[i].ascii && *at; at++) {
            assert_true((unsigned char)*at < 0x80);
        }
        story_free(play.story);
        picture_release(&picture);
    }
}
