/* How an ssh ended, and what a person reads of it. */
#include "ingest/ssh/ssh_reason.h"

#include "tests/support/support.h"

#include <string.h>

TEST(a_reason_says_what_to_do)
{
    static const struct {
        int64_t status;
        int signal;
        const char *line, *want;
        bool slow;
    } rows[] = {
        {255, 0, "ssh: connect to host web1 port 22: Connection refused",
         "ssh: connect to host web1 port 22: Connection refused", false},
        {255, 0, "me@web1: Permission denied (publickey).",
         "no key is accepted; ssh-add your key, or ssh-copy-id web1 (me@web1: Permission denied",
         true},
        {255, 0, "Host key verification failed.", "run ssh web1 once to see it", true},
        {127, 0, "sh: 1: exec: swarmtop: not found", "install it: ssh web1 'mkdir -p .local/bin",
         true},
        {127, 0, "", "no swarmtop there", true},
        {127, 0, "swarmtop: error while loading shared libraries: libuv.so.1: cannot open",
         "libuv.so.1: cannot open", true},
        {2, 0, "swarmtop: --from: unknown", "(is the swarmtop there older?)", true},
        {0, 0, "", "the connection ended", false},
        {7, 0, "", "ssh ended with status 7", false},
        {0, 15, "", "ssh was ended by signal 15", false},
        /* No byte of it is a terminal's. */
        {255, 0, "\x1b]0;evil\a\x1b[2J\xff", "\\x1b]0;evil", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ssh_end end = {"web1", rows[i].status, rows[i].signal, rows[i].line};
        struct strbuf reason;
        strbuf_init(&reason, &mem_libc, 0);
        bool slow = ssh_reason_put(&end, &reason);
        if (strstr(reason.data, rows[i].want) == NULL || slow != rows[i].slow) {
            fail_msg("row %zu: %d %s", i, slow, reason.data);
        }
        assert_null(strchr(reason.data, '\x1b'));
        strbuf_release(&reason);
    }
}
