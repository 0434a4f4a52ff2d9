/* Commands that only read run beside other tools. */
#include "ingest/claude/claude_shell.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

TEST(commands_that_only_read_are_known_by_their_words)
{
    static const struct {
        const char *command;
        bool reads;
    } rows[] = {
        /* Seen beside other tools of their answer. */
        {"sleep 0.7; echo hello from bash", true},
        {"find . -name \"*.c\"", true},
        {"ls -la; sleep 0.3", true},
        {"sleep 20", true},
        /* Seen alone. */
        {"claude -p '[[script:sub-explore]] explore'", false},
        {"touch perm-a.txt; echo a", false},
        /* Their like. */
        {"git status && git log --oneline | head -3", true},
        {"git commit -m x", false},
        {"git", true},
        {"cd /x && make test", false},
        {"grep -rn 'a > b; rm' src 2>/dev/null | wc -l", true},
        {"grep x y 2>&1", true},
        {"cat a > b", false},
        {"cat a >>b", false},
        {"cat <<EOF", false},
        {"cat <in", true},
        {"echo $(rm x)", false},
        {"echo '$(rm x)'", true},
        {"echo `rm x`", false},
        {"sleep 5 &", false},
        {"(ls)", false},
        {"X=1 ls", false},
        {"find . -delete", false},
        {"find . -name '-delete'", true},
        {"sed -n 1,5p x", true},
        {"sed -i s/a/b/ x", false},
        {"sed -i.bak s/a/b/ x", false},
        {"sed -ni s/a/b/ x", false},
        {"sed --in-place=.b s/a/b/ x", false},
        {"sed --in s/a/b/ x", false},
        {"sed \"-i\" s/a/b/ x", false},
        {"sed -es/i/o/ x", true},
        {"sed -n -e 1,5p -- -i", true},
        {"grep -i error x | sort -u", true},
        {"grep -on x y", true},
        {"sort -of x", false},
        {"sort -uo f x", false},
        {"sort --output=f x", false},
        {"sort --out f x", false},
        {"sort -to -k2 x", true},
        {"tree -ofile", false},
        {"tree -L 2", true},
        {"git diff --output=f", false},
        {"git log --oneline -o", true},
        {"git ls-files -o", true},
        {"find . -name x -fprint0 y", false},
        {"find . -okdir rm x", false},
        {"date -s 12:00", false},
        {"date +%s", true},
        {"uniq a", true},
        {"uniq a b", false},
        {"xxd -r a b", false},
        {"less -olog x", false},
        {"rg --pre=./x y", false},
        {"sort a; sed -i x y", false},
        {"sort a; grep -o x y", true},
        {"/usr/bin/ls", false},
        {"echo \"half", false},
        {"echo \\", true},
        {"", false},
        {";;", false},
        {"2>", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        /* Of just that length: nothing may be read after it. */
        size_t len = strlen(rows[i].command);
        char *copy = malloc(len + 1);
        memcpy(copy, rows[i].command, len);
        bool reads = claude_shell_only_reads((struct slice){copy, len});
        free(copy);
        if (reads != rows[i].reads) {
            fail_msg("%s: %s", rows[i].command, reads ? "reads" : "does not");
        }
    }
    static const char nul[] = "cat x\0 y";
    assert_false(claude_shell_only_reads((struct slice){nul, sizeof nul - 1}));
    assert_false(claude_shell_only_reads((struct slice){nul, 6}));
    assert_false(claude_shell_only_reads((struct slice){NULL, 0}));
}
