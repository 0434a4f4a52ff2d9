#include "tui/views/sheet.h"

struct area sheet_line(struct sheet *sheet)
{
    size_t at = sheet->line++;
    struct area none = {.grid = sheet->area.grid};
    if (!sheet->area.grid || at < sheet->skip || at - sheet->skip >= (size_t)sheet->area.rows)
        return none;
    return area_sub(sheet->area, 0, (int)(at - sheet->skip), sheet->area.cols, 1);
}

void sheet_gap(struct sheet *sheet)
{
    if (sheet->line > 0)
        sheet->line++;
}

size_t sheet_most(size_t lines, int space)
{
    size_t seen = space > 0 ? (size_t)space : 0;
    return lines > seen ? lines - seen : 0;
}
