/* Addresses on the command line. */
#include "ingest/address.h"

#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TEST(an_address_is_of_this_machine_if_its_host_is_a_loopback_address)
{
    static const struct {
        const char *spec;
        int loopback; /* -1: no address */
    } rows[] = {
        {"unix:/tmp/x", 1},
        {"tcp:127.0.0.1:1", 1},
        {"tcp:127.0.0.2:80", 1},
        {"tcp:127.255.1.2:80", 1},
        {"tcp:localhost:80", 1},
        {"tcp:[::1]:80", 1},
        {"tcp:[::ffff:127.0.0.9]:80", 1},
        {"tcp:128.0.0.1:80", 0},
        {"tcp:0.0.0.0:80", 0},
        {"tcp:[::]:80", 0},
        {"tcp:127.0.0.1:65535", 1},
        {"tcp:127.0.0.1:65536", -1},
        {"tcp:127.0.0.1:70000", -1},
        {"tcp:127.0.0.1:", -1},
        {"tcp:127.0.0.1:8x", -1},
        {"tcp:127.0.0.1", -1},
        {"tcp:example.com:80", -1},
        {"unix:", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf error;
        struct address address = {0};
        strbuf_init(&error, &mem_libc, 0);
        int got = address_parse(rows[i].spec, &address, &error) ? address.loopback : -1;
        if (got != rows[i].loopback) {
            fail_msg("%s: %d", rows[i].spec, got);
        }
        assert_int_equal(error.len > 0, got < 0);
        strbuf_release(&error);
    }
}
