/* A small part of the shell's grammar: tokens with quotes, operators between simple commands,
   redirections. Whatever else a command has (a substitution, an assignment, a job in the
   background) makes it one that may change something. The list of commands is of those that were
   seen to run beside others, and their like. */
#include "ingest/claude/claude_shell.h"

#include <string.h>

enum { WORD_BYTES = 64 };

struct shell {
    const char *at, *end;
    char word[WORD_BYTES]; /* the last one, cut */
    bool is_bare;          /* without quotes */
};

enum token { TOKEN_WORD, TOKEN_OPERATOR, TOKEN_OTHER, TOKEN_END };

static const char *const readers[] = {
    "basename", "cal",     "cat",       "cd",       "cmp",      "column", "comm",    "cut",
    "date",     "df",      "diff",      "dirname",  "du",       "echo",   "egrep",   "exit",
    "expr",     "false",   "fgrep",     "file",     "find",     "fold",   "free",    "git",
    "grep",     "groups",  "head",      "hexdump",  "hostname", "id",     "jq",      "less",
    "locale",   "ls",      "md5sum",    "nl",       "nproc",    "od",     "paste",   "pgrep",
    "printf",   "ps",      "pwd",       "readlink", "realpath", "rev",    "rg",      "sed",
    "seq",      "sha1sum", "sha256sum", "sleep",    "sort",     "stat",   "strings", "tac",
    "tail",     "test",    "tr",        "tree",     "true",     "type",   "uname",   "uniq",
    "uptime",   "wc",      "which",     "whoami",   "xxd",      "[",
};

static const char *const git_readers[] = {
    "blame",      "cat-file", "describe", "diff",      "grep",     "log",  "ls-files", "ls-tree",
    "merge-base", "reflog",   "rev-list", "rev-parse", "shortlog", "show", "status",
};

/* The arguments that make a reader write. */
struct writer {
    const char *command;
    const char *letters;      /* short options that write, also `-ni` and with a value, `-i.bak` */
    const char *valued;       /* short options whose value ends the letters */
    const char *const *words; /* long options, which may be shortened; of find: its actions */
    size_t operands;          /* so many are read, the next one is written; 0: all are read */
};

static const char *const find_words[] = {"-delete", "-exec",    "-execdir", "-ok",  "-okdir",
                                         "-fprint", "-fprint0", "-fprintf", "-fls", NULL};
static const char *const sed_words[] = {"--in-place", NULL};
static const char *const output_words[] = {"--output", NULL};
static const char *const less_words[] = {"--log-file", "--LOG-FILE", NULL};
static const char *const date_words[] = {"--set", NULL};
static const char *const file_words[] = {"--compile", NULL};
static const char *const rg_words[] = {"--pre", NULL};
static const char *const hostname_words[] = {"--file", NULL};

static const struct writer writers[] = {
    {"date", "s", "dfrI", date_words, 0},
    {"file", "C", "fFmPe", file_words, 0},
    {"find", "", "", find_words, 0},
    {"git", "", "", output_words, 0},
    {"hostname", "F", "", hostname_words, 0},
    {"less", "oO", "", less_words, 0},
    {"rg", "", "", rg_words, 0},
    {"sed", "i", "efl", sed_words, 0},
    {"sort", "o", "kSTt", output_words, 0},
    {"tree", "o", "LPI", output_words, 0},
    {"uniq", "", "", NULL, 1},
    {"xxd", "", "", NULL, 1},
};

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

#define IS_ONE_OF(word, words) is_one_of(word, words, sizeof(words) / sizeof *(words))

static char peek(const struct shell *shell, size_t ahead)
{
    return (size_t)(shell->end - shell->at) > ahead ? shell->at[ahead] : '\0';
}

/* Passes a redirection; false: it writes a file, or is a document within the command. */
static bool redirect(struct shell *shell)
{
    static const char null[] = "/dev/null";
    bool writes = peek(shell, 0) == '>';
    shell->at++;
    if (!writes) {
        return peek(shell, 0) != '<' && peek(shell, 0) != '(';
    }
    shell->at += peek(shell, 0) == '>';
    if (peek(shell, 0) == '&') {
        shell->at++;
        bool number = peek(shell, 0) >= '0' && peek(shell, 0) <= '9';
        shell->at += number;
        return number;
    }
    while (peek(shell, 0) == ' ') {
        shell->at++;
    }
    bool nowhere = (size_t)(shell->end - shell->at) >= sizeof null - 1 &&
                   memcmp(shell->at, null, sizeof null - 1) == 0;
    shell->at += nowhere ? sizeof null - 1 : 0;
    return nowhere;
}

/* Reads a token. False: it has a substitution, a NUL, or a quote without an end. */
static bool read_word(struct shell *shell)
{
    size_t len = 0;
    char quote = '\0';
    shell->is_bare = true;
    for (; shell->at < shell->end; shell->at++) {
        char c = *shell->at;
        if (c == '\0' || c == '`' || (c == '$' && quote != '\'' && peek(shell, 1) == '(')) {
            return false;
        }
        if (quote == '\0' && strchr(" \t\n;&|()<>", c) != NULL) {
            break;
        }
        if (c == quote) {
            quote = '\0';
            continue;
        }
        if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
            shell->is_bare = false;
            continue;
        }
        if (c == '\\' && quote != '\'' && shell->at + 1 < shell->end) {
            c = *++shell->at;
        }
        shell->word[len] = c;
        len += len < WORD_BYTES - 1;
    }
    shell->word[len] = '\0';
    return quote == '\0';
}

static enum token next_token(struct shell *shell)
{
    while (peek(shell, 0) == ' ' || peek(shell, 0) == '\t') {
        shell->at++;
    }
    char c = peek(shell, 0);
    if (shell->at == shell->end) {
        return TOKEN_END;
    }
    if (c == ';' || c == '\n' || c == '|' || (c == '&' && peek(shell, 1) == '&')) {
        shell->at += peek(shell, 1) == c && c != '\n' ? 2 : 1;
        return TOKEN_OPERATOR;
    }
    bool numbered = c >= '0' && c <= '9' && (peek(shell, 1) == '>' || peek(shell, 1) == '<');
    shell->at += numbered;
    if (numbered || c == '>' || c == '<') {
        return redirect(shell) ? next_token(shell) : TOKEN_OTHER;
    }
    if (c == '&' || c == '(' || c == ')' || !read_word(shell)) {
        return TOKEN_OTHER;
    }
    return TOKEN_WORD;
}

static const struct writer *writer_of(const char *command)
{
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        if (strcmp(writers[i].command, command) == 0) {
            return &writers[i];
        }
    }
    return NULL;
}

static bool has_letter(const struct writer *writer, const char *letters)
{
    for (; *letters != '\0' && strchr(writer->valued, *letters) == NULL; letters++) {
        if (strchr(writer->letters, *letters) != NULL) {
            return true;
        }
    }
    return false;
}

/* Returns whether the long option is one of those that write, `--output=FILE` and `--out` too. */
static bool has_word(const struct writer *writer, const char *word)
{
    size_t len = strcspn(word, "=");
    for (const char *const *at = writer->words; at != NULL && *at != NULL; at++) {
        if (strncmp(word, *at, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_exactly(const struct writer *writer, const char *word)
{
    for (const char *const *at = writer->words; *at != NULL; at++) {
        if (strcmp(word, *at) == 0) {
            return true;
        }
    }
    return false;
}

/* A simple command, as far as it was read. */
struct command {
    size_t number;                    /* of its tokens */
    const struct writer *writer;      /* NULL: no option makes it write */
    bool is_git, is_find, no_options; /* no_options: `--` was read */
    size_t operands;
};

/* Returns whether the next argument lets the command write. */
static bool writes(struct command *command, const struct shell *shell)
{
    const struct writer *writer = command->writer;
    const char *word = shell->word;
    if (writer == NULL) {
        return false;
    }
    if (command->is_find) {
        return shell->is_bare && has_exactly(writer, word);
    }
    if (command->no_options || word[0] != '-' || word[1] == '\0') {
        return writer->operands > 0 && ++command->operands > writer->operands;
    }
    command->no_options = strcmp(word, "--") == 0;
    return !command->no_options &&
           (word[1] == '-' ? has_word(writer, word) : has_letter(writer, word + 1));
}

/* Returns whether the command still only reads with the next token. */
static bool still_reads(struct command *command, const struct shell *shell)
{
    size_t number = command->number++;
    if (number == 0) {
        command->writer = writer_of(shell->word);
        command->is_git = strcmp(shell->word, "git") == 0;
        command->is_find = strcmp(shell->word, "find") == 0;
        return IS_ONE_OF(shell->word, readers);
    }
    if (number == 1 && command->is_git) {
        return IS_ONE_OF(shell->word, git_readers);
    }
    return !writes(command, shell);
}

bool claude_shell_only_reads(struct slice text)
{
    if (text.len == 0) {
        return false;
    }
    struct shell shell = {.at = text.bytes, .end = text.bytes + text.len};
    struct command command = {.number = 0};
    size_t commands = 0;
    for (enum token token; (token = next_token(&shell)) != TOKEN_END;) {
        if (token == TOKEN_OTHER) {
            return false;
        }
        if (token == TOKEN_OPERATOR) {
            command = (struct command){.number = 0};
            continue;
        }
        commands += command.number == 0;
        if (!still_reads(&command, &shell)) {
            return false;
        }
    }
    return commands > 0;
}
