#include "tui/views/why_text.h"

#include "tui/screen/number.h"
#include "tui/screen/text.h"
#include "tui/views/agent_labels.h"
#include "tui/views/report_table.h"
#include "tui/views/span_text.h"

#include <string.h>

/* A session of a day has hundreds of turns: --turn shows the others. */
enum { TURNS_SHOWN = 10, KINDS_SHOWN = 8, NAMES_SHOWN = 8, TITLE_COLS = 60 };

static const char *const step_heads[] = {"LONGEST STEPS", "CALL", "AGENT", "TOOK", "AFTER"};
static const char *const kind_heads[] = {"WITHOUT", "SOONER BY"};

/* ---- the sum ---- */

static void put_part(int64_t ns, const char *name, bool ascii, struct strbuf *out)
{
    char text[NUMBER_BYTES];
    if (ns > 0) {
        number_ms((double)ns / 1e6, ascii, text);
        strbuf_addf(out, " %s %s ", name, text);
    }
}

static void trim(struct strbuf *out)
{
    if (!out->failed && out->len > 0 && out->data[out->len - 1] == ' ') {
        out->data[--out->len] = '\0';
    }
}

void why_text_sum(const struct why *why, bool ascii, struct strbuf *out)
{
    const struct critical_path *path = &why->path;
    char text[NUMBER_BYTES];
    number_ms((double)(why->turn.end_ns - why->turn.start_ns) / 1e6, ascii, text);
    strbuf_addf(out, why->turn.end_ns > why->turn.start_ns ? "%s =" : "%s", text);
    put_part(critical_path_request_ns(path), "requests", ascii, out);
    for (int part = PART_TOOL; part < PATH_PARTS; part++) {
        put_part(path->part_ns[part], path_parts[part].name, ascii, out);
    }
    trim(out);
    if (path->agent_count > 0) {
        strbuf_addf(out, "; %zu of %zu sub-agents off the path", path->off_path_count,
                    path->agent_count);
        if (path->running_count > 0) {
            strbuf_addf(out, ", %zu still running", path->running_count);
        }
    }
}

void why_text_kind(const struct swarm *swarm, struct what_if_kind kind, struct strbuf *out)
{
    if (kind.part == PART_TOOL) {
        strbuf_adds(out, span_short_name(swarm_text(swarm, kind.name)));
        return;
    }
    strbuf_adds(out, path_parts[kind.part].name);
    strbuf_adds(out, kind.part == PART_REQUEST ? " of unknown phases" : "");
}

void why_text_phases(const struct why *why, bool ascii, struct strbuf *out)
{
    strbuf_adds(out, "requests:");
    for (int part = PART_SETUP; part < PART_REQUEST; part++) {
        put_part(why->path.part_ns[part], path_parts[part].name, ascii, out);
    }
    put_part(why->path.part_ns[PART_REQUEST], "of unknown phases", ascii, out);
    trim(out);
}

void why_text_without(const struct swarm *swarm, const struct why *why, bool ascii,
                      struct strbuf *out)
{
    strbuf_adds(out, "sooner without:");
    for (size_t i = 0; i < why->what_if_count && i < KINDS_SHOWN; i++) {
        struct strbuf name;
        strbuf_init(&name, swarm_mem(swarm), 0);
        why_text_kind(swarm, why->what_if[i].kind, &name);
        put_part(why->what_if[i].saves_ns, name.data != NULL ? name.data : "", ascii, out);
        out->failed |= name.failed;
        strbuf_release(&name);
    }
    trim(out);
}

void why_text_call(const struct swarm *swarm, const struct path_piece *piece, struct strbuf *out)
{
    const struct span *span = swarm_span(swarm, piece->span);
    struct strbuf about;
    if (piece->span == NO_SPAN || span == NULL) {
        return;
    }
    strbuf_init(&about, swarm_mem(swarm), 0);
    span_text_about(swarm, span, &about);
    if (span->kind == SPAN_USER && about.len == 0) {
        strbuf_adds(&about, "a person");
    }
    if (span->kind != SPAN_REQUEST && span->kind != SPAN_USER) {
        strbuf_adds(out, span_short_name(swarm_text(swarm, span->name)));
        strbuf_adds(out, about.len > 0 ? " " : "");
    }
    strbuf_add(out, about.data != NULL ? about.data : "", about.len);
    out->failed |= about.failed;
    strbuf_release(&about);
}

/* ---- a turn ---- */

struct page {
    const struct report *report;
    struct agent_labels labels;
    struct agent_label label;
    bool ascii;
    struct strbuf *out;
};

/* Sets text to the agent's label. */
static void put_agent(struct page *page, agent_no agent, enum label_form form, int cols,
                      struct strbuf *text)
{
    agent_labels_get(&page->labels, agent, form, &page->label);
    if (!page->report->no_mask) {
        agent_label_mask(&page->label);
    }
    strbuf_clear(text);
    agent_label_text(&page->label, cols, text);
}

static void put_title(struct page *page, const struct turn *turn, struct strbuf *text)
{
    put_agent(page, turn->agent, LABEL_LIST, TITLE_COLS, text);
    strbuf_addf(page->out, "\nturn %llu of ", (unsigned long long)turn->number);
    text_put_line(text->data != NULL ? text->data : "", text->len, page->ascii, page->out);
    strbuf_adds(page->out, turn->cut ? ", cut" : "");
    strbuf_adds(page->out, turn->open ? ", which still runs\n" : "\n");
}

/* Appends a line of agents, unless there is nobody. */
static void put_agents(struct page *page, const char *head, const struct critical_path *path,
                       size_t first, size_t count, struct strbuf *text)
{
    for (size_t i = 0; i < count && i < NAMES_SHOWN; i++) {
        put_agent(page, path->agents[first + i], LABEL_ROW, TITLE_COLS, text);
        strbuf_adds(page->out, i == 0 ? head : ", ");
        text_put_line(text->data != NULL ? text->data : "", text->len, page->ascii, page->out);
    }
    if (count > NAMES_SHOWN) {
        strbuf_addf(page->out, " and %zu more", count - NAMES_SHOWN);
    }
    strbuf_adds(page->out, count > 0 ? "\n" : "");
}

static void put_off_path(struct page *page, const struct why *why, struct strbuf *text)
{
    const struct critical_path *path = &why->path;
    put_agents(page, "off the path: ", path, 0, path->off_path_count, text);
    put_agents(page, "still running: ", path, path->off_path_count, path->running_count, text);
}

static void put_step(struct page *page, struct table *table, const struct why *why,
                     const struct path_piece *step, struct strbuf *text)
{
    const struct swarm *swarm = page->report->swarm;
    table_cell(table, path_parts[step->part].name);
    strbuf_clear(text);
    why_text_call(swarm, step, text);
    table_cell(table, text->data != NULL ? text->data : "");
    put_agent(page, step->agent, LABEL_ROW, TABLE_CELL_COLS, text);
    table_cell(table, text->data != NULL ? text->data : "");
    table_ms(table, (double)(step->end_ns - step->start_ns) / 1e6);
    table_ms(table, (double)(step->start_ns - why->turn.start_ns) / 1e6);
    page->out->failed |= text->failed;
}

static void put_steps(struct page *page, const struct why *why, struct strbuf *text)
{
    struct table table;
    table_init(&table, page->report->metrics->mem, step_heads,
               sizeof step_heads / sizeof *step_heads, 3, page->ascii);
    for (size_t i = 0; i < why->step_count; i++) {
        put_step(page, &table, why, why->steps[i], text);
    }
    table_finish(&table, page->out);
}

static void put_kinds(struct page *page, const struct why *why, struct strbuf *text)
{
    struct table table;
    table_init(&table, page->report->metrics->mem, kind_heads,
               sizeof kind_heads / sizeof *kind_heads, 1, page->ascii);
    for (size_t i = 0; i < why->what_if_count && i < KINDS_SHOWN; i++) {
        strbuf_clear(text);
        why_text_kind(page->report->swarm, why->what_if[i].kind, text);
        table_cell(&table, text->data != NULL ? text->data : "");
        table_ms(&table, (double)why->what_if[i].saves_ns / 1e6);
    }
    table_finish(&table, page->out);
}

static void put_turn(struct page *page, const struct call_children *children,
                     const struct turn *turn)
{
    struct why why;
    struct strbuf text;
    strbuf_init(&text, page->report->metrics->mem, 0);
    if (why_make(&why, page->report->swarm, children, turn, page->report->local_ns)) {
        put_title(page, turn, &text);
        why_text_sum(&why, page->ascii, page->out);
        strbuf_addc(page->out, '\n');
        if (critical_path_request_ns(&why.path) > why.path.part_ns[PART_REQUEST]) {
            why_text_phases(&why, page->ascii, page->out);
            strbuf_addc(page->out, '\n');
        }
        put_off_path(page, &why, &text);
        put_steps(page, &why, &text);
        put_kinds(page, &why, &text);
    } else {
        page->out->failed = true;
    }
    page->out->failed |= text.failed;
    why_release(&why);
    strbuf_release(&text);
}

/* ---- the report ---- */

struct turn *why_text_turns(const struct report *report, const struct call_children *children,
                            size_t *count)
{
    struct turn *turns = turns_list(report->swarm, children, report->local_ns, count);
    size_t kept = 0, all = *count;
    for (size_t i = 0; turns != NULL && i < all; i++) {
        if ((report->turn == 0 || turns[i].number == report->turn) &&
            report_matches(report, turns[i].agent)) {
            turns[kept++] = turns[i];
        }
    }
    if (turns == NULL || kept == all) {
        return turns;
    }
    struct turn *fewer =
        kept == 0 ? NULL : mem_zalloc(swarm_mem(report->swarm), kept, sizeof *turns);
    if (fewer != NULL) {
        memcpy(fewer, turns, kept * sizeof *turns);
    }
    mem_free(swarm_mem(report->swarm), turns, all * sizeof *turns);
    *count = kept;
    return fewer;
}

/* Returns why there are no turns. */
static const char *no_turns(const struct report *report)
{
    bool matches = false;
    for (size_t i = 0; i < swarm_agent_count(report->swarm) && report->filter != NULL; i++) {
        matches |= report_has_agent(swarm_agent(report->swarm, (agent_no)i)) &&
                   report_matches(report, (agent_no)i);
    }
    if (report->filter != NULL && !matches) {
        return "no turns: no agent matches the filter\n";
    }
    return report->turn > 0 ? "no such turn\n"
           : matches        ? "no turns: a sub-agent's calls are in its caller's turn\n"
                            : "no turns: no agent has calls\n";
}

static void put_turns(struct page *page, const struct call_children *children)
{
    size_t count;
    struct turn *turns = why_text_turns(page->report, children, &count);
    bool one = page->report->turn > 0;
    page->out->failed |= turns == NULL && count > 0;
    for (size_t i = 0; turns != NULL && i < count && (one || i < TURNS_SHOWN); i++) {
        put_turn(page, children, &turns[i]);
    }
    if (count == 0) {
        strbuf_adds(page->out, no_turns(page->report));
    } else if (!one && count > TURNS_SHOWN) {
        strbuf_addf(page->out, "\n%zu shorter turns are left out: --turn N shows one\n",
                    count - TURNS_SHOWN);
    }
    mem_free(swarm_mem(page->report->swarm), turns, turns == NULL ? 0 : count * sizeof *turns);
}

void report_why(const struct report *report, bool ascii, struct strbuf *out)
{
    struct call_children children;
    struct page page = {.report = report, .ascii = ascii, .out = out};
    bool good = call_children_init(&children, report->swarm);
    good &= agent_labels_init(&page.labels, report->swarm, report->metrics->mem, ascii);
    agent_label_init(&page.label, report->metrics->mem, ascii);
    out->failed |= !good;
    if (good) {
        put_turns(&page, &children);
    }
    agent_label_release(&page.label);
    agent_labels_release(&page.labels);
    call_children_release(&children);
}
