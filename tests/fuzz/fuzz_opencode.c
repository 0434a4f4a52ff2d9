/* Anything as rows of OpenCode's database, a line each: no crash, and the same model when all rows
   are taken once more, as rows that change are. The first byte of a line chooses the table, the next
   two the row and its session; the rest is its data. */
#include "ingest/opencode/opencode_rows.h"
#include "tests/fuzz/fuzz_model.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_line(struct opencode_rows *rows, const char *line, size_t len)
{
    static const char ids[] = "abcdefghijklmnop";
    if (len < 3) {
        return;
    }
    unsigned row = (unsigned char)line[1], session = (unsigned char)line[2];
    struct slice rest = {line + 3, len - 3};
    struct opencode_row out = {.table = (enum opencode_table)((unsigned char)line[0] % 3),
                               .id = {ids + row % 8, 1 + row / 128},
                               .session_id = {ids + session % 4, 1},
                               .message_id = {ids + session / 4 % 8, 1},
                               .data = rest,
                               .created_ms = 1760000000000 + row * 100,
                               .updated_ms = 1760000000000 + row * 100 + session,
                               .cost_usd = row,
                               .deleted = row == 255};
    if (out.table == OPENCODE_SESSIONS) {
        out.session_id = out.id;
        out.parent_id = session > 127 ? (struct slice){ids + session % 8, 1} : (struct slice){0};
        out.title = out.directory = rest;
    }
    opencode_rows_take(rows, &out);
}

static void take_all(struct opencode_rows *rows, const char *bytes, size_t size)
{
    for (const char *at = bytes, *end = bytes + size; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        take_line(rows, at, (size_t)(stop - at));
        at = stop + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_model model;
    struct opencode_rows rows;
    fuzz_model_init(&model);
    if (size > 0) {
        bool content = data[0] >= 128;
        fuzz_require(opencode_rows_init(&rows, &model.counters, "fuzz", content, 1000000000));
        take_all(&rows, (const char *)data + 1, size - 1);
        opencode_rows_conclude(&rows, false);
        take_all(&rows, (const char *)data + 1, size - 1);
        opencode_rows_conclude(&rows, true);
        fuzz_require(!rows.failed && correlator_flush(model.ingest.correlator));
        opencode_rows_release(&rows);
    }
    fuzz_model_release(&model);
    return 0;
}
