/* The percentiles of a server cannot be computed from those of its tools, so the durations of its
   tools are united: its tools are put side by side, and each run of them becomes a server. */
#include "core/query/server_metrics.h"

#include "core/query/metrics_finish.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "mcp__"

/* A tool of a server. */
struct server_tool {
    struct slice server;
    const struct tool_acc *acc;
};

struct slice server_of_tool(const char *tool)
{
    if (strncmp(tool, PREFIX, strlen(PREFIX)) != 0) {
        return (struct slice){0};
    }
    const char *server = tool + strlen(PREFIX), *end = strstr(server, "__");
    if (end == NULL || end == server || end[2] == '\0') {
        return (struct slice){0};
    }
    return (struct slice){server, (size_t)(end - server)};
}

static int compare(struct slice a, struct slice b)
{
    int order = memcmp(a.bytes, b.bytes, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_server(const void *a, const void *b)
{
    const struct server_tool *x = a, *y = b;
    return compare(x->server, y->server);
}

/* Lists the tools of servers by server; returns their number. */
static size_t list_tools(const struct metrics_acc *acc, const struct intern *names,
                         struct server_tool *tools)
{
    size_t count = 0;
    for (size_t i = 0; i < acc->tool_count; i++) {
        const struct tool_acc *tool = &acc->tools[i];
        struct slice server = server_of_tool(intern_text(names, tool->name, NULL));
        if (server.bytes != NULL && tool->duration_ms.count + tool->open > 0) {
            tools[count++] = (struct server_tool){server, tool};
        }
    }
    qsort(tools, count, sizeof *tools, by_server);
    return count;
}

/* Appends the server of the first tool to the metrics, with the tools that follow of the same
   server. Returns their number; 0: out of memory. */
static size_t add_server(struct swarm_metrics *metrics, const struct server_tool *tools,
                         size_t count)
{
    struct server_metrics *server = &metrics->servers[metrics->server_count++];
    struct histogram sum;
    bool good = true;
    size_t used = 0;
    *server = (struct server_metrics){.server = tools->server};
    histogram_init(&sum, metrics->mem);
    for (; good && used < count && compare(tools[used].server, tools->server) == 0; used++) {
        const struct tool_acc *acc = tools[used].acc;
        server->errors += acc->errors;
        server->open += acc->open;
        server->refused += acc->refused;
        server->interrupted += acc->interrupted;
        good = histogram_merge(&sum, &acc->duration_ms);
    }
    server->duration_ms = metrics_summarize(&sum);
    histogram_release(&sum);
    return good ? used : 0;
}

bool server_metrics_compute(const struct metrics_acc *acc, const struct intern *names,
                            struct swarm_metrics *metrics)
{
    const struct mem *mem = metrics->mem;
    size_t cap = acc->tool_count;
    struct server_tool *tools = cap == 0 ? NULL : mem_zalloc(mem, cap, sizeof *tools);
    size_t count = tools == NULL ? 0 : list_tools(acc, names, tools);
    bool good = cap == 0 || tools != NULL;
    if (count > 0) {
        metrics->servers = mem_zalloc(mem, count, sizeof *metrics->servers);
        metrics->server_cap = metrics->servers == NULL ? 0 : count;
        good = metrics->servers != NULL;
    }
    for (size_t at = 0, used; good && at < count; at += used) {
        used = add_server(metrics, tools + at, count - at);
        good = used > 0;
    }
    mem_free(mem, tools, tools == NULL ? 0 : cap * sizeof *tools);
    return good;
}

void server_metrics_release(struct swarm_metrics *metrics)
{
    mem_free(metrics->mem, metrics->servers, metrics->server_cap * sizeof *metrics->servers);
    metrics->servers = NULL;
    metrics->server_count = metrics->server_cap = 0;
}
