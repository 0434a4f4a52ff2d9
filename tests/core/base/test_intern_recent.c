/* The memory in front of the table: texts that take each other's places in it keep their ids. What is expected is a plain list of
   texts, each with the number of those that were put before it. */
#include "core/base/intern.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LEN = 400, MAX_TEXTS = 6000 };

struct known {
    char text[MAX_LEN];
    size_t len;
    intern_id id; /* INTERN_NONE: not put yet */
};

struct list {
    struct intern *in;
    struct known *known;
    size_t count, put;
};

static void list_init(struct list *list)
{
    *list = (struct list){.in = intern_new(&mem_libc)};
    list->known = calloc(MAX_TEXTS, sizeof *list->known);
    assert_true(list->in != NULL && list->known != NULL);
}

static void list_release(struct list *list)
{
    intern_free(list->in);
    free(list->known);
}

/* The caller sees to it that the list has no such text. */
static void list_add(struct list *list, const char *text, size_t len)
{
    assert_true(list->count < MAX_TEXTS && len <= MAX_LEN);
    struct known *known = &list->known[list->count++];
    known->len = len;
    if (len > 0) {
        memcpy(known->text, text, len);
    }
}

/* Puts a copy that ends where its block does, and not at a multiple of anything. */
static void list_put(struct list *list, size_t i)
{
    struct known *known = &list->known[i];
    char *block = malloc(1 + known->len);
    assert_non_null(block);
    memcpy(block + 1, known->text, known->len);
    intern_id id = intern_put(list->in, block + 1, known->len);
    free(block);
    if (known->id == INTERN_NONE) {
        known->id = (intern_id)++list->put;
    }
    assert_int_equal(id, known->id);
    assert_int_equal(intern_count(list->in), list->put);
}

static void check_texts(const struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct known *known = &list->known[i];
        if (known->id == INTERN_NONE) {
            continue;
        }
        size_t len;
        const char *text = intern_text(list->in, known->id, &len);
        assert_int_equal(len, known->len);
        assert_memory_equal(text, known->text, len);
        assert_int_equal(intern_find(list->in, known->text, known->len), known->id);
    }
}

/* Each in turn, each twice, any of them. */
static void put_in_all_orders(struct list *list, uint64_t seed, size_t rounds)
{
    for (size_t i = 0; i < 4 * list->count; i++) {
        list_put(list, i / 2 % list->count);
    }
    for (size_t i = 0; i < 2 * list->count; i++) {
        list_put(list, i % list->count);
    }
    for (size_t i = 0; i < rounds; i++) {
        list_put(list, support_random_below(&seed, list->count));
    }
    check_texts(list);
}

/* Same length, same first and last eight bytes: one place in the memory, whatever its hash is. */
TEST(texts_that_differ_in_one_byte_of_their_middles_take_turns)
{
    for (size_t len = 17; len <= 40; len++) {
        struct list list;
        list_init(&list);
        char text[MAX_LEN];
        memset(text, 'x', sizeof text);
        list_add(&list, text, len);
        for (size_t at = 8; at < len - 8; at++) {
            text[at] = 'y';
            list_add(&list, text, len);
            text[at] = '\0';
            list_add(&list, text, len);
            text[at] = 'x';
        }
        put_in_all_orders(&list, len, 500);
        list_release(&list);
    }
}

TEST(texts_that_differ_in_any_one_byte_or_their_length_take_turns)
{
    static const char fills[] = {'x', '\0', '\xFF'};
    for (size_t fill = 0; fill < sizeof fills; fill++) {
        struct list list;
        list_init(&list);
        for (size_t len = 0; len <= 40; len++) {
            char text[MAX_LEN];
            memset(text, fills[fill], sizeof text);
            list_add(&list, text, len);
            for (size_t at = 0; at < len; at++) {
                text[at] = 'y';
                list_add(&list, text, len);
                text[at] = fills[fill];
            }
        }
        put_in_all_orders(&list, fill, 20000);
        list_release(&list);
    }
}

/* Short texts whose bytes, spread over a word, look like others': "ab" and "abb", "aba" and "aab". */
TEST(all_short_texts_of_three_letters_are_told_apart)
{
    struct list list;
    list_init(&list);
    char text[MAX_LEN];
    for (size_t len = 0, all = 1; len <= 7; len++, all *= 3) {
        for (size_t n = 0; n < all && list.count < MAX_TEXTS; n++) {
            for (size_t i = 0, rest = n; i < len; i++, rest /= 3) {
                text[i] = "\0ab"[rest % 3];
            }
            list_add(&list, text, len);
        }
    }
    put_in_all_orders(&list, 4, 50000);
    list_release(&list);
}

/* Runs of one byte have the same ends at any length; among so many lengths some fall on one place. */
TEST(texts_with_the_same_ends_are_told_apart_by_their_length)
{
    for (unsigned byte = 0; byte < 256; byte += 51) {
        struct list list;
        list_init(&list);
        char text[MAX_LEN];
        memset(text, (int)byte, sizeof text);
        for (size_t len = 0; len <= sizeof text; len++) {
            list_add(&list, text, len);
        }
        for (size_t a = 0; a < list.count; a++) {
            for (size_t b = 0; b < a; b++) {
                list_put(&list, a);
                list_put(&list, b);
            }
        }
        check_texts(&list);
        list_release(&list);
    }
}

/* Many more texts than there are places. */
TEST(names_like_those_of_traces_keep_their_ids)
{
    struct list list;
    list_init(&list);
    for (int i = 0; i < 5000; i++) {
        char text[MAX_LEN];
        static const char *const forms[][2] = {{"", ""},
                                               {"toolu_", ""},
                                               {"Tool: ", ""},
                                               {"agent-", "-of-the-swarm"},
                                               {"", ".a.long.name.with.its.number.in.front"}};
        const char *const *form = forms[i % 5];
        int len = snprintf(text, sizeof text, "%s%d%s", form[0], i / 5 * 79, form[1]);
        list_add(&list, text, (size_t)len);
    }
    put_in_all_orders(&list, 5, 100000);
    list_release(&list);
}

/* What could not be put is not remembered as if it had been. */
TEST(a_failed_put_leaves_the_memory_as_it_was)
{
    static const char one[] = "the same ends, one in the middle, the same ends",
                      two[] = "the same ends, two in the middle, the same ends";
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct intern *in = intern_new(&mem);
    intern_id first = intern_put(in, one, sizeof one - 1);
    static char large[100000]; /* a block of its own */
    memcpy(large, one, 8);
    failing.allow = 0;
    assert_int_equal(intern_put(in, large, sizeof large), INTERN_FAILED);
    assert_int_equal(intern_put(in, large, sizeof large), INTERN_FAILED);
    assert_int_equal(intern_put(in, one, sizeof one - 1), first);
    failing.allow = -1;
    assert_int_equal(intern_put(in, large, sizeof large), first + 1);
    assert_int_equal(intern_put(in, two, sizeof two - 1), first + 2);
    assert_int_equal(intern_put(in, one, sizeof one - 1), first);
    intern_free(in);
    assert_int_equal(failing.live_blocks, 0);
}
