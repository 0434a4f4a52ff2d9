/* Bytes as mouse reports, as names of keys, and as keys and mouse events that the views get: three
   bytes an event, of which one may change the size of the screen. All views are drawn after each. */
#include "tests/fuzz/fuzz_swarm.h"
#include "tui/screen/mouse_report.h"
#include "tui/views/view.h"

#include <math.h>

enum { EVENTS = 60 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_reports(const uint8_t *data, size_t size)
{
    struct mouse_report report = {0};
    struct key key;
    for (size_t i = 0; i < size; i++) {
        if (report.form == MOUSE_NONE) {
            mouse_report_begin(&report, data[i] % 2 ? MOUSE_FORM_SGR : MOUSE_FORM_X10);
        } else if (mouse_report_add(&report, data[i], &key)) {
            fuzz_require(key.code >= KEY_CODE_CLICK && key.code <= KEY_CODE_WHEEL_DOWN);
        }
    }
}

static void read_names(const char *text, size_t len)
{
    struct keymap keymap = {{NULL}};
    const char *wrong = NULL;
    struct key key;
    char *copy = calloc(len + 1, 1);
    memcpy(copy, text, len);
    (void)keymap_parse_key(copy, len, &key);
    char *keys = strchr(copy, '=');
    if (keys != NULL) {
        struct keymap_clash clash;
        bool bound =
            keymap_bind(&keymap, copy, (size_t)(keys - copy), keys + 1, &wrong) != ACTION_NONE;
        fuzz_require(!keymap_find_clash(&keymap, &clash) || bound);
        fuzz_require(bound || wrong != NULL);
        for (size_t i = 0; bound && keymap_action(i) != NULL; i++) {
            fuzz_require(keymap_keys(&keymap, keymap_action(i)) != NULL);
        }
    }
    free(copy);
}

static struct key key_of(const uint8_t *data)
{
    uint32_t kinds = KEY_CODE_WHEEL_DOWN - KEY_CODE_UP + 1;
    struct key key = data[0] < 0x80 ? keymap_character(data[0])
                                    : (struct key){.code = KEY_CODE_UP + data[0] % kinds};
    key.x = (int16_t)(data[1] - 4);
    key.y = (int16_t)(data[2] % 64 - 4);
    key.from_x = (int16_t)(data[2] - 4);
    return key;
}

static void press(struct fuzz_model *model, const uint8_t *data, size_t size)
{
    struct swarm_metrics metrics;
    struct view_state state;
    struct view_input input = {.theme = {.color = true, .ascii = data[0] % 2},
                               .swarm = model->swarm,
                               .local_ns = fuzz_now(NULL) + 10000 * (int64_t)1000000,
                               .log = model->log,
                               .live = data[0] % 4 < 2,
                               .events_per_s = (double)NAN};
    int cols = 80, rows = 24;
    struct grid *grid = grid_new(&mem_libc, cols, rows);
    fuzz_require(metrics_compute(model->swarm, input.local_ns, &metrics));
    input.metrics = &metrics;
    view_state_init(&state, &mem_libc);
    for (size_t i = 1; i + 2 < size && i < 3 * (size_t)EVENTS; i += 3) {
        if (data[i] == 0xFF) {
            cols = 1 + data[i + 1] % 200;
            rows = 1 + data[i + 2] % 60;
            fuzz_require(grid_resize(grid, cols, rows));
        }
        view_draw(&input, &state, grid);
        (void)view_key(&input, &state, key_of(data + i), cols, rows);
    }
    view_draw(&input, &state, grid);
    view_state_release(&state);
    metrics_release(&metrics);
    grid_free(grid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_model model;
    if (model.swarm == NULL) {
        fuzz_swarm_init(&model);
    }
    if (size < 4) {
        return 0;
    }
    read_reports(data, size);
    read_names((const char *)data, size);
    press(&model, data, size);
    return 0;
}
