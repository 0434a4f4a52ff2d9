/* ssh ends with 255 if it failed itself; else its status is the command's, which a shell makes 127
   if there is no such program. OpenSSH has no other sign of its reasons than their text. */
#include "ingest/ssh/ssh_reason.h"

#include "ingest/ingest_ctx.h"

#include <string.h>

enum { SSH_FAILED = 255, NOT_FOUND = 127, USAGE = 2 };

static bool has(const struct ssh_end *end, const char *text)
{
    return strstr(end->error_line, text) != NULL;
}

static void put_last_line(const struct ssh_end *end, struct strbuf *out)
{
    if (end->error_line[0] != '\0') {
        ingest_ctx_quote(out, end->error_line, strlen(end->error_line));
    } else if (end->signal != 0) {
        strbuf_addf(out, "ssh was ended by signal %d", end->signal);
    } else if (end->status == 0) {
        strbuf_adds(out, "the connection ended");
    } else {
        strbuf_addf(out, "ssh ended with status %lld", (long long)end->status);
    }
}

/* One line that installs this program there, as it is. */
static void put_install(const struct ssh_end *end, struct strbuf *out)
{
    strbuf_addf(out,
                "no swarmtop there; install it: ssh %s 'mkdir -p .local/bin && cat "
                ">.local/bin/swarmtop && chmod +x .local/bin/swarmtop' <\"$(command -v swarmtop)\"",
                end->host);
}

bool ssh_reason_put(const struct ssh_end *end, struct strbuf *out)
{
    bool ssh_failed = end->signal == 0 && end->status == SSH_FAILED;
    if (ssh_failed && has(end, "Permission denied")) {
        strbuf_addf(out, "no key is accepted; ssh-add your key, or ssh-copy-id %s (", end->host);
        put_last_line(end, out);
        strbuf_addc(out, ')');
        return true;
    }
    if (ssh_failed && has(end, "Host key verification failed")) {
        strbuf_addf(out, "its host key is not known, or has changed; run ssh %s once to see it",
                    end->host);
        return true;
    }
    if (end->signal == 0 && end->status == NOT_FOUND && !has(end, "shared librar")) {
        put_install(end, out);
        return true;
    }
    put_last_line(end, out);
    if (end->signal == 0 && end->status == USAGE) {
        strbuf_adds(out, " (is the swarmtop there older?)");
        return true;
    }
    return end->signal == 0 && end->status == NOT_FOUND;
}
