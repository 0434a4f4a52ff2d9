/* curses sets both colours of a pair when either changes. It resets everything before it sets one
   attribute, and it sends attributes before it moves the cursor. Here a change is recorded when it
   arrives; only the difference is written when something is painted. A blank ignores the text's
   colour. Unknown sequences pass unchanged, as does everything after them up to the next reset.

   The output uses only codes that curses used in the same frame: 39 and 49 (the terminal's own
   colours) appear only if curses wrote them. */
#include "tui/screen/sgr.h"

#include <string.h>

enum { COLOR_OWN = -1, ARGS = 8 };
enum {
    BOLD = 1 << 1,
    DIM = 1 << 2,
    ITALIC = 1 << 3,
    UNDERLINE = 1 << 4,
    BLINK = 1 << 5,
    REVERSE = 1 << 7,
    ON_BLANKS = UNDERLINE | BLINK | REVERSE
};

struct sgr_pen {
    int fg, bg; /* as SGR numbers: 30..37, 90..97 and those plus ten; COLOR_OWN */
    unsigned attrs;
};

struct sgr_squeezer {
    struct strbuf *out;
    struct sgr_pen asked, shown;
    bool known;  /* shown is the terminal's state */
    bool opaque; /* an unknown attribute is on */
    bool own;    /* curses has used 39 or 49 */
    bool font;   /* and 10, the first font, which it adds to each reset on a Linux console */
    bool ascii;  /* shifted in (SI), which it adds to each reset */
};

static const struct sgr_pen plain = {COLOR_OWN, COLOR_OWN, 0};

static bool same(struct sgr_pen a, struct sgr_pen b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

/* ---- to the terminal ---- */

struct sgr_args {
    int values[ARGS * 2];
    size_t count;
};

static void add(struct sgr_args *args, int value)
{
    args->values[args->count++] = value;
}

static void add_difference(struct sgr_args *args, struct sgr_pen from, struct sgr_pen to)
{
    for (int attr = 1; attr <= 7; attr++) {
        if (to.attrs & ~from.attrs & 1u << attr) {
            add(args, attr);
        }
    }
    if (to.fg != from.fg) {
        add(args, to.fg == COLOR_OWN ? 39 : to.fg);
    }
    if (to.bg != from.bg) {
        add(args, to.bg == COLOR_OWN ? 49 : to.bg);
    }
}

static size_t args_bytes(const struct sgr_args *args)
{
    size_t bytes = args->count;
    for (size_t i = 0; i < args->count; i++) {
        bytes += args->values[i] < 10 ? 1 : args->values[i] < 100 ? 2 : 3;
    }
    return bytes;
}

static void make(struct sgr_squeezer *squeezer, struct sgr_pen to)
{
    struct sgr_pen from = squeezer->shown;
    struct sgr_args reset = {.count = 0}, change = {.count = 0};
    bool to_own = (to.fg == COLOR_OWN && from.fg != COLOR_OWN) ||
                  (to.bg == COLOR_OWN && from.bg != COLOR_OWN);
    add(&reset, 0);
    if (squeezer->font && !squeezer->known) {
        add(&reset, 10);
    }
    add_difference(&reset, plain, to);
    add_difference(&change, from, to);
    bool changes = squeezer->known && !(from.attrs & ~to.attrs) && (!to_own || squeezer->own);
    if (reset.count == 1) {
        reset.count = 0; /* CSI m */
    }
    const struct sgr_args *args =
        changes && args_bytes(&change) <= args_bytes(&reset) ? &change : &reset;
    strbuf_adds(squeezer->out, "\033[");
    for (size_t i = 0; i < args->count; i++) {
        strbuf_addf(squeezer->out, "%s%d", i > 0 ? ";" : "", args->values[i]);
    }
    strbuf_addc(squeezer->out, 'm');
    squeezer->shown = to;
    squeezer->known = true;
}

/* Writes the difference, before anything is painted. */
static void write_change(struct sgr_squeezer *squeezer, bool blank)
{
    struct sgr_pen to = squeezer->asked;
    if (squeezer->opaque) {
        return;
    }
    if (squeezer->known && blank && !((to.attrs | squeezer->shown.attrs) & ON_BLANKS)) {
        to.fg = squeezer->shown.fg;
        to.attrs = squeezer->shown.attrs;
    }
    if (!squeezer->known || !same(to, squeezer->shown)) {
        make(squeezer, to);
    }
}

/* ---- from curses ---- */

/* Returns false if the argument is unknown. */
static bool apply(struct sgr_squeezer *squeezer, int arg)
{
    struct sgr_pen *pen = &squeezer->asked;
    if (arg == 0) {
        *pen = plain;
    } else if ((arg >= 1 && arg <= 5) || arg == 7) {
        pen->attrs |= 1u << arg;
    } else if (arg == 22) {
        pen->attrs &= ~(unsigned)(BOLD | DIM);
    } else if ((arg >= 23 && arg <= 25) || arg == 27) {
        pen->attrs &= ~(1u << (arg - 20));
    } else if ((arg >= 30 && arg <= 37) || (arg >= 90 && arg <= 97)) {
        pen->fg = arg;
    } else if ((arg >= 40 && arg <= 47) || (arg >= 100 && arg <= 107)) {
        pen->bg = arg;
    } else if (arg == 39) {
        pen->fg = COLOR_OWN;
    } else if (arg == 49) {
        pen->bg = COLOR_OWN;
    } else if (arg != 10) {
        return false;
    }
    squeezer->font |= arg == 10;
    squeezer->own |= arg == 39 || arg == 49;
    return true;
}

/* Handles CSI args m. */
static void take_sgr(struct sgr_squeezer *squeezer, const char *bytes, size_t len)
{
    struct sgr_squeezer before = *squeezer;
    int arg = 0;
    bool understood = len <= 4 * ARGS;
    for (size_t i = 2; i < len && understood; i++) {
        if (bytes[i] >= '0' && bytes[i] <= '9' && arg < 1000) {
            arg = arg * 10 + bytes[i] - '0';
            continue;
        }
        understood = bytes[i] == ';' || bytes[i] == 'm';
        squeezer->opaque &= i == 2 || arg != 0; /* a reset ends it */
        understood = understood && apply(squeezer, arg);
        arg = 0;
    }
    if (understood && !squeezer->opaque) {
        squeezer->known &= !before.opaque;
        return;
    }
    *squeezer = before;
    write_change(squeezer, false);
    strbuf_add(squeezer->out, bytes, len);
    squeezer->opaque = true;
    squeezer->known = false;
}

/* Returns the length of a sequence that begins with ESC. */
static size_t sequence_bytes(const char *bytes, size_t len)
{
    size_t n = 2;
    if (len < 2) {
        return len;
    }
    if (bytes[1] == '[') {
        while (n < len && (unsigned char)bytes[n] >= 0x20 && (unsigned char)bytes[n] < 0x40) {
            n++;
        }
        n++;
    } else {
        while (n <= len && bytes[n - 1] >= 0x20 && bytes[n - 1] < 0x30) { /* ESC ( B */
            n++;
        }
    }
    return n < len ? n : len;
}

static size_t take_sequence(struct sgr_squeezer *squeezer, const char *bytes, size_t len)
{
    size_t n = sequence_bytes(bytes, len);
    char last = bytes[n - 1];
    bool csi = n > 2 && bytes[1] == '[';
    if (csi && last == 'm' && strchr("<=>?", bytes[2]) == NULL) {
        take_sgr(squeezer, bytes, n);
        return n;
    }
    if (!csi || strchr("ABCDGHdf", last) == NULL) { /* moves paint nothing */
        write_change(squeezer, false);
    }
    strbuf_add(squeezer->out, bytes, n);
    return n;
}

static void take_control(struct sgr_squeezer *squeezer, char c)
{
    if (c == '\017' && squeezer->ascii) {
        return;
    }
    if (c == '\016' || c == '\017') {
        squeezer->ascii = c == '\017';
    }
    if (c == '\n') { /* may scroll a line of the colour in */
        write_change(squeezer, false);
    }
    strbuf_addc(squeezer->out, c);
}

void sgr_squeeze(const char *bytes, size_t len, struct strbuf *out)
{
    struct sgr_squeezer squeezer = {.out = out, .asked = plain, .shown = plain};
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '\033') {
            i += take_sequence(&squeezer, bytes + i, len - i);
        } else if (c < ' ') {
            take_control(&squeezer, bytes[i++]);
        } else {
            write_change(&squeezer, c == ' ');
            strbuf_addc(out, bytes[i++]);
        }
    }
    if (len > 0) {
        write_change(&squeezer, false);
    }
}
