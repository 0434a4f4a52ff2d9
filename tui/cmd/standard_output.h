/* Printing a text to stdout. */
#ifndef TUI_STANDARD_OUTPUT_H
#define TUI_STANDARD_OUTPUT_H

#include "core/base/strbuf.h"

/* Prints the text. Returns false with `standard output: cannot write: why` in *error. A reader that
   has closed the pipe (`report | head`) has all that it wants: that is no error. */
bool standard_output_print(const struct strbuf *text, struct strbuf *error);

#endif
