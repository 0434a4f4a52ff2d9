/* 19: spans of OpenTelemetry into the model, in JSON and in protobuf, a request of 512 spans at a time
   and under a cap: how many a second on one core, and whether memory stays where it was. */
#include "tests/bench/bench_otlp.h"

#include "core/model/stats.h"
#include "ingest/otlp/otlp_reader.h"
#include "tests/support/otlp_encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SPANS = 512, BODIES = 400, QUICK_BODIES = 40, ROUNDS = 3, CAP = 100000, FRAME_BODIES = 16 };

/* These fill the cap, and the tables of the reader (65,536 spans, 8,192 traces). */
enum { FILL_SPANS = 1 << 17 };

#define GOAL_JSON     100000.0
#define GOAL_PROTOBUF 200000.0
#define GOAL_MEMORY   1.1

struct bodies {
    struct strbuf json[BODIES], protobuf[BODIES];
    size_t count;
};

static int64_t clock_ns(void *ctx)
{
    (void)ctx;
    return INT64_C(1795903200000000000);
}

/* A turn with a request to a model, as a client of the GenAI conventions reports it. */
static void put_span(struct strbuf *out, uint64_t round, unsigned body, unsigned number)
{
    unsigned turn = body * SPANS + number / 8 * 8;
    bool root = number % 8 == 0;
    /* Requests of a turn follow each other, 10 ms each. */
    uint64_t start = UINT64_C(1795903200000000000) + (round * BODIES + body) * 6000000000ull +
                     number / 8 * 80000000ull + number % 8 * 10000000ull;
    unsigned long long length =
        root ? 79000000u : 5000000u + (turn + number) * 7919u % 4000u * 1000u;
    strbuf_addf(out, "%s{\"traceId\":\"%016llx%016x\",\"spanId\":\"%016x\",\"parentSpanId\":\"",
                number == 0 ? "" : ",", (unsigned long long)round + 1, turn + 1,
                body * SPANS + number + 1);
    if (!root) {
        strbuf_addf(out, "%016x", turn + 1);
    }
    strbuf_addf(
        out,
        "\",\"name\":\"%s\",\"kind\":%d,\"startTimeUnixNano\":\"%llu\","
        "\"endTimeUnixNano\":\"%llu\",\"attributes\":["
        "{\"key\":\"gen_ai.operation.name\",\"value\":{\"stringValue\":\"%s\"}},"
        "{\"key\":\"gen_ai.conversation.id\",\"value\":{\"stringValue\":\"session-%u\"}},"
        "{\"key\":\"gen_ai.request.model\",\"value\":{\"stringValue\":\"model-a\"}},"
        "{\"key\":\"gen_ai.response.time_to_first_chunk\",\"value\":{\"doubleValue\":0.002}},"
        "{\"key\":\"gen_ai.usage.input_tokens\",\"value\":{\"intValue\":\"%u\"}},"
        "{\"key\":\"gen_ai.usage.output_tokens\",\"value\":{\"intValue\":\"120\"}},"
        "{\"key\":\"gen_ai.provider.name\",\"value\":{\"stringValue\":\"openai\"}},"
        "{\"key\":\"server.address\",\"value\":{\"stringValue\":\"api.example.com\"}}],"
        "\"status\":{}}",
        root ? "invoke_agent Planner" : "chat model-a", root ? 1 : 3, (unsigned long long)start,
        (unsigned long long)start + length, root ? "invoke_agent" : "chat", body % 16,
        1000 + number);
}

static void put_body(struct strbuf *out, uint64_t round, unsigned body)
{
    strbuf_clear(out);
    strbuf_adds(out, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\","
                     "\"value\":{\"stringValue\":\"planner\"}}]},\"scopeSpans\":[{\"scope\":{"
                     "\"name\":\"bench\"},\"spans\":[");
    for (unsigned i = 0; i < SPANS; i++) {
        put_span(out, round, body, i);
    }
    strbuf_adds(out, "]}]}]}");
}

static void make_bodies(struct bodies *bodies, uint64_t round)
{
    struct otlp_batch batch;
    otlp_batch_init(&batch, &mem_libc);
    for (size_t i = 0; i < bodies->count; i++) {
        put_body(&bodies->json[i], round, (unsigned)i);
        otlp_batch_clear(&batch);
        struct slice text = {bodies->json[i].data, bodies->json[i].len};
        if (otlp_decode(&batch, OTLP_TRACES, OTLP_JSON, text) != NULL) {
            abort();
        }
        strbuf_clear(&bodies->protobuf[i]);
        otlp_encode(&batch, OTLP_TRACES, &bodies->protobuf[i]);
    }
    otlp_batch_release(&batch);
}

struct receiver {
    struct swarm *swarm;
    struct tracer *tracer;
    struct correlator *correlator;
    struct event_log *log;
    struct ingest_ctx ingest;
    struct otlp_reader *reader;
    struct otlp_batch batch;
};

static void open_receiver(struct receiver *receiver)
{
    struct swarm_config config = {.max_events = {CAP, 0}};
    receiver->swarm = swarm_new(&mem_libc, &config);
    receiver->tracer = tracer_new(receiver->swarm);
    receiver->correlator = correlator_new(receiver->swarm, receiver->tracer);
    receiver->log = event_log_new(&mem_libc, 100);
    ingest_ctx_init(&receiver->ingest, receiver->swarm, receiver->tracer, receiver->correlator,
                    receiver->log, clock_ns, NULL);
    receiver->reader = otlp_reader_new(&receiver->ingest);
    otlp_batch_init(&receiver->batch, &mem_libc);
}

static void close_receiver(struct receiver *receiver)
{
    otlp_batch_release(&receiver->batch);
    otlp_reader_free(receiver->reader);
    ingest_ctx_release(&receiver->ingest);
    correlator_free(receiver->correlator);
    tracer_free(receiver->tracer);
    swarm_free(receiver->swarm);
    event_log_free(receiver->log);
}

/* Returns processor seconds. */
static double take(struct receiver *receiver, const struct strbuf *bodies, size_t count,
                   enum otlp_encoding encoding)
{
    double began = bench_cpu();
    for (size_t i = 0; i < count; i++) {
        otlp_batch_clear(&receiver->batch);
        struct slice body = {bodies[i].data, bodies[i].len};
        if (otlp_decode(&receiver->batch, OTLP_TRACES, encoding, body) != NULL ||
            !otlp_reader_take(receiver->reader, &receiver->batch, (struct slice){"otlp:", 5}) ||
            !correlator_flush(receiver->correlator)) {
            abort();
        }
        /* A screen asks for the statistics now and then. */
        if (i % FRAME_BODIES == 0 && swarm_stats(receiver->swarm) == NULL) {
            abort();
        }
    }
    return bench_cpu() - began;
}

static double resident_bytes(void)
{
    unsigned long long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL) {
        if (fscanf(file, "%llu %llu", &size, &resident) != 2) {
            resident = 0;
        }
        fclose(file);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void measure(struct bodies *bodies, enum otlp_encoding encoding, const char *name,
                    double goal)
{
    struct receiver receiver;
    struct samples seconds = {.count = 0};
    const unsigned spans = (unsigned)bodies->count * SPANS;
    const uint64_t fill = (FILL_SPANS + spans - 1) / spans;
    double first = 0, last = 0;
    make_bodies(bodies, 0); /* their memory is not the receiver's */
    double before = resident_bytes();
    open_receiver(&receiver);
    for (uint64_t round = 0; round < fill + ROUNDS; round++) {
        make_bodies(bodies, round);
        double s = take(&receiver, encoding == OTLP_JSON ? bodies->json : bodies->protobuf,
                        bodies->count, encoding);
        if (round >= fill) {
            samples_add(&seconds, s);
        }
        last = resident_bytes() - before;
        first = round < fill ? last : first;
    }
    double rate = (double)spans / samples_median(&seconds);
    bench_say(name, rate / goal, "its goal", true, 1, "%.0f spans a second", rate);
    bench_say("19 memory under a cap", last / first, "the first fill", false, GOAL_MEMORY,
              "%.0f MB after %u spans", last / 1e6, (unsigned)(fill + ROUNDS) * spans);
    close_receiver(&receiver);
}

/* The same through a real socket, with answers; the sender's time is not counted. */
static void measure_sockets(struct bodies *bodies)
{
    static const struct {
        const char *name;
        enum bench_otlp_way way;
        double goal;
    } rows[] = {
        {"19 OTLP by HTTP, JSON", BENCH_HTTP_JSON, GOAL_JSON},
#ifdef HAVE_PROTOBUF
        {"19 OTLP by HTTP, protobuf", BENCH_HTTP_PROTOBUF, GOAL_PROTOBUF},
#ifdef HAVE_NGHTTP2
        {"19 OTLP by gRPC", BENCH_GRPC, GOAL_PROTOBUF},
#endif
#endif
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct samples seconds = {.count = 0};
        struct bench_engine engine;
        bench_engine_open(&engine, CAP, false);
        bench_engine_add(&engine, "otlp:127.0.0.1:0");
        for (uint64_t round = 0; round <= ROUNDS; round++) {
            make_bodies(bodies, round);
            const struct strbuf *of =
                rows[i].way == BENCH_HTTP_JSON ? bodies->json : bodies->protobuf;
            double s = bench_otlp_receive(&engine, rows[i].way, of, bodies->count);
            if (round > 0) { /* the first fills the cap */
                samples_add(&seconds, s);
            }
        }
        bench_engine_close(&engine);
        double rate = (double)(bodies->count * SPANS) / samples_median(&seconds);
        bench_say(rows[i].name, rate / rows[i].goal, "its goal", true, 1, "%.0f spans a second",
                  rate);
    }
}

void bench_otlp(struct bench *bench)
{
    struct bodies *bodies = calloc(1, sizeof *bodies);
    if (bodies == NULL) {
        abort();
    }
    bodies->count = bench->quick ? QUICK_BODIES : BODIES;
    for (size_t i = 0; i < bodies->count; i++) {
        strbuf_init(&bodies->json[i], &mem_libc, 0);
        strbuf_init(&bodies->protobuf[i], &mem_libc, 0);
    }
    measure(bodies, OTLP_JSON, "19 OTLP in JSON", GOAL_JSON);
#ifdef HAVE_PROTOBUF
    measure(bodies, OTLP_PROTOBUF, "19 OTLP in protobuf", GOAL_PROTOBUF);
#endif
    measure_sockets(bodies);
    for (size_t i = 0; i < bodies->count; i++) {
        strbuf_release(&bodies->json[i]);
        strbuf_release(&bodies->protobuf[i]);
    }
    free(bodies);
}
