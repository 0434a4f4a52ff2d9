/* A table of captions. A row begins with an operation of the story and ends with others of the same
   span, so that no caption outlives the event that it explains. The next row is the one that was
   shown least among those that have an event. Rows without an operation are about the screen. */
#include "tui/cmd/demo_captions.h"

#include <stdio.h>
#include <string.h>

#define GAP_MS   12000 /* until a row may be shown again */
#define BRIEF_MS 2500  /* an urgent caption replaces another one after that */

/* In a text %w is the agent, %r its kind, %s its session, %p the agent that called it, %t the tool,
   %i its input, %e the error, %k the action's key, %n the number of sessions. */
struct caption_row {
    const char *op;        /* NULL: no event */
    const char *ends[3];   /* operations that end it; NULL: it ends by itself */
    bool main, fails;      /* main: of main agents alone; fails: only with an error */
    bool urgent;           /* may cut another caption short */
    int delay_ms, hold_ms; /* shown so long after the event (the start, without one), so long */
    unsigned most;         /* how often; 0: again and again */
    enum action key;
    const char *text;
};

static const struct caption_row rows[] = {
    {"hello",
     {NULL},
     true,
     false,
     false,
     0,
     5000,
     1,
     ACTION_NONE,
     "%n at work: a row is an agent, and time runs to the right"},
    {NULL,
     {NULL},
     false,
     false,
     false,
     0,
     6000,
     1,
     ACTION_NONE,
     "a request is blue until its first token, then green; a tool is magenta"},
    {"start_user_input",
     {"end_user_input"},
     true,
     false,
     true,
     200,
     4000,
     0,
     ACTION_NEXT_USER,
     "%s waits for you, in yellow: press %k to go to it"},
    {"attempt",
     {"first_token", "end_llm_request"},
     false,
     false,
     true,
     100,
     4000,
     0,
     ACTION_NONE,
     "%w got %e and retries, in red"},
    {"register_agent",
     {"unregister_agent"},
     false,
     false,
     false,
     300,
     4500,
     2,
     ACTION_NONE,
     "%p asks %r: a thin line while it waits"},
    {"start_tool",
     {"end_tool"},
     false,
     false,
     false,
     1200,
     4000,
     0,
     ACTION_NONE,
     "a magenta bar grows: %w runs %t %i"},
    {"end_tool",
     {NULL},
     false,
     true,
     false,
     100,
     4500,
     0,
     ACTION_NEXT_ERROR,
     "%w: %t failed: press %k to go to it"},
    {"end_interaction",
     {NULL},
     true,
     false,
     false,
     300,
     5000,
     2,
     ACTION_WHY,
     "%s has its answer: press %k on its row to see why it took so long"},
    {NULL,
     {NULL},
     false,
     false,
     false,
     25000,
     5000,
     1,
     ACTION_STATISTICS,
     "press %k for statistics: models, tools, and where the time went"},
    {NULL,
     {NULL},
     false,
     false,
     false,
     40000,
     5000,
     1,
     ACTION_FREEZE,
     "press %k to freeze the picture; the data is still taken in"},
    {NULL,
     {NULL},
     false,
     false,
     false,
     55000,
     5000,
     1,
     ACTION_HELP,
     "press %k for all keys, and what each colour and sign means"},
};
enum { ROWS = sizeof rows / sizeof *rows };
_Static_assert((int)ROWS <= (int)CAPTION_ROWS, "a caption without room for its events");

void captions_init(struct captions *captions, const struct keymap *keymap)
{
    *captions = (struct captions){.keymap = keymap, .row = -1};
}

/* ---- events ---- */

static bool same_agent(const struct story_fact *a, const struct story_fact *b)
{
    return a->session == b->session && a->role == b->role && a->agent == b->agent;
}

static bool ends(const struct caption_row *row, const struct story_fact *begun,
                 const struct story_fact *fact)
{
    for (size_t i = 0; i < sizeof row->ends / sizeof *row->ends && row->ends[i] != NULL; i++) {
        if (strcmp(row->ends[i], fact->op) == 0 && begun->span == fact->span &&
            same_agent(begun, fact)) {
            return true;
        }
    }
    return false;
}

static bool begins(const struct caption_row *row, const struct story_fact *fact)
{
    return row->op != NULL && strcmp(row->op, fact->op) == 0 &&
           (!row->main || fact->role == NULL) && (!row->fails || fact->error != NULL) &&
           (strcmp(fact->op, "start_tool") != 0 || fact->tool != NULL);
}

void captions_take(struct captions *captions, const struct story_fact *fact, int64_t now_ms)
{
    captions->sessions += strcmp(fact->op, "hello") == 0;
    for (int i = 0; i < ROWS; i++) {
        struct caption_event *events = captions->events[i], *oldest = events;
        for (int k = 0; k < CAPTION_OPEN; k++) {
            if (events[k].set && ends(&rows[i], &events[k].fact, fact)) {
                events[k].set = false;
            }
            if (oldest->set && (!events[k].set || events[k].at_ms < oldest->at_ms)) {
                oldest = &events[k];
            }
        }
        if (begins(&rows[i], fact)) {
            *oldest = (struct caption_event){true, now_ms, *fact};
        }
    }
    if (captions->row >= 0 && ends(&rows[captions->row], &captions->about, fact)) {
        captions->row = -1;
    }
}

/* ---- choice ---- */

/* Returns the row's event to show: the newest that is old enough, unless it is over. */
static struct caption_event *ready_event(struct captions *captions, int i, int64_t now_ms)
{
    struct caption_event *found = NULL;
    for (int k = 0; k < CAPTION_OPEN; k++) {
        struct caption_event *event = &captions->events[i][k];
        int64_t age_ms = now_ms - event->at_ms;
        /* An event that ends by itself is news for a moment. */
        bool late = rows[i].ends[0] == NULL && age_ms > rows[i].hold_ms;
        if (event->set && age_ms >= rows[i].delay_ms && !late &&
            (found == NULL || event->at_ms > found->at_ms)) {
            found = event;
        }
    }
    return found;
}

static bool is_ready(struct captions *captions, int i, int64_t now_ms)
{
    bool again = captions->shown[i] == 0 || now_ms - captions->shown_ms[i] >= GAP_MS;
    if (!again || (rows[i].most > 0 && captions->shown[i] >= rows[i].most)) {
        return false;
    }
    return rows[i].op == NULL ? now_ms >= rows[i].delay_ms
                              : ready_event(captions, i, now_ms) != NULL;
}

/* Returns the row to show next; -1: none. */
static int next_row(struct captions *captions, int64_t now_ms, bool urgent)
{
    int best = -1;
    for (int i = 0; i < ROWS; i++) {
        if (i != captions->row && (!urgent || rows[i].urgent) && is_ready(captions, i, now_ms) &&
            (best < 0 || captions->shown[i] < captions->shown[best])) {
            best = i;
        }
    }
    return best;
}

/* ---- text ---- */

static void put_agent(char out[64], const char *role, uint32_t session)
{
    char name[32];
    story_session_name(session, name);
    snprintf(out, 64, "%.20s%s%s", role != NULL ? role : "", role != NULL ? " of " : "", name);
}

/* Writes the action's first key. */
static void put_key(const struct captions *captions, enum action action, char out[64])
{
    const struct action_info *info;
    out[0] = '\0';
    for (size_t i = 0; (info = keymap_action(i)) != NULL; i++) {
        if (info->action == action) {
            const char *keys = keymap_keys(captions->keymap, info);
            snprintf(out, 64, "%.*s", (int)strcspn(keys, " "), keys);
        }
    }
}

static void put_value(const struct captions *captions, char sign, char out[64])
{
    const struct story_fact *fact = &captions->about;
    const char *text = sign == 't'   ? fact->tool
                       : sign == 'i' ? fact->input
                       : sign == 'r' ? fact->role
                                     : fact->error;
    switch (sign) {
    case 'w': put_agent(out, fact->role, fact->session); break;
    case 'p': put_agent(out, fact->parent, fact->session); break;
    case 's': put_agent(out, NULL, fact->session); break;
    case 'k': put_key(captions, rows[captions->row].key, out); break;
    case 'n':
        snprintf(out, 64, "%u session%s", captions->sessions, captions->sessions == 1 ? "" : "s");
        break;
    default: snprintf(out, 64, "%.63s", text != NULL ? text : ""); break;
    }
}

static void put_text(struct captions *captions)
{
    size_t len = 0;
    for (const char *at = rows[captions->row].text; *at && len + 64 < CAPTION_BYTES; at++) {
        if (*at == '%') {
            put_value(captions, *++at, captions->text + len);
            len += strlen(captions->text + len);
        } else {
            captions->text[len++] = *at;
        }
    }
    captions->text[len] = '\0';
}

static void show(struct captions *captions, int row, int64_t now_ms)
{
    captions->row = row;
    captions->text[0] = '\0';
    if (row < 0) {
        return;
    }
    if (rows[row].op != NULL) {
        struct caption_event *event = ready_event(captions, row, now_ms);
        captions->about = event->fact;
        event->set = false;
    }
    captions->shown[row]++;
    captions->shown_ms[row] = captions->since_ms = now_ms;
    put_text(captions);
}

bool captions_choose(struct captions *captions, int64_t now_ms)
{
    int row = captions->row;
    int64_t age_ms = now_ms - captions->since_ms;
    if (row >= 0 && age_ms < rows[row].hold_ms) {
        int urgent = rows[row].urgent || age_ms < BRIEF_MS ? -1 : next_row(captions, now_ms, true);
        if (urgent < 0) {
            return false;
        }
        show(captions, urgent, now_ms);
        return true;
    }
    bool had = captions->text[0] != '\0';
    show(captions, next_row(captions, now_ms, false), now_ms);
    return had || captions->row >= 0;
}
