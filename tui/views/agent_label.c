/* A label has up to three parts, which share the columns that it gets: session, name, note. The
   tags of its host and its client have columns of their own. */
#include "tui/views/agent_label.h"

#include "core/base/mask.h"

enum {
    SESSION_COLS_MIN = 5, /* narrower parts are left out */
    NOTE_COLS_MIN = 8,
    NEEDED_COLS_MIN = 5, /* of a part that distinguishes the label from others */
    NAME_COLS_MIN = 7,   /* beside such a part */
    SEPARATOR_COLS = 3,
    ENDED_COLS_MIN = 8 /* a narrower end of a cut part has no ellipsis of its own */
};

void agent_label_init(struct agent_label *label, const struct mem *mem, bool ascii)
{
    strbuf_init(&label->session, mem, 0);
    strbuf_init(&label->name, mem, 0);
    strbuf_init(&label->note, mem, 0);
    label->host = label->client = (struct client_tag){.cols = 0};
    label->session_keep = label->name_keep = label->note_keep = SIZE_MAX;
    label->session_needed = label->note_needed = false;
    label->ascii = ascii;
}

void agent_label_release(struct agent_label *label)
{
    strbuf_release(&label->session);
    strbuf_release(&label->name);
    strbuf_release(&label->note);
}

void agent_label_mask(struct agent_label *label)
{
    mask_in_place(&label->session);
    mask_in_place(&label->name);
    mask_in_place(&label->note);
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

/* The columns of the tags; 0: left out. */
struct label_tags {
    int host, client, all; /* `all`: with a blank for each */
};

/* The host's comes first: without it a row may be taken for another machine's. */
static struct label_tags fit_tags(const struct agent_label *label, int cols)
{
    int session = cols_of(label, &label->session), note = cols_of(label, &label->note);
    int whole = session + (session > 0 ? SEPARATOR_COLS : 0) + cols_of(label, &label->name) +
                (note > 0 ? 1 : 0) + note;
    struct label_tags tags = {.host = client_tag_cols(&label->host, cols, whole)};
    tags.all = tags.host > 0 ? tags.host + 1 : 0;
    tags.client = client_tag_cols(&label->client, cols - tags.all, whole);
    tags.all += tags.client > 0 ? tags.client + 1 : 0;
    return tags;
}

/* The columns that the parts get at least; 0: the part is left out. */
struct label_least {
    int session, name, note;
};

/* Returns the columns between the parts. */
static int between(const struct label_least *least)
{
    return (least->session > 0 ? SEPARATOR_COLS : 0) + (least->note > 0 ? 1 : 0);
}

static bool fits_in(const struct label_least *least, int cols)
{
    return least->session + least->name + least->note + between(least) <= cols;
}

/* Decides what each part gets at least. The name has half of the columns, but gives way to a part
   that distinguishes the label from others. Other parts are left out: first the note, then the
   session. */
static struct label_least leasts(const struct agent_label *label, const struct label_cols *all,
                                 int cols)
{
    struct label_least out = {least(all->session, SESSION_COLS_MIN), least(all->name, cols / 2),
                              least(all->note, NOTE_COLS_MIN)};
    bool needed = label->note_needed || label->session_needed;
    if (!fits_in(&out, cols) && !label->note_needed) {
        out.note = 0;
    }
    if (!fits_in(&out, cols) && needed) {
        out.name = least(out.name, NAME_COLS_MIN);
    }
    if (!fits_in(&out, cols)) {
        out.note = least(out.note, NEEDED_COLS_MIN);
    }
    if (!fits_in(&out, cols) && !label->session_needed) {
        out.session = 0;
        out.name = least(all->name, cols / 2);
    }
    if (!fits_in(&out, cols)) {
        int room = cols - out.session - out.note - between(&out);
        out.name = room > 1 ? least(out.name, room) : 1;
    }
    if (!fits_in(&out, cols)) {
        out.session = out.note = 0;
        out.name = least(all->name, cols);
    }
    return out;
}

/* Shares the columns between the parts, each with its least. */
static struct label_cols fit(const struct agent_label *label, int cols)
{
    struct label_cols all = {cols_of(label, &label->session), cols_of(label, &label->name),
                             cols_of(label, &label->note)};
    struct label_least min = {all.session, all.name, all.note};
    if (fits_in(&min, cols)) {
        return all;
    }
    min = leasts(label, &all, cols);
    all.session = min.session > 0 ? all.session : 0;
    all.note = min.note > 0 ? all.note : 0;
    int rest = cols - between(&min) - min.session - min.note;
    /* Many agents share a type, few a task: the note is shown whole first. */
    int most = rest + min.note - all.note;
    most = least(rest, most > 2 * cols / 5 ? most : 2 * cols / 5);
    int name = least(all.name, all.note > 0 ? most : rest);
    rest = cols - between(&min) - name;
    int share = label->note_needed && rest / 2 < min.note ? min.note : rest / 2;
    int session = least(all.session, rest - least(all.note, share));
    return (struct label_cols){session, name, least(all.note, rest - session)};
}

/* The pieces of a part that is cut in its middle: its head, and after an ellipsis its tail. */
struct label_cut {
    struct slice head, tail; /* `tail` empty: it is whole */
    bool cut;
    bool more; /* an ellipsis follows the tail too */
};

/* Sets the tail to what begins at `keep`. */
static void cut_from(const struct agent_label *label, const struct strbuf *part, int cols,
                     size_t keep, struct label_cut *cut)
{
    const char *at = part->data + keep;
    size_t len = part->len - keep;
    size_t fits = text_fit(at, len, label->ascii, (size_t)cols, NULL);
    cut->more = fits < len && cols >= ENDED_COLS_MIN;
    if (cut->more) {
        fits = text_fit(at, len, label->ascii, (size_t)cols - 1, NULL);
    }
    cut->tail = (struct slice){at, fits};
}

/* Cuts so that the glyph at `keep` stays: after it, or, where it is too far on, before it. */
static void cut_around(const struct agent_label *label, const struct strbuf *part, int cols,
                       size_t keep, struct label_cut *cut)
{
    struct glyph glyph;
    size_t end = keep + text_next(part->data + keep, part->len - keep, label->ascii, &glyph);
    int head = (int)text_cols(part->data, end, label->ascii), left = cols - 1 - head;
    size_t tail = end;
    if (left < 0) {
        cut->head.len = 0;
        cut_from(label, part, cols - 1, keep, cut);
        return;
    }
    while (tail < part->len &&
           (int)text_cols(part->data + tail, part->len - tail, label->ascii) > left) {
        tail += text_next(part->data + tail, part->len - tail, label->ascii, &glyph);
    }
    cut->head.len = end;
    cut->tail = (struct slice){part->data + tail, part->len - tail};
}

static struct label_cut cut_part(const struct agent_label *label, const struct strbuf *part,
                                 int cols, size_t keep)
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
        if (keep < part->len && keep >= head && keep < tail) {
            cut_around(label, part, cols, keep, &cut);
        }
    }
    return cut;
}

static void put_part(const struct agent_label *label, const struct strbuf *part, int cols,
                     size_t keep, struct strbuf *out)
{
    struct label_cut cut = cut_part(label, part, cols, keep);
    strbuf_add(out, cut.head.bytes, cut.head.len);
    strbuf_adds(out, cut.cut ? ellipsis_of(label->ascii) : "");
    strbuf_add(out, cut.tail.bytes, cut.tail.len);
    strbuf_adds(out, cut.more ? ellipsis_of(label->ascii) : "");
}

static const char *separator(bool ascii)
{
    return ascii ? " > " : " › ";
}

/* Appends the tag and a blank. Returns the columns. */
static int put_tag(const struct agent_label *label, const struct client_tag *tag, int cols,
                   struct strbuf *out)
{
    struct slice text = client_tag_text(tag, cols, label->ascii);
    if (cols == 0) {
        return 0;
    }
    strbuf_add(out, text.bytes, text.len);
    strbuf_addc(out, ' ');
    return (int)text_cols(text.bytes, text.len, label->ascii) + 1;
}

void agent_label_text(const struct agent_label *label, int cols, struct strbuf *out)
{
    struct label_tags tags = fit_tags(label, cols);
    cols -= put_tag(label, &label->host, tags.host, out);
    cols -= put_tag(label, &label->client, tags.client, out);
    struct label_cols fits = fit(label, cols);
    put_part(label, &label->session, fits.session, label->session_keep, out);
    strbuf_adds(out, fits.session > 0 ? separator(label->ascii) : "");
    put_part(label, &label->name, fits.name, label->name_keep, out);
    strbuf_adds(out, fits.note > 0 ? " " : "");
    put_part(label, &label->note, fits.note, label->note_keep, out);
}

static int draw_part(const struct agent_label *label, const struct strbuf *part, struct area line,
                     int x, int cols, size_t keep, enum style_id style)
{
    struct label_cut cut = cut_part(label, part, cols, keep);
    if (cut.head.len > 0) {
        x = area_put(line, x, 0, style, cut.head.bytes, cut.head.len);
    }
    if (cut.cut) {
        x = area_puts(line, x, 0, style, ellipsis_of(label->ascii));
    }
    x = cut.tail.len > 0 ? area_put(line, x, 0, style, cut.tail.bytes, cut.tail.len) : x;
    return cut.more ? area_puts(line, x, 0, style, ellipsis_of(label->ascii)) : x;
}

static void draw_tag(const struct agent_label *label, const struct client_tag *tag,
                     struct area line, int x, int cols)
{
    struct slice text = client_tag_text(tag, cols, label->ascii);
    if (cols > 0) {
        area_put(area_sub(line, x, 0, cols, 1), 0, 0, STYLE_DIM, text.bytes, text.len);
    }
}

int agent_label_draw(const struct agent_label *label, struct area line, int x, int cols,
                     enum style_id style)
{
    struct label_tags tags = fit_tags(label, cols);
    int end = x + cols;
    struct label_cols fits = fit(label, cols - tags.all);
    if (fits.session > 0) {
        x = draw_part(label, &label->session, line, x, fits.session, label->session_keep,
                      STYLE_DIM);
        x = area_puts(line, x, 0, STYLE_DIM, separator(label->ascii));
    }
    x = draw_part(label, &label->name, line, x, fits.name, label->name_keep, style);
    if (fits.note > 0) {
        x = draw_part(label, &label->note, line, x + 1, fits.note, label->note_keep, STYLE_DIM);
    }
    if (tags.all > 0) {
        draw_tag(label, &label->host, line, end - tags.all + 1, tags.host);
        draw_tag(label, &label->client, line, end - tags.client, tags.client);
        x = end;
    }
    return x;
}

/* Returns the first byte in which the texts differ, at the start of a character; SIZE_MAX: none. */
static size_t first_difference(const struct strbuf *a, const struct strbuf *b)
{
    size_t at = 0;
    while (at < a->len && at < b->len && a->data[at] == b->data[at]) {
        at++;
    }
    if (at == a->len) {
        return at == b->len || at == 0 ? SIZE_MAX : at - 1;
    }
    while (at > 0 && ((unsigned char)a->data[at] & 0xC0) == 0x80) {
        at--;
    }
    return at;
}

void agent_label_distinguish(struct agent_label *label, const struct agent_label *other)
{
    const struct {
        const struct strbuf *own, *others;
        size_t *keep;
        bool *needed;
    } parts[] = {{&label->session, &other->session, &label->session_keep, &label->session_needed},
                 {&label->name, &other->name, &label->name_keep, NULL},
                 {&label->note, &other->note, &label->note_keep, &label->note_needed}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t at = first_difference(parts[i].own, parts[i].others);
        if (at != SIZE_MAX) {
            *parts[i].keep = at;
            if (parts[i].needed != NULL) {
                *parts[i].needed = true;
            }
            return;
        }
    }
}
