/* The command line and the environment, as data. One table of commands and one of options: parsing,
   `--help` and the tables of doc/swarmtop.1 are made from them (options_help.h). */
#ifndef TUI_OPTIONS_H
#define TUI_OPTIONS_H

#include "core/export/document.h"
#include "tui/cmd/time_spec.h"
#include "tui/screen/keymap.h"

enum command {
    COMMAND_WATCH,
    COMMAND_RECORD,
    COMMAND_REPORT,
    COMMAND_DUMP,
    COMMAND_EMIT,
    COMMAND_HOOK,
    COMMAND_SETUP,
    COMMAND_DOCTOR,
    COMMAND_STATUS,
    COMMAND_OPEN,
    COMMAND_DEMO,
    COMMANDS
};

/* --format of commands that write a trace: by the file's name, unless it is given. */
enum trace_format { TRACE_BY_NAME, TRACE_JSON, TRACE_PERFETTO };
enum dump_format { DUMP_TEXT, DUMP_ANSI, DUMP_SVG };

/* Environment variables, borrowed; NULL: not set, or empty. */
struct environment {
    const char *session;           /* SWARMTOP_SESSION */
    const char *state_home;        /* XDG_STATE_HOME */
    const char *config_home;       /* XDG_CONFIG_HOME */
    const char *home;              /* HOME */
    const char *tmpdir;            /* TMPDIR */
    const char *claude_config_dir; /* CLAUDE_CONFIG_DIR */
    const char *perfetto_trace;    /* CLAUDE_CODE_PERFETTO_TRACE */
    const char *perfetto_interval; /* CLAUDE_CODE_PERFETTO_WRITE_INTERVAL_S */
    const char *tmux;              /* TMUX */
    const char *ssh_connection;    /* SSH_CONNECTION */
    bool no_color;                 /* NO_COLOR */
};

#define CONDITIONS_MAX 32 /* of --fail-if */

/* --journal-max: the default, and what one needs for its first lines. */
#define JOURNAL_DEFAULT_BYTES (1LL << 30)
#define JOURNAL_MIN_BYTES     4096

/* The command line. Texts are borrowed from argv, the environment and the config file. */
struct options {
    enum command command;
    bool help, version, print_config;
    bool bare_word; /* no command is given, and the first argument is a bare name of no file */
    struct environment env;

    char **arguments; /* sources; of emit: OP and KEY=VALUE; of setup: what */
    size_t argument_count, argument_cap;

    const char *output;      /* NULL: not given; "-": stdout */
    const char *feed;        /* of record; NULL: none; "-": stdout */
    double write_interval_s; /* 0: off */
    enum document_tracks tracks;
    enum trace_format trace_format;
    bool split;
    bool no_journal;
    uint64_t journal_max_bytes;

    bool follow, allow_remote;
    const char *token_file;
    const char *forward;   /* NULL: not given */
    size_t max_line_bytes; /* 0: the feed's own limits */
    int64_t since_ns;      /* 0: not given */
    bool content, no_mask;
    bool max_events_given;
    size_t max_events; /* 0: none */
    double for_s;      /* 0: no limit */
    struct time_spec from, to, at;

    bool no_color, ascii;
    unsigned fps;
    unsigned cols, rows; /* 0: not given */
    const char *keys;
    const char *filter; /* NULL: not given */
    bool bell;
    const char *notify; /* NULL: not given */
    enum dump_format format;
    bool json;
    bool why;
    uint64_t turn;       /* 0: all */
    const char *prices;  /* NULL: not given */
    const char *against; /* NULL: not given */
    const char *conditions[CONDITIONS_MAX];
    size_t condition_count;

    double replay; /* 0: not given */

    bool port_given;
    unsigned port; /* of open and of the key O; 0: any */

    unsigned agents;
    uint64_t seed;
    double speed;
    bool no_captions;

    const char *address, *session; /* of emit and hook; NULL: not given */
    const char *client;            /* hook: whose it is; NULL: Claude Code's */
    const char *payload;           /* hook: an argument in place of stdin; NULL: none */

    struct keymap keymap;
};

/* One bit per command, for option_row.commands. */
#define FOR(command) (1u << (command))

struct command_row {
    const char *name, *arguments, *meaning;
    const char *details; /* a paragraph for --help and the manual */
};

struct option_row {
    const char *name;     /* without the dashes */
    char letter;          /* 0: none */
    const char *argument; /* NULL: takes none */
    const char *meaning;
    unsigned commands; /* FOR(…) | … */
    /* Parses the argument ("" if the option has none). Returns false if it is wrong, with the
       reason or nothing in *error; the caller adds the option's name. */
    bool (*parse)(struct options *options, const char *argument, struct strbuf *error);
};

extern const struct command_row command_rows[COMMANDS];
extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* Reads the environment. Only this and address_default do so. */
void options_environment(struct environment *env);
/* Parses the command line. `config` is the text of the user's file at `config_path`; it gives
   defaults, and so does `env`. The text may be NULL; it is cut up and must live as long as the
   options. Returns false with `what: why` in *error; the exit status is then 2. Release *out with
   options_release in any case. */
bool options_parse(struct options *out, int argc, char *const *argv, const struct environment *env,
                   char *config, const char *config_path, struct strbuf *error);
void options_release(struct options *options);

#endif
