/* Lines of a feed: whatever they hold, each is one line. */
#include "core/export/feed_line.h"

#include "tests/support/support.h"

#include <string.h>

static struct slice text(const char *bytes)
{
    return (struct slice){bytes, strlen(bytes)};
}

TEST(line_ends_between_tokens_become_spaces)
{
    struct strbuf line;
    strbuf_init(&line, &mem_libc, 0);
    feed_line_raw(1.5, text("s"), text("{\"a\":\n1}"), &line);
    assert_string_equal(line.data,
                        "{\"op\":\"raw\",\"t\":1.5,\"session_id\":\"s\",\"event\":{\"a\": 1}}\n");
    strbuf_clear(&line);
    feed_line_raw(1.5, text("s"), text("{\r\"a\":1}"), &line);
    assert_string_equal(line.data,
                        "{\"op\":\"raw\",\"t\":1.5,\"session_id\":\"s\",\"event\":{ \"a\":1}}\n");
    strbuf_clear(&line);
    feed_line_log(2, text("s"), "info", text("two\nlines"), &line);
    assert_string_equal(strchr(line.data, '\n'), "\n");
    struct update update = {.op = UPDATE_AGENT, .t_ms = 3, .session_id = text("s")};
    update_text(&update, FIELD_ALIAS, text("run"));
    strbuf_clear(&line);
    feed_line_update(&update, &line); /* of the main agent, which the feed wants to be named */
    assert_non_null(strstr(line.data, "\"agent_id\":\"s\""));
    assert_non_null(strstr(line.data, "\"alias\":\"run\""));
    strbuf_release(&line);
}
