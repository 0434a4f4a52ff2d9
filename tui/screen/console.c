/* A text is filtered glyph by glyph through a small buffer on the stack: the report that memory is
   out needs no memory. Callers pass whole lines, or whole JSON tokens, so no character is cut
   between two calls. */
#include "tui/screen/console.h"

#include "tui/screen/text.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PIECE_BYTES = 1024, MESSAGE_BYTES = 8192, NARROW_COLS = 79 };

struct writer {
    FILE *file;
    size_t len;
    bool failed;
    char bytes[PIECE_BYTES];
};

/* Returns true if the terminal cannot show more than ASCII. In such a locale a byte of UTF-8 may be
   a control character. */
static bool is_ascii(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

static void flush(struct writer *w)
{
    w->failed |= fwrite(w->bytes, 1, w->len, w->file) != w->len;
    w->len = 0;
}

static void put(struct writer *w, const char *bytes, size_t len)
{
    if (w->len + len > sizeof w->bytes) {
        flush(w);
    }
    memcpy(w->bytes + w->len, bytes, len);
    w->len += len;
}

/* Returns the length of a sequence that sets attributes, 0 for any other text. */
static size_t attributes_len(const char *text, size_t len)
{
    size_t at = 2;
    if (len < 3 || text[0] != '\033' || text[1] != '[') {
        return 0;
    }
    while (at < len && at < CELL_TEXT_BYTES && strchr("0123456789;", text[at]) != NULL) {
        at++;
    }
    return at < len && text[at] == 'm' ? at + 1 : 0;
}

static size_t next(const char *text, size_t len, enum console_form form, bool ascii,
                   struct glyph *out)
{
    size_t attributes = form == CONSOLE_STYLED ? attributes_len(text, len) : 0;
    if (form == CONSOLE_JSON) {
        return text_next_json(text, len, ascii, out);
    }
    if (attributes == 0 && (text[0] != '\n' || form == CONSOLE_PATH)) {
        return text_next(text, len, ascii, out);
    }
    out->len = (uint8_t)(attributes > 0 ? attributes : 1);
    memcpy(out->text, text, out->len);
    return out->len;
}

static bool filter(FILE *file, const char *text, size_t len, enum console_form form)
{
    struct writer w = {.file = file};
    struct glyph glyph;
    bool ascii = is_ascii();
    for (size_t at = 0; at < len;) {
        at += next(text + at, len - at, form, ascii, &glyph);
        put(&w, glyph.text, glyph.len);
    }
    flush(&w);
    return !w.failed;
}

bool console_write(FILE *file, const char *bytes, size_t len, enum console_form form)
{
    bool exact = form == CONSOLE_JSON || form == CONSOLE_PATH;
    if (exact && isatty(fileno(file)) != 1) {
        return fwrite(bytes, 1, len, file) == len;
    }
    return filter(file, bytes, len, form);
}

bool console_print(const struct strbuf *text, enum console_form form, struct strbuf *error)
{
    errno = 0;
    bool ok =
        !text->failed && console_write(stdout, text->data, text->len, form) && fflush(stdout) == 0;
    if (ok || (!text->failed && errno == EPIPE)) {
        return true;
    }
    strbuf_addf(error, "standard output: cannot write: %s",
                text->failed ? "out of memory" : strerror(errno));
    return false;
}

/* Writes one line to stderr, whatever line feeds the text contains. */
static void put_line(const char *before, const char *text, size_t len, const char *after)
{
    struct writer w = {.file = stderr};
    struct glyph glyph;
    bool ascii = is_ascii();
    put(&w, before, strlen(before));
    for (size_t at = 0; at < len;) {
        at += text_next(text + at, len - at, ascii, &glyph);
        put(&w, glyph.text, glyph.len);
    }
    put(&w, after, strlen(after));
    flush(&w);
}

static void put_message(const char *text, size_t len)
{
    put_line("swarmtop: ", text, len, "\n");
}

/* Returns the length of the text, at most MESSAGE_BYTES - 1. */
__attribute__((format(printf, 2, 0))) static size_t format_message(char text[MESSAGE_BYTES],
                                                                   const char *format, va_list args)
{
    int len = vsnprintf(text, MESSAGE_BYTES, format, args);
    return len < 0 ? 0 : len < MESSAGE_BYTES ? (size_t)len : MESSAGE_BYTES - 1;
}

void console_errorf(const char *format, ...)
{
    char text[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    size_t len = format_message(text, format, args);
    va_end(args);
    put_message(text, len);
}

void console_error(const struct strbuf *error)
{
    static const char no_memory[] = "out of memory";
    if (error->data != NULL) {
        put_message(error->data, error->len);
    } else {
        put_message(no_memory, sizeof no_memory - 1);
    }
}

void console_notef(const char *format, ...)
{
    char text[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    size_t len = format_message(text, format, args);
    va_end(args);
    (void)filter(stderr, text, len, CONSOLE_TEXT);
}

void console_progress(const char *line)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    size_t cols = known ? size.ws_col - 1u : NARROW_COLS, len = line == NULL ? 0 : strlen(line);
    put_line("\r", line, text_fit(line, len, is_ascii(), cols, NULL), "\033[K");
}
