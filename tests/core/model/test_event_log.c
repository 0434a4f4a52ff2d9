/* The event log. */
#include "core/model/event_log.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <string.h>

static void add(struct event_log *log, const char *text, size_t len)
{
    struct log_entry entry = {
        .at_ns = 7, .level = LOG_LEVEL_WARNING, .session = 3, .text = text, .len = len};
    event_log_add(log, &entry);
}

TEST(lines_are_copied_and_kept_in_order)
{
    char text[] = "one";
    struct event_log *log = event_log_new(&mem_libc, 3);
    add(log, text, 3);
    text[0] = 'x';
    add(log, "", 0);
    assert_int_equal(event_log_count(log), 2);
    const struct log_entry *line = event_log_get(log, 0);
    assert_string_equal(line->text, "one");
    assert_int_equal(line->len, 3);
    assert_int_equal(line->at_ns, 7);
    assert_int_equal(line->session, 3);
    assert_int_equal(line->level, LOG_LEVEL_WARNING);
    assert_string_equal(event_log_get(log, 1)->text, "");
    assert_int_equal(event_log_lost(log), 0);
    event_log_free(log);
}

TEST(a_text_that_is_cut_holds_no_part_of_a_key)
{
    static const char key[] = "ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123";
    char text[1100];
    struct event_log *log = event_log_new(&mem_libc, 1);
    memset(text, ' ', sizeof text);
    memcpy(text + 990, key, sizeof key - 1);
    add(log, text, sizeof text);
    const struct log_entry *line = event_log_get(log, 0);
    assert_true(line->len >= 990);
    assert_null(strstr(line->text, "ABC"));
    event_log_free(log);
}

TEST(an_entry_keeps_its_origin_and_trouble_is_counted)
{
    char origin[] = "a.json: line 3";
    struct event_log *log = event_log_new(&mem_libc, 2);
    struct log_entry entry = {.level = LOG_LEVEL_WARNING,
                              .session = NO_SESSION,
                              .text = "bad",
                              .len = 3,
                              .origin = origin,
                              .origin_len = strlen(origin)};
    event_log_add(log, &entry);
    origin[0] = 'x';
    assert_string_equal(event_log_get(log, 0)->origin, "a.json: line 3");
    assert_int_equal(event_log_get(log, 0)->origin_len, 14);
    entry.level = LOG_LEVEL_INFO;
    event_log_add(log, &entry);
    add(log, "of a session", 12);
    assert_null(event_log_get(log, 1)->origin);
    assert_int_equal(event_log_troubles(log), 1);
    event_log_free(log);
}

TEST(the_oldest_line_leaves_a_full_ring)
{
    const char *texts[] = {"a", "b", "c", "d", "e"};
    struct event_log *log = event_log_new(&mem_libc, 3);
    for (size_t i = 0; i < 5; i++) {
        add(log, texts[i], 1);
    }
    assert_int_equal(event_log_count(log), 3);
    assert_int_equal(event_log_lost(log), 2);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(event_log_get(log, i)->text, texts[i + 2]);
    }
    event_log_free(log);
}

TEST(long_lines_are_cut_between_characters)
{
    char text[1100];
    const struct {
        size_t before; /* bytes before the character that lies at the edge */
        const char *character;
        size_t len;
    } rows[] = {
        {998, "é", 1000}, {999, "é", 999}, {998, "€", 998}, {997, "😀", 997}, {999, "x", 1000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(text, 'y', sizeof text);
        memcpy(text + rows[i].before, rows[i].character, strlen(rows[i].character));
        struct event_log *log = event_log_new(&mem_libc, 1);
        add(log, text, sizeof text);
        assert_int_equal(event_log_get(log, 0)->len, rows[i].len);
        event_log_free(log);
    }
}

TEST(a_lack_of_memory_loses_the_line_and_counts_it)
{
    for (long allow = 0; allow < 8; allow++) {
        struct failing_mem failing = {.allow = allow};
        struct mem mem = failing_mem(&failing);
        struct event_log *log = event_log_new(&mem, 2);
        if (log != NULL) {
            for (int i = 0; i < 4; i++) {
                add(log, "line", 4);
            }
            assert_int_equal(event_log_count(log) + event_log_lost(log), 4);
        }
        event_log_free(log);
        assert_int_equal(failing.live_blocks, 0);
    }
}
