/* The config file: options by their names, keys, and errors with line numbers. */
#include "tests/support/support.h"
#include "tui/cmd/config.h"
#include "tui/cmd/options_help.h"
#include "tui/screen/keymap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct environment env = {.home = "/home/u"};

/* Parses a command line, split at spaces. */
static bool parse(struct options *out, char *config, const char *line, struct strbuf *error)
{
    static char words[200];
    static char *argv[20];
    int argc = 0;
    snprintf(words, sizeof words, "swarmtop %s", line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    return options_parse(out, argc, argv, &env, config, "the/config", error);
}

TEST(options_have_their_names_of_the_command_line)
{
    struct options options;
    struct strbuf error;
    char config[] =
        "# a comment\n\n  fps = 5\nmax-events 7\r\nno-color\nfilter= a b \njson\nsize=80x24\n";
    strbuf_init(&error, &mem_libc, 0);
    assert_true(parse(&options, config, "watch x", &error));
    assert_int_equal(options.fps, 5);
    assert_int_equal(options.max_events, 7);
    assert_true(options.no_color);
    assert_string_equal(options.filter, "a b");
    assert_false(options.json); /* an option of report only */
    assert_int_equal(options.cols, 120);
    options_release(&options);
    strbuf_release(&error);
}

TEST(the_command_line_wins)
{
    struct options options;
    struct strbuf error;
    char config[] = "fps = 5\noutput = a.json";
    strbuf_init(&error, &mem_libc, 0);
    assert_true(parse(&options, config, "--fps 20 -o b.json x.json", &error));
    assert_int_equal(options.fps, 20);
    assert_string_equal(options.output, "b.json");
    options_release(&options);
    strbuf_release(&error);
}

TEST(keys_are_bound_by_the_names_of_actions)
{
    struct options options;
    struct strbuf error;
    char config[] = "bind zoom-in = i Space\nbind quit = Q\nbind log =\n";
    strbuf_init(&error, &mem_libc, 0);
    assert_true(parse(&options, config, "x.json", &error));
    const struct keymap *keymap = &options.keymap;
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'i'}, IN_TIMELINE), ACTION_ZOOM_IN);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'w'}, IN_TIMELINE), ACTION_NONE);
    /* A bound key overrides the table. */
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = ' '}, IN_TIMELINE), ACTION_ZOOM_IN);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = ' '}, IN_AGENTS), ACTION_FREEZE);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'q'}, IN_HELP), ACTION_NONE);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'Q'}, IN_HELP), ACTION_QUIT);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = '5'}, IN_TIMELINE), ACTION_NONE);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'j'}, IN_TIMELINE),
                     ACTION_ROW_DOWN);
    options_release(&options);
    strbuf_release(&error);
}

TEST(the_printed_file_has_all_keys_and_defaults)
{
    struct options options;
    struct strbuf text, lines, error;
    size_t binds = 0;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&lines, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    options_config(&text);
    assert_non_null(strstr(text.data, "\n# fps = 10\n"));
    assert_non_null(strstr(text.data, "\n# follow\n"));
    assert_null(strstr(text.data, "# help"));
    /* All of it is a comment; without the signs its keys are those that are bound anyway. */
    for (char *at = text.data, *next; *at; at = next) {
        next = strchr(at, '\n') + 1;
        assert_true(*at == '#' || *at == '\n');
        if (strncmp(at, "# bind ", 7) == 0 || strncmp(at, "# fps", 5) == 0) {
            strbuf_add(&lines, at + 2, (size_t)(next - at) - 2);
            binds += at[2] == 'b';
        }
    }
    assert_int_equal(binds, ACTIONS - 1);
    assert_true(parse(&options, text.data, "watch x", &error));
    options_release(&options);
    assert_true(parse(&options, lines.data, "watch x", &error));
    assert_int_equal(options.fps, 10);
    options_release(&options);
    strbuf_release(&text);
    strbuf_release(&lines);
    strbuf_release(&error);
}

TEST(an_error_names_its_line)
{
    static const struct {
        const char *config, *error;
    } wrong[] = {
        {"fps = 5\nfpss = 1", "the/config:2: fpss: no such option"},
        {"fps = x", "the/config:1: fps: "},
        {"fps", "the/config:1: fps: needs N"},
        {"no-color = yes", "the/config:1: no-color: takes no value"},
        {"\n\nbind zoomin = i", "the/config:3: bind zoomin: no such action"},
        {"bind zoom-in = Foo", "the/config:1: bind zoom-in: no such key"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct options options;
        struct strbuf error;
        char config[80];
        strbuf_init(&error, &mem_libc, 0);
        snprintf(config, sizeof config, "%s", wrong[i].config);
        assert_false(parse(&options, config, "x.json", &error));
        if (strncmp(error.data, wrong[i].error, strlen(wrong[i].error)) != 0) {
            fail_msg("%s", error.data);
        }
        options_release(&options);
        strbuf_release(&error);
    }
}

TEST(its_path_follows_from_the_environment)
{
    static const struct {
        const char *config_home, *home, *line, *path;
        bool given;
    } cases[] = {
        {"/c", "/h", "", "/c/swarmtop/config", false},
        {NULL, "/h", "", "/h/.config/swarmtop/config", false},
        {NULL, NULL, "", "", false},
        {"/c", "/h", "--config f x", "f", true},
        {"/c", "/h", "x --config=g", "g", true},
        {"/c", "/h", "-- --config=g", "/c/swarmtop/config", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct environment own = {.config_home = cases[i].config_home, .home = cases[i].home};
        char name[] = "swarmtop", words[80], *argv[10] = {name};
        struct strbuf path;
        bool given;
        int argc = 1;
        snprintf(words, sizeof words, "%s", cases[i].line);
        for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
            argv[argc++] = word;
        }
        strbuf_init(&path, &mem_libc, 0);
        config_path(argc, argv, &own, &path, &given);
        assert_string_equal(path.data ? path.data : "", cases[i].path);
        assert_int_equal(given, cases[i].given);
        strbuf_release(&path);
    }
}

TEST(the_default_file_may_be_missing)
{
    struct strbuf text, error;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    assert_true(config_read("/no/such/file", false, &text, &error));
    assert_int_equal(text.len, 0);
    assert_false(config_read("/no/such/file", true, &text, &error));
    assert_string_equal(error.data, "/no/such/file: cannot read: No such file or directory");
    strbuf_release(&text);
    strbuf_release(&error);
}

/* /dev/zero has no end. */
TEST(a_file_beyond_the_maximum_is_refused)
{
    const char *path = support_path(support_tmpdir(), "config");
    static char bytes[CONFIG_MAX_BYTES + 1];
    struct strbuf text, error;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    memset(bytes, '#', sizeof bytes);
    support_write_file(path, bytes, CONFIG_MAX_BYTES);
    assert_true(config_read(path, true, &text, &error));
    assert_int_equal(text.len, CONFIG_MAX_BYTES);
    strbuf_clear(&text);
    support_write_file(path, bytes, CONFIG_MAX_BYTES + 1);
    assert_false(config_read(path, true, &text, &error));
    assert_non_null(strstr(error.data, "config: cannot read: larger than 256 KB"));
    strbuf_clear(&text);
    strbuf_clear(&error);
    assert_false(config_read("/dev/zero", true, &text, &error));
    assert_string_equal(error.data, "/dev/zero: cannot read: larger than 256 KB");
    strbuf_release(&text);
    strbuf_release(&error);
}
