/* Two passes over the cells: widths, then text. Columns without any value are omitted. */
#include "tui/views/report_table.h"

#include "core/base/mask.h"
#include "tui/screen/number.h"
#include "tui/screen/text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void table_init(struct table *table, const struct mem *mem, const char *const *heads, size_t cols,
                size_t left, bool ascii)
{
    assert(cols <= TABLE_COLS);
    *table = (struct table){.heads = heads, .cols = cols, .left = left, .ascii = ascii};
    strbuf_init(&table->cells, mem, 0);
}

void table_cell(struct table *table, const char *text)
{
    table_text(table, text, strlen(text));
}

void table_text(struct table *table, const char *text, size_t len)
{
    size_t used = 0;
    size_t fits = text_fit(text, len, table->ascii, TABLE_CELL_COLS, &used);
    /* The whole table is masked at its end, which would not find half a key. */
    fits = fits < len ? mask_cut(text, len, fits) : fits;
    while (fits > 0 && len > 0) {
        struct glyph glyph;
        size_t n = text_next(text, len, table->ascii, &glyph);
        strbuf_add(&table->cells, glyph.text, glyph.len);
        text += n, len -= n;
        fits = fits > n ? fits - n : 0;
    }
    if (len > 0) {
        strbuf_adds(&table->cells, table->ascii ? "~" : "\xE2\x80\xA6");
    }
    strbuf_add(&table->cells, "", 1);
    table->at++;
}

void table_count(struct table *table, uint64_t count)
{
    char text[NUMBER_BYTES] = "";
    if (count > 0) {
        number_count(count, text);
    }
    table_cell(table, text);
}

void table_ms(struct table *table, double ms)
{
    char text[NUMBER_BYTES] = "";
    if (!isnan(ms)) {
        number_ms(ms, table->ascii, text);
    }
    table_cell(table, text);
}

void table_number(struct table *table, double value)
{
    char text[NUMBER_BYTES] = "";
    if (!isnan(value)) {
        number_short(value, text);
    }
    table_cell(table, text);
}

static size_t cols_of(const struct table *table, const char *text)
{
    return text_cols(text, strlen(text), table->ascii);
}

static void measure(const struct table *table, size_t widths[TABLE_COLS])
{
    const char *cell = table->cells.data;
    memset(widths, 0, TABLE_COLS * sizeof *widths);
    for (size_t i = 0; i < table->at; i++, cell += strlen(cell) + 1) {
        size_t cols = cols_of(table, cell);
        if (cols > widths[i % table->cols]) {
            widths[i % table->cols] = cols;
        }
    }
    for (size_t i = 0; i < table->cols; i++) {
        if (widths[i] > 0 && widths[i] < cols_of(table, table->heads[i])) {
            widths[i] = cols_of(table, table->heads[i]);
        }
    }
}

static void put_blanks(struct strbuf *out, size_t n)
{
    while (n-- > 0) {
        strbuf_addc(out, ' ');
    }
}

/* Appends one line. */
static void put_line(const struct table *table, const size_t *widths, const char *const *cells,
                     struct strbuf *out)
{
    size_t owed = 0; /* no trailing blanks */
    for (size_t i = 0; i < table->cols; i++) {
        size_t cols = cols_of(table, cells[i]), pad = widths[i] - cols;
        if (widths[i] == 0) {
            continue;
        }
        owed += i == 0 ? 0 : 2;
        owed += i < table->left ? 0 : pad;
        if (cols > 0) {
            put_blanks(out, owed);
            strbuf_adds(out, cells[i]);
            owed = 0;
        }
        owed += i < table->left ? pad : 0;
    }
    strbuf_addc(out, '\n');
}

void table_finish(struct table *table, struct strbuf *out)
{
    size_t widths[TABLE_COLS];
    const char *cells[TABLE_COLS], *cell = table->cells.data;
    out->failed |= table->cells.failed;
    if (table->at > 0 && !table->cells.failed) {
        measure(table, widths);
        for (size_t i = 0; i < table->cols; i++) {
            cells[i] = widths[i] > 0 ? table->heads[i] : "";
        }
        put_line(table, widths, cells, out);
        for (size_t i = 0; i < table->at; i++) {
            cells[i % table->cols] = cell;
            cell += strlen(cell) + 1;
            if (i % table->cols == table->cols - 1) {
                put_line(table, widths, cells, out);
            }
        }
    }
    strbuf_release(&table->cells);
}
