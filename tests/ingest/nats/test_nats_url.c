/* Tests addresses of NATS: what libnats gets, and what people see. */
#include "ingest/nats/nats_url.h"
#include "ingest/sources.h"
#include "tests/support/support.h"

#include <string.h>

static void expect(const char *text, const char *server, const char *subject, const char *shown)
{
    struct nats_url url;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    if (!nats_url_parse(text, false, &mem_libc, &url, &error)) {
        fail_msg("%s: %s", text, error.data);
    }
    assert_string_equal(url.server.data, server);
    assert_string_equal(url.subject.data, subject);
    assert_string_equal(url.shown.data, shown);
    nats_url_release(&url);
    strbuf_release(&error);
}

static void refuse(const char *text, bool to_publish, const char *message)
{
    struct nats_url url;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    assert_false(nats_url_parse(text, to_publish, &mem_libc, &url, &error));
    assert_string_equal(error.data, message);
    nats_url_release(&url);
    strbuf_release(&error);
}

TEST(it_has_a_server_and_a_subject)
{
    (void)state;
    expect("nats://h:4222/swarm.*", "nats://h:4222", "swarm.*", "nats://h:4222/swarm.*");
    expect("nats://[::1]:4222/a.>", "nats://[::1]:4222", "a.>", "nats://[::1]:4222/a.>");
    expect("nats://h/a/b", "nats://h", "a/b", "nats://h/a/b");
}

TEST(passwords_and_tokens_are_masked)
{
    (void)state;
    expect("nats://ann:p@ss/w@h:1/a", "nats://ann:p@ss/w@h:1", "a", "nats://ann:***@h:1/a");
    expect("nats://token@h:1/a", "nats://token@h:1", "a", "nats://***@h:1/a");
    refuse("nats://ann:geheim@h/", false,
           "nats://ann:***@h/: no subject: nats://HOST:PORT/SUBJECT is needed");
}

TEST(others_are_refused)
{
    (void)state;
    refuse("nats://:1/a", false, "nats://:1/a: no host: nats://HOST:PORT/SUBJECT is needed");
    refuse("nats://h", false, "nats://h: no subject: nats://HOST:PORT/SUBJECT is needed");
    refuse("nats://h/a b", false,
           "nats://h/a b: the subject has a blank: nats://HOST:PORT/SUBJECT is needed");
    refuse("nats://h/.a", false,
           "nats://h/.a: the subject has an empty part: nats://HOST:PORT/SUBJECT is needed");
    refuse("nats://h/a.*", true,
           "nats://h/a.*: a subject to send to has no wildcards: nats://HOST:PORT/SUBJECT is "
           "needed");
}

static void expect_shown(const char *spec, const char *shown)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    sources_put_shown(spec, &out);
    assert_string_equal(out.data, shown);
    strbuf_release(&out);
}

TEST(a_spec_is_shown_without_its_password)
{
    (void)state;
    expect_shown("nats://ann:p@ss/w@h:1/a", "nats://ann:***@h:1/a");
    expect_shown("nats://token@h:1/a", "nats://***@h:1/a");
    expect_shown("nats://h:1/a", "nats://h:1/a");
    expect_shown("tcp:h:1", "tcp:h:1");
    expect_shown("https://u:p@h/x", "https://u:***@h/x");
}
