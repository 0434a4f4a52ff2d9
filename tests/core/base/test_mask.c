/* What looks like a key or a password is masked, and nothing else. All keys are made up. */
#include "tests/support/support.h"

#include "core/base/json_read.h"
#include "core/base/mask.h"

#include <string.h>

/* Masked NULL: it stays. */
static const struct {
    const char *text, *masked;
} rows[] = {
    {"curl -H 'Authorization: Bearer abcDEF123456' https://x",
     "curl -H 'Authorization: ***' https://x"},
    {"Bearer abcDEF123456.x-y_z==", "Bearer ***"},
    {"Bearer SECRETTOKEN", "Bearer ***"},
    {"basic dXNlcjpwYXNz", "basic ***"},
    {"the bearer of news, bearer authentication", NULL},
    {"Add basic validation, Basic Authentication, basic PostgreSQL", NULL},
    {"key sk-ant-api03-AAAAbbbb used", "key sk-ant-*** used"},
    {"sk-1234567890ab sk-aaaaaaaaaaaaaaaaaaaaaaaa", "sk-*** sk-***"},
    {"sk-short task-sk-1234567890 locale/sk-SK/messages.po sk-learn-contrib-module", NULL},
    {"npm_config_cache=/tmp/x hf_model/config.json pypi-attestation-models-and-more", NULL},
    {"AKIAIOSFODNN7EXAMPLE", "AKIA***"},
    {"ghp_short12 AKIA1234567 sk-ant-abc1234", NULL},
    {"ghp_aaaaBBBBccccDDDD1111 gho_aaaaBBBBccccDDDD", "ghp_*** gho_***"},
    {"github_pat_11AAAAAA0_abcdef", "github_pat_***"},
    {"https://user:pass@host/x http://host:80/a@b", "https://user:***@host/x http://host:80/a@b"},
    {"postgres://u:p%40ss@db:5432/x", "postgres://u:***@db:5432/x"},
    {"nats://t0k@h:1/a git://me@h/a", "nats://***@h:1/a git://me@h/a"},
    {"nats://u:p@h:1/a nats://h:4222/a@b", "nats://u:***@h:1/a nats://h:4222/a@b"},
    {"git@host:path http://host:8080 file://x", NULL},
    {"{\"command\":\"psql postgres://u:longpa\"}", "{\"command\":\"psql postgres://u:***\"}"},
    {"mysql --password hunter -u me", "mysql --password *** -u me"},
    {"mysql --password=hunter", "mysql --password=***"},
    {"mysql --password \"two words\" -u", "mysql --password \"***\" -u"},
    {"--api-key 'a b'", "--api-key '***'"},
    {"tool --token $TOKEN --password=${P} PASSWORD=$P", NULL},
    {"tool --token -v pg_dump --no-password mydb", NULL},
    {"export AWS_SECRET_ACCESS_KEY=abc/def+1 AWS_REGION=eu",
     "export AWS_SECRET_ACCESS_KEY=*** AWS_REGION=eu"},
    {"export AWS_SECRET=AWSSECRET", "export AWS_SECRET=***"},
    {"OPENAI_API_KEY='abc' run", "OPENAI_API_KEY='***' run"},
    {"PASSWORD= make", NULL},
    {"x-api-key: abc123x", "x-api-key: ***"},
    {"max_tokens=100 first_token: 684 token=100000000", NULL},
    {"def f(token: str, password: str)", NULL},
    {"if (token == NULL) token := x; crate::token::Token; token => 1", NULL},
    {"git commit -m \"token: handle expiry\"", NULL},
    {"Enter password:\nCloning into", NULL},
    {"secret:\n  name: x", NULL},
    {"{\"password\":\"a\",\"n\":1}", "{\"password\":\"***\",\"n\":1}"},
    {"{\"clientSecret\" : \"a, b c\"}", "{\"clientSecret\" : \"***\"}"},
    {"{\"passphrase\":\"a \\\"b\\\" c\\\\\",\"n\":1}", "{\"passphrase\":\"***\",\"n\":1}"},
    {"{\"token\":12,\"secret\":null,\"password\":{\"a\":1}}", NULL},
    {"{\"args\":[\"-y\",\"--token\",\"abc\",\"--password\"]}",
     "{\"args\":[\"-y\",\"--token\",\"***\",\"--password\"]}"},
    {"{\"body\":\"{\\\"apiKey\\\":\\\"a b\\\",\\\"n\\\":1}\"}",
     "{\"body\":\"{\\\"apiKey\\\":\\\"***\\\",\\\"n\\\":1}\"}"},
    {"{\"max_tokens\":\"5\",\"input_tokens\":7}", NULL},
    {"Cookie: a=b1c2d3; c=d", "Cookie: ***; c=d"},
    {"Authorization: Bearer ab rest, authorization: required",
     "Authorization: *** rest, authorization: required"},
    {"-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----",
     "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----"},
    {"{\"command\":\"grep \\\"-----BEGIN PRIVATE KEY-----\\\" .\"}", NULL},
    {"{\"a\":\"-----BEGIN PRIVATE KEY-----\\nMI\",\"b\":\"-----END \"}",
     "{\"a\":\"-----BEGIN PRIVATE KEY-----***\",\"b\":\"-----END \"}"},
    {"-----BEGIN CERTIFICATE-----", NULL},
    {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJ***"},
    {"password", NULL},
    {"password:", NULL},
    {"the token is not here", NULL},
    {"", NULL},
};

TEST(keys_and_passwords_are_masked)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out;
        strbuf_init(&out, &mem_libc, 0);
        bool masked = mask_secrets(rows[i].text, strlen(rows[i].text), &out);
        if (rows[i].masked == NULL) {
            if (masked) {
                fail_msg("%s became %s", rows[i].text, out.data);
            }
            assert_int_equal(out.len, 0);
        } else {
            assert_true(masked);
            assert_string_equal(out.data, rows[i].masked);
        }
        strbuf_release(&out);
    }
}

/* A part of a key would look like any text. */
TEST(a_cut_leaves_no_part_of_a_secret)
{
    static const struct {
        const char *text;
        size_t max;
        const char *cut;
    } cuts[] = {
        {"echo ghp_abcdefghijklmnopqrstuvwxyz0123456789 x", 20, "echo ghp_"},
        {"echo ghp_abcdefghijklmnopqrstuvwxyz0123456789 x", 7, "echo gh"},
        {"echo ghp_abcdefghijklmnopqrstuvwxyz0123456789 x", 46,
         "echo ghp_abcdefghijklmnopqrstuvwxyz0123456789 "},
        {"x --password hunter2hunter2 y", 17, "x --password "},
        {"curl http://u:secretpassword@h/", 20, "curl http://u:"},
        {"no secret here", 5, "no se"},
        {"short", 5, "short"},
        {"\xc3\xa4\xc3\xa4", 3, "\xc3\xa4"},
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        size_t len = mask_cut(cuts[i].text, strlen(cuts[i].text), cuts[i].max);
        if (len != strlen(cuts[i].cut) || memcmp(cuts[i].text, cuts[i].cut, len) != 0) {
            fail_msg("%s: %.*s", cuts[i].text, (int)len, cuts[i].text);
        }
    }
}

/* Whatever is masked, what was JSON is JSON, and it ends as it did. */
TEST(json_stays_json)
{
    static const char *const parts[] = {"\"password\":",
                                        "\"a\":",
                                        "\"sk-aaaaaaaaaaaa\"",
                                        "\"x\"",
                                        "1",
                                        "\"https://u:p@h\"",
                                        "\"--token\\n\\\"x\\\\\"",
                                        "\"Bearer \\\\abcdefgh\"",
                                        "\"api_key=\\\"v\\\"\"",
                                        "\"Cookie: \\\\\"",
                                        "\"x -----BEGIN PRIVATE KEY-----\\\" .\"",
                                        "[\"--token\"]",
                                        "[\"--password\",\"v\"]",
                                        "\"-----BEGIN PRIVATE KEY-----\\nM\\\\\"",
                                        "\"token=\\\"\"",
                                        "\"password='\"",
                                        "\"'secret':'a\\\\'\"",
                                        "null"};
    uint64_t seed = 5;
    for (int round = 0; round < 20000; round++) {
        struct strbuf json, out;
        strbuf_init(&json, &mem_libc, 0);
        strbuf_init(&out, &mem_libc, 0);
        strbuf_adds(&json, "{");
        for (uint64_t n = 1 + support_random_below(&seed, 4); n > 0; n--) {
            strbuf_adds(&json, parts[support_random_below(&seed, 2)]);
            strbuf_adds(&json,
                        parts[2 + support_random_below(&seed, sizeof parts / sizeof *parts - 2)]);
            strbuf_adds(&json, n > 1 ? "," : "}");
        }
        struct json_error error;
        struct json_value value;
        assert_true(json_check(json.data, json.len, 64, &value, &error));
        if (mask_secrets(json.data, json.len, &out) &&
            !json_check(out.data, out.len, 64, &value, &error)) {
            fail_msg("%s became %s", json.data, out.data);
        }
        strbuf_release(&json);
        strbuf_release(&out);
    }
}
