/* Of an error of a tool no more is kept than its class. */
#include "tests/support/support.h"

#include "ingest/tool_error.h"

#include <string.h>

TEST(an_error_is_its_class)
{
    static const struct {
        const char *message, *class;
    } rows[] = {
        {"Exit code 2", "Exit code 2"},
        {"Exit code 137 the rest", "Exit code 137"},
        {"Error: Exit code 1", "Exit code 1"},
        {"File does not exist. Note: your current working directory is /home/u",
         "File does not exist"},
        {"MCP error -32000: Connection closed", "MCP error -32000"},
        {"InputValidationError: Read failed due to secrets", "InputValidationError"},
        {"Error: TypeError", "TypeError"},
        {"TypeError secret", "error"},
        {"java.lang.Error: x", "error"},
        {"Error", "error"},
        {"hunter2 failed", "error"},
        {"", "error"},
        {"exit 1", "exit 1"},
        {"Exit code 77777777777777777777", "Exit code 7777777777"},
        {"exit status 127: no such file", "exit status 127"},
        {"exited with code 3", "exited with code 3"},
        {"404", "404"},
        {"4045", "error"},
        {"404 of /home/u", "error"},
        {"ENOENT: no such file or directory, open '/home/u/secret'", "ENOENT"},
        {"ERROR5 secret", "error"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out;
        strbuf_init(&out, &mem_libc, 0);
        tool_error_class((struct slice){rows[i].message, strlen(rows[i].message)}, &out);
        assert_string_equal(out.data, rows[i].class);
        strbuf_release(&out);
    }
}
