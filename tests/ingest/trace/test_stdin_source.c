/* Pipes: what one step of a stream may take. */
#include "ingest/trace/pack.h"

#include "tests/support/rig.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVENTS = 200000, STEP_EVENTS = 60000 };

static bool write_packed(void *ctx, const char *bytes, size_t len)
{
    return write(*(int *)ctx, bytes, len) == (ssize_t)len;
}

/* The greatest number of events that one iteration of the loop brought. */
struct growth {
    size_t before, most;
};

static bool has_ended(struct rig *rig, void *ctx)
{
    struct growth *growth = ctx;
    size_t now = rig_events(rig);
    growth->most = now - growth->before > growth->most ? now - growth->before : growth->most;
    growth->before = now;
    return hub_finished(rig->hub);
}

/* 11 MB, packed, are less than the pipe holds. */
RIG_TEST(packed_bytes_are_unpacked_in_steps)
{
    static const char event[] =
        "{\"name\":\"Tool: Bash\",\"ph\":\"X\",\"pid\":1,\"ts\":1,\"dur\":2},\n";
    struct rig *rig = *state;
    const char *path = support_path(support_tmpdir(), "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR | O_NONBLOCK);
    assert_true(fd >= 0);
#ifdef F_SETPIPE_SZ
    (void)fcntl(fd, F_SETPIPE_SZ, 1 << 20);
#endif
    struct pack *pack = pack_new(&mem_libc, write_packed, &fd);
    bool good = pack_write(pack, "[", 1);
    for (int i = 0; good && i < EVENTS; i++) {
        good = pack_write(pack, event, sizeof event - 1);
    }
    assert_true(good && pack_finish(pack));
    pack_free(pack);
    rig_start_hub(rig, (struct hub_options){.follow = false});
    rig_add(rig, path);
    close(fd);
    struct growth growth = {0, 0};
    rig_until(rig, has_ended, &growth);
    assert_int_equal(rig_events(rig), EVENTS);
    assert_true(growth.most < STEP_EVENTS);
    rig_stop_hub(rig);
}
