#include "tests/bench/senders.h"

#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TURN_S 0.02

double senders_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void senders_add_clock(struct strbuf *out, const char *session, double t_ms)
{
    strbuf_addf(out,
                "{\"op\":\"counter\",\"t\":%.0f,\"session_id\":\"%s\",\"name\":\"clock\","
                "\"values\":{\"n\":1}}\n",
                t_ms, session);
}

void senders_open(struct senders *senders)
{
    memset(senders, 0, sizeof *senders);
    strbuf_init(&senders->text, &mem_libc, 0);
}

void senders_close(struct senders *senders)
{
    for (size_t i = 0; i < senders->count; i++) {
        close(senders->fds[i]);
    }
    strbuf_release(&senders->text);
}

void senders_connect(struct senders *senders, struct pty *pty, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    for (int tries = 0; connect(fd, (const struct sockaddr *)&address, sizeof address) != 0;
         tries++) {
        if (tries > 1000) {
            fprintf(stderr, "bench: %s: nobody listens\n", path);
            exit(2);
        }
        pty_run(pty, 1, 0.01, NULL, NULL);
    }
    senders->sent[senders->count] = 0;
    senders->fds[senders->count++] = fd;
}

bool senders_flush(struct senders *senders)
{
    bool all = true;
    for (size_t i = 0; i < senders->count; i++) {
        size_t left = senders->text.len - senders->sent[i];
        ssize_t sent = left == 0 ? 0
                                 : send(senders->fds[i], senders->text.data + senders->sent[i],
                                        left, MSG_DONTWAIT | MSG_NOSIGNAL);
        senders->sent[i] += sent > 0 ? (size_t)sent : 0;
        all = all && senders->sent[i] == senders->text.len;
    }
    return all;
}

/* ---- the story ---- */

void live_feed_open(struct live_feed *feed, struct senders *senders, unsigned agents, double ago_ms)
{
    *feed = (struct live_feed){.senders = senders, .start_ms = senders_now_ms() - ago_ms};
    struct story_options options = {.agents = agents,
                                    .seed = 1,
                                    .start_ms = feed->start_ms,
                                    .endless = true,
                                    .branch = "\xE2\x8E\x87"};
    feed->story = story_new(&mem_libc, &options);
    if (feed->story == NULL || !story_next(feed->story, &feed->next)) {
        fprintf(stderr, "bench: there is no story\n");
        exit(2);
    }
}

void live_feed_close(struct live_feed *feed)
{
    story_free(feed->story);
}

double live_feed_turn(void *ctx)
{
    struct live_feed *feed = ctx;
    double now_ms = senders_now_ms() - feed->start_ms;
    while (feed->next.t_ms <= now_ms) {
        strbuf_add(&feed->senders->text, feed->next.text, feed->next.len);
        if (!story_next(feed->story, &feed->next)) {
            fprintf(stderr, "bench: the story has ended\n");
            exit(2);
        }
    }
    return senders_flush(feed->senders) ? TURN_S : TURN_S / 20;
}
