/* The text is made again for each narrower form until one fits: it is short, and made once a
   frame. */
#include "tui/views/held_up_text.h"

#include "core/base/mask.h"
#include "tui/screen/text.h"
#include "tui/views/frame.h"
#include "tui/views/span_text.h"

#include <math.h>
#include <string.h>

/* Which parts a form leaves out; each leaves out those of the ones before. */
enum form { FORM_ALL, FORM_NAMES, FORM_ENDS, FORM_SHORT, FORM_LAST, FORM_BRIEF, FORM_BARE, FORMS };

/* Less of an argument than ABOUT_MIN_COLS shows nothing. */
enum { ABOUT_COLS = 40, ABOUT_SHORT_COLS = 16, ABOUT_MIN_COLS = 6 };
/* Columns of labels in place of names. */
enum { LABEL_SHORT_COLS = 24, LABEL_BARE_COLS = 21 };

struct pen {
    const struct swarm *swarm;
    const struct held_up_chain *chain;
    const struct held_up_look *look;
    struct strbuf text; /* one part */
    struct strbuf *out;
    session_no session;            /* of the agent before; NO_SESSION: none is */
    bool namesakes[HELD_UP_STEPS]; /* by step: an agent of another session has its name */
};

/* Appends the part as one line of at most `cols` columns. */
static void put_cut(struct pen *pen, size_t cols)
{
    const struct theme *theme = pen->look->theme;
    struct strbuf *text = &pen->text;
    if (!pen->look->no_mask) {
        mask_in_place(text); /* the rest of a key that is cut would not be found */
    }
    if (text->failed || text->len == 0) {
        return;
    }
    size_t fits = text_fit(text->data, text->len, theme->ascii, cols, NULL);
    if (fits < text->len) {
        fits = text_fit(text->data, text->len, theme->ascii, cols - 1, NULL);
    }
    text_put_line(text->data, fits, theme->ascii, pen->out);
    strbuf_adds(pen->out, fits < text->len ? theme_symbol(theme, SYM_ELLIPSIS) : "");
}

static void find_namesakes(struct pen *pen)
{
    const struct agent_labels *labels = pen->look->labels;
    for (size_t i = 0; labels != NULL && i < pen->chain->count; i++) {
        pen->namesakes[i] =
            namesakes_elsewhere(&labels->names, pen->swarm, pen->chain->steps[i].agent);
    }
}

/* Returns whether there were any. */
static bool forget_namesakes(struct pen *pen)
{
    bool any = false;
    for (size_t i = 0; i < pen->chain->count; i++) {
        any |= pen->namesakes[i];
        pen->namesakes[i] = false;
    }
    return any;
}

/* Sets the text to the agent's label, which has its session. */
static void label_agent(struct pen *pen, agent_no number, enum form form)
{
    int cols = form >= FORM_BARE    ? LABEL_BARE_COLS
               : form >= FORM_SHORT ? LABEL_SHORT_COLS
                                    : ABOUT_COLS;
    struct agent_label label;
    agent_label_init(&label, pen->out->mem, pen->look->theme->ascii);
    agent_labels_get(pen->look->labels, number, LABEL_LIST | LABEL_CLIENT, &label);
    label.session_needed = label.session.len > 0;
    if (!pen->look->no_mask) {
        agent_label_mask(&label);
    }
    agent_label_text(&label, cols, &pen->text);
    agent_label_release(&label);
}

static void put_agent(struct pen *pen, size_t step, enum form form)
{
    agent_no number = pen->chain->steps[step].agent;
    const struct agent *agent = swarm_agent(pen->swarm, number);
    struct slice about = swarm_text_slice(pen->swarm, agent->description);
    strbuf_clear(&pen->text);
    if (pen->namesakes[step] && agent->session != pen->session) {
        label_agent(pen, number, form);
    } else {
        query_agent_title(pen->swarm, number, &pen->text);
        if (form == FORM_ALL && about.len > 0) {
            strbuf_addc(&pen->text, ' ');
            strbuf_add(&pen->text, about.bytes, about.len);
        }
    }
    pen->session = agent->session;
    put_cut(pen, ABOUT_COLS);
    strbuf_addf(pen->out, " %s ", theme_symbol(pen->look->theme, SYM_HELD_UP));
}

/* Bash make test */
static void put_call(struct pen *pen, const struct span *call, size_t about_cols, bool bare)
{
    const char *arrow = theme_symbol(pen->look->theme, SYM_ARROW);
    if (!bare && call->kind == SPAN_AGENT_CALL &&
        span_text_call(pen->swarm, call, arrow, &pen->text)) {
        put_cut(pen, about_cols);
        return;
    }
    strbuf_clear(&pen->text);
    strbuf_adds(&pen->text, call->kind == SPAN_USER
                                ? query_state_name(STATE_USER)
                                : span_short_name(swarm_text(pen->swarm, call->name)));
    put_cut(pen, ABOUT_COLS);
    if (bare) {
        return;
    }
    span_text_about(pen->swarm, call, &pen->text);
    strbuf_adds(pen->out, pen->text.len > 0 ? " " : "");
    put_cut(pen, about_cols);
}

/* retry 2 in 9s after 529 */
static void put_retry(struct pen *pen, size_t about_cols, bool bare)
{
    const struct held_up_retry *retry = &pen->chain->retry;
    const char *error = swarm_text(pen->swarm, retry->error);
    char in[NUMBER_BYTES];
    strbuf_addf(pen->out, "retry %u", retry->attempt);
    if (retry->in_ns > 0) {
        number_rest(retry->in_ns, in);
        strbuf_addf(pen->out, " in %s", in);
    }
    if (!bare && *error != '\0') {
        strbuf_clear(&pen->text);
        strbuf_adds(&pen->text, error);
        strbuf_adds(pen->out, " after ");
        put_cut(pen, about_cols);
    }
    strbuf_addc(pen->out, ',');
}

static void put_left_out(struct pen *pen)
{
    const struct theme *theme = pen->look->theme;
    strbuf_addf(pen->out, "%s %s ", theme_symbol(theme, SYM_ELLIPSIS),
                theme_symbol(theme, SYM_HELD_UP));
}

static void put_form(struct pen *pen, enum form form, size_t about_cols)
{
    const struct held_up_chain *chain = pen->chain;
    size_t last = chain->count - 1;
    char p95[NUMBER_BYTES];
    strbuf_clear(pen->out);
    pen->session = NO_SESSION;
    for (size_t i = form >= FORM_LAST ? last : 0; i <= last; i++) {
        if (form >= FORM_ENDS && i > 0 && i < last) {
            put_left_out(pen);
            i = last;
        } else if (i > 0 && i == last && chain->length > chain->count) {
            put_left_out(pen);
        }
        put_agent(pen, i, form);
    }
    const struct span *call = swarm_span(pen->swarm, chain->steps[last].call);
    if (call != NULL && chain->retry.attempt > 0) {
        put_retry(pen, about_cols, form == FORM_BARE);
    } else if (call != NULL) {
        put_call(pen, call, about_cols, form == FORM_BARE);
    }
    if (chain->rest.state != STATES) {
        strbuf_addf(pen->out, ", %s",
                    chain->rest.began ? query_state_name(chain->rest.state) : "never began");
    }
    strbuf_addf(pen->out, " %s", pen->look->age);
    if (!isnan(chain->p95_ms) && form < FORM_BRIEF) {
        number_ms(chain->p95_ms, pen->look->theme->ascii, p95);
        strbuf_addf(pen->out, " (p95 %s)", p95);
    }
}

static bool is_shown(void *ctx, agent_no agent)
{
    return filter_cache_has_agent(ctx, agent);
}

agent_no held_up_shown(const struct frame *frame)
{
    bool all = frame->predicate == NULL;
    agent_no longest = held_up_longest(&frame->held, all ? NULL : is_shown,
                                       all ? NULL : frame->state->filter_cache);
    struct held_up_chain chain;
    held_up_chain(&frame->held, longest, &chain);
    return chain.held_ns >= HELD_UP_SHOWN_NS ? longest : NO_AGENT;
}

void held_up_age(const struct frame *frame, const struct held_up_chain *chain,
                 char out[NUMBER_BYTES])
{
    const struct held_up_step *last = &chain->steps[chain->count - 1];
    const struct span *span = swarm_span(frame->swarm, last->call);
    int64_t now_ns = frame_agent_now(frame, last->agent, false);
    number_rest(span == NULL ? chain->age_ns : now_ns - span->start_ns, out);
}

/* Returns the columns of the call's argument in a form; 0: it has none. In the narrowest form with
   one it takes what is left. */
static size_t about_cols_of(struct pen *pen, enum form form)
{
    if (form != FORM_BRIEF) {
        return form == FORM_BARE ? 0 : form >= FORM_SHORT ? ABOUT_SHORT_COLS : ABOUT_COLS;
    }
    put_form(pen, FORM_BARE, 0);
    size_t bare = text_cols(pen->out->data, pen->out->len, pen->look->theme->ascii);
    size_t gap = pen->chain->retry.attempt > 0 ? strlen(" after ") : strlen(" ");
    size_t left = pen->look->cols > bare + gap ? pen->look->cols - bare - gap : 0;
    return left < ABOUT_MIN_COLS ? 0 : left < ABOUT_SHORT_COLS ? left : ABOUT_SHORT_COLS;
}

/* Sets out to the widest form that fits; FORMS: none does. */
static enum form put_widest(struct pen *pen)
{
    for (enum form form = FORM_ALL; form < FORMS; form++) {
        size_t about_cols = about_cols_of(pen, form);
        if (about_cols == 0 && form != FORM_BARE) {
            continue;
        }
        put_form(pen, form, about_cols);
        if (pen->out->failed ||
            text_cols(pen->out->data, pen->out->len, pen->look->theme->ascii) <= pen->look->cols) {
            return form;
        }
    }
    strbuf_clear(pen->out);
    return FORMS;
}

enum held_up_room held_up_text(const struct swarm *swarm, const struct held_up_chain *chain,
                               const struct held_up_look *look, struct strbuf *out)
{
    struct pen pen = {.swarm = swarm, .chain = chain, .look = look, .out = out};
    strbuf_clear(out);
    if (chain->count == 0) {
        return HELD_UP_NONE;
    }
    strbuf_init(&pen.text, out->mem, 0);
    find_namesakes(&pen);
    enum form form = put_widest(&pen);
    bool labelled = form < FORMS || !forget_namesakes(&pen);
    form = labelled ? form : put_widest(&pen);
    strbuf_release(&pen.text);
    return form == FORMS       ? HELD_UP_NONE
           : form == FORM_BARE ? (labelled ? HELD_UP_CALL : HELD_UP_ALIKE)
           : labelled          ? HELD_UP_WHOLE
                               : HELD_UP_ALIKE_WHOLE;
}
