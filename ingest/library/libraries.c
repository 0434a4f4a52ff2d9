#include "ingest/library/libraries.h"

#include "ingest/library/microhttpd.h"
#include "ingest/library/nats.h"
#include "ingest/library/nghttp2.h"
#include "ingest/library/sqlite.h"
#include "ingest/library/zstd.h"

const struct library *const libraries[] = {
    &mhd_library, &nats_library, &nghttp2_library, &sqlite_library, &zstd_library, NULL,
};
