/* The model's spans are printed in order of their start, so that a row is one text. */
#include "tests/support/trace_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    int64_t start_ns, length_ns; /* length < 0: open */
    const char *name;
};

static int by_start(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->start_ns != y->start_ns) {
        return x->start_ns < y->start_ns ? -1 : 1;
    }
    if (x->length_ns != y->length_ns) {
        return x->length_ns > y->length_ns ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

void trace_input_describe(const struct swarm *swarm, struct strbuf *out)
{
    struct row *rows = calloc(swarm_span_end(swarm) + 1, sizeof *rows);
    size_t count = 0;
    for (span_no no = swarm_span_begin(swarm); no < swarm_span_end(swarm); no++) {
        const struct span *span = swarm_span(swarm, no);
        if (span != NULL) {
            bool open = (span->flags & SPAN_OPEN) != 0;
            rows[count++] = (struct row){span->start_ns, open ? -1 : span->end_ns - span->start_ns,
                                         swarm_text(swarm, span->name)};
        }
    }
    if (count > 1) {
        qsort(rows, count, sizeof *rows, by_start);
    }
    for (size_t i = 0; i < count; i++) {
        strbuf_addf(out, "%s%s %lld+", i > 0 ? ", " : "", rows[i].name,
                    (long long)(rows[i].start_ns - rows[0].start_ns));
        if (rows[i].length_ns >= 0) {
            strbuf_addf(out, "%lld", (long long)rows[i].length_ns);
        }
    }
    free(rows);
}

uint64_t trace_input_orphans(const struct swarm *swarm)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        sum += session != NULL ? session->orphan_ends : 0;
    }
    return sum;
}

struct source_status trace_input_read(struct rig *rig, const struct trace_input *input)
{
    char path[512];
    rig_init(rig);
    rig_start_hub(rig, (struct hub_options){.follow = false});
    if (input->file != NULL) {
        snprintf(path, sizeof path, "cases/traces/%s", input->file);
        size_t index = rig_add(rig, support_data(path));
        rig_until_finished(rig);
        return hub_source(rig->hub, index);
    }
    const char *made = support_path(support_tmpdir(), "input.json");
    support_write_file(made, input->text, strlen(input->text));
    size_t index = rig_add(rig, made);
    rig_until_finished(rig);
    return hub_source(rig->hub, index);
}

static void check_spans(const struct trace_input *input)
{
    struct rig rig;
    struct strbuf spans;
    struct source_status status = trace_input_read(&rig, input);
    strbuf_init(&spans, &mem_libc, 0);
    trace_input_describe(rig.model.swarm, &spans);
    const char *name = input->file != NULL ? input->file : input->text;
    const char *seen = spans.len > 0 ? spans.data : "";
    bool says = input->error == NULL ? *status.error == '\0'
                                     : strstr(status.error, input->error) != NULL ||
                                           strstr(status.first_refused, input->error) != NULL;
    if (strcmp(seen, input->spans) != 0 || trace_input_orphans(rig.model.swarm) != input->orphans ||
        status.bad != input->bad || !says) {
        print_error("%s\n%s\n%s\n", name, status.error, status.first_refused);
    }
    assert_int_equal(status.bad, input->bad);
    assert_true(says);
    assert_string_equal(seen, input->spans);
    assert_int_equal(trace_input_orphans(rig.model.swarm), input->orphans);
    strbuf_release(&spans);
    rig_release(&rig);
}

void trace_input_check(const struct trace_input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_spans(&inputs[i]);
    }
}
