/* A program of two agents that traces itself with libswarmtrace. It is C, and C++ too.

       cc traced.c $(pkg-config --cflags --libs swarmtrace) -o traced
       CLAUDE_CODE_PERFETTO_TRACE=trace.json ./traced && swarmtop trace.json

   Without the variable it runs as ever and traces nothing. */
#include <swarmtrace.h>

#include <stdio.h>

/* The work of an agent between two reports. */
static void work(unsigned *seed)
{
    for (int i = 0; i < 1000000; i++) {
        *seed = *seed * 1103515245u + 12345u;
    }
}

/* One request to a model, which answers with a call of a tool. */
static void take_turn(struct swarmtrace *trace, const char *agent, unsigned *seed)
{
    struct swarmtrace_request request;
    swarmtrace_request_init(&request);
    request.model = "claude-sonnet-4-5";
    request.prompt_tokens = 12000;
    uint64_t asked = swarmtrace_start_request(trace, agent, &request);
    work(seed);

    struct swarmtrace_response response;
    swarmtrace_response_init(&response);
    response.ttft_ms = 0.5;
    response.output_tokens = 120;
    response.cache_read_tokens = 11000;
    swarmtrace_end_request(trace, asked, &response);

    uint64_t tool = swarmtrace_start_tool(trace, agent, "Bash", "{\"command\":\"make test\"}");
    work(seed);

    struct swarmtrace_result result;
    swarmtrace_result_init(&result);
    if (*seed % 2 == 0) {
        result.success = 0;
        result.error = "1 passed, 1 failed";
    }
    swarmtrace_end_tool(trace, tool, &result);
}

int main(void)
{
    struct swarmtrace *trace;
    unsigned seed = 1;
    if (swarmtrace_open(NULL, &trace) != 0) {
        fputs("traced: no trace, but the work continues\n", stderr);
    }

    uint64_t turn = swarmtrace_start_interaction(trace, NULL, "Fix the tests.");
    take_turn(trace, NULL, &seed);
    swarmtrace_register_agent(trace, "reviewer-1", "reviewer", NULL);
    take_turn(trace, "reviewer-1", &seed);
    swarmtrace_unregister_agent(trace, "reviewer-1");

    struct swarmtrace_value values[] = {{"done", 2}, {"open", 0}};
    swarmtrace_counter(trace, NULL, "tasks", values, 2);
    swarmtrace_instant(trace, NULL, "finished", "lifecycle", NULL);
    swarmtrace_end_interaction(trace, turn);

    if (swarmtrace_close(trace) != 0) {
        fputs("traced: the trace was not written\n", stderr);
    }
    return 0;
}
