/* The traffic of a receiver on the screen: the empty one, the line of troubles, the log. */
#include "tests/support/picture.h"
#include "tui/views/traffic_text.h"

#include <string.h>

TEST(counts_that_are_zero_are_left_out_but_for_the_requests)
{
    static const struct {
        struct source_traffic traffic;
        const char *text;
    } rows[] = {
        {{.sender = ""}, "0 requests"},
        {{.sender = "", .requests = 1, .hooks = 1}, "1 request, 1 hook"},
        {{.sender = "a/1", .requests = 12, .spans = 1, .logs = 2, .points = 3},
         "a/1: 12 requests, 1 span, 2 logs, 3 metric points"},
        {{.sender = "a/1", .requests = 1, .last_ns = INT64_C(1760000001500000000)},
         "a/1: 1 request, last 08:53:21"},
        {{.sender = "a/1", .requests = 5, .forwards = true}, "a/1: 5 requests, 0 forwarded"},
        {{.sender = "a/1",
          .requests = 5,
          .forwards = true,
          .forwarded = 2,
          .forward_waiting = 3,
          .forward_dropped = 1},
         "a/1: 5 requests, 2 forwarded, 3 waiting, 1 dropped"},
        {{.sender = "",
          .forwards = true,
          .forward_waiting = 3,
          .forward_trouble = "connection refused",
          .forward_dropped = 1,
          .forward_refused = 404},
         "0 requests, 0 forwarded, 3 waiting (connection refused), 1 dropped (status 404)"},
        {{.sender = "", .requests = 2, .clock = "a on b", .clock_off_ms = 3200},
         "2 requests, clock of a on b 3.2s ahead"},
        {{.sender = "", .requests = 9, .clock = "a", .clock_off_ms = -7000},
         "9 requests, times of a 7.0s late"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct strbuf text;
        strbuf_init(&text, &mem_libc, 0);
        traffic_text(&rows[i].traffic, &text);
        assert_string_equal(text.data, rows[i].text);
        strbuf_release(&text);
    }
}

TEST(a_receiver_shows_who_sends_how_much_and_whom_it_refused)
{
    struct source_status source = {.spec = "otlp:localhost:4318",
                                   .error = "",
                                   .state = SOURCE_OPEN,
                                   .listens = true,
                                   .traffic = {.receives = true, .sender = "", .last_refused = ""}};
    struct picture picture;
    picture_init(&picture, 100, 24);
    picture.input.sources = &source;
    picture.input.source_count = 1;
    picture_has(&picture, "otlp:localhost:4318  listening, 0 requests");
    source.traffic.sender = "OTel-OTLP-Exporter-Python/1.30";
    source.traffic.requests = 3;
    source.traffic.spans = 40;
    picture_has(&picture, "listening, OTel-OTLP-Exporter-Python/1.30: 3 requests, 40 spans");
    source.bad = 1;
    source.traffic.last_refused = "refused a/1: sent to /v1/foo: set the endpoint to http://h";
    picture_has(&picture, "otlp:localhost:4318: refused a/1: sent to /v1/foo: set the endpoint to");
    picture_lacks(&picture, "bad line");
    picture_release(&picture);
}

/* The setting is at the end of the text, and seen on a narrow screen too. */
TEST(a_narrow_screen_shows_what_a_refused_sender_has_to_set)
{
    static const char refused[] =
        "refused OTel-OTLP-Exporter-Python/1.30: sent to /: set the endpoint to http://[::1]:4318";
    struct source_status source = {.spec = "otlp:127.0.0.1:4318",
                                   .error = "",
                                   .state = SOURCE_OPEN,
                                   .listens = true,
                                   .bad = 1,
                                   .traffic = {.receives = true,
                                               .sender = "",
                                               .last_refused = refused,
                                               .refused_why = strstr(refused, "sent to")}};
    struct picture picture;
    picture_init(&picture, 80, 24);
    picture.input.sources = &source;
    picture.input.source_count = 1;
    picture_has(&picture,
                "     refused OTel-OTLP-Exporter-Python/1.30: sent to /: set the endpoint to");
    picture_has(&picture, "     http://[::1]:4318");
    picture_has(&picture, " refused: sent to /: set the endpoint to http://[::1]:4318");
    picture_release(&picture);
    picture_init(&picture, 60, 24);
    picture.input.sources = &source;
    picture.input.source_count = 1;
    picture_has(&picture, " sent to /: set the endpoint to http://[::1]:4318");
    picture_lacks(&picture, "refused: sent to /");
    picture_release(&picture);
}

TEST(the_log_shows_what_the_source_of_an_entry_has_received)
{
    static const char spec[] = "otlp:localhost:4317", text[] = "a/1 sends traces (grpc)";
    struct source_status source = {
        .spec = spec,
        .error = "",
        .state = SOURCE_OPEN,
        .listens = true,
        .traffic = {
            .receives = true, .sender = "a/1", .requests = 7, .spans = 9, .last_refused = ""}};
    struct log_entry entry = {.at_ns = 0,
                              .level = LOG_LEVEL_INFO,
                              .session = NO_SESSION,
                              .text = text,
                              .len = sizeof text - 1,
                              .origin = spec,
                              .origin_len = sizeof spec - 1};
    struct picture picture;
    struct event_log *log = event_log_new(&mem_libc, 10);
    assert_non_null(log);
    picture_init(&picture, 100, 30);
    picture_feed(&picture, "{'op':'hello','t':0,'session_id':'s'}\n"
                           "{'op':'instant','t':1,'session_id':'s','name':'n','cat':'c'}\n");
    entry.at_ns = picture.input.local_ns + 5000000; /* the last */
    event_log_add(log, &entry);
    picture.input.log = log;
    picture.input.sources = &source;
    picture.input.source_count = 1;
    picture_press(&picture, "5 G");
    picture_has(&picture, "a/1 sends traces (grpc)");
    picture_has(&picture, "a/1: 7 requests, 9 spans");
    picture_release(&picture);
    event_log_free(log);
}
