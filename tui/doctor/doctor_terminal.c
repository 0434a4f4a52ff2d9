/* The terminal: what the screen needs, and what `y` and --bell need beyond it. */
#include "tui/doctor/doctor.h"

#include "tui/doctor/tmux_options.h"
#include "tui/screen/screen_facts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL_COLS = 80, USUAL_ROWS = 24, COLORS = 8, SLOW_ESCAPE_MS = 100, VALUE_BYTES = 512 };

static void check_term(struct findings *out, const struct options *options)
{
    const char *term = getenv("TERM");
    struct screen_facts facts;
    if (term == NULL || *term == '\0') {
        findings_add(out, FINDING_FIX, "TERM", "is not set: there is no screen");
        findings_paste(out, "export TERM=xterm-256color");
        return;
    }
    screen_facts_read(term, &facts);
    if (!facts.known || !facts.moves_cursor) {
        findings_add(out, FINDING_FIX, "TERM", "%s %s", term,
                     facts.known ? "cannot move the cursor" : "has no entry in terminfo");
        findings_advise(out, "install that entry (Debian: ncurses-term), or choose a known one:");
        findings_paste(out, "export TERM=xterm-256color");
    } else if (facts.colors < COLORS) {
        findings_add(out, FINDING_NOTE, "colours", "%s has none: bars are drawn as shades", term);
    } else if (options->env.no_color || options->no_color) {
        findings_add(out, FINDING_OK, "colours", "off, by NO_COLOR or the config");
    } else {
        findings_add(out, FINDING_OK, "colours", "%s has %d", term, facts.colors);
    }
}

static void check_characters(struct findings *out, const struct options *options)
{
    if (options->ascii) {
        findings_add(out, FINDING_NOTE, "characters",
                     "the locale is not UTF-8, or --ascii is set: the screen has ASCII alone");
        findings_paste(out, "export LANG=C.UTF-8");
    } else {
        findings_add(out, FINDING_OK, "characters", "UTF-8");
    }
}

static void check_size(struct findings *out)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) == 0) {
        findings_add(out, FINDING_ABSENT, "size", "unknown: stdout is no terminal now");
    } else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        findings_add(out, FINDING_NOTE, "size",
                     "the terminal does not report it: 80x24 is assumed");
    } else if (size.ws_col < USUAL_COLS || size.ws_row < USUAL_ROWS) {
        findings_add(out, FINDING_NOTE, "size", "%dx%d: below 80x24 panels fold away", size.ws_col,
                     size.ws_row);
    } else {
        findings_add(out, FINDING_OK, "size", "%dx%d", size.ws_col, size.ws_row);
    }
}

static void check_tmux_clipboard(struct findings *out, const struct strbuf *tmux)
{
    char value[VALUE_BYTES] = "unknown", features[VALUE_BYTES];
    if (!tmux_options_get(tmux, "set-clipboard", value, sizeof value) || strcmp(value, "on") != 0) {
        findings_add(out, FINDING_FIX, "clipboard",
                     "`y` copies nothing: tmux's set-clipboard is %s", value);
        findings_paste(out, "tmux set -s set-clipboard on");
    } else if (tmux_options_get(tmux, "features", features, sizeof features) &&
               features[0] != '\0' && strstr(features, "clipboard") == NULL) {
        findings_add(out, FINDING_NOTE, "clipboard",
                     "tmux does not know that the terminal around it has one");
        findings_paste(out, "tmux set -as terminal-features ',*:clipboard'");
    } else {
        findings_add(out, FINDING_OK, "clipboard", "tmux passes on what `y` copies");
    }
}

static void check_tmux(struct findings *out)
{
    struct strbuf tmux;
    char value[VALUE_BYTES] = "off";
    strbuf_init(&tmux, &mem_libc, 0);
    if (!tmux_options_read(&tmux)) {
        findings_add(out, FINDING_NOTE, "tmux", "does not answer: its options were not checked");
        strbuf_release(&tmux);
        return;
    }
    check_tmux_clipboard(out, &tmux);
    if (tmux_options_get(&tmux, "allow-passthrough", value, sizeof value) &&
        strcmp(value, "off") == 0) {
        findings_add(out, FINDING_NOTE, "notices", "tmux keeps those of --bell from the desktop");
        findings_paste(out, "tmux set -wg allow-passthrough on");
    }
    if (tmux_options_get(&tmux, "escape-time", value, sizeof value) &&
        strtol(value, NULL, 10) > SLOW_ESCAPE_MS) {
        findings_add(out, FINDING_NOTE, "Esc", "tmux holds it back for %s ms", value);
        findings_paste(out, "tmux set -s escape-time 20");
    }
    strbuf_release(&tmux);
}

/* Terminals cannot be asked whether they take a text for the clipboard. */
static void check_clipboard(struct findings *out)
{
    const char *program = getenv("TERM_PROGRAM"), *vte = getenv("VTE_VERSION");
    if (program != NULL && strcmp(program, "Apple_Terminal") == 0) {
        findings_add(out, FINDING_NOTE, "clipboard", "`y` copies nothing in this terminal");
    } else if (vte != NULL && *vte != '\0') {
        findings_add(out, FINDING_NOTE, "clipboard",
                     "`y` may copy nothing: many terminals on VTE do not take OSC 52");
    } else {
        findings_add(out, FINDING_OK, "clipboard",
                     "`y` copies where the terminal takes OSC 52 (xterm: allowWindowOps)");
    }
}

void doctor_terminal(struct findings *out, const struct options *options)
{
    findings_heading(out, "Terminal");
    check_term(out, options);
    check_characters(out, options);
    check_size(out);
    if (options->env.tmux != NULL) {
        check_tmux(out);
    } else {
        check_clipboard(out);
    }
}
