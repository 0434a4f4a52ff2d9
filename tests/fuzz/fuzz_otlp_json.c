/* otlp_decode of any bytes as OTLP in JSON. */
#include "tests/fuzz/fuzz_otlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_otlp(OTLP_JSON, data, size);
    return 0;
}
