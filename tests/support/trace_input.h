/* A trace file of another producer and what it means: the spans, what was refused, and why. For
   tables of inputs. */
#ifndef TESTS_TRACE_INPUT_H
#define TESTS_TRACE_INPUT_H

#include "tests/support/rig.h"

struct trace_input {
    const char *file; /* below data/cases/traces, or NULL */
    const char *text; /* what the file holds */
    const char *
        spans; /* "NAME START+LENGTH, …" in ns from the first start, by start and length; "NAME START+" is open */
    unsigned orphans;  /* ends that closed nothing */
    unsigned bad;      /* what was refused */
    const char *error; /* a part of the first message; NULL: there is none */
};

/* Reads the input to its end with a new rig, which the caller releases. */
struct source_status trace_input_read(struct rig *rig, const struct trace_input *input);
/* Appends the spans, as in the rows of a table. */
void trace_input_describe(const struct swarm *swarm, struct strbuf *out);
uint64_t trace_input_orphans(const struct swarm *swarm);
/* Fails the test unless each input means what its row has. */
void trace_input_check(const struct trace_input *inputs, size_t count);

#define CHECK_ALL(inputs) trace_input_check(inputs, sizeof(inputs) / sizeof *(inputs))

/* An event of pid 1, tid 1, in an array that the reader may find open. */
#define EV(ph, name, ts, more)                                                              \
    "{\"ph\":\"" ph "\",\"name\":\"" name "\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":" ts \
    "" more "},\n"

/* Two events of one length. */
#define X1  "{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":0,\"dur\":1}"
#define X2  "{\"ph\":\"X\",\"name\":\"b\",\"pid\":1,\"tid\":1,\"ts\":5,\"dur\":1}"
#define TWO "a 0+1000, b 5000+1000"

#endif
