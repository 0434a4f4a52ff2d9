/* Paths and directories that are given out are kept on one list until the program ends, so that no test has to free them
   (a failed assertion jumps over the line that would). A program forked by a test shares the list but not the duty: only
   the process that made a directory removes it. */
#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

/* More than any test has reason to make or to print. */
enum { OUTPUT_MAX_BYTES = 64 << 20, READ_BYTES = 64 << 10 };

struct kept_file {
    struct kept_file *next;
    pid_t remove_by; /* 0: only a string; else a directory, of this process */
    char path[];
};

static struct kept_file *kept_list;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    (void)remove(path);
    return 0;
}

static void release_kept(void)
{
    while (kept_list != NULL) {
        struct kept_file *kept = kept_list;
        kept_list = kept->next;
        if (kept->remove_by == getpid() && getenv("SWARMTOP_KEEP_FILES") == NULL) {
            nftw(kept->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        }
        free(kept);
    }
}

/* Returns the entry of "dir/name". */
static struct kept_file *keep(const char *dir, const char *name)
{
    size_t size = strlen(dir) + 1 + strlen(name) + 1;
    struct kept_file *kept = malloc(sizeof *kept + size);
    assert_non_null(kept);
    if (kept_list == NULL) {
        atexit(release_kept);
    }
    snprintf(kept->path, size, "%s/%s", dir, name);
    kept->remove_by = 0;
    kept->next = kept_list;
    kept_list = kept;
    return kept;
}

/* The tests run from the top of the checkout; the runner says where that is to those that do not. */
static const char *from_env(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value != NULL && *value ? value : fallback;
}

const char *support_path(const char *dir, const char *name)
{
    return keep(dir, name)->path;
}

const char *support_tests(const char *rel)
{
    return support_path(from_env("SWARMTOP_TESTS", "tests"), rel);
}

/* Writes the unpacked bytes of a gzip file to another. */
static void unpack(const char *from, const char *to)
{
    static char bytes[READ_BYTES];
    gzFile file = gzopen(from, "rb");
    FILE *out = fopen(to, "we");
    int got;
    if (file == NULL || out == NULL) {
        fail_msg("%s: %s", from, strerror(errno));
    }
    while ((got = gzread(file, bytes, sizeof bytes)) > 0) {
        assert_int_equal(fwrite(bytes, 1, (size_t)got, out), got);
    }
    assert_int_equal(got, 0);
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(fclose(out), 0);
}

const char *support_data(const char *rel)
{
    static const char *unpacked_dir;
    const char *path = support_path(support_tests("data"), rel);
    const char *slash = strrchr(rel, '/');
    char packed[600], folder[300];
    if (access(path, R_OK) == 0) {
        return path;
    }
    assert_true(snprintf(packed, sizeof packed, "%s.gz", path) < (int)sizeof packed);
    if (unpacked_dir == NULL) {
        unpacked_dir = support_tmpdir();
    }
    /* Files of one name in several folders get folders of their own here too. */
    size_t len = slash != NULL ? (size_t)(slash - rel) : 0;
    assert_true(snprintf(folder, sizeof folder, "of-%.*s", (int)len, rel) < (int)sizeof folder);
    for (char *at = folder; (at = strchr(at, '/')) != NULL;) {
        *at = '-';
    }
    const char *dir = support_path(unpacked_dir, folder);
    mkdir(dir, 0700);
    path = support_path(dir, slash != NULL ? slash + 1 : rel);
    if (access(path, R_OK) != 0) {
        unpack(packed, path);
    }
    return path;
}

const char *support_program(void)
{
    return from_env("SWARMTOP_PROGRAM", "build/swarmtop");
}

const char *support_tmpdir(void)
{
    struct kept_file *kept = keep(from_env("TMPDIR", "/tmp"), "swarmtop.XXXXXX");
    if (mkdtemp(kept->path) == NULL) {
        fail_msg("%s: %s", kept->path, strerror(errno));
    }
    kept->remove_by = getpid();
    return kept->path;
}

/* splitmix64 */
uint64_t support_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t support_random_below(uint64_t *seed, uint64_t below)
{
    return support_random(seed) % below;
}

/* Bytes that grow; always with a NUL after them. */
struct bytes {
    char *data;
    size_t len, cap;
};

/* Appends what one read() brings; false at the end. */
static bool read_some(struct bytes *bytes, int fd)
{
    if (bytes->cap - bytes->len < READ_BYTES + 1) {
        bytes->cap = bytes->cap * 2 + READ_BYTES + 1;
        assert_true(bytes->cap <= OUTPUT_MAX_BYTES * (size_t)3);
        bytes->data = realloc(bytes->data, bytes->cap);
        assert_non_null(bytes->data);
    }

    ssize_t got = read(fd, bytes->data + bytes->len, READ_BYTES);

    if (got < 0 && errno == EINTR) {
        return true;
    }
    assert_true(got >= 0);
    bytes->len += (size_t)got;
    bytes->data[bytes->len] = '\0';
    return got > 0;
}

char *support_read_file(const char *path, size_t *len)
{
    struct bytes bytes = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail_msg("%s: %s", path, strerror(errno));
    }
    while (read_some(&bytes, fd)) {
        ;
    }
    close(fd);
    if (len != NULL) {
        *len = bytes.len;
    }
    return bytes.data;
}

void support_write_file(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wbe");
    if (file == NULL) {
        fail_msg("%s: %s", path, strerror(errno));
    }
    if (len > 0) {
        assert_int_equal(fwrite(bytes, 1, len, file), len);
    }
    assert_int_equal(fclose(file), 0);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pipe_new(int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

/* In the child, with nothing but calls that are safe after fork(). */
static _Noreturn void child(const char *const argv[], int in, int out, int err)
{
    /* execvp takes pointers to writable strings for history's sake, and writes none. */
    union {
        const char *const *in;
        char *const *out;
    } cast = {.in = argv};
    setsid();
    signal(SIGPIPE, SIG_DFL);
    if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0) {
        execvp(argv[0], cast.out);
    }
    _exit(127);
}

static void close_end(struct pollfd *end)
{
    close(end->fd);
    end->fd = -1; /* poll() passes over it */
}

struct input {
    const char *bytes;
    size_t len;
};

/* Writes a part of the input; closes the pipe after the last, or when nobody reads it any more. */
static void feed(struct pollfd *end, struct input *input)
{
    ssize_t put = input->len ? write(end->fd, input->bytes, input->len) : 0;
    if (put > 0) {
        input->bytes += put;
        input->len -= (size_t)put;
    }
    if (input->len == 0 || (put < 0 && errno != EAGAIN && errno != EINTR)) {
        close_end(end);
    }
}

/* Until both outputs are closed; false when the time is over before. */
static bool attend(struct pollfd ends[3], struct input input, struct bytes outputs[2],
                   int64_t deadline_ms)
{
    while (ends[1].fd >= 0 || ends[2].fd >= 0) {
        int64_t left_ms = deadline_ms - now_ms();
        if (left_ms <= 0) {
            return false;
        }
        if (poll(ends, 3, (int)left_ms) < 0) {
            assert_int_equal(errno, EINTR);
            continue;
        }
        if (ends[0].fd >= 0 && ends[0].revents) {
            feed(&ends[0], &input);
        }
        for (int i = 1; i <= 2; i++) {
            if (ends[i].fd >= 0 && ends[i].revents && !read_some(&outputs[i - 1], ends[i].fd)) {
                close_end(&ends[i]);
            }
        }
    }
    return true;
}

/* The exit status as a shell tells it. -1: not done in time. A program that closed its outputs may still be at work. */
static int wait_until(pid_t pid, int64_t deadline_ms)
{
    int status;
    for (;;) {
        pid_t done = waitpid(pid, &status, WNOHANG);
        if (done == pid) {
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
        assert_true(done == 0 || errno == EINTR);
        if (now_ms() >= deadline_ms) {
            return -1;
        }
        poll(NULL, 0, 2);
    }
}

void support_run(struct support_run *run, const char *const argv[], const void *input,
                 size_t input_len, int timeout_ms)
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    int in[2], out[2], err[2];
    pipe_new(in), pipe_new(out), pipe_new(err);
    fflush(NULL);

    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        child(argv, in[0], out[1], err[1]);
    }
    close(in[0]), close(out[1]), close(err[1]);

    struct pollfd ends[3] = {{in[1], POLLOUT, 0}, {out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
    struct bytes outputs[2] = {{0}, {0}};
    void (*sigpipe)(int) = signal(SIGPIPE, SIG_IGN);

    fcntl(in[1], F_SETFL, O_NONBLOCK);

    bool closed = attend(ends, (struct input){input, input_len}, outputs, deadline_ms);
    int status = closed ? wait_until(pid, deadline_ms) : -1;

    signal(SIGPIPE, sigpipe);
    for (int i = 0; i < 3; i++) {
        if (ends[i].fd >= 0) {
            close_end(&ends[i]);
        }
    }
    if (status < 0) {
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        print_error("stdout: %s\nstderr: %s\n", outputs[0].data != NULL ? outputs[0].data : "",
                    outputs[1].data != NULL ? outputs[1].data : "");
        free(outputs[0].data), free(outputs[1].data);
        fail_msg("%s: not done within %d ms", argv[0], timeout_ms);
    }
    *run = (struct support_run){
        .status = status,
        .out = outputs[0].data,
        .out_len = outputs[0].len,
        .err = outputs[1].data,
        .err_len = outputs[1].len,
    };
}

void support_run_release(struct support_run *run)
{
    free(run->out);
    free(run->err);
    *run = (struct support_run){0};
}
