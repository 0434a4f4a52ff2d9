/* A window that clients only assume is marked with a tilde, as an estimated cost is. */
#include "tui/views/context_text.h"

#include "core/query/context.h"
#include "core/query/cost.h"

#include <math.h>
#include <stdio.h>

enum { BAR_COLS = 8 };

void context_cost_text(const struct metrics *metrics, char out[NUMBER_BYTES])
{
    bool estimate;
    double usd = cost_total(metrics, &estimate);
    context_usd_text(usd, estimate, out);
}

void context_usd_text(double usd, bool estimate, char out[NUMBER_BYTES])
{
    out[0] = '\0';
    if (!isnan(usd)) {
        snprintf(out, NUMBER_BYTES, usd < 100 ? "%s$%.2f" : "%s$%.0f", estimate ? "~" : "", usd);
    }
}

/* Part of a column shows as a whole one: an empty bar is an empty window. */
void context_bar(const struct metrics *metrics, int cols, bool ascii, struct strbuf *out)
{
    double full = context_full_pct(metrics);
    if (isnan(full)) {
        return;
    }
    int filled = full >= 100 ? cols : (int)ceil(full / 100 * cols);
    for (int i = 0; i < cols; i++) {
        strbuf_adds(out, i < filled ? (ascii ? "#" : "▓") : (ascii ? "." : "░"));
    }
}

void context_line(const struct metrics *metrics, bool ascii, struct strbuf *out)
{
    char text[NUMBER_BYTES];
    if (isnan(metrics->context_tokens)) {
        return;
    }
    number_tokens(metrics->context_tokens, text);
    strbuf_adds(out, text);
    if (!isnan(metrics->context_window)) {
        number_tokens(metrics->context_window, text);
        strbuf_addf(out, " of %s%s ", metrics->window_assumed ? "~" : "", text);
        context_bar(metrics, BAR_COLS, ascii, out);
        strbuf_addf(out, " %.0f%%", context_full_pct(metrics));
    }
    if (!isnan(metrics->context_growth)) {
        number_tokens(fabs(metrics->context_growth), text);
        strbuf_addf(out, "  %s%s a turn", metrics->context_growth < 0 ? "-" : "+", text);
    }
    if (!isnan(metrics->compactions)) {
        strbuf_addf(out, "  compacted %.0fx", metrics->compactions);
    }
}
