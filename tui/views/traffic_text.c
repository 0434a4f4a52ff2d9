/* Counts that are 0 are left out, but for the requests: a source that nothing comes to shows that.
 */
#include "tui/views/traffic_text.h"

#include "tui/screen/number.h"
#include "tui/views/axis.h"

#include <inttypes.h>
#include <string.h>

static void put_count(struct strbuf *out, uint64_t count, const char *noun)
{
    char text[NUMBER_BYTES];
    number_count(count, text);
    strbuf_addf(out, "%s %s%s", text, noun, count == 1 ? "" : "s");
}

static void put_forwarded(const struct source_traffic *traffic, struct strbuf *out)
{
    strbuf_addf(out, ", %" PRIu64 " forwarded", traffic->forwarded);
    if (traffic->forward_waiting > 0) {
        bool trouble = traffic->forward_trouble != NULL && *traffic->forward_trouble != '\0';
        strbuf_addf(out, ", %zu waiting", traffic->forward_waiting);
        if (trouble) {
            strbuf_addf(out, " (%s)", traffic->forward_trouble);
        }
    }
    if (traffic->forward_dropped > 0) {
        strbuf_addf(out, ", %" PRIu64 " dropped", traffic->forward_dropped);
    }
    if (traffic->forward_refused > 0) {
        strbuf_addf(out, " (status %u)", traffic->forward_refused);
    }
}

/* A clock that lags cannot be distinguished from a sender that waits. */
void traffic_clock_text(const struct source_traffic *traffic, struct strbuf *out)
{
    char off[NUMBER_BYTES];
    double ms = traffic->clock_off_ms;
    if (traffic->clock != NULL) {
        number_ms(ms < 0 ? -ms : ms, true, off);
        strbuf_addf(out, "%s of %s %s %s", ms < 0 ? "times" : "clock", traffic->clock, off,
                    ms < 0 ? "late" : "ahead");
    }
}

void traffic_text(const struct source_traffic *traffic, struct strbuf *out)
{
    const struct {
        uint64_t count;
        const char *noun;
    } parts[] = {{traffic->spans, "span"},
                 {traffic->logs, "log"},
                 {traffic->points, "metric point"},
                 {traffic->hooks, "hook"}};
    if (traffic->sender[0] != '\0') {
        strbuf_addf(out, "%s: ", traffic->sender);
    }
    put_count(out, traffic->requests, "request");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].count > 0) {
            strbuf_adds(out, ", ");
            put_count(out, parts[i].count, parts[i].noun);
        }
    }
    if (traffic->forwards) {
        put_forwarded(traffic, out);
    }
    if (traffic->last_ns != 0) {
        char moment[AXIS_LABEL_BYTES];
        const struct axis_clock clock = {.wall = true};
        axis_moment(&clock, traffic->last_ns, false, moment);
        strbuf_addf(out, ", last %.*s", (int)strcspn(moment, "."), moment);
    }
    if (traffic->clock != NULL) {
        strbuf_adds(out, ", ");
        traffic_clock_text(traffic, out);
    }
}
