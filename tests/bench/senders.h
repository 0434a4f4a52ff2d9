/* Feeds to programs in terminals: the same lines to all of them, none waited for. */
#ifndef TESTS_BENCH_SENDERS_H
#define TESTS_BENCH_SENDERS_H

#include "tests/bench/pty.h"
#include "tui/cmd/demo_story.h"

enum { SENDERS_MAX = 8 };

struct senders {
    struct strbuf text; /* lines are appended here; senders_flush sends what each has not got yet */
    int fds[SENDERS_MAX];
    size_t sent[SENDERS_MAX];
    size_t count;
};

void senders_open(struct senders *senders);
void senders_close(struct senders *senders);
/* Waits for a listener at the path, some seconds at most, reading its terminal meanwhile. */
void senders_connect(struct senders *senders, struct pty *pty, const char *path);
/* True: all of it is on its way. */
bool senders_flush(struct senders *senders);
/* Milliseconds of the Unix epoch. */
double senders_now_ms(void);
/* Appends a line that does nothing but turn the session's clock to that time: what is drawn as now is the time of the last line and what went by since. */
void senders_add_clock(struct strbuf *out, const char *session, double t_ms);

/* The demo's story, seeded, which began some time ago. */
struct live_feed {
    struct senders *senders;
    struct story *story;
    struct story_line next;
    double start_ms;
};
void live_feed_open(struct live_feed *feed, struct senders *senders, unsigned agents,
                    double ago_ms);
void live_feed_close(struct live_feed *feed);
/* A pty_turn: sends what is due. */
double live_feed_turn(void *feed);

#endif
