/* Not realpath(): it wants the file to exist, and a trace is written through a link whose file does
   not exist yet. */
#include "core/export/link_target.h"

#include "core/export/parent_dirs.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

bool link_target_step(struct strbuf *path)
{
    char to[PATH_MAX];
    ssize_t len = path->failed || path->data == NULL ? -1 : readlink(path->data, to, sizeof to);
    if (len <= 0 || len == (ssize_t)sizeof to) {
        return false;
    }
    path->len = to[0] == '/' ? 0 : parent_dirs_len(path->data);
    strbuf_add(path, to, (size_t)len);
    return !path->failed;
}

int link_target_follow(struct strbuf *path)
{
    for (int links = 0; links < LINK_TARGET_MAX; links++) {
        if (!link_target_step(path)) {
            return path->failed ? ENOMEM : 0;
        }
    }
    return ELOOP;
}
