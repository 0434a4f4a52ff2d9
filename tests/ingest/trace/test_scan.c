/* Tests scanning trace documents: their shapes, what precedes and follows the events, and that bad
   input loses nothing else. */
#include "ingest/trace/scan.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct found {
    struct strbuf
        text; /* e:NAME; for events, m:KEY; for members, b:LINE; for what is bad, l for lines */
    bool lines;
    const char *whole;
};

/* The texts below name events; here they get what makes an event of them. */
static void add_phases(const char *text, struct strbuf *out)
{
    static const char name[] = "\"name\"";
    strbuf_clear(out);
    for (; *text != '\0'; text++) {
        if (strncmp(text, name, sizeof name - 1) == 0) {
            strbuf_adds(out, "\"ph\":\"i\",\"ts\":1,\"name\"");
            text += sizeof name - 2;
        } else {
            strbuf_addc(out, *text);
        }
    }
}

static bool take_event(void *ctx, const struct scan_event *event)
{
    struct found *found = ctx;
    assert_int_equal(event->text.bytes[0], '{');
    assert_memory_equal(event->text.bytes, found->whole + event->offset, event->text.len);
    strbuf_adds(&found->text, "e:");
    json_get_string(event->raw.name, &found->text);
    strbuf_addc(&found->text, ';');
    return true;
}

static bool take_member(void *ctx, struct json_value key, struct json_value value)
{
    struct found *found = ctx;
    strbuf_adds(&found->text, "m:");
    json_get_string(key, &found->text);
    strbuf_addc(&found->text, '=');
    strbuf_add(&found->text, value.raw, value.len);
    strbuf_addc(&found->text, ';');
    return true;
}

static void take_bad(void *ctx, uint64_t line, const char *reason, struct slice bytes, bool broken)
{
    struct found *found = ctx;
    (void)reason, (void)bytes, (void)broken;
    strbuf_addf(&found->text, "b:%llu;", (unsigned long long)line);
}

static bool take_lines(void *ctx, const char *bytes, size_t len)
{
    struct found *found = ctx;
    strbuf_adds(&found->text, found->lines ? "" : "l:");
    strbuf_add(&found->text, bytes, len);
    found->lines = true;
    return true;
}

static void scan_text(const char *text, size_t max, bool by_bytes, struct found *found)
{
    struct scan_sink sink = {take_event, take_member, take_bad, take_lines, found, NULL};
    struct scan *scan = scan_new(&mem_libc, &sink, max);
    found->lines = false;
    strbuf_clear(&found->text);
    struct strbuf whole;
    strbuf_init(&whole, &mem_libc, 0);
    add_phases(text, &whole);
    found->whole = whole.data;
    for (size_t at = 0, step = by_bytes ? 1 : whole.len; at < whole.len; at += step) {
        assert_true(scan_push(scan, whole.data + at, step));
    }
    scan_finish(scan);
    strbuf_release(&whole);
    scan_free(scan);
}

static const struct {
    const char *in, *out;
} cases[] = {
    {"", ""},
    {" \n", ""},
    {"[]", ""},
    {"[", ""},
    {"[{\"name\":\"a\"}", "e:a;"},
    {"[{\"name\":\"a\"},", "e:a;"},
    {"[{\"name\":\"a\"},{\"name\":\"b\"}]\n", "e:a;e:b;"},
    {"[{\"name\":\"a\"}\n{\"name\":\"b\"}]", "e:a;e:b;"}, /* a missing comma loses nothing */
    {"{\"traceEvents\":[]}", ""},
    {"{\"traceEvents\":[{\"name\":\"a\"}]}", "e:a;"},
    {"{\n  \"traceEvents\": [\n    {\n      \"name\": \"a\"\n    }\n  ]\n}\n", "e:a;"},
    {"{\"x\":1,\"traceEvents\":[{\"name\":\"a\"}],\"y\":{\"z\":[]}}", "m:x=1;e:a;m:y={\"z\":[]};"},
    {"{\"metadata\":{\"traceEvents\":[1]},\"traceEvents\":[{\"name\":\"a\"}]}",
     "m:metadata={\"traceEvents\":[1]};e:a;"},
    {"{\"x\":\"\\\"traceEvents\\\":[{\",\"traceEvents\":[{\"name\":\"a\"}]}",
     "m:x=\"\\\"traceEvents\\\":[{\";e:a;"},
    {"[{\"name\":\"}]\\\"{[\"},{\"name\":\"b\"}]", "e:}]\"{[;e:b;"},
    /* lines */
    {"{\"ph\":\"B\"}\n{\"x\":1}\n", "l:{\"ph\":\"B\"}\n{\"x\":1}\n"},
    {"{\"op\":\"x\"}", "l:{\"op\":\"x\"}"},
    {"{}\n{\"op\":\"x\"}", "l:{}\n{\"op\":\"x\"}"},
    {"hello\n{\"op\":\"x\"}", "l:hello\n{\"op\":\"x\"}"},
    {"\n\n{\"op\":\"x\"}\n", "l:\n\n{\"op\":\"x\"}\n"}, /* so that lines keep their numbers */
    {"\xef\xbb\xbf{\"op\":\"x\"}\n", "l:{\"op\":\"x\"}\n"},
    {"\xef\xbb\xbf[{\"name\":\"a\"}]", "e:a;"},
    /* a first line that is bad does not take the others with it */
    {"{\"op\":\"x\"\n{\"op\":\"y\"}\n{\"op\":\"z\"}\n",
     "l:{\"op\":\"x\"\n{\"op\":\"y\"}\n{\"op\":\"z\"}\n"},
    {"{\"op\":\"x\n{\"op\":\"y\"}\n", "l:{\"op\":\"x\n{\"op\":\"y\"}\n"},
    {"{\"op\":[{\n{\"op\":\"y\"}\n{\"op\":\"z\"}\n",
     "l:{\"op\":[{\n{\"op\":\"y\"}\n{\"op\":\"z\"}\n"},
    /* bad events */
    {"[{\"name\":\"a\"},{\"name\" \"b\"},{\"name\":\"c\"}]", "e:a;b:1;e:c;"},
    {"[{\"name\":\"a\"},\n{\"name\":\"b},\n{\"name\":\"c\"},\n{\"name\":\"d\"}]",
     "e:a;b:2;e:c;e:d;"},
    {"[{\"name\":\"a\"},{\"name\":\"b\",\"args\":{},{\"name\":\"c\"},{\"name\":\"d\"}]",
     "e:a;b:1;e:c;e:d;"},
    {"[{\"name\":\"a\"},{\"name\":\"b\",\"args\":[}},{\"name\":\"c\"}]", "e:a;b:1;e:c;"},
    {"[{\"name\":\"a\"},7,{\"name\":\"b\"},\"x\",{\"name\":\"c\"}]", "e:a;b:1;e:b;b:1;e:c;"},
    {"{\"traceEvents\":[{\"name\":\"a\",},{\"name\":\"b\"}],\"k\":1}", "e:a;e:b;m:k=1;"},
    /* cut off */
    {"[{\"name\":\"a\"},\n{\"na", "e:a;b:2;"},
    {"{\"traceEvents\":[{\"name\":\"a\"}", "e:a;b:1;"},
    {"{\"traceEvents\":[{\"name\":\"a\"}]", "e:a;b:1;"},
    {"{\"traceEvents\":[{\"name\":\"a\"}],\"k\":", "e:a;b:1;"},
    {"{\"metadata\":{", "b:1;"},
};

TEST(a_text_gives_its_parts_in_any_chunks)
{
    struct found found;
    unsigned wrong = 0;
    strbuf_init(&found.text, &mem_libc, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int by_bytes = 0; by_bytes < 2; by_bytes++) {
            scan_text(cases[i].in, 1 << 20, by_bytes, &found);
            const char *got = found.text.data != NULL ? found.text.data : "";
            if (strcmp(got, cases[i].out) != 0) {
                print_error("of %s\ncame %s\nnot  %s\n", cases[i].in, got, cases[i].out);
                wrong++;
            }
        }
    }
    assert_int_equal(wrong, 0);
    strbuf_release(&found.text);
}

TEST(an_event_beyond_the_maximum_is_passed_over)
{
    struct found found;
    char big[400], text[600];
    strbuf_init(&found.text, &mem_libc, 0);
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    snprintf(text, sizeof text,
             "[{\"name\":\"a\"},{\"name\":\"%s\"},{\"name\":\"c\"},{\"name\":\"d\"}]", big);
    for (int by_bytes = 0; by_bytes < 2; by_bytes++) {
        scan_text(text, 100, by_bytes, &found);
        assert_string_equal(found.text.data, "e:a;b:1;e:c;e:d;");
    }
    strbuf_release(&found.text);
}

TEST(an_error_beyond_the_maximum_is_not_looked_for)
{
    static const char text[] =
        "[{\"name\":\"a\"},{\"name\":\"a name that is longer than the maximum of forty\" 7,"
        "{\"name\":\"c\"},{\"name\":\"d\"}]";
    struct found found;
    strbuf_init(&found.text, &mem_libc, 0);
    for (int by_bytes = 0; by_bytes < 2; by_bytes++) {
        scan_text(text, 40, by_bytes, &found);
        assert_string_equal(found.text.data, "e:a;b:1;");
    }
    strbuf_release(&found.text);
}
