/* What a viewer sees of a trace, as sorted lines: the same for a Chrome Trace document and for a trace in Perfetto's format that
   show the same. A slice: its process and thread, begin, end, name, category, args of begin and end together. A counter: each change
   of its value. Instants, and async events. Nothing here is shared with the code under test but the reader of JSON. */
#ifndef TESTS_PERFETTO_LINES_H
#define TESTS_PERFETTO_LINES_H

#include "core/base/json_read.h"

/* An end of an arrow of ours: in JSON a moment on a thread, in Perfetto's format a slice. */
struct perfetto_arrow {
    uint64_t id;
    bool last;
    char thread[96];
    int64_t from_ns, to_ns;
};

struct perfetto_lines {
    char **lines;
    size_t count, cap;
    struct perfetto_arrow *arrows;
    size_t arrow_count, arrow_cap;
    struct strbuf text;   /* all lines, once sorted */
    struct strbuf faults; /* a line each: what a reader would refuse or lose */
};

void perfetto_lines_init(struct perfetto_lines *lines);
void perfetto_lines_release(struct perfetto_lines *lines);
/* Reads a document, or a trace, and sets `text`. Times count from 0, or from the first event if that is before. */
void perfetto_lines_of_json(struct perfetto_lines *lines, const char *text, size_t len);
void perfetto_lines_of_trace(struct perfetto_lines *lines, const char *bytes, size_t len);
/* Fails the test unless both show the same, and each arrow's moment lies in its slice. */
void perfetto_lines_compare(const struct perfetto_lines *json, const struct perfetto_lines *trace);

/* For both readers: a slice while it is open. */
struct perfetto_open {
    char *name, *cat;
    int64_t at_ns, end_ns; /* end_ns: of a complete one, else INT64_MAX */
    struct strbuf args;    /* a line each: KEY=VALUE, a later one replaces one of its key */
};

void perfetto_lines_add(struct perfetto_lines *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void perfetto_lines_fault(struct perfetto_lines *lines, const char *what, const char *where);
void perfetto_lines_add_arrow(struct perfetto_lines *lines, const struct perfetto_arrow *arrow);
/* Adds the line of a slice and frees what it has. end_ns INT64_MAX: it is open. */
void perfetto_lines_close(struct perfetto_lines *lines, const char *thread,
                          struct perfetto_open *slice, int64_t end_ns);
void perfetto_lines_arg(struct strbuf *args, const char *key, const char *value);
void perfetto_lines_sort(struct perfetto_lines *lines);

#endif
