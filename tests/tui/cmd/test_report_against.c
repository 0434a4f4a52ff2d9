/* Two reports side by side: differences and how sure they are. */
#include "tui/cmd/report_against.h"

#include "tests/support/support.h"

#include <math.h>
#include <string.h>

static const char ours[] =
    "{\"totals\":{\"requests\":20,\"retries\":3,"
    "\"ttft_ms\":{\"count\":20,\"p50\":900,\"p50_low\":800,\"p50_high\":1000,\"p95\":2000},"
    "\"otps\":{\"count\":3,\"p50\":40},\"phases\":{\"tool\":5000},"
    "\"tools\":{\"Bash\":{\"count\":2,\"errors\":1,\"p50\":100,\"total_ms\":200},"
    "\"New\":{\"count\":1,\"errors\":0,\"p50\":7,\"total_ms\":7}}},"
    "\"models\":[{\"client\":\"Codex\",\"model\":\"m\",\"requests\":5},"
    "{\"client\":\"Claude Code\",\"model\":\"m\",\"requests\":15},"
    "{\"client\":\"Codex\",\"model\":\"alone\",\"requests\":2}]}";
static const char theirs[] =
    "{\"totals\":{\"requests\":10,"
    "\"ttft_ms\":{\"count\":30,\"p50\":500,\"p50_low\":470,\"p50_high\":560,\"p95\":1500},"
    "\"otps\":{\"count\":9,\"p50\":50,\"p50_low\":45,\"p50_high\":60},\"phases\":{\"tool\":7000},"
    "\"tools\":{\"Bash\":{\"count\":5,\"errors\":1,\"p50\":150,\"total_ms\":700},"
    "\"Old\":{\"count\":4,\"errors\":0,\"p50\":9,\"total_ms\":36}}},"
    "\"models\":[{\"client\":\"Claude Code\",\"model\":\"m\",\"requests\":10}]}";

/* A member of a figure's difference; NAN: absent. */
static double member(json_t *against, const char *figure, const char *key)
{
    json_t *diff = json_object_get(json_object_get(against, "diff"), figure);
    json_t *value = json_object_get(diff, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

TEST(figures_stand_side_by_side)
{
    static const struct {
        const char *figure;
        double a, b, delta, low, high;
    } rows[] = {
        {"requests", 20, 10, 10, NAN, NAN},
        {"retries", 3, NAN, NAN, NAN, NAN},
        /* 400 - hypot(100, 60), 400 + hypot(100, 30) */
        {"ttft_ms.p50", 900, 500, 400, 283.381, 504.403},
        {"ttft_ms.p95", 2000, 1500, 500, NAN, NAN},
        {"otps.p50", 40, 50, -10, NAN, NAN}, /* too few samples of one side */
        {"phases.tool", 5000, 7000, -2000, NAN, NAN},
        {"tools.Bash.count", 2, 5, -3, NAN, NAN},
        {"tools.New.p50", 7, NAN, NAN, NAN, NAN},
        {"tools.Old.count", NAN, 4, NAN, NAN, NAN},
        {"models.Claude Code m.requests", 15, 10, 5, NAN, NAN},
        {"models.Codex m.requests", 5, NAN, NAN, NAN, NAN},
        {"models.alone.requests", 2, NAN, NAN, NAN, NAN}, /* of one client alone */
        {"failed", NAN, NAN, NAN, NAN, NAN},
    };
    static const char *const keys[] = {"a", "b", "delta", "low", "high"};
    json_t *a = json_loads(ours, 0, NULL), *b = json_loads(theirs, 0, NULL);
    json_t *against = report_against(a, b);
    assert_non_null(against);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const double want[] = {rows[i].a, rows[i].b, rows[i].delta, rows[i].low, rows[i].high};
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            double got = member(against, rows[i].figure, keys[k]);
            if (isnan(want[k]) ? !isnan(got) : !(fabs(got - want[k]) < 0.001)) {
                fail_msg("%s: %s is %g, not %g", rows[i].figure, keys[k], got, want[k]);
            }
        }
    }
    assert_int_equal(json_integer_value(json_object_get(against, "requests")), 10);
    json_decref(against);
    json_decref(a);
    json_decref(b);
}

TEST(a_report_is_as_long_as_itself)
{
    json_t *a = json_loads(ours, 0, NULL), *against = report_against(a, a);
    const char *figure;
    json_t *diff;
    json_object_foreach(json_object_get(against, "diff"), figure, diff)
    {
        assert_true(json_number_value(json_object_get(diff, "delta")) == 0);
    }
    json_decref(against);
    json_decref(a);
}

TEST(the_table_says_what_is_clear)
{
    json_t *a = json_loads(ours, 0, NULL), *b = json_loads(theirs, 0, NULL);
    json_t *against = report_against(a, b);
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    report_against_text(against, "old.json", NULL, true, &mem_libc, &text);
    assert_non_null(strstr(text.data, "AGAINST old.json"));
    assert_non_null(strstr(text.data, "900ms (20)"));
    assert_non_null(strstr(text.data, "+283ms to +504ms"));
    assert_non_null(strstr(text.data, "  clear"));
    assert_null(strstr(text.data, "unclear"));
    strbuf_release(&text);
    json_decref(against);
    json_decref(a);
    json_decref(b);
}

/* Names are as long as a source makes them, and a saved report holds any number. */
TEST(long_names_stay_apart_and_units_follow_the_figure)
{
    struct strbuf tools, text;
    strbuf_init(&tools, &mem_libc, 0);
    strbuf_init(&text, &mem_libc, 0);
    strbuf_adds(&tools, "{\"totals\":{\"requests\":1e300,\"failed\":-5,\"tools\":{");
    for (int i = 0; i < 2; i++) {
        strbuf_addf(&tools, "\"%0600d\xC3\xA9%d\":{\"count\":%d},", 7, i, i + 3);
    }
    strbuf_adds(&tools, "\"get_ms\":{\"count\":1,\"errors\":0,\"p50\":1.5}}}}");
    json_t *a = json_loadb(tools.data, tools.len, 0, NULL), *against = report_against(a, a);
    assert_non_null(against);
    assert_int_equal(json_object_size(json_object_get(against, "diff")), 7);
    report_against_text(against, "x", NULL, true, &mem_libc, &text);
    assert_non_null(strstr(text.data, " 1.5ms"));
    assert_null(strstr(text.data, " 1.0ms")); /* a count */
    assert_non_null(strstr(text.data, "-5"));
    json_decref(against);
    json_decref(a);
    strbuf_release(&tools);
    strbuf_release(&text);
}
