/* Transcripts with trouble in them (tests/data/cases/agents): each is reported whole, and its
   numbers are compared with the right ones. A case has an expect.txt that explains them. */
#include "tests/support/support.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number or a text of the report of one case. */
static const struct {
    const char *name;  /* of the case's directory */
    const char *agent; /* how the id of an agent begins; NULL: the path is from the top */
    const char *path;  /* keys with dots between; the last one of an array is its length */
    double number;
    const char *text; /* it holds this; NULL: the number counts */
} rows[] = {
    {"01-fork-copies-history", NULL, "totals.requests", 6, NULL},
    {"01-fork-copies-history", NULL, "totals.output_tokens", 300, NULL},
    {"01-fork-copies-history", "1111", "requests", 4, NULL},
    {"02-resume-copies-history-old-client", NULL, "totals.requests", 6, NULL},
    {"02-resume-copies-history-old-client", "1111", "requests", 4, NULL},
    {"02-resume-copies-history-old-client", NULL, "totals.tools.Bash.count", 3, NULL},
    {"03-sidechain-in-main-file", NULL, "agents", 2, NULL},
    {"03-sidechain-in-main-file", "33333333-", "requests", 2, NULL},
    {"03-sidechain-in-main-file", "33333333-", "output_tokens", 100, NULL},
    {"03-sidechain-in-main-file", NULL, "totals.tools.Grep.count", 1, NULL},
    {"04-agent-files-beside-main", NULL, "agents", 2, NULL},
    {"04-agent-files-beside-main", "cb4ad2c6", "requests", 2, NULL},
    {"04-agent-files-beside-main", "cb4ad2c6", "name", 0, "Explore"},
    {"05-workflow-agents-nested-dir", NULL, "agents", 4, NULL},
    {"05-workflow-agents-nested-dir", NULL, "totals.output_tokens", 400, NULL},
    {"06-side-agents-without-meta", "66666666-", "requests", 4, NULL},
    {"06-side-agents-without-meta", NULL, "totals.output_tokens", 700, NULL},
    {"08-streaming-partial-usage", NULL, "totals.requests", 2, NULL},
    {"08-streaming-partial-usage", NULL, "totals.output_tokens", 269, NULL},
    {"09-no-request-id", NULL, "totals.requests", 3, NULL},
    {"10-no-message-id", NULL, "totals.requests", 3, NULL},
    {"10-no-message-id", NULL, "totals.output_tokens", 120, NULL},
    {"10-no-message-id", NULL, "models.0.model", 0, "local-model"},
    {"11-constant-message-id", NULL, "totals.requests", 3, NULL},
    {"11-constant-message-id", NULL, "totals.output_tokens", 120, NULL},
    {"12-long-tool-ids", NULL, "totals.tools.Bash.count", 2, NULL},
    {"12-long-tool-ids", NULL, "totals.tools.Bash.total_ms", 8000, NULL},
    {"12-long-tool-ids", NULL, "totals.requests", 3, NULL},
    {"13-api-errors-old-client", NULL, "totals.requests", 2, NULL},
    {"13-api-errors-old-client", NULL, "totals.failed", 1, NULL},
    {"13-api-errors-old-client", NULL, "totals.output_tokens", 50, NULL},
    {"14-server-tools", NULL, "totals.requests", 1, NULL},
    {"14-server-tools", NULL, "totals.tools.web_search.total_ms", 1000, NULL},
    {"14-server-tools", NULL, "totals.tools.mcp__s__q.errors", 1, NULL},
    {"17-glued-and-nul-lines", NULL, "events.bad", 5, NULL},
    {"17-glued-and-nul-lines", NULL, "totals.requests", 8, NULL},
    {"18-bom-crlf", NULL, "events.bad", 0, NULL},
    {"18-bom-crlf", "abababab", "name", 0, "proj"},
    {"21-no-timestamps", NULL, "events.bad", 5, NULL},
    {"22-models-fallback-usage-odd", NULL, "totals.prompt_tokens", 1820, NULL},
    {"22-models-fallback-usage-odd", NULL, "totals.output_tokens", 140, NULL},
    {"22-models-fallback-usage-odd", NULL, "models", 2, NULL},
    {"23-replay-inside-one-file", NULL, "totals.requests", 4, NULL},
    {"23-replay-inside-one-file", NULL, "totals.tools.Bash.count", 2, NULL},
    {"24-compact", NULL, "totals.requests", 2, NULL},
    {"27-background-bash", NULL, "totals.tools.Bash.total_ms", 302200, NULL},
    {"27-background-bash", NULL, "totals.tools.Bash.errors", 0, NULL},
    {"30-results-out-of-order", NULL, "totals.tools.Read.count", 4, NULL},
    {"32-agent-team-names", "abuilder", "name", 0, "builder"},
    {"32-agent-team-names", "areviewer", "name", 0, "reviewer"},
    {"33-session-titles", "33333333-0000-4000-8000-100000000001", "name", 0, "task 1"},
    /* Other shapes of the same trouble. */
    {"01a-fork-of-fork", NULL, "totals.requests", 8, NULL},
    {"01a-fork-of-fork", NULL, "totals.output_tokens", 400, NULL},
    {"01a-fork-of-fork", NULL, "sessions", 3, NULL},
    {"02a-resume-in-other-project", NULL, "totals.requests", 6, NULL},
    {"02a-resume-in-other-project", NULL, "totals.output_tokens", 300, NULL},
    {"02b-branch-at-middle", NULL, "totals.requests", 6, NULL},
    {"02b-branch-at-middle", NULL, "totals.output_tokens", 300, NULL},
    {"02b-branch-at-middle", NULL, "totals.tools.Bash.count", 3, NULL},
    {"03a-two-sidechains-interleaved", NULL, "totals.requests", 6, NULL},
    {"03a-two-sidechains-interleaved", NULL, "totals.output_tokens", 300, NULL},
    {"03a-two-sidechains-interleaved", NULL, "agents", 3, NULL},
    {"03a-two-sidechains-interleaved", "03030303-", "requests", 2, NULL},
    {"03a-two-sidechains-interleaved", "03030303-", "output_tokens", 100, NULL},
    {"03a-two-sidechains-interleaved", "03030303-", "tools.Task.count", 2, NULL},
    {"04a-agents-beside-two-mains", NULL, "totals.requests", 6, NULL},
    {"04a-agents-beside-two-mains", NULL, "totals.output_tokens", 300, NULL},
    {"04a-agents-beside-two-mains", NULL, "agents", 4, NULL},
    {"04a-agents-beside-two-mains", NULL, "sessions", 2, NULL},
    {"04b-agent-file-without-main", NULL, "totals.requests", 1, NULL},
    {"04b-agent-file-without-main", NULL, "totals.output_tokens", 50, NULL},
    {"04b-agent-file-without-main", NULL, "sessions", 1, NULL},
    {"05a-workflow-deeper", NULL, "totals.requests", 4, NULL},
    {"05a-workflow-deeper", NULL, "totals.output_tokens", 200, NULL},
    {"05a-workflow-deeper", NULL, "agents", 4, NULL},
    {"06a-two-side-agents", NULL, "totals.requests", 6, NULL},
    {"06a-two-side-agents", NULL, "totals.output_tokens", 250, NULL},
    {"06a-two-side-agents", "06060606-", "requests", 4, NULL},
    {"06a-two-side-agents", "06060606-", "output_tokens", 200, NULL},
    {"08a-streaming-parallel-tools", NULL, "totals.requests", 1, NULL},
    {"08a-streaming-parallel-tools", NULL, "totals.output_tokens", 77, NULL},
    {"08a-streaming-parallel-tools", NULL, "totals.prompt_tokens", 1110, NULL},
    {"08a-streaming-parallel-tools", NULL, "totals.tools.Read.count", 3, NULL},
    {"08a-streaming-parallel-tools", NULL, "totals.tools.Read.errors", 1, NULL},
    {"10a-null-ids-with-tools", NULL, "totals.requests", 2, NULL},
    {"10a-null-ids-with-tools", NULL, "totals.output_tokens", 100, NULL},
    {"10a-null-ids-with-tools", NULL, "totals.tools.Bash.count", 1, NULL},
    {"10a-null-ids-with-tools", NULL, "totals.tools.Bash.total_ms", 1000, NULL},
    {"11a-constant-id-tool-loop", NULL, "totals.requests", 3, NULL},
    {"11a-constant-id-tool-loop", NULL, "totals.output_tokens", 120, NULL},
    {"11a-constant-id-tool-loop", NULL, "totals.tools.Bash.count", 2, NULL},
    {"11a-constant-id-tool-loop", NULL, "totals.tools.Bash.total_ms", 2000, NULL},
    {"11b-constant-tool-ids", NULL, "totals.requests", 6, NULL},
    {"11b-constant-tool-ids", NULL, "totals.tools.Bash.count", 3, NULL},
    {"11b-constant-tool-ids", NULL, "totals.tools.Bash.total_ms", 3000, NULL},
    {"13a-two-errors", NULL, "totals.requests", 3, NULL},
    {"13a-two-errors", NULL, "totals.output_tokens", 50, NULL},
    {"13a-two-errors", NULL, "totals.failed", 2, NULL},
    {"14a-server-tools-more", NULL, "totals.requests", 1, NULL},
    {"14a-server-tools-more", NULL, "totals.output_tokens", 50, NULL},
    {"15a-interrupted-parallel", NULL, "totals.requests", 1, NULL},
    {"15a-interrupted-parallel", NULL, "totals.tools.Bash.count", 2, NULL},
    {"15b-new-prompt-ends-tool", NULL, "totals.requests", 2, NULL},
    {"15b-new-prompt-ends-tool", NULL, "totals.tools.Bash.count", 1, NULL},
    {"15c-rejected-by-user", NULL, "totals.requests", 2, NULL},
    {"15c-rejected-by-user", NULL, "totals.tools.Edit.count", 1, NULL},
    {"23a-file-twice", NULL, "totals.requests", 4, NULL},
    {"23a-file-twice", NULL, "totals.output_tokens", 200, NULL},
    {"23a-file-twice", NULL, "totals.tools.Bash.count", 2, NULL},
    {"30a-result-between-blocks", NULL, "totals.requests", 1, NULL},
    {"30a-result-between-blocks", NULL, "totals.output_tokens", 50, NULL},
    {"30a-result-between-blocks", NULL, "totals.tools.Read.count", 2, NULL},
    {"03b-sidechain-with-agentid", NULL, "totals.requests", 4, NULL},
    {"03b-sidechain-with-agentid", NULL, "totals.output_tokens", 200, NULL},
    {"03b-sidechain-with-agentid", NULL, "agents", 2, NULL},
    {"03b-sidechain-with-agentid", "03030303-", "requests", 2, NULL},
    {"03b-sidechain-with-agentid", "03030303-", "output_tokens", 100, NULL},
    {"06b-compact-agent-beside", NULL, "totals.requests", 5, NULL},
    {"06b-compact-agent-beside", NULL, "totals.output_tokens", 700, NULL},
    {"06b-compact-agent-beside", NULL, "sessions", 1, NULL},
    {"06b-compact-agent-beside", "06060606-", "requests", 4, NULL},
    {"06b-compact-agent-beside", "06060606-", "output_tokens", 200, NULL},
    {"11c-constant-mid-request-ids", NULL, "totals.requests", 3, NULL},
    {"11c-constant-mid-request-ids", NULL, "totals.output_tokens", 150, NULL},
    {"11d-constant-new-client", NULL, "totals.requests", 3, NULL},
    {"11d-constant-new-client", NULL, "totals.output_tokens", 150, NULL},
    {"13b-error-new-client", NULL, "totals.requests", 2, NULL},
    {"13b-error-new-client", NULL, "totals.output_tokens", 50, NULL},
    {"13b-error-new-client", NULL, "totals.failed", 1, NULL},
    {"13c-error-in-loop", NULL, "totals.requests", 2, NULL},
    {"13c-error-in-loop", NULL, "totals.output_tokens", 50, NULL},
    {"13c-error-in-loop", NULL, "totals.failed", 1, NULL},
    {"13c-error-in-loop", NULL, "totals.tools.Bash.count", 1, NULL},
    {"14b-mcp-names", NULL, "totals.requests", 2, NULL},
    {"14b-mcp-names", NULL, "totals.tools.mcp__srv__do_it.count", 1, NULL},
    {"14b-mcp-names", NULL, "totals.tools.mcp__srv__do_it.errors", 1, NULL},
    {"15e-interrupted-result", NULL, "totals.requests", 2, NULL},
    {"15e-interrupted-result", NULL, "totals.tools.Bash.count", 1, NULL},
    {"17b-cut-and-nul-end", NULL, "totals.requests", 2, NULL},
    {"17b-cut-and-nul-end", NULL, "totals.output_tokens", 100, NULL},
    {"17c-cut-last", NULL, "totals.requests", 2, NULL},
    {"17c-cut-last", NULL, "totals.output_tokens", 100, NULL},
    {"22b-fallback-refs", NULL, "totals.requests", 1, NULL},
    {"22b-fallback-refs", NULL, "totals.output_tokens", 90, NULL},
    {"22b-fallback-refs", NULL, "totals.prompt_tokens", 710, NULL},
    {"23b-replay-new-uuids", NULL, "totals.requests", 2, NULL},
    {"23b-replay-new-uuids", NULL, "totals.output_tokens", 100, NULL},
    {"23b-replay-new-uuids", NULL, "totals.tools.Bash.count", 1, NULL},
    {"30b-results-in-one-line", NULL, "totals.requests", 2, NULL},
    {"30b-results-in-one-line", NULL, "totals.tools.Read.count", 3, NULL},
    {"30b-results-in-one-line", NULL, "totals.tools.Read.errors", 1, NULL},
    {"30c-bedrock-tools-while-streaming", NULL, "totals.requests", 2, NULL},
    {"30c-bedrock-tools-while-streaming", NULL, "totals.output_tokens", 70, NULL},
    {"30d-bedrock-each-line-stops", NULL, "totals.requests", 2, NULL},
    {"30d-bedrock-each-line-stops", NULL, "totals.output_tokens", 70, NULL},
    {"30e-three-blocks-without-request-id", NULL, "totals.requests", 1, NULL},
    {"30e-three-blocks-without-request-id", NULL, "totals.output_tokens", 70, NULL},
    {"11e-constant-id-grows", NULL, "totals.requests", 3, NULL},
    {"11e-constant-id-grows", NULL, "totals.output_tokens", 120, NULL},
    {"11f-constant-id-without-counts", NULL, "totals.requests", 2, NULL},
    {"11g-id-came-back-after-prompt", NULL, "totals.requests", 3, NULL},
    {"11g-id-came-back-after-prompt", NULL, "totals.output_tokens", 120, NULL},
};

static json_t *report_of(const char *name)
{
    struct support_run run;
    char rel[200], spec[700];
    snprintf(rel, sizeof rel, "cases/agents/%s", name);
    snprintf(spec, sizeof spec, "claude:%s", support_data(rel));
    const char *argv[] = {support_program(), "report", "--json", spec, NULL};
    support_run(&run, argv, NULL, 0, 120000);
    json_t *report = json_loads(run.out, 0, NULL);
    if (report == NULL) {
        fail_msg("%s: %s", name, run.err);
    }
    support_run_release(&run);
    return report;
}

static const json_t *agent_of(const json_t *report, const char *prefix)
{
    const json_t *agent, *agents = json_object_get(report, "agents");
    size_t i;
    json_array_foreach(agents, i, agent)
    {
        const char *id = json_string_value(json_object_get(agent, "agent_id"));
        if (strncmp(id, prefix, strlen(prefix)) == 0) {
            return agent;
        }
    }
    return NULL;
}

static const json_t *value_at(const json_t *from, const char *path)
{
    char key[100];
    while (from != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        assert_true(len < sizeof key);
        memcpy(key, path, len);
        key[len] = '\0';
        from = json_is_array(from) ? json_array_get(from, (size_t)strtoul(key, NULL, 10))
                                   : json_object_get(from, key);
        path += len + (path[len] == '.');
    }
    return from;
}

static double number_of(const json_t *value)
{
    return json_is_array(value)    ? (double)json_array_size(value)
           : json_is_number(value) ? json_number_value(value)
                                   : -1;
}

TEST(transcripts_with_trouble_give_the_right_numbers)
{
    json_t *report = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (i == 0 || strcmp(rows[i].name, rows[i - 1].name) != 0) {
            json_decref(report);
            report = report_of(rows[i].name);
        }
        const json_t *from = rows[i].agent == NULL ? report : agent_of(report, rows[i].agent);
        const json_t *value = value_at(from, rows[i].path);
        const char *text = json_is_string(value) ? json_string_value(value) : "nothing";
        bool right = rows[i].text != NULL ? strstr(text, rows[i].text) != NULL
                                          : number_of(value) == rows[i].number;
        if (!right) {
            fail_msg("%s: %s %s: %s %g", rows[i].name, rows[i].agent != NULL ? rows[i].agent : "",
                     rows[i].path, text, number_of(value));
        }
    }
    json_decref(report);
}
