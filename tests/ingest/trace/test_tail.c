/* Tests the members after a document's events, found from its last bytes alone: whatever part of
   the file these bytes are, all of the members are found or none. */
#include "ingest/trace/tail.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#define PLAIN_EVENT \
    "{\"name\":\"a]},[\",\"ph\":\"B\",\"ts\":1,\"args\":{\"s\":\"],\\\"x\\\":1}\",\"l\":[]}}"
#define EVENT \
    "{\"name\":\"a]},[\",\"ph\":\"B\",\"ts\":1,\"args\":{\"l\":[1,[2],3],\"s\":\"],\\\"x\\\":1}\"}}"

/* Looks at a copy of just these bytes; the strbuf holds what was in it, and then what was found. */
static bool find(const char *bytes, size_t len, struct strbuf *out)
{
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    if (len > 0) {
        memcpy(copy + 1, bytes, len);
    }
    strbuf_clear(out);
    strbuf_adds(out, "\"was\":0,");
    bool found = tail_members(&mem_libc, copy + 1, len, out);
    free(copy);
    assert_false(out->failed);
    assert_memory_equal(out->data, "\"was\":0,", 8);
    assert_true(found || out->len == 8);
    return found;
}

/* ---- whole documents ---- */

static const struct {
    const char *text, *members; /* NULL: no members follow the events */
    size_t from;                /* bytes that begin later do not reach back far enough */
} documents[] = {
#define DOC(before, bracket, after, members)                                            \
    {                                                                                   \
        before bracket after, members, sizeof(before bracket) - 1 - sizeof(bracket) + 1 \
    }
    DOC("{\"traceEvents\":[", "]", ",\"metadata\":{\"a\":1}}", "\"metadata\":{\"a\":1},"),
    DOC("{\"traceEvents\":[" EVENT, "]", ",\"metadata\":{\"a\":1}}", "\"metadata\":{\"a\":1},"),
    DOC("{\"x\":[1],\"y\":2,\"traceEvents\":[" EVENT "," EVENT, "]", ",\"z\":null}", "\"z\":null,"),
    DOC("{\"traceEvents\":[", "]", ",\"a\":1,\"b\":\"two\",\"c\":{},\"d\":true}",
        "\"a\":1,\"b\":\"two\",\"c\":{},\"d\":true,"),
    /* white space, wherever it may be; what is found has none of it around its values */
    DOC("{ \"traceEvents\" : [ " EVENT " ", "]",
        " \n\t\r, \n \"a\" : 1 ,\r\n\"b\":\t{ \"c\" : [ ] }\n}\n\n",
        "\"a\":1,\"b\":{ \"c\" : [ ] },"),
    /* brackets, quotes and escapes in the members */
    DOC("{\"traceEvents\":[", "]", ",\"m\":{\"l\":[1,2],\"n\":[{\"o\":[]},3],\"p\":4}}",
        "\"m\":{\"l\":[1,2],\"n\":[{\"o\":[]},3],\"p\":4},"),
    DOC("{\"traceEvents\":[", "]", ",\"m\":\"],\",\"n\":\"],\\\"k\\\":1}\"}",
        "\"m\":\"],\",\"n\":\"],\\\"k\\\":1}\","),
    DOC("{\"traceEvents\":[", "]",
        ",\"m\":{\"],\":\"],\",\"]\":\"{\\\\\"},\"],\":{\"a\":\"\\\"],\\\"\"}}",
        "\"m\":{\"],\":\"],\",\"]\":\"{\\\\\"},\"],\":{\"a\":\"\\\"],\\\"\"},"),
    DOC("{\"traceEvents\":[", "]", ",\"\\u005d,\":\"\xC3\xA9]\"}", "\"\\u005d,\":\"\xC3\xA9]\","),
    /* of several lists at the document's own level: what follows the last one that has a
       successor */
    DOC("{\"traceEvents\":[],\"before\":1,\"list\":[1,2", "]", ",\"b\":2}", "\"b\":2,"),
    DOC("{\"traceEvents\":[", "]", ",\"b\":2,\"list\":[1,2]}", "\"b\":2,\"list\":[1,2],"),
};

TEST(it_is_found_from_any_place_before_the_bracket_and_from_none_behind_it)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        size_t len = strlen(documents[i].text);
        for (size_t from = 0; from <= len; from++) {
            bool found = find(documents[i].text + from, len - from, &out);
            if (found != (from <= documents[i].from)) {
                fail_msg("%s: %d from %zu", documents[i].text, found, from);
            }
            if (found) {
                assert_string_equal(out.data + 8, documents[i].members);
            }
        }
    }
    strbuf_release(&out);
}

/* (A document cut after a brace, with a list and more before it in the same object, looks whole.
   None of these is.) */
TEST(nothing_is_found_in_one_that_was_cut_off)
{
    static const char *const texts[] = {
        "{\"traceEvents\":[" PLAIN_EVENT "],\"metadata\":{\"a\":1,\"b\":{\"c\":2}},\"x\":3}",
        "{\"traceEvents\":[" PLAIN_EVENT "," PLAIN_EVENT
        "],\"m\":{\"s\":\"],\\\"k\\\":1}\"},\"n\":\"]\"}",
        "{\"traceEvents\":[{\"ph\":\"B\",\"ts\":1}]\n,\"m\":\"}\"\n}",
    };
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = strlen(texts[i]);
        assert_true(find(texts[i], len, &out));
        for (size_t cut = 0; cut < len; cut++) {
            if (find(texts[i], cut, &out)) {
                fail_msg("%.*s: %s", (int)cut, texts[i], out.data);
            }
        }
    }
    strbuf_release(&out);
}

TEST(nothing_is_found_where_nothing_is_behind_the_events)
{
    static const char *const texts[] = {
        "",
        " \n",
        "}",
        "{}",
        "]}",
        "],}]",
        "{\"traceEvents\":[]}",
        "{\"traceEvents\":[" EVENT "]}\n",
        "{\"metadata\":{\"a\":1},\"traceEvents\":[" EVENT "]}",
        /* arrays, whole, open, and cut */
        "[" EVENT "]",
        "[" EVENT "," EVENT ",\n",
        "[" EVENT "," EVENT,
        "[" EVENT ",{\"name\":\"b",
        /* lines */
        "{\"op\":\"hello\"}\n{\"op\":\"x\"}\n",
        EVENT "\n" EVENT "\n",
        /* no JSON after the bracket */
        "{\"traceEvents\":[],\"a\":1,}",
        "{\"traceEvents\":[],,\"a\":1}",
        "{\"traceEvents\":[],\"a\":}",
        "{\"traceEvents\":[],\"a\" 1}",
        "{\"traceEvents\":[],\"a\":\"\xFF\"}",
        "{\"traceEvents\":[],a:1}",
        "{\"traceEvents\":[]],\"a\":1}}",
        "{\"traceEvents\":[] \"a\":1}",
    };
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (find(texts[i], strlen(texts[i]), &out)) {
            fail_msg("%s: %s", texts[i], out.data);
        }
    }
    strbuf_release(&out);
}

/* Writes a document with a list of so many lists, each followed by a comma, as is the end of a
   string. */
static void add_lists(struct strbuf *text, int count)
{
    strbuf_clear(text);
    strbuf_adds(text, "{\"traceEvents\":[],\"m\":[0");
    for (int i = 0; i < count; i++) {
        strbuf_adds(text, ",[],\"],\"");
    }
    strbuf_adds(text, "]}");
}

/* There is an end to the trying, but not that soon; and then it is nothing, not a part. */
TEST(lists_in_what_it_says_do_not_hide_it)
{
    struct strbuf text, out;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&out, &mem_libc, 0);
    for (int count = 0; count < 400; count += 9) {
        add_lists(&text, count);
        bool found = find(text.data, text.len, &out);
        assert_true(found || count > 90);
        if (found) {
            static const char before[] = "{\"traceEvents\":[],";
            size_t len = text.len - sizeof before; /* without the last brace */
            assert_memory_equal(out.data + 8, text.data + sizeof before - 1, len);
            assert_string_equal(out.data + 8 + len, ",");
        }
    }
    strbuf_release(&text);
    strbuf_release(&out);
}

TEST(without_memory_nothing_is_found)
{
    static const char text[] = "{\"traceEvents\":[],\"metadata\":{\"a\":1}}";
    struct failing_mem failing = {.allow = 0};
    struct mem mem = failing_mem(&failing);
    struct strbuf out;
    strbuf_init(&out, &mem, 0);
    assert_false(tail_members(&mem, text, sizeof text - 1, &out));
    assert_int_equal(out.len, 0);
    failing.allow = 1;
    (void)tail_members(&mem, text, sizeof text - 1, &out);
    assert_true(out.failed);
    strbuf_release(&out);
    assert_int_equal(failing.live_blocks, 0);
}

/* ---- tail_is_whole ---- */

TEST(a_file_may_be_whole_by_its_last_character)
{
    static const struct {
        const char *text;
        bool whole;
    } cases[] = {
        {"", true},
        {" \t\r\n", true},
        {"{}", true},
        {"{}\n", true},
        {"[]", true},
        {"]", true},
        {"},", true},
        {"}, \r\n\t ", true},
        {"{\"a\":\"}\"", false}, /* what is within a string is no end */
        {"[", false},
        {"{", false},
        {"{\"a\"", false},
        {"{\"a\":", false},
        {"{\"a\":1", false},
        {"{\"a\":1\n", false},
        {"{\"a\":tru", false},
        {"x", false},
        {"}\v", false},
        {"}\xC2\xA0", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].text);
        char *copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy + 1, cases[i].text, len);
        if (tail_is_whole(copy + 1, len) != cases[i].whole) {
            fail_msg("%s", cases[i].text);
        }
        free(copy);
    }
    assert_false(tail_is_whole("}\0", 2));
}
