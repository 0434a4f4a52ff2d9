/* Metrics are computed anew for every picture: what is tested is the views, not what the app caches. */
#include "tests/support/picture.h"

#include "tui/views/agent_labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void picture_init(struct picture *picture, int cols, int rows)
{
    picture_init_capped(picture, &(struct swarm_config){.max_events = {0, 0}}, cols, rows);
}

void picture_init_capped(struct picture *picture, const struct swarm_config *config, int cols,
                         int rows)
{
    *picture = (struct picture){.grid = NULL};
    assert_true(rig_init_capped(&picture->rig, &mem_libc, config));
    picture->grid = grid_new(&mem_libc, cols, rows);
    strbuf_init(&picture->text, &mem_libc, 0);
    view_state_init(&picture->state, &mem_libc);
    picture->input =
        (struct view_input){.swarm = picture->rig.model.swarm, .live = true, .events_per_s = NAN};
    picture_at(picture, 0);
}

static void release_metrics(struct picture *picture)
{
    if (picture->input.metrics != NULL) {
        metrics_release(&picture->metrics);
    }
    if (picture->input.matching != NULL) {
        metrics_release(&picture->matching);
    }
    picture->input.metrics = picture->input.matching = NULL;
}

void picture_release(struct picture *picture)
{
    release_metrics(picture);
    if (picture->input.series != NULL) {
        series_release(&picture->series);
    }
    view_state_release(&picture->state);
    strbuf_release(&picture->text);
    grid_free(picture->grid);
    rig_release(&picture->rig);
}

void picture_at(struct picture *picture, double ms)
{
    picture->rig.now_ns = model_ns(ms);
    picture->input.local_ns = model_ns(ms);
}

/* Returns the length of the key of a time at the beginning of the text; 0: it has none. */
static size_t time_key(const char *text)
{
    static const char *const keys[] = {"'t':", "'start_ms':", "'end_ms':"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strncmp(text, keys[i], strlen(keys[i])) == 0) {
            return strlen(keys[i]);
        }
    }
    return 0;
}

/* 't':12 becomes "t":1760000000012, and every other quote a double one. */
void picture_feed(struct picture *picture, const char *lines)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    for (const char *at = lines; *at; at++) {
        size_t key = time_key(at);
        if (key > 0) {
            char *end;
            double ms = strtod(at + key, &end);
            strbuf_addf(&text, "\"%.*s\":%.0f", (int)key - 3, at + 1, MODEL_START_MS + ms);
            at = end - 1;
        } else {
            strbuf_addc(&text, *at == '\'' ? '"' : *at);
        }
    }
    /* Each line arrives at its own time. */
    int64_t now = picture->rig.now_ns;
    char *line = text.data, *next;
    struct feed *feed = rig_feed(&picture->rig);
    for (; line != NULL && *line; line = next) {
        const char *t = strstr(line, "\"t\":");
        next = strchr(line, '\n');
        next = next != NULL ? next + 1 : line + strlen(line);
        if (t != NULL && t < next) {
            picture->rig.now_ns = (int64_t)(strtod(t + 4, NULL) * 1e6);
        }
        feed_push(feed, line, (size_t)(next - line));
    }
    if (text.len > 0 && text.data[text.len - 1] != '\n') {
        feed_push(feed, "\n", 1);
    }
    feed_free(feed);
    assert_true(correlator_flush(picture->rig.ingest.correlator));
    strbuf_release(&text);
    picture->rig.now_ns = now;
    picture->input.events = picture->rig.counters.events;
}

static void make_series(struct picture *picture)
{
    struct view_input *input = &picture->input;
    struct axis axis;
    if (input->series != NULL) {
        series_release(&picture->series);
    }
    input->series = NULL;
    const struct span_predicate then = {.past = view_past(&picture->state)};
    const struct span_predicate *selected =
        view_predicate(&picture->state, input->swarm, input->local_ns);
    if (!view_series_axis(input, &picture->state, grid_cols(picture->grid), &axis)) {
        return;
    }
    assert_true(series_compute(input->swarm, input->local_ns, axis.t0_ns, axis_col_ns(&axis),
                               (size_t)axis.cols, selected != NULL ? selected : &then,
                               &picture->series));
    input->series = &picture->series;
}

static void make_metrics(struct picture *picture)
{
    struct view_input *input = &picture->input;
    const struct span_predicate *predicate =
        view_predicate(&picture->state, input->swarm, input->local_ns);
    release_metrics(picture);
    const struct span_predicate then = {.past = view_past(&picture->state)};
    assert_true(
        then.past == NULL
            ? metrics_compute(input->swarm, input->local_ns, &picture->metrics)
            : metrics_compute_matching(input->swarm, input->local_ns, &then, &picture->metrics));
    input->metrics = &picture->metrics;
    if (predicate != NULL) {
        assert_true(
            metrics_compute_matching(input->swarm, input->local_ns, predicate, &picture->matching));
        input->matching = &picture->matching;
    }
}

const char *picture_draw(struct picture *picture)
{
    make_metrics(picture);
    make_series(picture);
    view_draw(&picture->input, &picture->state, picture->grid);
    strbuf_clear(&picture->text);
    grid_to_text(picture->grid, &picture->text);
    return picture->text.data;
}

enum view_result picture_press(struct picture *picture, const char *keys)
{
    enum view_result result = VIEW_IGNORED;
    while (*keys) {
        struct key key;
        size_t len = strcspn(keys, " ");
        picture_draw(picture);
        assert_true(keymap_parse_key(keys, len, &key));
        result = view_key(&picture->input, &picture->state, key, grid_cols(picture->grid),
                          grid_rows(picture->grid));
        keys += len + strspn(keys + len, " ");
    }
    return result;
}

void picture_has(struct picture *picture, const char *text)
{
    if (strstr(picture_draw(picture), text) == NULL) {
        fail_msg("\"%s\" is not on the screen:\n%s", text, picture->text.data);
    }
}

void picture_lacks(struct picture *picture, const char *text)
{
    if (strstr(picture_draw(picture), text) != NULL) {
        fail_msg("\"%s\" is on the screen:\n%s", text, picture->text.data);
    }
}

void picture_label(const struct picture *picture, agent_no agent, unsigned form, int cols,
                   struct strbuf *out)
{
    struct agent_labels labels;
    struct agent_label parts;
    assert_true(agent_labels_init(&labels, picture->rig.model.swarm, &mem_libc, false));
    agent_label_init(&parts, &mem_libc, false);
    agent_labels_get(&labels, agent, form, &parts);
    strbuf_clear(out);
    agent_label_text(&parts, cols, out);
    agent_label_release(&parts);
    agent_labels_release(&labels);
}
