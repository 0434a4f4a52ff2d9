/* The header's piece on models that are slower. */
#include "tui/views/slowdown_text.h"

#include "core/query/slowdown.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

/* Fails unless the header has this text of the slowdowns. */
static void check(struct slowdown *slowdowns, size_t count, const char *text)
{
    struct view_input input = {0};
    input.theme.ascii = true;
    struct swarm_metrics metrics = {.slowdowns = slowdowns, .slowdown_count = count};
    struct frame frame = {.input = &input, .metrics = &metrics};
    struct header_piece piece = slowdown_piece(&frame);
    assert_int_equal(piece.count, 1);
    const char *shown = strchr(piece.runs[0].text, ' ');
    assert_non_null(shown);
    assert_string_equal(shown + 1, text);
}

TEST(a_part_that_two_clients_share_is_one_part)
{
    struct slowdown slowdowns[] = {
        {.model = "opus", .client = 1, .part = LATENCY_PREFILL},
        {.model = "opus", .client = 2, .part = LATENCY_PREFILL},
        {.model = "opus", .client = 2, .part = LATENCY_DECODE},
    };
    char one[64];
    snprintf(one, sizeof one, "opus slower: %s", latency_rows[LATENCY_PREFILL].word);
    check(slowdowns, 1, one);
    check(slowdowns, 2, one);
    check(slowdowns, 3, "opus slower: several parts");
}

TEST(retries_are_shown_as_shares)
{
    struct slowdown slowdowns[] = {{.model = "opus",
                                    .part = LATENCY_QUEUEING,
                                    .retries = true,
                                    .recent_count = 36,
                                    .before_count = 1761,
                                    .recent_share = 11.0 / 36,
                                    .before_share = 0.04},
                                   {.model = "opus", .part = LATENCY_QUEUEING}};
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    slowdown_text(&slowdowns[0], false, &text);
    assert_string_equal(text.data, "retries 31% (36) against 4% (1,761) the hour before");
    strbuf_release(&text);
    check(slowdowns, 1, "opus slower: retries");
    check(slowdowns, 2, "opus slower: several parts");
}

TEST(prompts_are_shown_where_both_medians_are_known)
{
    struct slowdown slowdown = {.part = LATENCY_PREFILL, .prompts = {24, 131, 84100, 31200}};
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    slowdown_prompts_text(&slowdown, &text);
    assert_string_equal(text.data, "its prompts: median 84.1k tokens (24) against 31.2k (131)");
    strbuf_clear(&text);
    slowdown.prompts.before_count = 0;
    slowdown_prompts_text(&slowdown, &text);
    assert_int_equal(text.len, 0);
    strbuf_release(&text);
}

TEST(a_long_name_is_cut_between_characters_and_before_a_key)
{
    struct slowdown slowdown = {.part = LATENCY_PREFILL};
    char want[96];
    slowdown.model = "a-model-whose-name-is-long-and-ends-in-\xC3\xA9\xC3\xA9";
    snprintf(want, sizeof want, "a-model-whose-name-is-long-and-ends-in- slower: %s",
             latency_rows[LATENCY_PREFILL].word);
    check(&slowdown, 1, want);
    slowdown.model = "a-model-of ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123";
    snprintf(want, sizeof want, "a-model-of ghp_ slower: %s", latency_rows[LATENCY_PREFILL].word);
    check(&slowdown, 1, want);
}

TEST(where_nothing_is_slower_the_requests_of_both_times_are_counted)
{
    static const struct {
        struct slowdown_sides sides;
        size_t slowdowns;
        const char *want; /* "": no line */
    } rows[] = {
        {{1, 24, 131}, 0, "none (24 requests against 131 the hour before)"},
        {{0, 4, 12}, 0, "too few requests to compare (4 against 12, needs 10 against 20)"},
        {{0, 0, 0}, 0, ""},
        {{1, 24, 131}, 1, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct swarm_metrics metrics = {.slowdown_sides = rows[i].sides,
                                        .slowdown_count = rows[i].slowdowns};
        struct strbuf text;
        strbuf_init(&text, &mem_libc, 0);
        strbuf_adds(&text, "");
        assert_int_equal(slowdown_none_text(&metrics, &text), rows[i].want[0] != 0);
        assert_string_equal(text.data, rows[i].want);
        strbuf_release(&text);
    }
}
