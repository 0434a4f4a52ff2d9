/* The marks of a text, found without SSE2 too (test_json_unique has the other way). */
#define WORD_NO_SSE2
#include "core/base/text_marks.h"

#include "tests/support/support.h"

TEST(each_mark_is_found_in_order)
{
    static const char letters[] = "a\"\\{}:,\xc3 |z~";
    enum { LENGTHS = 200 };
    char text[LENGTHS];
    for (size_t i = 0; i < LENGTHS; i++) {
        text[i] = letters[(i * 7 + i / 5) % (sizeof letters - 1)];
    }
    for (size_t len = 0; len <= LENGTHS; len++) {
        struct text_marks marks = text_marks(text, len);
        for (size_t i = 0; i < len; i++) {
            if (strchr("\"\\{}", text[i]) != NULL) {
                assert_ptr_equal(text_marks_next(&marks), text + i);
            }
        }
        assert_null(text_marks_next(&marks));
    }
}
