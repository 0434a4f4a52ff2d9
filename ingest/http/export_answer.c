/* Both messages are small, so they are written by hand. Protobuf's tags: a field's number times 8,
   plus 0 for a varint or 2 for bytes. */
#include "ingest/http/export_answer.h"

#include "core/base/json_text.h"

#include <inttypes.h>
#include <string.h>

enum {
    TAG_PARTIAL_SUCCESS = 1 << 3 | 2,
    TAG_REJECTED = 1 << 3 | 0,
    TAG_ERROR_MESSAGE = 2 << 3 | 2,
    TAG_STATUS_MESSAGE = 2 << 3 | 2,
    VARINT_BYTES = 10
};

static size_t spell_varint(char *out, uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7) {
        out[len++] = (char)(value | 0x80);
    }
    out[len++] = (char)value;
    return len;
}

static void put_varint(struct strbuf *out, uint64_t value)
{
    char bytes[VARINT_BYTES];
    strbuf_add(out, bytes, spell_varint(bytes, value));
}

static void put_bytes(struct strbuf *out, char tag, const char *bytes, size_t len)
{
    strbuf_addc(out, tag);
    put_varint(out, len);
    strbuf_add(out, bytes, len);
}

static void put_partial_protobuf(struct strbuf *out, const struct export_result *result)
{
    char rejected[VARINT_BYTES], len_bytes[VARINT_BYTES];
    const char *why = result->why != NULL ? result->why : "";
    size_t number = spell_varint(rejected, result->rejected), text = strlen(why);
    size_t whole = 1 + number + 1 + spell_varint(len_bytes, text) + text;
    strbuf_addc(out, TAG_PARTIAL_SUCCESS);
    put_varint(out, whole);
    strbuf_addc(out, TAG_REJECTED);
    strbuf_add(out, rejected, number);
    put_bytes(out, TAG_ERROR_MESSAGE, why, text);
}

static void put_partial_json(struct strbuf *out, enum otlp_signal signal,
                             const struct export_result *result)
{
    static const char *const names[OTLP_SIGNALS] = {[OTLP_TRACES] = "rejectedSpans",
                                                    [OTLP_LOGS] = "rejectedLogRecords",
                                                    [OTLP_METRICS] = "rejectedDataPoints"};
    strbuf_addf(out, "{\"partialSuccess\":{\"%s\":\"%" PRIu64 "\",\"errorMessage\":", names[signal],
                result->rejected);
    json_put_cstr(out, result->why != NULL ? result->why : "");
    strbuf_adds(out, "}}");
}

void export_answer_put(struct strbuf *out, enum otlp_signal signal, enum otlp_encoding encoding,
                       const struct export_result *result)
{
    if (result->rejected == 0 && result->why == NULL) {
        strbuf_adds(out, encoding == OTLP_JSON ? "{}" : "");
    } else if (encoding == OTLP_JSON) {
        put_partial_json(out, signal, result);
    } else {
        put_partial_protobuf(out, result);
    }
}

void export_answer_put_status(struct strbuf *out, enum otlp_encoding encoding, const char *message)
{
    if (encoding == OTLP_PROTOBUF) {
        put_bytes(out, TAG_STATUS_MESSAGE, message, strlen(message));
        return;
    }
    strbuf_adds(out, "{\"message\":");
    json_put_cstr(out, message);
    strbuf_addc(out, '}');
}
