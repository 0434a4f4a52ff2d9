/* The mark is where the last ten minutes begin: the test compares these with the time before. */
#include "tui/views/slowdown_text.h"

#include "core/base/mask.h"
#include "core/query/slowdown.h"
#include "tui/screen/number.h"

#include <stdio.h>
#include <string.h>

#define MARK_WORD " slower"

enum { MODEL_BYTES = 40 };

static void put_value(enum latency_part part, double value, bool ascii, char out[NUMBER_BYTES])
{
    if (latency_rows[part].ms) {
        number_ms(value, ascii, out);
    } else {
        number_short(value, out);
    }
}

static const char *word_of(const struct slowdown *slowdown)
{
    return slowdown->retries ? "retries" : latency_rows[slowdown->part].word;
}

static void put_shares(const struct slowdown *slowdown, struct strbuf *out)
{
    char counts[2][NUMBER_BYTES];
    number_count(slowdown->recent_count, counts[0]);
    number_count(slowdown->before_count, counts[1]);
    strbuf_addf(out, "%s %.0f%% (%s) against %.0f%% (%s) the hour before", word_of(slowdown),
                slowdown->recent_share * 100, counts[0], slowdown->before_share * 100, counts[1]);
}

void slowdown_prompts_text(const struct slowdown *slowdown, struct strbuf *out)
{
    const struct prompt_medians *prompts = &slowdown->prompts;
    char tokens[2][NUMBER_BYTES], counts[2][NUMBER_BYTES];
    if (prompts->recent_count == 0 || prompts->before_count == 0) {
        return;
    }
    number_tokens(prompts->recent_p50, tokens[0]);
    number_tokens(prompts->before_p50, tokens[1]);
    number_count(prompts->recent_count, counts[0]);
    number_count(prompts->before_count, counts[1]);
    strbuf_addf(out, "its prompts: median %s tokens (%s) against %s (%s)", tokens[0], counts[0],
                tokens[1], counts[1]);
}

void slowdown_text(const struct slowdown *slowdown, bool ascii, struct strbuf *out)
{
    if (slowdown->retries) {
        put_shares(slowdown, out);
        return;
    }
    const struct latency_row *row = &latency_rows[slowdown->part];
    char recent[NUMBER_BYTES], before[NUMBER_BYTES], counts[2][NUMBER_BYTES];
    put_value(slowdown->part, slowdown->recent_p50, ascii, recent);
    put_value(slowdown->part, slowdown->before_p50, ascii, before);
    number_count(slowdown->recent_count, counts[0]);
    number_count(slowdown->before_count, counts[1]);
    strbuf_adds(out, row->word);
    if (strcmp(row->figure, row->word) != 0) {
        strbuf_addf(out, " (%s)", row->figure);
    }
    strbuf_addf(out, " %s (%s) against %s (%s) the hour before", recent, counts[0], before,
                counts[1]);
}

bool slowdown_none_text(const struct swarm_metrics *metrics, struct strbuf *out)
{
    const struct slowdown_sides *sides = &metrics->slowdown_sides;
    char counts[2][NUMBER_BYTES];
    if (metrics->slowdown_count > 0 || sides->recent + sides->before == 0) {
        return false;
    }
    number_count(sides->recent, counts[0]);
    number_count(sides->before, counts[1]);
    if (sides->models > 0) {
        strbuf_addf(out, "none (%s requests against %s the hour before)", counts[0], counts[1]);
    } else {
        strbuf_addf(out, "too few requests to compare (%s against %s, needs %d against %d)",
                    counts[0], counts[1], SLOWDOWN_RECENT_MIN, SLOWDOWN_BEFORE_MIN);
    }
    return true;
}

void report_slower(const struct report *report, bool ascii, struct strbuf *out)
{
    size_t begin = out->len;
    strbuf_adds(out, "slower    ");
    if (slowdown_none_text(report->metrics, out)) {
        strbuf_addc(out, '\n');
    } else {
        out->len = begin;
    }
    for (size_t i = 0; i < report->metrics->slowdown_count; i++) {
        const struct slowdown *slowdown = &report->metrics->slowdowns[i];
        const char *client = swarm_text(report->swarm, slowdown->client);
        strbuf_addf(out, "slower    %s%s%s: ", client, *client != '\0' ? " " : "", slowdown->model);
        slowdown_text(slowdown, ascii, out);
        strbuf_addc(out, '\n');
        size_t line = out->len;
        strbuf_adds(out, "          ");
        size_t label = out->len;
        slowdown_prompts_text(slowdown, out);
        if (out->len > label) {
            strbuf_addc(out, '\n');
        } else {
            out->len = line;
        }
    }
}

bool slowdown_is_old(const struct frame *frame)
{
    const struct swarm_metrics *metrics = frame->metrics;
    return metrics == NULL || frame->now_ns - SLOWDOWN_RECENT_NS > metrics->slowdown_now_ns;
}

const struct slowdown *slowdown_shown(const struct frame *frame, size_t *count)
{
    *count = slowdown_is_old(frame) ? 0 : frame->metrics->slowdown_count;
    return *count == 0 ? NULL : frame->metrics->slowdowns;
}

struct header_piece slowdown_piece(const struct frame *frame)
{
    struct header_piece piece = {.gap = 3};
    size_t count, models = 0;
    bool several = false; /* parts: those of two clients may be the same */
    const struct slowdown *slowdowns = slowdown_shown(frame, &count);
    for (size_t i = 0; i < count; i++) {
        models += i == 0 || strcmp(slowdowns[i].model, slowdowns[i - 1].model) != 0;
        several |= strcmp(word_of(&slowdowns[i]), word_of(&slowdowns[0])) != 0;
    }
    if (models == 1) {
        const char *model = slowdowns[0].model;
        header_add(&piece, STYLE_USER, "%s %.*s" MARK_WORD ": %s", frame_symbol(frame, SYM_SLOWER),
                   (int)mask_cut(model, strlen(model), MODEL_BYTES), model,
                   several ? "several parts" : word_of(&slowdowns[0]));
    } else if (models > 1) {
        header_add(&piece, STYLE_USER, "%s %zu models" MARK_WORD, frame_symbol(frame, SYM_SLOWER),
                   models);
    }
    return piece;
}

/* Returns the columns of the mark on an axis from its first one; 0: it is outside. At the end of
   the axis it is the symbol alone. */
static int mark_cols(const struct frame *frame, const struct axis *axis, int *col)
{
    size_t count;
    if (slowdown_shown(frame, &count) == NULL) {
        return 0;
    }
    *col = axis_col(axis, frame->metrics->slowdown_from_ns);
    if (*col < 0 || *col >= axis->cols) {
        return 0;
    }
    int cols = 1 + (int)strlen(MARK_WORD);
    return *col + cols <= axis->cols ? cols : 1;
}

bool slowdown_within(const struct frame *frame, const struct axis *axis, int col, int cols)
{
    int at, width = mark_cols(frame, axis, &at);
    return width > 0 && at <= col + cols && at + width >= col;
}

void slowdown_mark(const struct frame *frame, const struct axis *axis, struct area line, int x)
{
    int at, width = mark_cols(frame, axis, &at);
    if (width == 0 || line.rows == 0) {
        return;
    }
    int end = area_puts(line, x + at, 0, STYLE_USER, frame_symbol(frame, SYM_SLOWER));
    if (width > 1) {
        area_puts(line, end, 0, STYLE_USER, MARK_WORD);
    }
}
