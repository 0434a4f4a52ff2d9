/* Times as transcripts write them. */
#include "ingest/iso_time.h"

#include "tests/support/support.h"

#include <string.h>

static const int64_t ms = 1000000;

TEST(a_time_is_counted_from_the_epoch_in_its_zone)
{
    static const struct {
        const char *text;
        int64_t at_ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59.500Z", -500},
        {"2025-10-09T08:53:20Z", 1760000000000},
        {"2025-10-09T08:53:20", 1760000000000},
        {"2025-10-09 08:53:20.125Z", 1760000000125},
        {"2025-10-09T10:53:20+02:00", 1760000000000},
        {"2025-10-09T10:23:20+01:30", 1760000000000},
        {"2025-10-09T03:53:20-0500", 1760000000000},
        {"2000-01-31T00:00:00Z", 949276800000},
        {"2000-02-01T00:00:00Z", 949363200000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"2000-03-01T00:00:00Z", 951868800000},
        {"2023-02-28T24:00:00Z", 1677628800000},
        {"2024-12-31T23:59:60Z", 1735689600000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ns = 0;
        if (!iso_time_parse(rows[i].text, strlen(rows[i].text), &ns) || ns != rows[i].at_ms * ms) {
            fail_msg("%s: %lld", rows[i].text, (long long)ns);
        }
    }
}

TEST(no_time_is_none)
{
    static const char *const rows[] = {
        "",
        "2025-10-09",
        "2025-13-09T08:53:20Z",
        "2025-10-32T08:53:20Z",
        "2025-10-09T25:53:20Z",
        "2025-10-09T08:60:20Z",
        "2025-10-09T08:53:20X",
        "2025-10-09T08:53:20+2",
        "2025-10-09T08:53:20Z.",
        "0001-10-09T08:53:20Z",
        "2300-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ns = 0;
        if (iso_time_parse(rows[i], strlen(rows[i]), &ns)) {
            fail_msg("%s: %lld", rows[i], (long long)ns);
        }
    }
}
