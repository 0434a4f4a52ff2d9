/* The path is cut at each of its slashes in turn, so no copy is needed. */
#include "core/export/parent_dirs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { DIR_MODE = 0700 };

size_t parent_dirs_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static int make_dir(const char *dir)
{
    struct stat st;
    if (mkdir(dir, DIR_MODE) == 0) {
        return 0;
    }
    int error = errno;
    /* Some systems report EROFS or EACCES for an existing directory. */
    if (stat(dir, &st) == 0) {
        return S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    }
    return error;
}

int parent_dirs_make(char *path)
{
    size_t end = parent_dirs_len(path);
    int error = 0;
    for (size_t i = 1; i < end && error == 0; i++) {
        if (path[i] == '/') {
            path[i] = '\0';
            error = make_dir(path);
            path[i] = '/';
        }
    }
    return error;
}
