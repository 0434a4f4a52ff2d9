/* The lines wrap at spaces. A text without a space, such as a path, stays whole: it can be copied
   then. */
#include "tui/doctor/findings.h"

#include <stdarg.h>
#include <string.h>

enum { WIDTH = 80, WHAT_COLUMNS = 14, KIND_COLUMNS = 8, ADVICE_COLUMNS = 10 };

void findings_init(struct findings *out, const struct mem *mem)
{
    *out = (struct findings){.notes = 0};
    strbuf_init(&out->text, mem, 0);
    strbuf_init(&out->line, mem, 0);
}

void findings_release(struct findings *findings)
{
    strbuf_release(&findings->text);
    strbuf_release(&findings->line);
}

void findings_heading(struct findings *findings, const char *heading)
{
    strbuf_addf(&findings->text, "%s%s\n", findings->text.len > 0 ? "\n" : "", heading);
}

/* Appends the text from column `at` on; later lines begin at `indent`. */
static void put_wrapped(struct strbuf *out, size_t at, size_t indent, const char *text)
{
    bool first = true;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (!first && at + 1 + len > WIDTH) {
            strbuf_addf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            strbuf_addc(out, ' ');
            at++;
        }
        strbuf_add(out, text, len);
        at += len;
        first = false;
        text += len;
        text += strspn(text, " ");
    }
    strbuf_addc(out, '\n');
}

/* Formats into the scratch line, which is left empty if it cannot be kept. */
static const char *format_line(struct findings *findings, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static const char *format_line(struct findings *findings, const char *format, va_list args)
{
    strbuf_clear(&findings->line);
    strbuf_vaddf(&findings->line, format, args);
    if (findings->line.failed || findings->line.data == NULL) {
        findings->text.failed = true;
        return "";
    }
    return findings->line.data;
}

void findings_add(struct findings *findings, enum finding kind, const char *what,
                  const char *format, ...)
{
    static const char *const words[] = {"ok", "-", "note", "FIX"};
    va_list args;
    size_t column = KIND_COLUMNS + WHAT_COLUMNS;
    findings->notes += kind == FINDING_NOTE;
    findings->fixes += kind == FINDING_FIX;
    strbuf_addf(&findings->text, "  %-*s%-*s", KIND_COLUMNS - 2, words[kind], WHAT_COLUMNS, what);
    if (strlen(what) >= WHAT_COLUMNS) {
        strbuf_addf(&findings->text, "\n%*s", (int)column, "");
    }
    va_start(args, format);
    put_wrapped(&findings->text, column, column, format_line(findings, format, args));
    va_end(args);
}

void findings_advise(struct findings *findings, const char *format, ...)
{
    va_list args;
    strbuf_addf(&findings->text, "%*s", ADVICE_COLUMNS, "");
    va_start(args, format);
    put_wrapped(&findings->text, ADVICE_COLUMNS, ADVICE_COLUMNS,
                format_line(findings, format, args));
    va_end(args);
}

void findings_paste(struct findings *findings, const char *line)
{
    strbuf_addf(&findings->text, "%*s%s\n", ADVICE_COLUMNS + 2, "", line);
}
