/* Two tables: the names of special keys, and the actions. A row of actions holds its keys by name,
   so the table reads like the help screen made from it. Lookup parses the names again at each key
   press: a few hundred comparisons at typing speed need no index. */
#include "tui/screen/keymap.h"

#include "core/base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t code;
} key_names[] = {
    {"Space", ' '},           {"Up", KEY_CODE_UP},       {"Down", KEY_CODE_DOWN},
    {"Left", KEY_CODE_LEFT},  {"Right", KEY_CODE_RIGHT}, {"PgUp", KEY_CODE_PGUP},
    {"PgDn", KEY_CODE_PGDN},  {"Home", KEY_CODE_HOME},   {"End", KEY_CODE_END},
    {"Ins", KEY_CODE_INSERT}, {"Del", KEY_CODE_DELETE},  {"Backspace", KEY_CODE_BACKSPACE},
    {"Tab", KEY_CODE_TAB},    {"Enter", KEY_CODE_ENTER}, {"Esc", KEY_CODE_ESC},
};

static const char pages[] = "Views", rows[] = "Rows", times[] = "Time", spans[] = "Spans",
                  finding[] = "Finding", sorting[] = "Sorting", program[] = "Program";

static const struct action_info actions[] = {
    {ACTION_TIMELINE, "timeline", "1", "timeline: each agent's work over time", pages, IN_ALL, 20,
     "1-5", "views"},
    {ACTION_AGENTS, "agents", "2", "agents: a table of their figures", pages, IN_ALL, 0, NULL,
     NULL},
    {ACTION_IN_FLIGHT, "in-flight", "3", "in flight: work, then waits; longest first", pages,
     IN_ALL, 0, NULL, NULL},
    {ACTION_STATISTICS, "statistics", "4", "statistics: models, tools, distributions, time", pages,
     IN_ALL, 0, NULL, NULL},
    {ACTION_LOG, "log", "5", "log: errors, instants, bad lines", pages, IN_ALL, 0, NULL, NULL},
    {ACTION_HOSTS, "hosts", "6", "hosts: the states of each host's agents", pages, IN_ALL, 0, NULL,
     NULL},

    {ACTION_ROW_DOWN, "row-down", "j Down", "next row", rows, IN_ALL, 0, NULL, NULL},
    {ACTION_ROW_UP, "row-up", "k Up", "previous row", rows, IN_ALL, 0, NULL, NULL},
    {ACTION_PAGE_DOWN, "page-down", "PgDn", "scroll a page down", rows, IN_ALL, 0, NULL, NULL},
    {ACTION_PAGE_UP, "page-up", "PgUp", "scroll a page up", rows, IN_ALL, 0, NULL, NULL},
    {ACTION_TOP, "top", "Home g", "first row of a list, or of this help", rows, IN_LISTS, 0, NULL,
     NULL},
    {ACTION_BOTTOM, "bottom", "End G", "last row; in the timeline, now", rows, IN_ALL, 0, NULL,
     NULL},
    {ACTION_PARENT, "parent", "[", "go to the parent agent", rows, IN_TIMELINE, 0, NULL, NULL},
    {ACTION_CHILD, "child", "]", "go to the first sub-agent", rows, IN_TIMELINE, 0, NULL, NULL},
    {ACTION_NEXT_USER, "next-user", "u", "next agent waiting for a person", rows, IN_PAGES, 31, "u",
     "waits for you"},
    {ACTION_PREVIOUS_USER, "previous-user", "U", "previous agent waiting for a person", rows,
     IN_PAGES, 0, NULL, NULL},
    {ACTION_FOLD, "fold", "c", "fold or unfold the agent", rows, IN_TIMELINE, 32, "c", "fold"},
    {ACTION_FOLD_ALL, "fold-all", "C", "fold or unfold all", rows, IN_TIMELINE, 0, NULL, NULL},
    {ACTION_OVERVIEW, "overview", "o", "overview: two agents a line", rows, IN_TIMELINE, 34, "o",
     "overview"},
    {ACTION_PIN, "pin", "p", "pin or unpin the agent", rows, IN_TIMELINE | IN_AGENTS, 0, NULL,
     NULL},

    {ACTION_SEARCH, "search", "/", "search while typing", finding, IN_TIMELINE, 21, "/", "search"},
    {ACTION_SEARCH_NEXT, "search-next", "n", "next match", finding, IN_TIMELINE, 0, NULL, NULL},
    {ACTION_SEARCH_PREVIOUS, "search-previous", "N", "previous match", finding, IN_TIMELINE, 0,
     NULL, NULL},
    {ACTION_FILTER, "filter", "\\", "filter, e.g. tool:Bash dur>5s -agent:NAME", finding, IN_PAGES,
     22, "\\", "filter"},

    {ACTION_SORT_LEFT, "sort-left", "<", "sort by the previous column", sorting, IN_AGENTS, 12,
     "< > I", "sort"},
    {ACTION_SORT_RIGHT, "sort-right", ">", "sort by the next column", sorting, IN_AGENTS, 0, NULL,
     NULL},
    {ACTION_SORT_INVERT, "sort-invert", "I", "reverse the order", sorting, IN_AGENTS, 0, NULL,
     NULL},

    {ACTION_FREEZE, "freeze", "Space", "freeze or thaw the display", times, IN_PAGES, 10, "space",
     "freeze"},
    {ACTION_FOLLOW, "follow", "F", "follow now", times, IN_PAGES, 33, "F", "follow"},
    {ACTION_START, "start", "Home", "go to the start", times, IN_TIMELINE | IN_AGENTS, 0, NULL,
     NULL},
    {ACTION_PAN_LEFT, "pan-left", "a h Left", "pan to earlier times", times, IN_TIMELINE, 0, NULL,
     NULL},
    {ACTION_PAN_RIGHT, "pan-right", "d l Right", "pan to later times", times, IN_TIMELINE, 0, NULL,
     NULL},
    {ACTION_SCREEN_LEFT, "screen-left", "S-Left", "pan a screen earlier", times, IN_TIMELINE, 0,
     NULL, NULL},
    {ACTION_SCREEN_RIGHT, "screen-right", "S-Right", "pan a screen later", times, IN_TIMELINE, 0,
     NULL, NULL},
    {ACTION_ZOOM_IN, "zoom-in", "w +", "zoom in", times, IN_TIMELINE, 11, "wasd", "zoom"},
    {ACTION_ZOOM_OUT, "zoom-out", "s -", "zoom out", times, IN_TIMELINE, 0, NULL, NULL},
    {ACTION_ALL, "all", "0", "fit all time to the screen", times, IN_TIMELINE, 0, NULL, NULL},
    {ACTION_RANGE, "range", "v", "select a range of time", times, IN_TIMELINE, 23, "v", "range"},
    {ACTION_WHY, "why", "t", "show what decided how long the turn took", times, IN_PAGES, 15, "t",
     "why"},
    {ACTION_MARK, "mark", "m", "mark this moment with a letter", times, IN_TIMELINE, 0, NULL, NULL},
    {ACTION_GO_TO_MARK, "go-to-mark", "'", "go to a mark; ' goes back", times, IN_TIMELINE, 0, NULL,
     NULL},

    {ACTION_DETAIL, "detail", "Enter", "show detail; elsewhere, go to timeline", spans, IN_PAGES,
     13, "enter", "detail"},
    {ACTION_NEXT_SPAN, "next-span", ".", "select the row's next span", spans, IN_TIMELINE, 0, NULL,
     NULL},
    {ACTION_PREVIOUS_SPAN, "previous-span", ",", "select the row's previous span", spans,
     IN_TIMELINE, 0, NULL, NULL},
    {ACTION_FIT_SPAN, "fit-span", "f", "fit the span to the screen", spans, IN_TIMELINE, 0, NULL,
     NULL},
    {ACTION_NEXT_ERROR, "next-error", "e", "next error of any agent", spans, IN_PAGES, 30, "e",
     "next error"},
    {ACTION_PREVIOUS_ERROR, "previous-error", "E", "previous error of any agent", spans, IN_PAGES,
     0, NULL, NULL},

    {ACTION_NEXT_STALLED, "next-stalled", "!", "next stalled call, or agent in a loop", spans,
     IN_PAGES, 0, NULL, NULL},
    {ACTION_HELD_UP_NEXT, "held-up-next", "}", "go along what holds the agent up", spans, IN_PAGES,
     0, NULL, NULL},
    {ACTION_HELD_UP_PREVIOUS, "held-up-previous", "{", "go back along it", spans, IN_PAGES, 0, NULL,
     NULL},

    {ACTION_PANE, "pane", "g", "go to the agent's tmux pane", program, IN_TIMELINE | IN_AGENTS, 0,
     NULL, NULL},
    {ACTION_COPY, "copy", "y", "copy the selection (OSC 52)", program, IN_PAGES, 0, NULL, NULL},
    {ACTION_MOUSE, "mouse", "F2", "switch the mouse on or off", program, IN_PAGES, 0, NULL, NULL},
    {ACTION_LEGEND, "legend", "L", "show or hide the legend", program, IN_TIMELINE, 0, NULL, NULL},
    {ACTION_WRITE, "write", "x", "write the trace now", program, IN_ALL, 0, NULL, NULL},
    {ACTION_OPEN, "open", "O", "open the trace in Perfetto: its link", program, IN_ALL, 0, NULL,
     NULL},
    {ACTION_HELP, "help", "?", "show this help", program, IN_ALL, 2, "?", "help"},
    {ACTION_BACK, "back", "Esc", "go back: close, stop or deselect", program, IN_ALL, 0, NULL,
     NULL},
    {ACTION_REDRAW, "redraw", "C-l", "redraw the whole terminal", program, IN_ALL, 0, NULL, NULL},
    {ACTION_SUSPEND, "suspend", "C-z", "suspend", program, IN_ALL, 0, NULL, NULL},
    {ACTION_QUIT, "quit", "q C-c", "close a panel, else write the trace and quit", program, IN_ALL,
     1, "q", "quit"},
};
static_assert(sizeof actions / sizeof actions[0] == ACTIONS - 1, "an action without a row");

const char *keymap_key_name(size_t index)
{
    return index < sizeof key_names / sizeof key_names[0] ? key_names[index].name : NULL;
}

const struct action_info *keymap_action(size_t index)
{
    return index < sizeof actions / sizeof actions[0] ? &actions[index] : NULL;
}

const struct action_info *keymap_hint(size_t index, uint8_t view)
{
    const struct action_info *found = NULL;
    for (size_t n = 0; n <= index; n++) {
        const struct action_info *next = NULL;
        for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
            bool later = actions[i].hint_rank > (found != NULL ? found->hint_rank : 0);
            if ((actions[i].views & view) && later &&
                (next == NULL || actions[i].hint_rank < next->hint_rank)) {
                next = &actions[i];
            }
        }
        if (next == NULL) {
            return NULL;
        }
        found = next;
    }
    return found;
}

/* Returns the modifier of "S-", "C-" or "M-" before a key; each is two bytes long. */
static uint8_t parse_mod(const char *name, size_t len)
{
    if (len < 3 || name[1] != '-') {
        return 0;
    }
    switch (name[0]) {
    case 'S': return KEY_MOD_SHIFT;
    case 'C': return KEY_MOD_CTRL;
    case 'M': return KEY_MOD_ALT;
    default: return 0;
    }
}

static uint32_t parse_function_key(const char *name, size_t len)
{
    if (len < 2 || len > 3 || name[0] != 'F' || name[1] < '1' || name[1] > '9') {
        return 0;
    }
    uint32_t number = (uint32_t)(name[1] - '0');
    if (len == 3) {
        if (name[2] < '0' || name[2] > '9') {
            return 0;
        }
        number = number * 10 + (uint32_t)(name[2] - '0');
    }
    return number <= 12 ? KEY_CODE_F1 + number - 1 : 0;
}

bool keymap_parse_key(const char *name, size_t len, struct key *out)
{
    *out = (struct key){.code = 0};
    for (uint8_t mod; (mod = parse_mod(name, len)) != 0; name += 2, len -= 2) {
        out->mods |= mod;
    }
    if (len == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof key_names / sizeof key_names[0]; i++) {
        if (strlen(key_names[i].name) == len && memcmp(key_names[i].name, name, len) == 0) {
            out->code = key_names[i].code;
        }
    }
    if (out->code == 0) {
        out->code = parse_function_key(name, len);
    }
    if (out->code == 0) {
        size_t n = utf8_next(name, len, &out->code);
        return n == len && out->code > ' ' && out->code != 0x7F &&
               (out->code != UTF8_REPLACEMENT || n == 3);
    }
    return true;
}

struct key keymap_character(uint32_t c)
{
    switch (c) {
    case '\t': return (struct key){.code = KEY_CODE_TAB};
    case '\r':
    case '\n': return (struct key){.code = KEY_CODE_ENTER};
    case 27: return (struct key){.code = KEY_CODE_ESC};
    case 8:
    case 127: return (struct key){.code = KEY_CODE_BACKSPACE};
    case 0: return (struct key){.code = ' ', .mods = KEY_MOD_CTRL};
    default: break;
    }
    if (c < 27) {
        return (struct key){.code = c - 1 + 'a', .mods = KEY_MOD_CTRL};
    }
    if (c < 32) {
        return (struct key){.code = c + '@', .mods = KEY_MOD_CTRL};
    }
    return (struct key){.code = c};
}

static bool holds_key(const char *names, struct key key)
{
    while (*names) {
        size_t len = strcspn(names, " ");
        struct key named;
        if (keymap_parse_key(names, len, &named) && named.code == key.code &&
            named.mods == key.mods) {
            return true;
        }
        names += len + strspn(names + len, " ");
    }
    return false;
}

static bool are_keys(const char *names)
{
    for (names += strspn(names, " "); *names; names += strspn(names, " ")) {
        size_t len = strcspn(names, " ");
        struct key key;
        if (!keymap_parse_key(names, len, &key)) {
            return false;
        }
        names += len;
    }
    return true;
}

enum action keymap_bind(struct keymap *keymap, const char *action, size_t len, const char *keys,
                        const char **wrong)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strlen(actions[i].name) != len || memcmp(actions[i].name, action, len) != 0) {
            continue;
        }
        if (!are_keys(keys)) {
            *wrong = "no such key; examples: j, Space, S-Left, C-l, F2";
            return ACTION_NONE;
        }
        keymap->keys[actions[i].action] = keys;
        return actions[i].action;
    }
    *wrong = "no such action; `man swarmtop-config` lists them";
    return ACTION_NONE;
}

const char *keymap_keys(const struct keymap *keymap, const struct action_info *info)
{
    return keymap != NULL && keymap->keys[info->action] != NULL ? keymap->keys[info->action]
                                                                : info->keys;
}

const char *keymap_bound_name(const struct keymap *keymap, enum action action, struct key key,
                              size_t *len)
{
    const char *first = "";
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        first = actions[i].action == action ? keymap_keys(keymap, &actions[i]) : first;
    }
    for (const char *name = first; *name; name += *len + strspn(name + *len, " ")) {
        struct key named;
        *len = strcspn(name, " ");
        if (keymap_parse_key(name, *len, &named) && named.code == key.code &&
            named.mods == key.mods) {
            return name;
        }
    }
    *len = strcspn(first, " ");
    return first;
}

enum action keymap_lookup(const struct keymap *keymap, struct key key, uint8_t view)
{
    for (int bound = 1; bound >= 0; bound--) {
        for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
            bool own = keymap != NULL && keymap->keys[actions[i].action] != NULL;
            if ((actions[i].views & view) && own == bound &&
                holds_key(keymap_keys(keymap, &actions[i]), key)) {
                return actions[i].action;
            }
        }
    }
    return ACTION_NONE;
}

/* Finds an action of one of the same views that has one of the keys of `bound`. */
static bool clashes(const struct keymap *keymap, const struct action_info *bound,
                    struct keymap_clash *out)
{
    for (const char *at = keymap_keys(keymap, bound); *at;) {
        size_t len = strcspn(at, " ");
        struct key key;
        for (size_t i = 0; keymap_parse_key(at, len, &key) && i < ACTIONS - 1; i++) {
            const struct action_info *other = &actions[i];
            if (other != bound && (other->views & bound->views) &&
                holds_key(keymap_keys(keymap, other), key)) {
                *out = (struct keymap_clash){bound, other, at, len};
                return true;
            }
        }
        at += len + strspn(at + len, " ");
    }
    return false;
}

bool keymap_find_clash(const struct keymap *keymap, struct keymap_clash *out)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (keymap->keys[actions[i].action] != NULL && clashes(keymap, &actions[i], out)) {
            return true;
        }
    }
    return false;
}
