/* The names of trace files. */
#include "ingest/trace/trace_name.h"
#include "tests/support/support.h"

#include <string.h>

TEST(a_path_gives_the_session_id)
{
    static const char *const names[][2] = {{"/a/b/trace-1.json", "trace-1"},
                                           {"x.json.gz", "x"},
                                           {"x.json.zst", "x"},
                                           {"swarm.feed.ndjson", "swarm.feed"},
                                           {"t.jsonl", "t"},
                                           {"t.trace", "t"},
                                           {"plain", "plain"},
                                           {".json", ".json"},
                                           {"node_trace.1.log", "node_trace.1.log"}};
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        strbuf_clear(&out);
        trace_name_session(names[i][0], &out);
        assert_string_equal(out.data, names[i][1]);
    }
    strbuf_release(&out);
}

TEST(a_directory_has_traces_by_their_extensions)
{
    static const char *const traces[] = {"a.json", "a.json.gz", "a.json.zst", "a.ndjson.gz",
                                         "a.b.jsonl"};
    static const char *const others[] = {"json",    ".json",   ".a.json", "a.gz",
                                         "a.trace", "a.json~", ""};
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++) {
        assert_true(trace_name_is_trace(traces[i]));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(trace_name_is_trace(others[i]));
    }
}
