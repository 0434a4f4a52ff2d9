/* The socket is bound under a name of its own beside PATH, listens, and is then linked to PATH. If
   it were bound at PATH and listened a moment later, a sender that waits for the file would be
   refused in between, and a second swarmtop that starts just then would take it for a dead one and
   remove it. A link also never replaces anything.

   libuv does not do this: it cuts a long path silently, and at the end removes whatever has the
   name. */
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
        st.st_ino == socket->inode) {
        unlink(socket->path);
    }
    socket->path = NULL;
}

/* Returns 0 if a process listens at the address, else the errno of connecting. */
static int try_connect(const struct address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return errno;
    }
    const struct sockaddr *to = (const struct sockaddr *)&address->bytes;
    int result = connect(fd, to, address->len) == 0 ? 0 : errno;
    close(fd);
    /* A listener whose backlog is full is alive, too. */
    return result == EAGAIN || result == EINPROGRESS ? 0 : result;
}

/* Removes the socket of a dead process from the path, and nothing else. Returns false with *error
   if the path stays taken. */
static bool replace_stale(const char *spec, const struct address *address, struct strbuf *error)
{
    const char *path = spec + strlen("unix:");
    struct stat was, is;
    if (lstat(path, &was) != 0) {
        return errno == ENOENT;
    }
    if (!S_ISSOCK(was.st_mode)) {
        source_error(error, spec, "the file exists and is not a socket", NULL);
        return false;
    }
    int result = try_connect(address);
    if (result == 0) {
        source_error(error, spec, "another swarmtop listens there",
                     "use another address, or end that one");
    } else if (result != ECONNREFUSED) {
        source_error(error, spec, "cannot be replaced", strerror(result));
    }
    if (result != ECONNREFUSED) {
        return false;
    }
    /* Another process may have replaced it at the same time. */
    bool other = lstat(path, &is) != 0 || is.st_ino != was.st_ino || is.st_dev != was.st_dev;
    if (other || unlink(path) == 0 || errno == ENOENT) {
        return true;
    }
    source_error(error, spec, "cannot be replaced", strerror(errno));
    return false;
}

/* Binds, with mode 0600 from the first moment on, and listens. Returns 0 or the errno; *made is the
   file, if one was made. */
static int listen_at(int fd, const char *path, struct unix_socket *made)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct stat st;
    memcpy(un.sun_path, path, strlen(path) + 1);
    mode_t mask = umask(0177);
    int failed = bind(fd, (const struct sockaddr *)&un, sizeof un) == 0 ? 0 : errno;
    umask(mask);
    if (failed != 0) {
        return failed;
    }
    if (lstat(path, &st) != 0) {
        return errno;
    }
    *made = (struct unix_socket){.path = path, .device = st.st_dev, .inode = st.st_ino};
    return listen(fd, BACKLOG) == 0 ? 0 : errno;
}

/* Returns whether `failed` is 0; if not, sets *error. */
static bool check_listen(int failed, const char *spec, struct strbuf *error)
{
    if (failed != 0) {
        source_error(error, spec, "cannot listen", strerror(failed));
    }
    return failed == 0;
}

/* Links the listening socket to its name, which nothing but the socket of a dead process may have.
   Returns false with *error. */
static bool publish(const char *spec, const char *made, const struct address *address,
                    struct strbuf *error)
{
    const char *path = spec + strlen("unix:");
    struct stat st;
    int failed = EEXIST;
    for (int tries = 0; tries < TRIES && failed == EEXIST; tries++) {
        failed = link(made, path) == 0 ? 0 : errno;
        if (failed == EEXIST && !replace_stale(spec, address, error)) {
            return false;
        }
    }
    /* On a file system without links, renaming comes closest. */
    if ((failed == EPERM || failed == EOPNOTSUPP) && lstat(path, &st) != 0) {
        failed = rename(made, path) == 0 ? 0 : errno;
    }
    return check_listen(failed, spec, error);
}

/* Binds at PATH at once, for a PATH so long that no other name fits beside it. */
static bool listen_directly(int fd, const char *spec, const struct address *address,
                            struct unix_socket *out, struct strbuf *error)
{
    const char *path = spec + strlen("unix:");
    int failed = listen_at(fd, path, out);
    if (failed == EADDRINUSE) {
        if (!replace_stale(spec, address, error)) {
            return false;
        }
        failed = listen_at(fd, path, out);
    }
    return check_listen(failed, spec, error);
}

static bool listen_and_publish(int fd, const char *spec, const char *name,
                               const struct address *address, struct unix_socket *out,
                               struct strbuf *error)
{
    struct unix_socket made = {.path = NULL};
    bool good = check_listen(listen_at(fd, name, &made), spec, error) &&
                publish(spec, name, address, error);
    if (good) {
        *out = (struct unix_socket){
            .path = spec + strlen("unix:"), .device = made.device, .inode = made.inode};
    }
    unix_socket_remove(&made);
    return good;
}

/* Finds a free name beside the path. Returns false if none fits. */
static bool name_beside(const char *path, char out[PATH_BYTES])
{
    struct stat st;
    for (char letter = 'a'; letter <= 'z'; letter++) {
        int len = snprintf(out, PATH_BYTES, "%s.%ld%c", path, (long)getpid(), letter);
        if (len < 0 || len >= PATH_BYTES) {
            return false;
        }
        if (lstat(out, &st) != 0) {
            return true;
        }
    }
    return false;
}

int unix_socket_listen(const char *spec, struct unix_socket *out, struct strbuf *error)
{
    char name[PATH_BYTES];
    struct address address;
    *out = (struct unix_socket){.path = NULL};
    if (!address_parse(spec, &address, error)) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        source_error(error, spec, "cannot listen", strerror(errno));
        return -1;
    }
    bool beside = name_beside(spec + strlen("unix:"), name);
    if (beside ? listen_and_publish(fd, spec, name, &address, out, error)
               : listen_directly(fd, spec, &address, out, error)) {
        return fd;
    }
    close(fd);
    unix_socket_remove(out);
    return -1;
}
