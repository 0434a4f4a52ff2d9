/* The cast. Times and rates are what Claude Code's own traces show of such tools and models, rounded. */
#include "tui/demo_cast.h"

const struct cast_session cast_sessions[] = {
    {"api-server", "fix-auth"}, {"web", "main"},          {"billing", "invoices-v2"}, {"infra", "terraform-1.9"},
    {"search", "reindex"},      {"mobile", "offline"},    {"docs", "main"},           {"data-pipeline", "backfill"},
    {"gateway", "rate-limits"}, {"design-system", "dark"}, {"sdk-python", "async"},    {"notebooks", "eval"},
};
const size_t cast_session_count = sizeof cast_sessions / sizeof *cast_sessions;

const struct cast_role cast_roles[] = {
    {"main", "claude-opus-4-5", 58, {"", "", "", ""}},
    {"Explore",
     "claude-haiku-4-5",
     138,
     {"find callers of verify()", "map the session code", "where are tokens refreshed", "list the failing tests"}},
    {"coder",
     "claude-sonnet-4-5",
     76,
     {"fix the refresh race", "fix the flaky test", "add the retry budget", "move config to env"}},
    {"general-purpose",
     "claude-sonnet-4-5",
     74,
     {"compare three designs", "read the RFC and sum up", "check the changelog", "survey the other services"}},
    {"reviewer",
     "claude-opus-4-5",
     56,
     {"review the diff", "look for races", "check error paths", "is this API sound"}},
    {"tester",
     "claude-haiku-4-5",
     131,
     {"run the integration tests", "bisect the failure", "write a regression test", "measure the hot path"}},
};
const size_t cast_role_count = sizeof cast_roles / sizeof *cast_roles;

const struct cast_tool cast_tools[] = {
    {"Bash", "command", 2600, 0.9, 0.14, 30,
     {"make test", "git diff --stat", "npm run build", "cargo check --workspace", "pytest -x tests/api",
      "docker compose up -d db"},
     "exit status 1"},
    {"Read", "file_path", 420, 0.6, 0.02, 22,
     {"src/auth/session.c", "web/app/login.tsx", "internal/billing/invoice.go", "README.md", "pkg/search/index.rs",
      "deploy/values.yaml"},
     "file does not exist"},
    {"Edit", "file_path", 520, 0.5, 0.06, 15,
     {"src/auth/session.c", "web/app/login.tsx", "internal/billing/invoice.go", "tests/test_session.c",
      "pkg/search/index.rs", "deploy/values.yaml"},
     "String to replace not found"},
    {"Grep", "pattern", 640, 0.7, 0.01, 16,
     {"verify\\(", "TODO|FIXME", "refresh_token", "retry.*budget", "unsafe \\{", "SELECT .* FOR UPDATE"},
     "bad pattern"},
    {"Glob", "pattern", 350, 0.5, 0.01, 6,
     {"**/*_test.go", "src/**/*.c", "migrations/*.sql", "*.proto", "**/Dockerfile", "docs/**/*.md"},
     "bad pattern"},
    {"WebFetch", "url", 2300, 0.6, 0.08, 7,
     {"https://www.rfc-editor.org/rfc/rfc6749", "https://docs.rs/tokio", "https://go.dev/doc/gc-guide",
      "https://ui.perfetto.dev", "https://www.postgresql.org/docs/", "https://man7.org/linux/man-pages/"},
     "429 Too Many Requests"},
    {"mcp__db__query", "query", 900, 0.6, 0.05, 4,
     {"SELECT count(*) FROM sessions", "EXPLAIN SELECT * FROM invoices", "SHOW index_usage", "SELECT now()",
      "SELECT * FROM tokens LIMIT 5", "VACUUM VERBOSE search"},
     "canceling statement due to statement timeout"},
};
const size_t cast_tool_count = sizeof cast_tools / sizeof *cast_tools;
