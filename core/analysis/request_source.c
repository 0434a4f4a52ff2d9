#include "core/analysis/request_source.h"

#include "core/base/json_read.h"
#include "core/model/record.h"

enum { ARGS_MAX_BYTES = 65536 };

struct slice request_source(const struct swarm *swarm, const struct span *request)
{
    const struct record *record = swarm_span_record(swarm, request);
    if (record != NULL) {
        return facts_text(&record->facts, FIELD_QUERY_SOURCE);
    }
    struct slice args = swarm_span_args(swarm, request);
    if (args.bytes == NULL || args.len > ARGS_MAX_BYTES) {
        return (struct slice){NULL, 0};
    }
    struct json_value source = json_get(json_value_of(args.bytes, args.len), "query_source");
    return source.type == JSON_TYPE_STRING ? (struct slice){source.raw + 1, source.len - 2}
                                           : (struct slice){NULL, 0};
}
