/* The door for clients' files, hooks and telemetry. Keys and passwords are masked in these, since
   nobody chose to send them here. Feeds and trace files are kept as they were sent. */
#include "core/base/json_read.h"
#include "core/base/mask.h"
#include "ingest/ingest_ctx.h"

/* Texts for people. Ids are left alone, or calls would no longer find each other. */
static const enum update_field masked[] = {FIELD_NAME,   FIELD_TITLE,       FIELD_CUSTOM_TITLE,
                                           FIELD_ARGS,   FIELD_DESCRIPTION, FIELD_ERROR,
                                           FIELD_CONTEXT};

enum { MASKED_FIELDS = sizeof masked / sizeof *masked };

/* Appends the text if something in it is masked; *part is its place. */
static bool mask_text(struct slice text, struct strbuf *out, struct slice *part)
{
    size_t from = out->len;
    if (text.len == 0 || !mask_secrets(text.bytes, text.len, out)) {
        return false;
    }
    /* `out` may still move: the place is kept as an offset. */
    *part = (struct slice){NULL, out->len - from};
    return true;
}

/* The rest of the program walks args without checks, so whatever a mask left must be JSON. */
static void keep_json(struct update *update)
{
    struct json_value value;
    struct slice *args = &update->values[FIELD_ARGS].text;
    if (update_has(update, FIELD_ARGS) &&
        !json_check(args->bytes, args->len, JSON_DEPTH_LIMIT, &value, NULL)) {
        *args = (struct slice){"{}", 2};
    }
}

bool ingest_ctx_client_update(struct ingest_ctx *ingest, const struct update *update)
{
    struct strbuf out;
    struct slice parts[MASKED_FIELDS + 1];
    bool is_masked[MASKED_FIELDS + 1] = {false}, any = false;
    if (ingest->no_mask) {
        return ingest_ctx_update(ingest, update);
    }
    strbuf_init(&out, ingest->mem, 0);
    for (size_t i = 0; i < MASKED_FIELDS; i++) {
        is_masked[i] = update_has(update, masked[i]) &&
                       mask_text(update->values[masked[i]].text, &out, &parts[i]);
        any |= is_masked[i];
    }
    if (update_has(update, FIELD_RETRY)) {
        is_masked[MASKED_FIELDS] =
            mask_text(update->values[FIELD_RETRY].retry.error, &out, &parts[MASKED_FIELDS]);
        any |= is_masked[MASKED_FIELDS];
    }
    if (!any) {
        return ingest_ctx_update(ingest, update);
    }
    struct update copy = *update;
    const char *at = out.data;
    for (size_t i = 0; !out.failed && i <= MASKED_FIELDS; i++) {
        if (is_masked[i]) {
            struct slice text = {at, parts[i].len};
            *(i < MASKED_FIELDS ? &copy.values[masked[i]].text
                                : &copy.values[FIELD_RETRY].retry.error) = text;
            at += parts[i].len;
        }
    }
    keep_json(&copy);
    bool good = !out.failed && ingest_ctx_update(ingest, &copy);
    strbuf_release(&out);
    return good;
}
