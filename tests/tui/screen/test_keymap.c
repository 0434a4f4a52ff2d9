/* Tests the names of keys, and the table of actions. */
#include "tui/screen/keymap.h"

#include "tests/support/support.h"

#include <string.h>

TEST(names_are_read_and_written)
{
    static const struct {
        const char *name;
        struct key key;
    } cases[] = {
        {"j", {.code = 'j'}},
        {"Space", {.code = ' '}},
        {"Enter", {.code = KEY_CODE_ENTER}},
        {"PgDn", {.code = KEY_CODE_PGDN}},
        {"F2", {.code = KEY_CODE_F1 + 1}},
        {"F12", {.code = KEY_CODE_LAST}},
        {"F", {.code = 'F'}},
        {"C-c", {.code = 'c', .mods = KEY_MOD_CTRL}},
        {"S-Left", {.code = KEY_CODE_LEFT, .mods = KEY_MOD_SHIFT}},
        {"M-x", {.code = 'x', .mods = KEY_MOD_ALT}},
        {"-", {.code = '-'}},
        {"é", {.code = 0xE9}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct key key;
        assert_true(keymap_parse_key(cases[i].name, strlen(cases[i].name), &key));
        assert_int_equal(key.code, cases[i].key.code);
        assert_int_equal(key.mods, cases[i].key.mods);
    }
}

TEST(what_is_no_key_is_refused)
{
    static const char *const names[] = {"",     "jj",    "F0",  "F13",  "F123", "C-",
                                        "Spac", "space", "X-a", "\xff", "\x1b", " "};
    struct key key;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(keymap_parse_key(names[i], strlen(names[i]), &key));
    }
}

static bool two_actions_share(struct key key, uint8_t views, size_t own)
{
    const struct action_info *other;
    for (size_t i = 0; (other = keymap_action(i)) != NULL; i++) {
        const char *at = other->keys;
        while (i != own && *at) {
            struct key named;
            size_t len = strcspn(at, " ");
            if (keymap_parse_key(at, len, &named) && named.code == key.code &&
                named.mods == key.mods && (other->views & views)) {
                return true;
            }
            at += len + strspn(at + len, " ");
        }
    }
    return false;
}

TEST(every_key_of_the_table_means_one_action)
{
    const struct action_info *info;
    for (size_t i = 0; (info = keymap_action(i)) != NULL; i++) {
        const char *at = info->keys;
        assert_non_null(info->help);
        while (*at) {
            struct key key;
            size_t len = strcspn(at, " ");
            assert_true(keymap_parse_key(at, len, &key));
            assert_false(two_actions_share(key, info->views, i));
            if (info->views & IN_TIMELINE) {
                assert_int_equal(keymap_lookup(NULL, key, IN_TIMELINE), info->action);
            }
            at += len + strspn(at + len, " ");
        }
    }
}

TEST(keys_hold_in_their_views_alone)
{
    assert_int_equal(keymap_lookup(NULL, (struct key){.code = 'j'}, IN_HELP), ACTION_ROW_DOWN);
    assert_int_equal(keymap_lookup(NULL, (struct key){.code = 'w'}, IN_HELP), ACTION_NONE);
    assert_int_equal(
        keymap_lookup(NULL, (struct key){.code = 'j', .mods = KEY_MOD_ALT}, IN_TIMELINE),
        ACTION_NONE);
}

/* The help screen starts a section when the heading changes. */
TEST(a_part_of_the_help_is_in_one_piece)
{
    const struct action_info *info, *other;
    for (size_t i = 1; (info = keymap_action(i)) != NULL; i++) {
        bool opens = strcmp(info->group, keymap_action(i - 1)->group) != 0;
        for (size_t k = 0; opens && k < i && (other = keymap_action(k)) != NULL; k++) {
            assert_string_not_equal(info->group, other->group);
        }
    }
}

TEST(every_view_has_its_hints_each_once)
{
    for (unsigned view = IN_TIMELINE; view <= IN_HELP; view *= 2) {
        const struct action_info *info;
        size_t ranked = 0, hints = 0;
        uint8_t last = 0;
        for (size_t i = 0; (info = keymap_action(i)) != NULL; i++) {
            ranked += info->hint_rank > 0 && (info->views & view);
        }
        for (; (info = keymap_hint(hints, (uint8_t)view)) != NULL; hints++) {
            assert_non_null(info->hint);
            assert_non_null(info->hint_keys);
            assert_true(info->hint_rank > last);
            last = info->hint_rank;
        }
        assert_int_equal(hints, ranked);
    }
}

TEST(characters_are_the_keys_that_send_them)
{
    static const struct {
        uint32_t character;
        const char *name;
    } cases[] = {
        {'q', "q"},      {0xE9, "é"}, {'\t', "Tab"},    {'\r', "Enter"},
        {'\n', "Enter"}, {27, "Esc"}, {8, "Backspace"}, {127, "Backspace"},
        {0, "C-Space"},  {3, "C-c"},  {26, "C-z"},      {28, "C-\\"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct key named, key = keymap_character(cases[i].character);
        assert_true(keymap_parse_key(cases[i].name, strlen(cases[i].name), &named));
        assert_int_equal(key.code, named.code);
        assert_int_equal(key.mods, named.mods);
    }
}
