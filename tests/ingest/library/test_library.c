/* Libraries that are loaded late: their functions can be called then, and what is missing is an error
   with the name of its file. */
#include "ingest/library/libraries.h"

#include "tests/support/support.h"

#include <stdlib.h>

/* Of libuv, which each test program has linked. */
#define FUNCTIONS(F) F(uv_version) F(uv_version_string)
#define NOT_THERE(F) F(uv_version) F(uv_is_not_there)

unsigned uv_version(void);
const char *uv_version_string(void);
void uv_is_not_there(void);

struct uv_functions {
    FUNCTIONS(LIBRARY_MEMBER)
};
struct lacking_functions {
    NOT_THERE(LIBRARY_MEMBER)
};
struct nothing_functions {
    FUNCTIONS(LIBRARY_MEMBER)
};
struct linked_functions {
    FUNCTIONS(LIBRARY_MEMBER)
};

LIBRARY_LOADED(uv, FUNCTIONS, "libuv.so.1");
LIBRARY_LOADED(lacking, NOT_THERE, "libuv.so.1");
LIBRARY_LOADED(nothing, FUNCTIONS, "libswarmtop-nothing.so.9");
LIBRARY_LINKED(linked, FUNCTIONS);

TEST(functions_can_be_called_when_their_library_is_loaded)
{
    assert_null(uv_functions.uv_version);
    assert_null(library_load(&uv_library));
    assert_int_equal(uv_functions.uv_version(), uv_version());
    assert_string_equal(uv_functions.uv_version_string(), uv_version_string());
    assert_null(library_load(&uv_library));
}

TEST(a_linked_library_is_there_from_the_start)
{
    assert_int_equal(linked_functions.uv_version(), uv_version());
    assert_null(library_load(&linked_library));
}

TEST(a_library_that_is_not_there_is_named)
{
    const char *why = library_load(&nothing_library);
    assert_string_equal(why, "libswarmtop-nothing.so.9 cannot be loaded: install the package that "
                             "has it, or update it");
    assert_null(nothing_functions.uv_version);
}

TEST(a_library_that_lacks_a_function_is_not_used)
{
    assert_non_null(library_load(&lacking_library));
    assert_null(lacking_functions.uv_version);
    assert_non_null(library_load(&lacking_library));
}

TEST(the_libraries_of_the_build_can_be_loaded)
{
    size_t count = 0;
    for (; libraries[count] != NULL; count++) {
        assert_null(library_load(libraries[count]));
    }
    assert_int_equal(count, 5);
}
