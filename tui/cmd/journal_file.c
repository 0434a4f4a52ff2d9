/* A journal of the state directory has a date and a process id in its name, so two runs never want
   the same name. Beside --output it is the name that decides: FILE.journal is the running
   program's. One that a dead run has left is renamed to FILE-2.journal (-3, …), with link() and
   unlink(), which replace nothing, and waits there for recovery. */
#include "tui/cmd/journal_file.h"

#include "core/base/json_read.h"
#include "core/base/seed_env.h"
#include "core/export/feed_line.h"
#include "core/export/link_target.h"
#include "core/export/parent_dirs.h"
#include "core/export/run_lock.h"
#include "tui/cmd/output_path.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_BYTES = 256, DEPTH_MAX = 4, NUMBERS_MAX = 10000 };

#define SUFFIX    ".journal"
#define TEMPORARY ".swarmtop-"
#define NS_PER_S  1000000000LL

/* ---- names ---- */

/* Returns whether the journal is beside --output: not where that is a device or a pipe. */
static bool is_beside(const struct options *options)
{
    struct stat st;
    const char *output = options->output;
    return output != NULL && strcmp(output, "-") != 0 && *output != '\0' &&
           output[strlen(output) - 1] != '/' && (stat(output, &st) != 0 || S_ISREG(st.st_mode));
}

bool journal_file_serves(const struct options *options)
{
    struct stat st;
    return options->command == COMMAND_RECORD && options->feed != NULL &&
           strcmp(options->feed, "-") == 0 && options->output == NULL &&
           seed_switch(options->env.perfetto_trace) == SWITCH_OFF &&
           fstat(STDOUT_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

void journal_file_path(const struct options *options, int64_t now_ns, struct strbuf *out)
{
    time_t seconds = (time_t)(now_ns / NS_PER_S);
    struct tm tm;
    char date[32] = "";
    if (is_beside(options)) {
        strbuf_addf(out, "%s" SUFFIX, options->output);
        return;
    }
    if (localtime_r(&seconds, &tm) != NULL) {
        (void)strftime(date, sizeof date, "%Y%m%d-%H%M%S", &tm);
    }
    output_state_dir(&options->env, out);
    strbuf_addf(out, "%s-%s-%ld" SUFFIX, journal_file_serves(options) ? "feed" : "run", date,
                (long)getpid());
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* Returns whether the name is BASE.journal or BASE-NUMBER.journal. */
static bool is_journal_of(const char *name, const char *base)
{
    size_t len = strlen(base);
    if (strncmp(name, base, len) != 0) {
        return false;
    }
    const char *rest = name + len;
    if (*rest == '-' && isdigit((unsigned char)rest[1])) {
        rest += 1 + strspn(rest + 1, "0123456789");
    }
    return strcmp(rest, SUFFIX) == 0;
}

static bool is_temporary(const char *name)
{
    size_t len = sizeof TEMPORARY - 1;
    return strncmp(name, TEMPORARY, len) == 0 && strlen(name) == len + 6;
}

/* ---- the first line and the last ---- */

/* Returns whether the file's last line is the one of a run that ended. */
static bool has_ended(int fd)
{
    char tail[HEAD_BYTES];
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size == 0) {
        return false;
    }
    off_t from = st.st_size > (off_t)sizeof tail ? st.st_size - (off_t)sizeof tail : 0;
    ssize_t len = pread(fd, tail, sizeof tail, from);
    if (len < 2 || tail[len - 1] != '\n') {
        return false;
    }
    const char *before = memrchr(tail, '\n', (size_t)len - 1);
    const char *line = before == NULL ? tail : before + 1;
    size_t line_len = (size_t)(tail + len - line);
    return line_len > sizeof FEED_JOURNAL_BEGIN &&
           memcmp(line, FEED_JOURNAL_BEGIN, sizeof FEED_JOURNAL_BEGIN - 1) == 0 &&
           memmem(line, line_len, "\"ended\":true", 12) != NULL;
}

bool journal_file_read_head(int fd, struct journal_head *out)
{
    char line[HEAD_BYTES];
    struct json_value head;
    ssize_t len = pread(fd, line, sizeof line, 0);
    const char *end = len <= 0 ? NULL : memchr(line, '\n', (size_t)len);
    if (end == NULL || (size_t)(end - line) < sizeof FEED_JOURNAL_BEGIN ||
        memcmp(line, FEED_JOURNAL_BEGIN, sizeof FEED_JOURNAL_BEGIN - 1) != 0 ||
        !json_check(line, (size_t)(end - line), DEPTH_MAX, &head, NULL)) {
        return false;
    }
    double max = json_get_number(json_get(head, "max_events"));
    out->max_events = max >= 0 && max < 1e15 ? (size_t)max : 0;
    out->ended = has_ended(fd);
    return true;
}

/* ---- finding ---- */

static bool is_wanted(const struct journal_finder *finder, const char *name, const char *base)
{
    bool named =
        strncmp(name, "run-", 4) == 0 || (finder->served && strncmp(name, "feed-", 5) == 0);
    return base != NULL ? is_journal_of(name, base) : named && ends_with(name, SUFFIX);
}

/* Passes on the files of the directory. `base` NULL: it is the state directory. */
static bool find_in(const struct journal_finder *finder, const char *dir, const char *base)
{
    DIR *stream = opendir(dir[0] == '\0' ? "." : dir);
    struct dirent *entry;
    struct strbuf path;
    bool more = true;
    if (stream == NULL) {
        return true;
    }
    strbuf_init(&path, &mem_libc, 0);
    while (more && (entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        bool journal = finder->journal != NULL && is_wanted(finder, name, base);
        bool temporary = finder->temporary != NULL && is_temporary(name);
        if (!journal && !temporary) {
            continue;
        }
        strbuf_clear(&path);
        strbuf_addf(&path, "%s%s", dir, name);
        if (path.failed) {
            break;
        }
        more = temporary ? finder->temporary(finder->ctx, path.data)
                         : finder->journal(finder->ctx, path.data, base != NULL);
    }
    closedir(stream);
    strbuf_release(&path);
    return more;
}

/* Passes on the files beside the path, and beside those that it leads to by links: a temporary file
   is beside the last, a journal beside the one that its run was given. */
static bool find_beside(const struct journal_finder *finder, const char *path)
{
    struct strbuf at, dir;
    bool more = true;
    strbuf_init(&at, &mem_libc, 0);
    strbuf_init(&dir, &mem_libc, 0);
    strbuf_adds(&at, path);
    for (int links = 0; more && !at.failed && links <= LINK_TARGET_MAX; links++) {
        size_t len = parent_dirs_len(at.data);
        strbuf_clear(&dir);
        strbuf_add(&dir, at.data, len);
        more = dir.failed || find_in(finder, len == 0 ? "" : dir.data, at.data + len);
        if (!link_target_step(&at)) {
            break;
        }
    }
    strbuf_release(&at);
    strbuf_release(&dir);
    return more;
}

void journal_file_find(const struct options *options, const struct journal_finder *finder)
{
    struct journal_finder temporaries = {.temporary = finder->temporary, .ctx = finder->ctx};
    struct strbuf path;
    strbuf_init(&path, &mem_libc, 0);
    bool more = !is_beside(options) || find_beside(finder, options->output);
    if (more && options->output == NULL && output_seeds_path(&options->env, &path) &&
        !path.failed) {
        more = find_beside(&temporaries, path.data);
    }
    strbuf_clear(&path);
    output_state_dir(&options->env, &path);
    if (more && !path.failed) {
        (void)find_in(finder, path.data, NULL);
    }
    strbuf_release(&path);
}

/* ---- creating ---- */

/* Renames the journal that a dead run has left at this path to the next free number. */
static void move_aside(const char *path)
{
    struct journal_head head;
    struct strbuf next;
    int fd = run_lock_claim(path);
    if (fd < 0) {
        return;
    }
    strbuf_init(&next, &mem_libc, 0);
    bool moved = !journal_file_read_head(fd, &head);
    for (unsigned n = 2; n < NUMBERS_MAX && !moved; n++) {
        strbuf_clear(&next);
        output_add_numbered(path, strlen(path), n, &next);
        moved = next.failed || (link(path, next.data) == 0 ? unlink(path) == 0 : errno != EEXIST);
    }
    strbuf_release(&next);
    close(fd);
}

/* Returns a descriptor; -1 with errno, EEXIST: the name is taken. */
static int create(const char *path)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && !run_lock_hold(fd)) {
        close(fd);
        errno = EEXIST;
        return -1;
    }
    return fd;
}

static bool unwritable(const char *path, const char *why, struct strbuf *error)
{
    strbuf_addf(error, "%s: cannot write the journal: %s", path, why);
    return false;
}

bool journal_file_create(const struct options *options, int64_t now_ns, struct strbuf *path,
                         int *fd, struct strbuf *error)
{
    struct strbuf first;
    strbuf_init(&first, &mem_libc, 0);
    journal_file_path(options, now_ns, &first);
    int failed = first.failed ? ENOMEM : parent_dirs_make(first.data);
    *fd = -1;
    if (failed == 0) {
        move_aside(first.data);
    }
    for (unsigned n = 1; n < NUMBERS_MAX && failed == 0 && *fd < 0; n++) {
        strbuf_clear(path);
        output_add_numbered(first.data, first.len, n, path);
        *fd = path->failed ? -1 : create(path->data);
        failed = *fd >= 0 || errno == EEXIST ? 0 : errno;
        failed = path->failed ? ENOMEM : failed;
    }
    bool created = *fd >= 0 || unwritable(first.failed ? "journal" : first.data,
                                          strerror(failed != 0 ? failed : EEXIST), error);
    strbuf_release(&first);
    return created;
}

/* ---- the last line ---- */

/* Cuts off a last line that has no end. */
static void drop_cut_line(int fd)
{
    char tail[4096];
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return;
    }
    for (off_t end = st.st_size; end > 0;) {
        size_t len = end < (off_t)sizeof tail ? (size_t)end : sizeof tail;
        ssize_t got = pread(fd, tail, len, end - (off_t)len);
        const char *newline = got == (ssize_t)len ? memrchr(tail, '\n', len) : NULL;
        end -= (off_t)len;
        if (newline != NULL) {
            (void)!ftruncate(fd, end + (newline - tail) + 1);
            return;
        }
    }
}

bool journal_file_mark_ended(int fd, const struct mem *mem, double now_ms)
{
    struct strbuf line;
    strbuf_init(&line, mem, 0);
    feed_line_journal_end(now_ms, &line);
    drop_cut_line(fd);
    bool good = !line.failed && lseek(fd, 0, SEEK_END) >= 0 &&
                write(fd, line.data, line.len) == (ssize_t)line.len;
    strbuf_release(&line);
    (void)fdatasync(fd);
    return good;
}
