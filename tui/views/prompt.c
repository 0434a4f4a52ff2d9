/* Editing keys as in a shell. The text is one line; the terminal delivers one character a key. */
#include "tui/views/prompt.h"

#include "core/base/utf8.h"
#include "tui/screen/text.h"

#include <stdio.h>
#include <string.h>

static void set_text(struct prompt *prompt, const char *text)
{
    snprintf(prompt->text, sizeof prompt->text, "%s", text);
    prompt->len = prompt->cursor = strlen(prompt->text);
}

void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *text)
{
    prompt->kind = kind;
    prompt->recalled = 0;
    set_text(prompt, text);
}

/* ---- moving ---- */

static size_t before(const struct prompt *prompt, size_t at)
{
    do {
        at -= at > 0;
    } while (at > 0 && ((unsigned char)prompt->text[at] & 0xC0) == 0x80);
    return at;
}

static size_t behind(const struct prompt *prompt, size_t at)
{
    do {
        at += at < prompt->len;
    } while (at < prompt->len && ((unsigned char)prompt->text[at] & 0xC0) == 0x80);
    return at;
}

static size_t word_before(const struct prompt *prompt)
{
    size_t at = prompt->cursor;
    while (at > 0 && prompt->text[at - 1] == ' ') {
        at--;
    }
    while (at > 0 && prompt->text[at - 1] != ' ') {
        at--;
    }
    return at;
}

static enum prompt_result move(struct prompt *prompt, size_t to)
{
    prompt->cursor = to;
    return PROMPT_MOVED;
}

/* ---- changing ---- */

static enum prompt_result cut(struct prompt *prompt, size_t from, size_t to)
{
    memmove(prompt->text + from, prompt->text + to, prompt->len - to + 1);
    prompt->len -= to - from;
    prompt->cursor = from;
    return PROMPT_CHANGED;
}

static enum prompt_result insert(struct prompt *prompt, uint32_t code)
{
    char bytes[4];
    size_t n = utf8_put(bytes, code);
    if (prompt->len + n >= sizeof prompt->text) {
        return PROMPT_MOVED;
    }
    memmove(prompt->text + prompt->cursor + n, prompt->text + prompt->cursor,
            prompt->len - prompt->cursor + 1);
    memcpy(prompt->text + prompt->cursor, bytes, n);
    prompt->cursor += n;
    prompt->len += n;
    return PROMPT_CHANGED;
}

/* Recalls an older entry (`by` 1) or a newer one (-1). */
static enum prompt_result recall(struct prompt *prompt, int by)
{
    size_t at = prompt->recalled + (size_t)by;
    if ((by < 0 && prompt->recalled == 0) || at > PROMPT_HISTORY ||
        (at > 0 && prompt->history[prompt->kind][at - 1][0] == '\0')) {
        return PROMPT_MOVED;
    }
    prompt->recalled = at;
    set_text(prompt, at == 0 ? "" : prompt->history[prompt->kind][at - 1]);
    return PROMPT_CHANGED;
}

static void remember(struct prompt *prompt)
{
    char(*history)[PROMPT_BYTES] = prompt->history[prompt->kind];
    size_t at = 0;
    if (prompt->len == 0) {
        return;
    }
    while (at < PROMPT_HISTORY - 1 && strcmp(history[at], prompt->text) != 0) {
        at++;
    }
    memmove(history[1], history[0], at * sizeof history[0]);
    memcpy(history[0], prompt->text, sizeof history[0]);
}

static enum prompt_result finish(struct prompt *prompt, bool done)
{
    if (done) {
        remember(prompt);
    }
    prompt->kind = PROMPT_NONE;
    return done ? PROMPT_DONE : PROMPT_CANCELLED;
}

/* ---- keys ---- */

static enum prompt_result control_key(struct prompt *prompt, uint32_t code)
{
    switch (code) {
    case 'a': return move(prompt, 0);
    case 'e': return move(prompt, prompt->len);
    case 'b': return move(prompt, before(prompt, prompt->cursor));
    case 'f': return move(prompt, behind(prompt, prompt->cursor));
    case 'h': return cut(prompt, before(prompt, prompt->cursor), prompt->cursor);
    case 'u': return cut(prompt, 0, prompt->cursor);
    case 'k': return cut(prompt, prompt->cursor, prompt->len);
    case 'w': return cut(prompt, word_before(prompt), prompt->cursor);
    case 'p': return recall(prompt, 1);
    case 'n': return recall(prompt, -1);
    case 'c':
    case 'g': return finish(prompt, false);
    default: return PROMPT_IGNORED;
    }
}

enum prompt_result prompt_key(struct prompt *prompt, struct key key)
{
    if (key.mods & KEY_MOD_CTRL) {
        return control_key(prompt, key.code);
    }
    switch (key.code) {
    case KEY_CODE_ENTER: return finish(prompt, true);
    case KEY_CODE_ESC: return finish(prompt, false);
    case KEY_CODE_LEFT: return move(prompt, before(prompt, prompt->cursor));
    case KEY_CODE_RIGHT: return move(prompt, behind(prompt, prompt->cursor));
    case KEY_CODE_HOME: return move(prompt, 0);
    case KEY_CODE_END: return move(prompt, prompt->len);
    case KEY_CODE_UP: return recall(prompt, 1);
    case KEY_CODE_DOWN: return recall(prompt, -1);
    case KEY_CODE_DELETE: return cut(prompt, prompt->cursor, behind(prompt, prompt->cursor));
    case KEY_CODE_BACKSPACE:
        return prompt->len == 0 ? finish(prompt, false)
                                : cut(prompt, before(prompt, prompt->cursor), prompt->cursor);
    default: break;
    }
    if (key.code >= KEY_CODE_UP || key.code < ' ' || key.code == 0x7F || key.mods) {
        return PROMPT_IGNORED;
    }
    return insert(prompt, key.code);
}

/* ---- drawing ---- */

int prompt_draw(const struct prompt *prompt, struct area line, bool ascii)
{
    static const char *const signs[PROMPT_KINDS] = {
        [PROMPT_FILTER] = "\\ ", [PROMPT_SEARCH] = "/ "};
    int x = area_puts(line, 1, 0, STYLE_STRONG, signs[prompt->kind]), room = line.cols - x - 2;
    size_t from = 0;
    /* Keeps the cursor visible: drops text on the left. */
    while (from < prompt->cursor &&
           (int)text_cols(prompt->text + from, prompt->cursor - from, ascii) > room) {
        from = behind(prompt, from);
    }
    int cursor = x + (int)text_cols(prompt->text + from, prompt->cursor - from, ascii);
    int end = area_put(line, x, 0, STYLE_PLAIN, prompt->text + from, prompt->len - from);
    area_add_attrs(line, cursor, 0, 1, ATTR_REVERSE);
    return (end > cursor ? end : cursor + 1);
}
