/* The part of goal 19 that sends through sockets. */
#ifndef TESTS_BENCH_OTLP_H
#define TESTS_BENCH_OTLP_H

#include "tests/bench/bench.h"

enum bench_otlp_way { BENCH_HTTP_JSON, BENCH_HTTP_PROTOBUF, BENCH_GRPC };

/* Sends the bodies one after the other from another thread to the engine, whose first source is a
   receiver. Returns this thread's processor seconds until all are answered. */
double bench_otlp_receive(struct bench_engine *engine, enum bench_otlp_way way,
                          const struct strbuf *bodies, size_t count);

#endif
