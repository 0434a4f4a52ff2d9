/* The word that a mistyped one is nearest to. */
#include "core/base/nearest.h"

#include "tests/support/support.h"

#include <string.h>

TEST(a_mistyped_word_is_near_to_one)
{
    static const char *const words[] = {"watch", "record", "report", "setup", "status", "hook"};
    static const struct {
        const char *typed, *nearest;
    } rows[] = {{"rpeort", "report"},  {"recrod", "record"}, {"repotr", "report"},
                {"stauts", "status"},  {"statu", "status"},  {"Report", "report"},
                {"recordd", "record"}, {"hok", "hook"},      {"wathc", "watch"},
                {"ho", NULL},          {"trace", NULL},      {"", NULL},
                {"x", NULL},           {"stop", NULL},       {"rep", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nearest nearest;
        nearest_init(&nearest, rows[i].typed, strlen(rows[i].typed));
        for (size_t j = 0; j < sizeof words / sizeof *words; j++) {
            nearest_offer(&nearest, words[j]);
        }
        if (rows[i].nearest == NULL
                ? nearest.name != NULL
                : nearest.name == NULL || strcmp(nearest.name, rows[i].nearest) != 0)
            fail_msg("%s: %s", rows[i].typed, nearest.name ? nearest.name : "none");
    }
}

TEST(long_words_are_near_to_none)
{
    char typed[500];
    struct nearest nearest;
    memset(typed, 'a', sizeof typed);
    nearest_init(&nearest, typed, sizeof typed);
    nearest_offer(&nearest, "record");
    assert_null(nearest.name);
    nearest_init(&nearest, "record", 6);
    typed[sizeof typed - 1] = '\0';
    nearest_offer(&nearest, typed);
    assert_null(nearest.name);
}
