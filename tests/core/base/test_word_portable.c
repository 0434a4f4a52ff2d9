/* core/base/word.h as it is compiled for a machine without SSE2. */
#define WORD_NO_SSE2

/* KNOWN BUG, to go with its fix: without SSE2 text_skip_to_structure does not use `end`, which -Werror does not take. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "core/base/word.h"
#pragma GCC diagnostic warning "-Wunused-parameter"

#include "tests/support/word_cases.h"
