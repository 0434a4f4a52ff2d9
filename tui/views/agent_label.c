/* A label has up to three parts, which share the columns that it gets: session, name, note. */
#include "tui/views/agent_label.h"

enum {
    SESSION_COLS_MIN = 5, /* narrower parts are left out */
    NOTE_COLS_MIN = 8,
    SEPARATOR_COLS = 3
};

void agent_label_init(struct agent_label *label, const struct mem *mem, bool ascii)
{
    strbuf_init(&label->session, mem, 0);
    strbuf_init(&label->name, mem, 0);
    strbuf_init(&label->note, mem, 0);
    label->ascii = ascii;
}

void agent_label_release(struct agent_label *label)
{
    strbuf_release(&label->session);
    strbuf_release(&label->name);
    strbuf_release(&label->note);
}

/* ---- fitting ---- */

static const char *ellipsis_of(bool ascii)
{
    return theme_symbol(&(struct theme){.ascii = ascii}, SYM_ELLIPSIS);
}

struct label_cols {
    int session, name, note;
};

static int cols_of(const struct agent_label *label, const struct strbuf *part)
{
    return part->failed || part->len == 0 ? 0 : (int)text_cols(part->data, part->len, label->ascii);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Shares the columns. A part that would get too few is left out: first the note, then the session.
   The name may take half of them, and what the others leave. */
static struct label_cols fit(const struct agent_label *label, int cols)
{
    struct label_cols all = {cols_of(label, &label->session), cols_of(label, &label->name),
                             cols_of(label, &label->note)};
    int between = all.session > 0 ? SEPARATOR_COLS : 0, before = all.note > 0 ? 1 : 0;
    if (all.session + between + all.name + before + all.note <= cols) {
        return all;
    }
    int session_least = least(all.session, SESSION_COLS_MIN),
        note_least = least(all.note, NOTE_COLS_MIN);
    int name = least(all.name, cols / 2);
    if (all.note > 0 && session_least + between + name + before + note_least > cols) {
        all.note = note_least = before = 0;
    }
    if (all.session > 0 && session_least + between + name + before + note_least > cols) {
        all.session = session_least = between = 0;
    }
    int rest = cols - between - before - session_least - note_least;
    /* Many agents share a type, few a task: the note is shown whole first. */
    int most = rest + note_least - all.note;
    most = least(rest, most > 2 * cols / 5 ? most : 2 * cols / 5);
    name = least(all.name, all.note > 0 ? most : rest);
    rest = cols - between - before - name;
    int session = least(all.session, rest - least(all.note, rest / 2));
    return (struct label_cols){session, name, least(all.note, rest - session)};
}

/* The pieces of a part that is cut in its middle: its head, and after an ellipsis its tail. */
struct label_cut {
    struct slice head, tail; /* `tail` empty: it is whole */
    bool cut;
};

static struct label_cut cut_part(const struct agent_label *label, const struct strbuf *part,
                                 int cols)
{
    size_t head, tail;
    struct label_cut cut = {.cut = false};
    if (cols <= 0 || part->failed || part->len == 0) {
        return cut;
    }
    cut.head = (struct slice){part->data, part->len};
    if (text_cut_middle(part->data, part->len, label->ascii, (size_t)cols, &head, &tail)) {
        cut.cut = true;
        cut.head.len = head;
        cut.tail = (struct slice){part->data + tail, part->len - tail};
    }
    return cut;
}

static void put_part(const struct agent_label *label, const struct strbuf *part, int cols,
                     struct strbuf *out)
{
    struct label_cut cut = cut_part(label, part, cols);
    strbuf_add(out, cut.head.bytes, cut.head.len);
    strbuf_adds(out, cut.cut ? ellipsis_of(label->ascii) : "");
    strbuf_add(out, cut.tail.bytes, cut.tail.len);
}

static const char *separator(bool ascii)
{
    return ascii ? " > " : " › ";
}

void agent_label_text(const struct agent_label *label, int cols, struct strbuf *out)
{
    struct label_cols fits = fit(label, cols);
    put_part(label, &label->session, fits.session, out);
    strbuf_adds(out, fits.session > 0 ? separator(label->ascii) : "");
    put_part(label, &label->name, fits.name, out);
    strbuf_adds(out, fits.note > 0 ? " " : "");
    put_part(label, &label->note, fits.note, out);
}

static int draw_part(const struct agent_label *label, const struct strbuf *part, struct area line,
                     int x, int cols, enum style_id style)
{
    struct label_cut cut = cut_part(label, part, cols);
    if (cut.head.len > 0) {
        x = area_put(line, x, 0, style, cut.head.bytes, cut.head.len);
    }
    if (cut.cut) {
        x = area_puts(line, x, 0, style, ellipsis_of(label->ascii));
    }
    return cut.tail.len > 0 ? area_put(line, x, 0, style, cut.tail.bytes, cut.tail.len) : x;
}

int agent_label_draw(const struct agent_label *label, struct area line, int x, int cols,
                     enum style_id style)
{
    struct label_cols fits = fit(label, cols);
    if (fits.session > 0) {
        x = draw_part(label, &label->session, line, x, fits.session, STYLE_DIM);
        x = area_puts(line, x, 0, STYLE_DIM, separator(label->ascii));
    }
    x = draw_part(label, &label->name, line, x, fits.name, style);
    if (fits.note > 0) {
        x = draw_part(label, &label->note, line, x + 1, fits.note, STYLE_DIM);
    }
    return x;
}
