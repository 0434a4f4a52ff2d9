/* core/base/word.h as it is compiled for this machine. */
#include "tests/support/word_cases.h"
