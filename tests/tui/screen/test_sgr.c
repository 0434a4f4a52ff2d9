/* Tests that fewer bytes draw the same, with a one-line model of a terminal. */
#include "tests/support/support.h"
#include "tui/screen/sgr.h"

#include <stdlib.h>
#include <string.h>

static void is_squeezed_to(const char *from, const char *to)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    sgr_squeeze(from, strlen(from), &out);
    assert_int_equal(out.len, strlen(to));
    assert_memory_equal(out.data, to, out.len);
    strbuf_release(&out);
}

TEST(what_has_not_changed_is_not_said_again)
{
    is_squeezed_to("\033[0;2m\017a\033[0m\017\033[30m\033[44mb\033[30m\033[42mc\033[m\017",
                   "\017\033[0;2ma\033[0;30;44mb\033[42mc\033[m");
    is_squeezed_to("\033[m\033[31m\033[5;6Hx\033[39m\033[31m\033[Hy\033[m",
                   "\033[5;6H\033[0;31mx\033[Hy\033[m");
    is_squeezed_to("\033[m\033[31m\033[m\033[5;6H", "\033[5;6H\033[m");
}

TEST(a_blank_needs_no_colour_of_text)
{
    is_squeezed_to("\033[m\033[30m\033[42mx\033[35m \033[31my\033[39;49m\033[m",
                   "\033[0;30;42mx \033[31my\033[m");
    is_squeezed_to("\033[mx\033[4m \033[m", "\033[mx\033[4m \033[m");
}

TEST(own_colours_are_named_only_where_curses_does)
{
    is_squeezed_to("\033[31mx\033[m\033[44mx", "\033[0;31mx\033[0;44mx");
    is_squeezed_to("\033[31;44mx\033[39mx\033[m", "\033[0;31;44mx\033[39mx\033[m");
}

TEST(what_is_not_understood_passes)
{
    is_squeezed_to("\033[m\033[31m\033[38;5;200mx\033[42my\033[0mz",
                   "\033[0;31m\033[38;5;200mx\033[42my\033[mz");
    is_squeezed_to("\033[?2026h\033[>4mx\033(B\033", "\033[m\033[?2026h\033[>4mx\033(B\033");
    is_squeezed_to("\033[0;10m\033[31mx\033[11my\033[0;10mz\033[32mx\033[0;10m",
                   "\033[0;10;31mx\033[11my\033[0;10mz\033[32mx\033[m");
    is_squeezed_to("\033[31", "\033[m\033[31");
}

/* ---- the model terminal ---- */

enum { LINE = 24 };

struct line {
    struct {
        char c;
        int fg, bg;
        unsigned attrs;
    } cells[LINE], pen;
    int x;
};

static void obey(struct line *line, int arg)
{
    if (arg == 0) {
        line->pen.fg = line->pen.bg = 0, line->pen.attrs = 0;
    } else if (arg < 10) {
        line->pen.attrs |= 1u << arg;
    } else if (arg == 22) {
        line->pen.attrs &= ~6u;
    } else if (arg < 30) {
        line->pen.attrs &= ~(1u << (arg - 20));
    } else if ((arg >= 40 && arg < 50) || arg >= 100) {
        line->pen.bg = arg == 49 ? 0 : arg;
    } else {
        line->pen.fg = arg == 39 ? 0 : arg;
    }
}

static void paint(struct line *line, char c, int from, int to)
{
    for (int x = from; x < to && x < LINE; x++) {
        line->cells[x] = line->pen;
        line->cells[x].c = c;
        if (c != ' ') {
            continue;
        }
        line->cells[x].attrs &= 1u << 4 | 1u << 7; /* the attributes that a blank shows */
        if (line->cells[x].attrs == 0) {
            line->cells[x].fg = 0;
        }
    }
}

static void show(struct line *line, const char *at, const char *end)
{
    while (at < end) {
        if (*at != '\033') {
            if (*at >= ' ') {
                paint(line, *at, line->x, line->x + 1), line->x++;
            }
            at++;
            continue;
        }
        int args[20] = {0}, count = 0;
        for (at += 2; *at >= '0' && *at <= ';'; at++) {
            if (*at == ';') {
                count++;
            } else {
                args[count] = args[count] * 10 + *at - '0';
            }
        }
        for (int i = 0; *at == 'm' && i <= count; i++) {
            obey(line, args[i]);
        }
        if (*at == 'G') {
            line->x = args[0];
        }
        if (*at == 'K') {
            paint(line, ' ', line->x, LINE);
        }
        at++;
    }
}

TEST(any_picture_stays_the_same)
{
    static const char *const pieces[] = {
        "a",           "b",         " ",         " ",         "\033[m\017", "\033[30m\033[42m",
        "\033[31m",    "\033[0;1m", "\033[2m",   "\033[22m",  "\033[4m",    "\033[24m",
        "\033[39;49m", "\033[7m",   "\033[27m",  "\033[100m", "\033[94m",   "\033[K",
        "\033[3G",     "\033[17G",  "\033[0;4m", "\033[49m",  "\033[44m",   "\033[1;35;46m"};
    uint64_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        struct strbuf from, to;
        struct line expected, got;
        memset(&expected, 0, sizeof expected);
        memset(&got, 0, sizeof got);
        got.pen.fg = 33; /* any state before the frame */
        strbuf_init(&from, &mem_libc, 0);
        strbuf_init(&to, &mem_libc, 0);
        for (int i = 0; i < 40; i++) {
            strbuf_adds(&from, pieces[support_random_below(&seed, sizeof pieces / sizeof *pieces)]);
        }
        sgr_squeeze(from.data, from.len, &to);
        show(&expected, from.data, from.data + from.len);
        show(&got, to.data, to.data + to.len);
        assert_memory_equal(&expected, &got, sizeof expected);
        strbuf_release(&from);
        strbuf_release(&to);
    }
}
