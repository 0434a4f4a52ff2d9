/* The local clock: neither a wall clock that is set nor a night's sleep makes its time wrong. */
#include "tests/support/support.h"
#include "tui/cmd/local_clock.h"

#define S INT64_C(1000000000)

TEST(it_counts_from_the_wall_clock_of_the_start)
{
    static const struct {
        int64_t wall_s, boot_s; /* as the system's clocks show them */
        int64_t want_s;
    } rows[] = {
        {1000, 50, 1000},     {1007, 57, 1007},
        {4600, 60, 1010},     /* the wall clock was set an hour ahead */
        {1011, 61, 1011},     /* … and back */
        {-2000, 62, 1012},    /* before 1970 */
        {29812, 28862, 29812} /* the laptop slept for eight hours */
    };
    struct local_clock clock = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(local_clock_at(&clock, rows[i].wall_s * S, rows[i].boot_s * S),
                         rows[i].want_s * S);
    }
}

TEST(it_never_goes_back)
{
    int64_t last = local_clock_now();
    assert_true(local_clock_wall() - last < 60 * S);
    for (int i = 0; i < 1000; i++) {
        int64_t now = local_clock_now();
        assert_true(now >= last);
        last = now;
    }
}
