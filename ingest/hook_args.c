/* Tools name the same thing differently; of several the row that comes first tells most. The order is that of what is kept of transcripts, which tell of the
   same calls. */
#include "ingest/hook_args.h"

#include "core/json_text.h"
#include "ingest/hook_calls.h"

enum { ARGUMENT_BYTES = 200 };

static const char *const telling[] = {"command", "file_path", "path",  "notebook_path",
                                      "pattern", "url",       "query", "description"};

static bool put(struct json_value input, const char *name, bool first, struct strbuf *scratch,
                struct strbuf *out)
{
    struct json_value value = json_get(input, name);
    if (value.type != JSON_TYPE_STRING || value.len <= 2)
        return false;
    strbuf_clear(scratch);
    json_get_string(value, scratch);
    struct slice text = {.bytes = scratch->data, .len = scratch->failed ? 0 : scratch->len};
    text = hook_cut(text, ARGUMENT_BYTES);
    strbuf_addf(out, "%c\"%s\":", first ? '{' : ',', name);
    json_put_string(out, text.bytes == NULL ? "" : text.bytes, text.len);
    return true;
}

bool hook_args_put(struct json_value input, struct strbuf *scratch, struct strbuf *out)
{
    bool any = put(input, "subagent_type", true, scratch, out);
    for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++)
        if (put(input, telling[i], !any, scratch, out)) {
            any = true;
            break;
        }
    if (any)
        strbuf_addc(out, '}');
    return any;
}
