/* otlp:HOST:PORT as clients see it: what is taken, what is refused, and that nobody who misbehaves holds up the others. */
#include "tests/support/rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The source that test_http is about is the first. */
static void start(struct rig *rig, struct hub_options options)
{
    rig_start_hub(rig, options);
    rig_add(rig, "otlp:127.0.0.1:0");
}

/* A client on the same loop: what it has been answered so far. */
struct client {
    int fd;
    char answer[8192];
    size_t len;
    bool closed;
};

static void client_open(struct rig *rig, struct client *client)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    const char *address = hub_bound_address(rig->hub, 0);
    unsigned port;
    assert_non_null(address);
    assert_int_equal(sscanf(address, "otlp:127.0.0.1:%u", &port), 1);
    in.sin_port = htons((uint16_t)port);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(client->fd >= 0);
    assert_int_equal(connect(client->fd, (struct sockaddr *)&in, sizeof in), 0);
}

static bool is_answered(struct rig *rig, void *ctx)
{
    struct client *client = ctx;
    (void)rig;
    ssize_t len = recv(client->fd, client->answer + client->len,
                       sizeof client->answer - 1 - client->len, MSG_DONTWAIT);
    client->closed |= len == 0;
    client->len += len > 0 ? (size_t)len : 0;
    client->answer[client->len] = '\0';
    /* Whole when its body is. */
    const char *body = strstr(client->answer, "\r\n\r\n");
    const char *length = strcasestr(client->answer, "content-length:");
    return client->closed ||
           (body != NULL && length != NULL &&
            client->len - (size_t)(body + 4 - client->answer) >= strtoul(length + 15, NULL, 10));
}

static void client_send(struct client *client, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0) {
            return; /* it was refused before it was whole */
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

/* The status of the answer to these bytes. */
static int ask(struct rig *rig, struct client *client, const char *request)
{
    int status = 0;
    client->len = 0;
    client_send(client, request, strlen(request));
    rig_until(rig, is_answered, client);
    sscanf(client->answer, "HTTP/1.1 %d", &status);
    return status;
}

static int ask_once(struct rig *rig, const char *request)
{
    struct client client;
    client_open(rig, &client);
    int status = ask(rig, &client, request);
    close(client.fd);
    return status;
}

/* A POST of that body. Borrowed until the next. */
static const char *post(const char *path, const char *headers, const char *body)
{
    static char text[4096];
    snprintf(text, sizeof text,
             "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s", path,
             headers, strlen(body), body);
    return text;
}

#define START "{\"session_id\":\"S\",\"hook_event_name\":\"SessionStart\"}"
#define STOP  "{\"session_id\":\"S\",\"hook_event_name\":\"Stop\"}"

static struct source_status status_of(const struct rig *rig)
{
    return hub_source(rig->hub, 0);
}

RIG_TEST(a_hook_is_taken_and_answered_with_nothing)
{
    struct rig *rig = *state;
    struct client client;
    start(rig, (struct hub_options){0});
    client_open(rig, &client);
    for (uint64_t n = 1; n <= 3; n++) {
        /* One connection, as axios keeps it. */
        assert_int_equal(ask(rig, &client, post("/hooks", "", STOP)), 200);
        assert_non_null(strcasestr(client.answer, "content-length: 0"));
        assert_int_equal(status_of(rig).events, n);
    }
    close(client.fd);
    assert_int_equal(
        ask_once(rig,
                 "POST /hooks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "5\r\n{\"hoo\r\n23\r\nk_event_name\":\"X\",\"session_id\":\"S\"}\r\n0\r\n\r\n"),
        200);
    assert_int_equal(status_of(rig).bad, 0);
}

static void client_is(const struct rig *rig, const char *id, const char *client)
{
    const struct session *session = rig_session(rig, id);
    if (session == NULL) {
        fail_msg("no session %s", id);
    }
    size_t len;
    const char *text =
        intern_text(swarm_names(rig->model.swarm), session->texts[SESSION_CLIENT], &len);
    assert_int_equal(len, strlen(client));
    assert_memory_equal(text, client, len);
}

RIG_TEST(a_path_below_names_the_client_whose_hook_it_is)
{
    struct rig *rig = *state;
    start(rig, (struct hub_options){0});
    assert_int_equal(
        ask_once(rig, post("/hooks/qwen", "",
                           "{\"session_id\":\"Q\",\"hook_event_name\":\"SessionStart\"}")),
        200);
    assert_int_equal(
        ask_once(rig, post("/hooks/gemini/", "",
                           "{\"session_id\":\"G\",\"hook_event_name\":\"SessionStart\"}")),
        200);
    assert_int_equal(ask_once(rig, post("/hooks/mine", "", START)), 200);
    assert_int_equal(status_of(rig).bad, 0);
    client_is(rig, "Q", "qwen");
    client_is(rig, "G", "gemini");
    client_is(rig, "S", "claude");
}

RIG_TEST(a_path_below_is_read_in_any_case_and_never_as_another_clients)
{
    static const struct {
        const char *path, *id, *client; /* NULL: taken by nobody */
    } paths[] = {
        {"/hooks/Qwen", "a", "qwen"},         {"/hooks/codex/x", "b", "codex"},
        {"/hooks/qwen-code", "c", "qwen"},    {"/hooks/CLAUDE/", "d", "claude"},
        {"/hooks/mine/codex", "e", "claude"}, {"/hooks/codexes", "f", "claude"},
        {"/hooks/opencode", "g", NULL},       {"/hooks/OpenCode/x", "h", NULL},
        {"/hooks/cursor-agent", "i", NULL},
    };
    struct rig *rig = *state;
    start(rig, (struct hub_options){0});
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char body[120];
        snprintf(body, sizeof body, "{\"session_id\":\"%s\",\"hook_event_name\":\"SessionStart\"}",
                 paths[i].id);
        assert_int_equal(ask_once(rig, post(paths[i].path, "", body)), 200);
        if (paths[i].client != NULL) {
            client_is(rig, paths[i].id, paths[i].client);
        } else {
            assert_null(rig_session(rig, paths[i].id));
        }
    }
    assert_int_equal(status_of(rig).bad, 3);
    size_t logged = 0;
    for (size_t i = 0; i < event_log_count(rig->log); i++) {
        logged += strstr(event_log_get(rig->log, i)->text, "hooks are not known") != NULL;
    }
    assert_int_equal(logged, 1);
}

RIG_TEST(what_is_no_hook_is_refused_and_counted)
{
    struct rig *rig = *state;
    start(rig, (struct hub_options){0});
    assert_int_equal(ask_once(rig, post("/hooks", "", "{\"session_id\":")), 400);
    assert_int_equal(ask_once(rig, post("/hooks", "", "")), 400);
    assert_int_equal(status_of(rig).bad, 2);
    /* The agent is not bothered with what it cannot mend. */
    assert_int_equal(ask_once(rig, post("/hooks", "", "[]")), 200);
    assert_int_equal(status_of(rig).bad, 3);
    assert_int_equal(ask_once(rig, post("/", "", STOP)), 404);
    assert_int_equal(ask_once(rig, post("/hooksx", "", STOP)), 404);
    assert_int_equal(ask_once(rig, post("/../hooks", "", STOP)), 404);
    assert_int_equal(ask_once(rig, "GET /hooks HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
    assert_int_equal(ask_once(rig, post("/hooks", "Origin: http://evil\r\n", STOP)), 403);
    assert_int_equal(
        ask_once(rig,
                 "POST /hooks HTTP/1.1\r\nHost: evil.example:1\r\nContent-Length: 2\r\n\r\n{}"),
        403);
    assert_int_equal(
        ask_once(rig,
                 "POST /hooks HTTP/1.1\r\nHost: 127.evil.example\r\nContent-Length: 2\r\n\r\n{}"),
        403);
    assert_int_equal(
        ask_once(rig,
                 "POST /nothing HTTP/1.1\r\nHost: 127.1.2.3:4318\r\nContent-Length: 2\r\n\r\n{}"),
        404);
    assert_int_equal(
        ask_once(rig, "POST /nothing HTTP/1.1\r\nHost: [::1]:4318\r\nContent-Length: 2\r\n\r\n{}"),
        404);
    assert_non_null(rig_logged(rig, "sent by a web page"));
    assert_int_equal(status_of(rig).events, 0);
}

RIG_TEST(a_body_has_a_limit_whether_it_is_announced_or_not)
{
    struct rig *rig = *state;
    struct client client;
    start(rig, (struct hub_options){0});
    assert_int_equal(
        ask_once(rig,
                 "POST /hooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n{"),
        413);
    client_open(rig, &client);
    const char *head =
        "POST /hooks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    static char chunk[(64 << 10) + 16];
    int at = sprintf(chunk, "10000\r\n");
    memset(chunk + at, ' ', 64 << 10);
    memcpy(chunk + at + (64 << 10), "\r\n", 2);
    client_send(&client, head, strlen(head));
    for (int i = 0; i < 300; i++) {
        client_send(&client, chunk, (size_t)at + (64 << 10) + 2);
        rig_run_ms(rig, 0);
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(ask(rig, &client, "0\r\n\r\n"), 413);
    close(client.fd);
}

RIG_TEST(a_token_is_asked_for_where_there_is_one)
{
    struct rig *rig = *state;
    start(rig, (struct hub_options){.token = "secret"});
    assert_int_equal(ask_once(rig, post("/hooks", "", STOP)), 401);
    assert_int_equal(ask_once(rig, post("/hooks", "Authorization: Bearer secre\r\n", STOP)), 401);
    assert_int_equal(ask_once(rig, post("/hooks", "Authorization: Bearer \r\n", STOP)), 401);
    assert_int_equal(ask_once(rig, post("/hooks", "Authorization: secret\r\n", STOP)), 401);
    assert_int_equal(status_of(rig).events, 0);
    assert_int_equal(ask_once(rig, post("/hooks", "Authorization: Bearer secret\r\n", STOP)), 200);
    assert_int_equal(status_of(rig).events, 1);
}

RIG_TEST(who_sends_half_a_request_holds_nobody_up)
{
    struct rig *rig = *state;
    struct client half[20], whole;
    const char *text = post("/hooks", "", STOP);
    size_t all = strlen(text);
    start(rig, (struct hub_options){0});
    for (size_t i = 0; i < 20; i++) {
        client_open(rig, &half[i]);
        client_send(&half[i], text, all * i / 20);
    }
    client_open(rig, &whole);
    assert_int_equal(ask(rig, &whole, post("/hooks", "", STOP)), 200);
    /* Some go on, some go, some are still there when the hub stops. */
    text = post("/hooks", "", STOP);
    for (size_t i = 0; i < 10; i++) {
        half[i].len = 0;
        if (i % 2 == 0) {
            assert_int_equal(ask(rig, &half[i], text + all * i / 20), 200);
        }
        close(half[i].fd);
    }
    rig_stop_hub(rig);
    for (size_t i = 10; i < 20; i++) {
        close(half[i].fd);
    }
    close(whole.fd);
}

RIG_TEST(only_those_nearby_may_send_unless_they_say_a_token)
{
    struct rig *rig = *state;
    static const char *const refused[] = {"otlp:0.0.0.0:0", "otlp:[::]:0"};
    static const char *const wrong[] = {"otlp:", "otlp:127.0.0.1", "otlp:host:1",
                                        "otlp:127.0.0.1:x"};
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    rig_start_hub(rig, (struct hub_options){0});
    for (size_t i = 0; i < 2; i++) {
        assert_false(hub_add(rig->hub, refused[i], &error));
    }
    assert_non_null(strstr(error.data, "not a loopback address"));
    for (size_t i = 0; i < 4; i++) {
        assert_false(hub_add(rig->hub, wrong[i], &error));
    }
    assert_non_null(strstr(error.data, "not of the form otlp:HOST:PORT"));
    rig_stop_hub(rig);
    rig_start_hub(rig, (struct hub_options){.allow_remote = true, .token = "x"});
    rig_add(rig, "otlp:0.0.0.0:0");
    strbuf_release(&error);
}

RIG_TEST(a_port_that_is_taken_is_said)
{
    struct rig *rig = *state;
    struct strbuf error;
    start(rig, (struct hub_options){0});
    strbuf_init(&error, &mem_libc, 0);
    assert_false(hub_add(rig->hub, hub_bound_address(rig->hub, 0), &error));
    assert_non_null(strstr(error.data, "cannot listen: Address already in use"));
    strbuf_release(&error);
}
