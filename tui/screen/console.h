/* Texts for people, on stdout and stderr. Either may be a terminal, and texts contain names, paths
   and options from outside. So this is the only file that writes there, but for the screen itself
   (terminal.c): control characters, escape sequences, invisible characters and those that reverse
   the text are replaced as in a cell (text.h). .ci/check-layers looks for other writers. */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H

#include "core/base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The form of a text decides what it may contain besides characters that print. */
enum console_form {
    CONSOLE_TEXT,   /* line feeds */
    CONSOLE_STYLED, /* line feeds and attributes (SGR) */
    CONSOLE_JSON,   /* on a terminal others are escaped; elsewhere all bytes stay */
    CONSOLE_PATH    /* on a terminal one line; elsewhere all bytes stay */
};

/* Writes to a file that may be a terminal. JSON must come in whole characters. Returns false if it
   cannot; errno has the reason. */
bool console_write(FILE *file, const char *bytes, size_t len, enum console_form form);

/* Prints the text to stdout. Returns false with `standard output: cannot write: why` in *error. A
   reader that has closed the pipe (`report | head`) has all that it wants: that is no error. */
bool console_print(const struct strbuf *text, enum console_form form, struct strbuf *error);

/* Prints `swarmtop: MESSAGE` to stderr, in one line, cut at 8 KB. This needs no memory. */
void console_errorf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The message of an error; it is `out of memory` if the text could not be kept. */
void console_error(const struct strbuf *error);
/* Prints lines to stderr without the program's name. */
void console_notef(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Shows one line on stderr, which must be a terminal; the next one replaces it. NULL removes it. */
void console_progress(const char *line);

#endif
