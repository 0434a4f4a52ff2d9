/* The rate is the average since the file was opened, so the text does not jump. */
#include "tui/views/progress.h"

#include "tui/screen/number.h"

#include <string.h>

#define SOON_NS    300000000LL /* a read that began later may end at once */
#define AT_ONCE_S  0.3
#define PER_MB     1000000.0
#define NAME_BYTES 60

/* Appends the last part of a path; only the end of a long one, where names differ. */
static void put_name(const char *spec, struct strbuf *out)
{
    const char *slash = strrchr(spec, '/');
    const char *name = slash != NULL && slash[1] ? slash + 1 : spec;
    size_t len = strlen(name);
    strbuf_addf(out, "%s%s", len > NAME_BYTES ? ".." : "",
                len > NAME_BYTES ? name + len - NAME_BYTES : name);
}

bool progress_line(const struct source_progress *progress, struct strbuf *out)
{
    double done = (double)progress->done_bytes, all = (double)progress->all_bytes;
    double seconds = (double)progress->elapsed_ns / 1e9, rate = done / seconds;
    double left = rate > 0 ? (all - done) / rate : 0;
    char text[NUMBER_BYTES];
    if (progress->done_bytes >= progress->all_bytes || progress->elapsed_ns < SOON_NS ||
        (left < AT_ONCE_S && progress->waiting == 0)) {
        return false;
    }
    strbuf_adds(out, "opening ");
    put_name(progress->spec, out);
    number_short(rate / PER_MB, text);
    strbuf_addf(out, "  %d %%  %s MB/s", (int)(done / all * 100), text);
    if (rate > 0) {
        number_rest((int64_t)(left * 1e9), text);
        strbuf_addf(out, "  %s left", text);
    }
    if (progress->waiting > 0) {
        strbuf_addf(out, "  %zu more", progress->waiting);
    }
    return true;
}
