/* Tests the editing keys of the prompt, as a table. `|` is the cursor. */
#include "tests/support/support.h"
#include "tui/views/prompt.h"

#include <stdio.h>
#include <string.h>

static enum prompt_result press(struct prompt *prompt, const char *keys)
{
    enum prompt_result result = PROMPT_IGNORED;
    for (keys += strspn(keys, " "); *keys; keys += strspn(keys, " ")) {
        size_t len = strcspn(keys, " ");
        struct key key;
        assert_true(keymap_parse_key(keys, len, &key));
        result = prompt_key(prompt, key);
        keys += len;
    }
    return result;
}

static void assert_shows(const struct prompt *prompt, const char *want)
{
    char got[PROMPT_BYTES + 2];
    snprintf(got, sizeof got, "%.*s|%s", (int)prompt->cursor, prompt->text,
             prompt->text + prompt->cursor);
    assert_string_equal(got, want);
    assert_int_equal(prompt->len, strlen(prompt->text));
}

TEST(a_line_is_edited_as_in_a_shell)
{
    static const struct {
        const char *keys, *shown;
    } cases[] = {
        {"a b c", "abc|"},
        {"a Space b", "a b|"},
        {"a b Left x", "ax|b"},
        {"a b C-a x", "x|ab"},
        {"a b Home Right C-e", "ab|"},
        {"a b Backspace", "a|"},
        {"a b Left Left Del", "|b"},
        {"a b Left C-k", "a|"},
        {"a b Left C-u", "|b"},
        {"a Space b c C-w", "a |"},
        {"a Space b Space C-w C-w", "|"},
        {"ä € Left Backspace", "|€"},
        {"ä € Left Left Left Right", "ä|€"},
        {"a C-b C-b C-f C-f", "a|"},
        {"a F5 C-x M-x", "a|"}, /* keys without an editing function */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct prompt prompt = {.len = 0};
        prompt_open(&prompt, PROMPT_FILTER, "");
        press(&prompt, cases[i].keys);
        assert_shows(&prompt, cases[i].shown);
        assert_int_equal(prompt.kind, PROMPT_FILTER);
    }
}

TEST(it_ends_by_enter_and_by_giving_up)
{
    struct prompt prompt = {.len = 0};
    prompt_open(&prompt, PROMPT_SEARCH, "abc");
    assert_shows(&prompt, "abc|");
    assert_int_equal(press(&prompt, "x"), PROMPT_CHANGED);
    assert_int_equal(press(&prompt, "Left"), PROMPT_MOVED);
    assert_int_equal(press(&prompt, "F1"), PROMPT_IGNORED);
    assert_int_equal(press(&prompt, "Enter"), PROMPT_DONE);
    assert_int_equal(prompt.kind, PROMPT_NONE);
    prompt_open(&prompt, PROMPT_SEARCH, "");
    assert_int_equal(press(&prompt, "Esc"), PROMPT_CANCELLED);
    prompt_open(&prompt, PROMPT_SEARCH, "");
    assert_int_equal(press(&prompt, "C-c"), PROMPT_CANCELLED);
    prompt_open(&prompt, PROMPT_SEARCH, "a");
    assert_int_equal(press(&prompt, "Backspace"), PROMPT_CHANGED);
    assert_int_equal(press(&prompt, "Backspace"), PROMPT_CANCELLED); /* the text is empty */
}

TEST(what_was_typed_is_remembered_by_kind)
{
    struct prompt prompt = {.len = 0};
    const char *texts[] = {"a", "b", "c", "b"};
    for (size_t i = 0; i < 4; i++) {
        prompt_open(&prompt, PROMPT_FILTER, texts[i]);
        press(&prompt, "Enter");
    }
    prompt_open(&prompt, PROMPT_SEARCH, "s");
    press(&prompt, "Up");
    assert_shows(&prompt, "s|"); /* no former search */
    press(&prompt, "Enter");
    prompt_open(&prompt, PROMPT_FILTER, "");
    press(&prompt, "Up");
    assert_shows(&prompt, "b|");
    press(&prompt, "Up");
    assert_shows(&prompt, "c|");
    press(&prompt, "Up");
    assert_shows(&prompt, "a|"); /* b is stored once */
    press(&prompt, "Up Up");
    assert_shows(&prompt, "a|");
    press(&prompt, "Down Down");
    assert_shows(&prompt, "b|");
    press(&prompt, "Down");
    assert_shows(&prompt, "|");
    press(&prompt, "Down");
    assert_shows(&prompt, "|");
}

TEST(more_than_a_line_holds_is_not_taken)
{
    struct prompt prompt = {.len = 0};
    prompt_open(&prompt, PROMPT_FILTER, "");
    for (int i = 0; i < 200; i++) {
        prompt_key(&prompt, (struct key){.code = 0x20AC});
    }
    assert_int_equal(prompt.len, 255); /* followed by a NUL */
    for (int i = 0; i < 300; i++) {
        prompt_key(&prompt, (struct key){.code = KEY_CODE_LEFT});
    }
    assert_int_equal(prompt.cursor, 0);
}

TEST(the_cursor_is_on_the_screen)
{
    struct grid *grid = grid_new(&mem_libc, 12, 1);
    struct prompt prompt = {.len = 0};
    prompt_open(&prompt, PROMPT_FILTER, "0123456789abcdef");
    for (int left = 0; left < 16; left++) {
        int marked = 0;
        grid_clear(grid);
        prompt_draw(&prompt, grid_area(grid), false);
        for (int x = 0; x < 12; x++) {
            marked += (grid_cell(grid, x, 0)->attrs & ATTR_REVERSE) != 0;
        }
        assert_int_equal(marked, 1);
        press(&prompt, "Left");
    }
    grid_free(grid);
}
