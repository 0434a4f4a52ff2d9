/* The first line as a command line, blanks between its arguments, the rest as the config file of
   every command. What is refused has a reason, and what is taken can be released. */
#include "tests/fuzz/fuzz_model.h"
#include "tui/cmd/config.h"

#include <string.h>

enum { ARGUMENTS = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(int argc, char **argv, char *config)
{
    struct environment env = {.home = "/nonexistent"};
    struct options options;
    struct strbuf error, path;
    bool given;
    strbuf_init(&error, &mem_libc, 0);
    strbuf_init(&path, &mem_libc, 0);
    config_path(argc, argv, &env, &path, &given);
    if (!options_parse(&options, argc, argv, &env, config, "fuzz", &error)) {
        fuzz_require(error.len > 0);
    }
    fuzz_require((int)options.command < COMMANDS);
    options_release(&options);
    strbuf_release(&path);
    strbuf_release(&error);
}

static void check_config(const char *text, enum command command)
{
    char name[16], program[] = "swarmtop", source[] = "-";
    char *argv[] = {program, name, source, NULL};
    char *config = strdup(text);
    strncpy(name, command_rows[command].name, sizeof name - 1);
    name[sizeof name - 1] = '\0';
    parse(3, argv, config);
    free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(size + 1, 1), program[] = "swarmtop", *argv[ARGUMENTS + 1] = {program};
    int argc = 1;
    memcpy(text, data, size);
    char *rest = strchr(text, '\n');
    if (rest != NULL) {
        *rest++ = '\0';
        for (int i = 0; i < COMMANDS; i++) {
            check_config(rest, (enum command)i);
        }
    }
    for (char *at = strtok_r(text, " ", &rest); at != NULL && argc < ARGUMENTS;
         at = strtok_r(NULL, " ", &rest)) {
        argv[argc++] = at;
    }
    parse(argc, argv, NULL);
    free(text);
    return 0;
}
