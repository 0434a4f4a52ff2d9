#include "core/base/seed_env.h"
#include "tests/support/support.h"

#include <string.h>

TEST(numbers_are_read_as_parse_int_does)
{
    static const struct {
        const char *text;
        double value;
    } rows[] = {{"5", 5}, {"5s", 5}, {" 12 ", 12}, {"+3", 3},  {"", 0},
                {"x", 0}, {"-4", 0}, {"0", 0},     {"1.9", 1}, {"0x10", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal((int)seed_parse_int(rows[i].text), (int)rows[i].value);
    }
}

TEST(switch_words_are_trimmed_and_in_any_case)
{
    static const struct {
        const char *text;
        enum switch_word word;
    } rows[] = {{NULL, SWITCH_UNSET}, {"", SWITCH_UNSET},         {"  ", SWITCH_UNSET},
                {"1", SWITCH_ON},     {" TRUE ", SWITCH_ON},      {"Yes", SWITCH_ON},
                {"on", SWITCH_ON},    {"0", SWITCH_OFF},          {"False", SWITCH_OFF},
                {"no\n", SWITCH_OFF}, {"OFF", SWITCH_OFF},        {"/tmp/x", SWITCH_OTHER},
                {"11", SWITCH_OTHER}, {"true.json", SWITCH_OTHER}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(seed_switch(rows[i].text), rows[i].word);
    }
}

TEST(a_session_id_makes_a_file_name)
{
    static const struct {
        const char *id, *name;
    } rows[] = {
        {"abc-1", "abc-1"},
        {"", "session"},
        {"../../etc/passwd", "_._.._etc_passwd"},
        {".hidden", "_hidden"},
        {"a\nb\033[31m\x7f", "a_b_[31m_"},
        {"b\xFF\xED\xA0\x80", "b__"},
        {"\xC3\xBC\xE8\xAA\xBF", "\xC3\xBC\xE8\xAA\xBF"},
        {"C:\\x", "C:_x"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf name;
        strbuf_init(&name, &mem_libc, 0);
        seed_file_name(rows[i].id, strlen(rows[i].id), &name);
        assert_null(strchr(name.data, '/'));
        assert_true(name.data[0] != '.');
        assert_string_equal(name.data, rows[i].name);
        strbuf_release(&name);
    }
}

TEST(a_long_id_is_cut_between_characters)
{
    struct strbuf id, name;
    strbuf_init(&id, &mem_libc, 0);
    strbuf_init(&name, &mem_libc, 0);
    for (int i = 0; i < 200; i++) {
        strbuf_adds(&id, "\xE8\xAA\xBF");
    }
    seed_file_name(id.data, id.len, &name);
    assert_true(name.len <= 100 && name.len % 3 == 0);
    strbuf_release(&id);
    strbuf_release(&name);
}
