/* What is kept of a tool's input. */
#include "ingest/tool_args.h"

#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Sets *out to the args of a Bash call with a command of `len` bytes that ends with `end`. */
static void args_of(size_t len, const char *end, bool whole, struct strbuf *out)
{
    char input[2000];
    int at = snprintf(input, sizeof input, "{\"command\":\"");
    memset(input + at, 'x', len - strlen(end));
    snprintf(input + at + len - strlen(end), sizeof input - (size_t)at - len, "%s\"}", end);
    strbuf_clear(out);
    tool_args(json_value_of(input, strlen(input)), whole, out);
    assert_false(out->failed);
}

TEST(a_short_argument_is_kept_as_it_is)
{
    struct strbuf args;
    strbuf_init(&args, &mem_libc, 0);
    args_of(200, "abc", false, &args);
    assert_null(strstr(args.data, "\"cut\""));
    assert_int_equal(args.len, strlen("{\"command\":\"\"}") + 200);
    strbuf_release(&args);
}

TEST(long_arguments_that_begin_alike_differ_and_equal_ones_do_not)
{
    struct strbuf a, b;
    strbuf_init(&a, &mem_libc, 0);
    strbuf_init(&b, &mem_libc, 0);
    args_of(300, "attempt 1", false, &a);
    assert_non_null(strstr(a.data, "x\",\"cut\":\"of 300 bytes, "));
    assert_in_range(a.len, 200, 270);
    args_of(300, "attempt 2", false, &b);
    assert_string_not_equal(a.data, b.data);
    args_of(300, "attempt 1", false, &b);
    assert_string_equal(a.data, b.data);
    /* With the whole input there is nothing to mark. */
    args_of(300, "attempt 1", true, &b);
    assert_null(strstr(b.data, "\"cut\""));
    strbuf_release(&a);
    strbuf_release(&b);
}

TEST(a_type_of_a_sub_agent_has_no_mark)
{
    char input[1200], type[301];
    memset(type, 't', 300);
    type[300] = '\0';
    struct strbuf args;
    strbuf_init(&args, &mem_libc, 0);
    snprintf(input, sizeof input, "{\"subagent_type\":\"%s\",\"description\":\"%s\"}", type, type);
    tool_args(json_value_of(input, strlen(input)), false, &args);
    const char *mark = strstr(args.data, "\"cut\"");
    assert_true(mark != NULL && strstr(mark + 1, "\"cut\"") == NULL);
    strbuf_release(&args);
}

/* ---- the rest of an input ---- */

static double hash_of(const char *input, bool whole)
{
    return tool_args_hash(json_value_of(input, strlen(input)), whole);
}

TEST(the_rest_of_an_input_has_a_hash_that_differs_with_it)
{
    static const char *const inputs[] = {
        "{\"file_path\":\"/a.c\",\"old_string\":\"x0\",\"new_string\":\"y\"}",
        "{\"file_path\":\"/a.c\",\"old_string\":\"x1\",\"new_string\":\"y\"}",
        "{\"file_path\":\"/a.c\",\"old_string\":\"y\",\"new_string\":\"x0\"}",
        "{\"file_path\":\"/a.c\",\"old_string\":\"x0\",\"new_string\":\"y\",\"all\":true}",
        "{\"file_path\":\"/a.c\",\"edits\":[{\"old_string\":\"a\"}]}",
        "{\"file_path\":\"/a.c\",\"content\":\"a\"}",
        "\"*** Begin Patch\"",
        "\"*** Begin Patch 2\"",
        "{\"sql\":\"select 1\"}",
    };
    enum { INPUTS = sizeof inputs / sizeof *inputs };
    for (size_t i = 0; i < INPUTS; i++) {
        double hash = hash_of(inputs[i], false);
        assert_true(hash >= 0 && hash < 65536 && hash == floor(hash));
        for (size_t k = 0; k < INPUTS; k++) {
            assert_int_equal(hash == hash_of(inputs[k], false), i == k);
        }
    }
    /* The kept argument is compared by itself, and members come in any order. */
    const char *other = "{\"new_string\":\"y\",\"old_string\":\"x0\",\"file_path\":\"/b.c\"}";
    assert_true(hash_of(inputs[0], false) == hash_of(other, false));
}

TEST(an_input_that_is_kept_whole_has_no_hash)
{
    const char *edit = "{\"file_path\":\"/a.c\",\"old_string\":\"x0\"}";
    assert_true(isnan(hash_of("{\"command\":\"make\"}", false)));
    assert_true(isnan(hash_of("{\"command\":\"make\",\"description\":\"Again\"}", false)));
    assert_true(isnan(hash_of("{}", false)));
    assert_true(isnan(hash_of("\"\"", false)));
    assert_true(isnan(hash_of("null", false)));
    assert_true(hash_of(edit, false) >= 0);
    assert_true(isnan(hash_of(edit, true)));
}
