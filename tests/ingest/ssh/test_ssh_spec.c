/* What is named is a table, and so is what runs there: nothing of it reaches a shell unquoted. */
#include "ingest/ssh/ssh_spec.h"

#include "tests/support/support.h"

#include <math.h>
#include <string.h>

TEST(a_spec_names_a_host_and_sources_there)
{
    static const struct {
        const char *argument, *host, *sources, *wrong;
    } rows[] = {
        {"web1", "web1", "", NULL},
        {"me@web-1.example.org", "me@web-1.example.org", "", NULL},
        {"web1:", "web1", "", NULL},
        {"web1:claude:", "web1", "claude:", NULL},
        {"me@h3:codex:,qwen:/srv/a b,otlp:localhost:4318", "me@h3",
         "codex:,qwen:/srv/a b,otlp:localhost:4318", NULL},
        {"[fe80::1%eth0]:claude:", "fe80::1%eth0", "claude:", NULL},
        {"[::1]", "::1", "", NULL},
        {"", NULL, NULL, "no host is named"},
        {":claude:", NULL, NULL, "no host is named"},
        {"-oProxyCommand=x", NULL, NULL, "does not begin with `-`"},
        {"[-oProxyCommand=x]", NULL, NULL, "does not begin with `-`"},
        {"me@", NULL, NULL, "no host is named"},
        {"a;b", NULL, NULL, "a host has letters"},
        {"$(x)", NULL, NULL, "a host has letters"},
        {"a b", NULL, NULL, "a host has letters"},
        {"a\nb", NULL, NULL, "a host has letters"},
        {"[::1", NULL, NULL, "a host has letters"},
        {"web1:/tmp/trace.json", NULL, NULL, "a SOURCE there is"},
        {"web1:ssh:web2", NULL, NULL, "a SOURCE there is"},
        {"web1:claude:,", "web1", "claude:,", NULL},
        {"web1:,claude:", NULL, NULL, "a SOURCE there is"},
        {"web1:-o", NULL, NULL, "a SOURCE there is"},
        {"web1:claude:/a\\", NULL, NULL, "a backslash"},
        {"web1:claude:\x1b[2J", NULL, NULL, "a control character"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ssh_spec spec;
        struct strbuf error;
        strbuf_init(&error, &mem_libc, 0);
        bool good = ssh_spec_parse("ssh:X", rows[i].argument, &spec, &error);
        if (good != (rows[i].wrong == NULL)) {
            fail_msg("%s: %s", rows[i].argument, error.len > 0 ? error.data : "taken");
        }
        if (good) {
            assert_string_equal(spec.host, rows[i].host);
            assert_string_equal(spec.sources, rows[i].sources);
        } else if (strstr(error.data, rows[i].wrong) == NULL) {
            fail_msg("%s: %s", rows[i].argument, error.data);
        }
        strbuf_release(&error);
    }
}

TEST(a_host_has_no_user_in_its_name)
{
    static const char *const rows[][2] = {
        {"web2", "web2"}, {"me@web2", "web2"}, {"me@corp@web2", "web2"}, {"me@fe80::1", "fe80::1"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(ssh_host_name(rows[i][0]), rows[i][1]);
    }
}

TEST(a_spec_that_is_too_long_is_refused)
{
    char argument[SSH_SOURCES_BYTES + 100];
    struct ssh_spec spec;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    memset(argument, 'a', sizeof argument);
    argument[SSH_HOST_BYTES] = '\0';
    assert_false(ssh_spec_parse("ssh:X", argument, &spec, &error));
    memset(argument, 'a', sizeof argument);
    memcpy(argument, "h:claude:", 9);
    argument[sizeof argument - 1] = '\0';
    assert_false(ssh_spec_parse("ssh:X", argument, &spec, &error));
    strbuf_release(&error);
}

TEST(the_command_quotes_what_a_person_gave)
{
    static const struct {
        struct ssh_command command;
        const char *end;
    } rows[] = {
        {{.sources = "", .from_ms = NAN}, " swarmtop"},
        {{.sources = "claude:,codex:/a b", .follow = true, .from_ms = NAN},
         " swarmtop --follow 'claude:' 'codex:/a b'"},
        {{.sources = "claude:/x'; rm -rf ~; '", .from_ms = NAN},
         " swarmtop 'claude:/x'\\''; rm -rf ~; '\\'''"},
        {{.sources = "claude:$(id)`id`", .from_ms = NAN}, " swarmtop 'claude:$(id)`id`'"},
        {{.sources = "", .follow = true, .from_ms = 1760000000123},
         " swarmtop --follow --from 2025-10-09T08:53:20.123Z"},
        {{.sources = "", .from_ms = NAN, .since_ns = 90000000000, .content = true, .no_mask = true},
         " swarmtop --since 90.000s --content --no-mask"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf command;
        strbuf_init(&command, &mem_libc, 0);
        ssh_command_put(&rows[i].command, &command);
        assert_non_null(strstr(command.data, "exec sh -c 'PATH="));
        const char *end = strstr(command.data, "\"$@\"' swarmtop");
        assert_non_null(end);
        assert_string_equal(end + 5, rows[i].end);
        strbuf_release(&command);
    }
}
