/* The receiver's limits, without a socket: all bodies together, and memory that runs out. */
#include "ingest/http/grpc_session.h"
#include "ingest/http/request.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <string.h>

enum { BODY_BYTES = 2000, ALL_BYTES = 3000 };

static void take_export(void *ctx, const struct export_request *request, struct export_result *out)
{
    size_t *taken = ctx;
    *taken += request->body.len;
    *out = (struct export_result){.outcome = EXPORT_TAKEN};
}

static unsigned take_hook(void *ctx, int fd, const char *below, struct slice body)
{
    size_t *taken = ctx;
    (void)fd, (void)below;
    *taken += body.len;
    return 200;
}

static void refused(void *ctx, const char *agent, const char *why)
{
    (void)ctx, (void)agent;
    assert_true(why[0] != '\0');
}

static struct receiver receiver_of(const struct mem *mem, size_t *taken)
{
    return (struct receiver){.mem = mem,
                             .hook_bytes = BODY_BYTES,
                             .export_bytes = BODY_BYTES,
                             .all_bytes = ALL_BYTES,
                             .take_export = take_export,
                             .take_hook = take_hook,
                             .refused = refused,
                             .ctx = taken};
}

static const struct request_head head = {
    .fd = -1,
    .method = "POST",
    .path = "/v1/traces",
    .host = "localhost",
    .content_type = "application/json",
};

/* Ends the request. Returns the status of its answer. */
static unsigned end(struct request *request, bool *again)
{
    struct answer answer;
    request_end(request, &answer);
    unsigned status = answer.status;
    *again = answer.again;
    strbuf_release(&answer.body);
    request_release(request);
    return status;
}

TEST(bodies_that_are_too_much_together_are_to_be_sent_again)
{
    static const char bytes[BODY_BYTES + 1];
    size_t taken = 0;
    bool again;
    struct receiver receiver = receiver_of(&mem_libc, &taken);
    struct request first, second, third;
    assert_true(request_begin(&first, &receiver, &head));
    assert_true(request_begin(&second, &receiver, &head));
    assert_true(request_add(&first, bytes, BODY_BYTES));
    assert_true(request_add(&second, bytes, BODY_BYTES));
    assert_int_equal(receiver.body_bytes, BODY_BYTES);
    assert_int_equal(end(&second, &again), 503);
    assert_true(again);
    assert_int_equal(end(&first, &again), 200);
    assert_int_equal(taken, BODY_BYTES);
    assert_int_equal(receiver.body_bytes, 0);
    /* A body that is too large by itself is not to be sent again. */
    assert_true(request_begin(&third, &receiver, &head));
    assert_true(request_add(&third, bytes, BODY_BYTES + 1));
    assert_int_equal(end(&third, &again), 413);
    assert_false(again);
    assert_int_equal(receiver.body_bytes, 0);
}

TEST(a_refused_body_is_read_up_to_a_limit)
{
    static char bytes[64 << 10];
    size_t taken = 0, read = 0;
    bool again;
    struct receiver receiver = receiver_of(&mem_libc, &taken);
    struct request request;
    struct request_head other = head;
    other.path = "/v1/foo";
    assert_true(request_begin(&request, &receiver, &other));
    while (request_add(&request, bytes, sizeof bytes)) {
        read += sizeof bytes;
    }
    assert_in_range(read, 1 << 19, 2 << 20);
    assert_int_equal(end(&request, &again), 404);
    other.content_length = "2000000";
    assert_false(request_begin(&request, &receiver, &other));
    assert_int_equal(end(&request, &again), 404);
}

/* 30 bytes of "{}" and spaces, as gzip. */
static const char packed[] =
    "\x1f\x8b\x08\0\0\0\0\0\2\3\xab\xae\x55\xc0\3\0\xb8\xbb\x8c\x24\x1e\0\0";

TEST(a_lack_of_memory_is_answered_with_try_again)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        size_t taken = 0;
        bool again;
        struct receiver receiver = receiver_of(&lack.mem, &taken);
        struct request request;
        struct request_head gzip = head;
        gzip.content_encoding = "gzip";
        assert_true(request_begin(&request, &receiver, &gzip));
        assert_true(request_add(&request, packed, sizeof packed));
        struct answer answer;
        request_end(&request, &answer);
        again = answer.again;
        assert_true(answer.status == 200 || (answer.status == 503 && again));
        lack.done = answer.status == 200 && !answer.body.failed;
        assert_int_equal(taken, answer.status == 200 ? 30 : 0);
        strbuf_release(&answer.body);
        request_release(&request);
        assert_int_equal(receiver.body_bytes, 0);
    }
}

#ifdef HAVE_NGHTTP2

/* A client's preface, its settings, and a call with a message of two bytes, in literal headers. */
static const char call[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                           "\0\0\0\4\0\0\0\0\0"
                           "\0\0\x94\1\4\0\0\0\1"
                           "\0\7:method\4POST"
                           "\0\7:scheme\4http"
                           "\0\5:path;/opentelemetry.proto.collector.trace.v1.TraceService/Export"
                           "\0\x0a:authority\x09localhost"
                           "\0\x0c"
                           "content-type\x10"
                           "application/grpc"
                           "\0\0\7\0\1\0\0\0\1"
                           "\0\0\0\0\2ab";

TEST(a_lack_of_memory_ends_a_connection_of_grpc_or_its_call)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        size_t taken = 0;
        struct slice out;
        struct receiver receiver = receiver_of(&lack.mem, &taken);
        struct grpc_session *session = grpc_session_new(&receiver);
        if (session == NULL) {
            continue;
        }
        bool good = grpc_session_take(session, call, sizeof call - 1);
        while (grpc_session_next(session, &out)) {
            assert_true(out.len > 0);
        }
        lack.done = good && taken == 2 && lack.failing.allow > 0;
        grpc_session_free(session);
        assert_int_equal(receiver.body_bytes, 0);
    }
}

#endif
