/* The lines of `doctor`, and the answer of tmux that it reads. */
#include "tests/support/support.h"
#include "tui/doctor/findings.h"
#include "tui/doctor/tmux_options.h"

#include <string.h>

TEST(texts_are_wrapped_beside_their_subject_and_paths_stay_whole)
{
    static const char path[] = "/a/very/long/path/that/is/wider/than/the/whole/line/of/eighty/"
                               "columns/and/must/stay/whole";
    struct findings findings;
    findings_init(&findings, &mem_libc);
    findings_heading(&findings, "Group");
    findings_add(&findings, FINDING_NOTE, "subject",
                 "a text with a length that no line of the report has the room for, %s", path);
    findings_advise(&findings, "do %d things", 2);
    findings_paste(&findings, "one two");
    findings_add(&findings, FINDING_FIX, "a subject too long for its column", "text");
    assert_string_equal(
        findings.text.data,
        "Group\n"
        "  note  subject       a text with a length that no line of the report has the\n"
        "                      room for,\n"
        "                      /a/very/long/path/that/is/wider/than/the/whole/line/"
        "of/eighty/columns/and/must/stay/whole\n"
        "          do 2 things\n"
        "            one two\n"
        "  FIX   a subject too long for its column\n"
        "                      text\n");
    assert_int_equal(findings.notes, 1);
    assert_int_equal(findings.fixes, 1);
    findings_release(&findings);
}

TEST(an_option_of_tmux_is_found_by_its_whole_name)
{
    struct strbuf text;
    char value[16] = "before";
    strbuf_init(&text, &mem_libc, 0);
    assert_false(tmux_options_get(&text, "set-clipboard", value, sizeof value));
    strbuf_adds(&text, "set-clipboard-x off\nset-clipboard external\nescape-time 500\nempty\n"
                       "long 0123456789012345678901\n");
    assert_true(tmux_options_get(&text, "set-clipboard", value, sizeof value));
    assert_string_equal(value, "external");
    assert_true(tmux_options_get(&text, "escape-time", value, sizeof value));
    assert_string_equal(value, "500");
    assert_false(tmux_options_get(&text, "empty", value, sizeof value));
    assert_true(tmux_options_get(&text, "long", value, sizeof value));
    assert_string_equal(value, "012345678901234");
    strbuf_release(&text);
}
