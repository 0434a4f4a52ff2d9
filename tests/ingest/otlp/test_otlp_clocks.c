/* The clock of a sender against arrival: it is measured, shown and logged, and moves no span. */
#include "ingest/otlp/otlp_clocks.h"

#include "core/query/clients.h"
#include "tests/support/otlp_sender.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define JSON "Content-Type: application/json\r\n"

static void start(struct rig *rig, struct client *client)
{
    rig_start_hub(rig, (struct hub_options){0});
    rig_add(rig, "otlp:127.0.0.1:0");
    client_open(rig, client);
}

/* The wall clock, by which senders' times are compared. */
static long long wall_ns(const struct rig *rig)
{
    return (long long)(rig->now_ns + rig->ahead_ns);
}

static void post(struct rig *rig, struct client *client, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void post(struct rig *rig, struct client *client, const char *path, const char *format, ...)
{
    char body[2000];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(body, sizeof body, format, args);
    va_end(args);
    assert_true(len > 0 && (size_t)len < sizeof body);
    for (char *quote = body; (quote = strchr(quote, '\'')) != NULL;) {
        *quote = '"';
    }
    struct bytes bytes = {body, strlen(body)};
    assert_int_equal(ask(rig, client, request_of("POST", path, JSON, bytes)), 200);
}

/* Sends a span of a host, which ended so far ahead of its arrival. */
static struct source_traffic send_span(struct rig *rig, struct client *client, const char *host,
                                       double ahead_s)
{
    static unsigned number;
    long long end_ns = wall_ns(rig) + (long long)(ahead_s * 1e9);
    post(rig, client, "/v1/traces",
         "{'resourceSpans':[{'resource':{'attributes':[{'key':'host.name','value':{'stringValue':"
         "'%s'}},{'key':'service.name','value':{'stringValue':'svc'}}]},'scopeSpans':[{'spans':[{"
         "'traceId':'00000000000000000000000000000001','spanId':'%016x','name':'chat',"
         "'startTimeUnixNano':'%lld','endTimeUnixNano':'%lld','attributes':[{'key':"
         "'gen_ai.operation.name','value':{'stringValue':'chat'}}]}]}]}]}",
         host, ++number, end_ns - 1000000, end_ns);
    return hub_source(rig->hub, 0).traffic;
}

RIG_TEST(a_clock_that_is_more_than_a_second_ahead_is_shown_at_once)
{
    struct rig *rig = *state;
    struct client client;
    start(rig, &client);
    assert_null(send_span(rig, &client, "good", -0.2).clock);
    assert_null(send_span(rig, &client, "good", 0.9).clock);
    struct source_traffic traffic = send_span(rig, &client, "fast", 3.2);
    assert_non_null(traffic.clock);
    assert_string_equal(traffic.clock, "svc on fast");
    assert_int_equal(lround(traffic.clock_off_ms), 3200);
    assert_non_null(rig_logged(rig, "the clock of svc on fast is 3.2 s ahead of this machine's"));
    close(client.fd);
}

/* A name is cut; what is left of a key would not be masked later. */
RIG_TEST(no_half_of_a_key_is_in_the_name_of_a_clock)
{
    struct rig *rig = *state;
    struct client client;
    start(rig, &client);
    struct source_traffic traffic =
        send_span(rig, &client, "a-host-of-long-name ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123", 3);
    assert_non_null(traffic.clock);
    assert_non_null(strstr(traffic.clock, "a-host-of-long-name"));
    assert_null(strstr(traffic.clock, "ABC"));
    close(client.fd);
}

/* The local clock is never set back, so it may be far from the wall clock, and no sender is. */
RIG_TEST(senders_are_compared_by_the_wall_clock)
{
    struct rig *rig = *state;
    struct client client;
    rig->ahead_ns = INT64_C(3600000000000);
    start(rig, &client);
    assert_null(send_span(rig, &client, "good", 0).clock);
    close(client.fd);
}

RIG_TEST(a_clock_that_is_off_moves_no_span)
{
    struct rig *rig = *state;
    struct client client;
    start(rig, &client);
    send_span(rig, &client, "fast", 40);
    const struct swarm *swarm = rig->model.swarm;
    const struct span *span = NULL;
    for (span_no i = 0; span == NULL && i < 100; i++) {
        span = swarm_span(swarm, i);
    }
    assert_non_null(span);
    assert_true(span->start_ns == wall_ns(rig) + INT64_C(39999000000));
    close(client.fd);
}

/* What several requests agree on; one that comes in time shows that the others were late. */
RIG_TEST(a_clock_that_lags_is_shown_when_several_requests_agree)
{
    struct rig *rig = *state;
    struct client client;
    start(rig, &client);
    for (int i = 1; i <= OTLP_CLOCK_REQUESTS; i++) {
        struct source_traffic traffic = send_span(rig, &client, "slow", -7 - i);
        assert_int_equal(traffic.clock != NULL, i == OTLP_CLOCK_REQUESTS);
        assert_int_equal(lround(traffic.clock_off_ms), i == OTLP_CLOCK_REQUESTS ? -8000 : 0);
    }
    assert_non_null(rig_logged(rig, "the times of svc on slow are 8.0 s late: its clock lags"));
    assert_null(send_span(rig, &client, "slow", -4).clock);
    assert_non_null(rig_logged(rig, "the clock of svc on slow agrees with this machine's again"));
    /* An SDK's usual delay is none. */
    for (int i = 0; i < 2 * OTLP_CLOCK_REQUESTS; i++) {
        assert_null(send_span(rig, &client, "lazy", -5.2).clock);
    }
    close(client.fd);
}

/* Two hosts that send in turn: the log has the one that is off once, and again when that doubles. */
RIG_TEST(a_clock_is_logged_again_only_when_it_has_changed)
{
    struct rig *rig = *state;
    struct client client;
    start(rig, &client);
    send_span(rig, &client, "fast", 3);
    send_span(rig, &client, "good", 0);
    size_t entries = event_log_count(rig->log);
    for (int i = 0; i < 20; i++) {
        send_span(rig, &client, "good", 0);
        assert_string_equal(send_span(rig, &client, "fast", 3.1).clock, "svc on fast");
    }
    assert_int_equal(event_log_count(rig->log), entries);
    send_span(rig, &client, "fast", 7);
    assert_int_equal(event_log_count(rig->log), entries + 1);
    close(client.fd);
}

/* Hosts without end: those that sent last are kept, and the log has a bound. */
RIG_TEST(many_hosts_whose_clocks_are_off_fill_no_log)
{
    struct rig *rig = *state;
    struct client client;
    char host[40], name[60];
    start(rig, &client);
    for (int i = 0; i < 150; i++) {
        snprintf(host, sizeof host, "host-%d", i);
        snprintf(name, sizeof name, "svc on %s", host);
        /* each a little more than the one before it */
        assert_string_equal(send_span(rig, &client, host, 2 + 0.01 * i).clock, name);
    }
    assert_true(event_log_count(rig->log) < 110);
    close(client.fd);
}

/* Codex's logs have the time of their observation alone, and metrics one for each point. */
RIG_TEST(logs_and_metrics_have_times_too)
{
    struct rig *rig = *state;
    struct client client;
    start(rig, &client);
    post(rig, &client, "/v1/logs",
         "{'resourceLogs':[{'scopeLogs':[{'logRecords':[{'timeUnixNano':'0',"
         "'observedTimeUnixNano':'%lld'}]}]}]}",
         wall_ns(rig) + 2000000000);
    struct source_traffic traffic = hub_source(rig->hub, 0).traffic;
    assert_string_equal(traffic.clock, "a sender");
    assert_int_equal(lround(traffic.clock_off_ms), 2000);
    post(rig, &client, "/v1/metrics",
         "{'resourceMetrics':[{'resource':{'attributes':[{'key':'service.name','value':{"
         "'stringValue':'m\\u001b[31m'}}]},'scopeMetrics':[{'metrics':[{'name':'m','gauge':{"
         "'dataPoints':[{'timeUnixNano':'%lld','asInt':1}]}}]}]}]}",
         wall_ns(rig) + 5000000000);
    traffic = hub_source(rig->hub, 0).traffic;
    assert_null(strchr(traffic.clock, '\x1b')); /* a name that a terminal would obey */
    assert_int_equal(lround(traffic.clock_off_ms), 5000);
    close(client.fd);
}

/* Times that cannot be are no clock's. */
RIG_TEST(a_time_beyond_all_dates_is_no_clock)
{
    struct rig *rig = *state;
    struct client client;
    start(rig, &client);
    post(rig, &client, "/v1/logs",
         "{'resourceLogs':[{'scopeLogs':[{'logRecords':[{'timeUnixNano':'%s'},{}]}]}]}",
         "18446744073709551615");
    assert_null(hub_source(rig->hub, 0).traffic.clock);
    close(client.fd);
}

/* SDKs name this machine too. Its files name none, and all of it is one host. */
static void expect_host(struct rig *rig, const char *sent, const char *want)
{
    struct client client;
    start(rig, &client);
    (void)send_span(rig, &client, sent, -0.2);
    intern_id host = clients_host_of_session(rig->ingest.swarm, 0);
    assert_string_equal(host == INTERN_NONE ? "" : swarm_text(rig->ingest.swarm, host), want);
    close(client.fd);
}

static void own_name(char own[HOST_NAME_MAX + 1])
{
    memset(own, 0, HOST_NAME_MAX + 1);
    assert_int_equal(gethostname(own, HOST_NAME_MAX), 0);
}

RIG_TEST(this_machine_is_no_host_beside_its_files)
{
    char own[HOST_NAME_MAX + 1];
    own_name(own);
    expect_host(*state, own, "");
}

RIG_TEST(this_machine_is_no_host_with_its_domain_either)
{
    char own[HOST_NAME_MAX + 1], whole[HOST_NAME_MAX + 20];
    own_name(own);
    snprintf(whole, sizeof whole, "%s%s", own, strchr(own, '.') == NULL ? ".example.com" : "");
    expect_host(*state, whole, "");
}

RIG_TEST(another_machine_is_a_host)
{
    char own[HOST_NAME_MAX + 1], other[HOST_NAME_MAX + 20];
    own_name(own);
    snprintf(other, sizeof other, "x%s", own);
    expect_host(*state, other, other);
}
