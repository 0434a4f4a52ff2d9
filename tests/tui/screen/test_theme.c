/* Tests styles, bars and symbols in each theme. */
#include "tui/screen/theme.h"

#include "tui/screen/text.h"

#include "tests/support/support.h"

#include <string.h>

static const struct theme color = {.color = true}, mono = {.color = false}, ascii = {.ascii = true};

TEST(shades_are_those_of_the_manual)
{
    static const struct {
        uint8_t kind;
        const char *mono, *ascii;
    } cases[] = {{SPAN_SETUP, "·", "."},    {SPAN_RETRY, "x", "x"}, {SPAN_FIRST_TOKEN, "░", ":"},
                 {SPAN_SAMPLING, "█", "#"}, {SPAN_TOOL, "▓", "="},  {SPAN_USER, "?", "?"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(theme_bar(&mono, cases[i].kind, 0).fill, cases[i].mono);
        assert_string_equal(theme_bar(&ascii, cases[i].kind, 0).fill, cases[i].ascii);
    }
    assert_string_equal(theme_bar(&color, SPAN_SAMPLING, 0).fill, " ");
    assert_string_equal(theme_bar(&color, SPAN_RETRY, 0).fill, "▒");
}

TEST(each_kind_has_its_colour_and_what_failed_has_that_of_errors)
{
    static const struct {
        uint8_t kind, style, failed;
    } rows[] = {{SPAN_SETUP, STYLE_BAR_SETUP, STYLE_BAR_SETUP},
                {SPAN_FIRST_TOKEN, STYLE_BAR_FIRST_TOKEN, STYLE_BAR_ERROR},
                {SPAN_SAMPLING, STYLE_BAR_SAMPLING, STYLE_BAR_ERROR},
                {SPAN_TOOL, STYLE_BAR_TOOL, STYLE_BAR_ERROR},
                {SPAN_USER, STYLE_BAR_USER, STYLE_BAR_ERROR},
                {SPAN_REQUEST, STYLE_BAR_REQUEST, STYLE_BAR_ERROR}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(theme_bar(&color, rows[i].kind, 0).style, rows[i].style);
        assert_int_equal(theme_bar(&color, rows[i].kind, CELL_ERROR).style, rows[i].failed);
    }
    assert_int_equal(theme_bar(&color, SPAN_RETRY, CELL_ERROR).style,
                     theme_bar(&color, SPAN_RETRY, 0).style);
}

TEST(everything_has_one_column_and_an_ascii_form)
{
    for (int i = 0; i < SYMBOLS; i++) {
        const char *symbol = theme_symbol(&mono, (enum symbol)i),
                   *plain = theme_symbol(&ascii, (enum symbol)i);
        assert_int_equal(text_cols(symbol, strlen(symbol), false), 1);
        for (const char *at = plain; *at; at++) {
            assert_true(*at >= 0x20 && *at < 0x7F);
        }
    }
    for (int kind = 0; kind < SPAN_KINDS; kind++) {
        for (int flags = 0; flags < 64; flags++) {
            const struct theme themes[] = {color, mono, ascii, {.color = true, .ascii = true}};
            for (size_t i = 0; i < 4; i++) {
                struct bar_style bar = theme_bar(&themes[i], (uint8_t)kind, (uint8_t)flags);
                assert_int_equal(text_cols(bar.fill, strlen(bar.fill), false), 1);
                assert_true(!themes[i].ascii || (unsigned char)bar.fill[0] < 0x7F);
                assert_true(bar.style < STYLES);
            }
        }
    }
}

TEST(hatched_and_retried_bars_have_no_background)
{
    for (int kind = 0; kind < SPAN_KINDS; kind++) {
        struct bar_style bar = theme_bar(&color, (uint8_t)kind, CELL_HATCHED);
        assert_int_equal(theme_style(&color, bar.style).bg, COLOR_NONE);
    }
    assert_int_equal(theme_style(&color, theme_bar(&color, SPAN_RETRY, 0).style).bg, COLOR_NONE);
}

TEST(without_colour_there_is_none)
{
    for (int id = 0; id < STYLES; id++) {
        struct style style = theme_style(&mono, (enum style_id)id),
                     with = theme_style(&color, (enum style_id)id);
        assert_int_equal(style.fg, COLOR_NONE);
        assert_int_equal(style.bg, COLOR_NONE);
        assert_true(with.fg >= COLOR_NONE && with.fg < 16 && with.bg >= COLOR_NONE && with.bg < 16);
    }
}

TEST(states_differ_by_shape_or_word)
{
    for (int a = 0; a < STATES; a++) {
        for (int b = a + 1; b < STATES; b++) {
            assert_string_not_equal(query_state_name((enum agent_state)a),
                                    query_state_name((enum agent_state)b));
        }
        assert_int_equal(strlen(theme_state(&ascii, (enum agent_state)a).shape), 1);
    }
}
