/* The program: sets up locale, environment and options, then runs one command. */
#include "tui/app/app.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/config.h"
#include "tui/cmd/options_help.h"
#include "tui/doctor/doctor.h"
#include "tui/screen/console.h"

#include "core/base/version.h"
#include "ingest/sources.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int (*const commands[COMMANDS])(const struct options *) = {
    [COMMAND_WATCH] = cmd_watch, [COMMAND_RECORD] = cmd_record, [COMMAND_REPORT] = cmd_report,
    [COMMAND_DUMP] = cmd_dump,   [COMMAND_EMIT] = cmd_emit,     [COMMAND_HOOK] = cmd_hook,
    [COMMAND_SETUP] = cmd_setup, [COMMAND_DOCTOR] = cmd_doctor, [COMMAND_STATUS] = cmd_status,
    [COMMAND_OPEN] = cmd_open,   [COMMAND_DEMO] = cmd_demo,
};

static int print(struct strbuf *text)
{
    struct strbuf error;
    bool ok;

    strbuf_init(&error, &mem_libc, 0);
    ok = console_print(text, CONSOLE_TEXT, &error);
    if (!ok) {
        console_error(&error);
    }
    strbuf_release(&error);
    strbuf_release(text);
    return ok ? 0 : 1;
}

static int print_version(void)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_adds(&text, "swarmtop " SWARMTOP_VERSION "\n");
    strbuf_adds(&text, "features:");
    for (const struct feature *feature = source_features; feature->name != NULL; feature++) {
        strbuf_addf(&text, " %c%s", feature->built ? '+' : '-', feature->name);
    }
    strbuf_addc(&text, '\n');
    return print(&text);
}

static int print_config(void)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    config_print(&text);
    return print(&text);
}

static int print_help(enum command command)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    options_help(command, &text);
    if (command == COMMAND_EMIT) {
        cmd_emit_help(&text);
    }
    if (command == COMMAND_SETUP) {
        cmd_setup_help(&text);
    }
    return print(&text);
}

/* Prints what is wrong with the command line or the config file. Returns the exit status. A text
   that could not be made is a lack of memory. */
static int print_wrong(const struct strbuf *error)
{
    console_error(error);
    return error->data != NULL && !error->failed ? 2 : 1;
}

static int run(int argc, char **argv)
{
    struct environment env;
    struct options options;
    struct strbuf error, path, config;
    bool given;
    int status;
    options_environment(&env);
    strbuf_init(&error, &mem_libc, 0);
    strbuf_init(&path, &mem_libc, 0);
    strbuf_init(&config, &mem_libc, 0);
    config_path(argc, argv, &env, &path, &given);
    if (!config_read(path.data != NULL ? path.data : "", given, &config, &error)) {
        status = print_wrong(&error);
        options = (struct options){.command = COMMAND_WATCH};
    } else if (!options_parse(&options, argc, argv, &env, config.data, path.data, &error)) {
        status = print_wrong(&error);
        if (status == 2 && options.command == COMMAND_WATCH) {
            console_notef("Try `swarmtop --help`.\n");
        } else if (status == 2) {
            console_notef("Try `swarmtop %s --help`.\n", command_rows[options.command].name);
        }
    } else if (options.help) {
        status = print_help(options.command);
    } else if (options.version) {
        status = print_version();
    } else if (options.print_config) {
        status = print_config();
    } else {
        options.ascii |= strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
        status = commands[options.command](&options);
    }
    options_release(&options);
    strbuf_release(&config);
    strbuf_release(&path);
    strbuf_release(&error);
    return status;
}

/* Descriptors 0 to 2 that the caller has closed would become those of sockets and files. These
   stand-ins cannot be written to, as before. False: no more descriptors. */
static bool hold_standard_descriptors(void)
{
    int fd = -1;
    do {
        fd = open("/dev/null", O_RDONLY);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    return fd < 0 ? false : close(fd) == 0;
}

int main(int argc, char **argv)
{
    /* First, because everything below takes longer than the hook itself. */
    if (cmd_hook_at_once(argc, argv)) {
        return 0;
    }
    (void)hold_standard_descriptors(); /* without descriptors nothing opens, and that is reported */
    /* LC_CTYPE only: numbers keep their decimal point in any locale. */
    if (setlocale(LC_CTYPE, "") == NULL && errno == ENOMEM) {
        console_errorf("out of memory");
        return 1;
    }
    /* A reader that closes its end makes a write fail instead of ending the process. */
    signal(SIGPIPE, SIG_IGN);
    /* A file that reaches RLIMIT_FSIZE is an error of the write, like a full disk. */
    signal(SIGXFSZ, SIG_IGN);
    return run(argc, argv);
}
