/* The command demo: the live screen with a simulated swarm. The story's lines go to the hub through
   a real Unix socket in a directory of its own. The story starts some seconds in the past, so that
   the first frame is not empty. */
#include "tui/app/app.h"
#include "tui/cmd/demo_captions.h"
#include "tui/cmd/demo_story.h"
#include "tui/screen/console.h"

#include "ingest/feed/sender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD_START_MS 20000.0
#define TICK_MS       20
#define QUEUE_BYTES   (1u << 20) /* most bytes queued at a time */
#define CONNECT_MS    1000

struct demo {
    const struct options *options;
    struct app *app;
    struct strbuf dir, spec;
    struct story *story;
    struct story_line next;
    bool has_next;
    struct captions captions;
    char caption[CAPTION_BYTES]; /* the one that is shown */
    uint64_t begun_ms;           /* on the loop's clock */
    uv_timer_t timer;
    uv_pipe_t pipe;
};

/* A write in progress: the lines of one tick. */
struct batch {
    uv_write_t request;
    struct strbuf text;
};

static void on_written(uv_write_t *request, int status)
{
    struct batch *batch = request->data;
    (void)status;
    strbuf_release(&batch->text);
    mem_free(&mem_libc, batch, sizeof *batch);
}

/* Appends the lines that are due. */
static void collect(struct demo *demo, double now_ms, struct strbuf *text)
{
    int64_t real_ms = (int64_t)(uv_now(demo->timer.loop) - demo->begun_ms);
    while (demo->has_next && demo->next.t_ms <= now_ms && text->len < QUEUE_BYTES) {
        captions_take(&demo->captions, &demo->next.fact, real_ms);
        strbuf_add(text, demo->next.text, demo->next.len);
        demo->has_next = story_next(demo->story, &demo->next);
    }
}

static void hang_up(struct demo *demo)
{
    uv_timer_stop(&demo->timer);
    if (!uv_is_closing((uv_handle_t *)&demo->pipe)) {
        uv_close((uv_handle_t *)&demo->pipe, NULL);
    }
}

static bool has_captions(const struct demo *demo)
{
    return app_has_screen(demo->app) && !demo->options->no_captions;
}

static void show_caption(struct demo *demo)
{
    int64_t real_ms = (int64_t)(uv_now(demo->timer.loop) - demo->begun_ms);
    if (has_captions(demo) && captions_choose(&demo->captions, real_ms)) {
        memcpy(demo->caption, demo->captions.text, sizeof demo->caption);
        app_set_caption(demo->app, demo->caption);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct demo *demo = timer->data;
    double now_ms =
        HEAD_START_MS + (double)(uv_now(timer->loop) - demo->begun_ms) * demo->options->speed;
    struct batch *batch;
    if (uv_stream_get_write_queue_size((uv_stream_t *)&demo->pipe) > 0) {
        return;
    }
    /* The story is over: without a screen, the program ends. */
    if (!demo->has_next) {
        hang_up(demo);
        if (!app_has_screen(demo->app)) {
            engine_stop(app_engine(demo->app));
        }
        return;
    }
    batch = mem_zalloc(&mem_libc, 1, sizeof *batch);
    if (batch == NULL) {
        return;
    }
    strbuf_init(&batch->text, &mem_libc, 0);
    collect(demo, now_ms, &batch->text);
    show_caption(demo);
    batch->request.data = batch;
    uv_buf_t buf = uv_buf_init(batch->text.data, (unsigned)batch->text.len);
    if (batch->text.len == 0 || batch->text.failed ||
        uv_write(&batch->request, (uv_stream_t *)&demo->pipe, &buf, 1, on_written) != 0) {
        on_written(&batch->request, 0);
    }
}

static bool open_socket(struct demo *demo, struct strbuf *error)
{
    const char *tmp = demo->options->env.tmpdir;
    struct engine *engine = app_engine(demo->app);
    strbuf_addf(&demo->dir, "%s/swarmtop-demo.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (demo->dir.failed || mkdtemp(demo->dir.data) == NULL) {
        strbuf_adds(error, "demo: cannot create a temporary directory");
        strbuf_clear(&demo->dir);
        return false;
    }
    strbuf_addf(&demo->spec, "unix:%s/feed.sock", demo->dir.data);
    if (demo->spec.failed || !engine_add(engine, demo->spec.data, error)) {
        return false;
    }
    int fd = sender_connect(demo->spec.data, CONNECT_MS, error);
    if (fd < 0) {
        return false;
    }
    if (uv_pipe_open(&demo->pipe, fd) != 0) {
        close(fd);
        strbuf_adds(error, "demo: cannot use the socket");
        return false;
    }
    return true;
}

static bool begin_story(struct demo *demo, struct strbuf *error)
{
    struct story_options story = {
        .agents = demo->options->agents,
        .seed = demo->options->seed,
        .start_ms = (double)(engine_now_ns() / 1000000) - HEAD_START_MS,
        .endless = app_has_screen(demo->app),
        .branch = demo->options->ascii ? "@" : "\xE2\x8E\x87",
    };
    demo->story = story_new(&mem_libc, &story);
    if (demo->story == NULL) {
        strbuf_adds(error, "out of memory");
        return false;
    }
    captions_init(&demo->captions, &demo->options->keymap);
    demo->has_next = story_next(demo->story, &demo->next);
    demo->begun_ms = uv_now(demo->timer.loop);
    return uv_timer_start(&demo->timer, on_tick, 0, TICK_MS) == 0;
}

static int play(struct demo *demo, struct strbuf *error)
{
    uv_loop_t *loop = &app_engine(demo->app)->loop;
    int status = 1;
    uv_timer_init(loop, &demo->timer);
    uv_pipe_init(loop, &demo->pipe, 0);
    demo->timer.data = demo;
    if (open_socket(demo, error) && begin_story(demo, error)) {
        status = app_run(demo->app);
    } else {
        console_error(error);
    }
    hang_up(demo);
    uv_close((uv_handle_t *)&demo->timer, NULL);
    return status;
}

int cmd_demo(const struct options *options)
{
    struct demo demo = {.options = options};
    struct strbuf error;
    int status = 1;
    strbuf_init(&error, &mem_libc, 0);
    strbuf_init(&demo.dir, &mem_libc, 0);
    strbuf_init(&demo.spec, &mem_libc, 0);
    demo.app = app_new(options, true, &error);
    if (demo.app != NULL) {
        status = play(&demo, &error);
        app_free(demo.app);
    } else {
        console_error(&error);
    }
    if (demo.dir.len > 0) {
        rmdir(demo.dir.data);
    }
    story_free(demo.story);
    strbuf_release(&demo.dir);
    strbuf_release(&demo.spec);
    strbuf_release(&error);
    return status;
}
