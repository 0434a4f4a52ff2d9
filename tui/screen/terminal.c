/* This file sets the terminal's modes, since curses sees a file. To avoid blocking, it opens the
   terminal a second time by name: O_NONBLOCK belongs to the open file, which the shell shares. If
   that fails (another mount namespace), it writes small pieces, each when the system reports that a
   write would not block. */
#include "tui/screen/terminal.h"

#include "tui/screen/sgr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { SMALL_PIECE = 128, NAME_BYTES = 256 };

struct terminal {
    const struct mem *mem;
    FILE *in;   /* owned unless it is stdin */
    FILE *file; /* curses writes here */
    int out;    /* opened non-blocking; -1: stdout is used */
    struct termios before;
    bool known, raw; /* known: `before` is set */
    struct strbuf queue;
    size_t sent; /* bytes of the queue */
};

static FILE *memory_file(void)
{
#ifdef MFD_CLOEXEC
    int fd = memfd_create("swarmtop-screen", MFD_CLOEXEC);
    if (fd >= 0) {
        return fdopen(fd, "w+");
    }
#endif
    return tmpfile();
}

static int open_again(void)
{
    char name[NAME_BYTES];
    if (ttyname_r(STDOUT_FILENO, name, sizeof name) != 0) {
        return -1;
    }
    return open(name, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

struct terminal *terminal_open(const struct mem *mem, struct strbuf *error)
{
    struct terminal *terminal = mem_zalloc(mem, 1, sizeof *terminal);
    if (terminal == NULL) {
        strbuf_adds(error, "screen: out of memory");
        return NULL;
    }
    terminal->mem = mem;
    strbuf_init(&terminal->queue, mem, 0);
    terminal->out = open_again();
    terminal->in = isatty(STDIN_FILENO) ? stdin : fopen("/dev/tty", "re");
    terminal->file = terminal->in != NULL ? memory_file() : NULL;
    if (terminal->file != NULL) {
        return terminal;
    }
    strbuf_addf(error, "%s: %s", terminal->in != NULL ? "screen" : "/dev/tty", strerror(errno));
    terminal_free(terminal);
    return NULL;
}

void terminal_free(struct terminal *terminal)
{
    if (terminal == NULL) {
        return;
    }
    if (terminal->in != NULL && terminal->in != stdin) {
        fclose(terminal->in);
    }
    if (terminal->file != NULL) {
        fclose(terminal->file);
    }
    if (terminal->out >= 0) {
        close(terminal->out);
    }
    strbuf_release(&terminal->queue);
    mem_free(terminal->mem, terminal, sizeof *terminal);
}

FILE *terminal_in(const struct terminal *terminal)
{
    return terminal->in;
}

FILE *terminal_out(const struct terminal *terminal)
{
    return terminal->file;
}

/* ---- modes and size ---- */

void terminal_set_raw(struct terminal *terminal, bool raw)
{
    int fd = fileno(terminal->in);
    if (!raw && terminal->raw) {
        tcsetattr(fd, TCSAFLUSH, &terminal->before);
    }
    /* Saved once: when continued in the background, the modes would be those of the shell's line
       editor. */
    if (raw && !terminal->known && tcgetattr(fd, &terminal->before) != 0) {
        return;
    }
    terminal->known |= raw;
    terminal->raw = raw;
    if (!raw) {
        return;
    }
    struct termios modes = terminal->before;
    modes.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    tcsetattr(fd, TCSADRAIN, &modes);
}

bool terminal_size(const struct terminal *terminal, int *cols, int *rows)
{
    struct winsize size;
    (void)terminal;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        return false;
    }
    *cols = size.ws_col;
    *rows = size.ws_row;
    return true;
}

bool terminal_hung_up(const struct terminal *terminal)
{
    struct pollfd poll_fd = {.fd = fileno(terminal->in), .events = POLLIN};
    int waiting = 0;
    if (poll(&poll_fd, 1, 0) <= 0) {
        return false;
    }
    if (poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL)) {
        return true;
    }
    return ioctl(poll_fd.fd, FIONREAD, &waiting) == 0 && waiting == 0;
}

/* ---- out ---- */

void terminal_add(struct terminal *terminal, const char *bytes, size_t len)
{
    if (terminal->sent == terminal->queue.len) {
        strbuf_clear(&terminal->queue);
        terminal->sent = 0;
    }
    strbuf_add(&terminal->queue, bytes, len);
}

size_t terminal_collect(struct terminal *terminal, const char *before, const char *after)
{
    int fd = fileno(terminal->file);
    char piece[16384];
    size_t all = 0, queued;
    struct strbuf frame;
    ssize_t len;
    fflush(terminal->file);
    strbuf_init(&frame, terminal->mem, 0);
    while ((len = pread(fd, piece, sizeof piece, (off_t)all)) > 0) {
        strbuf_add(&frame, piece, (size_t)len);
        all += (size_t)len;
    }
    if (all > 0 && before != NULL) {
        terminal_add(terminal, before, strlen(before));
    }
    terminal_add(terminal, "", 0); /* a queue that was sent starts again */
    queued = terminal->queue.len;
    sgr_squeeze(frame.data, frame.len, &terminal->queue);
    queued = terminal->queue.len - queued;
    strbuf_release(&frame);
    if (all > 0 && after != NULL) {
        terminal_add(terminal, after, strlen(after));
    }
    if (all > 0 && (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)) {
        return 0; /* never, for a file in memory */
    }
    return queued;
}

enum { COPY_BYTES = 74994 }; /* 100,000 in base64, xterm's limit */

static void add_base64(struct terminal *terminal, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16 |
                         (i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (i + 2 < len ? bytes[i + 2] : 0);
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                        i + 1 < len ? digits[three >> 6 & 63] : '=',
                        i + 2 < len ? digits[three & 63] : '='};
        terminal_add(terminal, four, sizeof four);
    }
}

bool terminal_copy(struct terminal *terminal, const char *text, size_t len)
{
    if (len > COPY_BYTES) {
        return false;
    }
    terminal_add(terminal, "\033]52;c;", 7);
    add_base64(terminal, (const unsigned char *)text, len);
    terminal_add(terminal, "\a", 1);
    terminal_flush(terminal);
    return true;
}

bool terminal_notice(struct terminal *terminal, const char *text, size_t len, bool in_tmux)
{
    /* tmux does not know OSC 9, so it gets it in a wrapper, in which each ESC is doubled. */
    const char *before = in_tmux ? "\a\033Ptmux;\033\033]9;" : "\a\033]9;";
    const char *after = in_tmux ? "\a\033\\" : "\a";
    if (!terminal_flush(terminal)) {
        return false;
    }
    terminal_add(terminal, before, strlen(before));
    terminal_add(terminal, text, len);
    terminal_add(terminal, after, strlen(after));
    terminal_flush(terminal);
    return true;
}

static bool would_block(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    return poll(&poll_fd, 1, 0) <= 0;
}

/* Returns how many bytes the terminal took; 0: none now; -1: it has gone. */
static ssize_t write_some(const struct terminal *terminal, const char *bytes, size_t len)
{
    ssize_t done;
    if (terminal->out < 0) {
        if (would_block(STDOUT_FILENO)) {
            return 0;
        }
        len = len < SMALL_PIECE ? len : SMALL_PIECE;
    }
    do {
        done = write(terminal->out < 0 ? STDOUT_FILENO : terminal->out, bytes, len);
    } while (done < 0 && errno == EINTR);
    return done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : done;
}

bool terminal_flush(struct terminal *terminal)
{
    while (terminal->sent < terminal->queue.len) {
        ssize_t done = write_some(terminal, terminal->queue.data + terminal->sent,
                                  terminal->queue.len - terminal->sent);
        if (done == 0) {
            return false;
        }
        /* A terminal that has gone is detected by reading. */
        terminal->sent = done < 0 ? terminal->queue.len : terminal->sent + (size_t)done;
    }
    return true;
}

int terminal_out_fd(const struct terminal *terminal)
{
    return terminal->out;
}

/* ---- waiting, at the end ---- */

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void terminal_drain(struct terminal *terminal, int timeout_ms)
{
    int64_t end_ms = clock_ms() + timeout_ms, left_ms;
    struct pollfd poll_fd = {.fd = terminal->out < 0 ? STDOUT_FILENO : terminal->out,
                             .events = POLLOUT};
    while (!terminal_flush(terminal) && (left_ms = end_ms - clock_ms()) > 0) {
        poll(&poll_fd, 1, (int)left_ms);
    }
    terminal->sent = terminal->queue.len;
}

void terminal_await(struct terminal *terminal, const char *answer, int timeout_ms)
{
    int64_t end_ms = clock_ms() + timeout_ms, left_ms;
    struct pollfd poll_fd = {.fd = fileno(terminal->in), .events = POLLIN};
    size_t found = 0;
    char c;
    while (answer[found] && (left_ms = end_ms - clock_ms()) > 0) {
        if (poll(&poll_fd, 1, (int)left_ms) <= 0 || !(poll_fd.revents & POLLIN) ||
            read(poll_fd.fd, &c, 1) != 1) {
            return;
        }
        if (c == answer[found]) {
            found++;
        } else {
            found = c == answer[0];
        }
    }
}
