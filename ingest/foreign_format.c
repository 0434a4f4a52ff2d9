/* Two tables: formats by their first bytes, and JSON documents by the keys that only they have. A
   row's text is a message for people: what the file is, and how to get a trace from it. */
#include "ingest/foreign_format.h"

#include <string.h>
#include <strings.h>

#define MAGIC(text, what)                   \
    {                                       \
        text, sizeof(text) - 1, false, what \
    }
#define WORDS(text, what)                  \
    {                                      \
        text, sizeof(text) - 1, true, what \
    }

static const struct {
    const char *text;
    size_t len;
    bool any_case;
    const char *what;
} formats[] = {
    MAGIC("PK\x03\x04", "a zip archive: unpack it, as in `unzip -p FILE | swarmtop -`"),
    MAGIC("PK\x05\x06", "a zip archive without a file in it"),
    MAGIC("\x28\xb5\x2f\xfd", "zstd data: unpack it, as in `zstd -dc FILE | swarmtop -`"),
    MAGIC("\xfd"
          "7zXZ",
          "xz data: unpack it, as in `xz -dc FILE | swarmtop -`"),
    MAGIC("BZh", "bzip2 data: unpack it, as in `bzip2 -dc FILE | swarmtop -`"),
    MAGIC("\x04\x22\x4d\x18", "lz4 data: unpack it, as in `lz4 -dc FILE | swarmtop -`"),
    MAGIC("7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    MAGIC("SQLite format 3", "an SQLite database: export a Chrome Trace (JSON) from the tool that "
                             "made it"),
    MAGIC("\x7f"
          "ELF",
          "a program, no trace"),
    MAGIC("PERFILE2", "perf data: convert it, as in `perf data convert --to-json`, or export a "
                      "Chrome Trace (JSON)"),
    MAGIC("%PDF", "a PDF document, no trace"),
    WORDS("<!doctype html", "an HTML page: export the trace as JSON from the tool that made it"),
    WORDS("<!--", "an HTML page or XML: export the trace as JSON from the tool that made it"),
    WORDS("<html", "an HTML page: export the trace as JSON from the tool that made it"),
    WORDS("<?xml", "an XML document: export the trace as JSON"),
    WORDS("<svg", "an SVG picture, no trace"),
    WORDS("<trace", "an XML trace: export it as JSON"),
    WORDS("# tracer:", "an ftrace text: convert it to JSON (ui.perfetto.dev, or traceconv json)"),
};

const char *foreign_magic(struct slice bytes)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t len = formats[i].len;
        if (bytes.len >= len &&
            (formats[i].any_case ? strncasecmp(bytes.bytes, formats[i].text, len) == 0
                                 : memcmp(bytes.bytes, formats[i].text, len) == 0)) {
            return formats[i].what;
        }
    }
    return NULL;
}

static bool is_binary(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len && i < 4 * FOREIGN_MAGIC_BYTES; i++) {
        unsigned char c = (unsigned char)bytes.bytes[i];
        if (c < '\t' || (c > '\r' && c < ' ' && c != '\033')) {
            return true;
        }
    }
    return false;
}

static struct slice first_line(struct slice bytes)
{
    const char *end = bytes.bytes == NULL ? NULL : memchr(bytes.bytes, '\n', bytes.len);
    return (struct slice){bytes.bytes, end == NULL ? bytes.len : (size_t)(end - bytes.bytes)};
}

const char *foreign_format(struct slice bytes)
{
    const char *what = foreign_magic(bytes);
    struct json_value object;
    struct slice line = first_line(bytes);
    if (what == NULL && (json_check(bytes.bytes, bytes.len, 512, &object, NULL) ||
                         json_check(line.bytes, line.len, 512, &object, NULL))) {
        what = foreign_object(object);
    }
    if (what == NULL && is_binary(bytes)) {
        what = "binary data, not JSON; if it is a Perfetto trace (protobuf), convert it, as in "
               "`traceconv json FILE OUT`";
    }
    return what;
}

static const struct {
    const char *keys[2]; /* all of them; NULL: no second */
    const char *what;
} objects[] = {
    {{"nodes", "timeDeltas"},
     "a CPU profile (.cpuprofile), no trace: there is no traceEvents in it; record a trace in the "
     "Performance panel"},
    {{"nodes", "callFrame"}, "a CPU profile, no trace: there is no traceEvents in it"},
    {{"snapshot", "nodes"}, "a heap snapshot, no trace: there is no traceEvents in it"},
    {{"head", "selfSize"}, "a heap profile, no trace: there is no traceEvents in it"},
    {{"profiles", "shared"}, "a speedscope profile, no trace: there is no traceEvents in it"},
    {{"meta", "threads"}, "a Firefox profile, no trace: there is no traceEvents in it"},
    {{"log", NULL}, "an HTTP archive (.har), perhaps; no trace: there is no traceEvents in it"},
    {{"sessionId", "timestamp"},
     "a transcript of Claude Code: name the directory that has its projects/, as claude:DIR"},
    {{"data", "total"}, "Jaeger spans, perhaps; no trace: there is no traceEvents in it"},
    {{"resourceSpans", NULL}, "OpenTelemetry spans: send them to otlp:, or export a Chrome Trace"},
};

const char *foreign_object(struct json_value object)
{
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        bool all = true;
        for (size_t key = 0; key < 2 && objects[i].keys[key] != NULL; key++) {
            all = all && json_get(object, objects[i].keys[key]).type != JSON_TYPE_NONE;
        }
        if (all) {
            return objects[i].what;
        }
    }
    return NULL;
}
