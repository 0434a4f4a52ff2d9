/* The places that swarmtop writes to: the state directory, its free space, what dead runs left, and
   the limits of the system that it meets first. */
#include "tui/doctor/doctor.h"

#include "tui/cmd/journal_file.h"
#include "tui/cmd/output_path.h"

#include "core/export/run_lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define LOW_BYTES   (100ULL << 20)
#define SPARE_BYTES (2ULL << 30) /* a trace and a journal of the default size */

enum { LOW_DESCRIPTORS = 256, LOW_WATCHES = 8192 };

/* Cuts the path to the nearest entry above it that exists, and sets *out to what that is. */
static void cut_to_existing(struct strbuf *path, struct stat *out)
{
    for (;;) {
        while (path->len > 1 && path->data[path->len - 1] == '/') {
            path->data[--path->len] = '\0';
        }
        if (stat(path->data, out) == 0 || path->len <= 1) {
            return;
        }
        while (path->len > 1 && path->data[path->len - 1] != '/') {
            path->data[--path->len] = '\0';
        }
    }
}

/* Returns why nothing can be made in it; 0: it can. */
static int why_not(const char *path, const struct stat *st)
{
    if (!S_ISDIR(st->st_mode)) {
        return ENOTDIR;
    }
    return access(path, W_OK | X_OK) == 0 ? 0 : errno;
}

static void check_space(struct findings *out, const char *path)
{
    uv_fs_t request;
    if (uv_fs_statfs(NULL, &request, path, NULL) != 0) {
        uv_fs_req_cleanup(&request);
        return;
    }
    const uv_statfs_t *fs = request.ptr;
    unsigned long long bytes = (unsigned long long)fs->f_bavail * fs->f_bsize;
    uv_fs_req_cleanup(&request);
    if (bytes < SPARE_BYTES) {
        findings_add(out, bytes < LOW_BYTES ? FINDING_FIX : FINDING_NOTE, "space",
                     "%llu MB are free there", bytes >> 20);
        findings_advise(out, "a trace and its journal may need up to 2 GB: free some, or write "
                             "elsewhere with --output and $XDG_STATE_HOME");
    } else {
        findings_add(out, FINDING_OK, "space", "%llu GB are free there", bytes >> 30);
    }
}

static void check_state(struct findings *out, const struct options *options)
{
    struct strbuf path, above;
    struct stat st = {.st_mode = 0};
    strbuf_init(&path, &mem_libc, 0);
    strbuf_init(&above, &mem_libc, 0);
    output_state_dir(&options->env, &path);
    if (!path.failed) {
        strbuf_add(&above, path.data, path.len);
    }
    if (path.failed || above.failed) {
        out->text.failed = true;
    } else {
        cut_to_existing(&above, &st);
        int why = why_not(above.data, &st);
        if (why != 0) {
            findings_add(out, FINDING_FIX, "traces", "%s: cannot be written: %s", path.data,
                         strerror(why));
            findings_advise(out, "make it yours, or set XDG_STATE_HOME to another directory");
        } else {
            findings_add(out, FINDING_OK, "traces", "live runs write to %s", path.data);
        }
        check_space(out, above.data);
    }
    strbuf_release(&path);
    strbuf_release(&above);
}

struct left_journals {
    size_t dead, kept;
    unsigned long long bytes;
};

static bool count_journal(void *ctx, const char *path, bool beside)
{
    struct left_journals *left = ctx;
    struct journal_head head;
    struct stat st;
    (void)beside;
    int fd = run_lock_claim(path);
    if (fd < 0) {
        return true;
    }
    if (journal_file_read_head(fd, &head) && fstat(fd, &st) == 0) {
        left->dead += !head.ended;
        left->kept += head.ended;
        left->bytes += (unsigned long long)st.st_size;
    }
    close(fd);
    return true;
}

static void check_journals(struct findings *out, const struct options *options)
{
    struct left_journals left = {.dead = 0};
    const struct journal_finder finder = {.journal = count_journal, .ctx = &left};
    journal_file_find(options, &finder);
    if (left.dead > 0) {
        findings_add(out, FINDING_NOTE, "journals",
                     "%zu of killed runs, which the next start makes traces of", left.dead);
    }
    if (left.kept > 0) {
        findings_add(out, FINDING_NOTE, "journals",
                     "%zu kept since a cap dropped events (%llu MB in all)", left.kept,
                     left.bytes >> 20);
        findings_advise(out, "delete them in the directory of traces once you need them no more");
    }
    if (left.dead + left.kept == 0) {
        findings_add(out, FINDING_OK, "journals", "none is left by killed runs");
    }
}

static void check_limits(struct findings *out)
{
    unsigned long watches;
    long descriptors = sysconf(_SC_OPEN_MAX);
    if (descriptors > 0 && descriptors < LOW_DESCRIPTORS) {
        findings_add(out, FINDING_NOTE, "descriptors", "only %ld files may be open at once",
                     descriptors);
        findings_paste(out, "ulimit -n 1024");
    }
    FILE *file = fopen("/proc/sys/fs/inotify/max_user_watches", "re");
    if (file == NULL) {
        return;
    }
    if (fscanf(file, "%lu", &watches) == 1 && watches < LOW_WATCHES) {
        findings_add(out, FINDING_NOTE, "watches",
                     "only %lu directories may be watched: others are looked at now and then",
                     watches);
        findings_paste(out, "sudo sysctl fs.inotify.max_user_watches=65536");
    }
    fclose(file);
}

void doctor_files(struct findings *out, const struct options *options)
{
    findings_heading(out, "Files that swarmtop writes");
    check_state(out, options);
    check_journals(out, options);
    check_limits(out);
}
