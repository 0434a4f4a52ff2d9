/* SIGPIPE is ignored (main.c), so a closed pipe is an error of the write. */
#include "tui/cmd/standard_output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool standard_output_print(const struct strbuf *text, struct strbuf *error)
{
    errno = 0;
    bool ok = !text->failed && fwrite(text->data, 1, text->len, stdout) == text->len &&
              fflush(stdout) == 0;

    if (ok || (!text->failed && errno == EPIPE))
        return true;
    strbuf_addf(error, "standard output: cannot write: %s",
                text->failed ? "out of memory" : strerror(errno));
    return false;
}
