/* The bytes of the document pass the compressor, if there is one, on their way to the trace file. A
   failure of the file is kept there until it is committed. */
#include "tui/cmd/document_file.h"

#include "ingest/trace/pack.h"
#include "tui/screen/text.h"

struct sink {
    const struct document_file *document;
    struct trace_file *file;
    struct pack *pack; /* NULL: plain */
    bool gave_up, to_terminal;
};

/* JSON stays valid there, but no byte of it is obeyed. */
static bool put_to_terminal(struct sink *sink, const char *bytes, size_t len)
{
    struct strbuf text;
    strbuf_init(&text, sink->document->mem, 0);
    text_put_json(bytes, len, true, &text);
    bool ok = !text.failed && trace_file_write(sink->file, text.data, text.len);
    strbuf_release(&text);
    return ok;
}

static bool put(void *ctx, const char *bytes, size_t len)
{
    struct sink *sink = ctx;
    sink->gave_up = sink->gave_up || sink->document->gives_up(sink->document->ctx);
    if (sink->gave_up) {
        return false;
    }
    if (sink->to_terminal) {
        return put_to_terminal(sink, bytes, len);
    }
    return sink->pack != NULL ? pack_write(sink->pack, bytes, len)
                              : trace_file_write(sink->file, bytes, len);
}

/* Returns false if out of memory. */
static bool put_all(struct sink *sink)
{
    const struct document_file *document = sink->document;
    bool packs = pack_is_wanted(document->path), no_memory = false;
    sink->pack = packs ? pack_new(document->mem, trace_file_write, sink->file) : NULL;
    if (packs && sink->pack == NULL) {
        return false;
    }
    bool whole = document_write(document->swarm, document->options, put, sink, &no_memory);
    if (whole && packs) {
        (void)pack_finish(sink->pack);
    }
    pack_free(sink->pack);
    return !no_memory;
}

struct trace_file *document_file_write(const struct document_file *document, bool *gave_up,
                                       struct strbuf *error)
{
    struct sink sink = {.document = document};
    *gave_up = false;
    sink.file = trace_file_begin(document->mem, document->path, error);
    if (sink.file == NULL) {
        return NULL;
    }
    sink.to_terminal = trace_file_is_terminal(sink.file);
    if (sink.to_terminal && document->options->format != FORMAT_JSON) {
        trace_file_abort(sink.file);
        strbuf_addf(error, "%s: cannot write: a terminal shows no protobuf", document->path);
        return NULL;
    }
    bool good = put_all(&sink);
    *gave_up = good && sink.gave_up;
    if (good && !sink.gave_up) {
        return sink.file;
    }
    trace_file_abort(sink.file);
    if (!good) {
        strbuf_addf(error, "%s: cannot write: out of memory", document->path);
    }
    return NULL;
}
