/* Anything as the bytes of an HTTP client, in two pieces, to a server on the loopback interface
   that decodes what is posted as a hook. Whatever came, the next client is answered. */
#include "ingest/claude/claude_hook.h"
#include "ingest/http/http.h"
#include "tests/fuzz/fuzz_model.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_BYTES = 4096, TURNS = 200, ANSWER_BYTES = 4096 };

static struct server {
    struct fuzz_model model;
    struct http *http;
    uv_loop_t loop;
    struct sockaddr_in address;
    uint64_t answered;
} server;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned answer(void *ctx, const char *path, struct slice body, const char **text)
{
    struct server *s = ctx;
    struct json_value value;
    (void)text;
    fuzz_require(body.len <= BODY_BYTES && path != NULL);
    s->answered++;
    if (json_check(body.bytes, body.len, 64, &value, NULL)) {
        claude_hook_take(&s->model.ingest, value,
                         &(struct hook_arrival){.t_ms = 1760000000000, .local_ns = fuzz_now(NULL)});
        fuzz_require(correlator_flush(s->model.correlator));
    }
    return 200;
}

static void refused(void *ctx, const char *why)
{
    (void)ctx;
    fuzz_require(why != NULL);
}

static void closed(void *ctx)
{
    (void)ctx;
}

static void start(void)
{
    socklen_t len = sizeof server.address;
    server.address = (struct sockaddr_in){.sin_family = AF_INET};
    server.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    fuzz_require(fd >= 0 && bind(fd, (struct sockaddr *)&server.address, len) == 0 &&
                 listen(fd, 16) == 0 &&
                 getsockname(fd, (struct sockaddr *)&server.address, &len) == 0);
    fuzz_require(uv_loop_init(&server.loop) == 0);
    fuzz_model_init(&server.model);
    struct http_options options = {.loop = &server.loop,
                                   .mem = &mem_libc,
                                   .max_body = BODY_BYTES,
                                   .answer = answer,
                                   .refused = refused,
                                   .closed = closed,
                                   .ctx = &server};
    server.http = http_new(&options, fd);
    fuzz_require(server.http != NULL);
}

static void turn(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        uv_run(&server.loop, UV_RUN_NOWAIT);
    }
}

static int open_client(void)
{
    const struct linger at_once = {.l_onoff = 1};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fuzz_require(fd >= 0 &&
                 connect(fd, (struct sockaddr *)&server.address, sizeof server.address) == 0);
    /* No port waits for late bytes. */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return fd;
}

static void put(int fd, const char *bytes, size_t len)
{
    (void)send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void require_answer(void)
{
    static const char good[] =
        "POST /hooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}";
    char text[ANSWER_BYTES];
    uint64_t before = server.answered;
    int fd = open_client();
    put(fd, good, sizeof good - 1);
    for (int i = 0; i < TURNS && server.answered == before; i++) {
        turn(1);
    }
    fuzz_require(server.answered == before + 1);
    (void)recv(fd, text, sizeof text, MSG_DONTWAIT);
    close(fd);
    turn(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[ANSWER_BYTES];
    if (server.http == NULL) {
        start();
    }
    if (size < 1) {
        return 0;
    }
    const char *bytes = (const char *)data + 1;
    size_t len = size - 1, first = len * data[0] / 255;
    int fd = open_client();
    put(fd, bytes, first);
    turn(3);
    put(fd, bytes + first, len - first);
    turn(3);
    (void)recv(fd, text, sizeof text, MSG_DONTWAIT);
    close(fd);
    turn(2);
    require_answer();
    return 0;
}
