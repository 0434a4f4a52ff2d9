/* 10: a feed through the real socket. The sender is another process; what is counted is this one's processor time, which is what one core can
   do. */
#include "tests/bench/bench.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEND_BYTES = 256 * 1024 };

/* ---- the sender ---- */

static void send_all(const char *path, const char *bytes, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    while (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        usleep(1000);
    }
    while (len > 0) {
        ssize_t sent = write(fd, bytes, len < SEND_BYTES ? len : SEND_BYTES);
        if (sent <= 0) {
            _exit(1);
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    close(fd);
    _exit(0);
}

static pid_t start_sender(const char *path, const struct strbuf *text)
{
    pid_t pid = fork();
    if (pid == 0) {
        send_all(path, text->data, text->len);
    }
    return pid;
}

/* ---- what is sent ---- */

static uint64_t make_raw(struct bench *bench, struct strbuf *out)
{
    struct generate_options options = {.seed = 1, .events = bench->events};
    struct generate *gen = generate_new(&mem_libc, &options);
    uint64_t count = 0;
    while (generate_event(gen, out)) {
        strbuf_addc(out, '\n');
        count++;
    }
    generate_free(gen);
    return count;
}

/* Requests and tools of eight agents. */
static uint64_t make_operations(struct bench *bench, struct strbuf *out)
{
    uint64_t count = bench->events / 4, lines = 2;
    strbuf_adds(out,
                "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"s\",\"name\":\"bench\"}\n"
                "{\"op\":\"register_agent\",\"agent_id\":\"a\",\"agent_name\":\"Explore\"}\n");
    for (uint64_t i = 0; lines < count; i++, lines += 4) {
        unsigned long long t = 1760000000000u + i * 50, n = i;
        strbuf_addf(
            out,
            "{\"op\":\"start_llm_request\",\"t\":%llu,\"agent_id\":\"a\",\"span_id\":\"r%llu\",\"model\":\"claude-sonnet-4-5\",\"prompt_tokens\":%llu}\n"
            "{\"op\":\"end_llm_request\",\"t\":%llu,\"span_id\":\"r%llu\",\"ttft_ms\":7,\"ttlt_ms\":20,\"output_tokens\":230,\"cache_read_tokens\":900,\"success\":true}\n"
            "{\"op\":\"start_tool\",\"t\":%llu,\"agent_id\":\"a\",\"span_id\":\"t%llu\",\"tool_name\":\"Bash\",\"args\":{\"command\":\"make -j%llu test\"}}\n"
            "{\"op\":\"end_tool\",\"t\":%llu,\"span_id\":\"t%llu\",\"success\":true,\"result_tokens\":12}\n",
            t, n, 1000 + n % 5000, t + 20, n, t + 21, n, n % 9, t + 40, n);
    }
    return lines;
}

/* ---- our receiver ---- */

/* Processor seconds for all of it. */
static double receive(struct bench *bench, const struct strbuf *text, uint64_t count)
{
    struct bench_engine engine;
    char path[600], spec[610];
    snprintf(path, sizeof path, "%s/feed.sock", bench->dir);
    snprintf(spec, sizeof spec, "unix:%s", path);
    bench_engine_open(&engine, 100000, false);
    bench_engine_add(&engine, spec);
    pid_t pid = start_sender(path, text);
    double began = bench_cpu();
    while (hub_source(engine.hub, 0).events < count) {
        uv_run(&engine.loop, UV_RUN_ONCE);
    }
    double took = bench_cpu() - began;
    waitpid(pid, NULL, 0);
    bench_engine_close(&engine);
    return took;
}

/* ---- the reference: libuv and jansson; fields are read out and args kept as text, but no model is made ---- */

struct reference {
    uv_loop_t loop;
    uv_pipe_t listener, sender;
    struct strbuf held;
    uint64_t lines;
    double sum;
    size_t texts;
    char buffer[65536];
};

static void take_line(struct reference *reference, const char *line, size_t len)
{
    json_error_t error;
    json_t *object = json_loadb(line, len, 0, &error);
    static const char *const numbers[] = {"ts", "pid", "tid", "dur"};
    static const char *const texts[] = {"name", "cat", "ph"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        reference->sum += json_number_value(json_object_get(object, numbers[i]));
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        reference->texts += json_string_length(json_object_get(object, texts[i]));
    }
    const json_t *args = json_object_get(object, "args");
    if (args != NULL) {
        char *text = json_dumps(args, JSON_COMPACT);
        reference->texts += strlen(text);
        free(text);
    }
    json_decref(object);
    reference->lines++;
}

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct reference *reference = handle->data;
    (void)size;
    *buf = uv_buf_init(reference->buffer, sizeof reference->buffer);
}

static void take_bytes(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct reference *reference = stream->data;
    (void)buf;
    if (count < 0) {
        uv_close((uv_handle_t *)stream, NULL);
        uv_close((uv_handle_t *)&reference->listener, NULL);
        return;
    }
    strbuf_add(&reference->held, reference->buffer, (size_t)count);
    size_t from = 0;
    const char *newline;
    while ((newline = memchr(reference->held.data + from, '\n', reference->held.len - from)) !=
           NULL) {
        size_t to = (size_t)(newline - reference->held.data);
        take_line(reference, reference->held.data + from, to - from);
        from = to + 1;
    }
    strbuf_eat(&reference->held, from);
}

static void take_sender(uv_stream_t *listener, int status)
{
    struct reference *reference = listener->data;
    (void)status;
    uv_pipe_init(&reference->loop, &reference->sender, 0);
    reference->sender.data = reference;
    uv_accept(listener, (uv_stream_t *)&reference->sender);
    uv_read_start((uv_stream_t *)&reference->sender, give_buffer, take_bytes);
}

static double receive_by_reference(struct bench *bench, const struct strbuf *text)
{
    static struct reference reference;
    char path[600];
    memset(&reference, 0, sizeof reference);
    snprintf(path, sizeof path, "%s/reference.sock", bench->dir);
    strbuf_init(&reference.held, &mem_libc, 0);
    uv_loop_init(&reference.loop);
    uv_pipe_init(&reference.loop, &reference.listener, 0);
    reference.listener.data = &reference;
    uv_pipe_bind(&reference.listener, path);
    uv_listen((uv_stream_t *)&reference.listener, 4, take_sender);
    pid_t pid = start_sender(path, text);
    double began = bench_cpu();
    uv_run(&reference.loop, UV_RUN_DEFAULT);
    double took = bench_cpu() - began;
    waitpid(pid, NULL, 0);
    uv_loop_close(&reference.loop);
    strbuf_release(&reference.held);
    unlink(path);
    return took;
}

void bench_feed(struct bench *bench)
{
    struct strbuf raw, operations;
    strbuf_init(&raw, &mem_libc, 0);
    strbuf_init(&operations, &mem_libc, 0);
    uint64_t raw_count = make_raw(bench, &raw);
    uint64_t operation_count = make_operations(bench, &operations);
    struct samples ours = {.count = 0}, reference = {.count = 0}, ops = {.count = 0};
    for (unsigned i = 0; i < bench->runs; i++) {
        samples_add(&ours, receive(bench, &raw, raw_count));
        samples_add(&reference, receive_by_reference(bench, &raw));
        samples_add(&ops, receive(bench, &operations, operation_count));
    }
    double rate = (double)raw_count / samples_median(&ours);
    double reference_rate = (double)raw_count / samples_median(&reference);
    double operation_rate = (double)operation_count / samples_median(&ops);
    bench_say("10 feed of events", rate / 1e6, "a million a second", true, 1,
              "%.2f million events a second on one core", rate / 1e6);
    bench_say("10 feed of events", rate / reference_rate, "libuv and jansson", true, 15,
              "%.2f against %.2f million a second", rate / 1e6, reference_rate / 1e6);
    bench_say("10 feed of operations", operation_rate / 200000, "200,000 a second", true, 1,
              "%.0f operations a second on one core", operation_rate);
    strbuf_release(&raw);
    strbuf_release(&operations);
}
