/* A document as a file: compressed if its name ends in .gz, and put in its place by the caller, so
   that an incomplete one never appears. */
#ifndef TUI_DOCUMENT_FILE_H
#define TUI_DOCUMENT_FILE_H

#include "core/export/document.h"
#include "core/export/trace_file.h"

struct document_file {
    const struct mem *mem; /* all borrowed */
    const struct swarm *swarm;
    const struct document_options *options;
    const char *path;
    bool (*gives_up)(void *ctx); /* asked again and again; true: stop */
    void *ctx;
};

/* Writes the document. Returns new, for trace_file_commit or trace_file_abort. NULL: it gave up
   (*gave_up), or *error is `path: what: detail`. */
struct trace_file *document_file_write(const struct document_file *document, bool *gave_up,
                                       struct strbuf *error);

#endif
