/* `swarmtop open`: the requests of a browser that opens the link, and those of pages that must get
   nothing. */
#include "tests/support/perfetto_lines.h"
#include "tests/support/support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PERFETTO "Origin: https://ui.perfetto.dev\r\n"

enum { TIMEOUT_MS = 60000, ANSWER_BYTES = 4 << 20 };

struct opened {
    pid_t pid;
    int out, err;
    char link[512], notes[4096];
    char name[256]; /* the secret and the name: HEX/NAME */
    unsigned port;
};

/* Reads until the text has a line that the pattern is in. */
static void read_until(int fd, char *text, size_t max, const char *pattern)
{
    size_t len = strlen(text);
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    while (strstr(text, pattern) == NULL || text[len - 1] != '\n') {
        assert_true(len + 1 < max && poll(&poller, 1, TIMEOUT_MS) == 1);
        ssize_t got = read(fd, text + len, max - 1 - len);
        if (got <= 0) {
            fail_msg("no '%s' in '%s'", pattern, text);
        }
        len += (size_t)got;
        text[len] = '\0';
    }
}

static void start(struct opened *opened, const char *file)
{
    int out[2], err[2];
    *opened = (struct opened){.pid = -1};
    assert_true(pipe(out) == 0 && pipe(err) == 0);
    opened->pid = fork();
    assert_true(opened->pid >= 0);
    if (opened->pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        alarm(2 * TIMEOUT_MS / 1000); /* it ends even if the test fails before */
        close(out[0]), close(err[0]);
        execl(support_program(), "swarmtop", "open", "--port", "0", file, (char *)NULL);
        _exit(127);
    }
    close(out[1]), close(err[1]);
    opened->out = out[0], opened->err = err[0];
    read_until(opened->out, opened->link, sizeof opened->link, "#!/?url=");
    assert_int_equal(sscanf(opened->link,
                            "https://ui.perfetto.dev/#!/?url=http://127.0.0.1:%u/%255s",
                            &opened->port, opened->name),
                     2);
}

/* Returns the exit status. */
static int finish(struct opened *opened)
{
    int status;
    read_until(opened->err, opened->notes, sizeof opened->notes, "C-c");
    assert_int_equal(waitpid(opened->pid, &status, 0), opened->pid);
    close(opened->out), close(opened->err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Sends a request and returns the answer, to be freed: its head and, after that, its body. */
static char *ask(const struct opened *opened, const char *method, const char *path,
                 const char *headers, size_t *len)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)opened->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char request[2048], *answer = malloc(ANSWER_BYTES);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\n%sConnection: close\r\n\r\n", method, path,
             headers);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    ssize_t got;
    *len = 0;
    while ((got = recv(fd, answer + *len, ANSWER_BYTES - 1 - *len, 0)) > 0) {
        *len += (size_t)got;
    }
    answer[*len] = '\0';
    close(fd);
    return answer;
}

static char *get(const struct opened *opened, const char *method, const char *headers, size_t *len)
{
    char path[512], all[1024];
    snprintf(path, sizeof path, "/%s", opened->name);
    snprintf(all, sizeof all, "Host: 127.0.0.1:%u\r\n%s", opened->port, headers);
    return ask(opened, method, path, all, len);
}

static const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

/* Fetches the file as ui.perfetto.dev does: then the program ends. */
static void assert_serves(struct opened *opened, const char *bytes, size_t bytes_len)
{
    size_t len;
    char *answer = get(opened, "GET", PERFETTO, &len);
    assert_non_null(strstr(answer, " 200 "));
    assert_non_null(strstr(answer, "Access-Control-Allow-Origin: https://ui.perfetto.dev\r\n"));
    const char *body = body_of(answer);
    assert_int_equal(len - (size_t)(body - answer), bytes_len);
    assert_memory_equal(body, bytes, bytes_len);
    free(answer);
    assert_int_equal(finish(opened), 0);
}

/* ---- what is let in ---- */

TEST(the_trace_is_served_once_to_perfetto_alone)
{
    static const struct {
        const char *method, *path, *headers; /* NULL: that of the link; of this machine */
        int status;
        const char *has, *has_not;
    } rows[] = {
        {"OPTIONS", NULL, PERFETTO "Access-Control-Request-Private-Network: true\r\n", 204,
         "Access-Control-Allow-Private-Network: true", NULL},
        {"OPTIONS", NULL, PERFETTO, 204, "Access-Control-Allow-Methods: GET", "Private-Network"},
        {"HEAD", NULL, PERFETTO, 200, "Access-Control-Allow-Origin: https://ui.perfetto.dev", NULL},
        {"GET", NULL, "Origin: https://evil.example\r\n", 403, NULL, "Access-Control"},
        {"GET", NULL, "Origin: null\r\n", 403, NULL, "Access-Control"},
        {"GET", NULL, "Origin: https://ui.perfetto.dev.evil.example\r\n", 403, NULL,
         "Access-Control"},
        {"OPTIONS", NULL, "Origin: https://evil.example\r\n", 403, NULL, "Access-Control"},
        {"GET", NULL, "Sec-Fetch-Site: cross-site\r\n", 403, NULL, "Access-Control"},
        {"POST", NULL, PERFETTO "Content-Length: 0\r\n", 405, NULL, NULL},
        {"GET", "/", PERFETTO, 404, NULL, NULL},
        {"GET", "/../../etc/passwd", PERFETTO, 404, NULL, NULL},
    };
    const char *file = support_data("golden/small.trace.json");
    struct opened opened;
    size_t len, all;
    char *bytes = support_read_file(file, &all);
    start(&opened, file);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[512], headers[1024];
        snprintf(path, sizeof path, "%s%s", rows[i].path != NULL ? rows[i].path : "/",
                 rows[i].path != NULL ? "" : opened.name);
        snprintf(headers, sizeof headers, "Host: localhost:%u\r\n%s", opened.port, rows[i].headers);
        char *answer = ask(&opened, rows[i].method, path, headers, &len);
        int status = len > 12 ? atoi(answer + 9) : 0;
        if (status != rows[i].status ||
            (rows[i].has != NULL && strstr(answer, rows[i].has) == NULL) ||
            (rows[i].has_not != NULL && strstr(answer, rows[i].has_not) != NULL)) {
            fail_msg("row %zu: %s", i, answer);
        }
        free(answer);
    }
    char *answer = ask(&opened, "GET", "/x", "Host: evil.example:9001\r\n", &len);
    assert_non_null(
        strstr(answer, " 403 ")); /* a name that was made this machine's (DNS rebinding) */
    free(answer);
    assert_serves(&opened, bytes, all);
    assert_non_null(strstr(opened.notes, "reads port 9001 alone"));
    free(bytes);
}

/* Any user of this machine can connect, without a browser that adds headers. */
TEST(who_was_not_given_the_link_gets_nothing)
{
    enum { DIGITS = 32 };
    static const char *const origins[] = {"", PERFETTO};
    const char *file = support_data("golden/small.trace.json");
    struct opened opened, other;
    char paths[6][300];
    size_t len;
    start(&opened, file);
    const char *name = opened.name + DIGITS;
    assert_int_equal(strspn(opened.name, "0123456789abcdef"), DIGITS);
    assert_string_equal(name, "/small.trace.json");
    snprintf(paths[0], sizeof paths[0], "%s", name);
    snprintf(paths[1], sizeof paths[1], "/%.*s", DIGITS, opened.name);
    snprintf(paths[2], sizeof paths[2], "/%s/", opened.name);
    snprintf(paths[3], sizeof paths[3], "/%.*s", (int)strlen(opened.name) - 1, opened.name);
    snprintf(paths[4], sizeof paths[4], "/%s", opened.name);
    paths[4][1] = paths[4][1] == '0' ? '1' : '0';
    snprintf(paths[5], sizeof paths[5], "/%s", opened.name);
    paths[5][DIGITS] = paths[5][DIGITS] == '0' ? '1' : '0';
    for (size_t i = 0; i < sizeof paths / sizeof *paths * 2; i++) {
        char headers[256];
        snprintf(headers, sizeof headers, "Host: 127.0.0.1\r\n%s", origins[i % 2]);
        char *answer = ask(&opened, "GET", paths[i / 2], headers, &len);
        if (strstr(answer, " 404 ") == NULL) {
            fail_msg("%s: %s", paths[i / 2], answer);
        }
        free(answer);
    }
    start(&other, file);
    assert_int_not_equal(strncmp(other.name, opened.name, DIGITS), 0);
    kill(other.pid, SIGINT);
    finish(&other);
    char *bytes = support_read_file(file, &len); /* the fetch is not used up */
    assert_serves(&opened, bytes, len);
    free(bytes);
}

/* A script must not take it for opened. */
TEST(a_signal_ends_it_and_the_status_shows_that_nobody_fetched)
{
    struct opened opened;
    start(&opened, support_data("golden/small.trace.json"));
    kill(opened.pid, SIGINT);
    read_until(opened.err, opened.notes, sizeof opened.notes, "ended before it was fetched");
    assert_int_equal(finish(&opened), 1);
}

/* ---- which files ---- */

/* Reads what is served, and compares with the trace that `record` writes of the same source. */
static void assert_is_converted(const char *source)
{
    const char *recorded = support_path(support_tmpdir(), "r.pftrace");
    const char *argv[] = {
        support_program(), "record", "--no-journal", "-o", recorded, source, NULL};
    struct support_run got;
    struct opened opened;
    size_t len;
    support_run(&got, argv, NULL, 0, TIMEOUT_MS);
    support_run_release(&got);
    char *bytes = support_read_file(recorded, &len);
    start(&opened, source);
    assert_non_null(strstr(opened.name, ".pftrace"));
    assert_serves(&opened, bytes, len);
    free(bytes);
}

TEST(what_perfetto_cannot_read_is_converted)
{
    char source[4096];
    setenv("SWARMTOP_OTLP", "off", 1);
    assert_is_converted(support_data("golden/swarm.feed.ndjson"));
    snprintf(source, sizeof source, "codex:%s", support_data("samples/codex/tui"));
    assert_is_converted(source);
}

TEST(a_source_that_is_read_in_part_is_served_and_fails)
{
    static const char feed[] = "{\"op\":\"hello\",\"session_id\":\"a\",\"t\":1760000000000}\n"
                               "garbage\n"
                               "{\"op\":\"start_tool\",\"session_id\":\"a\",\"span_id\":1,"
                               "\"tool_name\":\"X\",\"t\":1760000001000}\n";
    const char *source = support_path(support_tmpdir(), "bad.ndjson");
    struct opened opened;
    size_t len;
    support_write_file(source, feed, sizeof feed - 1);
    start(&opened, source);
    char *answer = get(&opened, "GET", PERFETTO, &len);
    assert_non_null(strstr(answer, " 200 "));
    free(answer);
    assert_int_equal(finish(&opened), 1);
    assert_non_null(strstr(opened.notes, "bad.ndjson: line 2: not JSON"));
}

TEST(what_perfetto_reads_is_served_as_it_is)
{
    static const char *const names[] = {"t r&c#.pftrace", "t.pftrace.gz", "t.json.gz"};
    const char *dir = support_tmpdir();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *file = support_path(dir, names[i]);
        const char *argv[] = {
            support_program(), "record", "-o", file, support_data("golden/small.trace.json"), NULL};
        struct support_run got;
        struct opened opened;
        size_t len;
        support_run(&got, argv, NULL, 0, TIMEOUT_MS);
        support_run_release(&got);
        char *bytes = support_read_file(file, &len);
        start(&opened, file);
        assert_null(strpbrk(opened.name, " &#"));
        assert_serves(&opened, bytes, len);
        free(bytes);
    }
}

/* ---- what is wrong ---- */

static void assert_refuses(const char *const *argv, int status, const char *why)
{
    struct support_run got;
    support_run(&got, argv, NULL, 0, TIMEOUT_MS);
    if (got.status != status || strstr(got.err, why) == NULL) {
        fail_msg("%d: %s", got.status, got.err);
    }
    support_run_release(&got);
}

TEST(a_file_or_a_port_that_is_not_there_is_named)
{
    const char *missing[] = {support_program(), "open", "/nowhere/x.json", NULL};
    const char *none[] = {support_program(), "open", NULL};
    const char *port[] = {support_program(), "open", "--port", "70000", "x", NULL};
    struct opened opened;
    char taken[16];
    size_t len;
    assert_refuses(missing, 1, "/nowhere/x.json: cannot be read: No such file");
    assert_refuses(none, 2, "open: needs one FILE");
    assert_refuses(port, 2, "--port: '70000'");
    start(&opened, support_data("golden/small.trace.json"));
    snprintf(taken, sizeof taken, "%u", opened.port);
    const char *twice[] = {
        support_program(), "open", "--port", taken, support_data("golden/small.trace.json"), NULL};
    assert_refuses(twice, 1, "--port");
    free(get(&opened, "GET", "", &len));
    assert_int_equal(finish(&opened), 0);
}

/* The link is then that of the other end, whose port is forwarded. */
TEST(over_ssh_the_line_that_forwards_the_port_is_printed)
{
    struct opened opened;
    char host[128], *answer;
    size_t len;
    setenv("SSH_CONNECTION", "192.0.2.1 5555 192.0.2.7 22", 1);
    start(&opened, support_data("golden/small.trace.json"));
    unsetenv("SSH_CONNECTION");
    assert_int_equal(opened.port, 9001);
    read_until(opened.err, opened.notes, sizeof opened.notes, "ssh -L 9001:127.0.0.1:");
    const char *line = strstr(opened.notes, "ssh -L 9001:127.0.0.1:");
    assert_int_equal(sscanf(line, "ssh -L 9001:127.0.0.1:%u %127s", &opened.port, host), 2);
    assert_string_equal(host, "192.0.2.7");
    answer = get(&opened, "GET", PERFETTO, &len);
    assert_non_null(strstr(answer, " 200 "));
    free(answer);
    assert_int_equal(finish(&opened), 0);
}
