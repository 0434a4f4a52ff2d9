/* Small files of clients and of /proc. */
#include "ingest/process.h"

#include "tests/support/support.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TEST(a_file_is_read_and_what_would_never_answer_is_not)
{
    char text[100];
    size_t len;
    const char *dir = support_tmpdir(), *file = support_path(dir, "file");
    const char *fifo = support_path(dir, "fifo"), *link = support_path(dir, "link");
    support_write_file(file, "text", 4);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink(file, link), 0);
    assert_true(process_read_file(file, text, sizeof text, &len));
    assert_int_equal(len, 4);
    assert_string_equal(text, "text");
    assert_true(process_read_file("/proc/self/stat", text, sizeof text, &len));
    assert_int_equal(len, sizeof text - 1);
    assert_false(process_read_file(fifo, text, sizeof text, &len));
    assert_false(process_read_file(link, text, sizeof text, &len));
    assert_false(process_read_file(dir, text, sizeof text, &len));
}
