/* core's document writer writes a temporary file, which replaces the old file at the end, so an
   incomplete document never appears. The write is synchronous: the model does not change meanwhile.
   A document is known by its name, and keeps the file that was free when it was first written; the
   program prints these paths at the end. */
#include "tui/cmd/output.h"

#include "core/export/trace_file.h"
#include "core/query/query.h"
#include "tui/cmd/document_file.h"
#include "tui/cmd/output_path.h"
#include "tui/screen/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPARES = 3 }; /* of a temporary file, its lock, and a directory */

/* The file that a document has in this run: its name with a number if that was taken. */
struct document_path {
    struct strbuf key;  /* its name and the id of its session */
    struct strbuf path; /* the file */
    bool named;         /* by the user: an older file is replaced */
    bool written;       /* and then which file it is */
    dev_t device;
    ino_t inode;
};

struct output {
    struct output_config config;
    struct document_path *documents;
    size_t document_count, document_cap;
    struct strbuf path; /* result of output_path */
    int spares[SPARES]; /* descriptors that are free when a document is to be written; -1: none */
    bool fresh;         /* `path` is a default name that this run has not written to */
};

/* Holds descriptors back, so that a document can be written when all others are in use. */
static void hold_spares(struct output *output)
{
    for (int i = 0; i < SPARES; i++) {
        output->spares[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
}

static void free_spares(struct output *output)
{
    for (int i = 0; i < SPARES; i++) {
        if (output->spares[i] >= 0) {
            close(output->spares[i]);
        }
    }
}

struct output *output_new(const struct output_config *config)
{
    struct output *output = mem_zalloc(config->mem, 1, sizeof *output);
    if (output == NULL) {
        return NULL;
    }
    output->config = *config;
    strbuf_init(&output->path, config->mem, 0);
    hold_spares(output);
    return output;
}

void output_free(struct output *output)
{
    if (output == NULL) {
        return;
    }
    const struct mem *mem = output->config.mem;
    free_spares(output);
    for (size_t i = 0; i < output->document_count; i++) {
        strbuf_release(&output->documents[i].key);
        strbuf_release(&output->documents[i].path);
    }
    mem_free(mem, output->documents, output->document_cap * sizeof *output->documents);
    strbuf_release(&output->path);
    mem_free(mem, output, sizeof *output);
}

static bool was_written(void *ctx, const char *path)
{
    const struct output *output = ctx;
    for (size_t i = 0; i < output->document_count; i++) {
        if (output->documents[i].written && strcmp(output->documents[i].path.data, path) == 0) {
            return true;
        }
    }
    return false;
}

const char *output_written(const struct output *output, size_t index)
{
    for (size_t i = 0; i < output->document_count; i++) {
        if (output->documents[i].written && index-- == 0) {
            return output->documents[i].path.data;
        }
    }
    return NULL;
}

bool output_to_stdout(const struct output *output)
{
    const char *path = output->config.options->output;
    return path != NULL && strcmp(path, "-") == 0;
}

/* ---- names that are taken ---- */

/* Returns true if the path is that of another document of this run, as the file system compares
   names, or of a file that this run did not write and must not replace. */
static bool is_taken(const struct output *output, const struct document_path *own,
                     const struct strbuf *path)
{
    struct stat file;
    bool exists = lstat(path->data, &file) == 0;

    for (size_t i = 0; i < output->document_count; i++) {
        const struct document_path *other = &output->documents[i];
        if (other != own && !other->path.failed &&
            (strcmp(other->path.data, path->data) == 0 ||
             (exists && other->written && other->device == file.st_dev &&
              other->inode == file.st_ino))) {
            return true;
        }
    }
    return !own->named && (exists || output_is_source(&output->config, path));
}

/* Sets the document's file: the first free of `name`, `name-2`, `name-3` … */
static void choose_path(const struct output *output, struct document_path *document,
                        const struct strbuf *name)
{
    for (unsigned n = 1; n < 100000; n++) {
        strbuf_clear(&document->path);
        output_add_numbered(name->data, name->len, n, &document->path);
        if (document->path.failed || !is_taken(output, document, &document->path)) {
            return;
        }
    }
}

static struct document_path *find_document(struct output *output, const struct strbuf *key)
{
    for (size_t i = 0; i < output->document_count; i++) {
        struct document_path *document = &output->documents[i];
        if (document->key.len == key->len && memcmp(document->key.data, key->data, key->len) == 0) {
            return document;
        }
    }
    if (!mem_reserve(output->config.mem, &output->documents, &output->document_cap,
                     output->document_count + 1, sizeof *output->documents)) {
        return NULL;
    }
    struct document_path *document = &output->documents[output->document_count++];
    *document = (struct document_path){.written = false};
    strbuf_init(&document->key, output->config.mem, 0);
    strbuf_init(&document->path, output->config.mem, 0);
    strbuf_add(&document->key, key->data, key->len);
    return document;
}

/* Returns the document of the session whose name is in output->path; NULL: out of memory. */
static struct document_path *document_of(struct output *output, const struct swarm *swarm,
                                         session_no only)
{
    struct strbuf key;
    strbuf_init(&key, output->config.mem, 0);
    strbuf_add(&key, output->path.data, output->path.len);
    if (only != NO_SESSION) {
        strbuf_addc(&key, '\n');
        strbuf_adds(&key, swarm_text(swarm, swarm_session(swarm, only)->id));
    }
    struct document_path *document = key.failed ? NULL : find_document(output, &key);
    strbuf_release(&key);
    return document;
}

/* Replaces the name in output->path by the document's file. Before the first write it is chosen
   again if another program has written one of that name. */
static void number_path(struct output *output, const struct swarm *swarm, session_no only,
                        bool named, bool writes)
{
    struct document_path *document = document_of(output, swarm, only);
    if (document == NULL) {
        output->path.failed = true;
        return;
    }
    document->named = named;
    if (document->path.len == 0 ||
        (writes && !document->written && is_taken(output, document, &document->path))) {
        choose_path(output, document, &output->path);
    }
    strbuf_clear(&output->path);
    strbuf_add(&output->path, document->path.data, document->path.len);
    output->path.failed |= document->path.failed;
    output->fresh = !named && !document->written;
}

static void note_written(struct output *output, const struct strbuf *path)
{
    struct stat file;
    for (size_t i = 0; i < output->document_count; i++) {
        struct document_path *document = &output->documents[i];
        if (document->path.len == 0 || strcmp(document->path.data, path->data) != 0) {
            continue;
        }
        document->written = true;
        if (stat(path->data, &file) == 0) {
            document->device = file.st_dev;
            document->inode = file.st_ino;
        }
    }
}

static void path_of(struct output *output, const struct swarm *swarm, int64_t local_ns,
                    session_no only, bool writes)
{
    struct output_naming naming = {
        .config = &output->config,
        .swarm = swarm,
        .local_ns = local_ns,
        .mine = was_written,
        .ctx = output,
    };

    bool named = output_path_of(&naming, only, &output->path);

    output->fresh = false;
    if (output->path.len > 0 && !output->path.failed && !output_to_stdout(output)) {
        number_path(output, swarm, only, named, writes);
    }
}

const char *output_path(struct output *output, const struct swarm *swarm, int64_t local_ns)
{
    session_no only =
        output->config.options->split ? output_next_session(swarm, NO_SESSION) : NO_SESSION;
    path_of(output, swarm, local_ns, only, false);
    return output->path.len > 0 && !output->path.failed ? output->path.data : NULL;
}

/* ---- writing ---- */

static struct document_options document_options(const struct output *output,
                                                const struct swarm *swarm, int64_t local_ns,
                                                session_no only)
{
    const struct options *options = output->config.options;
    struct document_options document = {
        .tracks = options->tracks,
        .only = only,
        .from_ns = INT64_MIN,
        .to_ns = INT64_MAX,
    };
    int64_t from_ns, to_ns;
    if (output->config.ranged) {
        document.from_ns = output->config.from_ns;
        document.to_ns = output->config.to_ns;
    } else if (query_extent(swarm, local_ns, &from_ns, &to_ns)) {
        document.from_ns = time_spec_resolve(options->from, from_ns, to_ns, INT64_MIN);
        document.to_ns = time_spec_resolve(options->to, from_ns, to_ns, INT64_MAX);
    }
    return document;
}

/* A document while it is written. */
struct writing {
    const struct output *output;
    bool final, gave_up;
};

static bool gives_up(void *ctx)
{
    struct writing *writing = ctx;
    const struct output_config *config = &writing->output->config;
    writing->gave_up =
        writing->gave_up || (config->gives_up != NULL && config->gives_up(writing->final));
    return writing->gave_up;
}

static bool print(void *ctx, const char *bytes, size_t len)
{
    return !gives_up(ctx) && console_write(stdout, bytes, len, CONSOLE_JSON);
}

static bool write_to_stdout(const struct output *output, const struct swarm *swarm,
                            const struct document_options *document, struct strbuf *error)
{
    struct writing writing = {.output = output, .final = true};
    struct document_options formatted = *document;
    bool no_memory = false;

    formatted.format = output_format(output->config.options, "-");
    if (formatted.format == FORMAT_PERFETTO && isatty(STDOUT_FILENO) == 1) {
        strbuf_adds(error, "standard output: cannot write: a terminal shows no protobuf");
        return false;
    }
    errno = 0;
    if (document_write(swarm, &formatted, print, &writing, &no_memory) && fflush(stdout) == 0) {
        return true;
    }
    strbuf_addf(error, "standard output: cannot write: %s",
                no_memory         ? "out of memory"
                : writing.gave_up ? "interrupted"
                                  : strerror(errno));
    return false;
}

/* Returns how many other names the file has, which will keep the old version. */
static unsigned long other_names(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 && S_ISREG(file.st_mode) && file.st_nlink > 1
               ? (unsigned long)file.st_nlink - 1
               : 0;
}

static void report_other_names(const struct output *output, unsigned long names)
{
    struct strbuf text;
    if (names == 0 || output->config.report == NULL) {
        return;
    }
    strbuf_init(&text, output->config.mem, 0);
    strbuf_addf(&text, "%s: its hard links (%lu) keep the old trace", output->path.data, names);
    if (!text.failed) {
        output->config.report(output->config.ctx, LOG_LEVEL_WARNING, text.data);
    }
    strbuf_release(&text);
}

/* Sets *written if the file has the new version, *taken if another program has just written a file
   of this default name. */
static bool write_to_file(const struct output *output, const struct swarm *swarm,
                          const struct document_options *document, bool final, bool *written,
                          bool *taken, struct strbuf *error)
{
    struct writing writing = {.output = output, .final = final};
    struct document_options formatted = *document;
    formatted.format = output_format(output->config.options, output->path.data);
    const struct document_file to = {
        .mem = output->config.mem,
        .swarm = swarm,
        .options = &formatted,
        .path = output->path.data,
        .gives_up = gives_up,
        .ctx = &writing,
    };
    bool gave_up;

    *written = *taken = false;
    struct trace_file *file = document_file_write(&to, &gave_up, error);
    if (file != NULL) {
        unsigned long names = other_names(to.path);
        *written = output->fresh ? trace_file_commit_new(file, taken, error)
                                 : trace_file_commit(file, error);
        report_other_names(output, *written ? names : 0);
        return *written;
    }
    if (gave_up && final) {
        strbuf_addf(error, "%s: cannot write: interrupted", to.path);
    }
    return gave_up && !final;
}

/* Tries the next name as long as the one that was free is taken meanwhile. */
static bool write_named(struct output *output, const struct swarm *swarm, int64_t local_ns,
                        const struct document_options *document, bool final, bool *written,
                        struct strbuf *error)
{
    size_t had = error->len;
    bool taken, done;

    do {
        error->len = had;
        path_of(output, swarm, local_ns, document->only, true);
        if (output->path.failed) {
            strbuf_adds(error, "trace: cannot write: out of memory");
            return false;
        }
        if (output->path.len == 0) {
            return true;
        }
        free_spares(output);
        done = write_to_file(output, swarm, document, final, written, &taken, error);
        hold_spares(output);
    } while (!done && taken);
    return done;
}

static bool write_one(struct output *output, const struct swarm *swarm, int64_t local_ns,
                      session_no only, bool final, struct strbuf *error)
{
    struct document_options document = document_options(output, swarm, local_ns, only);
    bool written = false;

    if (output_to_stdout(output)) {
        return !final || write_to_stdout(output, swarm, &document, error);
    }
    if (!write_named(output, swarm, local_ns, &document, final, &written, error)) {
        return false;
    }
    if (written) {
        note_written(output, &output->path);
    }
    return true;
}

bool output_try(struct output *output, struct strbuf *error)
{
    const struct mem *mem = output->config.mem;
    struct trace_file *file;
    struct strbuf path;
    struct stat st;
    bool ok = true;

    strbuf_init(&path, mem, 0);
    output_path_to_try(&output->config, &path);
    /* A pipe's reader would take the end of the try for the end of the document. */
    if (path.len > 0 && !path.failed && !output_to_stdout(output) &&
        (stat(path.data, &st) != 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
        file = trace_file_begin(mem, path.data, error);
        ok = file != NULL;
        if (file != NULL) {
            trace_file_abort(file);
        }
    }
    strbuf_release(&path);
    return ok;
}

bool output_write(struct output *output, const struct swarm *swarm, int64_t local_ns, bool final,
                  struct strbuf *error)
{
    session_no session = output_next_session(swarm, NO_SESSION);
    bool ok = true;

    if (!output->config.options->split) {
        return write_one(output, swarm, local_ns, NO_SESSION, final, error);
    }
    for (; session != NO_SESSION; session = output_next_session(swarm, session)) {
        struct strbuf why;
        strbuf_init(&why, output->config.mem, 0);
        if (!write_one(output, swarm, local_ns, session, final, &why)) {
            if (ok) {
                strbuf_adds(error,
                            why.data != NULL ? why.data : "trace: cannot write: out of memory");
            }
            ok = false;
        }
        strbuf_release(&why);
    }
    return ok;
}
