/* core/model/end_facts: the quick reading of an end's args gives what a careful one gives. */
#include "core/model/end_facts.h"

#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Compact as programs write them, and with a space, which the quick reading leaves to the careful. */
static double read_duration(const char *number, bool compact)
{
    char args[200];
    int len = snprintf(args, sizeof args, "{\"duration_ms\":%s%s}", compact ? "" : " ", number);
    struct end_facts facts;
    end_facts_read((struct slice){args, (size_t)len}, &facts);
    return facts.numbers[FACT_DURATION_MS];
}

static void assert_reads(const char *number)
{
    double want = strtod(number, NULL);
    for (int compact = 0; compact < 2; compact++) {
        double got = read_duration(number, compact);
        if (got < want || got > want || isnan(got)) {
            fail_msg("%s: %.17g, not %.17g", number, got, want);
        }
    }
}

TEST(a_number_of_any_length_is_read_to_the_last_digit)
{
    static const char *const numbers[] = {
        "0",
        "7",
        "0.5",
        "1234.5678",
        "123456789012345",
        "99999999999999.9",
        "1234567.1234567",
        "12345.123456789",
        "9007199254740993",
        "90071992547409.93",
        "900719925474099.3",
        "90071992547.40993",
        "18446744073709551617",
        "1844674407370955161.7",
        "1e3",
        "-12.5",
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_reads(numbers[i]);
    }
    uint64_t seed = 11;
    for (int i = 0; i < 20000; i++) {
        char text[40];
        size_t digits = 1 + support_random(&seed) % 20, point = support_random(&seed) % 22, len = 0;
        for (size_t k = 0; k < digits; k++) {
            if (k == point && k > 0) {
                text[len++] = '.';
            }
            text[len++] =
                (char)('0' + (k == 0 ? 1 + support_random(&seed) % 9 : support_random(&seed) % 10));
        }
        text[len] = '\0';
        assert_reads(text);
    }
}

/* Thoughts that are counted beside the output are sampled with it. */
TEST(thoughts_count_for_the_rate)
{
    static const struct {
        const char *args;
        long otps;
    } rows[] = {
        {"{\"ttft_ms\":200,\"ttlt_ms\":1200,\"output_tokens\":20}", 20},
        {"{\"ttft_ms\":200,\"ttlt_ms\":1200,\"output_tokens\":20,\"thought_tokens\":30}", 50},
        {"{\"ttft_ms\":200,\"ttlt_ms\":1200,\"output_tokens\":20,\"thought_tokens\":-30}", 20},
        {"{\"thought_tokens\": 30,\"ttft_ms\":200,\"ttlt_ms\":1200,\"output_tokens\":20}", 50},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct end_facts facts;
        end_facts_read((struct slice){rows[i].args, strlen(rows[i].args)}, &facts);
        assert_int_equal(lround(end_facts_otps(&facts)), rows[i].otps);
    }
}
