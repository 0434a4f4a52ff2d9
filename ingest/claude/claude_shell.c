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

/* Options that make a reader write. */
static const char *const writers[] = {
    "-delete",  "-exec", "-execdir", "-ok",        "-okdir", "-fprint",
    "-fprintf", "-fls",  "-i",       "--in-place", "-o",     "--output",
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

bool claude_shell_only_reads(struct slice command)
{
    struct shell shell = {.at = command.bytes, .end = command.bytes + command.len};
    size_t number = 0, commands = 0; /* of tokens in the simple command; of these */
    bool is_git = false;
    for (enum token token; (token = next_token(&shell)) != TOKEN_END;) {
        if (token == TOKEN_OTHER) {
            return false;
        }
        if (token == TOKEN_OPERATOR) {
            number = 0;
            continue;
        }
        bool reads = number == 0             ? IS_ONE_OF(shell.word, readers)
                     : number == 1 && is_git ? IS_ONE_OF(shell.word, git_readers)
                                             : !shell.is_bare || !IS_ONE_OF(shell.word, writers);
        if (!reads) {
            return false;
        }
        is_git = number == 0 ? strcmp(shell.word, "git") == 0 : is_git;
        commands += number == 0;
        number++;
    }
    return commands > 0;
}
