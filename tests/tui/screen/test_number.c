/* Numbers for people. */
#include "tui/screen/number.h"

#include "tests/support/support.h"

#include <string.h>

TEST(a_measured_time_has_the_unit_that_fits)
{
    static const struct {
        double ms;
        const char *text;
    } rows[] = {
        {0, "0s"},          {0.0005, "500ns"}, {0.0015, "1.5us"}, {0.083, "83us"},
        {0.9994, "999us"},  {0.9996, "1.0ms"}, {1.94, "1.9ms"},   {9.94, "9.9ms"},
        {9.96, "10ms"},     {742, "742ms"},    {999.4, "999ms"},  {999.6, "1.0s"},
        {1900, "1.9s"},     {99900, "99.9s"},  {99960, "1m39s"},  {192000, "3m12s"},
        {7500000, "2h05m"}, {-5, "0s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[NUMBER_BYTES];
        number_ms(rows[i].ms, true, text);
        if (strcmp(text, rows[i].text) != 0) {
            fail_msg("%g: %s, not %s", rows[i].ms, text, rows[i].text);
        }
    }
}
