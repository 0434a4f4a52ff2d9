/* Tests mouse reports in both formats, split anywhere. */
#include "tests/support/support.h"
#include "tui/screen/mouse_report.h"

#include <stdlib.h>
#include <string.h>

/* Decodes reports and returns their keys; each report follows its MOUSE_SGR or MOUSE_X10. */
static size_t read_all(const char *text, struct key *keys)
{
    struct mouse_report report = {0};
    size_t count = 0;
    while (*text) {
        if (strncmp(text, MOUSE_SGR, 3) == 0 || strncmp(text, MOUSE_X10, 3) == 0) {
            mouse_report_begin(&report, text[2] == '<' ? MOUSE_FORM_SGR : MOUSE_FORM_X10);
            text += 3;
        }
        assert_int_not_equal(report.form, MOUSE_NONE);
        count += mouse_report_add(&report, (unsigned char)*text++, &keys[count]);
    }
    return count;
}

static void check(const struct key *key, uint32_t code, int from_x, int x, int y)
{
    assert_int_equal(key->code, code);
    assert_int_equal(key->from_x, from_x);
    assert_int_equal(key->x, x);
    assert_int_equal(key->y, y);
}

TEST(both_forms_say_the_same)
{
    static const char *const forms[] = {
        "\033[<0;11;3M\033[<0;11;3m\033[<0;20;4M\033[<0;9;5m\033[<64;7;8M\033[<65;7;8M",
        "\033[M +#\033[M#+#\033[M 4$\033[M#)%\033[M`'(\033[Ma'("};
    for (size_t i = 0; i < 2; i++) {
        struct key keys[8];
        assert_int_equal(read_all(forms[i], keys), 4);
        check(&keys[0], KEY_CODE_CLICK, 10, 10, 2);
        check(&keys[1], KEY_CODE_DRAG, 19, 8, 4);
        check(&keys[2], KEY_CODE_WHEEL_UP, 6, 6, 7);
        check(&keys[3], KEY_CODE_WHEEL_DOWN, 6, 6, 7);
    }
}

TEST(other_buttons_and_rubbish_do_nothing)
{
    struct key keys[8];
    assert_int_equal(read_all("\033[<2;5;5M\033[<2;5;5m", keys), 0);
    assert_int_equal(read_all("\033[<0;5;5m", keys), 0); /* released without a press */
    assert_int_equal(read_all("\033[<0;5M\033[<;M\033[<x", keys), 0);
    assert_int_equal(read_all("\033[<0;99999999999999999999;1M", keys), 0);
    assert_int_equal(read_all("\033[M\001\001\001", keys), 0);
    /* With Shift or Ctrl it is the same button. */
    assert_int_equal(read_all("\033[<4;5;5M\033[<16;5;5m", keys), 1);
}
