/* core/base/word.h as it is compiled for this machine. */
#include "tests/support/word_cases.h"

int main(void)
{
    return word_cases_run();
}
