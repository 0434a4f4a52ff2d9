/* What kind of work a span is, by its name and category. */
#include "core/model/span.h"

#include "tests/support/support.h"

#include <string.h>

TEST(kinds_follow_from_name_and_category)
{
    const struct {
        const char *name, *cat;
        enum span_kind kind;
    } rows[] = {
        {"API Call", "api", SPAN_REQUEST},
        {"Request Setup", "api,setup", SPAN_SETUP},
        {"Attempt 1 (retry)", "api,retry", SPAN_RETRY},
        {"First Token", "api,ttft", SPAN_FIRST_TOKEN},
        {"Sampling", "api,sampling", SPAN_SAMPLING},
        {"Sampling", "api,sampling,more", SPAN_SAMPLING},
        {"Tool: Bash", "tool", SPAN_TOOL},
        {"Tool: Bash", "tool,mcp", SPAN_TOOL},
        {"Tool: Agent", "tool", SPAN_AGENT_CALL},
        {"Tool: Task", "tool", SPAN_AGENT_CALL},
        {"Agent", "tool", SPAN_AGENT_CALL},
        {"Tool: spawn_agent", "tool", SPAN_AGENT_CALL},
        {"Tool: invoke_agent", "tool", SPAN_AGENT_CALL},
        {"Tool: task", "tool", SPAN_AGENT_CALL},
        {"Tool: agent", "tool", SPAN_AGENT_CALL},
        {"Tool: send_agent", "tool", SPAN_TOOL},
        {"Tool: TaskList", "tool", SPAN_TOOL},
        {"Waiting for User Input", "user_input", SPAN_USER},
        {"Interaction", "interaction", SPAN_INTERACTION},
        {"API Call", "", SPAN_OTHER},
        {"API Call", "apis", SPAN_OTHER},
        {"GET /", "api", SPAN_OTHER},
        {"Tool: Agent", "toolbar", SPAN_OTHER},
        {"Tool: Agent", ",", SPAN_OTHER},
        {"", "", SPAN_OTHER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (span_kind_of(rows[i].name, rows[i].cat) != rows[i].kind) {
            fail_msg("%s [%s]", rows[i].name, rows[i].cat);
        }
    }
}

TEST(short_names_leave_out_the_prefix_of_tools)
{
    assert_string_equal(span_short_name("Tool: Bash"), "Bash");
    assert_string_equal(span_short_name("Tool: "), "");
    assert_string_equal(span_short_name("Tool:Bash"), "Tool:Bash");
    assert_string_equal(span_short_name("API Call"), "API Call");
    assert_string_equal(span_short_name(""), "");
}

TEST(every_kind_has_a_word_of_its_own)
{
    for (int a = 0; a < SPAN_KINDS; a++) {
        assert_non_null(span_kind_word((enum span_kind)a));
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(span_kind_word((enum span_kind)a),
                                    span_kind_word((enum span_kind)b));
        }
    }
}
