/* Each thread has a clock of its own. A task of a thread is a small tree of calls; the producer
   decides whether a parent is written before its children or after them. */
#include "tests/bench/generate_foreign.h"

#include <string.h>

enum { THREADS = 12, DEPTH_MAX = 5 };

const char *const foreign_shape_names[FOREIGN_SHAPES] = {
    [FOREIGN_CHROMIUM] = "chromium",
    [FOREIGN_PYTORCH] = "pytorch",
    [FOREIGN_CLANG] = "clang",
};

struct foreign {
    struct strbuf *out;
    uint64_t random, events, ids;
    int64_t clocks_ns[THREADS]; /* since the trace's first time */
};

/* A call of a thread. */
struct foreign_call {
    unsigned thread, depth, kind;
    int64_t at_ns, dur_ns;
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(struct foreign *gen)
{
    uint64_t z = gen->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static unsigned below(struct foreign *gen, unsigned n)
{
    return (unsigned)(next_random(gen) % n);
}

/* Puts a comma between two events. */
static void begin_event(struct foreign *gen, const char *separator)
{
    strbuf_adds(gen->out, gen->events++ > 0 ? separator : "");
}

/* ---- Chromium ---- */

static const struct {
    const char *cat, *name;
} tasks[] = {
    {"toplevel", "ThreadControllerImpl::RunTask"},
    {"devtools.timeline,v8", "FunctionCall"},
    {"devtools.timeline", "UpdateLayoutTree"},
    {"disabled-by-default-devtools.timeline", "RunTask"},
    {"v8,devtools.timeline,disabled-by-default-v8.gc", "V8.GCScavenger"},
    {"cc,benchmark", "LayerTreeHost::DoUpdateLayers"},
    {"blink,devtools.timeline", "ParseHTML"},
    {"ipc,toplevel", "SimpleWatcher::OnHandleReady"},
};

static unsigned chromium_pid(unsigned thread)
{
    return 4001 + thread / 4 * 97;
}

/* Microseconds since the machine's start. */
static unsigned long long chromium_us(int64_t at_ns)
{
    return 351234567890ull + (unsigned long long)at_ns / 1000;
}

static void chromium_args(struct foreign *gen, unsigned kind)
{
    unsigned n = below(gen, 100000);
    switch (kind) {
    case 0:
        strbuf_addf(gen->out,
                    "{\"args\":{\"src_file\":\"../../mojo/public/cpp/system/simple_watcher_%u.cc\","
                    "\"src_func\":\"ArmOrNotify\"}",
                    n % 400);
        break;
    case 1:
        strbuf_addf(gen->out,
                    "{\"args\":{\"data\":{\"columnNumber\":%u,\"frame\":\"7A31C2F0B4%05u\","
                    "\"functionName\":\"onNode%u\",\"isolate\":\"12884901888\",\"lineNumber\":%u,"
                    "\"scriptId\":\"%u\",\"url\":\"https://example.org/static/app.%u.js\"}}",
                    n % 90, n, n % 700, n % 4000, n % 60, n % 60);
        break;
    case 2:
        strbuf_addf(gen->out,
                    "{\"args\":{\"beginData\":{\"frame\":\"7A31C2F0B4%05u\","
                    "\"stackTrace\":[{\"columnNumber\":%u,\"functionName\":\"\","
                    "\"lineNumber\":12,\"scriptId\":\"8\",\"url\":\"\"}]},\"elementCount\":%u}",
                    n, n % 300, n % 800);
        break;
    default: strbuf_adds(gen->out, "{\"args\":{}"); break;
    }
}

static void chromium_complete(struct foreign *gen, const struct foreign_call *call)
{
    unsigned dur = (unsigned)(call->dur_ns / 1000);
    begin_event(gen, ",");
    chromium_args(gen, call->kind % 4);
    strbuf_addf(gen->out,
                ",\"cat\":\"%s\",\"dur\":%u,\"name\":\"%s\",\"ph\":\"X\",\"pid\":%u,\"tdur\":%u,"
                "\"tid\":%u,\"ts\":%llu,\"tts\":%llu}",
                tasks[call->kind].cat, dur, tasks[call->kind].name, chromium_pid(call->thread),
                dur - dur / 8, call->thread + 1, chromium_us(call->at_ns),
                (unsigned long long)call->at_ns / 3000);
}

/* A step of an async span: its begin or its end. */
static void chromium_async(struct foreign *gen, char ph, uint64_t id, unsigned thread, int64_t at)
{
    const char *scope = id % 3 == 0 ? "global" : "local";
    begin_event(gen, ",");
    chromium_args(gen, ph == 'b' ? 1 : 3);
    strbuf_addf(gen->out,
                ",\"cat\":\"loading\",\"id2\":{\"%s\":\"0x%llx\"},\"name\":\"ResourceLoad\","
                "\"ph\":\"%c\",\"pid\":%u,\"tid\":%u,\"ts\":%llu}",
                scope, (unsigned long long)id, ph, chromium_pid(thread), thread + 1,
                chromium_us(at));
}

static void chromium_rest(struct foreign *gen, unsigned thread, int64_t at)
{
    begin_event(gen, ",");
    strbuf_addf(gen->out,
                "{\"args\":{\"layerTreeId\":%u},\"cat\":\"disabled-by-default-devtools.timeline\","
                "\"name\":\"DrawFrame\",\"ph\":\"I\",\"pid\":%u,\"s\":\"t\",\"tid\":%u,"
                "\"ts\":%llu,\"tts\":%llu}",
                below(gen, 9), chromium_pid(thread), thread + 1, chromium_us(at),
                (unsigned long long)at / 3000);
    begin_event(gen, ",");
    strbuf_addf(gen->out,
                "{\"args\":{\"gpuMemLimitMB\":512,\"jsHeapSizeUsed\":%u,\"nodes\":%u},"
                "\"cat\":\"blink\",\"name\":\"UpdateCounters\",\"ph\":\"C\",\"pid\":%u,\"tid\":%u,"
                "\"ts\":%llu}",
                9000000 + below(gen, 4000000), below(gen, 9000), chromium_pid(thread), thread + 1,
                chromium_us(at));
}

static void chromium_task(struct foreign *gen, const struct foreign_call *call);

static void chromium_children(struct foreign *gen, const struct foreign_call *call)
{
    int64_t at = call->at_ns + 1000, end = call->at_ns + call->dur_ns - 1000;
    unsigned children = call->depth >= DEPTH_MAX ? 0 : below(gen, 3);
    for (unsigned i = 0; i < children && end - at > 20000; i++) {
        struct foreign_call child = {call->thread, call->depth + 1, 1 + below(gen, 7), at,
                                     5000 +
                                         (int64_t)(next_random(gen) % (uint64_t)((end - at) / 2))};
        chromium_task(gen, &child);
        at = child.at_ns + child.dur_ns + 1000;
    }
}

/* Chromium writes an X when its scope ends, but the viewer sorts; half of it is sorted here. */
static void chromium_task(struct foreign *gen, const struct foreign_call *call)
{
    bool last = call->thread % 2 == 0;
    if (!last) {
        chromium_complete(gen, call);
    }
    chromium_children(gen, call);
    if (last) {
        chromium_complete(gen, call);
    }
}

static void chromium_names(struct foreign *gen)
{
    static const char *const processes[] = {"Browser", "Renderer", "GPU Process"};
    for (unsigned thread = 0; thread < THREADS; thread++) {
        begin_event(gen, ",");
        strbuf_addf(gen->out,
                    "{\"args\":{\"name\":\"%s\"},\"cat\":\"__metadata\",\"name\":\"%s\","
                    "\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"ts\":0}",
                    thread % 4 == 0 ? processes[thread / 4] : "ThreadPoolForegroundWorker",
                    thread % 4 == 0 ? "process_name" : "thread_name", chromium_pid(thread),
                    thread % 4 == 0 ? 0 : thread + 1);
    }
}

static void chromium(struct foreign *gen, uint64_t events)
{
    strbuf_adds(gen->out, "{\"traceEvents\":[");
    chromium_names(gen);
    while (gen->events < events) {
        unsigned thread = below(gen, THREADS);
        int64_t *clock = &gen->clocks_ns[thread];
        struct foreign_call call = {thread, 0, 0, *clock, 40000 + below(gen, 4000000)};
        uint64_t id = below(gen, 3) == 0 ? ++gen->ids : 0;
        if (id != 0) {
            chromium_async(gen, 'b', id, thread, call.at_ns);
        }
        chromium_task(gen, &call);
        if (id != 0) {
            chromium_async(gen, 'e', id, thread, call.at_ns + call.dur_ns);
        }
        *clock += call.dur_ns + below(gen, 300000);
        if (below(gen, 4) == 0) {
            chromium_rest(gen, thread, *clock);
        }
    }
    strbuf_adds(gen->out, "],\"metadata\":{\"clock-domain\":\"LINUX_CLOCK_MONOTONIC\","
                          "\"os-name\":\"Linux\",\"trace-config\":\"x\"}}");
}

/* ---- PyTorch ---- */

/* Microseconds since 1970, with three digits after the point, as Kineto prints nanoseconds. */
static void put_epoch_us(struct foreign *gen, int64_t at_ns)
{
    strbuf_addf(gen->out, "%llu.%03u", 1764400000123456ull + (unsigned long long)at_ns / 1000,
                (unsigned)(at_ns % 1000));
}

static void pytorch_op(struct foreign *gen, const struct foreign_call *call)
{
    static const char *const ops[] = {"aten::empty",      "aten::linear",  "aten::addmm",
                                      "aten::layer_norm", "aten::softmax", "aten::copy_"};
    begin_event(gen, ",");
    strbuf_addf(gen->out,
                "\n  {\n    \"ph\": \"X\", \"cat\": \"cpu_op\", \"name\": \"%s\", \"pid\": 3521, "
                "\"tid\": %u,\n    \"ts\": ",
                ops[call->kind % 6], 3521 + call->thread % 2);
    put_epoch_us(gen, call->at_ns);
    strbuf_addf(gen->out,
                ", \"dur\": %llu.%03u,\n    \"args\": {\n      \"External id\": %llu,"
                "\"Record function id\": 0, \"Sequence number\": %u, \"Fwd thread id\": 0, "
                "\"Ev Idx\": %llu\n    }\n  }",
                (unsigned long long)call->dur_ns / 1000, (unsigned)(call->dur_ns % 1000),
                (unsigned long long)gen->events, below(gen, 4000), (unsigned long long)gen->events);
}

static void pytorch_kernel(struct foreign *gen, uint64_t correlation, int64_t at, int64_t dur)
{
    static const char *const kernels[] = {
        "ampere_fp16_s16816gemm_fp16_128x64_ldg8_f2f_stages_64x4_tn",
        "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>, "
        "at::detail::Array<char*, 3> >(int, at::native::CUDAFunctor_add<float>, "
        "at::detail::Array<char*, 3>)",
        "void (anonymous namespace)::softmax_warp_forward<c10::Half, c10::Half, float, 7, false, "
        "true>(c10::Half*, c10::Half const*, int, int, int)"};
    begin_event(gen, ",");
    strbuf_addf(gen->out,
                "\n  {\n    \"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"%s\", \"pid\": 0, "
                "\"tid\": 7,\n    \"ts\": ",
                kernels[correlation % 3]);
    put_epoch_us(gen, at);
    strbuf_addf(gen->out,
                ", \"dur\": %llu.%03u,\n    \"args\": {\n      \"External id\": %llu,\n      "
                "\"queued\": 0, \"device\": 0, \"context\": 1,\n      \"stream\": 7, "
                "\"correlation\": %llu,\n      \"registers per thread\": %u,\n      "
                "\"shared memory\": 0,\n      \"blocks per SM\": %u.%u,\n      \"grid\": [%u, 1, "
                "1],\n      \"block\": [128, 1, 1],\n      \"est. achieved occupancy %%\": "
                "%u\n    }\n  }",
                (unsigned long long)dur / 1000, (unsigned)(dur % 1000),
                (unsigned long long)gen->events, (unsigned long long)correlation,
                16 + below(gen, 200), below(gen, 30), below(gen, 10), 1 + below(gen, 5000),
                below(gen, 100));
}

/* The arrow from a launch on a thread to its kernel on the device. */
static void pytorch_flow(struct foreign *gen, char ph, uint64_t id, unsigned tid, int64_t at)
{
    begin_event(gen, ",");
    strbuf_addf(gen->out,
                "\n  {\n    \"ph\": \"%c\", \"id\": %llu, \"pid\": %u, \"tid\": %u, \"ts\": ", ph,
                (unsigned long long)id, ph == 's' ? 3521 : 0, tid);
    put_epoch_us(gen, at);
    strbuf_addf(gen->out, ",\n    \"cat\": \"ac2g\", \"name\": \"ac2g\"%s\n  }",
                ph == 's' ? "" : ", \"bp\": \"e\"");
}

static void pytorch_step(struct foreign *gen, int64_t *device_ns)
{
    unsigned thread = below(gen, 2);
    int64_t *clock = &gen->clocks_ns[thread];
    struct foreign_call call = {thread, 0, below(gen, 6), *clock, 20000 + below(gen, 90000)};
    pytorch_op(gen, &call);
    for (struct foreign_call inner = call; inner.depth < 3 && inner.dur_ns > 6000;) {
        inner.depth++;
        inner.kind = below(gen, 6);
        inner.at_ns += 700;
        inner.dur_ns = inner.dur_ns * 2 / 3 - 1400;
        pytorch_op(gen, &inner);
    }
    *clock += call.dur_ns + 900 + below(gen, 5000);
    if (below(gen, 2) == 0) {
        uint64_t id = ++gen->ids;
        int64_t start = *device_ns > *clock ? *device_ns : *clock, dur = 2000 + below(gen, 60000);
        pytorch_kernel(gen, id, start, dur);
        pytorch_flow(gen, 's', id, 3521 + thread, call.at_ns + 900);
        pytorch_flow(gen, 'f', id, 7, start);
        *device_ns = start + dur + below(gen, 900);
    }
}

static void pytorch(struct foreign *gen, uint64_t events)
{
    int64_t device_ns = 0;
    strbuf_adds(gen->out,
                "{\n  \"schemaVersion\": 1,\n  \"deviceProperties\": [\n    {\n      \"id\": 0, "
                "\"name\": \"A100\", \"totalGlobalMem\": 42505273344\n    }\n  ],\n  "
                "\"displayTimeUnit\": \"ms\",\n  \"baseTimeNanoseconds\": 1764300000000000000,\n  "
                "\"traceEvents\": [");
    for (unsigned pid = 0; pid <= 3521; pid += 3521) {
        begin_event(gen, ",");
        strbuf_adds(gen->out, "\n  {\n    \"name\": \"process_name\", \"ph\": \"M\", \"ts\": ");
        put_epoch_us(gen, 0);
        strbuf_addf(gen->out,
                    ", \"pid\": %u, \"tid\": 0,\n    \"args\": {\n      \"name\": \"python\"\n"
                    "    }\n  }",
                    pid);
    }
    while (gen->events < events) {
        pytorch_step(gen, &device_ns);
    }
    strbuf_adds(gen->out, "\n  ],\n  \"traceName\": \"trace.json\"\n}\n");
}

/* ---- clang ---- */

static void clang_complete(struct foreign *gen, const struct foreign_call *call)
{
    static const char *const names[] = {"ExecuteCompiler",     "Source",           "ParseClass",
                                        "InstantiateFunction", "InstantiateClass", "OptFunction"};
    unsigned n = below(gen, 1000000);
    begin_event(gen, ",");
    strbuf_addf(gen->out,
                "{\"pid\":4711,\"tid\":%u,\"ts\":%llu,\"ph\":\"X\",\"dur\":%llu,\"name\":\"%s\"",
                4711 + call->thread % 2, (unsigned long long)call->at_ns / 1000,
                (unsigned long long)call->dur_ns / 1000, names[call->kind]);
    switch (call->kind) {
    case 0: strbuf_addc(gen->out, '}'); break;
    case 1:
        strbuf_addf(gen->out, ",\"args\":{\"detail\":\"/usr/include/c++/12/bits/part_%u.h\"}}",
                    n % 900);
        break;
    case 2:
        strbuf_addf(gen->out, ",\"args\":{\"detail\":\"std::__detail::_Node_%u\"}}", n % 900);
        break;
    default:
        strbuf_addf(gen->out,
                    ",\"args\":{\"detail\":\"std::vector<std::pair<const int, project::Part%u>, "
                    "std::allocator<std::pair<const int, project::Part%u>>>::_M_realloc_insert\"}}",
                    n % 5000, n % 5000);
    }
}

/* Writes the leaves first. */
static void clang_scope(struct foreign *gen, const struct foreign_call *call)
{
    int64_t at = call->at_ns, end = call->at_ns + call->dur_ns;
    unsigned children = call->depth >= DEPTH_MAX ? 0 : 1 + below(gen, 3);
    for (unsigned i = 0; i < children && end - at > 4000; i++) {
        struct foreign_call child = {
            call->thread, call->depth + 1, 1 + below(gen, 5), at,
            1000 + (int64_t)(next_random(gen) % (uint64_t)((end - at) / 2)) / 1000 * 1000};
        clang_scope(gen, &child);
        at = child.at_ns + child.dur_ns;
    }
    clang_complete(gen, call);
}

static void clang(struct foreign *gen, uint64_t events)
{
    strbuf_adds(gen->out, "{\"traceEvents\":[");
    while (gen->events < events) {
        unsigned thread = below(gen, 2);
        struct foreign_call call = {thread, 1, 1, gen->clocks_ns[thread],
                                    (int64_t)(50 + below(gen, 4000)) * 1000};
        clang_scope(gen, &call);
        gen->clocks_ns[thread] += call.dur_ns;
    }
    for (unsigned i = 0; i < 2; i++) {
        struct foreign_call all = {i, 0, 0, 0, gen->clocks_ns[i]};
        clang_complete(gen, &all);
    }
    begin_event(gen, ",");
    strbuf_adds(gen->out, "{\"cat\":\"\",\"pid\":4711,\"tid\":4711,\"ts\":0,\"ph\":\"M\","
                          "\"name\":\"process_name\",\"args\":{\"name\":\"clang-15\"}}],"
                          "\"beginningOfTime\":1764400000123456}");
}

bool generate_foreign(enum foreign_shape shape, uint64_t seed, uint64_t events, struct strbuf *out)
{
    static void (*const producers[FOREIGN_SHAPES])(struct foreign * gen, uint64_t events) = {
        [FOREIGN_CHROMIUM] = chromium,
        [FOREIGN_PYTORCH] = pytorch,
        [FOREIGN_CLANG] = clang,
    };
    struct foreign gen = {.out = out, .random = seed};
    producers[shape](&gen, events);
    return !out->failed;
}
