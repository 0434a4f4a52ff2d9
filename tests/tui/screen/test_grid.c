/* Tests the grid: clipping, wide glyphs, and both outputs. */
#include "tui/screen/grid.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <string.h>

static void check_text(const struct grid *grid, const char *want)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    grid_to_text(grid, &out);
    assert_string_equal(out.data, want);
    strbuf_release(&out);
}

static void check_columns(const struct grid *grid)
{
    for (int y = 0; y < grid_rows(grid); y++) {
        int cols = 0;
        for (int x = 0; x < grid_cols(grid); x++) {
            const struct cell *cell = grid_cell(grid, x, y);
            assert_true(cell->glyph.width > 0 ||
                        (x > 0 && grid_cell(grid, x - 1, y)->glyph.width == 2));
            assert_int_equal(cell->glyph.len, strlen(cell->glyph.text));
            cols += cell->glyph.width;
        }
        assert_int_equal(cols, grid_cols(grid));
    }
}

TEST(text_is_clipped_on_all_sides)
{
    struct grid *grid = grid_new(&mem_libc, 6, 3);
    struct area all = grid_area(grid), inner = area_sub(all, 1, 1, 3, 1);
    assert_int_equal(area_puts(inner, -2, 0, STYLE_PLAIN, "abcdefgh"), 6);
    area_puts(inner, 0, 1, STYLE_PLAIN, "below");
    area_puts(inner, 0, -1, STYLE_PLAIN, "above");
    area_puts(area_sub(all, 9, 9, 5, 5), 0, 0, STYLE_PLAIN, "outside");
    area_puts(area_sub(inner, 1, 0, 100, 100), 0, 0, STYLE_PLAIN, "XYZ");
    check_text(grid, "\n cXY\n\n");
    check_columns(grid);
    grid_free(grid);
}

TEST(wide_glyphs_keep_their_columns)
{
    struct grid *grid = grid_new(&mem_libc, 6, 4);
    struct area all = grid_area(grid);
    area_puts(all, 0, 0, STYLE_PLAIN, "中中中中"); /* the fourth is outside */
    area_puts(all, 1, 1, STYLE_PLAIN, "中中中");   /* the third is cut: a blank */
    area_puts(all, -1, 2, STYLE_PLAIN, "中中");    /* the first is cut */
    area_puts(all, 0, 3, STYLE_PLAIN, "中中中");
    area_puts(all, 1, 3, STYLE_PLAIN, "xy"); /* breaks two of them */
    check_text(grid, "中中中\n 中中\n 中\n xy 中\n");
    check_columns(grid);
    grid_free(grid);
}

TEST(text_from_outside_stays_text)
{
    struct grid *grid = grid_new(&mem_libc, 12, 1);
    area_puts(grid_area(grid), 0, 0, STYLE_PLAIN,
              "a\x1b[2Jb\r\nc\xE2\x80\xAE"
              "d");
    check_text(grid, "a\xEF\xBF\xBD[2Jb  c\xEF\xBF\xBD"
                     "d\n");
    grid_set_ascii(grid, true);
    grid_clear(grid);
    area_puts(grid_area(grid), 0, 0, STYLE_PLAIN, "Ü中\x1b.");
    check_text(grid, "U??.\n");
    grid_free(grid);
}

TEST(half_of_a_wide_character_is_a_blank)
{
    struct grid *grid = grid_new(&mem_libc, 4, 1);
    struct area all = grid_area(grid);
    area_puts(all, 0, 0, STYLE_PLAIN, "abcd");
    area_puts(all, 3, 0, STYLE_PLAIN, "中");
    check_text(grid, "abc\n");
    area_puts(all, 0, 0, STYLE_PLAIN, "abcd");
    area_puts(all, -1, 0, STYLE_PLAIN, "中");
    check_text(grid, " bcd\n");
    area_puts(all, 0, 0, STYLE_PLAIN, "中中");
    area_puts(all, 1, 0, STYLE_PLAIN, "x");
    check_text(grid, " x中\n");
    area_puts(all, 2, 0, STYLE_PLAIN, "y");
    check_text(grid, " xy\n");
    grid_free(grid);
}

TEST(what_does_not_fit_ends_in_an_ellipsis)
{
    static const struct {
        int cols;
        const char *text, *want;
    } cases[] = {{5, "abcde", "abcde\n"}, {4, "abcde", "abc…\n"}, {2, "abcde", "a…\n"},
                 {1, "abcde", "a\n"},     {0, "abcde", "\n"},     {3, "中中", "中…\n"},
                 {4, "中中", "中中\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct grid *grid = grid_new(&mem_libc, 8, 1);
        area_put_ellipsized(grid_area(grid), 0, 0, cases[i].cols, STYLE_PLAIN, cases[i].text,
                            strlen(cases[i].text));
        check_text(grid, cases[i].want);
        grid_free(grid);
    }
}

TEST(ansi_has_the_colours_of_the_styles)
{
    struct grid *grid = grid_new(&mem_libc, 4, 1);
    struct theme color = {.color = true}, mono = {.color = false};
    struct strbuf out;
    area_puts(grid_area(grid), 0, 0, STYLE_BAR_SETUP, "a");
    area_puts(grid_area(grid), 1, 0, STYLE_USER, "b");
    area_add_attrs(grid_area(grid), 1, 0, 1, ATTR_UNDERLINE);
    strbuf_init(&out, &mem_libc, 0);
    grid_to_ansi(grid, &color, &out);
    assert_string_equal(out.data, "\033[0;37;100ma\033[0;1;4;33mb\033[0m  \033[0m\n");
    strbuf_clear(&out);
    grid_to_ansi(grid, &mono, &out);
    assert_string_equal(out.data, "a\033[0;1;4mb\033[0m  \033[0m\n");
    strbuf_release(&out);
    grid_free(grid);
}

TEST(sizes_are_clamped)
{
    struct grid *grid = grid_new(&mem_libc, 0, -3);
    assert_int_equal(grid_cols(grid), 1);
    assert_int_equal(grid_rows(grid), 1);
    assert_true(grid_resize(grid, 100000, 2));
    assert_int_equal(grid_cols(grid), GRID_MAX_COLS);
    area_fill(grid_area(grid), -5, 1, 100000, STYLE_DIM, "─");
    check_columns(grid);
    grid_free(grid);
}
