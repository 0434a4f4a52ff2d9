/* The calls of MCP servers: sums and percentiles over their tools. */
#include "core/query/server_metrics.h"

#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <string.h>

#define OPEN ((double)NAN)

TEST(the_server_is_between_the_first_two_double_lines)
{
    static const struct {
        const char *tool, *server; /* NULL: none */
    } rows[] = {
        {"mcp__github__search", "github"},
        {"mcp__my_db__run__sql", "my_db"},
        {"mcp__a__b", "a"},
        {"mcp__a", NULL},
        {"mcp____b", NULL},
        {"mcp__a__", NULL},
        {"mcp_a__b", NULL},
        {"Bash", NULL},
        {"", NULL},
        {"xmcp__a__b", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice got = server_of_tool(rows[i].tool);
        const char *want = rows[i].server;
        bool same = want == NULL ? got.bytes == NULL
                                 : got.len == strlen(want) && memcmp(got.bytes, want, got.len) == 0;
        if (!same) {
            fail_msg("%s: %.*s", rows[i].tool, (int)got.len, got.bytes);
        }
    }
}

/* Two tools of one server, in other order than their names, and one that still runs. */
static const struct model_span spans[] = {
    {1, "Tool: mcp__db__write", "tool", 0, 1000, NULL, "{\"success\":false}"},
    {1, "Tool: mcp__db__read", "tool", 1000, 1100, NULL, "{\"success\":true}"},
    {1, "Tool: mcp__db__read", "tool", 1100, 1300, NULL, "{\"success\":true}"},
    {1, "Tool: Bash", "tool", 1300, 9000, NULL, "{\"success\":true}"},
    {1, "Tool: mcp__db__read", "tool", 9000, 9300, NULL, "{\"success\":true}"},
    {1, "Tool: mcp__web__get", "tool", 9300, OPEN, NULL, NULL},
    {1, "Tool: mcp__a__x", "tool", 9300, 9400, NULL, "{\"success\":true}"},
};

static bool build(struct model *model, const struct mem *mem)
{
    if (!model_init(model, mem) || !model_open_file(model, "s") || !model_name(model, 1, "main")) {
        return false;
    }
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        if (!model_add(model, &spans[i])) {
            return false;
        }
    }
    return true;
}

static void assert_server(const struct server_metrics *server, const char *name, uint64_t calls,
                          uint64_t errors, uint64_t open)
{
    assert_int_equal(server->server.len, strlen(name));
    assert_memory_equal(server->server.bytes, name, strlen(name));
    assert_int_equal(server->duration_ms.count, calls);
    assert_int_equal(server->errors, errors);
    assert_int_equal(server->open, open);
}

TEST(the_calls_of_a_server_are_those_of_its_tools)
{
    struct model model;
    struct swarm_metrics out;
    assert_true(build(&model, &mem_libc));
    assert_true(metrics_compute(model.swarm, model_ns(99999), &out));
    assert_int_equal(out.server_count, 3);
    assert_server(&out.servers[0], "a", 1, 0, 0);
    assert_server(&out.servers[1], "db", 4, 1, 0);
    assert_server(&out.servers[2], "web", 0, 0, 1);
    assert_float_equal(out.servers[1].duration_ms.p50, 200, 1e-9); /* of 100, 200, 300, 1000 */
    assert_float_equal(out.servers[1].duration_ms.max, 1000, 1e-9);
    assert_true(isnan(out.servers[1].duration_ms.p95));
    metrics_release(&out);
    model_release(&model);
}

TEST(a_lack_of_memory_leaves_nothing)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct model model;
        struct swarm_metrics out;
        lack.done = build(&model, &lack.mem) && metrics_compute(model.swarm, model_ns(99999), &out);
        if (lack.done) {
            metrics_release(&out);
        }
        model_release(&model);
    }
}
