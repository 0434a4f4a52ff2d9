/* Keys and actions as data: one table of actions. The lookup, the help screen, the hint line and
   the key names of `dump --keys` are made from it. */
#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Codes of keys that are not characters, above Unicode. */
enum key_code {
    KEY_CODE_UP = 0x110000,
    KEY_CODE_DOWN,
    KEY_CODE_LEFT,
    KEY_CODE_RIGHT,
    KEY_CODE_PGUP,
    KEY_CODE_PGDN,
    KEY_CODE_HOME,
    KEY_CODE_END,
    KEY_CODE_INSERT,
    KEY_CODE_DELETE,
    KEY_CODE_BACKSPACE,
    KEY_CODE_TAB,
    KEY_CODE_ENTER,
    KEY_CODE_ESC,
    KEY_CODE_F1, /* to F12, in order */
    KEY_CODE_LAST = KEY_CODE_F1 + 11,
    /* Mouse events at (x, y), which cannot be bound: a click, a drag (pressed at from_x, released
       at x), the wheel. */
    KEY_CODE_CLICK,
    KEY_CODE_DRAG,
    KEY_CODE_WHEEL_UP,
    KEY_CODE_WHEEL_DOWN
};
enum key_mod { KEY_MOD_SHIFT = 1, KEY_MOD_CTRL = 2, KEY_MOD_ALT = 4 };

struct key {
    uint32_t code; /* a code point (Shift is in it), or enum key_code */
    uint8_t mods;  /* enum key_mod; C-c is 'c' with KEY_MOD_CTRL */
    int16_t x, y, from_x;
};

/* Reads one name as `?` shows it: `j`, `Space`, `Enter`, `S-Left`, `C-c`, `F2`. Returns false if no
   key has that name. */
bool keymap_parse_key(const char *name, size_t len, struct key *out);
/* Returns the name of a key that is no character, by index; NULL: no more. F1 to F12 are not among
   them. Static. */
const char *keymap_key_name(size_t index);
/* Returns the key for a character from the terminal: controls become C-a and so on, or keys of
   their own. */
struct key keymap_character(uint32_t c);

enum action {
    ACTION_NONE,
    ACTION_ROW_DOWN,
    ACTION_ROW_UP,
    ACTION_PAGE_DOWN,
    ACTION_PAGE_UP,
    ACTION_TOP,
    ACTION_BOTTOM,
    ACTION_PAN_LEFT,
    ACTION_PAN_RIGHT,
    ACTION_SCREEN_LEFT,
    ACTION_SCREEN_RIGHT,
    ACTION_ZOOM_IN,
    ACTION_ZOOM_OUT,
    ACTION_ALL,
    ACTION_FIT_SPAN,
    ACTION_NEXT_SPAN,
    ACTION_PREVIOUS_SPAN,
    ACTION_PARENT,
    ACTION_CHILD,
    ACTION_DETAIL,
    ACTION_BACK,
    ACTION_FREEZE,
    ACTION_FOLLOW,
    ACTION_START,
    ACTION_NEXT_USER,
    ACTION_PREVIOUS_USER,
    ACTION_NEXT_ERROR,
    ACTION_PREVIOUS_ERROR,
    ACTION_NEXT_STALLED,
    ACTION_HELD_UP_NEXT,
    ACTION_HELD_UP_PREVIOUS,
    ACTION_FOLD,
    ACTION_FOLD_ALL,
    ACTION_TIMELINE,
    ACTION_AGENTS,
    ACTION_IN_FLIGHT,
    ACTION_STATISTICS,
    ACTION_LOG,
    ACTION_HOSTS,
    ACTION_FILTER,
    ACTION_SEARCH,
    ACTION_SEARCH_NEXT,
    ACTION_SEARCH_PREVIOUS,
    ACTION_SORT_LEFT,
    ACTION_SORT_RIGHT,
    ACTION_SORT_INVERT,
    ACTION_PIN,
    ACTION_RANGE,
    ACTION_WHY,
    ACTION_MARK,
    ACTION_GO_TO_MARK,
    ACTION_PANE,
    ACTION_COPY,
    ACTION_MOUSE,
    ACTION_OVERVIEW,
    ACTION_LEGEND,
    ACTION_HELP,
    ACTION_WRITE,
    ACTION_OPEN,
    ACTION_QUIT,
    ACTION_SUSPEND,
    ACTION_REDRAW,
    ACTIONS
};

/* The views in which a key is active. */
enum view_set {
    IN_TIMELINE = 1,
    IN_AGENTS = 2,
    IN_FLIGHT = 4,
    IN_STATISTICS = 8,
    IN_LOG = 16,
    IN_HOSTS = 32,
    IN_PAGES = 63, /* those above */
    IN_HELP = 64,
    IN_LISTS = 4 | 8 | 16 | 32 | 64, /* those in which g is free */
    IN_ALL = 127
};

struct action_info {
    enum action action;
    const char *name;             /* for the config file: "zoom-in" */
    const char *keys;             /* default keys by name, between spaces */
    const char *help;             /* one line for the help screen */
    const char *group;            /* its heading in the help screen */
    uint8_t views;                /* enum view_set */
    uint8_t hint_rank;            /* its position in the hint line, lowest first; 0: not shown */
    const char *hint_keys, *hint; /* the hint's text, for this action and its neighbours */
};

/* The user's own bindings; zeroed: none. Texts are borrowed. */
struct keymap {
    const char *keys[ACTIONS]; /* replaces the table's keys; NULL: keeps them */
};
/* Binds keys (names separated by spaces; "": none) to the named action and returns it. Returns
   ACTION_NONE and sets *wrong to a static message if a name is unknown. */
enum action keymap_bind(struct keymap *keymap, const char *action, size_t len, const char *keys,
                        const char **wrong);

/* A key of two actions in one view, borrowed from the keymap. The user bound the first one. */
struct keymap_clash {
    const struct action_info *bound, *other;
    const char *key;
    size_t key_len;
};
/* Finds the first clash. Returns false if every key means one action. */
bool keymap_find_clash(const struct keymap *keymap, struct keymap_clash *out);

/* Returns the keys of an action, by name. */
const char *keymap_keys(const struct keymap *keymap, const struct action_info *info);

/* Returns the name of that key among the action's keys; if it has none such, of its first key.
   Sets *len; borrowed as keymap_keys. */
const char *keymap_bound_name(const struct keymap *keymap, enum action action, struct key key,
                              size_t *len);

/* Returns a row of the table, in its order; NULL: no more. Static. */
const struct action_info *keymap_action(size_t index);
/* Returns the action of a key in a view. The user's bindings have precedence over the table.
   `keymap` may be NULL. */
enum action keymap_lookup(const struct keymap *keymap, struct key key, uint8_t view);

/* Returns an action of the view's hint line by index, the most useful first; NULL: no more.
   Static. */
const struct action_info *keymap_hint(size_t index, uint8_t view);

#endif
