/* The config file: options by their names, keys, and errors with line numbers. */
#include "tests/support/support.h"
#include "tui/cmd/config.h"
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
    char config[] = "bind zoom-in = i Space\nbind quit = Q\nbind log =\nbind freeze = Z\n"
                    "bind fit-span =\nbind freeze = f\n";
    strbuf_init(&error, &mem_libc, 0);
    assert_true(parse(&options, config, "x.json", &error));
    const struct keymap *keymap = &options.keymap;
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'i'}, IN_TIMELINE), ACTION_ZOOM_IN);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'w'}, IN_TIMELINE), ACTION_NONE);
    /* A key is free once its action has others. The last bind of an action holds. */
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = ' '}, IN_TIMELINE), ACTION_ZOOM_IN);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = ' '}, IN_AGENTS), ACTION_NONE);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'f'}, IN_AGENTS), ACTION_FREEZE);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'Z'}, IN_AGENTS), ACTION_NONE);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'q'}, IN_HELP), ACTION_NONE);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'Q'}, IN_HELP), ACTION_QUIT);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = '5'}, IN_TIMELINE), ACTION_NONE);
    assert_int_equal(keymap_lookup(keymap, (struct key){.code = 'j'}, IN_TIMELINE),
                     ACTION_ROW_DOWN);
    options_release(&options);
    strbuf_release(&error);
}

/* Removes the first sign of each setting. Returns the number of binds. */
static size_t uncomment(const char *text, struct strbuf *out)
{
    size_t binds = 0;
    for (const char *at = text, *next; *at; at = next) {
        next = strchr(at, '\n') + 1;
        assert_true(*at == '#' || *at == '\n');
        assert_true(next - at <= 81);
        at += *at == '#' && at[1] != ' ';
        strbuf_add(out, at, (size_t)(next - at));
        binds += strncmp(at, "bind ", 5) == 0;
    }
    return binds;
}

static void assert_same_options(const struct options *a, const struct options *b)
{
    struct options copies[] = {*a, *b};
    const struct action_info *info;
    for (size_t i = 0; (info = keymap_action(i)) != NULL; i++) {
        assert_string_equal(keymap_keys(&a->keymap, info), keymap_keys(&b->keymap, info));
    }
    for (int i = 0; i < 2; i++) {
        struct options *copy = &copies[i];
        memset(&copy->keymap, 0, sizeof copy->keymap);
        copy->arguments = NULL;
        /* `--since 1h` is what an absent one means. */
        copy->since_ns = copy->since_ns == INT64_C(3600000000000) ? 0 : copy->since_ns;
        assert_true(copy->write_interval_s <= 0 && copy->for_s <= 0 && copy->replay <= 0);
    }
    assert_memory_equal(&copies[0], &copies[1], sizeof copies[0]);
}

TEST(the_printed_file_without_its_signs_changes_nothing)
{
    struct strbuf text, lines, error;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&lines, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    config_print(&text);
    assert_non_null(strstr(text.data, "\n#fps = 10\n"));
    assert_non_null(strstr(text.data, "\n##follow\n"));
    assert_non_null(strstr(text.data, "\n#format = text\n"));
    assert_null(strstr(text.data, "#help"));
    assert_int_equal(uncomment(text.data, &lines), ACTIONS - 1);
    for (int command = 0; command < COMMANDS; command++) {
        static const char *const arguments[] = {
            [COMMAND_EMIT] = "hello",
            [COMMAND_SETUP] = "claude",
            [COMMAND_HOOK] = "",
            [COMMAND_DEMO] = "",
        };
        const size_t count = sizeof arguments / sizeof *arguments;
        bool other = (size_t)command >= count || arguments[command] == NULL;
        char line[80], *configs[] = {NULL, strdup(text.data), strdup(lines.data)};
        struct options options[3];
        snprintf(line, sizeof line, "%s %s", command_rows[command].name,
                 other ? "x" : arguments[command]);
        for (int i = 0; i < 3; i++) {
            if (!parse(&options[i], configs[i], line, &error)) {
                fail_msg("%s: %s", line, error.data);
            }
            assert_same_options(&options[i], &options[0]);
        }
        for (int i = 0; i < 3; i++) {
            options_release(&options[i]);
            free(configs[i]);
        }
    }
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
        {"ascii\nascci", "the/config:2: ascci: no such option; did you mean ascii?"},
        {"fps = 0", "the/config:1: fps: '0' is not a whole number from 1 to 120"},
        {"help", "the/config:1: help: not an option of a config file"},
        {"config = x", "the/config:1: config: not an option of a config file"},
        {"\nprint-config", "the/config:2: print-config: not an option of a config file"},
        /* An option of another command alone */
        {"size = 80", "the/config:1: size: '80' is not a size from 1x1 to "},
        {"format = png",
         "the/config:1: format: 'png' is not json or perfetto, and 'png' is not text"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct options options;
        struct strbuf error;
        char config[160];
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

TEST(a_key_of_two_actions_is_refused)
{
    static const struct {
        const char *config, *error; /* NULL: accepted */
    } cases[] = {
        {"bind zoom-in = i Space", "the/config:1: bind zoom-in: Space is also the key of freeze by "
                                   "default; bind freeze to other keys, or to none: bind freeze ="},
        {"bind zoom-in = Space\nbind freeze = Z", NULL},
        {"bind freeze =\nbind zoom-in = Space", NULL},
        {"bind zoom-in = i\n\nbind log = i",
         "the/config:3: bind log: i is also the key of zoom-in (line 1)"},
        {"bind log = i\nbind zoom-in = i",
         "the/config:2: bind zoom-in: i is also the key of log (line 1)"},
        {"bind zoom-in = i\nbind zoom-in = w\nbind log = i", NULL},
        /* two actions that no view has both of */
        {"bind sort-left = w", NULL},
        {"bind sort-left = w W\nbind zoom-in = w W", NULL},
        {"bind zoom-in = i i", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options options;
        struct strbuf error;
        char config[160];
        strbuf_init(&error, &mem_libc, 0);
        snprintf(config, sizeof config, "%s", cases[i].config);
        bool ok = parse(&options, config, "x.json", &error);
        if (ok != (cases[i].error == NULL)) {
            fail_msg("%s: %s", cases[i].config, ok ? "accepted" : error.data);
        }
        if (!ok) {
            assert_string_equal(error.data, cases[i].error);
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
