#include "tests/bench/bench.h"

#include <jansson.h>

size_t reference_jansson(const char *text, size_t len)
{
    json_error_t error;
    json_t *root = json_loadb(text, len, 0, &error);
    size_t count = json_array_size(json_object_get(root, "traceEvents"));
    json_decref(root);
    return count;
}
