/* Calls of MCP servers. A client calls their tools `mcp__SERVER__TOOL`
   (modelcontextprotocol.io; the spelling is Claude Code's). */
#ifndef CORE_SERVER_METRICS_H
#define CORE_SERVER_METRICS_H

#include "core/model/metrics_acc.h"
#include "core/query/metrics.h"

/* Returns the name of the server in a tool's name, borrowed; bytes NULL: no tool of an MCP server.
 */
struct slice server_of_tool(const char *tool);
/* Sets metrics->servers, by name, from the tools of `acc`. Returns false if out of memory. */
bool server_metrics_compute(const struct metrics_acc *acc, const struct intern *names,
                            struct swarm_metrics *metrics);
void server_metrics_release(struct swarm_metrics *metrics);

#endif
