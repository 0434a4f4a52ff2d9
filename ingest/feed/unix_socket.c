/* The socket is bound under a name of its own beside PATH, listens, and is then linked to PATH. Were it bound there at
   once and listening a moment later, a sender that waits for the file would be refused in between, and another swarmtop
   that starts just then would take it for a dead one's and remove it. A link also never replaces anything.

   It is not left to libuv, which would cut a long path without a word and at the end remove whatever lies under its name. */
#include "ingest/feed/unix_socket.h"

#include "ingest/address.h"
#include "ingest/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128, PATH_BYTES = sizeof(((struct sockaddr_un *)0)->sun_path), TRIES = 3 };

void unix_socket_remove(struct unix_socket *socket)
{
    struct stat st;
    if (socket->path != NULL && lstat(socket->path, &st) == 0 && st.st_dev == socket->device &&
        st.st_ino == socket->inode)
        unlink(socket->path);
    socket->path = NULL;
}

/* Whether somebody listens there: 0, or what connecting says. */
static int try_connect(const struct address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    const struct sockaddr *to = (const struct sockaddr *)&address->bytes;
    int result = connect(fd, to, address->len) == 0 ? 0 : errno;
    close(fd);
    /* Its backlog is full: it is alive all the same. */
    return result == EAGAIN || result == EINPROGRESS ? 0 : result;
}

/* Makes room where something lies already: only what a dead process left behind goes. */
static bool replace_stale(const char *spec, const struct address *address, struct strbuf *error)
{
    const char *path = spec + strlen("unix:");
    struct stat was, is;
    if (lstat(path, &was) != 0)
        return errno == ENOENT;
    if (!S_ISSOCK(was.st_mode)) {
        source_error(error, spec, "there is a file of that name, which is not a socket", NULL);
        return false;
    }
    int result = try_connect(address);
    if (result == 0)
        source_error(error, spec, "another swarmtop listens there", NULL);
    else if (result != ECONNREFUSED)
        source_error(error, spec, "cannot be replaced", strerror(result));
    if (result != ECONNREFUSED)
        return false;
    /* Another one may have been as quick as we are. */
    if (lstat(path, &is) != 0 || is.st_ino != was.st_ino || is.st_dev != was.st_dev)
        return true;
    if (unlink(path) == 0 || errno == ENOENT)
        return true;
    source_error(error, spec, "cannot be replaced", strerror(errno));
    return false;
}

/* Binds, mode 0600 from its first moment on, and listens. Returns 0 or what went wrong; `made` is what is there then. */
static int listen_at(int fd, const char *path, struct unix_socket *made)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct stat st;
    memcpy(un.sun_path, path, strlen(path) + 1);
    mode_t mask = umask(0177);
    int failed = bind(fd, (const struct sockaddr *)&un, sizeof un) == 0 ? 0 : errno;
    umask(mask);
    if (failed != 0)
        return failed;
    if (lstat(path, &st) != 0)
        return errno;
    *made = (struct unix_socket){.path = path, .device = st.st_dev, .inode = st.st_ino};
    return listen(fd, BACKLOG) == 0 ? 0 : errno;
}

/* Gives what listens already its name, where nothing but the socket of a dead process has that. False: *error says why. */
static bool publish(const char *spec, const char *made, const struct address *address,
                    struct strbuf *error)
{
    const char *path = spec + strlen("unix:");
    struct stat st;
    int failed = EEXIST;
    for (int tries = 0; tries < TRIES && failed == EEXIST; tries++) {
        failed = link(made, path) == 0 ? 0 : errno;
        if (failed == EEXIST && !replace_stale(spec, address, error))
            return false;
    }
    /* A file system without links: as close to it as can be. */
    if ((failed == EPERM || failed == EOPNOTSUPP) && lstat(path, &st) != 0)
        failed = rename(made, path) == 0 ? 0 : errno;
    if (failed != 0)
        source_error(error, spec, "cannot listen", strerror(failed));
    return failed == 0;
}

/* Where PATH is so long that no other name fits beside it: bound there at once. */
static bool listen_directly(int fd, const char *spec, const struct address *address,
                            struct unix_socket *out, struct strbuf *error)
{
    const char *path = spec + strlen("unix:");
    int failed = listen_at(fd, path, out);
    if (failed == EADDRINUSE) {
        if (!replace_stale(spec, address, error))
            return false;
        failed = listen_at(fd, path, out);
    }
    if (failed != 0)
        source_error(error, spec, "cannot listen", strerror(failed));
    return failed == 0;
}

static bool listen_and_publish(int fd, const char *spec, const char *name,
                               const struct address *address, struct unix_socket *out,
                               struct strbuf *error)
{
    struct unix_socket made = {.path = NULL};
    int failed = listen_at(fd, name, &made);
    if (failed != 0)
        source_error(error, spec, "cannot listen", strerror(failed));
    bool good = failed == 0 && publish(spec, name, address, error);
    if (good)
        *out = (struct unix_socket){
            .path = spec + strlen("unix:"), .device = made.device, .inode = made.inode};
    unix_socket_remove(&made);
    return good;
}

/* A name beside the path that nothing has. False: none fits. */
static bool name_beside(const char *path, char out[PATH_BYTES])
{
    struct stat st;
    for (char letter = 'a'; letter <= 'z'; letter++) {
        int len = snprintf(out, PATH_BYTES, "%s.%ld%c", path, (long)getpid(), letter);
        if (len < 0 || len >= PATH_BYTES)
            return false;
        if (lstat(out, &st) != 0)
            return true;
    }
    return false;
}

int unix_socket_listen(const char *spec, struct unix_socket *out, struct strbuf *error)
{
    char name[PATH_BYTES];
    struct address address;
    *out = (struct unix_socket){.path = NULL};
    if (!address_parse(spec, &address, error))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        source_error(error, spec, "cannot listen", strerror(errno));
        return -1;
    }
    bool beside = name_beside(spec + strlen("unix:"), name);
    if (beside ? listen_and_publish(fd, spec, name, &address, out, error)
               : listen_directly(fd, spec, &address, out, error))
        return fd;
    close(fd);
    unix_socket_remove(out);
    return -1;
}
